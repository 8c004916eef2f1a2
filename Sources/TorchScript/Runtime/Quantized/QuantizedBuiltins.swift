// Builtins of quantized models: to integers and back, layers with packed weights, arithmetic.
//
// Reference: aten/src/ATen/native/quantized/library.cpp of PyTorch.

extension JIT.Builtins {
  private typealias Quantized = JIT.QuantizedTensor

  static let quantized = family {
    conversions
    quantizedLinear
    for rank in 1...3 {
      convolution(rank, "conv\(rank)d", relu: false, transposed: false)
      convolution(rank, "conv\(rank)d_relu", relu: true, transposed: false)
      convolution(rank, "conv_transpose\(rank)d", relu: false, transposed: true)
      prepack(rank, transposed: false)
      prepack(rank, transposed: true)
      unpack(rank, transposed: false)
      unpack(rank, transposed: true)
    }
    for relu in [false, true] { quantizedArithmetic(relu: relu) }
    activations
    quantizedEmbeddings
  }

  // MARK: To integers and back

  @Family private static var conversions: [JIT.Builtin] {
    JIT.Builtin("aten::quantize_per_tensor(Tensor self, float scale, int zero_point, ScalarType dtype) -> Tensor") {
      (x: Tensor, scale: Double, zeroPoint: Int, code: Int) in
      try Quantized.quantizing(x, .perTensor(scale: scale, zeroPoint: zeroPoint), Quantized.storage(code))
    }
    JIT.Builtin(
      "aten::quantize_per_tensor.tensor_qparams(Tensor self, Tensor scale, Tensor zero_point, ScalarType dtype) -> Tensor"
    ) { (x: Tensor, scale: Tensor, zeroPoint: Tensor, code: Int) in
      let scheme = Quantized.Scheme.perTensor(
        scale: try scale.item().doubleValue, zeroPoint: try zeroPoint.item().intValue)
      return try Quantized.quantizing(x, scheme, Quantized.storage(code))
    }
    JIT.Builtin(
      "aten::quantize_per_channel(Tensor self, Tensor scales, Tensor zero_points, int axis, ScalarType dtype) -> Tensor"
    ) { (x: Tensor, scales: Tensor, zeroPoints: Tensor, axis: Int, code: Int) in
      let scheme = Quantized.Scheme.perChannel(
        scales: try scales.scalars().map(\.doubleValue), zeroPoints: try zeroPoints.scalars().map(\.doubleValue), axis: axis)
      return try Quantized.quantizing(x, scheme, Quantized.storage(code))
    }
    JIT.Builtin("aten::dequantize.self(Tensor self) -> Tensor") { (x: JIT.IValue) in
      if case .quantized(let tensor) = x { return tensor.dequantized() }
      return try Tensor.read(x).to(.float32)
    }
    JIT.Builtin("aten::int_repr(Tensor self) -> Tensor") { (x: Quantized) in x.values }
    JIT.Builtin("aten::q_scale(Tensor self) -> float") { (x: Quantized) in try x.perTensor().scale }
    JIT.Builtin("aten::q_zero_point(Tensor self) -> int") { (x: Quantized) in try x.perTensor().zeroPoint }
  }

  // MARK: Linear layers

  private static let linearSchema = "Tensor X, \(JIT.PackedParameters.linear) W_prepack"

