// Pooling on the CPU: oneDNN for float32 and bfloat16, windows and `max` for other dtypes.

import COneDNNShim

/// oneDNN remembers the place of a maximum in a byte; these are the indices as that workspace, until they are read.
private final class PoolWorkspace: StorageForm, @unchecked Sendable {
  let plan: OpaquePointer

  init(_ plan: OpaquePointer, shape: Shape, byteCount: Int) {
    self.plan = tdnn_plan_retain(plan)
    super.init(shape: shape, dtype: .int64, byteCount: byteCount)
  }

  deinit { tdnn_plan_release(plan) }

  override func makePlain(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) throws {
    try oneDNN(tdnn_max_pool_indices(plan, source, target.assumingMemoryBound(to: Int64.self)))
  }
}

extension CPUBackend {
  /// The maxima of x's windows and their flat positions.
  func maxPool(_ geometry: Pooling.Geometry, _ x: Tensor) throws -> [Tensor] {
    let shape = Shape(x.shape.dropLast(geometry.input.count) + geometry.output)
    // Read once: another thread may make the storage plain meanwhile.
    let blocked = x.blockedLayout
    guard let plan = try poolPlan(geometry, x, blocked, TDNN_FORWARD_TRAINING) else { return try windowMaxPool(geometry, x, shape) }
    defer { tdnn_plan_release(plan) }
    let source = blocked != nil || x.isContiguous ? x : try x.packed()
    var info = tdnn_layout_info()
    let layout = tdnn_plan_layout(plan, TDNN_DST)!
    tdnn_layout_get_info(layout, &info)
    let y =
      info.is_strided
      ? try Tensor.uninitialized(shape, x.dtype)
      : Tensor(storage: try Storage(BlockedLayout(layout, shape: shape, dtype: x.dtype)), shape: shape, dtype: x.dtype)
    tdnn_layout_get_info(tdnn_plan_layout(plan, TDNN_WORKSPACE)!, &info)
    let workspace = try Storage(PoolWorkspace(plan, shape: shape, byteCount: Int(info.bytes)))
    var arguments = tdnn_arguments()
    arguments.src = UnsafeRawPointer(blocked != nil ? source.storage.formBase : source.pointer)
    arguments.dst = y.storage.base
    arguments.workspace = workspace.base
    try withExtendedLifetime(source) { try oneDNN(tdnn_execute(plan, &arguments)) }
    return [y, Tensor(storage: workspace, shape: shape, dtype: .int64)]
  }

  /// The gradient of x: each window's gradient goes to where its maximum was.
  func maxPoolBackward(_ geometry: Pooling.Geometry, _ g: Tensor, _ x: Tensor, _ indices: Tensor) throws -> Tensor {
    if let workspace = indices.storage.form as? PoolWorkspace, indices.shape == workspace.shape,
      let plan = try poolPlan(geometry, x, x.blockedLayout, TDNN_BACKWARD_DATA)
    {
      defer { tdnn_plan_release(plan) }
      let wanted = tdnn_plan_layout(plan, TDNN_DIFF_DST)!
      let byInput: Tensor
      let layout = tdnn_plan_layout(plan, TDNN_DIFF_SRC)!
      var info = tdnn_layout_info()
      tdnn_layout_get_info(layout, &info)
      byInput =
        info.is_strided
        ? try Tensor.uninitialized(x.shape, g.dtype)
        : Tensor(
          storage: try Storage(BlockedLayout(layout, shape: x.shape, dtype: g.dtype)), shape: x.shape, dtype: g.dtype)
      tdnn_layout_get_info(wanted, &info)
      var gradient = g.storage
      if g.blockedLayout?.handle != wanted {
        let source = g.isContiguous ? g : try g.packed()
        if info.is_strided, source.blockedLayout == nil, source.storageOffset == 0 {
          gradient = source.storage
        } else {
          gradient = try Storage(byteCount: Int(info.bytes))
          let blocked = source.blockedLayout
          let from = try blocked?.handle ?? batched(source.shape, geometry, source.dtype)
          try oneDNN(
            tdnn_reorder(from, blocked == nil ? source.pointer : source.storage.formBase, wanted, gradient.base))
        }
      }
      var arguments = tdnn_arguments()
      arguments.diff_dst = UnsafeRawPointer(gradient.base)
      arguments.workspace = indices.storage.formBase
      arguments.diff_src = byInput.storage.base
      try withExtendedLifetime((gradient, indices)) { try oneDNN(tdnn_execute(plan, &arguments)) }
      return byInput
    }
    let lead = Array(x.shape.dropLast(geometry.input.count))
    let flat = Tensor.zeros(Shape(lead + [geometry.input.reduce(1, *)]), dtype: g.dtype)
    let added = flat.scatterAdd(-1, indices.reshape(lead + [-1]), g.reshape(lead + [-1]))
    return added.reshape(Array(x.shape))
  }

