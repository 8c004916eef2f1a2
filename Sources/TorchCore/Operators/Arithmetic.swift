// Arithmetic of two tensors, or a tensor and a number.
// Reference: https://pytorch.org/docs/stable/torch.html#pointwise-ops

enum Arithmetic {
  /// `self + alpha * other`
  static let add = Operator(
    "add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor", twins: .both,
    kernel: { (a: Tensor, b: Tensor, alpha: Scalar) in try scaled(addFunction, addScaled, a, b, alpha) },
    derivative: { _, _, _, _, alpha in
      { g in [g[0], g.needs(1) ? times(g[0], alpha) : nil] }
    })

  /// `self - alpha * other`
  static let sub = Operator(
    "sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor", twins: .both,
    kernel: { (a: Tensor, b: Tensor, alpha: Scalar) in
      guard a.dtype != .bool || b.dtype != .bool else {
        throw TorchError(
          .dtype,
          "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.")
      }
      return try scaled(subFunction, subScaled, a, b, alpha)
    },
    derivative: { _, _, _, _, alpha in
      { g in [g[0], g.needs(1) ? times(g[0], -alpha) : nil] }
    })

  static let mul = binary(
    "mul.Tensor(Tensor self, Tensor other) -> Tensor", "mul", number: "mul_number",
    input: .saving(.other) { g, s in g * (try s.other.conj()) },
    other: .saving(.input) { g, s in g * (try s.input.conj()) })

  static let div = binary(
    "div.Tensor(Tensor self, Tensor other) -> Tensor", "div", .floating, number: "div_number",
    input: .saving(.other) { g, s in g / (try s.other.conj()) },
    other: .saving([.input, .other]) { g, s in
      let other = try s.other.conj()
      return -g * ((try s.input.conj() / other) / other)
    })

  private static let addFunction = MapFunction("add")
  private static let addScaled = MapFunction("add_scaled")
  private static let subFunction = MapFunction("sub")
  private static let subScaled = MapFunction("sub_scaled")

  private static func scaled(
    _ plain: MapFunction, _ scaled: MapFunction, _ a: Tensor, _ b: Tensor, _ alpha: Scalar
  ) throws -> Tensor {
    if alpha == .int(1) { return try Elementwise.apply(plain, .promoted, a, b) }
    var promotion = TypePromotion()
    promotion.add(a)
    promotion.add(b)
    if alpha.category > promotion.result.category {
      throw TorchError(
        .dtype,
        alpha.category == .floating
          ? "For integral input tensors, argument alpha must not be a floating point number."
          : "For non-complex input tensors, argument alpha must not be a complex number.")
    }
    return try Elementwise.apply(scaled, .promoted, a, b, MapParameters(alpha))
  }

  /// `g * factor`, without work where the factor is one.
  private static func times(_ g: Tensor, _ factor: Scalar) -> Tensor {
    factor == .int(1) ? g : factor == .int(-1) ? -g : g * factor.conjugate
  }

  static let neg = Operator(
    "neg(Tensor self) -> Tensor", twins: .both,
    kernel: { (x: Tensor) in
      guard x.dtype != .bool else {
        throw TorchError(
          .dtype,
          "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.")
      }
      return try Elementwise.apply(negFunction, .promoted, x)
    },
    derivative: { _, _, _ in { g in [-g[0]] } })
  private static let negFunction = MapFunction("neg")

  static let operators: [AnyOperator] = [add, sub, mul, div, neg]
}

extension Scalar {
  var conjugate: Scalar {
    if case .complex(let z) = self { return .complex(z.conjugate) }
    return self
  }
}

extension Tensor {
  /// Elementwise sum; sizes broadcast, dtypes promote.
  public static func + (a: Tensor, b: Tensor) -> Tensor { QuickArithmetic.add(a, b) ?? Arithmetic.add(a, b, 1) }
  public static func - (a: Tensor, b: Tensor) -> Tensor { QuickArithmetic.sub(a, b) ?? Arithmetic.sub(a, b, 1) }
  public static func * (a: Tensor, b: Tensor) -> Tensor { QuickArithmetic.mul(a, b) ?? Arithmetic.mul(a, b) }
  public static func / (a: Tensor, b: Tensor) -> Tensor { Arithmetic.div(a, b) }

