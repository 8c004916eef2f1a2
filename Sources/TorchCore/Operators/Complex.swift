// Complex numbers: parts, conjugates, and their memory seen as pairs of real numbers.

enum ComplexNumbers {
  static let conj = unary(
    "_conj_physical(Tensor self) -> Tensor", "conj", twins: .none, gradientName: "ConjBackward0",
    partial: .linear { $0.conj() })

  static let viewAsReal: UnaryOperator = Operator(
    view: "view_as_real(Tensor(a) self) -> Tensor(a)",
    kernel: { (x: Tensor) in
      guard x.dtype.isComplex else {
        throw TorchError(.dtype, "view_as_real is only supported for complex tensors")
      }
      var (shape, strides) = (x.shape, Shape(x.strides.map { 2 * $0 }))
      shape.append(2)
      strides.append(1)
      return Tensor(
        storage: x.storage, shape: shape, strides: strides, offset: 2 * x.storageOffset, dtype: x.dtype.realType)
    },
    derivative: { _, _, _ in { g in [viewAsComplex(g[0].contiguous())] } })

  static let viewAsComplex: UnaryOperator = Operator(
    view: "view_as_complex(Tensor(a) self) -> Tensor(a)",
    kernel: { (x: Tensor) in
      guard x.dtype == .float32 || x.dtype == .float64 else {
        throw TorchError(
          .notImplemented,
          "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: \(x.dtype.scalarTypeName)")
      }
      guard x.ndim > 0 else { throw TorchError(.shape, "Input tensor must have one or more dimensions") }
      guard x.shape.last == 2 else { throw TorchError(.shape, "Tensor must have a last dimension of size 2") }
      guard x.strides.last == 1 else { throw TorchError(.shape, "Tensor must have a last dimension with stride 1") }
      guard x.strides.dropLast().allSatisfy({ $0 % 2 == 0 }) else {
        throw TorchError(.shape, "Tensor must have a stride divisible by 2 for all but last dimension")
      }
      guard x.storageOffset % 2 == 0 else {
        throw TorchError(.shape, "Tensor must have a storage_offset divisible by 2")
      }
      return Tensor(
        storage: x.storage, shape: Shape(x.shape.dropLast()), strides: Shape(x.strides.dropLast().map { $0 / 2 }),
        offset: x.storageOffset / 2, dtype: x.dtype.complexType)
    },
    derivative: { _, _, _ in { g in [viewAsReal(g[0])] } })

  static let real: UnaryOperator = Operator(composite: "real(Tensor(a) self) -> Tensor(a)") { (x: Tensor) in
    x.dtype.isComplex ? viewAsReal(x).select(-1, 0) : x
  }

  static let imaginary: UnaryOperator = Operator(composite: "imag(Tensor(a) self) -> Tensor(a)") { (x: Tensor) in
    guard x.dtype.isComplex else {
      throw TorchError(.dtype, "imag is not implemented for tensors with non-complex dtypes.")
    }
    return viewAsReal(x).select(-1, 1)
  }

  static let operators: [AnyOperator] = [conj, viewAsReal, viewAsComplex, real, imaginary]
}

extension Tensor {
  /// The complex conjugate; a real tensor itself.
  public func conj() -> Tensor { dtype.isComplex ? ComplexNumbers.conj(self) : self }
  /// The real part, a view; a real tensor itself.
  public var real: Tensor { dtype.isComplex ? ComplexNumbers.real(self) : self }
  /// The imaginary part, a view. A real tensor has none, which is an error.
  public var imag: Tensor { ComplexNumbers.imaginary(self) }
}

extension torch {
  /// Complex numbers of the real and imaginary parts, both `float32` or both `float64`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.complex.html
  public static func complex(_ real: Tensor, _ imag: Tensor) -> Tensor { UnaryFunctions.complex(real, imag) }

  /// Complex numbers of the given absolute values and angles.
  /// Source: https://pytorch.org/docs/stable/generated/torch.polar.html
  public static func polar(_ abs: Tensor, _ angle: Tensor) -> Tensor { UnaryFunctions.polar(abs, angle) }

  /// A complex tensor's memory as a real tensor with a last dimension of 2: real and imaginary parts.
  ///
  /// ```swift
  /// let z = torch.complex(Tensor([1.0]), Tensor([2.0]))
  /// print(torch.viewAsReal(z))   // tensor([[1., 2.]])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.view_as_real.html
  public static func viewAsReal(_ x: Tensor) -> Tensor { ComplexNumbers.viewAsReal(x) }

  /// A real tensor whose last dimension has size 2 as a complex tensor on the same memory.
  ///
  /// It is an error where the last dimension is not of size 2 and stride 1, or another stride is odd.
  /// Source: https://pytorch.org/docs/stable/generated/torch.view_as_complex.html
  public static func viewAsComplex(_ x: Tensor) -> Tensor { ComplexNumbers.viewAsComplex(x) }
}
