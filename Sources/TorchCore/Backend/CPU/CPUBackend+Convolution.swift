// Convolution on the CPU: oneDNN for float32 and bfloat16; for other dtypes windows of the input times the weight.

import COneDNNHeaders
import CTorchKernelHeaders

extension CPUBackend {
  /// y of (N, M, …) = x of (N, C, …) ∗ weight of (M, C / groups, kernel…) + bias.
  func convolve(_ geometry: ConvolutionGeometry, _ x: Tensor, _ weight: Tensor, bias: Tensor?) throws -> Tensor {
    guard let plan = try ConvolutionPlan(geometry, TDNN_FORWARD_TRAINING, x.dtype, hasBias: bias != nil) else {
      let y = try WindowConvolution.forward(geometry, x, weight)
      return bias.map { y + $0.reshape([-1] + geometry.output.map { _ in 1 }) } ?? y
    }
    let source = try plan.operand(TDNN_SRC, x)
    let bias = try bias.map { $0.isContiguous ? $0 : try $0.packed() }
    let y = try plan.result(TDNN_DST, geometry.outputShape, x.dtype)
    if plan.isTrainingForward, let tiles = WinogradTiles(geometry, x.dtype, plan) {
      try withExtendedLifetime(source.owner) { try tiles.convolve(source.pointer, weight, bias: bias, into: y.storage.base) }
      return y
    }
    let kernel = try plan.weight(weight)
    var arguments = tdnn_arguments()
    arguments.src = UnsafeRawPointer(source.pointer)
    arguments.weights = UnsafeRawPointer(kernel.pointer)
    arguments.bias = bias.map { UnsafeRawPointer($0.pointer) }
    arguments.dst = y.storage.base
    try plan.execute(&arguments, keeping: source, kernel, bias)
    return y
  }

  /// The gradient of x, given that of y: the transposed convolution of `g` with `weight`.
  func convolveByData(_ geometry: ConvolutionGeometry, _ g: Tensor, _ weight: Tensor) throws -> Tensor {
    guard let plan = try ConvolutionPlan(geometry, TDNN_BACKWARD_DATA, g.dtype, hasBias: false) else {
      return try WindowConvolution.byData(geometry, g, weight)
    }
    let gradient = try plan.operand(TDNN_DIFF_DST, g), kernel = try plan.operand(TDNN_WEIGHTS, weight)
    let byData = try plan.result(TDNN_DIFF_SRC, geometry.inputShape, g.dtype)
    var arguments = tdnn_arguments()
    arguments.diff_dst = UnsafeRawPointer(gradient.pointer)
    arguments.weights = UnsafeRawPointer(kernel.pointer)
    arguments.diff_src = byData.storage.base
    try plan.execute(&arguments, keeping: gradient, kernel, nil)
    return byData
  }

  /// The gradients of the weight and, where wanted and at hand, of the bias.
  func convolveByWeight(
    _ geometry: ConvolutionGeometry, _ x: Tensor, _ g: Tensor, wantsBias: Bool
  ) throws -> (weight: Tensor, bias: Tensor?) {
    guard let plan = try ConvolutionPlan(geometry, TDNN_BACKWARD_WEIGHTS, g.dtype, hasBias: wantsBias) else {
      return (try WindowConvolution.byWeight(geometry, x, g), nil)
    }
    let source = try plan.operand(TDNN_SRC, x), gradient = try plan.operand(TDNN_DIFF_DST, g)
    let byWeight = try plan.scratch(TDNN_DIFF_WEIGHTS)
    let byBias = wantsBias ? try Tensor.uninitialized([geometry.outChannels], g.dtype) : nil
    var arguments = tdnn_arguments()
    arguments.src = UnsafeRawPointer(source.pointer)
    arguments.diff_dst = UnsafeRawPointer(gradient.pointer)
    arguments.diff_weights = byWeight.base
    arguments.diff_bias = byBias?.pointer
    try plan.execute(&arguments, keeping: source, gradient, nil)
    return (try plan.plain(TDNN_DIFF_WEIGHTS, byWeight, geometry.weightShape, g.dtype), byBias)
  }
}

/// One pass of a convolution as oneDNN has planned it, with the operands brought into its layouts.
private final class ConvolutionPlan {
  private let plan: OpaquePointer
  /// Whether this is the forward pass of a recorded call.
  let isTrainingForward: Bool

