// Normalization on the CPU: loops over rows and channels; oneDNN where activations are in a blocked layout.
//
// Statistics, weights and biases are given in the dtype that is computed in (`DType.computed`) and are contiguous.

import COneDNNHeaders
import CTorchKernelHeaders

extension DType {
  /// What sums of it are computed in: float32 for the 16-bit floats.
  var computed: DType { self == .float64 ? .float64 : .float32 }
}

/// Rows to be normalized each by itself (see tk_norm.h): `blocks · inner` elements with a weight for each block.
struct NormalizedRows {
  let rows: Int
  var groups = 1
  let blocks: Int
  var inner = 1

  fileprivate func kernel(_ dtype: DType) -> tk_rows {
    tk_rows(dtype: dtype.kernel, rows: Int64(rows), groups: Int64(groups), blocks: Int64(blocks), inner: Int64(inner))
  }
}

extension CPUBackend {
  func rowNorm(
    _ shape: NormalizedRows, eps: Double, _ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, into y: Tensor,
    _ mean: Tensor,
    _ rstd: Tensor
  ) {
    var problem = shape.kernel(x.dtype)
    _ = tk_row_norm(&problem, eps, x.pointer, weight?.pointer, bias?.pointer, y.pointer, mean.pointer, rstd.pointer)
  }

  func rowNormBackward(
    _ shape: NormalizedRows, _ g: Tensor, _ x: Tensor, _ mean: Tensor, _ rstd: Tensor, _ weight: Tensor?,
    into byInput: Tensor?, _ byWeight: Tensor?, _ byBias: Tensor?
  ) {
    var problem = shape.kernel(x.dtype)
    _ = tk_row_norm_backward(
      &problem, g.pointer, x.pointer, mean.pointer, rstd.pointer, weight?.pointer, byInput?.pointer, byWeight?.pointer,
      byBias?.pointer)
  }

  // MARK: Channels

  /// x (N, C, …) normalized for each channel, with the statistics it was normalized by: the batch's own, or the given ones.
  func channelNorm(
    _ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, given: (mean: Tensor, variance: Tensor)?, eps: Double
  ) throws -> (y: Tensor, mean: Tensor, variance: Tensor) {
    let channels = x.shape[1]
    let mean = try given?.mean ?? Tensor.uninitialized([channels], x.dtype.computed)
    let variance = try given?.variance ?? Tensor.uninitialized([channels], x.dtype.computed)
    if let blocked = x.blockedLayout,
      let y = try blockedNorm(x, blocked, weight, bias, mean, variance, given != nil, eps)
    {
      return (y, mean, variance)
    }
    let x = try x.rowMajor()
    var problem = channelProblem(x)
    if given == nil {
      withExtendedLifetime(x) { _ = tk_channel_moments(&problem, x.pointer, mean.pointer, variance.pointer) }
    }
    let inverse = (variance + eps).rsqrt()
    let scale = weight.map { inverse * $0 } ?? inverse
    let shift = bias.map { $0 - mean * scale } ?? -(mean * scale)
    let y = try Tensor.uninitialized(x.shape, x.dtype)
    withExtendedLifetime((x, scale, shift)) {
      _ = tk_channel_affine(&problem, x.pointer, scale.pointer, shift.pointer, y.pointer)
    }
    return (y, mean, variance)
  }

  /// The gradients of `channelNorm`; `isGiven`: the statistics did not depend on x.
  func channelNormBackward(
    _ g: Tensor, _ x: Tensor, _ weight: Tensor?, _ mean: Tensor, _ inverse: Tensor, isGiven: Bool, wantsInput: Bool
  ) throws -> (byInput: Tensor?, byWeight: Tensor, byBias: Tensor) {
    let (x, g) = (try x.rowMajor(), try g.rowMajor())
    var problem = channelProblem(x)
    let sum = try Tensor.uninitialized(mean.shape, mean.dtype)
    let dot = try Tensor.uninitialized(mean.shape, mean.dtype)
    withExtendedLifetime((g, x)) {
      _ = tk_channel_sums(&problem, g.pointer, x.pointer, mean.pointer, sum.pointer, dot.pointer)
    }
    guard wantsInput else { return (nil, dot * inverse, sum) }
    let count = Double(x.numel / x.shape[1])
    let offset = isGiven ? Tensor.zeros(mean.shape, dtype: mean.dtype) : sum / count
    let slope = isGiven ? offset : dot * inverse * inverse / count
    let scale = weight.map { inverse * $0 } ?? inverse
    let byInput = try Tensor.uninitialized(x.shape, x.dtype)
    withExtendedLifetime((g, x, offset, slope, scale)) {
      _ = tk_channel_backward(
        &problem, g.pointer, x.pointer, mean.pointer, offset.pointer, slope.pointer, scale.pointer, byInput.pointer)
    }
    return (byInput, dot * inverse, sum)
  }