  @Family private static var quantizedLinear: [JIT.Builtin] {
    for relu in [false, true] {
      let name = relu ? "linear_relu" : "linear"
      JIT.Builtin("quantized::\(name)(\(linearSchema), float Y_scale_i, int Y_zero_point_i) -> Tensor Y") {
        (x: Quantized, packed: JIT.IValue, scale: Double, zeroPoint: Int) in
        let (weight, bias) = try Packed.weight(packed)
        let sums = torch.matmul(x.centered(.float64), weight.centered(.float64).t())
        return try requantized(sums, -1, x, weight, bias, scale, zeroPoint, relu: relu)
      }
      JIT.Builtin("quantized::\(name)_dynamic(\(linearSchema), bool reduce_range=False) -> Tensor Y") {
        (x: Tensor, packed: JIT.IValue, reduced: Bool) in
        let y = try dynamicLinear(x, packed, reduced)
        return relu ? y.relu() : y
      }
      JIT.Builtin("quantized::\(name)_dynamic_fp16(\(linearSchema)) -> Tensor Y") { (x: Tensor, packed: JIT.IValue) in
        let y = try dynamicLinear(x, packed, false)
        return relu ? y.relu() : y
      }
    }
    for suffix in ["", "_fp16"] {
      JIT.Builtin("quantized::linear_prepack\(suffix)(Tensor W, Tensor? B=None) -> \(JIT.PackedParameters.linear) W_prepack") {
        (weight: JIT.IValue, bias: JIT.IValue) in
        JIT.PackedParameters.object(JIT.PackedParameters.linear, ["weight_": weight, "bias_": bias])
      }
      JIT.Builtin("quantized::linear_unpack\(suffix)(\(JIT.PackedParameters.linear) W_prepack) -> (Tensor W_origin, Tensor? B_origin)") {
        (packed: JIT.IValue) -> JIT.IValue in
        .tuple([try Packed.attribute(packed, "weight_"), try Packed.attribute(packed, "bias_")])
      }
    }
  }

  /// A layer whose input is quantized as it comes; a plain weight is rounded to float16, as its kernel keeps it.
  static func dynamicLinear(_ x: Tensor, _ packed: JIT.IValue, _ reduced: Bool) throws -> Tensor {
    let bias = try Packed.attribute(packed, "bias_").tensor
    let weight = try Packed.attribute(packed, "weight_")
    if case .tensor(let plain) = weight {
      return torch.linear(x, plain.to(.float16).to(.float32), bias)
    }
    let input = try rounded(x.to(.float32), reduced)
    return torch.linear(input, try Quantized.read(weight).dequantized(), bias)
  }

  /// The input as unsigned bytes have it, with 7 bits of them where `reduced`: FBGEMM's `ChooseQuantizationParams`.
  private static func rounded(_ x: Tensor, _ reduced: Bool) throws -> Tensor {
    if x.numel == 0 { return x }
    var (low, high) = (
      min(Float(try x.min().item().doubleValue), 0), max(Float(try x.max().item().doubleValue), 0)
    )
    let most = reduced ? 127.0 : 255.0
    var scale = (Double(high) - Double(low)) / most
    if Float(scale) == 0 || (1 / Float(scale)).isInfinite { scale = 0.1 }
    let smallest = Double(Float(6.1e-5))
    if scale < smallest {
      let amplifier = Float(smallest) / Float(scale)
      scale = smallest
      if low == 0 {
        high = Float(smallest * most)
      } else if high == 0 {
        low = -Float(smallest * most)
      } else {
        (low, high) = (low * amplifier, high * amplifier)
      }
    }
    let (fromLow, fromHigh) = (-Double(low) / scale, most - Double(high) / scale)
    let first = -abs(Double(low) / scale) < most - abs(Double(high) / scale) ? fromLow : fromHigh
    let zeroPoint = Int(min(max(first, 0), most).rounded(.toNearestOrEven))
    let steps = (x * Scalar.double(Double(1 / Float(scale)))).round() + Scalar.int(zeroPoint)
    let kept = steps.clamp(min: .int(0), max: .int(255)) - Scalar.int(zeroPoint)
    return kept * Scalar.double(Double(Float(scale)))
  }

  /// Sums of products of integers as the integers of the result; `channel` is the dimension of the weight's channels.
  private static func requantized(
    _ sums: Tensor, _ channel: Int, _ x: Quantized, _ weight: Quantized, _ bias: Tensor?, _ scale: Double,
    _ zeroPoint: Int, relu: Bool
  ) throws -> Quantized {
    var shape = Array(repeating: 1, count: sums.ndim)
    shape[channel < 0 ? sums.ndim + channel : channel] = -1
    let inputScale = Float(try x.perTensor().scale)
    let products: Tensor =
      switch weight.scheme {
      case .perTensor(let scale, _): Tensor([inputScale * Float(scale)])
      case .perChannel(let scales, _, _): Tensor(scales.map { inputScale * Float($0) })
      }
    var steps = sums.to(.float32)
    if let bias { steps = steps + (bias.detach().to(.float32) / products).view(shape) }
    steps = steps * (products / Scalar.double(Double(Float(scale)))).view(shape)
    return try .rounding(steps, scale, zeroPoint, x.values.dtype, atLeast: relu ? zeroPoint : nil)
  }

