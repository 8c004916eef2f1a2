// Reading and writing by index tensors on the CPU. Index tensors are int64; shapes are checked by the operators.

import CTorchKernelHeaders

/// How a written element meets the one that is there.
enum Combination: UInt32 {
  case set, add, multiply, mean, maximum, minimum

  /// The names that `scatter` and `index_reduce` know them by.
  init(reduction name: String, _ op: String) throws {
    switch name {
    case "sum", "add": self = .add
    case "prod", "multiply": self = .multiply
    case "mean": self = .mean
    case "amax": self = .maximum
    case "amin": self = .minimum
    default:
      throw TorchError(.value, "\(op)(): Expected reduce to be one of sum, prod, mean, amax, amin but got \(name).")
    }
  }

  fileprivate var kernel: tk_combine { tk_combine(rawValue) }
}

/// An index outside the dimension that it counts.
struct BadIndex: Error {
  let value: Int
  let size: Int
  /// Which of several index tensors it is in.
  let operand: Int

  fileprivate init(_ bad: tk_bad_index) {
    value = Int(bad.value)
    size = Int(bad.size)
    operand = Int(bad.operand)
  }

  func error(dim: Int) -> TorchError {
    TorchError(.index, "index \(value) is out of bounds for dimension \(dim) with size \(size)")
  }
}

extension CPUBackend {
  /// `out[i][j][k] = x[i][index[i][j][k]][k]` for `dim` 1.
  func gather(_ x: Tensor, _ dim: Int, _ index: Tensor, into out: Tensor) throws {
    var bad = tk_bad_index()
    let done = tk_gather(
      x.dtype.itemSize, Int32(index.ndim), index.shape.wide, Int32(dim), Int64(x.shape[dim]), x.pointer, x.byteStrides,
      index.positions, index.byteStrides, out.pointer, out.byteStrides, &bad)
    if !done { throw BadIndex(bad) }
  }

  /// `target[i][index[i][j][k]][k] = combine(that, source[i][j][k])` for `dim` 1. `source` has `index`'s sizes or more.
  func scatter(
    _ combination: Combination, includeSelf: Bool = true, into target: Tensor, _ dim: Int, _ index: Tensor,
    _ source: Tensor, broadcast: Bool = false
  ) throws {
    var bad = tk_bad_index()
    let sourceStrides = broadcast ? index.shape.map { _ in 0 } : source.byteStrides
    let done = tk_scatter(
      combination.kernel, includeSelf, target.dtype.kernel, Int32(index.ndim), index.shape.wide, Int32(dim),
      Int64(target.shape[dim]), target.pointer, target.byteStrides, index.positions, index.byteStrides, source.pointer,
      sourceStrides, &bad)
    try CPUBackend.check(done, bad, "scatter", target)
  }

  /// `out` is `x` at `index`, which has one dimension, along `dim`.
  func indexSelect(_ x: Tensor, _ dim: Int, _ index: Tensor, into out: Tensor) throws {
    var bad = tk_bad_index()
    let done = tk_index_select(
      x.dtype.itemSize, Int32(out.ndim), out.shape.wide, Int32(dim), Int64(x.shape[dim]), x.pointer, x.byteStrides,
      index.positions, index.byteStrides[0], out.pointer, out.byteStrides, false, &bad)
    if !done { throw BadIndex(bad) }
  }

  /// `target` at `index[j]` along `dim` is combined with `source` at `j`, times `alpha` for sums. A `source` that
  /// stands for one number is broadcast over `sizes`.
  func indexCombine(
    _ combination: Combination, includeSelf: Bool = true, into target: Tensor, _ dim: Int, _ index: Tensor,
    _ source: Tensor, sizes: Shape, alpha: Scalar = 1, wrap: Bool = false
  ) throws {
    var bad = tk_bad_index()
    var alpha = alpha.kernel
    let sourceStrides = source.ndim == sizes.count ? source.byteStrides : sizes.map { _ in 0 }
    let done = tk_index_combine(
      combination.kernel, includeSelf, target.dtype.kernel, Int32(sizes.count), sizes.wide, Int32(dim),
      Int64(target.shape[dim]), target.pointer, target.byteStrides, index.positions, index.byteStrides[0],
      source.pointer, sourceStrides, &alpha, wrap, &bad)
    try CPUBackend.check(done, bad, "index_add", target)
  }

  /// Advanced indexing: `out = x[plan]`.
  func indexGet(_ x: Tensor, _ plan: AdvancedIndex, into out: Tensor) throws {
    var bad = tk_bad_index()
    let done = plan.withPointers { indices, strides in
      tk_index_get(
        x.dtype.itemSize, Int32(plan.shape.count), plan.shape.wide, x.pointer, plan.sourceStrides,
        Int32(plan.indices.count), indices, strides, plan.indexedSizes, plan.indexedStrides, out.pointer,
        out.byteStrides, true, &bad)
    }
    if !done { throw BadIndex(bad) }
  }

