// PyTorch's `torch.linalg`: factorisations, decompositions and solvers.
//
// Matrices are the last two dimensions, (…, m, n); dimensions before them are batches, which broadcast where there are
// two operands. dtypes are float32, float64, complex64 and complex128. A matrix that cannot be factored is an error of
// kind `.value`, except in the functions with `Ex`, which give LAPACK's verdict instead.
// Reference: https://pytorch.org/docs/stable/linalg.html

extension torch {
  /// PyTorch's `torch.linalg`.
  public enum linalg {}
}

extension torch.linalg {
  // MARK: Factorisations

  /// The lower triangular L of a Hermitian positive definite A = L Lᴴ, or the upper one Lᴴ.
  ///
  /// ```swift
  /// print(torch.linalg.cholesky(Tensor([[4.0, 2], [2, 5]])))
  /// // tensor([[2., 0.],
  /// //         [1., 2.]])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.cholesky.html
  public static func cholesky(_ a: Tensor, upper: Bool = false) -> Tensor { Cholesky.cholesky(a, upper) }
  /// The same without an error: `info` is zero, or the order of the minor that is not positive definite.
  public static func choleskyEx(_ a: Tensor, upper: Bool = false, checkErrors: Bool = false) -> (l: Tensor, info: Tensor) {
    pair(Cholesky.choleskyEx(a, upper, checkErrors))
  }

  /// Q (…, m, k) with orthonormal columns and the upper triangular R (…, k, n) of A = Q R.
  ///
  /// `mode` is "reduced" (k = min(m, n)), "complete" (k = m) or "r" (R alone).
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.qr.html
  public static func qr(_ a: Tensor, mode: String = "reduced") -> (q: Tensor, r: Tensor) { pair(QR.qr(a, mode)) }
  /// The first columns of a product of Householder reflectors.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.householder_product.html
  public static func householderProduct(_ a: Tensor, _ tau: Tensor) -> Tensor { QR.householderProduct(a, tau) }

  /// The permutation P, the unit lower triangular L and the upper triangular U of A = P L U.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.lu.html
  public static func lu(_ a: Tensor, pivot: Bool = true) -> (p: Tensor, l: Tensor, u: Tensor) { triple(LU.lu(a, pivot)) }
  /// L and U in one matrix, and the pivots, as `luSolve` takes them.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.lu_factor.html
  public static func luFactor(_ a: Tensor, pivot: Bool = true) -> (lu: Tensor, pivots: Tensor) { pair(LU.luFactor(a, pivot)) }
  public static func luFactorEx(_ a: Tensor, pivot: Bool = true, checkErrors: Bool = false) -> (
    lu: Tensor, pivots: Tensor, info: Tensor
  ) { triple(LU.luFactorEx(a, pivot, checkErrors)) }

  /// The LDL factors of a symmetric (or Hermitian) matrix, which need not be definite.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.ldl_factor.html
  public static func ldlFactor(_ a: Tensor, hermitian: Bool = false) -> (ld: Tensor, pivots: Tensor) {
    pair(LDL.ldlFactor(a, hermitian))
  }

  // MARK: Singular values and eigenvalues

  /// U, S and Vᴴ of A = U diag(S) Vᴴ, singular values descending.
  ///
  /// ```swift
  /// let (u, s, vh) = torch.linalg.svd(a, fullMatrices: false)
  /// torch.allclose((u * s).matmul(vh), a)   // true
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.svd.html
  public static func svd(_ a: Tensor, fullMatrices: Bool = true) -> (u: Tensor, s: Tensor, vh: Tensor) {
    triple(SingularValues.linalgSvd(a, fullMatrices, nil))
  }
  /// The singular values, descending.
  public static func svdvals(_ a: Tensor) -> Tensor { SingularValues.svdvals(a, nil) }

  /// The eigenvalues, ascending, and orthonormal eigenvectors of a Hermitian matrix, of which one triangle is read.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.eigh.html
  public static func eigh(_ a: Tensor, uplo: String = "L") -> (eigenvalues: Tensor, eigenvectors: Tensor) {
    pair(Eigenvalues.eigh(a, uplo))
  }
  public static func eigvalsh(_ a: Tensor, uplo: String = "L") -> Tensor { Eigenvalues.eigvalsh(a, uplo) }
  /// The complex eigenvalues and eigenvectors of any square matrix, in no order.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.eig.html
  public static func eig(_ a: Tensor) -> (eigenvalues: Tensor, eigenvectors: Tensor) { pair(Eigenvalues.eig(a)) }
  public static func eigvals(_ a: Tensor) -> Tensor { Eigenvalues.eigvals(a) }

