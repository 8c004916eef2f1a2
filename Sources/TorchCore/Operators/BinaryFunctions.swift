// Elementwise functions of two or three tensors beyond arithmetic: angles, bounds, sums of logarithms, interpolation.
// Reference: https://pytorch.org/docs/stable/torch.html#pointwise-ops

enum BinaryFunctions {
  static let atan2 = binary(
    "atan2(Tensor self, Tensor other) -> Tensor", "atan2", .floating,
    input: .saving([.input, .other]) { g, s in
      let (y, x) = (try s.input, try s.other)
      return g * (x / (y * y + x * x)).maskedFill((x .== 0) .& (y .== 0), 0)
    },
    other: .saving([.input, .other]) { g, s in
      let (y, x) = (try s.input, try s.other)
      return g * (-y / (y * y + x * x)).maskedFill((x .== 0) .& (y .== 0), 0)
    })
  static let arctan2 = Operator(composite: "arctan2(Tensor self, Tensor other) -> Tensor", twins: .both) {
    (y: Tensor, x: Tensor) in atan2(y, x)
  }

  static let hypot = binary(
    "hypot(Tensor self, Tensor other) -> Tensor", "hypot",
    input: .saving([.input, .result]) { g, s in g * (try s.input) / (try s.result) },
    other: .saving([.other, .result]) { g, s in g * (try s.other) / (try s.result) })

  static let copysign = binary(
    "copysign.Tensor(Tensor self, Tensor other) -> Tensor", "copysign", .floating,
    input: .saving([.input, .result]) { g, s in
      let x = try s.input
      return g * (try s.result / x).maskedFill(x .== 0, 0)
    },
    other: .zero)
  static let copysignScalar = Operator(
    composite: "copysign.Scalar(Tensor self, Scalar other) -> Tensor", twins: .both(out: "Scalar_out")
  ) { (x: Tensor, other: Scalar) in copysign(x, Tensor(wrapping: other)) }

  // MARK: Extremes

  static let fmax = binary(
    "fmax(Tensor self, Tensor other) -> Tensor", "fmax", twins: .out,
    input: .saving([.input, .other]) { g, s in first(g, try s.input, try s.other, >=) },
    other: .saving([.input, .other]) { g, s in second(g, try s.input, try s.other, >) })
  static let fmin = binary(
    "fmin(Tensor self, Tensor other) -> Tensor", "fmin", twins: .out,
    input: .saving([.input, .other]) { g, s in first(g, try s.input, try s.other, <=) },
    other: .saving([.input, .other]) { g, s in second(g, try s.input, try s.other, <) })

  /// The first operand's gradient, where it wins or the second is NaN; equal ones share it.
  private static func first(_ g: Tensor, _ a: Tensor, _ b: Tensor, _ wins: (Tensor, Tensor) -> Tensor) -> Tensor {
    torch.where(a .== b, g / 2, g).maskedFill((wins(a, b) .| b.isnan()).logicalNot(), 0)
  }
  /// The second operand's: where the first neither wins nor stands in for a NaN.
  private static func second(_ g: Tensor, _ a: Tensor, _ b: Tensor, _ wins: (Tensor, Tensor) -> Tensor) -> Tensor {
    torch.where(a .== b, g / 2, g).maskedFill(wins(a, b) .| b.isnan(), 0)
  }

  static let maxOther = Operator(composite: "max.other(Tensor self, Tensor other) -> Tensor", twins: .out) {
    (a: Tensor, b: Tensor) in a.maximum(b)
  }
  static let minOther = Operator(composite: "min.other(Tensor self, Tensor other) -> Tensor", twins: .out) {
    (a: Tensor, b: Tensor) in a.minimum(b)
  }

  // MARK: Bounds