  /// Advanced indexing: `target[plan] = values`, or `+=`. `values` broadcasts to the plan's shape.
  func indexPut(into target: Tensor, _ plan: AdvancedIndex, _ values: Tensor, accumulate: Bool) throws {
    var bad = tk_bad_index()
    let valueStrides = values.byteStrides(values.shape.broadcastStrides(values.strides, to: plan.shape))
    let done = plan.withPointers { indices, strides in
      tk_index_put(
        accumulate, target.dtype.kernel, Int32(plan.shape.count), plan.shape.wide, target.pointer, plan.sourceStrides,
        Int32(plan.indices.count), indices, strides, plan.indexedSizes, plan.indexedStrides, values.pointer,
        valueStrides, true, &bad)
    }
    if !done { throw BadIndex(bad) }
  }

  /// `out` is `x`, seen flat, at `index`; both are contiguous.
  func take(_ x: Tensor, _ index: Tensor, into out: Tensor) throws {
    var bad = tk_bad_index()
    let done = tk_take(
      x.dtype.itemSize, Int32(x.ndim), x.shape.wide, x.byteStrides, x.pointer, Int64(index.numel), index.positions,
      out.pointer, &bad)
    if !done { throw BadIndex(bad) }
  }

  /// `target`, seen flat, at `index` becomes `source`, or grows by it.
  func put(into target: Tensor, _ index: Tensor, _ source: Tensor, accumulate: Bool) throws {
    var bad = tk_bad_index()
    let done = tk_put(
      accumulate, target.dtype.kernel, Int32(target.ndim), target.shape.wide, target.byteStrides, target.pointer,
      Int64(index.numel), index.positions, source.pointer, &bad)
    if !done { throw BadIndex(bad) }
  }

  /// The elements of `x` where `mask` is true; both are contiguous and of one shape.
  func maskedSelect(_ x: Tensor, _ mask: Tensor) throws -> Tensor {
    let (n, chosen) = (Int64(x.numel), mask.pointer.assumingMemoryBound(to: Bool.self))
    let out = try Tensor.uninitialized([Int(tk_count_true(n, chosen))], x.dtype)
    tk_masked_select(x.dtype.itemSize, n, x.pointer, chosen, out.pointer)
    return out
  }

  /// The elements of `target` where `mask` is true become those of `source`, in order; false where those are too few.
  func maskedScatter(into target: Tensor, _ mask: Tensor, _ source: Tensor) -> Bool {
    tk_masked_scatter(
      target.dtype.itemSize, Int64(target.numel), target.pointer, mask.pointer.assumingMemoryBound(to: Bool.self),
      Int64(source.numel), source.pointer)
  }

  /// The coordinates of the elements that are not zero, one row each.
  func nonzero(_ x: Tensor) throws -> Tensor {
    let (rank, sizes, strides) = (Int32(x.ndim), x.shape.wide, x.byteStrides)
    let count = tk_count_nonzero(x.dtype.kernel, rank, sizes, strides, x.pointer)
    let out = try Tensor.uninitialized([Int(count), x.ndim], .int64)
    tk_nonzero(x.dtype.kernel, rank, sizes, strides, x.pointer, out.pointer.assumingMemoryBound(to: Int64.self))
    return out
  }

  /// `out = condition ? a : b`, all broadcast to `out`'s shape; `out` may be one of them.
  func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor, into out: Tensor) {
    var plan = MapPlan(out)
    plan.add(condition)
    plan.add(a)
    plan.add(b)
    plan.run(tk_find_where(out.dtype.itemSize), .none)
  }

  private static func check(_ done: Bool, _ bad: tk_bad_index, _ name: String, _ target: Tensor) throws {
    if done { return }
    guard bad.operand < 0 else { throw BadIndex(bad) }
    throw TorchError(.notImplemented, "\"\(name)\" not implemented for '\(target.dtype.scalarTypeName)'")
  }
}

extension AdvancedIndex {
  /// Runs `body` with the pointers of the index tensors and of their strides over the iteration.
  fileprivate func withPointers<R>(
    _ body: (UnsafePointer<UnsafePointer<Int64>?>, UnsafePointer<UnsafePointer<Int64>?>) -> R
  ) -> R {
    let pointers = indices.map { Optional(UnsafePointer($0.positions)) }
    let rank = shape.count
    return indexStrides.withUnsafeBufferPointer { strides in
      let rows = pointers.indices.map { row -> UnsafePointer<Int64>? in strides.baseAddress.map { $0 + row * rank } }
      return body(pointers, rows)
    }
  }
}

extension Shape {
  /// The sizes as kernels take them.
  fileprivate var wide: [Int64] { map { Int64($0) } }
}

extension Tensor {
  fileprivate var byteStrides: [Int64] { byteStrides(strides) }
}
