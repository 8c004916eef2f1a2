// Functions that PyTorch has under more than one name: NumPy's names, older names, and names of arithmetic.
// Reference: https://pytorch.org/docs/stable/torch.html#pointwise-ops

extension Tensor {
  // MARK: Functions of one tensor

  public func absolute() -> Tensor { abs() }
  public func negative() -> Tensor { neg() }
  public func positive() -> Tensor { UnaryFunctions.positive(self) }
  public func fix() -> Tensor { trunc() }
  public func arccos() -> Tensor { acos() }
  public func arcsin() -> Tensor { asin() }
  public func arctan() -> Tensor { atan() }
  public func arccosh() -> Tensor { acosh() }
  public func arcsinh() -> Tensor { asinh() }
  public func arctanh() -> Tensor { atanh() }
  public func conjPhysical() -> Tensor { UnaryFunctions.conjPhysical(self) }
  public func resolveConj() -> Tensor { UnaryFunctions.resolveConj(self) }
  public func resolveNeg() -> Tensor { UnaryFunctions.resolveNeg(self) }

  /// Whether elements are +∞, -∞, or have no imaginary part.
  public func isposinf() -> Tensor { UnaryFunctions.isposinf(self) }
  public func isneginf() -> Tensor { UnaryFunctions.isneginf(self) }
  public func isreal() -> Tensor { UnaryFunctions.isreal(self) }

  /// The modified Bessel function of the first kind of order 0.
  public func i0() -> Tensor { SpecialFunctions.i0(self) }
  /// The regularised incomplete gamma functions P(self, x) and Q(self, x).
  public func igamma(_ x: Tensor) -> Tensor { SpecialFunctions.igamma(self, x) }
  public func igammac(_ x: Tensor) -> Tensor { SpecialFunctions.igammac(self, x) }
  /// The logarithm of the multivariate gamma function of dimension `p`.
  public func mvlgamma(_ p: Int) -> Tensor { SpecialFunctions.mvlgamma(self, p) }
}

extension Tensor {
  // MARK: Arithmetic and comparison

  public func multiply(_ other: Tensor) -> Tensor { self * other }
  public func multiply<S: ScalarConvertible>(_ other: S) -> Tensor { self * other }
  public func subtract(_ other: Tensor, alpha: Scalar = 1) -> Tensor { sub(other, alpha: alpha) }
  public func divide(_ other: Tensor) -> Tensor { self / other }
  public func divide<S: ScalarConvertible>(_ other: S) -> Tensor { self / other }
  public func divide(_ other: Tensor, rounding: RoundingMode) -> Tensor { div(other, rounding: rounding) }
  public func trueDivide(_ other: Tensor) -> Tensor { self / other }
  public func trueDivide<S: ScalarConvertible>(_ other: S) -> Tensor { self / other }
  /// `other - alpha · self`
  public func rsub(_ other: Tensor, alpha: Scalar = 1) -> Tensor { other.sub(self, alpha: alpha) }

  public func greater(_ other: Tensor) -> Tensor { gt(other) }
  public func greater<S: ScalarConvertible>(_ other: S) -> Tensor { gt(Tensor(wrapping: other.scalar)) }
  public func greaterEqual(_ other: Tensor) -> Tensor { ge(other) }
  public func greaterEqual<S: ScalarConvertible>(_ other: S) -> Tensor { ge(Tensor(wrapping: other.scalar)) }
  public func less(_ other: Tensor) -> Tensor { lt(other) }
  public func less<S: ScalarConvertible>(_ other: S) -> Tensor { lt(Tensor(wrapping: other.scalar)) }
  public func lessEqual(_ other: Tensor) -> Tensor { le(other) }
  public func lessEqual<S: ScalarConvertible>(_ other: S) -> Tensor { le(Tensor(wrapping: other.scalar)) }
  public func notEqual(_ other: Tensor) -> Tensor { ne(other) }
  public func notEqual<S: ScalarConvertible>(_ other: S) -> Tensor { ne(Tensor(wrapping: other.scalar)) }
  /// Whether both have the same sizes and equal elements.
  public func equal(_ other: Tensor) throws -> Bool { try ScalarOverloads.equal.call(self, other) }

  public func arctan2(_ other: Tensor) -> Tensor { atan2(other) }
  public func clip(min: Scalar? = nil, max: Scalar? = nil) -> Tensor { BinaryFunctions.clip(self, min, max) }
  /// At least `min`, or at most `max`.
  public func clampMin(_ min: Scalar) -> Tensor { BinaryFunctions.clampMin(self, min) }
  public func clampMin(_ min: Tensor) -> Tensor { BinaryFunctions.clampMinTensor(self, min) }
  public func clampMax(_ max: Scalar) -> Tensor { BinaryFunctions.clampMax(self, max) }
  public func clampMax(_ max: Tensor) -> Tensor { BinaryFunctions.clampMaxTensor(self, max) }
}