  /// U with orthonormal columns and the positive semidefinite H of A = U H.
  public static func polar(_ a: Tensor) -> (u: Tensor, h: Tensor) { pair(MatrixFunctions.polar(a)) }

  // MARK: Solving

  /// The X of A X = B, or with `left` false of X A = B. B may be a vector, or a batch of them.
  ///
  /// ```swift
  /// print(torch.linalg.solve(Tensor([[2.0, 0], [0, 4]]), Tensor([2.0, 2])))   // tensor([1.0000, 0.5000])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.solve.html
  public static func solve(_ a: Tensor, _ b: Tensor, left: Bool = true) -> Tensor { LinearSystems.solve(a, b, left) }
  public static func solveEx(_ a: Tensor, _ b: Tensor, left: Bool = true, checkErrors: Bool = false) -> (
    result: Tensor, info: Tensor
  ) { pair(LinearSystems.solveEx(a, b, left, checkErrors)) }
  /// The X of A X = B (or X A = B) for a triangular A, whose other triangle is not read.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.solve_triangular.html
  public static func solveTriangular(
    _ a: Tensor, _ b: Tensor, upper: Bool, left: Bool = true, unitriangular: Bool = false
  ) -> Tensor { TriangularSolve.solveTriangular(a, b, upper, left, unitriangular) }
  /// Solves with what `luFactor` gives; with `adjoint`, Aᴴ X = B.
  public static func luSolve(_ lu: Tensor, _ pivots: Tensor, _ b: Tensor, left: Bool = true, adjoint: Bool = false) -> Tensor {
    LU.luSolve(lu, pivots, b, left, adjoint)
  }
  /// Solves with what `ldlFactor` gives.
  public static func ldlSolve(_ ld: Tensor, _ pivots: Tensor, _ b: Tensor, hermitian: Bool = false) -> Tensor {
    LDL.ldlSolve(ld, pivots, b, hermitian)
  }
  /// The X that makes |A X - B| least.
  ///
  /// `driver` is LAPACK's way: "gelsy" (the default), "gels" (full rank), "gelsd" or "gelss" (singular values too).
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.lstsq.html
  public static func lstsq(_ a: Tensor, _ b: Tensor, rcond: Double? = nil, driver: String? = nil) -> (
    solution: Tensor, residuals: Tensor, rank: Tensor, singularValues: Tensor
  ) {
    let found = LeastSquares.lstsq(a, b, rcond, driver)
    return (found[0], found[1], found[2], found[3])
  }
  /// The inverse of a tensor seen as a map from the dimensions after `ind` to those before.
  public static func tensorinv(_ a: Tensor, ind: Int = 2) -> Tensor { TensorSystems.tensorinv(a, ind) }
  /// The X whose contraction with `a` over X's dimensions is `b`.
  public static func tensorsolve(_ a: Tensor, _ b: Tensor, dims: [Int]? = nil) -> Tensor {
    TensorSystems.tensorsolve(a, b, dims)
  }

  // MARK: Inverses

  /// The inverse of square matrices. `solve` is faster and more exact where the inverse is only multiplied with.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.inv.html
  public static func inv(_ a: Tensor) -> Tensor { LinearSystems.inv(a) }
  public static func invEx(_ a: Tensor, checkErrors: Bool = false) -> (inverse: Tensor, info: Tensor) {
    pair(LinearSystems.invEx(a, checkErrors))
  }
  /// The Moore-Penrose inverse. Singular values up to max(atol, rtol · σ₁) count as zero.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.pinv.html
  public static func pinv(_ a: Tensor, atol: Double? = nil, rtol: Double? = nil, hermitian: Bool = false) -> Tensor {
    PseudoInverse.pinvFloat(a, atol, rtol, hermitian)
  }

  private static func pair(_ found: [Tensor]) -> (Tensor, Tensor) { (found[0], found[1]) }
  private static func triple(_ found: [Tensor]) -> (Tensor, Tensor, Tensor) { (found[0], found[1], found[2]) }
}