  // MARK: Convolutions

  // A closure without captures that change.
  nonisolated(unsafe) private static let plainConvolution = calling("aten::convolution")

  /// A convolution of one dimension has weights of two.
  private static func convolution(_ rank: Int, _ name: String, relu: Bool, transposed: Bool) -> JIT.Builtin {
    // The overload without a name has all numbers as arguments, and nobody writes it any more.
    let overload = rank > 1 && !transposed ? ".new" : ""
    let packedType = JIT.PackedParameters.convolution(max(rank, 2))
    return JIT.Builtin(
      "quantized::\(name)\(overload)(Tensor qx, \(packedType) packed_weight, float output_scale, int output_zero_point) -> Tensor"
    ) { (x: Quantized, packed: JIT.IValue, scale: Double, zeroPoint: Int) in
      let (weight, bias) = try Packed.weight(packed)
      let inner = weight.values.ndim - 2
      guard x.values.ndim == rank + 2, inner == max(rank, 2) else {
        throw TorchError(.shape, "Expected activation data to have \(rank + 2) dimensions.")
      }
      let config = try [Int].read(Packed.attribute(packed, "config"))
      guard config.count >= 4 * inner + 1 else { throw TorchError(.value, "a packed convolution without its numbers") }
      func numbers(_ place: Int) -> JIT.IValue { .ints(config[place * inner..<(place + 1) * inner]) }
      let input = rank == 1 ? x.centered(.float64).unsqueeze(2) : x.centered(.float64)
      let result = try plainConvolution([
        .tensor(input), .tensor(weight.centered(.float64)), .none, numbers(0), numbers(1), numbers(2), .bool(transposed),
        numbers(3), .int(config[4 * inner]),
      ])
      let sums = rank == 1 ? try Tensor.read(result).squeeze(2) : try Tensor.read(result)
      return try requantized(sums, 1, x, weight, bias, scale, zeroPoint, relu: relu)
    }
  }

  private static func unpack(_ rank: Int, transposed: Bool) -> JIT.Builtin {
    let name = transposed ? "conv_transpose\(rank)d_unpack" : "conv\(rank)d_unpack"
    return JIT.Builtin(
      "quantized::\(name)(\(JIT.PackedParameters.convolution(max(rank, 2))) packed_weights) -> (Tensor unpacked_weights, Tensor? B_origin)"
    ) { (packed: JIT.IValue) -> JIT.IValue in
      let (weight, bias) = try Packed.weight(packed)
      return .tuple([
        .quantized(rank == 1 ? try Quantized(weight.values.squeeze(2), weight.scheme) : weight),
        bias.map { .tensor($0) } ?? .none,
      ])
    }
  }


  private static func prepack(_ rank: Int, transposed: Bool) -> JIT.Builtin {
    let name = transposed ? "conv_transpose\(rank)d_prepack" : "conv\(rank)d_prepack"
    let outputPadding = transposed ? "int[] output_padding, " : ""
    return JIT.Builtin(
      "quantized::\(name)(Tensor weight, Tensor? bias, int[] stride, int[] padding, \(outputPadding)int[] dilation, int groups) -> \(JIT.PackedParameters.convolution(max(rank, 2)))"
    ) { (x: [JIT.IValue]) in
      let isFlat = rank == 1
      func numbers(_ place: Int, _ filler: Int) throws -> [Int] { (isFlat ? [filler] : []) + (try [Int].read(x[place])) }
      let (stride, padding) = (try numbers(2, 1), try numbers(3, 0))
      let output = transposed ? try numbers(4, 0) : stride.map { _ in 0 }
      let dilation = try numbers(transposed ? 5 : 4, 1)
      var weight = x[0]
      if isFlat {
        let flat = try Quantized.read(weight)
        var scheme = flat.scheme
        if case .perChannel(let scales, let zeroPoints, let axis) = scheme, axis > 1 {
          scheme = .perChannel(scales: scales, zeroPoints: zeroPoints, axis: axis + 1)
        }
        weight = .quantized(try Quantized(flat.values.unsqueeze(2), scheme))
      }
      let config = stride + padding + dilation + output + [try Int.read(x.last!), transposed ? 1 : 0]
      return JIT.PackedParameters.object(
        JIT.PackedParameters.convolution(max(rank, 2)), ["weight_": weight, "bias_": x[1], "config": .ints(config)])
    }
  }