  /// nil where oneDNN has no kernel for it.
  init?(_ geometry: ConvolutionGeometry, _ pass: tdnn_pass, _ dtype: DType, hasBias: Bool) throws {
    guard dtype == .float32 || dtype == .bfloat16, geometry.inputShape.numel > 0, geometry.outputShape.numel > 0 else {
      return nil
    }
    var problem = tdnn_conv_problem()
    problem.pass = pass
    problem.dtype = tdnn_dtype(UInt32(dtype.rawValue))
    // Note [Winograd in training]: the rounding errors of oneDNN's Winograd, on 4x4 tiles, are some five times the direct
    // kernel's. Backward they only add to gradients, but forward they flip ReLUs and maxima, and a training run leaves
    // PyTorch's within a hundred steps (mean distance of the guide's first 100 losses 0.007 with it, 0.0007 without).
    // Winograd on 2x2 tiles (WinogradTiles) has the direct kernel's errors and takes 0.6 of its time.
    isTrainingForward = pass == TDNN_FORWARD_TRAINING && Modes.current.contains(.recorded)
    problem.algorithm = isTrainingForward ? TDNN_ALGORITHM_DIRECT : TDNN_ALGORITHM_AUTO
    problem.has_bias = hasBias
    problem.spatial_rank = Int32(geometry.spatialRank)
    problem.batch = Int64(geometry.batch)
    problem.in_channels = Int64(geometry.inChannels)
    problem.out_channels = Int64(geometry.outChannels)
    problem.groups = Int64(geometry.groups)
    let after = geometry.paddingAfter
    // A transposed convolution may leave elements of its result that no window reaches: negative padding here.
    copySizes(geometry.input, to: &problem.input)
    copySizes(geometry.kernel, to: &problem.kernel)
    copySizes(geometry.stride, to: &problem.stride)
    copySizes(geometry.dilation, to: &problem.dilation)
    copySizes(geometry.padding, to: &problem.padding_low)
    copySizes(after, to: &problem.padding_high)
    var found: OpaquePointer?
    let status = tdnn_conv_plan(&problem, &found)
    if status == TDNN_UNSUPPORTED || status == TDNN_INVALID { return nil }
    try oneDNN(status)
    plan = found!
  }

  deinit { tdnn_plan_release(plan) }

  /// Bytes in the layout the plan wants, and whatever keeps them alive.
  struct Operand {
    let pointer: UnsafeMutableRawPointer
    let owner: AnyObject
  }

  func operand(_ kind: tdnn_operand, _ tensor: Tensor) throws -> Operand {
    let wanted = tdnn_plan_layout(plan, kind)!
    if let layout = tensor.blockedLayout {
      if layout.handle == wanted { return Operand(pointer: tensor.storage.formBase, owner: tensor) }
      if tensor.ndim == info(wanted).rank {
        let storage = try Storage(byteCount: Int(info(wanted).bytes))
        try oneDNN(tdnn_reorder(layout.handle, tensor.storage.formBase, wanted, storage.base))
        return Operand(pointer: storage.base, owner: storage)
      }
    }
    let source = tensor.isContiguous ? tensor : try tensor.packed()
    let plain = tdnn_plan_plain_layout(plan, kind)!
    if plain == wanted { return Operand(pointer: source.pointer, owner: source) }
    let storage = try Storage(byteCount: Int(info(wanted).bytes))
    try oneDNN(tdnn_reorder(plain, source.pointer, wanted, storage.base))
    return Operand(pointer: storage.base, owner: storage)
  }

  /// The weight of a forward pass, which is packed once outside of training (Note [Packed weights]).
  func weight(_ tensor: Tensor) throws -> Operand {
    let isWhole = tensor.isContiguous && tensor.storageOffset == 0 && tensor.storage.byteCount == tensor.numel * tensor.dtype.itemSize
    guard isWhole, !isTrainingForward, tensor.storage.form == nil else {
      tensor.storage.dropPacked()
      return try operand(TDNN_WEIGHTS, tensor)
    }
    let wanted = tdnn_plan_layout(plan, TDNN_WEIGHTS)!, plain = tdnn_plan_plain_layout(plan, TDNN_WEIGHTS)!
    if plain == wanted { return Operand(pointer: tensor.pointer, owner: tensor) }
    let packed = try tensor.storage.packed(for: wanted) {
      let storage = try Storage(byteCount: Int(info(wanted).bytes))
      try oneDNN(tdnn_reorder(plain, tensor.pointer, wanted, storage.base))
      return storage
    }
    return Operand(pointer: packed.base, owner: packed)
  }

  /// A new tensor for a result that stays in the plan's layout.
  func result(_ kind: tdnn_operand, _ shape: Shape, _ dtype: DType) throws -> Tensor {
    let layout = tdnn_plan_layout(plan, kind)!
    if layout == tdnn_plan_plain_layout(plan, kind) { return try Tensor.uninitialized(shape, dtype) }
    return Tensor(storage: try Storage(BlockedLayout(layout, shape: shape, dtype: dtype)), shape: shape, dtype: dtype)
  }

