// Powers, minima and maxima, clamping, selection by a condition.

enum Power {
  static let powTensor = binary(
    "pow.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor", "pow", twins: .out("Tensor_Tensor_out"),
    gradientName: "PowBackward1",
    input: .saving([.input, .other]) { g, s in try baseGradient(g, s.input, s.other) },
    other: .saving([.input, .other, .result]) { g, s in
      // 0 to a positive power has no slope in the exponent, where log(0) would say otherwise.
      let (x, e, y) = (try s.input, try s.other, try s.result)
      let slope = g * (y * x.log()).conj()
      return slope.maskedFill((x .== 0) .& (e.dtype.isComplex ? (e .!= 0) : (e >= 0)), 0)
    })

  static let powScalar = Operator(
    "pow.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor", twins: .out("Tensor_Scalar_out"),
    kernel: { (x: Tensor, exponent: Scalar) in
      if x.dtype.category <= .integer, case .int(let e) = exponent, e < 0 {
        throw TorchError(.value, "Integers to negative integer powers are not allowed.")
      }
      if x.dtype.isFloatingPoint && exponent.category < .complex {
        // The powers met most often have loops of their own.
        switch exponent.doubleValue {
        case 2: return try Elementwise.apply(squareFunction, .promoted, x)
        case 0.5: return try Elementwise.apply(sqrtFunction, .promoted, x)
        case 1: return try x.packed()
        default: break
        }
      }
      return try Elementwise.apply(powFunction, .promoted, x, Tensor(wrapping: exponent))
    },
    derivative: { record, _, x, exponent in
      let saved = record.save(x)
      return { g in [try scalarPowerGradient(g[0], saved.value, exponent)] }
    })

  static let powBase = Operator(
    "pow.Scalar(Scalar self, Tensor exponent) -> Tensor", twins: .out("Scalar_out"), gradientName: "PowBackward2",
    kernel: { (base: Scalar, exponent: Tensor) in
      try Elementwise.apply(powFunction, .promoted, Tensor(wrapping: base), exponent)
    },
    derivative: { record, y, base, exponent in
      let (saved, result) = (record.save(exponent), record.save(result: y))
      return { g in
        let slope = g[0] * (try result.value * Tensor(wrapping: base).log()).conj()
        guard base.complexValue == .zero else { return [slope] }
        return [slope.maskedFill(try saved.value >= 0, 0)]
      }
    })

  static let squareFunction = MapFunction("square")
  static let sqrtFunction = MapFunction("sqrt")
  static let powFunction = MapFunction("pow")

  static func scalarPowerGradient(_ g: Tensor, _ x: Tensor, _ exponent: Scalar) throws -> Tensor {
    if exponent.complexValue == .zero { return Tensor.zeros(g.shape, dtype: g.dtype) }
    if exponent == .int(2) || exponent == .double(2) { return g * (x.conj() * 2) }
    return g * (x.pow(exponent.minusOne) * exponent).conj()
  }

  private static func baseGradient(_ g: Tensor, _ x: Tensor, _ exponent: Tensor) throws -> Tensor {
    let slope = g * (exponent * x.pow(exponent - 1)).conj()
    return slope.maskedFill((exponent .== 0).expand(Array(slope.shape)), 0)
  }

  static let maximum = binary(
    "maximum(Tensor self, Tensor other) -> Tensor", "maximum",
    input: .saving([.input, .other]) { g, s in shared(g, try s.input, try s.other, loses: <) },
    other: .saving([.input, .other]) { g, s in shared(g, try s.other, try s.input, loses: <) })
  static let minimum = binary(
    "minimum(Tensor self, Tensor other) -> Tensor", "minimum",
    input: .saving([.input, .other]) { g, s in shared(g, try s.input, try s.other, loses: >) },
    other: .saving([.input, .other]) { g, s in shared(g, try s.other, try s.input, loses: >) })

  /// The gradient of an operand unless it loses against the other; equal ones share it, and a NaN loses to nobody.
  static func shared(
    _ g: Tensor, _ mine: Tensor, _ theirs: Tensor, loses: (Tensor, Tensor) -> Tensor
  ) -> Tensor {
    torch.where(mine .== theirs, g / 2, g).maskedFill(loses(mine, theirs), 0)
  }

