// LAPACK's routines by dtype.
//
// Thin: every function is one routine in its four precisions, on column-major memory. The names are LAPACK's, the
// meaning of the arguments too (https://netlib.org/lapack/explore-html). What a routine returns is its `info`.

import COpenBLAS

/// LAPACK for one dtype: float32, float64, complex64 or complex128.
struct Lapack {
  typealias Memory = UnsafeMutableRawPointer
  typealias Numbers = UnsafeMutablePointer<Int32>

  let dtype: DType

  /// LAPACKE's own search for NaN would refuse what LAPACK can factor.
  private static let withoutChecks: Void = LAPACKE_set_nancheck(0)

  init(_ dtype: DType) {
    _ = Lapack.withoutChecks
    self.dtype = dtype
  }

  private var layout: Int32 { LAPACK_COL_MAJOR }

  private func character(_ letter: Unicode.Scalar) -> CChar { CChar(letter.value) }

  /// The Cholesky factor in place.
  func potrf(
    _ uplo: Unicode.Scalar, _ n: Int32, _ a: Memory, _ lda: Int32
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_spotrf(layout, character(uplo), n, a.of(), lda)
    case .float64:
      LAPACKE_dpotrf(layout, character(uplo), n, a.of(), lda)
    case .complex64:
      LAPACKE_cpotrf(layout, character(uplo), n, a.of(), lda)
    default:
      LAPACKE_zpotrf(layout, character(uplo), n, a.of(), lda)
    }
  }

  /// Solves with a Cholesky factor.
  func potrs(
    _ uplo: Unicode.Scalar, _ n: Int32, _ nrhs: Int32, _ a: Memory, _ lda: Int32, _ b: Memory, _ ldb: Int32
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_spotrs(layout, character(uplo), n, nrhs, a.of(), lda, b.of(), ldb)
    case .float64:
      LAPACKE_dpotrs(layout, character(uplo), n, nrhs, a.of(), lda, b.of(), ldb)
    case .complex64:
      LAPACKE_cpotrs(layout, character(uplo), n, nrhs, a.of(), lda, b.of(), ldb)
    default:
      LAPACKE_zpotrs(layout, character(uplo), n, nrhs, a.of(), lda, b.of(), ldb)
    }
  }

  /// The inverse from a Cholesky factor, in the triangle `uplo`.
  func potri(
    _ uplo: Unicode.Scalar, _ n: Int32, _ a: Memory, _ lda: Int32
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_spotri(layout, character(uplo), n, a.of(), lda)
    case .float64:
      LAPACKE_dpotri(layout, character(uplo), n, a.of(), lda)
    case .complex64:
      LAPACKE_cpotri(layout, character(uplo), n, a.of(), lda)
    default:
      LAPACKE_zpotri(layout, character(uplo), n, a.of(), lda)
    }
  }

  /// The LU factors in place.
  func getrf(
    _ m: Int32, _ n: Int32, _ a: Memory, _ lda: Int32, _ pivots: Numbers
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_sgetrf(layout, m, n, a.of(), lda, pivots)
    case .float64:
      LAPACKE_dgetrf(layout, m, n, a.of(), lda, pivots)
    case .complex64:
      LAPACKE_cgetrf(layout, m, n, a.of(), lda, pivots)
    default:
      LAPACKE_zgetrf(layout, m, n, a.of(), lda, pivots)
    }
  }

  /// Solves with LU factors.
  func getrs(
    _ trans: Unicode.Scalar, _ n: Int32, _ nrhs: Int32, _ a: Memory, _ lda: Int32, _ pivots: Numbers, _ b: Memory, _ ldb: Int32
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_sgetrs(layout, character(trans), n, nrhs, a.of(), lda, pivots, b.of(), ldb)
    case .float64:
      LAPACKE_dgetrs(layout, character(trans), n, nrhs, a.of(), lda, pivots, b.of(), ldb)
    case .complex64:
      LAPACKE_cgetrs(layout, character(trans), n, nrhs, a.of(), lda, pivots, b.of(), ldb)
    default:
      LAPACKE_zgetrs(layout, character(trans), n, nrhs, a.of(), lda, pivots, b.of(), ldb)
    }
  }

  /// Householder reflectors of the QR decomposition.
  func geqrf(
    _ m: Int32, _ n: Int32, _ a: Memory, _ lda: Int32, _ tau: Memory
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_sgeqrf(layout, m, n, a.of(), lda, tau.of())
    case .float64:
      LAPACKE_dgeqrf(layout, m, n, a.of(), lda, tau.of())
    case .complex64:
      LAPACKE_cgeqrf(layout, m, n, a.of(), lda, tau.of())
    default:
      LAPACKE_zgeqrf(layout, m, n, a.of(), lda, tau.of())
    }
  }

  /// The product of reflectors.
  func orgqr(
    _ m: Int32, _ n: Int32, _ k: Int32, _ a: Memory, _ lda: Int32, _ tau: Memory
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_sorgqr(layout, m, n, k, a.of(), lda, tau.of())
    case .float64:
      LAPACKE_dorgqr(layout, m, n, k, a.of(), lda, tau.of())
    case .complex64:
      LAPACKE_cungqr(layout, m, n, k, a.of(), lda, tau.of())
    default:
      LAPACKE_zungqr(layout, m, n, k, a.of(), lda, tau.of())
    }
  }

  /// Multiplies by the product of reflectors.
  func ormqr(
    _ side: Unicode.Scalar, _ trans: Unicode.Scalar, _ m: Int32, _ n: Int32, _ k: Int32, _ a: Memory, _ lda: Int32, _ tau: Memory, _ c: Memory, _ ldc: Int32
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_sormqr(layout, character(side), character(trans), m, n, k, a.of(), lda, tau.of(), c.of(), ldc)
    case .float64:
      LAPACKE_dormqr(layout, character(side), character(trans), m, n, k, a.of(), lda, tau.of(), c.of(), ldc)
    case .complex64:
      LAPACKE_cunmqr(layout, character(side), character(trans), m, n, k, a.of(), lda, tau.of(), c.of(), ldc)
    default:
      LAPACKE_zunmqr(layout, character(side), character(trans), m, n, k, a.of(), lda, tau.of(), c.of(), ldc)
    }
  }

  /// The singular value decomposition, by divide and conquer.
  func gesdd(
    _ jobz: Unicode.Scalar, _ m: Int32, _ n: Int32, _ a: Memory, _ lda: Int32, _ s: Memory, _ u: Memory, _ ldu: Int32, _ vt: Memory, _ ldvt: Int32
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_sgesdd(layout, character(jobz), m, n, a.of(), lda, s.of(), u.of(), ldu, vt.of(), ldvt)
    case .float64:
      LAPACKE_dgesdd(layout, character(jobz), m, n, a.of(), lda, s.of(), u.of(), ldu, vt.of(), ldvt)
    case .complex64:
      LAPACKE_cgesdd(layout, character(jobz), m, n, a.of(), lda, s.of(), u.of(), ldu, vt.of(), ldvt)
    default:
      LAPACKE_zgesdd(layout, character(jobz), m, n, a.of(), lda, s.of(), u.of(), ldu, vt.of(), ldvt)
    }
  }

  /// The eigenvalues of a Hermitian matrix, and its eigenvectors in place.
  func syevd(
    _ jobz: Unicode.Scalar, _ uplo: Unicode.Scalar, _ n: Int32, _ a: Memory, _ lda: Int32, _ w: Memory
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_ssyevd(layout, character(jobz), character(uplo), n, a.of(), lda, w.of())
    case .float64:
      LAPACKE_dsyevd(layout, character(jobz), character(uplo), n, a.of(), lda, w.of())
    case .complex64:
      LAPACKE_cheevd(layout, character(jobz), character(uplo), n, a.of(), lda, w.of())
    default:
      LAPACKE_zheevd(layout, character(jobz), character(uplo), n, a.of(), lda, w.of())
    }
  }

  /// Least squares of full rank.
  func gels(
    _ trans: Unicode.Scalar, _ m: Int32, _ n: Int32, _ nrhs: Int32, _ a: Memory, _ lda: Int32, _ b: Memory, _ ldb: Int32
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_sgels(layout, character(trans), m, n, nrhs, a.of(), lda, b.of(), ldb)
    case .float64:
      LAPACKE_dgels(layout, character(trans), m, n, nrhs, a.of(), lda, b.of(), ldb)
    case .complex64:
      LAPACKE_cgels(layout, character(trans), m, n, nrhs, a.of(), lda, b.of(), ldb)
    default:
      LAPACKE_zgels(layout, character(trans), m, n, nrhs, a.of(), lda, b.of(), ldb)
    }
  }

  /// The LDL factors of a symmetric matrix.
  func sytrf(
    _ uplo: Unicode.Scalar, _ n: Int32, _ a: Memory, _ lda: Int32, _ pivots: Numbers
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_ssytrf(layout, character(uplo), n, a.of(), lda, pivots)
    case .float64:
      LAPACKE_dsytrf(layout, character(uplo), n, a.of(), lda, pivots)
    case .complex64:
      LAPACKE_csytrf(layout, character(uplo), n, a.of(), lda, pivots)
    default:
      LAPACKE_zsytrf(layout, character(uplo), n, a.of(), lda, pivots)
    }
  }

  /// Solves with LDL factors of a symmetric matrix.
  func sytrs(
    _ uplo: Unicode.Scalar, _ n: Int32, _ nrhs: Int32, _ a: Memory, _ lda: Int32, _ pivots: Numbers, _ b: Memory, _ ldb: Int32
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_ssytrs(layout, character(uplo), n, nrhs, a.of(), lda, pivots, b.of(), ldb)
    case .float64:
      LAPACKE_dsytrs(layout, character(uplo), n, nrhs, a.of(), lda, pivots, b.of(), ldb)
    case .complex64:
      LAPACKE_csytrs(layout, character(uplo), n, nrhs, a.of(), lda, pivots, b.of(), ldb)
    default:
      LAPACKE_zsytrs(layout, character(uplo), n, nrhs, a.of(), lda, pivots, b.of(), ldb)
    }
  }

  /// The LDL factors of a Hermitian matrix.
  func hetrf(
    _ uplo: Unicode.Scalar, _ n: Int32, _ a: Memory, _ lda: Int32, _ pivots: Numbers
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_ssytrf(layout, character(uplo), n, a.of(), lda, pivots)
    case .float64:
      LAPACKE_dsytrf(layout, character(uplo), n, a.of(), lda, pivots)
    case .complex64:
      LAPACKE_chetrf(layout, character(uplo), n, a.of(), lda, pivots)
    default:
      LAPACKE_zhetrf(layout, character(uplo), n, a.of(), lda, pivots)
    }
  }

  /// Solves with LDL factors of a Hermitian matrix.
  func hetrs(
    _ uplo: Unicode.Scalar, _ n: Int32, _ nrhs: Int32, _ a: Memory, _ lda: Int32, _ pivots: Numbers, _ b: Memory, _ ldb: Int32
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_ssytrs(layout, character(uplo), n, nrhs, a.of(), lda, pivots, b.of(), ldb)
    case .float64:
      LAPACKE_dsytrs(layout, character(uplo), n, nrhs, a.of(), lda, pivots, b.of(), ldb)
    case .complex64:
      LAPACKE_chetrs(layout, character(uplo), n, nrhs, a.of(), lda, pivots, b.of(), ldb)
    default:
      LAPACKE_zhetrs(layout, character(uplo), n, nrhs, a.of(), lda, pivots, b.of(), ldb)
    }
  }

  /// Least squares of any rank, by the singular value decomposition with divide and conquer.
  func gelsd(
    _ m: Int32, _ n: Int32, _ nrhs: Int32, _ a: Memory, _ lda: Int32, _ b: Memory, _ ldb: Int32, _ s: Memory, _ rcond: Double,
    _ rank: Numbers
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_sgelsd(layout, m, n, nrhs, a.of(), lda, b.of(), ldb, s.of(), Float(rcond), rank)
    case .float64:
      LAPACKE_dgelsd(layout, m, n, nrhs, a.of(), lda, b.of(), ldb, s.of(), rcond, rank)
    case .complex64:
      LAPACKE_cgelsd(layout, m, n, nrhs, a.of(), lda, b.of(), ldb, s.of(), Float(rcond), rank)
    default:
      LAPACKE_zgelsd(layout, m, n, nrhs, a.of(), lda, b.of(), ldb, s.of(), rcond, rank)
    }
  }

  /// Least squares of any rank, by the singular value decomposition.
  func gelss(
    _ m: Int32, _ n: Int32, _ nrhs: Int32, _ a: Memory, _ lda: Int32, _ b: Memory, _ ldb: Int32, _ s: Memory, _ rcond: Double,
    _ rank: Numbers
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_sgelss(layout, m, n, nrhs, a.of(), lda, b.of(), ldb, s.of(), Float(rcond), rank)
    case .float64:
      LAPACKE_dgelss(layout, m, n, nrhs, a.of(), lda, b.of(), ldb, s.of(), rcond, rank)
    case .complex64:
      LAPACKE_cgelss(layout, m, n, nrhs, a.of(), lda, b.of(), ldb, s.of(), Float(rcond), rank)
    default:
      LAPACKE_zgelss(layout, m, n, nrhs, a.of(), lda, b.of(), ldb, s.of(), rcond, rank)
    }
  }

  /// Least squares of any rank, by a complete orthogonal factorisation.
  func gelsy(
    _ m: Int32, _ n: Int32, _ nrhs: Int32, _ a: Memory, _ lda: Int32, _ b: Memory, _ ldb: Int32, _ pivots: Numbers,
    _ rcond: Double, _ rank: Numbers
  ) -> Int32 {
    switch dtype {
    case .float32:
      LAPACKE_sgelsy(layout, m, n, nrhs, a.of(), lda, b.of(), ldb, pivots, Float(rcond), rank)
    case .float64:
      LAPACKE_dgelsy(layout, m, n, nrhs, a.of(), lda, b.of(), ldb, pivots, rcond, rank)
    case .complex64:
      LAPACKE_cgelsy(layout, m, n, nrhs, a.of(), lda, b.of(), ldb, pivots, Float(rcond), rank)
    default:
      LAPACKE_zgelsy(layout, m, n, nrhs, a.of(), lda, b.of(), ldb, pivots, rcond, rank)
    }
  }

  /// The eigenvalues of a general matrix and, with `jobvr` "V", its right eigenvectors. For a real matrix `w` has the
  /// real parts and then the imaginary ones.
  func geev(_ jobvr: Unicode.Scalar, _ n: Int32, _ a: Memory, _ lda: Int32, _ w: Memory, _ v: Memory, _ ldv: Int32) -> Int32 {
    let (none, job) = (character("N"), character(jobvr))
    let imaginary = w + Int(n) * dtype.itemSize
    switch dtype {
    case .float32:
      return LAPACKE_sgeev(layout, none, job, n, a.of(), lda, w.of(), imaginary.of(), nil, 1, v.of(), ldv)
    case .float64:
      return LAPACKE_dgeev(layout, none, job, n, a.of(), lda, w.of(), imaginary.of(), nil, 1, v.of(), ldv)
    case .complex64: return LAPACKE_cgeev(layout, none, job, n, a.of(), lda, w.of(), nil, 1, v.of(), ldv)
    default: return LAPACKE_zgeev(layout, none, job, n, a.of(), lda, w.of(), nil, 1, v.of(), ldv)
    }
  }

  /// BLAS's triangular solver: `b` becomes the X of `op(A) X = B`, or of `X op(A) = B`.
  func trsm(
    left: Bool, upper: Bool, transpose: Bool, unit: Bool, _ m: Int32, _ n: Int32, _ a: Memory, _ lda: Int32, _ b: Memory,
    _ ldb: Int32
  ) {
    let (order, side, triangle) = (CblasColMajor, left ? CblasLeft : CblasRight, upper ? CblasUpper : CblasLower)
    let (op, diagonal) = (transpose ? CblasTrans : CblasNoTrans, unit ? CblasUnit : CblasNonUnit)
    switch dtype {
    case .float32: cblas_strsm(order, side, triangle, op, diagonal, m, n, 1, a.of(), lda, b.of(), ldb)
    case .float64: cblas_dtrsm(order, side, triangle, op, diagonal, m, n, 1, a.of(), lda, b.of(), ldb)
    case .complex64:
      var one: (Float, Float) = (1, 0)
      cblas_ctrsm(order, side, triangle, op, diagonal, m, n, &one, a, lda, b, ldb)
    default:
      var one: (Double, Double) = (1, 0)
      cblas_ztrsm(order, side, triangle, op, diagonal, m, n, &one, a, lda, b, ldb)
    }
  }
}

extension UnsafeMutableRawPointer {
  /// The same address as a pointer of the type that is asked for.
  fileprivate func of<T>() -> UnsafeMutablePointer<T> { assumingMemoryBound(to: T.self) }
}
