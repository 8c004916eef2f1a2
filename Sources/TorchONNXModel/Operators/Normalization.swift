// Normalizations.

import TorchCore

extension ONNX {
  enum Normalization {
    private static func batchNorm(_ call: Call) throws -> [Value] {
      let (x, scale, bias, mean, variance) = (try call[0], try call[1], try call[2], try call[3], try call[4])
      let eps = call.float("epsilon", 1e-5)
      guard call.bool("training_mode") else {
        return [
          call.typed(
            torch.batchNorm(x, runningMean: mean, runningVar: variance, weight: scale, bias: bias, eps: eps).to(x.dtype), like: 0)
        ]
      }
      let momentum = call.float("momentum", 0.9)
      let dims = [0] + Array(2..<max(x.ndim, 2))
      let (batchMean, batchVar) = (x.mean(dim: dims), x.var(dim: dims, correction: 0))
      let y = torch.batchNorm(x, runningMean: nil, runningVar: nil, weight: scale, bias: bias, training: true, eps: eps)
      return [y, mean * momentum + batchMean * (1 - momentum), variance * momentum + batchVar * (1 - momentum)].map {
        call.typed($0, like: 0)
      }
    }

    /// Statistics over the dimensions from `axis` on, in float32 unless the type is wider.
    static func layerNorm(_ call: Call) throws -> [Value] {
      let given = try call[0]
      let axis = try call.axis(call.int("axis", -1), given.ndim)
      let wide = call.int("stash_type", 1) == 1 && given.dtype.itemSize < 4
      let x = wide ? given.float() : given
      let sizes = Array(given.shape.dropFirst(axis))
      let (scale, bias) = (try call[1], try call.optional(2))
      if !wide, !call.wants(1), !call.wants(2), Array(scale.shape) == sizes, bias.map({ Array($0.shape) == sizes }) ?? true {
        let y = torch.layerNorm(x, sizes, weight: scale, bias: bias, eps: call.float("epsilon", 1e-5))
        return [call.typed(y, like: 0)]
      }
      let dims = Array(axis..<x.ndim)
      let mean = x.mean(dim: dims, keepdim: true)
      let centred = x - mean
      let inverse = ((centred * centred).mean(dim: dims, keepdim: true) + call.float("epsilon", 1e-5)).rsqrt()
      var y = (centred * inverse).to(given.dtype) * scale
      if let bias { y = y + bias }
      return [call.typed(y, like: 0), Value(mean), Value(inverse)]
    }

    static func rmsNorm(_ call: Call) throws -> Tensor {
      let given = try call[0]
      let axis = try call.axis(call.int("axis", -1), given.ndim)
      let x = call.int("stash_type", 1) == 1 && given.dtype.itemSize < 4 ? given.float() : given
      let power = (x * x).mean(dim: Array(axis..<x.ndim), keepdim: true) + call.float("epsilon", 1e-5)
      return (x * power.rsqrt()).to(given.dtype) * (try call[1])
    }

    private static func groupNorm(_ call: Call) throws -> Tensor {
      let (x, scale, bias) = (try call[0], try call[1], try call[2])
      let groups = try call.requiredInt("num_groups")
      try call.check(x.ndim >= 2 && groups > 0 && x.shape[1] % groups == 0, "\(x.shape) does not divide into \(groups) groups")
      let plain = torch.groupNorm(x, groups, eps: call.float("epsilon", 1e-5))
      // Up to opset 20 there is one factor a group, after that one a channel.
      func perChannel(_ t: Tensor) -> Tensor {
        let full = t.numel == x.shape[1] ? t : t.repeatInterleave(x.shape[1] / groups)
        return full.reshape([-1] + Array(repeating: 1, count: x.ndim - 2))
      }
      return plain * perChannel(scale) + perChannel(bias)
    }

    /// Local response normalization: over neighbouring channels.
    private static func lrn(_ call: Call) throws -> Tensor {
      let x = try call[0]
      let size = try call.requiredInt("size")
      try call.check(x.ndim >= 2 && size > 0 && size < 1 << 31, "size \(size) for \(x.shape)")
      var list = [Int](repeating: 0, count: 2 * (x.ndim - 1))
      (list[list.count - 2], list[list.count - 1]) = ((size - 1) / 2, size - 1 - (size - 1) / 2)
      let sums = (x * x).constantPadND(list).unfold(1, size: size, step: 1).sum(dim: -1)
      return x / (sums * (call.float("alpha", 0.0001) / Double(size)) + call.float("bias", 1)).pow(call.float("beta", 0.75))
    }

    static let operators: [OperatorDeclaration] = [
      .values("BatchNormalization", settings: [3, 4], batchNorm),
      .tensor("InstanceNormalization") { call in
        torch.instanceNorm(
          try call[0], weight: try call[1], bias: try call[2], eps: call.float("epsilon", 1e-5))
      },
      .values("LayerNormalization", layerNorm),
      .tensor("RMSNormalization", rmsNorm),
      .tensor("GroupNormalization", groupNorm),
      .tensor("LRN", lrn),
      .tensor("LpNormalization") { call in
        let x = try call[0]
        let axis = try call.axis(call.int("axis", -1), x.ndim)
        let norm =
          call.int("p", 2) == 1
          ? x.abs().sum(dim: [axis], keepdim: true) : (x * x).sum(dim: [axis], keepdim: true).sqrt()
        return torch.where(norm .== 0, Tensor.zeros(like: x), x / norm)
      },
      .tensor("MeanVarianceNormalization") { call in
        let x = try call[0]
        let axes = try call.axes(call.ints("axes", [0, 2, 3]), x.ndim)
        let mean = x.mean(dim: axes, keepdim: true)
        let deviation = ((x * x).mean(dim: axes, keepdim: true) - mean * mean).sqrt()
        return (x - mean) / (deviation + 1e-9)
      },
    ]
  }
}