  private static func bound(
    _ name: String, _ parameter: String, _ function: String, loses: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) -> BinaryOperator {
    binary(
      "\(name).Tensor(Tensor self, Tensor \(parameter)) -> Tensor", function, twins: .both(out: "Tensor_out"),
      gradientName: name == "clamp_min" ? "ClampMinBackward1" : "ClampMaxBackward1",
      input: .saving([.input, .other]) { g, s in Power.shared(g, try s.input, try s.other, loses: loses) },
      other: .saving([.input, .other]) { g, s in Power.shared(g, try s.other, try s.input, loses: loses) })
  }
  static let clampMinTensor = bound("clamp_min", "min", "maximum") { $0 < $1 }
  static let clampMaxTensor = bound("clamp_max", "max", "minimum") { $0 > $1 }

  static let clampMin = Operator(composite: "clamp_min(Tensor self, Scalar min) -> Tensor", twins: .both) {
    (x: Tensor, min: Scalar) in x.clamp(min: min)
  }
  static let clampMax = Operator(composite: "clamp_max(Tensor self, Scalar max) -> Tensor", twins: .both) {
    (x: Tensor, max: Scalar) in x.clamp(max: max)
  }

  static let clampTensor: Operator<Tensor, Tensor?, Tensor?, Tensor> = Operator(
    "clamp.Tensor(Tensor self, Tensor? min=None, Tensor? max=None) -> Tensor", twins: .both(out: "Tensor_out"),
    gradientName: "ClampBackward0",
    kernel: { (x: Tensor, min: Tensor?, max: Tensor?) in
      switch (min, max) {
      case (nil, nil): throw TorchError(.value, "torch.clamp: At least one of 'min' or 'max' must not be None")
      case (let min?, nil): return try Elementwise.apply(maximumFunction, .promoted, x, min)
      case (nil, let max?): return try Elementwise.apply(minimumFunction, .promoted, x, max)
      case (let min?, let max?): return try Elementwise.apply(clampFunction, .promoted, x, min, max)
      }
    },
    derivative: { record, _, x, min, max in
      let (sx, smin, smax) = (record.save(x), record.save(min), record.save(max))
      return { g in
        let (x, min, max) = (try sx.value, try smin?.value, try smax?.value)
        guard let min, let max else {
          if let min {
            return [Power.shared(g[0], x, min, loses: <), Power.shared(g[0], min, x, loses: <), nil]
          }
          return [Power.shared(g[0], x, max!, loses: >), nil, Power.shared(g[0], max!, x, loses: >)]
        }
        // x shares with the bound it is equal to, unless the bounds are equal, too; where they cross, the upper one
        // holds.
        let apart = min < max
        let (atMin, atMax) = ((x .== min) .& apart, (x .== max) .& apart)
        let (below, above) = ((x < min) .& (min <= max), (x > max) .& (min <= max) .| (min > max))
        let half = g[0] / 2
        return [
          torch.where(atMin .| atMax, half, g[0]).maskedFill((x < min) .| (x > max), 0),
          torch.where(atMin, half, g[0]).maskedFill((atMin .| below).logicalNot(), 0),
          torch.where(atMax, half, g[0]).maskedFill((atMax .| above).logicalNot(), 0),
        ]
      }
    })
  private static let clampFunction = MapFunction("clamp_tensor")
  private static let maximumFunction = MapFunction("maximum")
  private static let minimumFunction = MapFunction("minimum")

  static let clip = Operator(
    composite: "clip(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor", twins: .both
  ) { (x: Tensor, min: Scalar?, max: Scalar?) in x.clamp(min: min, max: max) }

  // MARK: Steps, exponents, logarithms

  static let heaviside = Operator(
    "heaviside(Tensor self, Tensor values) -> Tensor", twins: .both,
    kernel: { (x: Tensor, values: Tensor) in
      guard x.dtype == values.dtype else {
        throw TorchError(.dtype, "heaviside is not yet implemented for tensors with different dtypes.")
      }
      return try Elementwise.apply(heavisideFunction, .promoted, x, values)
    })
  private static let heavisideFunction = MapFunction("heaviside")