  private func channelProblem(_ x: Tensor) -> tk_channels {
    tk_channels(
      dtype: x.dtype.kernel, n: Int64(x.shape[0]), channels: Int64(x.shape[1]),
      inner: Int64(x.shape.dropFirst(2).reduce(1, *)))
  }

  // MARK: Blocked layouts

  private func plan(_ layout: OpaquePointer, _ pass: tdnn_pass, affine: Bool, isGiven: Bool, _ eps: Double) throws
    -> OpaquePointer?
  {
    var problem = tdnn_batch_norm_problem()
    problem.pass = pass
    problem.layout = layout
    problem.has_scale = affine
    problem.has_shift = affine
    problem.use_global_stats = isGiven
    problem.epsilon = Float(eps)
    var plan: OpaquePointer?
    let status = tdnn_batch_norm_plan(&problem, &plan)
    if status == TDNN_UNSUPPORTED { return nil }
    try oneDNN(status)
    return plan
  }

  private func blockedNorm(
    _ x: Tensor, _ blocked: BlockedLayout, _ weight: Tensor?, _ bias: Tensor?, _ mean: Tensor, _ variance: Tensor,
    _ isGiven: Bool, _ eps: Double
  ) throws -> Tensor? {
    guard x.dtype == .float32 else { return nil }
    let affine = weight != nil || bias != nil
    let pass = isGiven ? TDNN_FORWARD_INFERENCE : TDNN_FORWARD_TRAINING
    guard let plan = try plan(blocked.handle, pass, affine: affine, isGiven: isGiven, eps) else { return nil }
    defer { tdnn_plan_release(plan) }
    let scale = affine ? weight ?? Tensor.ones(mean.shape, dtype: .float32) : nil
    let shift = affine ? bias ?? Tensor.zeros(mean.shape, dtype: .float32) : nil
    let y = try operand(tdnn_plan_layout(plan, TDNN_DST)!, x.shape, x.dtype)
    var arguments = tdnn_arguments()
    arguments.src = UnsafeRawPointer(x.storage.formBase)
    arguments.dst = y.storage.base
    arguments.mean = mean.pointer
    arguments.variance = variance.pointer
    arguments.scale = UnsafeRawPointer(scale?.pointer)
    arguments.shift = UnsafeRawPointer(shift?.pointer)
    try withExtendedLifetime((x, scale, shift)) { try oneDNN(tdnn_execute(plan, &arguments)) }
    return y
  }

  /// The gradients where x is blocked; nil where oneDNN has none.
  func blockedNormBackward(
    _ g: Tensor, _ x: Tensor, _ weight: Tensor?, _ mean: Tensor, _ variance: Tensor, isGiven: Bool, eps: Double
  ) throws -> (byInput: Tensor, byWeight: Tensor?, byBias: Tensor?)? {
    guard let blocked = x.blockedLayout, x.dtype == .float32, g.dtype == .float32 else { return nil }
    let affine = weight != nil
    guard let plan = try plan(blocked.handle, TDNN_BACKWARD_DATA, affine: affine, isGiven: isGiven, eps) else {
      return nil
    }
    defer { tdnn_plan_release(plan) }
    let gradient = try arranged(g, tdnn_plan_layout(plan, TDNN_DIFF_DST)!, from: g.shape)
    let byInput = try operand(tdnn_plan_layout(plan, TDNN_DIFF_SRC)!, x.shape, x.dtype)
    let byWeight = affine ? try Tensor.uninitialized(mean.shape, .float32) : nil
    let byBias = affine ? try Tensor.uninitialized(mean.shape, .float32) : nil
    var arguments = tdnn_arguments()
    arguments.src = UnsafeRawPointer(x.storage.formBase)
    arguments.mean = mean.pointer
    arguments.variance = variance.pointer
    arguments.scale = UnsafeRawPointer(weight?.pointer)
    arguments.diff_dst = UnsafeRawPointer(gradient.base)
    arguments.diff_src = byInput.storage.base
    arguments.diff_scale = byWeight?.pointer
    arguments.diff_shift = byBias?.pointer
    try withExtendedLifetime((x, weight, gradient)) { try oneDNN(tdnn_execute(plan, &arguments)) }
    return (byInput, byWeight, byBias)
  }
}
