// Torchvision's operators for object detection, under the names that its scripted models call.
//
// Goals, in order: a detector that was scripted or traced in Python runs here and gives the same boxes; it can be trained on.
// Reference: https://pytorch.org/vision/stable/ops.html. Departure: a region that names an image which is not there is an
// error (torchvision reads out of bounds); the gradient of `ps_roi_pool` is that of its result also at the features' last row
// and column, which torchvision's result leaves out and its gradient counts.

enum Detection {
  /// How features are pooled over the bins of a region.
  struct Pooling: Sendable {
    enum Kind: Sendable { case align, mean }
    var kind = Kind.align
    let scale: Double
    let height: Int
    let width: Int
    /// Samples along each side of a bin; 0 takes as many as the bin has elements.
    var sampling = 0
    var aligned = false
    /// Each bin reads channels of its own.
    var positionSensitive = false

    func outputShape(_ features: [Int], _ regions: Tensor) -> Shape {
      [regions.shape[0], positionSensitive ? features[1] / (height * width) : features[1], height, width]
    }
  }

  // MARK: Boxes

  static let nms = Operator(
    "torchvision::nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor", twins: .none
  ) { (boxes: Tensor, scores: Tensor, threshold: Double) in
    guard boxes.ndim == 2 else { throw TorchError(.shape, "boxes should be a 2d tensor, got \(boxes.ndim)D") }
    guard boxes.shape[1] == 4 else {
      throw TorchError(.shape, "boxes should have 4 elements in dimension 1, got \(boxes.shape[1])")
    }
    guard scores.ndim == 1 else { throw TorchError(.shape, "scores should be a 1d tensor, got \(scores.ndim)D") }
    guard boxes.shape[0] == scores.shape[0] else {
      throw TorchError(
        .shape,
        "boxes and scores should have same number of elements in dimension 0, got \(boxes.shape[0]) and \(scores.shape[0])"
      )
    }
    guard boxes.dtype == scores.dtype else {
      throw TorchError(.dtype, "dets should have the same type as scores")
    }
    guard boxes.dtype.isFloatingPoint else {
      throw TorchError(.notImplemented, "\"nms_kernel\" not implemented for '\(boxes.dtype.scalarTypeName)'")
    }
    if boxes.numel == 0 { return try Tensor.uninitialized([0], .int64) }
    let order = Sorting.argsortStable(scores, true, 0, true)
    let wide = boxes.dtype == .float64 ? boxes : boxes.to(.float32)
    return try boxes.backend.suppressOverlaps(try wide.rowMajor(), order: try order.rowMajor(), threshold: threshold)
  }

  // MARK: Regions