  func scratch(_ kind: tdnn_operand) throws -> Storage { try Storage(byteCount: Int(info(tdnn_plan_layout(plan, kind)!).bytes)) }

  /// The elements of `storage`, in the plan's layout, as a plain tensor.
  func plain(_ kind: tdnn_operand, _ storage: Storage, _ shape: Shape, _ dtype: DType) throws -> Tensor {
    let (layout, plain) = (tdnn_plan_layout(plan, kind)!, tdnn_plan_plain_layout(plan, kind)!)
    if layout == plain { return Tensor(storage: storage, shape: shape, dtype: dtype) }
    let tensor = try Tensor.uninitialized(shape, dtype)
    try oneDNN(tdnn_reorder(layout, storage.base, plain, tensor.pointer))
    return tensor
  }

  func execute(_ arguments: inout tdnn_arguments, keeping a: Operand, _ b: Operand, _ c: Tensor?) throws {
    try withExtendedLifetime((a.owner, b.owner, c)) { try oneDNN(tdnn_execute(plan, &arguments)) }
  }

  /// How many channels lie together in an operand's layout; 0 where it is not such a layout.
  func channelBlock(_ kind: tdnn_operand) -> Int { Int(info(tdnn_plan_layout(plan, kind)!).channel_block) }

  private func info(_ layout: OpaquePointer) -> tdnn_layout_info {
    var info = tdnn_layout_info()
    tdnn_layout_get_info(layout, &info)
    return info
  }
}

/// A 3x3 convolution on blocks of 16 channels, by Winograd on 2x2 tiles of the output.
private struct WinogradTiles {
  private var problem = tk_winograd()

  /// nil where it cannot be used or does not pay: small problems, and more input channels than it sums accurately
  /// (128, where its error is one and a half times the direct kernel's).
  init?(_ geometry: ConvolutionGeometry, _ dtype: DType, _ plan: ConvolutionPlan) {
    let (perOutput, images) = (9 * geometry.inChannels, geometry.batch * geometry.outChannels)
    guard tk_winograd_available(), dtype == .float32, geometry.spatialRank == 2, geometry.groups == 1, geometry.kernel == [3, 3],
      geometry.stride == [1, 1], geometry.dilation == [1, 1], geometry.inChannels <= 128,
      geometry.inChannels % 16 == 0, geometry.outChannels % 16 == 0, plan.channelBlock(TDNN_SRC) == 16,
      plan.channelBlock(TDNN_DST) == 16, perOutput * images * geometry.output.reduce(1, *) >= 16_000_000
    else { return nil }
    problem.batch = Int64(geometry.batch)
    problem.in_channels = Int64(geometry.inChannels)
    problem.out_channels = Int64(geometry.outChannels)
    (problem.in_height, problem.in_width) = (Int64(geometry.input[0]), Int64(geometry.input[1]))
    (problem.out_height, problem.out_width) = (Int64(geometry.output[0]), Int64(geometry.output[1]))
    (problem.pad_top, problem.pad_left) = (Int64(geometry.padding[0]), Int64(geometry.padding[1]))
  }

  /// x and y are in blocks of 16 channels; the weight is in any strides.
  func convolve(
    _ x: UnsafeRawPointer, _ weight: Tensor, bias: Tensor?, into y: UnsafeMutableRawPointer
  ) throws {
    var problem = problem
    let s = weight.strides
    problem.weight_stride = (Int64(s[0]), Int64(s[1]), Int64(s[2]), Int64(s[3]))
    func floats(_ pointer: UnsafeRawPointer) -> UnsafePointer<Float> { pointer.assumingMemoryBound(to: Float.self) }
    let isDone = withExtendedLifetime((weight, bias)) {
      tk_winograd_convolve(
        &problem, floats(x), floats(weight.pointer), bias.map { floats($0.pointer) }, y.assumingMemoryBound(to: Float.self))
    }
    if !isDone { throw TorchError(.memory, "convolution: not enough memory for the work of Winograd's method") }
  }
}

/// Puts up to three sizes into an array of C.
func copySizes(_ values: [Int], to target: inout (Int64, Int64, Int64)) {
  withUnsafeMutableBytes(of: &target) {
    let slots = $0.bindMemory(to: Int64.self)
    for (i, value) in values.enumerated() { slots[i] = Int64(value) }
  }
}

