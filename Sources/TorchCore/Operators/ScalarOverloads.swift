// Overloads of binary operators whose second operand is a number, and PyTorch's other names for them.
//
// Composites over the operators of two tensors: a number becomes a wrapped one, with the promotion that follows.

enum ScalarOverloads {
  private static func number(
    _ name: String, _ op: BinaryOperator, twins: Twins = .both(out: "Scalar_out")
  ) -> AnyOperator {
    Operator(composite: "\(name).Scalar(Tensor self, Scalar other) -> Tensor", twins: twins) { (x: Tensor, other: Scalar) in
      op(x, Tensor(wrapping: other))
    }
  }

  private static func alias(_ name: String, _ op: BinaryOperator, twins: Twins = .both) -> AnyOperator {
    Operator(composite: "\(name)(Tensor self, Tensor other) -> Tensor", twins: twins) { (x: Tensor, other: Tensor) in
      op(x, other)
    }
  }

  private static func alias(_ name: String, _ op: UnaryOperator) -> AnyOperator {
    Operator(composite: "\(name)(Tensor self) -> Tensor", twins: .both) { (x: Tensor) in op(x) }
  }

  private static let arithmetic: [AnyOperator] = [
    Operator(
      composite: "add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor", twins: .both(out: "Scalar_out")
    ) { (x: Tensor, other: Scalar, alpha: Scalar) in Arithmetic.add(x, Tensor(wrapping: other), alpha) },
    Operator(
      composite: "sub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor", twins: .both(out: "Scalar_out")
    ) { (x: Tensor, other: Scalar, alpha: Scalar) in Arithmetic.sub(x, Tensor(wrapping: other), alpha) },
    Operator(composite: "rsub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor", twins: .out("Scalar_out")) {
      (x: Tensor, other: Scalar, alpha: Scalar) in Arithmetic.sub(Tensor(wrapping: other), x, alpha)
    },
    Operator(
      composite: "rsub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor", twins: .out("Tensor_out")
    ) { (x: Tensor, other: Tensor, alpha: Scalar) in Arithmetic.sub(other, x, alpha) },
    number("mul", Arithmetic.mul), number("div", Arithmetic.div),
    Operator(
      composite: "div.Scalar_mode(Tensor self, Scalar other, *, str? rounding_mode) -> Tensor",
      twins: .both(out: "Scalar_mode_out")
    ) { (x: Tensor, other: Scalar, mode: String?) in Division.divMode(x, Tensor(wrapping: other), mode) },
    number("remainder", Division.remainder), number("fmod", Division.fmod),
    number("floor_divide", Division.floorDivide, twins: .both(out: "Scalar_out")),
    Operator(
      composite: "remainder.Scalar_Tensor(Scalar self, Tensor other) -> Tensor", twins: .out("Scalar_Tensor_out")
    ) { (x: Scalar, other: Tensor) in Division.remainder(Tensor(wrapping: x), other) },
    Operator(composite: "float_power.Scalar(Scalar self, Tensor exponent) -> Tensor", twins: .out("Scalar_out")) {
      (x: Scalar, exponent: Tensor) in BinaryFunctions.floatPower(Tensor(wrapping: x), exponent)
    },
    Operator(
      composite: "float_power.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor", twins: .out("Tensor_Scalar_out")
    ) { (x: Tensor, exponent: Scalar) in BinaryFunctions.floatPower(x, Tensor(wrapping: exponent)) },
    number("ldexp", BinaryFunctions.ldexp, twins: .none),
    Operator(composite: "xlogy.Scalar_Other(Tensor self, Scalar other) -> Tensor", twins: .both(out: "OutScalar_Other")) {
      (x: Tensor, other: Scalar) in SpecialFunctions.xlogy(x, Tensor(wrapping: other))
    },
    Operator(composite: "xlogy.Scalar_Self(Scalar self, Tensor other) -> Tensor", twins: .out("OutScalar_Self")) {
      (x: Scalar, other: Tensor) in SpecialFunctions.xlogy(Tensor(wrapping: x), other)
    },
  ]

  private static let comparisons: [AnyOperator] = [
    ("eq", Comparison.eq), ("ne", Comparison.ne), ("lt", Comparison.lt), ("le", Comparison.le), ("gt", Comparison.gt),
    ("ge", Comparison.ge), ("not_equal", Comparison.ne), ("less", Comparison.lt), ("less_equal", Comparison.le),
    ("greater", Comparison.gt), ("greater_equal", Comparison.ge),
  ].flatMap { (name: String, op: BinaryOperator) -> [AnyOperator] in
    [number(name, op)] + (name.count > 2 ? [alias("\(name).Tensor", op, twins: .both(out: "Tensor_out"))] : [])
  }