  /// Checks features (N, C, H, W) and regions (K, 5), and gives both row after row.
  private static func checked(
    _ name: String, _ x: Tensor, _ regions: Tensor, _ pooling: Pooling
  ) throws -> (x: Tensor, regions: Tensor) {
    guard x.ndim == 4 else {
      throw TorchError(.shape, "\(name): expected input of 4 dimensions, got \(x.shape.listDescription)")
    }
    try check(name, regions, images: x.shape[0], pooling)
    guard x.dtype == regions.dtype else {
      throw TorchError(
        .dtype, "Expected tensor for argument #1 'input' to have the same type as tensor for argument #2 'rois'; but type torch.\(x.dtype.scalarTypeName)Tensor does not equal torch.\(regions.dtype.scalarTypeName)Tensor (while checking arguments for \(name))")
    }
    guard x.dtype.isFloatingPoint else {
      throw TorchError(.notImplemented, "\"\(name)\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
    if pooling.positionSensitive, x.shape[1] % (pooling.height * pooling.width) != 0 {
      throw TorchError(.shape, "input channels must be a multiple of pooling height * pooling width")
    }
    return (try x.rowMajor(), try regions.rowMajor())
  }

  private static func check(_ name: String, _ regions: Tensor, images: Int, _ pooling: Pooling) throws {
    guard regions.ndim == 2, regions.shape[1] == 5 else {
      throw TorchError(.shape, "rois must have shape as Tensor[K, 5], got \(regions.shape.listDescription)")
    }
    guard pooling.height > 0, pooling.width > 0 else {
      throw TorchError(.value, "\(name): pooled sizes must be positive, got \(pooling.height) and \(pooling.width)")
    }
    let limit = Double(images)
    for image in try torch.noGrad({ try regions.detach().select(1, 0).toArray(Double.self) })
    where !(image >= 0 && image < limit) {
      throw TorchError(.index, "\(name): a region is of image \(image), but there are \(images)")
    }
  }

  private static func pooled(_ name: String, _ pooling: Pooling, _ x: Tensor, _ regions: Tensor) throws -> Tensor {
    let (x, regions) = try checked(name, x, regions, pooling)
    let shape = pooling.outputShape(Array(x.shape), regions)
    guard x.numel > 0, shape.numel > 0 else { return Tensor.zeros(shape, dtype: x.dtype) }
    let out = try Tensor.uninitialized(shape, x.dtype)
    x.backend.poolRegions(pooling, x, regions, into: out)
    return out
  }

  private static func pooledBackward(
    _ name: String, _ pooling: Pooling, _ g: Tensor, _ regions: Tensor, _ features: [Int]
  ) throws -> Tensor {
    guard features.count == 4, features.allSatisfy({ $0 >= 0 }) else {
      throw TorchError(.value, "\(name): sizes must not be negative")
    }
    try check(name, regions, images: features[0], pooling)
    guard g.shape == pooling.outputShape(features, regions), g.dtype == regions.dtype else {
      throw TorchError(.shape, "\(name): a gradient of shape \(g.shape.listDescription) does not fit the regions")
    }
    let byInput = Tensor.zeros(Shape(features), dtype: g.dtype)
    if g.numel > 0, byInput.numel > 0 {
      g.backend.poolRegionsBackward(pooling, try g.rowMajor(), try regions.rowMajor(), into: byInput)
    }
    return byInput
  }

  // MARK: Align

  static let roiAlign: Operator<Tensor, Tensor, Double, Int, Int, Int, Bool, Tensor> = Operator(
    "torchvision::roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, int sampling_ratio, bool aligned) -> Tensor",
    twins: .none,
    kernel: { (x: Tensor, regions: Tensor, scale: Double, height: Int, width: Int, sampling: Int, aligned: Bool) in
      try pooled(
        "roi_align",
        Pooling(scale: scale, height: height, width: width, sampling: sampling, aligned: aligned), x, regions)
    },
    derivative: { record, _, x, regions, scale, height, width, sampling, aligned in
      let (saved, s) = (record.save(regions), Array(x.shape))
      return { g in
        [try roiAlignBackward(g[0], saved.value, scale, height, width, s[0], s[1], s[2], s[3], sampling, aligned), nil]
      }
    })

  static let roiAlignBackward = Operator(
    "torchvision::_roi_align_backward(Tensor grad, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, SymInt batch_size, SymInt channels, SymInt height, SymInt width, int sampling_ratio, bool aligned) -> Tensor",
    twins: .none,
    kernel: {
      (
        g: Tensor, regions: Tensor, scale: Double, height: Int, width: Int, n: Int, c: Int, h: Int, w: Int,
        sampling: Int, aligned: Bool
      ) in
      try pooledBackward(
        "roi_align_backward",
        Pooling(scale: scale, height: height, width: width, sampling: sampling, aligned: aligned), g, regions,
        [n, c, h, w])
    },
    derivative: { record, _, _, regions, scale, height, width, _, _, _, _, sampling, aligned in
      let saved = record.save(regions)
      return { g in [try roiAlign(g[0], saved.value, scale, height, width, sampling, aligned), nil] }
    })

  // MARK: Position-sensitive

  /// The channel that each result was read from.
  private static func channelMapping(_ shape: Shape) -> Tensor {
    let (channels, height, width) = (shape[1], shape[2], shape[3])
    return Tensor.arange(.int(channels * height * width), dtype: .int32).reshape([1, channels, height, width])
      .expand(Array(shape)).contiguous()
  }

  private static func positionSensitive(
    _ kind: Pooling.Kind, _ scale: Double, _ height: Int, _ width: Int, _ sampling: Int = 0
  ) -> Pooling {
    Pooling(
      kind: kind, scale: scale, height: height, width: width, sampling: sampling, aligned: true, positionSensitive: true
    )
  }

  static let psRoiAlign: Operator<Tensor, Tensor, Double, Int, Int, Int, [Tensor]> = Operator(
    "torchvision::ps_roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, int sampling_ratio) -> (Tensor, Tensor)",
    twins: .none,
    kernel: { (x: Tensor, regions: Tensor, scale: Double, height: Int, width: Int, sampling: Int) in
      let out = try pooled(
        "ps_roi_align", positionSensitive(.align, scale, height, width, sampling), x, regions)
      return [out, channelMapping(out.shape)]
    },
    derivative: { record, _, x, regions, scale, height, width, sampling in
      let (saved, s) = (record.save(regions), Array(x.shape))
      return { g in
        [
          try psRoiAlignBackward(
            g[0], saved.value, channelMapping(g[0].shape), scale, height, width, sampling, s[0], s[1], s[2], s[3]), nil,
        ]
      }
    })

  static let psRoiAlignBackward = Operator(
    "torchvision::_ps_roi_align_backward(Tensor grad, Tensor rois, Tensor channel_mapping, float spatial_scale, SymInt pooled_height, SymInt pooled_width, int sampling_ratio, SymInt batch_size, SymInt channels, SymInt height, SymInt width) -> Tensor",
    twins: .none,
    kernel: {
      (
        g: Tensor, regions: Tensor, _: Tensor, scale: Double, height: Int, width: Int, sampling: Int, n: Int, c: Int,
        h: Int, w: Int
      ) in
      try pooledBackward(
        "ps_roi_align_backward", positionSensitive(.align, scale, height, width, sampling), g, regions, [n, c, h, w])
    },
    derivative: { record, _, _, regions, _, scale, height, width, sampling, _, _, _, _ in
      let saved = record.save(regions)
      return { g in [try psRoiAlign(g[0], saved.value, scale, height, width, sampling)[0], nil, nil] }
    })

  static let psRoiPool: Operator<Tensor, Tensor, Double, Int, Int, [Tensor]> = Operator(
    "torchvision::ps_roi_pool(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width) -> (Tensor, Tensor)",
    twins: .none,
    kernel: { (x: Tensor, regions: Tensor, scale: Double, height: Int, width: Int) in
      let out = try pooled("ps_roi_pool", positionSensitive(.mean, scale, height, width), x, regions)
      return [out, channelMapping(out.shape)]
    },
    derivative: { record, _, x, regions, scale, height, width in
      let (saved, s) = (record.save(regions), Array(x.shape))
      return { g in
        [
          try psRoiPoolBackward(
            g[0], saved.value, channelMapping(g[0].shape), scale, height, width, s[0], s[1], s[2], s[3]), nil,
        ]
      }
    })

  static let psRoiPoolBackward = Operator(
    "torchvision::_ps_roi_pool_backward(Tensor grad, Tensor rois, Tensor channel_mapping, float spatial_scale, SymInt pooled_height, SymInt pooled_width, SymInt batch_size, SymInt channels, SymInt height, SymInt width) -> Tensor",
    twins: .none,
    kernel: {
      (
        g: Tensor, regions: Tensor, _: Tensor, scale: Double, height: Int, width: Int, n: Int, c: Int, h: Int, w: Int
      ) in
      try pooledBackward(
        "ps_roi_pool_backward", positionSensitive(.mean, scale, height, width), g, regions, [n, c, h, w])
    },
    derivative: { record, _, _, regions, _, scale, height, width, _, _, _, _ in
      let saved = record.save(regions)
      return { g in [try psRoiPool(g[0], saved.value, scale, height, width)[0], nil, nil] }
    })

  // MARK: Maxima

  static let roiPool = Operator(
    "torchvision::roi_pool(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width) -> (Tensor, Tensor)",
    twins: .none,
    kernel: { (x: Tensor, regions: Tensor, scale: Double, height: Int, width: Int) in
      let pooling = Pooling(scale: scale, height: height, width: width)
      let (x, regions) = try checked("roi_pool", x, regions, pooling)
      let shape = pooling.outputShape(Array(x.shape), regions)
      let out = Tensor.zeros(shape, dtype: x.dtype)
      let places = Tensor.full(shape, -1, dtype: .int32)
      if x.numel > 0, out.numel > 0 { x.backend.maxOverRegions(pooling, x, regions, into: out, places) }
      return [out, places]
    },
    derivative: { record, out, x, regions, scale, height, width in
      let (saved, places, s) = (record.save(regions), record.save(out[1]), Array(x.shape))
      return { g in
        [try roiPoolBackward(g[0], saved.value, places.value, scale, height, width, s[0], s[1], s[2], s[3]), nil]
      }
    })

  static let roiPoolBackward = Operator(
    "torchvision::_roi_pool_backward(Tensor grad, Tensor rois, Tensor argmax, float spatial_scale, SymInt pooled_height, SymInt pooled_width, SymInt batch_size, SymInt channels, SymInt height, SymInt width) -> Tensor",
    twins: .none,
    kernel: {
      (
        g: Tensor, regions: Tensor, places: Tensor, scale: Double, height: Int, width: Int, n: Int, c: Int, h: Int, w: Int
      ) in
      let pooling = Pooling(scale: scale, height: height, width: width)
      try check("roi_pool_backward", regions, images: n, pooling)
      let shape = pooling.outputShape([n, c, h, w], regions)
      guard g.shape == shape, places.shape == shape, places.dtype == .int32, g.dtype == regions.dtype else {
        throw TorchError(.shape, "roi_pool_backward: gradient or argmax do not fit the regions")
      }
      let byInput = Tensor.zeros([n, c, h, w], dtype: g.dtype)
      if g.numel > 0, byInput.numel > 0 {
        guard try places.max().item(Int.self) < h * w else {
          throw TorchError(.index, "roi_pool_backward: argmax lies outside of the features")
        }
        g.backend.maxOverRegionsBackward(
          pooling, try g.rowMajor(), try regions.rowMajor(), try places.rowMajor(), into: byInput)
      }
      return byInput
    },
    derivative: { record, _, _, regions, places, _, _, _, n, c, h, w in
      let (savedRegions, savedPlaces) = (record.save(regions), record.save(places))
      return { g in
        // Each bin's gradient goes to one element: that element's is what comes back. An empty bin has none (−1).
        let (regions, places) = (try savedRegions.value, try savedPlaces.value)
        let images = regions.select(1, 0).to(.int64)
        let flat = places.reshape([places.shape[0], c, -1]).to(.int64)
        let picked = g[0].reshape([n, c, h * w]).indexSelect(0, images).gather(2, flat.clamp(min: 0))
        return [picked.maskedFill(flat < 0, 0).reshape(Array(places.shape)), nil, nil]
      }
    })

  // MARK: Deformable convolution

  /// A convolution whose taps are moved by `offset`: the input is sampled at the moved places, then multiplied.
  static let deformConv2d = Operator(
    composite:
      "torchvision::deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, SymInt stride_h, SymInt stride_w, SymInt pad_h, SymInt pad_w, SymInt dilation_h, SymInt dilation_w, SymInt groups, SymInt offset_groups, bool use_mask) -> Tensor"
  ) {
    (
      x: Tensor, weight: Tensor, offset: Tensor, mask: Tensor, bias: Tensor, strideH: Int, strideW: Int, padH: Int,
      padW: Int, dilationH: Int, dilationW: Int, groups: Int, offsetGroups: Int, useMask: Bool
    ) -> Tensor in
    guard x.ndim == 4, weight.ndim == 4, offset.ndim == 4 else {
      throw TorchError(.shape, "deform_conv2d: input, weight and offset must have 4 dimensions")
    }
    let (n, channels, h, w) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (outChannels, kh, kw) = (weight.shape[0], weight.shape[2], weight.shape[3])
    guard min(strideH, strideW, dilationH, dilationW, groups, offsetGroups) > 0, min(padH, padW) >= 0 else {
      throw TorchError(.value, "deform_conv2d: strides, dilations and groups must be positive, padding not negative")
    }
    guard channels % groups == 0, outChannels % groups == 0, channels / groups == weight.shape[1] else {
      throw TorchError(.shape, "input.size(1) must be divisible by groups, and fit weight.size(1)")
    }
    guard channels % offsetGroups == 0 else {
      throw TorchError(.shape, "input.size(1) must be divisible by n_offset_grps")
    }
    let outH = (h + 2 * padH - (dilationH * (kh - 1) + 1)) / strideH + 1
    let outW = (w + 2 * padW - (dilationW * (kw - 1) + 1)) / strideW + 1
    guard outH > 0, outW > 0 else {
      throw TorchError(.shape, "Calculated output size too small - out_h: \(outH) out_w: \(outW)")
    }
    let taps = kh * kw
    guard Array(offset.shape) == [n, 2 * offsetGroups * taps, outH, outW] else {
      throw TorchError(
        .shape,
        "offset.shape is not valid: got \(offset.shape.listDescription), expected [\(n), \(2 * offsetGroups * taps), \(outH), \(outW)]"
      )
    }
    if useMask, Array(mask.shape) != [n, offsetGroups * taps, outH, outW] {
      throw TorchError(
        .shape,
        "mask.shape is not valid: got \(mask.shape.listDescription), expected [\(n), \(offsetGroups * taps), \(outH), \(outW)]"
      )
    }
    if x.numel == 0 { return Tensor.zeros([n, outChannels, outH, outW], dtype: x.dtype) + bias.reshape([-1, 1, 1]) }
    // Places (N * groups of offsets, taps, outH, outW) in elements; the offsets come as pairs of row and column.
    func places(_ start: Int, _ count: Int, _ step: Int, _ shape: [Int]) -> Tensor {
      (Tensor.arange(.int(count), dtype: x.dtype) * Scalar.int(step) + Scalar.int(start)).reshape(shape)
    }
    let moved = offset.reshape([n * offsetGroups, taps, 2, outH, outW])
    let tapRows: Tensor = places(0, kh, dilationH, [kh, 1]).expand([kh, kw]).reshape([taps, 1, 1])
    let tapColumns: Tensor = places(0, kw, dilationW, [1, kw]).expand([kh, kw]).reshape([taps, 1, 1])
    let rows: Tensor = moved.select(2, 0) + tapRows + places(-padH, outH, strideH, [outH, 1])
    let columns: Tensor = moved.select(2, 1) + tapColumns + places(-padW, outW, strideW, [1, outW])
    // The grid sampler wants them in -1...1 between the outer edges of the elements.
    func normalized(_ places: Tensor, _ size: Int) -> Tensor {
      let step = 2 / Double(size)
      return places * step + (step / 2 - 1)
    }
    let grid = torch.stack([normalized(columns, w), normalized(rows, h)], dim: -1)
      .reshape([n * offsetGroups, taps * outH, outW, 2])
    var sampled = torch.gridSampler(
      x.reshape([n * offsetGroups, channels / offsetGroups, h, w]), grid, interpolationMode: 0, paddingMode: 0,
      alignCorners: false)
    if useMask { sampled = sampled * mask.reshape([n * offsetGroups, 1, taps * outH, outW]) }
    let patches = sampled.reshape([n, groups, channels / groups * taps, outH * outW])
    let out = weight.reshape([groups, outChannels / groups, channels / groups * taps]).matmul(patches)
    return out.reshape([n, outChannels, outH, outW]) + bias.reshape([-1, 1, 1])
  }

  static let operators: [AnyOperator] = [
    nms, roiAlign, roiAlignBackward, psRoiAlign, psRoiAlignBackward, psRoiPool, psRoiPoolBackward, roiPool,
    roiPoolBackward, deformConv2d,
  ]
}
