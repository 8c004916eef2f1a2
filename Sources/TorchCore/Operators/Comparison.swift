// Comparisons and logic. Results are `bool` tensors without gradients.
// Reference: https://pytorch.org/docs/stable/torch.html#comparison-ops

enum Comparison {
  static let eq = binary("eq.Tensor(Tensor self, Tensor other) -> Tensor", "eq", .comparison, twins: .both(out: "Tensor_out"))
  static let ne = binary("ne.Tensor(Tensor self, Tensor other) -> Tensor", "ne", .comparison, twins: .both(out: "Tensor_out"))
  static let lt = binary("lt.Tensor(Tensor self, Tensor other) -> Tensor", "lt", .comparison, twins: .both(out: "Tensor_out"))
  static let le = binary("le.Tensor(Tensor self, Tensor other) -> Tensor", "le", .comparison, twins: .both(out: "Tensor_out"))
  static let gt = binary("gt.Tensor(Tensor self, Tensor other) -> Tensor", "gt", .comparison, twins: .both(out: "Tensor_out"))
  static let ge = binary("ge.Tensor(Tensor self, Tensor other) -> Tensor", "ge", .comparison, twins: .both(out: "Tensor_out"))

  static let operators: [AnyOperator] = [eq, ne, lt, le, gt, ge]
}

extension Tensor {
  /// Elementwise comparison. `.==` and `.!=` carry a point because `==` of Swift's types gives one `Bool`.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { Comparison.eq(a, b) }
  public static func .!= (a: Tensor, b: Tensor) -> Tensor { Comparison.ne(a, b) }
  public static func < (a: Tensor, b: Tensor) -> Tensor { Comparison.lt(a, b) }
  public static func <= (a: Tensor, b: Tensor) -> Tensor { Comparison.le(a, b) }
  public static func > (a: Tensor, b: Tensor) -> Tensor { Comparison.gt(a, b) }
  public static func >= (a: Tensor, b: Tensor) -> Tensor { Comparison.ge(a, b) }
  public static func .== <S: ScalarConvertible>(a: Tensor, b: S) -> Tensor { a .== Tensor(wrapping: b.scalar) }
  public static func .!= <S: ScalarConvertible>(a: Tensor, b: S) -> Tensor { a .!= Tensor(wrapping: b.scalar) }
  public static func < <S: ScalarConvertible>(a: Tensor, b: S) -> Tensor { a < Tensor(wrapping: b.scalar) }
  public static func <= <S: ScalarConvertible>(a: Tensor, b: S) -> Tensor { a <= Tensor(wrapping: b.scalar) }
  public static func > <S: ScalarConvertible>(a: Tensor, b: S) -> Tensor { a > Tensor(wrapping: b.scalar) }
  public static func >= <S: ScalarConvertible>(a: Tensor, b: S) -> Tensor { a >= Tensor(wrapping: b.scalar) }

  public func eq(_ other: Tensor) -> Tensor { Comparison.eq(self, other) }
  public func ne(_ other: Tensor) -> Tensor { Comparison.ne(self, other) }
  public func lt(_ other: Tensor) -> Tensor { Comparison.lt(self, other) }
  public func le(_ other: Tensor) -> Tensor { Comparison.le(self, other) }
  public func gt(_ other: Tensor) -> Tensor { Comparison.gt(self, other) }
  public func ge(_ other: Tensor) -> Tensor { Comparison.ge(self, other) }
}

infix operator .==: ComparisonPrecedence
infix operator .!=: ComparisonPrecedence
infix operator .&: LogicalConjunctionPrecedence
infix operator .|: LogicalDisjunctionPrecedence
