// Quantized operators of ONNX Runtime's own domain, com.microsoft, which its quantization tools write into models.
//
// Those that are not sums of products are computed on the numbers that the integers stand for, and rounded once.
// Reference: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md

import TorchCore

extension ONNX {
  enum ContribQuantization {
    private static let domain = ContribOperators.domain

    /// What the integers in input `i` stand for, with scale and zero point in the inputs after it.
    private static func numbers(_ call: Call, _ i: Int) throws -> Tensor {
      let x = try call[i].float()
      let centred = try call.optional(i + 2).map { x - $0.float() } ?? x
      return centred * (try call[i + 1])
    }

    /// `x` rounded to the type, scale and zero point that inputs `i` and `i + 1` have.
    private static func rounded(_ call: Call, _ x: Tensor, scale i: Int) throws -> Value {
      let type = call.optionalValue(i + 1) == nil ? ElementType.uint8 : try call.type(i + 1)
      var y = (x / (try call[i])).round()
      if let zero = try call.optional(i + 1) { y = y + zero.float() }
      let range = type.integerRange ?? 0...255
      return .tensor(y.clamp(min: .int(range.lowerBound), max: .int(range.upperBound)).to(type.carrier), type)
    }

    private static func unary(
      _ name: String, _ body: @escaping @Sendable (Call, Tensor) throws -> Tensor
    ) -> OperatorDeclaration {
      .values(name, domain: domain, settings: [1, 3]) { call in
        [try rounded(call, try body(call, try numbers(call, 0)), scale: 3)]
      }
    }

    private static func binary(
      _ name: String, _ body: @escaping @Sendable (Tensor, Tensor) -> Tensor
    ) -> OperatorDeclaration {
      .values(name, domain: domain, settings: [1, 4, 6]) { call in
        [try rounded(call, body(try numbers(call, 0), try numbers(call, 3)), scale: 6)]
      }
    }

    private static func channelsFirst(_ call: Call, _ x: Tensor, _ body: (Tensor) throws -> Tensor) rethrows -> Tensor {
      guard call.bool("channels_last") else { return try body(x) }
      return try body(x.movedim([x.ndim - 1], [1])).movedim([1], [x.ndim - 1])
    }

    private static func concat(_ call: Call) throws -> [Value] {
      let parts = try stride(from: 2, to: call.inputs.count, by: 3).map { try numbers(call, $0) }
      try call.check(!parts.isEmpty, "nothing to join")
      let axis = try call.axis(try call.requiredInt("axis"), parts[0].ndim)
      return [try rounded(call, torch.cat(parts, dim: axis), scale: 0)]
    }

    private static func gemm(_ call: Call) throws -> [Value] {
      var a = Quantization.centred(try call[0], try call.optional(2), axis: 0)
      if call.bool("transA") { a = a.t() }
      let transB = call.bool("transB")
      var b = Quantization.centred(try call[3], try call.optional(5), axis: transB ? 0 : 1)
      if transB { b = b.t() }
      var sum = IntegerProducts.matmul(a, b)
      if let c = try call.optional(6) { sum = sum.double() + c }
      let y = sum.float() * (try call[1] * (try call[4]) * call.float("alpha", 1))
      return [call.optionalValue(7) == nil ? Value(y) : try rounded(call, y, scale: 7)]
    }

    /// The product of a tensor that is quantized here, with weights that are.
    static func dynamicProduct(_ x: Tensor, _ weight: Tensor, _ scale: Tensor) -> Tensor {
      let (xScale, zero) = Quantization.range(of: x)
      let q = ((x / xScale).round() + zero).clamp(min: 0, max: 255) - zero
      return IntegerProducts.matmul(q, weight).float() * (xScale * scale)
    }

    private static func dynamicMatMul(_ call: Call) throws -> Tensor {
      let weight = Quantization.centred(try call[1], try call.optional(3), axis: 1)
      let y = dynamicProduct(try call[0], weight, try call[2])
      return try call.optional(4).map { y + $0 } ?? y
    }

    private static func matMulToFloat(_ call: Call) throws -> Tensor {
      let y = try Quantization.product(call, 0, 4, 1, 5).float() * (try call[2] * (try call[3]))
      return try call.optional(6).map { y + $0 } ?? y
    }

    /// An LSTM whose input and states are quantized in each product.
    private static func lstm(_ call: Call) throws -> [Value] {
      func side(_ weight: Int, _ scale: Int, _ d: Int) throws -> Recurrent.Product {
        let zero = try call.optional(scale + 1)?.select(0, d)
        let w = Quantization.centred(try call[weight].select(0, d), zero, axis: 1)
        let s = try call[scale].select(0, d)
        return { dynamicProduct($0, w, s) }
      }
      return try Recurrent.lstm(call) { d in (input: try side(1, 8, d), recurrence: try side(2, 10, d)) }
    }

    static let operators: [OperatorDeclaration] = [
      binary("QLinearAdd") { $0 + $1 }, binary("QLinearMul") { $0 * $1 },
      unary("QLinearSigmoid") { $1.sigmoid() },
      unary("QLinearLeakyRelu") { $1.leakyRelu(negativeSlope: .double($0.float("alpha", 0.01))) },
      unary("QLinearSoftmax") { call, x in x.softmax(dim: try call.axis(call.int("axis", -1), x.ndim)) },
      unary("QLinearGlobalAveragePool") { call, x in
        channelsFirst(call, x) { $0.mean(dim: Array(2..<max(x.ndim, 3)), keepdim: true) }
      },
      unary("QLinearAveragePool") { call, x in
        try channelsFirst(call, x) { x in
          try Pooling.averagePool(Call(step: call.step, inputs: [Value(x)], frame: call.frame))
        }
      },
      .values("QLinearConcat", domain: domain, concat),
      .values("QGemm", domain: domain, settings: [1, 4, 7], gemm),
      .tensor("DynamicQuantizeMatMul", domain: domain, settings: [2], dynamicMatMul),
      .tensor("MatMulIntegerToFloat", domain: domain, type: nil, settings: [2, 3], matMulToFloat),
      .values("DynamicQuantizeLSTM", domain: domain, settings: [8, 10], lstm),
      .values("QuantizeLinear", domain: domain, settings: [1], Quantization.quantize),
      .values("DequantizeLinear", domain: domain, settings: [1], Quantization.dequantize),
    ]
  }
}
