// The rest of PyTorch's `torch.linalg`: norms, determinants, functions of matrices, products. And what PyTorch has of
// linear algebra in `torch` and on tensors.
// Reference: https://pytorch.org/docs/stable/linalg.html

extension torch.linalg {
  // MARK: Norms and properties

  /// The norm of a vector or a matrix, as the dimensions say; without `ord`, the root of the sum of squares.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.norm.html
  public static func norm(
    _ x: Tensor, ord: Scalar? = nil, dim: [Int]? = nil, keepdim: Bool = false, dtype: DType? = nil
  ) -> Tensor { MatrixNorms.norm(x, ord, dim, keepdim, dtype) }
  /// The norm of a matrix by name: "fro" (Frobenius) or "nuc" (nuclear).
  public static func norm(
    _ x: Tensor, ord: String, dim: [Int]? = nil, keepdim: Bool = false, dtype: DType? = nil
  ) -> Tensor { MatrixNorms.normNamed(x, ord, dim, keepdim, dtype) }
  /// The p-norm over `dim`, or of all elements.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html
  public static func vectorNorm(
    _ x: Tensor, ord: Scalar = 2, dim: [Int]? = nil, keepdim: Bool = false, dtype: DType? = nil
  ) -> Tensor { MoreReductions.vectorNorm(x, ord, dim, keepdim, dtype) }
  /// The norm of matrices: ±1 (columns), ±infinity (rows), ±2 (singular values).
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.matrix_norm.html
  public static func matrixNorm(
    _ x: Tensor, ord: Scalar, dim: [Int] = [-2, -1], keepdim: Bool = false, dtype: DType? = nil
  ) -> Tensor { MatrixNorms.matrixNorm(x, ord, dim, keepdim, dtype) }
  /// The Frobenius ("fro") or nuclear ("nuc") norm of matrices.
  public static func matrixNorm(
    _ x: Tensor, ord: String = "fro", dim: [Int] = [-2, -1], keepdim: Bool = false, dtype: DType? = nil
  ) -> Tensor { MatrixNorms.matrixNormNamed(x, ord, dim, keepdim, dtype) }
  /// The condition number, by the greatest and the least singular value or by the norm `p`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.cond.html
  public static func cond(_ x: Tensor, p: Scalar? = nil) -> Tensor { MatrixNorms.cond(x, p) }
  public static func cond(_ x: Tensor, p: String) -> Tensor { MatrixNorms.condNamed(x, p) }
  /// How many singular values are greater than max(atol, rtol · σ₁).
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.matrix_rank.html
  public static func matrixRank(_ a: Tensor, atol: Double? = nil, rtol: Double? = nil, hermitian: Bool = false) -> Tensor {
    Ranks.matrixRank(a, atol.map(Ranks.number), rtol.map(Ranks.number), hermitian)
  }
  /// The determinant of square matrices.
  ///
  /// ```swift
  /// print(torch.linalg.det(Tensor([[2.0, 0], [0, 3]])))   // tensor(6.)
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.det.html
  public static func det(_ a: Tensor) -> Tensor { Determinants.linalgDet(a) }
  /// The sign and the logarithm of the absolute value of the determinant, without overflow.
  public static func slogdet(_ a: Tensor) -> (sign: Tensor, logabsdet: Tensor) {
    let found = Determinants.linalgSlogdet(a)
    return (found[0], found[1])
  }
  /// The diagonals of the matrices, without a copy.
  public static func diagonal(_ a: Tensor, offset: Int = 0, dim1: Int = -2, dim2: Int = -1) -> Tensor {
    a.diagonal(offset: offset, dim1: dim1, dim2: dim2)
  }

  // MARK: Functions and products

  /// Aⁿ; negative powers are those of the inverse.
  public static func matrixPower(_ a: Tensor, _ n: Int) -> Tensor { MatrixFunctions.matrixPower(a, n) }
  /// The exponential I + A + A²/2 + ….
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.matrix_exp.html
  public static func matrixExp(_ a: Tensor) -> Tensor { MatrixFunctions.matrixExp(a) }
  /// The square root of a Hermitian positive semidefinite matrix.
  public static func matrixSqrth(_ a: Tensor) -> Tensor { MatrixFunctions.matrixSqrth(a) }
  /// The product of a chain of matrices, in the order that takes the fewest operations; the ends may be vectors.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.multi_dot.html
  public static func multiDot(_ tensors: [Tensor]) -> Tensor { MatrixChains.multiDot(tensors) }
  public static func matmul(_ a: Tensor, _ b: Tensor) -> Tensor { a.matmul(b) }
  /// The cross product of vectors of three elements along `dim`.
  public static func cross(_ a: Tensor, _ b: Tensor, dim: Int = -1) -> Tensor { Products.cross(a, b, dim) }
  /// The matrices with rows 1, x, x², …, of `n` columns.
  public static func vander(_ x: Tensor, n: Int? = nil) -> Tensor { TensorSystems.vander(x, n) }
}

