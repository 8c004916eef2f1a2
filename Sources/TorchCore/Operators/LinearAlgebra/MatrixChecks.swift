// What the operators of linear algebra ask of their arguments, in PyTorch's words, and what LAPACK's verdicts mean.

enum MatrixChecks {
  /// At least two dimensions.
  static func matrix(_ x: Tensor, _ name: String, _ argument: String = "A") throws {
    guard x.ndim >= 2 else {
      throw TorchError(.shape, "\(name): The input tensor \(argument) must have at least 2 dimensions.")
    }
  }

  static func square(_ x: Tensor, _ name: String, _ argument: String = "A") throws {
    try matrix(x, name, argument)
    guard x.shape[-1] == x.shape[-2] else {
      throw TorchError(
        .shape,
        "\(name): \(argument) must be batches of square matrices, but they are \(x.shape[-2]) by \(x.shape[-1]) matrices")
    }
  }

  static func floating(_ x: Tensor, _ name: String) throws {
    guard x.dtype.isDifferentiable else {
      throw TorchError(
        .dtype, "\(name): Expected a floating point or complex tensor as input. Got \(x.dtype.scalarTypeName)")
    }
  }

  /// The dtypes that LAPACK has; `kernel` is the name that PyTorch's message gives its loop.
  static func implemented(_ x: Tensor, _ kernel: String) throws {
    switch x.dtype {
    case .float32, .float64, .complex64, .complex128: break
    default: throw TorchError(.notImplemented, "\"\(kernel)\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
  }

  /// A square, and B fitting `AX = B` or `XA = B`.
  static func solver(_ a: Tensor, _ b: Tensor, left: Bool, _ name: String) throws {
    try square(a, name)
    try matrix(b, name, "B")
    guard a.shape[-2] == b.shape[left ? -2 : -1] else {
      throw TorchError(
        .shape,
        "\(name): Incompatible shapes of A and B for the equation \(left ? "AX = B" : "XA = B") (\(a.shape[-2])x\(a.shape[-1]) and \(b.shape[-2])x\(b.shape[-1]))")
    }
  }

  static func sameType(_ a: Tensor, _ b: Tensor, _ name: String, _ first: String = "A") throws {
    guard a.dtype == b.dtype else {
      throw TorchError(
        .dtype,
        "\(name): Expected \(first) and B to have the same dtype, but found \(first) of type \(a.dtype.scalarTypeName) and B of type \(b.dtype.scalarTypeName) instead")
    }
  }

  /// The checks of the older solvers, with b first.
  static func olderSolver(_ b: Tensor, _ a: Tensor, _ name: String) throws {
    guard b.dtype == a.dtype else {
      throw TorchError(
        .dtype,
        "Expected b and A to have the same dtype, but found b of type \(b.dtype.scalarTypeName) and A of type \(a.dtype.scalarTypeName) instead.")
    }
    guard a.shape[-1] == a.shape[-2] else {
      throw TorchError(
        .shape, "A must be batches of square matrices, but they are \(a.shape[-2]) by \(a.shape[-1]) matrices")
    }
    guard a.shape[-1] == b.shape[-2] else {
      throw TorchError(
        .shape,
        "Incompatible matrix sizes for \(name): each A matrix is \(a.shape[-1]) by \(a.shape[-1]) but each b matrix is \(b.shape[-2]) by \(b.shape[-1])")
    }
  }

  // MARK: Verdicts

  /// Throws the error of the first matrix that LAPACK could not do.
  static func info(_ info: Tensor, _ name: String, _ meaning: (Int32) -> String) throws {
    let verdicts = try info.toArray(Int32.self)
    guard let index = verdicts.firstIndex(where: { $0 != 0 }) else { return }
    let batch = info.ndim > 0 ? "(Batch element \(index)): " : ""
    let verdict = verdicts[index]
    let what = verdict < 0 ? "Argument \(-verdict) has illegal value. Most certainly there is a bug in the implementation calling the backend library." : meaning(verdict)
    throw TorchError(.value, "\(name): \(batch)\(what)")
  }

  static func notPositive(_ verdict: Int32) -> String {
    "The factorization could not be completed because the input is not positive-definite (the leading minor of order \(verdict) is not positive-definite)."
  }

  static func singularInverse(_ verdict: Int32) -> String {
    "The diagonal element \(verdict) is zero, the inversion could not be completed because the input matrix is singular."
  }

  static func singularSystem(_ verdict: Int32) -> String {
    "The solver failed because the input matrix is singular."
  }

  static func singularFactor(_ verdict: Int32) -> String {
    "U[\(verdict),\(verdict)] is zero and using it on lu_solve would result in a division by zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
  }

  static func repeatedSingularValues(_ verdict: Int32) -> String {
    "The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated singular values (error code: \(verdict))."
  }

  static func repeatedEigenvalues(_ verdict: Int32) -> String {
    "The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated eigenvalues (error code: \(verdict))."
  }

  static func rankDeficient(_ verdict: Int32) -> String {
    "The least squares solution could not be computed because the input matrix does not have full rank (error code: \(verdict))."
  }
}

extension Tensor {
  /// The conjugate transposes of the matrices in the last two dimensions.
  /// Source: https://pytorch.org/docs/stable/tensors.html#torch.Tensor.mH
  public var mH: Tensor { mT.conj() }

  /// The diagonals of the matrices in the last two dimensions.
  var matrixDiagonal: Tensor { diagonal(offset: 0, dim1: -2, dim2: -1) }

  /// An int32 tensor of zeros: what LAPACK says of matrices that it need not look at.
  static func verdicts(_ batch: Shape) -> Tensor { Tensor.zeros(batch, dtype: .int32) }
}
