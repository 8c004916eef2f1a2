// Matrix products on the CPU: OpenBLAS for floating point and complex, our own loops for integers and halves.

import COpenBLAS
import CTorchKernelHeaders

extension CPUBackend {
  func matmul(_ a: Tensor, _ b: Tensor, into out: Tensor, accumulate: Bool) throws {
    let rank = out.ndim
    let batch = rank == 3 ? out.shape[0] : 1
    let (n, m, k) = (out.shape[-2], out.shape[-1], a.shape[-1])
    if out.numel == 0 { return }
    if k == 0 {
      if !accumulate { try fill(out, with: 0) }
      return
    }
    switch out.dtype {
    case .float32, .float64, .complex64, .complex128: break
    case .float16, .bfloat16:
      // Computed in float32 and rounded once, as PyTorch does where the processor has no such products.
      let wide = try Elementwise.cast(out, .float32)
      try matmul(try Elementwise.cast(a, .float32), try Elementwise.cast(b, .float32), into: wide, accumulate: accumulate)
      try copy(wide, into: out)
      return
    default:
      try integerMatmul(a, b, into: out, batch, n, m, k, accumulate)
      return
    }
    let left = try BlasMatrix(a)
    let right = try BlasMatrix(b)
    let size = out.dtype.itemSize
    let leftStep = rank == 3 ? left.tensor.strides[0] * size : 0
    let rightStep = rank == 3 ? right.tensor.strides[0] * size : 0
    let (p, q, r) = (left.tensor.pointer, right.tensor.pointer, out.pointer)
    for i in 0..<batch {
      gemm(
        out.dtype, left.transposed, right.transposed, n, m, k, UnsafeRawPointer(p + i * leftStep), left.leading,
        UnsafeRawPointer(q + i * rightStep), right.leading, r + i * n * m * size, m, accumulate)
    }
  }

  /// `out = op(a) op(b)`, all row-major.
  private func gemm(
    _ dtype: DType, _ transposeA: Bool, _ transposeB: Bool, _ n: Int, _ m: Int, _ k: Int, _ a: UnsafeRawPointer,
    _ lda: Int, _ b: UnsafeRawPointer, _ ldb: Int, _ c: UnsafeMutableRawPointer, _ ldc: Int, _ accumulate: Bool
  ) {
    if (n == 1 || m == 1), dtype == .float32 || dtype == .float64 {
      return gemv(dtype, transposeA, transposeB, n, m, k, a, lda, b, ldb, c, accumulate)
    }
    let (ta, tb) = (transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans)
    let (n, m, k, lda, ldb, ldc) = (Int32(n), Int32(m), Int32(k), Int32(lda), Int32(ldb), Int32(ldc))
    switch dtype {
    case .float32:
      cblas_sgemm(
        CblasRowMajor, ta, tb, n, m, k, 1, a.assumingMemoryBound(to: Float.self), lda,
        b.assumingMemoryBound(to: Float.self), ldb, accumulate ? 1 : 0, c.assumingMemoryBound(to: Float.self), ldc)
    case .float64:
      cblas_dgemm(
        CblasRowMajor, ta, tb, n, m, k, 1, a.assumingMemoryBound(to: Double.self), lda,
        b.assumingMemoryBound(to: Double.self), ldb, accumulate ? 1 : 0, c.assumingMemoryBound(to: Double.self), ldc)
    case .complex64:
      var (alpha, beta): ((Float, Float), (Float, Float)) = ((1, 0), (accumulate ? 1 : 0, 0))
      cblas_cgemm(CblasRowMajor, ta, tb, n, m, k, &alpha, a, lda, b, ldb, &beta, c, ldc)
    default:
      var (alpha, beta): ((Double, Double), (Double, Double)) = ((1, 0), (accumulate ? 1 : 0, 0))
      cblas_zgemm(CblasRowMajor, ta, tb, n, m, k, &alpha, a, lda, b, ldb, &beta, c, ldc)
    }
  }