  public static func + <S: ScalarConvertible>(a: Tensor, b: S) -> Tensor {
    QuickArithmetic.add(a, b.scalar) ?? a + Tensor(wrapping: b.scalar)
  }
  public static func - <S: ScalarConvertible>(a: Tensor, b: S) -> Tensor {
    QuickArithmetic.sub(a, b.scalar) ?? a - Tensor(wrapping: b.scalar)
  }
  public static func * <S: ScalarConvertible>(a: Tensor, b: S) -> Tensor {
    QuickArithmetic.mul(a, b.scalar) ?? a * Tensor(wrapping: b.scalar)
  }
  public static func / <S: ScalarConvertible>(a: Tensor, b: S) -> Tensor { a / Tensor(wrapping: b.scalar) }
  // With the number on the left as Python's reflected operators do it: sums and products commute, a quotient is the
  // reciprocal times the number.
  public static func + <S: ScalarConvertible>(a: S, b: Tensor) -> Tensor { b + a }
  public static func - <S: ScalarConvertible>(a: S, b: Tensor) -> Tensor { Tensor(wrapping: a.scalar) - b }
  public static func * <S: ScalarConvertible>(a: S, b: Tensor) -> Tensor { b * a }
  public static func / <S: ScalarConvertible>(a: S, b: Tensor) -> Tensor { b.reciprocal() * a }

  public static prefix func - (a: Tensor) -> Tensor { Arithmetic.neg(a) }

  /// `self + alpha * other`
  public func add(_ other: Tensor, alpha: Scalar = 1) -> Tensor { Arithmetic.add(self, other, alpha) }
  public func sub(_ other: Tensor, alpha: Scalar = 1) -> Tensor { Arithmetic.sub(self, other, alpha) }
  public func mul(_ other: Tensor) -> Tensor { Arithmetic.mul(self, other) }
  public func div(_ other: Tensor) -> Tensor { Arithmetic.div(self, other) }

  @discardableResult
  public func add_(_ other: Tensor, alpha: Scalar = 1) -> Tensor { Arithmetic.add.inPlace(self, other, alpha) }
  @discardableResult
  public func sub_(_ other: Tensor, alpha: Scalar = 1) -> Tensor { Arithmetic.sub.inPlace(self, other, alpha) }
  @discardableResult
  public func mul_(_ other: Tensor) -> Tensor { Arithmetic.mul.inPlace(self, other) }
  @discardableResult
  public func div_(_ other: Tensor) -> Tensor { Arithmetic.div.inPlace(self, other) }

  public func add<S: ScalarConvertible>(_ other: S, alpha: Scalar = 1) -> Tensor { add(Tensor(wrapping: other.scalar), alpha: alpha) }
  public func sub<S: ScalarConvertible>(_ other: S, alpha: Scalar = 1) -> Tensor { sub(Tensor(wrapping: other.scalar), alpha: alpha) }
  public func mul<S: ScalarConvertible>(_ other: S) -> Tensor { self * other }
  public func div<S: ScalarConvertible>(_ other: S) -> Tensor { self / other }
  @discardableResult
  public func add_<S: ScalarConvertible>(_ other: S, alpha: Scalar = 1) -> Tensor {
    add_(Tensor(wrapping: other.scalar), alpha: alpha)
  }
  @discardableResult
  public func sub_<S: ScalarConvertible>(_ other: S, alpha: Scalar = 1) -> Tensor {
    sub_(Tensor(wrapping: other.scalar), alpha: alpha)
  }
  @discardableResult
  public func mul_<S: ScalarConvertible>(_ other: S) -> Tensor { mul_(Tensor(wrapping: other.scalar)) }
  @discardableResult
  public func div_<S: ScalarConvertible>(_ other: S) -> Tensor { div_(Tensor(wrapping: other.scalar)) }

  public func neg() -> Tensor { Arithmetic.neg(self) }
  @discardableResult
  public func neg_() -> Tensor { Arithmetic.neg.inPlace(self) }
}
