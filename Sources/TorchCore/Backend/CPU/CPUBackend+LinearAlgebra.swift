// Factorisations and solvers on the CPU: LAPACK on one matrix of a batch after the other. Large matrices are shared
// among the threads by OpenBLAS itself.
//
// Matrices come as `ColumnMajor` and are written over. `info` is an int32 tensor of the batch's sizes, with LAPACK's
// verdict on each matrix; pivots are int32 rows.

extension CPUBackend {
  /// Runs `routine` for every matrix and keeps its verdict.
  private func each(_ count: Int, _ info: Tensor?, _ routine: (Int) -> Int32) {
    let verdicts = info?.pointer.assumingMemoryBound(to: Int32.self)
    for i in 0..<count {
      let verdict = routine(i)
      verdicts?[i] = verdict
    }
  }

  // MARK: Triangular factors

  func cholesky(_ a: ColumnMajor, upper: Bool, info: Tensor) {
    let lapack = Lapack(a.memory.dtype)
    each(a.count, info) { lapack.potrf(upper ? "U" : "L", Int32(a.rows), a.matrix($0), a.leading) }
  }

  /// `b` becomes the solution of the system whose matrix has the Cholesky factor `a`.
  func choleskySolve(_ a: ColumnMajor, upper: Bool, into b: ColumnMajor) {
    let lapack = Lapack(a.memory.dtype)
    each(b.isEmpty ? 0 : b.count, nil) {
      lapack.potrs(
        upper ? "U" : "L", Int32(a.rows), Int32(b.columns), a.matrix($0), a.leading, b.matrix($0), b.leading)
    }
  }

  /// `a` becomes, in one triangle, the inverse of the matrix that it is the Cholesky factor of.
  func choleskyInverse(_ a: ColumnMajor, upper: Bool, info: Tensor) {
    let lapack = Lapack(a.memory.dtype)
    each(a.count, info) { lapack.potri(upper ? "U" : "L", Int32(a.rows), a.matrix($0), a.leading) }
  }

  /// `b` becomes the X of `op(A) X = B`, or of `X op(A) = B`.
  func triangularSolve(
    _ a: ColumnMajor, _ b: ColumnMajor, left: Bool, upper: Bool, transpose: Bool, unit: Bool
  ) {
    let lapack = Lapack(a.memory.dtype)
    for i in 0..<(b.isEmpty ? 0 : b.count) {
      lapack.trsm(
        left: left, upper: upper, transpose: transpose, unit: unit, Int32(b.rows), Int32(b.columns), a.matrix(i),
        a.leading, b.matrix(i), b.leading)
    }
  }

  // MARK: LU and LDL

  func lu(_ a: ColumnMajor, pivots: Tensor, info: Tensor) {
    let lapack = Lapack(a.memory.dtype)
    each(a.count, info) {
      lapack.getrf(Int32(a.rows), Int32(a.columns), a.matrix($0), a.leading, pivots.int32Row($0))
    }
  }

  /// `b` becomes the X of `A X = B`, or with `adjoint` of `Aᴴ X = B`, by the LU factors `a`.
  func luSolve(_ a: ColumnMajor, pivots: Tensor, into b: ColumnMajor, adjoint: Bool) {
    let lapack = Lapack(a.memory.dtype)
    each(b.isEmpty ? 0 : b.count, nil) {
      lapack.getrs(
        adjoint ? "C" : "N", Int32(a.rows), Int32(b.columns), a.matrix($0), a.leading, pivots.int32Row($0), b.matrix($0),
        b.leading)
    }
  }

  func ldl(_ a: ColumnMajor, hermitian: Bool, pivots: Tensor, info: Tensor) {
    let lapack = Lapack(a.memory.dtype)
    each(a.isEmpty ? 0 : a.count, info) {
      hermitian
        ? lapack.hetrf("L", Int32(a.rows), a.matrix($0), a.leading, pivots.int32Row($0))
        : lapack.sytrf("L", Int32(a.rows), a.matrix($0), a.leading, pivots.int32Row($0))
    }
  }

  func ldlSolve(_ a: ColumnMajor, pivots: Tensor, into b: ColumnMajor, hermitian: Bool) {
    let lapack = Lapack(a.memory.dtype)
    let (n, columns) = (Int32(a.rows), Int32(b.columns))
    each(b.isEmpty ? 0 : b.count, nil) {
      hermitian
        ? lapack.hetrs("L", n, columns, a.matrix($0), a.leading, pivots.int32Row($0), b.matrix($0), b.leading)
        : lapack.sytrs("L", n, columns, a.matrix($0), a.leading, pivots.int32Row($0), b.matrix($0), b.leading)
    }
  }

  // MARK: Orthogonal factors

  /// The reflectors below the diagonal of `a`, R above; `tau` has their factors.
  func householder(_ a: ColumnMajor, tau: Tensor) {
    let lapack = Lapack(a.memory.dtype)
    let step = tau.shape[-1] * tau.dtype.itemSize
    each(a.isEmpty ? 0 : a.count, nil) {
      lapack.geqrf(Int32(a.rows), Int32(a.columns), a.matrix($0), a.leading, tau.pointer + $0 * step)
    }
  }

