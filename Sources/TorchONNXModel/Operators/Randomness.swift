// Random numbers. A node with a seed gives the same numbers in every run; other numbers than other implementations.

import TorchCore

extension ONNX {
  enum Randomness {
    private static func generator(_ call: Call) -> Generator? {
      call.has("seed") ? Generator(seed: UInt64(truncatingIfNeeded: Scalar(call.float("seed", 0)).intValue)) : nil
    }

    /// The element type asked for, else the input's.
    private static func type(_ call: Call, _ fallback: ElementType) throws -> ElementType {
      call.has("dtype") ? try call.elementType(call.int("dtype", 1)) : fallback
    }

    private static func drawn(_ call: Call, _ shape: Shape, _ type: ElementType, normal: Bool) throws -> [Value] {
      try call.check(type.carrier.isFloatingPoint, "random numbers of type \(type.name)")
      let x = Tensor.empty(shape, dtype: type.carrier)
      let filled =
        normal
        ? x.normal_(mean: call.float("mean", 0), std: call.float("scale", 1), generator: generator(call))
        : x.uniform_(call.float("low", 0), call.float("high", 1), generator: generator(call))
      return [.tensor(filled, type)]
    }

    private static func draw(_ name: String, normal: Bool) -> [OperatorDeclaration] {
      [
        .values(name, isPure: false) { call in
          try drawn(call, TensorCodec.shape(call.ints("shape"), "the result"), type(call, .float32), normal: normal)
        },
        .values(name + "Like", isPure: false) { call in
          try drawn(call, try call[0].shape, type(call, try call.type(0)), normal: normal)
        },
      ]
    }

    private static func dropout(_ call: Call) throws -> [Value] {
      let x = try call[0]
      let ratio = call.opset >= 12 ? try call.optional(1)?.item(Double.self) ?? 0.5 : call.float("ratio", 0.5)
      let training = call.opset >= 12 ? try call.optional(2)?.item(Bool.self) ?? false : false
      guard training, ratio > 0 else { return [call.typed(x, like: 0), Value(Tensor.ones(x.shape, dtype: .bool))] }
      try call.check(ratio < 1, "ratio \(ratio)")
      let mask: Tensor
      if call.has("seed") {
        // Which elements a seed drops is what the reference implementation says.
        var draws = ReferenceDraws(seed: UInt32(truncatingIfNeeded: call.int("seed", 0)))
        mask = try Tensor.from((0..<x.numel).map { _ in draws.next() >= ratio }, shape: x.shape)
      } else {
        mask = Tensor.empty(x.shape, dtype: .float32).uniform_() >= ratio
      }
      return [call.typed(x * mask.to(x.dtype) / (1 - ratio), like: 0), Value(mask)]
    }

    static let operators: [OperatorDeclaration] =
      draw("RandomNormal", normal: true) + draw("RandomUniform", normal: false) + [
        .values("Bernoulli", isPure: false) { call in
          let x = try call[0]
          let type = try type(call, try call.type(0))
          return [.tensor(x.bernoulli(generator: generator(call)).to(type.carrier), type)]
        },
        .values("Multinomial", isPure: false) { call in
          let type = try type(call, .int32)
          // The input is of log probabilities, up to a constant.
          let draws = torch.multinomial(
            try call[0].softmax(dim: -1), call.int("sample_size", 1), replacement: true, generator: generator(call))
          return [.tensor(draws.to(type.carrier), type)]
        },
        .values("Dropout", isPure: false, settings: [1], dropout),
      ]
  }
}