  static let clamp = Operator(
    "clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor", twins: .both,
    kernel: { (x: Tensor, min: Scalar?, max: Scalar?) in
      guard min != nil || max != nil else {
        throw TorchError(.value, "torch.clamp: At least one of 'min' or 'max' must not be None")
      }
      var promotion = TypePromotion()
      promotion.add(x)
      for bound in [min, max] { if let bound { promotion.add(bound) } }
      let x = try Elementwise.cast(x, promotion.result)
      let (min, max) = try representable(min, max, in: x.dtype)
      if let min, let max { return try Elementwise.apply(clampFunction, .promoted, x, MapParameters(min, max)) }
      if let min { return try Elementwise.apply(clampMinFunction, .promoted, x, MapParameters(min)) }
      return try Elementwise.apply(clampMaxFunction, .promoted, x, MapParameters(max!))
    },
    derivative: { record, _, x, min, max in
      let saved = record.save(x)
      return { g in
        let x = try saved.value
        // Neither the bounds themselves nor NaN count as inside.
        var inside: Tensor?
        if let min { inside = x > min }
        if let max { inside = inside.map { $0 .& (x < max) } ?? (x < max) }
        return [g[0].maskedFill(inside!.logicalNot(), 0)]
      }
    })
  /// The bounds of integers as numbers of their dtype: one beyond all numbers on its own side bounds nothing.
  static func representable(_ min: Scalar?, _ max: Scalar?, in dtype: DType) throws -> (Scalar?, Scalar?) {
    guard let range = dtype.integerRange else { return (min, max) }
    func outside(_ bound: Scalar, _ name: String) -> TorchError {
      TorchError(
        .value,
        "Clamp \(name) value \(bound) is outside the representable range of \(dtype.scalarTypeName)")
    }
    if let min, min.intValue > range.upperBound { throw outside(min, "min") }
    if let max, max.intValue < range.lowerBound { throw outside(max, "max") }
    return (
      min.map { .int(Swift.max($0.intValue, range.lowerBound)) },
      max.map { .int(Swift.min($0.intValue, range.upperBound)) }
    )
  }
  private static let clampFunction = MapFunction("clamp")
  private static let clampMinFunction = MapFunction("clamp_min")
  private static let clampMaxFunction = MapFunction("clamp_max")

  static let bitwiseAnd = binary("bitwise_and.Tensor(Tensor self, Tensor other) -> Tensor", "bitwise_and", twins: .both(out: "Tensor_out"))
  static let bitwiseOr = binary("bitwise_or.Tensor(Tensor self, Tensor other) -> Tensor", "bitwise_or", twins: .both(out: "Tensor_out"))
  static let bitwiseXor = binary("bitwise_xor.Tensor(Tensor self, Tensor other) -> Tensor", "bitwise_xor", twins: .both(out: "Tensor_out"))
  static let logicalAnd = binary("logical_and(Tensor self, Tensor other) -> Tensor", "logical_and", .comparison)
  static let logicalOr = binary("logical_or(Tensor self, Tensor other) -> Tensor", "logical_or", .comparison)

  /// PyTorch calls the in-place forms otherwise than the functional ones.
  static let powTensorInPlace = Operator(composite: "pow_.Tensor(Tensor(a!) self, Tensor exponent) -> Tensor(a!)") {
    (x: Tensor, exponent: Tensor) in x.overwrite(with: powTensor(x, exponent))
  }
  static let powScalarInPlace = Operator(composite: "pow_.Scalar(Tensor(a!) self, Scalar exponent) -> Tensor(a!)") {
    (x: Tensor, exponent: Scalar) in x.overwrite(with: powScalar(x, exponent))
  }

  static let operators: [AnyOperator] = [
    powTensorInPlace, powScalarInPlace, powTensor, powScalar, powBase, maximum, minimum, clamp, bitwiseAnd, bitwiseOr, bitwiseXor, logicalAnd, logicalOr,
  ]
}

extension Scalar {
  fileprivate var minusOne: Scalar {
    switch self {
    case .int(let v): .int(v - 1)
    case .double(let v): .double(v - 1)
    case .bool(let v): .int(v ? 0 : -1)
    case .complex(let v): .complex(v - 1)
    }
  }
}

precedencegroup PowerPrecedence {
  higherThan: MultiplicationPrecedence
  associativity: right
}
infix operator ** : PowerPrecedence

extension Tensor {
  /// Each element to a power.
  public func pow(_ exponent: Tensor) -> Tensor { Power.powTensor(self, exponent) }
  public func pow<S: ScalarConvertible>(_ exponent: S) -> Tensor { Power.powScalar(self, exponent.scalar) }
  public static func ** (a: Tensor, b: Tensor) -> Tensor { a.pow(b) }
  public static func ** <S: ScalarConvertible>(a: Tensor, b: S) -> Tensor { a.pow(b) }
  public static func ** <S: ScalarConvertible>(a: S, b: Tensor) -> Tensor { Power.powBase(a.scalar, b) }

  public func maximum(_ other: Tensor) -> Tensor { Power.maximum(self, other) }
  public func minimum(_ other: Tensor) -> Tensor { Power.minimum(self, other) }

  /// Each element moved into the closed range from `min` to `max`.
  public func clamp(min: Scalar? = nil, max: Scalar? = nil) -> Tensor { Power.clamp(self, min, max) }
  @discardableResult
  public func clamp_(min: Scalar? = nil, max: Scalar? = nil) -> Tensor { Power.clamp.inPlace(self, min, max) }

  /// Bitwise, and for `bool` logical, operations.
  public static func .& (a: Tensor, b: Tensor) -> Tensor { Power.bitwiseAnd(a, b) }
  public static func .| (a: Tensor, b: Tensor) -> Tensor { Power.bitwiseOr(a, b) }
  public static func .^ (a: Tensor, b: Tensor) -> Tensor { Power.bitwiseXor(a, b) }
  public func logicalAnd(_ other: Tensor) -> Tensor { Power.logicalAnd(self, other) }
  public func logicalOr(_ other: Tensor) -> Tensor { Power.logicalOr(self, other) }
}
