// Matrix products on the CPU: oneDNN and OpenBLAS for floating point and complex, our own loops for integers.
//
// Note [Who multiplies]: oneDNN's kernels for blocks of matrices are made for a shape, once, in a quarter to a whole
// millisecond. With AVX-512 they are a tenth to two fifths faster than OpenBLAS's, with four rows twice as fast, and with
// AMX the only ones for bfloat16; older processors have none. Small products and those with a vector are OpenBLAS's.

import COneDNNHeaders
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
    case .bfloat16:
      if CPUBackend.multipliesBFloat16, isLarge(batch, n, m, k) {
        let (left, right) = (try BlasMatrix(a, batch), try BlasMatrix(b, batch))
        let isDone = try withExtendedLifetime((left, right)) {
          try blockedProduct(.bfloat16, batch, n, m, k, left.operand, right.operand, into: out.pointer, accumulate)
        }
        if isDone { return }
      }
      return try wideMatmul(a, b, into: out, accumulate: accumulate)
    case .float16: return try wideMatmul(a, b, into: out, accumulate: accumulate)
    default: return try integerMatmul(a, b, into: out, batch, n, m, k, accumulate)
    }
    let (left, right) = (try BlasMatrix(a, batch), try BlasMatrix(b, batch))
    try withExtendedLifetime((left, right)) {
      try product(
        out.dtype, batch: batch, n, m, k, left.operand, right.operand, into: out.pointer, accumulate: accumulate)
    }
  }

  /// The product of two matrices with `row`, a vector or rows that are all the same, added to each row of it; false if
  /// there is no kernel that does both.
  func matmul(_ a: Tensor, _ b: Tensor, plusRow row: Tensor, into out: Tensor) throws -> Bool {
    let (n, m, k) = (out.shape[0], out.shape[1], a.shape[1])
    guard row.ndim == 1 || row.ndim == 2 && (row.shape[0] == 1 || row.strides[0] == 0), row.shape[-1] == m,
      row.strides[-1] == 1, row.dtype == out.dtype,
      out.dtype == .float32 || out.dtype == .bfloat16 && CPUBackend.multipliesBFloat16, isLarge(1, n, m, k)
    else { return false }
    let (left, right) = (try BlasMatrix(a, 1), try BlasMatrix(b, 1))
    return try withExtendedLifetime((left, right)) {
      try blockedProduct(
        out.dtype, 1, n, m, k, left.operand, right.operand, bias: row.pointer, into: out.pointer, false)
    }
  }

  /// `c = a b` or `c += a b` of row-major (rows, inner) and (inner, columns); floating point and complex.
  func product(
    _ dtype: DType, batch: Int = 1, _ rows: Int, _ columns: Int, _ inner: Int, _ a: MatrixOperand, _ b: MatrixOperand,
    into c: UnsafeMutableRawPointer, accumulate: Bool
  ) throws {
    if dtype == .float32, isLarge(batch, rows, columns, inner),
      try blockedProduct(dtype, batch, rows, columns, inner, a, b, into: c, accumulate)
    {
      return
    }
    let size = dtype.itemSize
    for i in 0..<batch {
      gemm(
        dtype, rows, columns, inner, a.advanced(by: i, size), b.advanced(by: i, size), c + i * rows * columns * size,
        accumulate)
    }
  }

  /// Computed in float32 and rounded once, as PyTorch does where the processor has no such products.
  private func wideMatmul(_ a: Tensor, _ b: Tensor, into out: Tensor, accumulate: Bool) throws {
    let wide = try Elementwise.cast(out, .float32)
    try matmul(try Elementwise.cast(a, .float32), try Elementwise.cast(b, .float32), into: wide, accumulate: accumulate)
    try copy(wide, into: out)
  }

  private static let multipliesBFloat16 = tdnn_get_capabilities().bfloat16_is_fast

  /// Whether a product is worth a kernel of its own: 128 x 10 x 64 takes oneDNN and OpenBLAS as long.
  private func isLarge(_ batch: Int, _ rows: Int, _ columns: Int, _ inner: Int) -> Bool {
    rows > 1 && columns > 1 && batch * rows * columns * inner >= 1 << 18
  }

  /// The product by oneDNN; false if it has no kernel for it (Note [Who multiplies]).
  private func blockedProduct(
    _ dtype: DType, _ batch: Int, _ rows: Int, _ columns: Int, _ inner: Int, _ a: MatrixOperand, _ b: MatrixOperand,
    bias: UnsafeRawPointer? = nil, into c: UnsafeMutableRawPointer, _ accumulate: Bool
  ) throws -> Bool {
    func matrix(_ m: MatrixOperand) -> tdnn_matrix {
      tdnn_matrix(transposed: m.transposed, leading: Int64(m.leading), step: Int64(m.step))
    }
    var problem = tdnn_matmul_problem(
      dtype: dtype == .float32 ? TDNN_FLOAT32 : TDNN_BFLOAT16, accumulate: accumulate, has_bias: bias != nil,
      batch: Int64(batch), rows: Int64(rows), columns: Int64(columns), inner: Int64(inner), a: matrix(a), b: matrix(b))
    let status = tdnn_matmul(&problem, a.pointer, b.pointer, bias, c)
    if status == TDNN_UNSUPPORTED || status == TDNN_INVALID { return false }
    try oneDNN(status)
    return true
  }

  /// `out = op(a) op(b)`, all row-major.
  private func gemm(
    _ dtype: DType, _ n: Int, _ m: Int, _ k: Int, _ left: MatrixOperand, _ right: MatrixOperand,
    _ c: UnsafeMutableRawPointer, _ accumulate: Bool
  ) {
    if n == 1 || m == 1, dtype == .float32 || dtype == .float64 {
      return gemv(dtype, n, m, k, left, right, c, accumulate)
    }
    let (a, b) = (left.pointer, right.pointer)
    let (ta, tb) = (left.transposed ? CblasTrans : CblasNoTrans, right.transposed ? CblasTrans : CblasNoTrans)
    let (n, m, k, lda, ldb, ldc) = (Int32(n), Int32(m), Int32(k), Int32(left.leading), Int32(right.leading), Int32(m))
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
    _ dtype: DType, _ n: Int, _ m: Int, _ k: Int, _ a: MatrixOperand, _ b: MatrixOperand, _ c: UnsafeMutableRawPointer,
    _ accumulate: Bool
  ) {
    // One row: c = op(b)ᵀ aᵀ; one column: c = op(a) b. The matrix is stored as (rows, columns).
    let isRow = n == 1
    let (matrix, vector) = isRow ? (b, a) : (a, b)
    let step = isRow == vector.transposed ? vector.leading : 1
    let size = isRow ? m : n
    let isTransposed = matrix.transposed != isRow
    let (rows, columns) = isTransposed ? (k, size) : (size, k)
    // What was in the result must not matter, and beta = 0 lets NaN through in some releases.
    if !accumulate { c.initializeMemory(as: UInt8.self, repeating: 0, count: size * dtype.itemSize) }
    let order = isTransposed ? CblasTrans : CblasNoTrans
    let (r, s, l, i) = (Int32(rows), Int32(columns), Int32(matrix.leading), Int32(step))
    if dtype == .float32 {
      cblas_sgemv(
        CblasRowMajor, order, r, s, 1, matrix.pointer.assumingMemoryBound(to: Float.self), l,
        vector.pointer.assumingMemoryBound(to: Float.self), i, 1, c.assumingMemoryBound(to: Float.self), 1)
    } else {
      cblas_dgemv(
        CblasRowMajor, order, r, s, 1, matrix.pointer.assumingMemoryBound(to: Double.self), l,
        vector.pointer.assumingMemoryBound(to: Double.self), i, 1, c.assumingMemoryBound(to: Double.self), 1)
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

/// A matrix, or a batch of such, as products take it: rows `leading` elements apart, or if `transposed` columns.
struct MatrixOperand {
  let pointer: UnsafeRawPointer
  let transposed: Bool
  let leading: Int
  /// Elements from one matrix of the batch to the next.
  var step = 0

  func advanced(by index: Int, _ itemSize: Int) -> MatrixOperand {
    MatrixOperand(pointer: pointer + index * step * itemSize, transposed: transposed, leading: leading, step: step)
  }
}

/// A tensor of which one of the last two strides is 1: the given one, or a copy.
private struct BlasMatrix {
  let tensor: Tensor
  let operand: MatrixOperand

  init(_ x: Tensor, _ batch: Int) throws {
    let (rows, columns) = (x.shape[-2], x.shape[-1])
    let (rowStride, columnStride) = (x.strides[-2], x.strides[-1])
    let (transposed, leading): (Bool, Int)
    if (columnStride == 1 || columns == 1) && (rowStride >= Swift.max(columns, 1) || rows == 1) {
      (tensor, transposed, leading) = (x, false, Swift.max(rows == 1 ? columns : rowStride, columns, 1))
    } else if (rowStride == 1 || rows == 1) && (columnStride >= Swift.max(rows, 1) || columns == 1) {
      (tensor, transposed, leading) = (x, true, Swift.max(columns == 1 ? rows : columnStride, rows, 1))
    } else {
      (tensor, transposed, leading) = (try x.packed(), false, Swift.max(columns, 1))
    }
    operand = MatrixOperand(
      pointer: UnsafeRawPointer(tensor.pointer), transposed: transposed, leading: leading,
      step: batch > 1 ? tensor.strides[0] : 0)
  }
}