  private static let bits: [AnyOperator] = [
    number("bitwise_and", Power.bitwiseAnd), number("bitwise_or", Power.bitwiseOr),
    number("bitwise_xor", Power.bitwiseXor),
    Operator(
      composite: "bitwise_left_shift.Tensor_Scalar(Tensor self, Scalar other) -> Tensor",
      twins: .both(out: "Tensor_Scalar_out")
    ) { (x: Tensor, other: Scalar) in BinaryFunctions.leftShift(x, Tensor(wrapping: other)) },
    Operator(
      composite: "bitwise_right_shift.Tensor_Scalar(Tensor self, Scalar other) -> Tensor",
      twins: .both(out: "Tensor_Scalar_out")
    ) { (x: Tensor, other: Scalar) in BinaryFunctions.rightShift(x, Tensor(wrapping: other)) },
    alias("__and__.Tensor", Power.bitwiseAnd, twins: .none), alias("__or__.Tensor", Power.bitwiseOr, twins: .none),
    alias("__xor__.Tensor", Power.bitwiseXor, twins: .none),
    alias("__lshift__.Tensor", BinaryFunctions.leftShift, twins: .none),
    alias("__rshift__.Tensor", BinaryFunctions.rightShift, twins: .none),
  ]

  private static let names: [AnyOperator] = [
    alias("divide.Tensor", Arithmetic.div), alias("true_divide.Tensor", Arithmetic.div),
    alias("multiply.Tensor", Arithmetic.mul), number("divide", Arithmetic.div, twins: .inPlace),
    number("true_divide", Arithmetic.div, twins: .inPlace), number("multiply", Arithmetic.mul, twins: .inPlace),
    Operator(composite: "subtract.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor", twins: .both) {
      (x: Tensor, other: Tensor, alpha: Scalar) in Arithmetic.sub(x, other, alpha)
    },
    Operator(
      composite: "divide.Tensor_mode(Tensor self, Tensor other, *, str? rounding_mode) -> Tensor",
      twins: .both(out: "out_mode")
    ) { (x: Tensor, other: Tensor, mode: String?) in Division.divMode(x, other, mode) },
    alias("absolute", Pointwise.abs), alias("negative", Arithmetic.neg), alias("fix", Pointwise.trunc),
    alias("arccos", Pointwise.acos), alias("arcsin", Pointwise.asin), alias("arctan", Pointwise.atan),
    alias("arccosh", UnaryFunctions.acosh), alias("arcsinh", UnaryFunctions.asinh),
    alias("arctanh", UnaryFunctions.atanh),
  ]

  // MARK: Closeness

  /// `|a − b| ≤ atol + rtol·|b|`
  static let isclose = Operator(
    composite: "isclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False) -> Tensor"
  ) { (a: Tensor, b: Tensor, rtol: Double, atol: Double, equalNaN: Bool) in
    guard a.dtype == b.dtype else {
      throw TorchError(.dtype, "\(a.dtype.scalarTypeName) did not match \(b.dtype.scalarTypeName)")
    }
    guard rtol >= 0 else { throw TorchError(.value, "rtol must be greater than or equal to zero, but got \(rtol)") }
    guard atol >= 0 else { throw TorchError(.value, "atol must be greater than or equal to zero, but got \(atol)") }
    var close = a .== b
    if equalNaN && a.dtype.isDifferentiable { close = close .| (a.isnan() .& b.isnan()) }
    if rtol == 0 && atol == 0 { return close }
    let (x, y) = a.dtype.isDifferentiable ? (a, b) : (a.to(.default), b.to(.default))
    let allowed = y.abs() * rtol + atol
    let distance = (x - y).abs()
    return close .| (distance.isfinite() .& (distance <= allowed))
  }

  static let allclose = Operator(
    composite: "allclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False) -> bool"
  ) { (a: Tensor, b: Tensor, rtol: Double, atol: Double, equalNaN: Bool) -> Bool in
    try isclose(a, b, rtol, atol, equalNaN).all().item(Bool.self)
  }

  static let equal = Operator(composite: "equal(Tensor self, Tensor other) -> bool") { (a: Tensor, b: Tensor) -> Bool in
    guard a.dtype == b.dtype else {
      throw TorchError(
        .dtype, "Expected object of data type \(a.dtype.scalarTypeName) but got data type \(b.dtype.scalarTypeName)")
    }
    return try a.shape == b.shape && (a .== b).all().item(Bool.self)
  }

  static let isNonzero = Operator(composite: "is_nonzero(Tensor self) -> bool") { (x: Tensor) -> Bool in
    guard x.numel == 1 else {
      throw TorchError(
        .value, "Boolean value of Tensor with \(x.numel == 0 ? "no values" : "more than one value") is ambiguous")
    }
    return try (x.reshape([]) .!= 0).item(Bool.self)
  }

  static let operators: [AnyOperator] = arithmetic + comparisons + bits + names + [isclose, allclose, equal, isNonzero]
}

extension torch {
  /// Whether all elements are close: `|a − b| ≤ atol + rtol·|b|`.
  public static func allclose(
    _ a: Tensor, _ b: Tensor, rtol: Double = 1e-5, atol: Double = 1e-8, equalNaN: Bool = false
  ) throws -> Bool { try ScalarOverloads.allclose.call(a, b, rtol, atol, equalNaN) }
  public static func isclose(
    _ a: Tensor, _ b: Tensor, rtol: Double = 1e-5, atol: Double = 1e-8, equalNaN: Bool = false
  ) -> Tensor { ScalarOverloads.isclose(a, b, rtol, atol, equalNaN) }
}