  /// The reflectors in `a` become the first columns of their product.
  func householderProduct(_ a: ColumnMajor, tau: Tensor) {
    let lapack = Lapack(a.memory.dtype)
    let k = tau.shape[-1]
    let step = k * tau.dtype.itemSize
    each(a.isEmpty ? 0 : a.count, nil) {
      lapack.orgqr(Int32(a.rows), Int32(a.columns), Int32(k), a.matrix($0), a.leading, tau.pointer + $0 * step)
    }
  }

  /// `c` is multiplied by the product of the reflectors in `a`, or by its adjoint.
  func householderMultiply(_ a: ColumnMajor, tau: Tensor, into c: ColumnMajor, left: Bool, adjoint: Bool) {
    let lapack = Lapack(a.memory.dtype)
    let k = tau.shape[-1]
    let step = k * tau.dtype.itemSize
    let operation: Unicode.Scalar = adjoint ? (a.memory.dtype.isComplex ? "C" : "T") : "N"
    each(c.isEmpty || k == 0 ? 0 : c.count, nil) {
      lapack.ormqr(
        left ? "L" : "R", operation, Int32(c.rows), Int32(c.columns), Int32(k), a.matrix($0), a.leading,
        tau.pointer + $0 * step, c.matrix($0), c.leading)
    }
  }

  // MARK: Singular values and eigenvalues

  /// `a = u · diag(s) · vh`, written over; without `u` and `vh` the singular values alone.
  func svd(_ a: ColumnMajor, s: Tensor, u: ColumnMajor?, vh: ColumnMajor?, full: Bool, info: Tensor) {
    let lapack = Lapack(a.memory.dtype)
    let (m, n) = (Int32(a.rows), Int32(a.columns))
    let step = min(a.rows, a.columns) * s.dtype.itemSize
    let job: Unicode.Scalar = u == nil ? "N" : full ? "A" : "S"
    each(a.isEmpty ? 0 : a.count, info) { i in
      let values = s.pointer + i * step
      // Without vectors nothing is written to their place; any address will do.
      return lapack.gesdd(
        job, m, n, a.matrix(i), a.leading, values, u?.matrix(i) ?? values, u?.leading ?? m, vh?.matrix(i) ?? values,
        vh?.leading ?? n)
    }
  }

  /// The eigenvalues of Hermitian matrices, ascending; `a` becomes the eigenvectors if they are wanted.
  func eigh(_ a: ColumnMajor, values: Tensor, upper: Bool, vectors: Bool, info: Tensor) {
    let lapack = Lapack(a.memory.dtype)
    let step = a.rows * values.dtype.itemSize
    each(a.isEmpty ? 0 : a.count, info) {
      lapack.syevd(
        vectors ? "V" : "N", upper ? "U" : "L", Int32(a.rows), a.matrix($0), a.leading, values.pointer + $0 * step)
    }
  }

  /// The eigenvalues, and the right eigenvectors if they are wanted. For real matrices `values` holds the real parts of
  /// each matrix's eigenvalues and then the imaginary ones, and `vectors` LAPACK's pairs of columns.
  func eig(_ a: ColumnMajor, values: Tensor, vectors: ColumnMajor?, info: Tensor) {
    let lapack = Lapack(a.memory.dtype)
    let step = values.shape[-1] * values.dtype.itemSize
    each(a.isEmpty ? 0 : a.count, info) { i in
      let target = values.pointer + i * step
      return lapack.geev(
        vectors == nil ? "N" : "V", Int32(a.rows), a.matrix(i), a.leading, target, vectors?.matrix(i) ?? target, a.leading)
    }
  }

  // MARK: Least squares

  /// `b`, which has room for the solution, becomes it; the rows below hold what is left over. Besides come int64 ranks
  /// and singular values, where `driver` finds them.
  func leastSquares(
    _ a: ColumnMajor, _ b: ColumnMajor, _ driver: LeastSquaresDriver, rcond: Double, rank: Tensor?,
    singularValues: Tensor?, info: Tensor
  ) throws {
    let lapack = Lapack(a.memory.dtype)
    let (m, n, columns) = (Int32(a.rows), Int32(a.columns), Int32(b.columns))
    let scratch = try Tensor.uninitialized([max(a.columns, min(a.rows, a.columns))], .int32)
    let ranks = rank?.pointer.assumingMemoryBound(to: Int64.self)
    let step = min(a.rows, a.columns) * a.memory.dtype.realType.itemSize
    each(a.count, info) { i in
      let (p, q) = (a.matrix(i), b.matrix(i))
      var found: Int32 = 0
      defer { ranks?[i] = Int64(found) }
      let values = singularValues.map { $0.pointer + i * step }
      switch driver {
      case .gels: return lapack.gels("N", m, n, columns, p, a.leading, q, b.leading)
      case .gelsy:
        let pivots = scratch.int32Row(0)
        pivots.update(repeating: 0, count: a.columns)
        return lapack.gelsy(m, n, columns, p, a.leading, q, b.leading, pivots, rcond, &found)
      case .gelsd: return lapack.gelsd(m, n, columns, p, a.leading, q, b.leading, values!, rcond, &found)
      case .gelss: return lapack.gelss(m, n, columns, p, a.leading, q, b.leading, values!, rcond, &found)
      }
    }
  }
}

/// LAPACK's ways to solve least squares.
enum LeastSquaresDriver: String {
  case gels, gelsy, gelsd, gelss
}