  /// `self · 2^other`
  static let ldexp = Operator(composite: "ldexp.Tensor(Tensor self, Tensor other) -> Tensor", twins: .out) {
    (x: Tensor, other: Tensor) in
    let isWhole = !other.dtype.isDifferentiable && other.dtype != .bool
    guard x.dtype.isFloatingPoint, isWhole else { return x * (2.0 ** other) }
    // A whole exponent takes nothing from the precision, even where its power of two is out of range.
    return (x.to(.float64) * (2.0 ** other.to(.float64))).to(x.dtype)
  }
  static let ldexpInPlace = Operator(composite: "ldexp_(Tensor(a!) self, Tensor other) -> Tensor(a!)") {
    (x: Tensor, other: Tensor) in x.overwrite(with: ldexp(x, other))
  }

  static let logaddexp = binary(
    "logaddexp(Tensor self, Tensor other) -> Tensor", "logaddexp", twins: .out,
    input: .saving([.input, .other]) { g, s in g / ((try s.other - s.input).exp() + 1).conj() },
    other: .saving([.input, .other]) { g, s in g / ((try s.input - s.other).exp() + 1).conj() })
  static let logaddexp2 = binary(
    "logaddexp2(Tensor self, Tensor other) -> Tensor", "logaddexp2", twins: .out,
    input: .saving([.input, .other]) { g, s in g / ((try s.other - s.input).exp2() + 1) },
    other: .saving([.input, .other]) { g, s in g / ((try s.input - s.other).exp2() + 1) })

  /// A power computed in double precision.
  static let floatPower = Operator(
    composite: "float_power.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor", twins: .out("Tensor_Tensor_out")
  ) { (x: Tensor, exponent: Tensor) in
    let dtype: DType = x.dtype.isComplex || exponent.dtype.isComplex ? .complex128 : .float64
    return x.to(dtype).pow(exponent.to(dtype))
  }
  static let floatPowerInPlace = Operator(
    composite: "float_power_.Tensor(Tensor(a!) self, Tensor exponent) -> Tensor(a!)"
  ) { (x: Tensor, exponent: Tensor) in
    let result = floatPower(x, exponent)
    guard result.dtype == x.dtype else {
      throw TorchError(
        .dtype,
        "the base given to float_power_ has dtype \(x.dtype.scalarTypeName) but the operation's result requires dtype \(result.dtype.scalarTypeName)")
    }
    return x.overwrite(with: result)
  }

  // MARK: Integers and logic

  static let gcd = binary("gcd(Tensor self, Tensor other) -> Tensor", "gcd")
  static let lcm = binary("lcm(Tensor self, Tensor other) -> Tensor", "lcm")
  static let leftShift = binary(
    "bitwise_left_shift.Tensor(Tensor self, Tensor other) -> Tensor", "bitwise_left_shift", twins: .both(out: "Tensor_out"))
  static let rightShift = binary(
    "bitwise_right_shift.Tensor(Tensor self, Tensor other) -> Tensor", "bitwise_right_shift", twins: .both(out: "Tensor_out"))
  static let logicalXor = binary("logical_xor(Tensor self, Tensor other) -> Tensor", "logical_xor", .comparison)

  // MARK: Three tensors

  static let lerpTensor: TernaryOperator = Operator(
    "lerp.Tensor(Tensor self, Tensor end, Tensor weight) -> Tensor", twins: .both(out: "Tensor_out"),
    gradientName: "LerpBackward1",
    kernel: { (a: Tensor, b: Tensor, weight: Tensor) in try lerp(a, b, weight) },
    derivative: { record, _, a, b, weight in
      let (sa, sb, sw) = (record.save(a), record.save(b), record.save(weight))
      return { g in
        let weight = try sw.value
        return [
          g[0] * (1 - weight).conj(), g[0] * weight.conj(),
          g.needs(2) ? g[0] * (try sb.value - sa.value).conj() : nil,
        ]
      }
    })

