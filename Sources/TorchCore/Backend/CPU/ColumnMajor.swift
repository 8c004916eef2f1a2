// Batches of matrices in LAPACK's order.

/// A batch of column-major matrices in memory of its own, one behind the other.
struct ColumnMajor {
  /// The matrices' transposes, row-major: (…, columns, rows).
  let memory: Tensor
  let rows: Int
  let columns: Int

  /// Fresh matrices, elements not set.
  init(_ batch: Shape, rows: Int, columns: Int, _ dtype: DType) throws {
    var shape = batch
    shape.append(columns)
    shape.append(rows)
    self.init(memory: try Tensor.uninitialized(shape, dtype))
  }

  /// A copy of the matrices in the last two dimensions of `x`, which routines may write over.
  init(copying x: Tensor) throws { self.init(memory: try x.swappedMatrices.packed()) }

  /// The matrices of `x` for reading: itself where it lies in this order already.
  init(reading x: Tensor) throws { self.init(memory: try x.swappedMatrices.rowMajor()) }

  private init(memory: Tensor) {
    self.memory = memory
    rows = memory.shape[-1]
    columns = memory.shape[-2]
  }

  /// The matrices as a tensor of sizes (…, rows, columns), without a copy.
  var tensor: Tensor { memory.swappedMatrices }

  /// How many matrices there are.
  var count: Int { memory.shape.dropLast(2).reduce(1, *) }

  var isEmpty: Bool { memory.numel == 0 }

  /// The leading dimension, at least one as LAPACK wants it.
  var leading: Int32 { Int32(max(rows, 1)) }

  /// The first element of matrix `index`.
  func matrix(_ index: Int) -> UnsafeMutableRawPointer {
    memory.pointer + index * rows * columns * memory.dtype.itemSize
  }
}

extension Tensor {
  /// This tensor with its last two dimensions exchanged, outside the graph.
  var swappedMatrices: Tensor {
    var (sizes, steps) = (shape, strides)
    let (row, column) = (ndim - 2, ndim - 1)
    (sizes[row], sizes[column]) = (shape[column], shape[row])
    (steps[row], steps[column]) = (strides[column], strides[row])
    return alias(shape: sizes, strides: steps, offset: storageOffset)
  }

  /// The sizes before the last two dimensions.
  var batchShape: Shape { Shape(shape.dropLast(2)) }

  /// The matrices of this tensor for each of a `batch` that its own broadcasts to, outside the graph.
  func spreadMatrices(over batch: Shape) throws -> Tensor {
    var target = batch
    target.append(shape[-2])
    target.append(shape[-1])
    return try spread(to: target)
  }

  /// The first element of row `index` of an integer tensor of contiguous rows.
  func int32Row(_ index: Int) -> UnsafeMutablePointer<Int32> {
    pointer.assumingMemoryBound(to: Int32.self) + index * (shape.last ?? 1)
  }
}