/// Convolution as a matrix product over windows of the input, for any dtype that has one.
private enum WindowConvolution {
  static func forward(_ geometry: ConvolutionGeometry, _ x: Tensor, _ weight: Tensor) throws -> Tensor {
    let windows = try columns(geometry, x)  // (G, C/G·K, N·O)
    let kernels = weight.reshape([geometry.groups, geometry.outChannels / geometry.groups, windows.shape[1]])
    let product = kernels.bmm(windows)  // (G, M/G, N·O)
    let y = product.reshape([geometry.outChannels, geometry.batch] + geometry.output).transpose(0, 1)
    return try y.packed()
  }

  static func byWeight(_ geometry: ConvolutionGeometry, _ x: Tensor, _ g: Tensor) throws -> Tensor {
    let windows = try columns(geometry, x)
    let gradient = g.transpose(0, 1).reshape(
      [geometry.groups, geometry.outChannels / geometry.groups, windows.shape[2]])
    return gradient.bmm(windows.mT).reshape(Array(geometry.weightShape))
  }

  /// The gradient by data is a convolution too: of `g`, spread out by the stride, with the weight turned round.
  static func byData(_ geometry: ConvolutionGeometry, _ g: Tensor, _ weight: Tensor) throws -> Tensor {
    let rank = geometry.spatialRank
    // Room for the spread gradient with the padding that makes every input element meet every window over it.
    let reach = zip(geometry.dilation, geometry.kernel).map { $0 * ($1 - 1) }
    let before = zip(reach, geometry.padding).map { $0 - $1 }
    let sizes = zip(geometry.input, reach).map { $0 + $1 }
    let spread = Tensor.zeros(Shape([geometry.batch, geometry.outChannels] + sizes), dtype: g.dtype)
    var (target, source) = (spread, g)
    for i in 0..<rank {
      let step = geometry.stride[i]
      // Output positions that fall outside (more padding than kernel) reach no input element.
      let first = before[i] >= 0 ? 0 : (-before[i] + step - 1) / step
      let last = Swift.min(geometry.output[i] - 1, (sizes[i] - 1 - before[i]) / step)
      guard last >= first else { return Tensor.zeros(geometry.inputShape, dtype: g.dtype) }
      source = source.slice(dim: i + 2, start: first, end: last + 1)
      target = target.slice(dim: i + 2, start: before[i] + first * step, end: before[i] + last * step + 1, step: step)
    }
    try g.backend.copy(source, into: target)
    let (groups, perGroup) = (geometry.groups, geometry.outChannels / geometry.groups)
    let turned = weight.reshape([groups, perGroup, geometry.inChannels / groups] + geometry.kernel).transpose(1, 2)
    let flipped = turned.flip((0..<rank).map { $0 + 3 })
    var around = geometry
    (around.inChannels, around.outChannels) = (geometry.outChannels, geometry.inChannels)
    (around.input, around.output) = (sizes, geometry.input)
    around.stride = Array(repeating: 1, count: rank)
    around.padding = Array(repeating: 0, count: rank)
    return try forward(around, spread, flipped.reshape(Array(around.weightShape)))
  }

  /// All windows of `x` as columns: (G, C/G·K, N·O).
  private static func columns(_ geometry: ConvolutionGeometry, _ x: Tensor) throws -> Tensor {
    let rank = geometry.spatialRank
    let after = geometry.paddingAfter.map { Swift.max($0, 0) }
    let padded =
      (geometry.padding + after).allSatisfy { $0 == 0 } && x.isContiguous ? x : x.constantPad(before: geometry.padding, after: after)
    let s = Array(padded.strides)
    let perGroup = geometry.inChannels / geometry.groups
    let view = padded.alias(
      shape: Shape([geometry.groups, perGroup] + geometry.kernel + [geometry.batch] + geometry.output),
      strides: Shape(
        [perGroup * s[1], s[1]] + (0..<rank).map { s[$0 + 2] * geometry.dilation[$0] } + [s[0]]
          + (0..<rank).map { s[$0 + 2] * geometry.stride[$0] }),
      offset: padded.storageOffset)
    return try view.packed().reshape(
      [geometry.groups, perGroup * geometry.kernel.reduce(1, *), geometry.batch * geometry.output.reduce(1, *)])
  }
}

extension Tensor {
  /// Zeros put around the last dimensions, `before` and `after` as many as there are entries.
  func constantPad(before: [Int]? = nil, after: [Int]) -> Tensor {
    let before = before ?? after.map { _ in 0 }
    // `constant_pad_nd` counts from the last dimension.
    let pairs = zip(before, after).reversed().flatMap { [$0, $1] }
    return Padding.constantPad(self, pairs, 0)
  }
}