  /// The same where the result is one row or one column: a matrix times a vector, which needs no packing of the matrix.
  private func gemv(
    _ dtype: DType, _ transposeA: Bool, _ transposeB: Bool, _ n: Int, _ m: Int, _ k: Int, _ a: UnsafeRawPointer,
    _ lda: Int, _ b: UnsafeRawPointer, _ ldb: Int, _ c: UnsafeMutableRawPointer, _ accumulate: Bool
  ) {
    // One row: c = op(b)ᵀ aᵀ; one column: c = op(a) b. The matrix is stored as (rows, columns).
    let isRow = n == 1
    let (matrix, leading, isStoredTransposed) = isRow ? (b, ldb, transposeB) : (a, lda, transposeA)
    let (vector, step) = isRow ? (a, transposeA ? lda : 1) : (b, transposeB ? 1 : ldb)
    let size = isRow ? m : n
    let isTransposed = isRow ? !isStoredTransposed : isStoredTransposed
    let (rows, columns) = isTransposed ? (k, size) : (size, k)
    // What was in the result must not matter, and beta = 0 lets NaN through in some releases.
    if !accumulate { c.initializeMemory(as: UInt8.self, repeating: 0, count: size * dtype.itemSize) }
    let order = isTransposed ? CblasTrans : CblasNoTrans
    let (r, s, l, i) = (Int32(rows), Int32(columns), Int32(leading), Int32(step))
    if dtype == .float32 {
      cblas_sgemv(
        CblasRowMajor, order, r, s, 1, matrix.assumingMemoryBound(to: Float.self), l,
        vector.assumingMemoryBound(to: Float.self), i, 1, c.assumingMemoryBound(to: Float.self), 1)
    } else {
      cblas_dgemv(
        CblasRowMajor, order, r, s, 1, matrix.assumingMemoryBound(to: Double.self), l,
        vector.assumingMemoryBound(to: Double.self), i, 1, c.assumingMemoryBound(to: Double.self), 1)
    }
  }

  private func integerMatmul(
    _ a: Tensor, _ b: Tensor, into out: Tensor, _ batch: Int, _ n: Int, _ m: Int, _ k: Int, _ accumulate: Bool
  ) throws {
    let size = out.dtype.itemSize
    func step(_ x: Tensor) -> Int { x.ndim == 3 ? x.strides[0] * size : 0 }
    for i in 0..<batch {
      let supported = tk_int_matmul(
        out.dtype.kernel, Int64(n), Int64(m), Int64(k), a.pointer + i * step(a), Int64(a.strides[-2]),
        Int64(a.strides[-1]), b.pointer + i * step(b), Int64(b.strides[-2]), Int64(b.strides[-1]),
        out.pointer + i * n * m * size, Int64(m), accumulate)
      guard supported else {
        throw TorchError(.notImplemented, "\"addmm_impl_cpu_\" not implemented for '\(out.dtype.scalarTypeName)'")
      }
    }
  }
}

/// A matrix (or batch of such) as BLAS takes it: one of its last two strides is 1, the other the leading dimension.
private struct BlasMatrix {
  let tensor: Tensor
  let transposed: Bool
  let leading: Int

  init(_ x: Tensor) throws {
    let (rows, columns) = (x.shape[-2], x.shape[-1])
    let (rowStride, columnStride) = (x.strides[-2], x.strides[-1])
    if (columnStride == 1 || columns == 1) && (rowStride >= Swift.max(columns, 1) || rows == 1) {
      (tensor, transposed, leading) = (x, false, Swift.max(rows == 1 ? columns : rowStride, columns, 1))
    } else if (rowStride == 1 || rows == 1) && (columnStride >= Swift.max(rows, 1) || columns == 1) {
      (tensor, transposed, leading) = (x, true, Swift.max(columns == 1 ? rows : columnStride, rows, 1))
    } else {
      (tensor, transposed, leading) = (try x.packed(), false, Swift.max(columns, 1))
    }
  }
}