  /// A contiguous tensor as oneDNN sees it: always with a batch dimension.
  private func batched(_ shape: Shape, _ geometry: Pooling.Geometry, _ dtype: DType) throws -> OpaquePointer {
    try plainLayout(shape.count == geometry.input.count + 1 ? Shape([1] + shape) : shape, dtype)
  }

  /// oneDNN's plan; nil where it has none, or where a window might lie wholly in the padding.
  private func poolPlan(
    _ geometry: Pooling.Geometry, _ x: Tensor, _ blocked: BlockedLayout?, _ pass: tdnn_pass
  ) throws -> OpaquePointer? {
    guard x.dtype == .float32 || x.dtype == .bfloat16, x.numel > 0 else { return nil }
    var problem = tdnn_pool_problem()
    problem.pass = pass
    problem.kind = TDNN_POOL_MAX
    problem.layout = try blocked?.handle ?? batched(x.shape, geometry, x.dtype)
    problem.ceil_mode = geometry.ceilMode
    copySizes(geometry.kernel, to: &problem.kernel)
    copySizes(geometry.stride, to: &problem.stride)
    copySizes(geometry.padding, to: &problem.padding)
    copySizes(geometry.dilation, to: &problem.dilation)
    var plan: OpaquePointer?
    let status = tdnn_pool_plan(&problem, &plan)
    if status == TDNN_UNSUPPORTED { return nil }
    try oneDNN(status)
    return plan
  }

  /// Max pooling by a view of all windows.
  private func windowMaxPool(_ geometry: Pooling.Geometry, _ x: Tensor, _ shape: Shape) throws -> [Tensor] {
    let rank = geometry.input.count
    var pad: [Int] = []
    for i in (0..<rank).reversed() {
      let window = geometry.dilation[i] * (geometry.kernel[i] - 1) + 1
      let reach = (geometry.output[i] - 1) * geometry.stride[i] + window
      pad += [geometry.padding[i], Swift.max(reach - geometry.input[i] - geometry.padding[i], 0)]
    }
    let padded = x.constantPadND(pad, value: x.dtype.lowest).contiguous()
    let lead = Array(x.shape.dropLast(rank))
    let spatial = Array(padded.strides.suffix(rank))
    var sizes = lead + geometry.output
    sizes += geometry.kernel
    var strides = Array(padded.strides.prefix(lead.count))
    for i in 0..<rank { strides.append(spatial[i] * geometry.stride[i]) }
    for i in 0..<rank { strides.append(spatial[i] * geometry.dilation[i]) }
    let windows = padded.alias(shape: Shape(sizes), strides: Shape(strides), offset: 0)
    let (values, places) = windows.reshape(lead + geometry.output + [-1]).max(dim: -1)
    // From the place in a window to the flat position in the input.
    var rest = places
    var flat = Tensor.zeros(shape, dtype: .int64)
    var step = 1
    for i in (0..<rank).reversed() {
      let k = rest.remainder(geometry.kernel[i])
      rest = rest.floorDivide(geometry.kernel[i])
      let origin = Tensor.arange(.int(geometry.output[i])) * geometry.stride[i] - geometry.padding[i]
      let start = origin.reshape([-1] + Array(repeating: 1, count: rank - 1 - i))
      let position = start + k * geometry.dilation[i]
      flat = flat + position * step
      step *= geometry.input[i]
    }
    return [values, flat]
  }
}

extension DType {
  /// The least value, which is what padding must be for a maximum.
  var lowest: Scalar {
    switch self {
    case .uint8, .bool: .int(0)
    case .int8: .int(Int(Int8.min))
    case .int16: .int(Int(Int16.min))
    case .int32: .int(Int(Int32.min))
    case .int64: .int(.min)
    default: .double(-.infinity)
    }
  }
}
