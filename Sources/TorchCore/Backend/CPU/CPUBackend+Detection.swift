// Object detection on the CPU: suppression of overlapping boxes, pooling over regions.

import CTorchKernelHeaders

extension CPUBackend {
  /// The boxes kept, as int64, of `boxes` (n, 4) that `order` (n) lists by falling score; all contiguous.
  func suppressOverlaps(_ boxes: Tensor, order: Tensor, threshold: Double) throws -> Tensor {
    let count = boxes.shape[0]
    let kept = try Tensor.uninitialized([count], .int64)
    let found = tk_nms(
      boxes.dtype.kernel, Int64(count), boxes.pointer, order.pointer.assumingMemoryBound(to: Int64.self), threshold,
      kept.pointer.assumingMemoryBound(to: Int64.self))
    return try kept.narrow(0, 0, Int(found)).packed()
  }

  /// Weighted sums over the bins of `regions` (count, 5); all contiguous.
  func poolRegions(_ pooling: Detection.Pooling, _ x: Tensor, _ regions: Tensor, into out: Tensor) {
    var problem = kernel(pooling, x.dtype, Array(x.shape), regions)
    _ = tk_region_pool(&problem, x.pointer, regions.pointer, out.pointer)
  }

  /// Adds the gradients of the elements that `poolRegions` summed to `byInput`.
  func poolRegionsBackward(_ pooling: Detection.Pooling, _ g: Tensor, _ regions: Tensor, into byInput: Tensor) {
    var problem = kernel(pooling, g.dtype, Array(byInput.shape), regions)
    _ = tk_region_pool_backward(&problem, g.pointer, regions.pointer, byInput.pointer)
  }

  /// Maxima over the bins of `regions`, and where they are, as int32.
  func maxOverRegions(
    _ pooling: Detection.Pooling, _ x: Tensor, _ regions: Tensor, into out: Tensor, _ places: Tensor
  ) {
    var problem = kernel(pooling, x.dtype, Array(x.shape), regions)
    _ = tk_region_max(
      &problem, x.pointer, regions.pointer, out.pointer, places.pointer.assumingMemoryBound(to: Int32.self))
  }

  func maxOverRegionsBackward(
    _ pooling: Detection.Pooling, _ g: Tensor, _ regions: Tensor, _ places: Tensor, into byInput: Tensor
  ) {
    var problem = kernel(pooling, g.dtype, Array(byInput.shape), regions)
    _ = tk_region_max_backward(
      &problem, g.pointer, regions.pointer, places.pointer.assumingMemoryBound(to: Int32.self), byInput.pointer)
  }

  private func kernel(
    _ pooling: Detection.Pooling, _ dtype: DType, _ features: [Int], _ regions: Tensor
  ) -> tk_region_problem {
    tk_region_problem(
      dtype: dtype.kernel, kind: pooling.kind == .align ? TK_REGION_ALIGN : TK_REGION_MEAN, n: Int64(features[0]),
      c: Int64(features[1]), h: Int64(features[2]), w: Int64(features[3]), count: Int64(regions.shape[0]),
      pooled_h: Int64(pooling.height), pooled_w: Int64(pooling.width), scale: pooling.scale,
      sampling: Int64(max(0, pooling.sampling)), aligned: pooling.aligned,
      position_sensitive: pooling.positionSensitive)
  }
}