  // MARK: Arithmetic

  private static func quantizedArithmetic(relu: Bool) -> [JIT.Builtin] {
    let suffix = relu ? "_relu" : ""
    return [
      JIT.Builtin("quantized::add\(suffix)(Tensor qa, Tensor qb, float scale, int zero_point) -> Tensor qc") {
        (a: Quantized, b: Quantized, scale: Double, zeroPoint: Int) in
        let steps = (a.dequantized() + b.dequantized()) * Scalar.double(Double(1 / Float(scale)))
        return try Quantized.rounding(steps, scale, zeroPoint, a.values.dtype, atLeast: relu ? zeroPoint : nil)
      },
      JIT.Builtin("quantized::mul\(suffix)(Tensor qa, Tensor qb, float scale, int zero_point) -> Tensor qc") {
        (a: Quantized, b: Quantized, scale: Double, zeroPoint: Int) in
        let multiplier = Float(try a.perTensor().scale) * Float(try b.perTensor().scale) * (1 / Float(scale))
        let steps = a.centered(.float32) * b.centered(.float32) * Scalar.double(Double(multiplier))
        return try Quantized.rounding(steps, scale, zeroPoint, a.values.dtype, atLeast: relu ? zeroPoint : nil)
      },
      JIT.Builtin("quantized::cat\(suffix)(Tensor[] qx, int dim, float? scale, int? zero_point) -> Tensor") {
        (x: [JIT.IValue]) in
        let parts = try JIT.QuantizedOperators.parts(x[0])
        let first = try parts[0].perTensor()
        let (scale, zeroPoint) = (try Double?.read(x[2]) ?? first.scale, try Int?.read(x[3]) ?? first.zeroPoint)
        return try JIT.QuantizedOperators.concatenated(
          parts, Int.read(x[1]), scale, zeroPoint, least: relu ? zeroPoint : nil)
      },
    ]
  }

  @Family private static var activations: [JIT.Builtin] {
    JIT.Builtin("quantized::hardswish(Tensor input, float output_scale, int output_zero_point) -> Tensor") {
      (x: Quantized, scale: Double, zeroPoint: Int) in
      try Quantized.quantizing(
        x.dequantized().hardswish(), .perTensor(scale: scale, zeroPoint: zeroPoint), x.values.dtype)
    }
    JIT.Builtin("quantized::sigmoid(Tensor qx, float output_scale, int output_zero_point) -> Tensor") {
      (x: Quantized, scale: Double, zeroPoint: Int) in
      try Quantized.quantizing(
        x.dequantized().sigmoid(), .perTensor(scale: scale, zeroPoint: zeroPoint), x.values.dtype)
    }
    JIT.Builtin(
      "quantized::leaky_relu(Tensor qx, Scalar negative_slope, bool inplace, float output_scale, int output_zero_point) -> Tensor"
    ) { (x: Quantized, slope: Scalar, _: Bool, scale: Double, zeroPoint: Int) in
      try Quantized.quantizing(
        x.dequantized().leakyRelu(negativeSlope: slope),
        .perTensor(scale: scale, zeroPoint: zeroPoint), x.values.dtype)
    }
    JIT.Builtin("quantized::relu6(Tensor qx, bool inplace=False) -> Tensor") { (x: Quantized, _: Bool) in
      try Quantized.quantizing(x.dequantized().relu6(), x.scheme, x.values.dtype)
    }
  }

  /// Objects with packed weights.
  enum Packed {
    static func attribute(_ packed: JIT.IValue, _ name: String) throws -> JIT.IValue {
      guard let value = packed.object?[name] else { throw packed.mismatch("packed parameters") }
      return value
    }

    static func weight(_ packed: JIT.IValue) throws -> (JIT.QuantizedTensor, Tensor?) {
      (try .read(attribute(packed, "weight_")), try attribute(packed, "bias_").tensor)
    }
  }
}
