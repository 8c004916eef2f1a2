// Matrix functions as methods: the older ones, which PyTorch has on tensors and in `torch`, not in `torch.linalg`.
// Reference: https://pytorch.org/docs/stable/torch.html#blas-and-lapack-operations

/// The operators that have no other Swift name.
private enum Named {
  static let svd: Operator<Tensor, Bool, Bool, [Tensor]> = OperatorRegistry.handle("svd")
  static let luSolve: Operator<Tensor, Tensor, Tensor, Tensor> = OperatorRegistry.handle("lu_solve")
  static let orgqr: BinaryOperator = OperatorRegistry.handle("orgqr")
  static let ormqr: Operator<Tensor, Tensor, Tensor, Bool, Bool, Tensor> = OperatorRegistry.handle("ormqr")
  static let triangularSolve: Operator<Tensor, Tensor, Bool, Bool, Bool, [Tensor]> =
    OperatorRegistry.handle("triangular_solve")
}

extension Tensor {
  /// The sign and the logarithm of the size of the determinant of matrices (…, n, n).
  ///
  /// ```swift
  /// let (sign, log) = Tensor([[2.0, 0], [0, -3]]).slogdet()   // -1, log 6
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.slogdet.html
  public func slogdet() -> (sign: Tensor, logabsdet: Tensor) { torch.linalg.slogdet(self) }

  /// U, S and V (not its transpose) of A = U diag(S) Vᴴ for matrices (…, m, n); all of U and V unless `some`.
  ///
  /// `torch.linalg.svd` is the newer function. Source: https://pytorch.org/docs/stable/generated/torch.svd.html
  public func svd(some: Bool = true, computeUV: Bool = true) -> (u: Tensor, s: Tensor, v: Tensor) {
    let all = Named.svd(self, some, computeUV)
    return (all[0], all[1], all[2])
  }

  /// X of A X = self for the Cholesky factor of A: the lower one (…, n, n), or the upper one.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.cholesky_solve.html
  public func choleskySolve(_ factor: Tensor, upper: Bool = false) -> Tensor {
    torch.choleskySolve(self, factor, upper: upper)
  }

  /// L and U in one matrix and the pivots, counted from 1, of matrices (…, m, n).
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.lu.html
  public func lu(pivot: Bool = true) -> (lu: Tensor, pivots: Tensor) { torch.linalg.luFactor(self, pivot: pivot) }

  /// X of A X = self (…, n, k) for the factors and pivots that `lu` gives of A.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.lu_solve.html
  public func luSolve(_ lu: Tensor, _ pivots: Tensor) -> Tensor { Named.luSolve(self, lu, pivots) }

  /// The first columns of the product of the Householder reflectors in `self` and `tau`, as LAPACK's `orgqr`.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.orgqr.html
  public func orgqr(_ tau: Tensor) -> Tensor { Named.orgqr(self, tau) }

  /// Q · other, or other · Q if not `left`, for the Q of the Householder reflectors in `self` and `tau`.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.ormqr.html
  public func ormqr(_ tau: Tensor, _ other: Tensor, left: Bool = true, transpose: Bool = false) -> Tensor {
    Named.ormqr(self, tau, other, left, transpose)
  }

  /// X of A X = self for a triangular A, and A.
  ///
  /// `torch.linalg.solveTriangular` is the newer function.
  /// Source: https://pytorch.org/docs/stable/generated/torch.triangular_solve.html
  public func triangularSolve(
    _ a: Tensor, upper: Bool = true, transpose: Bool = false, unitriangular: Bool = false
  ) -> (solution: Tensor, coefficient: Tensor) {
    let both = Named.triangularSolve(self, a, upper, transpose, unitriangular)
    return (both[0], both[1])
  }
}

extension torch {
  /// A factorization U diag(S) Vᵀ of rank `q` of matrices (…, m, n), by random projection, less the mean `m` if given.
  ///
  /// `niter` subspace iterations sharpen it. Draws from the default generator, in PyTorch's order.
  ///
  /// Reference: Halko, Martinsson and Tropp, Finding structure with randomness, 2009, algorithm 5.1.
  /// Source: https://pytorch.org/docs/stable/generated/torch.svd_lowrank.html
  public static func svdLowrank(
    _ a: Tensor, q: Int = 6, niter: Int = 2, m: Tensor? = nil
  ) -> (u: Tensor, s: Tensor, v: Tensor) {
    let a = m.map { a - $0 } ?? a
    let isWide = a.size(-2) < a.size(-1)
    // The longer side is projected, so that the small factorization is of q columns.
    let tall = isWide ? a.mH : a
    let basis = approximateBasis(tall, q, niter)
    let (u, s, vh) = linalg.svd(basis.mH.matmul(tall), fullMatrices: false)
    let (left, right) = (basis.matmul(u), vh.mH)
    return isWide ? (right, s, left) : (left, s, right)
  }

  /// Orthonormal columns (…, m, q) that span most of what the columns of `a` do.
  private static func approximateBasis(_ a: Tensor, _ q: Int, _ niter: Int) -> Tensor {
    let start = torch.randn([a.size(-1), q], dtype: a.dtype)
    var basis = linalg.qr(a.matmul(start)).q
    for _ in 0..<niter {
      let back = linalg.qr(a.mH.matmul(basis)).q
      basis = linalg.qr(a.matmul(back)).q
    }
    return basis
  }

  /// The `q` principal directions V of the rows of `a` (…, m, n), with U diag(S) Vᵀ ≈ `a`, its columns centered first.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.pca_lowrank.html
  public static func pcaLowrank(
    _ a: Tensor, q: Int? = nil, center: Bool = true, niter: Int = 2
  ) -> (u: Tensor, s: Tensor, v: Tensor) {
    let (rows, columns) = (a.size(-2), a.size(-1))
    let rank = q ?? Swift.min(6, rows, columns)
    if rank < 0 || rank > Swift.min(rows, columns) {
      let most = Swift.min(rows, columns)
      let message = "q(=\(rank)) must be non-negative integer and not greater than min(m, n)=\(most)"
      let error = Tensor.invalid(TorchError(.value, message))
      return (error, error, error)
    }
    return svdLowrank(center ? a - a.mean(dim: [-2], keepdim: true) : a, q: rank, niter: niter)
  }
}
