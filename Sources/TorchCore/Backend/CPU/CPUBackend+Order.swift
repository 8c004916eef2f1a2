// Scans, sorting and searching on the CPU. Inputs are row-major.

import CTorchKernelHeaders

extension CPUBackend {
  /// A running reduction along `dim`; `indices` is for `cummax` and `cummin`.
  func scan(_ name: String, _ x: Tensor, _ dim: Int, into out: Tensor, indices: Tensor? = nil) throws {
    let (outer, n, inner) = x.split(around: dim)
    try check(
      tk_scan(name, x.dtype.kernel, outer, n, inner, x.pointer, out.pointer, indices?.positions), name, x)
  }

  func sort(_ x: Tensor, _ dim: Int, descending: Bool, into out: Tensor, _ indices: Tensor) throws {
    let (outer, n, inner) = x.split(around: dim)
    try check(
      tk_sort(x.dtype.kernel, outer, n, inner, descending, x.pointer, out.pointer, indices.positions), "sort", x)
  }

  func topk(
    _ x: Tensor, _ k: Int, _ dim: Int, largest: Bool, sorted: Bool, into out: Tensor, _ indices: Tensor
  ) throws {
    let (outer, n, inner) = x.split(around: dim)
    try check(
      tk_topk(
        x.dtype.kernel, outer, n, inner, Int64(k), largest, sorted, x.pointer, out.pointer, indices.positions),
      "topk_cpu", x)
  }

  func kthvalue(_ x: Tensor, _ k: Int, _ dim: Int, into out: Tensor, _ indices: Tensor) throws {
    let (outer, n, inner) = x.split(around: dim)
    try check(
      tk_kthvalue(x.dtype.kernel, outer, n, inner, Int64(k), x.pointer, out.pointer, indices.positions), "kthvalue_cpu", x)
  }

  func median(_ x: Tensor, _ dim: Int, ignoreNaN: Bool, into out: Tensor, _ indices: Tensor) throws {
    let (outer, n, inner) = x.split(around: dim)
    try check(
      tk_median(x.dtype.kernel, outer, n, inner, ignoreNaN, x.pointer, out.pointer, indices.positions), "median_out_impl", x)
  }

  func mode(_ x: Tensor, _ dim: Int, into out: Tensor, _ indices: Tensor) throws {
    let (outer, n, inner) = x.split(around: dim)
    try check(tk_mode(x.dtype.kernel, outer, n, inner, x.pointer, out.pointer, indices.positions), "mode", x)
  }

  /// The distinct elements of `x`, sorted, or the first of each run of equal neighbours; which of them each element is;
  /// and how many there are of each.
  func unique(_ x: Tensor, sorted: Bool) throws -> (values: Tensor, inverse: Tensor, counts: Tensor) {
    let n = x.numel
    let values = try Tensor.uninitialized([n], x.dtype)
    let (inverse, counts) = (try Tensor.uninitialized([n], .int64), try Tensor.uninitialized([n], .int64))
    let function = sorted ? tk_unique : tk_unique_consecutive
    let found = function(x.dtype.kernel, Int64(n), x.pointer, values.pointer, inverse.positions, counts.positions)
    try check(found >= 0, "unique", x)
    func first(_ tensor: Tensor) throws -> Tensor { try tensor.alias(shape: [Int(found)], strides: [1], offset: 0).packed() }
    return (try first(values), inverse, try first(counts))
  }

  func searchsorted(_ boundaries: Tensor, _ values: Tensor, _ sorter: Tensor?, right: Bool, into out: Tensor) throws {
    let n = boundaries.shape.last ?? 1
    let shared = boundaries.ndim <= 1
    let rows = shared ? 1 : boundaries.numel / max(n, 1)
    let perRow = shared ? values.numel : values.shape.last ?? 1
    if values.numel == 0 { return }
    try check(
      tk_searchsorted(
        boundaries.dtype.kernel, Int64(rows), Int64(n), shared ? 0 : Int64(n), boundaries.pointer, sorter?.positions,
        Int64(perRow), values.pointer, right, out.positions), "searchsorted_out_cpu", boundaries)
  }

  func bincount(_ values: Tensor, weights: Tensor?, bins: Int, into out: Tensor) {
    tk_bincount(
      Int64(values.numel), values.positions, weights?.pointer.assumingMemoryBound(to: Double.self), Int64(bins), out.pointer)
  }

  func histc(_ x: Tensor, bins: Int, _ low: Double, _ high: Double, into out: Tensor) throws {
    try check(tk_histc(x.dtype.kernel, Int64(x.numel), x.pointer, Int64(bins), low, high, out.pointer), "histogram_cpu", x)
  }

  private func check(_ done: Bool, _ name: String, _ x: Tensor) throws {
    guard done else {
      throw TorchError(.notImplemented, "\"\(name)\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
  }
}

extension Tensor {
  /// The elements of an `int64` tensor.
  var positions: UnsafeMutablePointer<Int64> { pointer.assumingMemoryBound(to: Int64.self) }
}
