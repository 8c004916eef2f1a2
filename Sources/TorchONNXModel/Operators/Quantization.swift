// Quantized numbers: to and from them, and products of them.
//
// Products of integers are summed exactly; see `IntegerProducts`.
// Reference: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html

import TorchCore

extension ONNX {
  enum Quantization {
    /// A scale or zero point in a form that broadcasts with `x`: one number, one an index of `axis`, or one a block.
    private static func spread(_ call: Call, _ value: Tensor, over x: Tensor) throws -> Tensor {
      if value.numel == 1 { return value.reshape([]) }
      let axis = try call.axis(call.int("axis", 1), x.ndim)
      let block = call.int("block_size", 0)
      if block == 0 {
        try call.check(value.ndim == 1 && value.shape[0] == x.shape[axis], "\(value.shape) scales for \(x.shape) along \(axis)")
        var sizes = [Int](repeating: 1, count: x.ndim)
        sizes[axis] = value.numel
        return value.reshape(sizes)
      }
      try call.check(block > 0 && block <= x.shape[axis] && value.ndim == x.ndim, "blocks of \(block) for \(x.shape)")
      let full = value.repeatInterleave(block, dim: axis)
      try call.check(full.shape[axis] >= x.shape[axis], "\(value.shape) scales in blocks of \(block) for \(x.shape)")
      return full.narrow(axis, 0, x.shape[axis])
    }

    static func quantize(_ call: Call) throws -> [Value] {
      let (x, scale) = (try call[0], try call[1])
      let zero = try call.optional(2)
      var type: ElementType = zero == nil ? .uint8 : try call.type(2)
      if zero == nil, call.int("output_dtype", 0) != 0 { type = try call.elementType(call.int("output_dtype", 0)) }
      let precision = call.int("precision", 0) == 0 ? nil : try call.elementType(call.int("precision", 0)).carrier
      func wide(_ t: Tensor) -> Tensor { precision.map { t.to($0) } ?? (t.dtype.isFloatingPoint ? t : t.float()) }
      let scaled = wide(x) / wide(try spread(call, scale, over: x))
      guard let range = type.integerRange else {
        let shifted = type == .float4e2m1 ? try zero.map { scaled + (try spread(call, $0, over: x)) } ?? scaled : scaled
        let rounding = Casting.Rounding(saturate: call.bool("saturate", true))
        return [try Casting.cast(Value(shifted), to: type, rounding)]
      }
      var whole = scaled.round()
      if let zero { whole = whole + (try spread(call, zero, over: x)) }
      let limited = whole.clamp(min: .int(range.lowerBound), max: .int(range.upperBound))
      return [.tensor(limited.to(type.carrier), type)]
    }

    static func dequantize(_ call: Call) throws -> [Value] {
      let (x, scale) = (try call[0], try call[1])
      var numbers = x.float()
      if let zero = try call.optional(2) { numbers = numbers - (try spread(call, zero, over: x)).float() }
      let type = call.int("output_dtype", 0) == 0 ? try call.type(1) : try call.elementType(call.int("output_dtype", 0))
      return [try Casting.cast(Value(numbers * (try spread(call, scale, over: x))), to: type)]
    }

    /// The scale and zero point that cover the values of `x` and zero with 0 … 255.
    static func range(of x: Tensor) -> (scale: Tensor, zero: Tensor) {
      let (low, high) = (x.min().clamp(max: 0), x.max().clamp(min: 0))
      let range = high - low
      let scale = torch.where(range .== 0, Tensor.ones([], dtype: x.dtype), range / 255)
      return (scale, (low.neg() / scale).clamp(min: 0, max: 255).round())
    }

    private static func dynamic(_ call: Call) throws -> [Value] {
      let x = try call[0]
      let (scale, zero) = range(of: x)
      let y = ((x / scale).round() + zero).clamp(min: 0, max: 255)
      return [Value(y.to(.uint8)), Value(scale), Value(zero.to(.uint8))]
    }

    /// `x` minus its zero point, which may be one for each index of `axis`, in float32, which holds it exactly.
    static func centred(_ x: Tensor, _ zero: Tensor?, axis: Int) -> Tensor {
      let wide = x.float()
      guard let zero else { return wide }
      if zero.numel == 1 { return wide - zero.reshape([]) }
      if zero.ndim > 1 { return wide - zero }
      var sizes = [Int](repeating: 1, count: x.ndim)
      sizes[axis] = zero.numel
      return wide - zero.reshape(sizes)
    }

    /// The result of a quantized product: rounded, moved and limited to the zero point's type.
    private static func requantized(_ product: Tensor, _ factor: Tensor, _ zero: Tensor?, _ type: ElementType) -> Value {
      var y = (product.float() * factor).round()
      if let zero { y = y + zero }
      let range = type.integerRange ?? 0...255
      return .tensor(y.clamp(min: .int(range.lowerBound), max: .int(range.upperBound)).to(type.carrier), type)
    }

    /// The product of inputs `a` and `b` with the zero points in `aZero` and `bZero`.
    static func product(_ call: Call, _ a: Int, _ aZero: Int, _ b: Int, _ bZero: Int) throws -> Tensor {
      let left = centred(try call[a], try call.optional(aZero), axis: max(try call[a].ndim - 2, 0))
      let right = centred(try call[b], try call.optional(bZero), axis: max(try call[b].ndim - 1, 0))
      return IntegerProducts.matmul(left, right)
    }

    private static func matmul(_ call: Call) throws -> [Value] {
      let sum = try product(call, 0, 2, 3, 5)
      var aScale = try call[1].float()
      // A scale for each row multiplies rows, one for each column columns.
      if aScale.ndim == 1, aScale.numel > 1 { aScale = aScale.unsqueeze(-1) }
      let factor = aScale * (try call[4].float()) / (try call[6].float())
      return [requantized(sum, factor, try call.optional(7), try call.type(7))]
    }

    private static func convolution(_ call: Call) throws -> [Value] {
      let x = centred(try call[0], try call.optional(2), axis: 1)
      let weight = centred(try call[3], try call.optional(5), axis: 0)
      let spatial = Array(repeating: 1, count: max(x.ndim - 2, 0))
      var sum = try IntegerProducts.convolve(call, x, weight)
      if let bias = try call.optional(8) { sum = sum.double() + bias.reshape([-1] + spatial) }
      var weightScale = try call[4].float()
      if weightScale.numel > 1 { weightScale = weightScale.reshape([-1] + spatial) }
      let factor = (try call[1].float()) * weightScale / (try call[6].float())
      return [requantized(sum, factor, try call.optional(7), try call.type(7))]
    }

    static let operators: [OperatorDeclaration] = [
      .values("QuantizeLinear", since: 10, settings: [1], quantize),
      .values("DequantizeLinear", since: 10, settings: [1], dequantize),
      .values("DynamicQuantizeLinear", since: 11, dynamic),
      .values("QLinearMatMul", since: 10, settings: [1, 4, 6], matmul),
      .values("QLinearConv", since: 10, settings: [1, 4, 6], convolution),
      .tensor("MatMulInteger", since: 10, type: nil) { call in try product(call, 0, 2, 1, 3).to(.int32) },
      .tensor("ConvInteger", since: 10, type: nil) { call in
        let x = centred(try call[0], try call.optional(2), axis: 1)
        return try IntegerProducts.convolve(call, x, centred(try call[1], try call.optional(3), axis: 0)).to(.int32)
      },
    ]
  }
}
