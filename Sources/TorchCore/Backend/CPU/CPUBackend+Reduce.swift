// Reductions, scans and softmax on the CPU.

import CTorchKernelHeaders

extension CPUBackend {
  /// Reduces `dims` of `x` into `out`, whose shape has those dimensions gone or of size 1. `second` takes what some
  /// reductions give besides: indices, or means.
  func reduce(
    _ function: ReduceFunction, _ x: Tensor, _ dims: [Int], into out: Tensor, second: Tensor? = nil,
    parameters: MapParameters = .none
  ) throws {
    let kernel = try function.kernel(x.dtype, out.dtype)
    let kept = x.shape.indices.filter { !dims.contains($0) }
    let size = x.dtype.itemSize
    // Both outputs are fresh and contiguous over the kept dimensions.
    let keptStrides = Shape(kept.map { x.shape[$0] }).contiguousStrides
    let parameters = [parameters[0].kernel, parameters[1].kernel]
    tk_run_reduction(
      kernel, Int32(kept.count), kept.map { Int64(x.shape[$0]) }, kept.map { Int64(x.strides[$0] * size) },
      keptStrides.map { Int64($0 * out.dtype.itemSize) },
      second.map { second in keptStrides.map { Int64($0 * second.dtype.itemSize) } },
      Int32(dims.count), dims.map { Int64(x.shape[$0]) }, dims.map { Int64(x.strides[$0] * size) },
      x.pointer, out.pointer, second?.pointer, parameters)
  }

  /// `softmax` or its logarithm along `dim` of a contiguous tensor.
  func softmax(logarithm: Bool, _ x: Tensor, _ dim: Int, into out: Tensor) throws {
    let (outer, n, inner) = x.split(around: dim)
    guard tk_softmax(logarithm, x.dtype.kernel, outer, n, inner, x.pointer, out.pointer) else {
      throw TorchError(
        .notImplemented, "\"\(logarithm ? "log_softmax" : "softmax")_kernel_impl\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
  }

  func softmaxBackward(logarithm: Bool, _ g: Tensor, _ y: Tensor, _ dim: Int, into out: Tensor) throws {
    let (outer, n, inner) = y.split(around: dim)
    guard tk_softmax_backward(logarithm, y.dtype.kernel, outer, n, inner, g.pointer, y.pointer, out.pointer) else {
      throw TorchError(.notImplemented, "softmax backward not implemented for '\(y.dtype.scalarTypeName)'")
    }
  }
}

extension Tensor {
  /// Elements before, along and after dimension `dim`, as kernels over one dimension take them.
  func split(around dim: Int) -> (outer: Int64, n: Int64, inner: Int64) {
    if ndim == 0 { return (1, 1, 1) }
    return (
      Int64(shape[..<dim].reduce(1, *)), Int64(shape[dim]), Int64(shape[(dim + 1)...].reduce(1, *))
    )
  }
}
