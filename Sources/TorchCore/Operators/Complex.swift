// Complex numbers: parts and conjugates.

enum ComplexNumbers {
  static let conj = unary(
    "_conj_physical(Tensor self) -> Tensor", "conj", twins: .none, gradientName: "ConjBackward0",
    partial: .linear { $0.conj() })

  static let real = unary(
    "real(Tensor(a) self) -> Tensor(a)", "real", .real, twins: .none, partial: .linear { $0 })

  /// The real part as a boxed call takes it: a real tensor is its own.
  private static let realPart = Operator(composite: "real(Tensor(a) self) -> Tensor(a)") { (x: Tensor) in x.real }

  static let operators: [AnyOperator] = [conj, realPart]
}

extension Tensor {
  /// The complex conjugate; a real tensor itself.
  public func conj() -> Tensor { dtype.isComplex ? ComplexNumbers.conj(self) : self }
  /// The real part; a real tensor itself.
  public var real: Tensor { dtype.isComplex ? ComplexNumbers.real(self) : self }
}