  static let lerpScalar: Operator<Tensor, Tensor, Scalar, Tensor> = Operator(
    "lerp.Scalar(Tensor self, Tensor end, Scalar weight) -> Tensor", twins: .both(out: "Scalar_out"),
    kernel: { (a: Tensor, b: Tensor, weight: Scalar) in
      // 16-bit operands take the weight as it is.
      guard a.dtype == .bfloat16 || a.dtype == .float16, a.dtype == b.dtype else {
        return try lerp(a, b, Tensor(wrapping: weight))
      }
      return try Elementwise.apply(lerpNumber, .promoted, a, b, MapParameters(weight))
    },
    derivative: { _, _, _, _, weight in
      { g in
        let w = Tensor(wrapping: weight)
        return [g[0] * (1 - w).conj(), g[0] * w.conj()]
      }
    })

  private static func lerp(_ a: Tensor, _ b: Tensor, _ weight: Tensor) throws -> Tensor {
    guard a.dtype == b.dtype else {
      throw TorchError(
        .dtype, "expected dtype \(a.dtype.scalarTypeName) for `end` but got dtype \(b.dtype.scalarTypeName)")
    }
    guard weight.isWrappedNumber || weight.dtype == a.dtype || weight.ndim == 0 else {
      throw TorchError(
        .dtype, "expected dtype \(a.dtype.scalarTypeName) for `weight` but got dtype \(weight.dtype.scalarTypeName)")
    }
    return try Elementwise.apply(lerpFunction, .promoted, a, b, weight)
  }
  private static let lerpFunction = MapFunction("lerp")
  private static let lerpNumber = MapFunction("lerp_number")

  static let addcmul: Operator<Tensor, Tensor, Tensor, Scalar, Tensor> = Operator(
    "addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor", twins: .both,
    kernel: { (x: Tensor, a: Tensor, b: Tensor, value: Scalar) in
      try Elementwise.apply(addcmulFunction, .promoted, x, a, b, MapParameters(value))
    },
    derivative: { record, _, _, a, b, value in
      let (sa, sb) = (record.needs(2) ? record.save(a) : nil, record.needs(1) ? record.save(b) : nil)
      return { g in
        [g[0], try sb.map { g[0] * (try $0.value * value).conj() }, try sa.map { g[0] * (try $0.value * value).conj() }]
      }
    })
  private static let addcmulFunction = MapFunction("addcmul")

  static let addcdiv: Operator<Tensor, Tensor, Tensor, Scalar, Tensor> = Operator(
    "addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor", twins: .both,
    kernel: { (x: Tensor, a: Tensor, b: Tensor, value: Scalar) in
      guard a.dtype.isDifferentiable || b.dtype.isDifferentiable else {
        throw TorchError(
          .dtype,
          "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value * tensor1 / tensor2), for all dtypes.")
      }
      return try Elementwise.apply(addcdivFunction, .promoted, x, a, b, MapParameters(value))
    },
    derivative: { record, _, _, a, b, value in
      let (sa, sb) = (record.save(a), record.save(b))
      return { g in
        let b = try sb.value
        return [
          g[0], g.needs(1) ? g[0] * (Tensor(wrapping: value) / b).conj() : nil,
          g.needs(2) ? -g[0] * (try sa.value * value / (b * b)).conj() : nil,
        ]
      }
    })
  private static let addcdivFunction = MapFunction("addcdiv")

  static let operators: [AnyOperator] = [
    atan2, arctan2, hypot, copysign, copysignScalar, fmax, fmin, maxOther, minOther, clampMinTensor, clampMaxTensor,
    clampMin, clampMax, clampTensor, clip, heaviside, ldexp, ldexpInPlace, logaddexp, logaddexp2, floatPower,
    floatPowerInPlace, gcd, lcm, leftShift, rightShift, logicalXor, lerpTensor, lerpScalar, addcmul, addcdiv,
  ]
}