extension torch {
  /// Sums of products by Einstein's convention.
  ///
  /// ```swift
  /// torch.einsum("bij,bjk->bik", a, b)   // batched matrix product
  /// torch.einsum("ii", a)                // trace
  /// torch.einsum("...i,i", a, v)         // matrix times vector, any batch
  /// ```
  /// Subscripts are letters; `...` stands for the dimensions that have none. Without `->`, the subscripts that appear
  /// once are kept, in alphabetical order. `path` lists the pairs to contract first, as opt_einsum does.
  /// Source: https://pytorch.org/docs/stable/generated/torch.einsum.html
  public static func einsum(_ equation: String, _ tensors: Tensor..., path: [Int]? = nil) -> Tensor {
    Einsum.einsum(equation, tensors, path)
  }
  /// The sum of products over dimensions `dims.0` of `a` and `dims.1` of `b`.
  public static func tensordot(_ a: Tensor, _ b: Tensor, dims: ([Int], [Int])) -> Tensor {
    Products.tensordot(a, b, dims.0, dims.1)
  }
  /// The sum of products over the last `dims` dimensions of `a` and the first of `b`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.tensordot.html
  public static func tensordot(_ a: Tensor, _ b: Tensor, dims: Int = 2) -> Tensor {
    Products.tensordot(a, b, Array((a.ndim - dims)..<a.ndim), Array(0..<dims))
  }
  public static func chainMatmul(_ matrices: Tensor...) -> Tensor { MatrixChains.chainMatmul(matrices) }

  /// The distances in the `p`-norm of each row of `x1` (…, p, m) to each of `x2` (…, r, m).
  /// Source: https://pytorch.org/docs/stable/generated/torch.cdist.html
  public static func cdist(_ x1: Tensor, _ x2: Tensor, p: Double = 2) -> Tensor { Distances.cdist(x1, x2, p, nil) }
  /// The distances between the rows i < j of a matrix.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html
  public static func pdist(_ x: Tensor, p: Double = 2) -> Tensor { Distances.pdist(x, p) }

  /// The X of A X = B by A's Cholesky factor.
  public static func choleskySolve(_ b: Tensor, _ factor: Tensor, upper: Bool = false) -> Tensor {
    Cholesky.choleskySolve(b, factor, upper)
  }
  /// P, L and U from what `linalg.luFactor` gives.
  public static func luUnpack(_ lu: Tensor, _ pivots: Tensor) -> (p: Tensor, l: Tensor, u: Tensor) {
    let found = LU.luUnpack(lu, pivots, true, true)
    return (found[0], found[1], found[2])
  }
  /// `other` multiplied by the orthogonal matrix that the reflectors in `a` and `tau` stand for.
  public static func ormqr(
    _ a: Tensor, _ tau: Tensor, _ other: Tensor, left: Bool = true, transpose: Bool = false
  ) -> Tensor { QR.ormqr(a, tau, other, left, transpose) }
}

extension Tensor {
  /// The inverse of square matrices.
  public func inverse() -> Tensor { LinearSystems.inv(self) }
  /// The Moore-Penrose inverse.
  public func pinverse() -> Tensor { PseudoInverse.pinvFloat(self, nil, nil, false) }
  /// The determinant of square matrices.
  public func det() -> Tensor { Determinants.linalgDet(self) }
  /// The logarithm of the determinant; NaN where that is negative.
  public func logdet() -> Tensor { Determinants.logdet(self) }
  /// Aⁿ; negative powers are those of the inverse.
  public func matrixPower(_ n: Int) -> Tensor { MatrixFunctions.matrixPower(self, n) }
  /// The exponential of square matrices.
  public func matrixExp() -> Tensor { MatrixFunctions.matrixExp(self) }
  /// The inverse of the matrix that has this Cholesky factor.
  public func choleskyInverse(upper: Bool = false) -> Tensor { Cholesky.choleskyInverse(self, upper) }
  /// The reflectors and their factors of the QR decomposition, as LAPACK has them.
  public func geqrf() -> (a: Tensor, tau: Tensor) {
    let found = QR.geqrf(self)
    return (found[0], found[1])
  }
  /// The covariance of variables (rows) over observations (columns).
  /// Source: https://pytorch.org/docs/stable/generated/torch.cov.html
  public func cov(correction: Int = 1, fweights: Tensor? = nil, aweights: Tensor? = nil) -> Tensor {
    Covariance.cov(self, correction, fweights, aweights)
  }
  /// The correlation coefficients of variables (rows).
  public func corrcoef() -> Tensor { Covariance.corrcoef(self) }
}
