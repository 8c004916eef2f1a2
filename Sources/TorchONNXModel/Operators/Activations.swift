// Activation functions.

import TorchCore

extension ONNX {
  enum Activations {
    /// Softmax and its kin: over one dimension from opset 13 on, before that over all from `axis` to the last.
    private static func overAxis(
      _ name: String, _ function: @escaping @Sendable (Tensor, Int) -> Tensor
    ) -> [OperatorDeclaration] {
      [
        .tensor(name) { call in
          let x = try call[0]
          let axis = call.int("axis", 1)
          let start = axis == x.ndim ? axis : try call.axis(axis, x.ndim)
          let rows = x.shape.prefix(start).reduce(1, *)
          return function(x.reshape([rows, x.numel / max(rows, 1)]), 1).reshape(like: x)
        },
        .tensor(name, since: 13) { call in
          let x = try call[0]
          return function(x, try call.axis(call.int("axis", -1), max(x.ndim, 1)))
        },
      ]
    }

    /// 1 at the first largest element, 0 elsewhere.
    private static func hardmax(_ x: Tensor, _ axis: Int) -> Tensor {
      Tensor.zeros(like: x).scatter(axis, x.argmax(dim: axis, keepdim: true), Scalar(1.0))
    }

    static let operators: [OperatorDeclaration] =
      overAxis("Softmax") { $0.softmax(dim: $1) } + overAxis("LogSoftmax") { $0.logSoftmax(dim: $1) }
      + overAxis("Hardmax", hardmax) + [
        .tensor("Relu") { call in try call[0].relu() },
        .tensor("Sigmoid") { call in try call[0].sigmoid() },
        .tensor("Tanh") { call in try call[0].tanh() },
        .tensor("Softplus") { call in
          let x = try call[0]
          return x.clamp(min: 0) + (x.abs().neg().exp() + 1).log()
        },
        .tensor("Softsign") { call in
          let x = try call[0]
          return x / (x.abs() + 1)
        },
        .tensor("LeakyRelu") { call in try call[0].leakyRelu(negativeSlope: .double(call.float("alpha", 0.01))) },
        .tensor("PRelu") { call in
          // Up to opset 6 a slope for each channel.
          let (x, slope) = (try call[0], try call[1])
          let perChannel = slope.numel == 1 || x.ndim < 3 ? slope : slope.reshape([-1] + Array(repeating: 1, count: x.ndim - 2))
          return torch.where(x < 0, perChannel * x, x)
        },
        .tensor("PRelu", since: 7) { call in
          let x = try call[0]
          return torch.where(x < 0, try call[1] * x, x)
        },
        .tensor("Elu") { call in try call[0].elu(alpha: .double(call.float("alpha", 1))) },
        .tensor("Selu") { call in
          let x = try call[0]
          let (alpha, gamma) = (call.float("alpha", 1.67326319217681884765625), call.float("gamma", 1.05070102214813232421875))
          return torch.where(x <= 0, (x.exp() - 1) * alpha, x) * gamma
        },
        .tensor("Celu") { call in
          let (x, alpha) = (try call[0], call.float("alpha", 1))
          return x.clamp(min: 0) + ((x / alpha).expm1() * alpha).clamp(max: 0)
        },
        .tensor("ThresholdedRelu") { call in
          let x = try call[0]
          return torch.where(x > call.float("alpha", 1), x, Tensor.zeros(like: x))
        },
        .tensor("HardSigmoid") { call in
          (try call[0] * call.float("alpha", 0.2) + call.float("beta", 0.5)).clamp(min: 0, max: 1)
        },
        .tensor("HardSwish") { call in try call[0].hardswish() },
        .tensor("Gelu") { call in try call[0].gelu(approximate: call.string("approximate", "none")) },
        .tensor("Mish") { call in
          let x = try call[0]
          return x * x.softplus().tanh()
        },
        .tensor("Swish") { call in
          let x = try call[0]
          return x * (x * call.float("alpha", 1)).sigmoid()
        },
        .tensor("SwiGLU") { call in
          let (a, b) = (try call[0], try call[1])
          try call.check(a.shape == b.shape, "the inputs must have the same sizes, got \(a.shape) and \(b.shape)")
          return a * (a * call.float("alpha", 1)).sigmoid() * b
        },
        .tensor("Shrink") { call in
          let (x, lambda, bias) = (try call[0], call.float("lambd", 0.5), call.float("bias", 0))
          let result = torch.where(x < -lambda, x + bias, torch.where(x > lambda, x - bias, Tensor.zeros(like: x)))
          return result.to(x.dtype)
        },
      ]
  }
}