extension Tensor {
  /// The angle of the point (other, self), in radians.
  public func atan2(_ other: Tensor) -> Tensor { BinaryFunctions.atan2(self, other) }
  public func hypot(_ other: Tensor) -> Tensor { BinaryFunctions.hypot(self, other) }
  public func logaddexp(_ other: Tensor) -> Tensor { BinaryFunctions.logaddexp(self, other) }
  /// `self + weight · (end − self)`
  public func lerp(_ end: Tensor, _ weight: Tensor) -> Tensor { BinaryFunctions.lerpTensor(self, end, weight) }
  public func lerp(_ end: Tensor, _ weight: Scalar) -> Tensor { BinaryFunctions.lerpScalar(self, end, weight) }
  /// `self + value · a · b`
  public func addcmul(_ a: Tensor, _ b: Tensor, value: Scalar = 1) -> Tensor { BinaryFunctions.addcmul(self, a, b, value) }
  /// `self + value · a / b`
  public func addcdiv(_ a: Tensor, _ b: Tensor, value: Scalar = 1) -> Tensor { BinaryFunctions.addcdiv(self, a, b, value) }
  public func clamp(min: Tensor?, max: Tensor?) -> Tensor { BinaryFunctions.clampTensor(self, min, max) }

  // MARK: Extremes, signs, steps

  /// The greater element of two; a number wins over NaN.
  public func fmax(_ other: Tensor) -> Tensor { BinaryFunctions.fmax(self, other) }
  /// The smaller element of two; a number wins over NaN.
  public func fmin(_ other: Tensor) -> Tensor { BinaryFunctions.fmin(self, other) }
  /// The size of this with the sign of `other`.
  public func copysign(_ other: Tensor) -> Tensor { BinaryFunctions.copysign(self, other) }
  public func copysign(_ other: Scalar) -> Tensor { BinaryFunctions.copysignScalar(self, other) }
  /// 0 for negative elements, 1 for positive ones, `values` at 0.
  public func heaviside(_ values: Tensor) -> Tensor { BinaryFunctions.heaviside(self, values) }

  // MARK: Exponents and logarithms

  /// `self · 2^other`
  public func ldexp(_ other: Tensor) -> Tensor { BinaryFunctions.ldexp(self, other) }
  /// `log₂(2^self + 2^other)`
  public func logaddexp2(_ other: Tensor) -> Tensor { BinaryFunctions.logaddexp2(self, other) }
  /// A power computed in float64 (or complex128).
  public func floatPower(_ exponent: Tensor) -> Tensor { BinaryFunctions.floatPower(self, exponent) }
  public func floatPower<S: ScalarConvertible>(_ exponent: S) -> Tensor { floatPower(Tensor(wrapping: exponent.scalar)) }

  // MARK: Integers, bits, logic

  /// The greatest common divisor.
  public func gcd(_ other: Tensor) -> Tensor { BinaryFunctions.gcd(self, other) }
  /// The least common multiple.
  public func lcm(_ other: Tensor) -> Tensor { BinaryFunctions.lcm(self, other) }
  public func bitwiseLeftShift(_ other: Tensor) -> Tensor { BinaryFunctions.leftShift(self, other) }
  public func bitwiseRightShift(_ other: Tensor) -> Tensor { BinaryFunctions.rightShift(self, other) }
  public func bitwiseAnd(_ other: Tensor) -> Tensor { Power.bitwiseAnd(self, other) }
  public func bitwiseOr(_ other: Tensor) -> Tensor { Power.bitwiseOr(self, other) }
  public func bitwiseXor(_ other: Tensor) -> Tensor { Power.bitwiseXor(self, other) }
  public func logicalXor(_ other: Tensor) -> Tensor { BinaryFunctions.logicalXor(self, other) }
}
