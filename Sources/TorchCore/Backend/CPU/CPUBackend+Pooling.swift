// Pooling on the CPU: oneDNN for float32 and bfloat16, loops over windows for other dtypes and other windows.

import COneDNNHeaders
import CTorchKernelHeaders

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
    guard let plan = try poolPlan(geometry, x, blocked, TDNN_FORWARD_TRAINING) else {
      return try windowMaxPool(geometry, x, shape)
    }
    defer { tdnn_plan_release(plan) }
    var info = tdnn_layout_info()
    tdnn_layout_get_info(tdnn_plan_layout(plan, TDNN_WORKSPACE)!, &info)
    let workspace = try Storage(PoolWorkspace(plan, shape: shape, byteCount: Int(info.bytes)))
    let y = try pooled(plan, x, blocked, shape, workspace)
    return [y, Tensor(storage: workspace, shape: shape, dtype: .int64)]
  }

  /// The gradient of x: each window's gradient goes to where its maximum was.
  func maxPoolBackward(_ geometry: Pooling.Geometry, _ g: Tensor, _ x: Tensor, _ indices: Tensor) throws -> Tensor {
    if let workspace = indices.storage.form as? PoolWorkspace, indices.shape == workspace.shape,
      let plan = try poolPlan(geometry, x, x.blockedLayout, TDNN_BACKWARD_DATA)
    {
      defer { tdnn_plan_release(plan) }
      return try unpooled(plan, geometry, g, x.shape, workspace: indices.storage)
    }
    return PoolingMaxima.scatter(g, x.shape, indices, rank: geometry.input.count)
  }

  /// The means of x's windows.
  func averagePool(_ geometry: Pooling.Geometry, _ divisor: AveragePooling.Divisor, _ x: Tensor) throws -> Tensor {
    let shape = Shape(x.shape.dropLast(geometry.input.count) + geometry.output)
    let blocked = x.blockedLayout
    if let plan = try poolPlan(geometry, x, blocked, TDNN_FORWARD_INFERENCE, divisor) {
      defer { tdnn_plan_release(plan) }
      return try pooled(plan, x, blocked, shape, nil)
    }
    let out = try Tensor.uninitialized(shape, x.dtype)
    let windows = PoolingWindows.sliding(geometry, countsPadding: divisor.countsPadding)
    try windowMean(windows, divisor.override, try x.rowMajor(), into: out)
    return out
  }

  /// The gradient of x: each window's gradient, in equal parts.
  func averagePoolBackward(
    _ geometry: Pooling.Geometry, _ divisor: AveragePooling.Divisor, _ g: Tensor, _ x: Tensor
  ) throws -> Tensor {
    if g.dtype == x.dtype, let plan = try poolPlan(geometry, x, x.blockedLayout, TDNN_BACKWARD_DATA, divisor) {
      defer { tdnn_plan_release(plan) }
      return try unpooled(plan, geometry, g, x.shape, workspace: nil)
    }
    let out = try Tensor.uninitialized(x.shape, g.dtype)
    let windows = PoolingWindows.sliding(geometry, countsPadding: divisor.countsPadding)
    try windowMeanBackward(windows, divisor.override, try g.rowMajor(), into: out)
    return out
  }

  // MARK: oneDNN

  /// Room for an operand of a plan, in the layout that the plan wants.
  func operand(_ layout: OpaquePointer, _ shape: Shape, _ dtype: DType) throws -> Tensor {
    var info = tdnn_layout_info()
    tdnn_layout_get_info(layout, &info)
    if info.is_strided { return try Tensor.uninitialized(shape, dtype) }
    return Tensor(storage: try Storage(BlockedLayout(layout, shape: shape, dtype: dtype)), shape: shape, dtype: dtype)
  }

  /// The elements of `x` in the layout that a plan wants; `shape` is x's as oneDNN sees it.
  func arranged(_ x: Tensor, _ wanted: OpaquePointer, from shape: Shape) throws -> Storage {
    if x.blockedLayout?.handle == wanted { return x.storage }
    var info = tdnn_layout_info()
    tdnn_layout_get_info(wanted, &info)
    let source = x.isContiguous ? x : try x.packed()
    if info.is_strided, source.blockedLayout == nil, source.storageOffset == 0 { return source.storage }
    let target = try Storage(byteCount: Int(info.bytes))
    let blocked = source.blockedLayout
    let from = try blocked?.handle ?? plainLayout(shape, source.dtype)
    try oneDNN(tdnn_reorder(from, blocked == nil ? source.pointer : source.storage.formBase, wanted, target.base))
    return target
  }

  private func pooled(
    _ plan: OpaquePointer, _ x: Tensor, _ blocked: BlockedLayout?, _ shape: Shape, _ workspace: Storage?
  ) throws -> Tensor {
    let source = blocked != nil || x.isContiguous ? x : try x.packed()
    let y = try operand(tdnn_plan_layout(plan, TDNN_DST)!, shape, x.dtype)
    var arguments = tdnn_arguments()
    arguments.src = UnsafeRawPointer(blocked != nil ? source.storage.formBase : source.pointer)
    arguments.dst = y.storage.base
    arguments.workspace = workspace?.base
    try withExtendedLifetime(source) { try oneDNN(tdnn_execute(plan, &arguments)) }
    return y
  }

  private func unpooled(
    _ plan: OpaquePointer, _ geometry: Pooling.Geometry, _ g: Tensor, _ shape: Shape, workspace: Storage?
  ) throws -> Tensor {
    let byInput = try operand(tdnn_plan_layout(plan, TDNN_DIFF_SRC)!, shape, g.dtype)
    let gradient = try arranged(g, tdnn_plan_layout(plan, TDNN_DIFF_DST)!, from: batched(g.shape, geometry))
    var arguments = tdnn_arguments()
    arguments.diff_dst = UnsafeRawPointer(gradient.base)
    arguments.workspace = workspace?.formBase
    arguments.diff_src = byInput.storage.base
    try withExtendedLifetime((gradient, workspace)) { try oneDNN(tdnn_execute(plan, &arguments)) }
    return byInput
  }

  /// The shape that oneDNN sees: always with a batch dimension.
  private func batched(_ shape: Shape, _ geometry: Pooling.Geometry) -> Shape {
    shape.count == geometry.input.count + 1 ? Shape([1] + shape) : shape
  }

  /// oneDNN's plan; nil where it has none, or where a window might lie wholly in the padding.
  private func poolPlan(
    _ geometry: Pooling.Geometry, _ x: Tensor, _ blocked: BlockedLayout?, _ pass: tdnn_pass,
    _ divisor: AveragePooling.Divisor? = nil
  ) throws -> OpaquePointer? {
    guard x.dtype == .float32 || x.dtype == .bfloat16, x.numel > 0 else { return nil }
    var problem = tdnn_pool_problem()
    problem.pass = pass
    problem.kind = TDNN_POOL_MAX
    if let divisor {
      problem.kind = divisor.countsPadding ? TDNN_POOL_AVERAGE : TDNN_POOL_AVERAGE_EXCLUDING_PADDING
      problem.divisor_override = Int64(divisor.override ?? 0)
    }
    problem.layout = try blocked?.handle ?? plainLayout(batched(x.shape, geometry), x.dtype)
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

// MARK: - Given windows

extension CPUBackend {
  /// Means of the windows along the last dimensions of `x`; `divisor` instead of the windows' own.
  func windowMean(_ windows: [PoolingWindows], _ divisor: Int?, _ x: Tensor, into out: Tensor) throws {
    let planes = Int64(x.shape.dropLast(windows.count).reduce(1, *))
    let done = withKernels(windows) {
      tk_window_mean(x.dtype.kernel, planes, $0, Int64(divisor ?? 0), x.pointer, out.pointer)
    }
    try checkWindows(done, "avg_pool", x)
  }

  func windowMeanBackward(_ windows: [PoolingWindows], _ divisor: Int?, _ g: Tensor, into out: Tensor) throws {
    let planes = Int64(g.shape.dropLast(windows.count).reduce(1, *))
    let done = withKernels(windows) {
      tk_window_mean_backward(g.dtype.kernel, planes, $0, Int64(divisor ?? 0), g.pointer, out.pointer)
    }
    try checkWindows(done, "avg_pool_backward", g)
  }

  /// Maxima of the windows and their flat positions.
  func windowMax(_ windows: [PoolingWindows], _ x: Tensor, into out: Tensor, _ indices: Tensor) throws {
    let planes = Int64(x.shape.dropLast(windows.count).reduce(1, *))
    let places = indices.pointer.assumingMemoryBound(to: Int64.self)
    let done = withKernels(windows) { tk_window_max(x.dtype.kernel, planes, $0, x.pointer, out.pointer, places) }
    try checkWindows(done, "max_pool", x)
  }

  private func checkWindows(_ done: Bool, _ name: String, _ x: Tensor) throws {
    guard done else {
      throw TorchError(.notImplemented, "\"\(name)\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
  }

  /// Runs `body` with three dimensions of windows.
  private func withKernels<R>(_ windows: [PoolingWindows], _ body: (UnsafePointer<tk_windows>) -> R) -> R {
    let all = Array(repeating: PoolingWindows.trivial, count: 3 - windows.count) + windows
    return all[0].withKernel { first in
      all[1].withKernel { second in all[2].withKernel { third in body([first, second, third]) } }
    }
  }
}

extension PoolingWindows {
  fileprivate func withKernel<R>(_ body: (tk_windows) -> R) -> R {
    low.withUnsafeBufferPointer { low in
      high.withUnsafeBufferPointer { high in
        count.withUnsafeBufferPointer { count in
          body(
            tk_windows(
              n_in: Int64(inputSize), n_out: Int64(outputSize), low: low.baseAddress, high: high.baseAddress,
              count: count.baseAddress, plane_stride: perPlane ? Int64(outputSize) : 0))
        }
      }
    }
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
