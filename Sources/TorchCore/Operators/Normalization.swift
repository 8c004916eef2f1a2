// Normalization over batches, layers, groups and instances.
// Reference: https://pytorch.org/docs/stable/nn.html#normalization-layers

enum Normalization {
  /// Over every dimension but the second. In training, by the batch's own statistics, which also move the running ones.
  static let batchNorm = Operator(
    composite:
      "batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool training, float momentum, float eps, bool cudnn_enabled) -> Tensor"
  ) {
    (
      x: Tensor, weight: Tensor?, bias: Tensor?, runningMean: Tensor?, runningVar: Tensor?, training: Bool,
      momentum: Double, eps: Double, _: Bool
    ) in
    if x.numel == 0 {
      // What PyTorch gives: the empty input, still in the graph.
      var y = x.clone()
      if let weight { y = y * weight.select(0, 0) }
      if let bias { y = y + bias.select(0, 0) }
      return y
    }
    return BatchNorm.native(x, weight, bias, runningMean, runningVar, training, momentum, eps)[0]
  }

  /// Over the last dimensions, those of `normalized_shape`.
  static let layerNorm = Operator(
    composite:
      "layer_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight=None, Tensor? bias=None, float eps=1e-05, bool cudnn_enable=True) -> Tensor"
  ) { (x: Tensor, normalized: [Int], weight: Tensor?, bias: Tensor?, eps: Double, _: Bool) in
    RowNorm.layer(x, normalized, weight, bias, eps)[0]
  }

  /// By the root mean square over the last dimensions.
  static let rmsNorm = Operator(
    composite: "rms_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight=None, float? eps=None) -> Tensor"
  ) { (x: Tensor, normalized: [Int], weight: Tensor?, eps: Double?) in
    let dims = try RowNorm.checked(x, normalized, weight, nil)
    guard x.dtype.isFloatingPoint || x.dtype.isComplex else {
      throw TorchError(.notImplemented, "\"rms_norm\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
    // The default is the dtype's machine epsilon.
    let epsilon = eps ?? (x.dtype == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne))
    // 16-bit floats are squared in float32.
    let wide = x.dtype == .float16 || x.dtype == .bfloat16 ? x.to(.float32) : x
    let y = wide * ((wide * wide).mean(dim: dims, keepdim: true) + epsilon).rsqrt()
    let scaled = weight.map { y * $0 } ?? y
    return scaled.dtype == x.dtype ? scaled : scaled.to(x.dtype)
  }

  /// Over groups of channels.
  static let groupNorm = Operator(
    composite:
      "group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float eps=1e-05, bool cudnn_enabled=True) -> Tensor"
  ) { (x: Tensor, groups: Int, weight: Tensor?, bias: Tensor?, eps: Double, _: Bool) in
    guard x.ndim >= 2 else {
      throw TorchError(.index, "Dimension out of range (expected to be in range of [-\(x.ndim), \(x.ndim - 1)], but got 1)")
    }
    let (n, c) = (x.shape[0], x.shape[1])
    try RowNorm.checkGroups(x, weight, bias, c, groups)
    let size = x.shape.dropFirst(2).reduce(1, *)
    guard size > 0 else { throw TorchError(.shape, "Expected HxW to be greater than 0, got \(size)") }
    return RowNorm.group(x, weight, bias, n, c, size, groups, eps)[0]
  }

  /// Each channel of each sample by itself: batch normalization of batch and channels taken together.
  static let instanceNorm = Operator(
    composite:
      "instance_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool use_input_stats, float momentum, float eps, bool cudnn_enabled) -> Tensor"
  ) {
    (
      x: Tensor, weight: Tensor?, bias: Tensor?, runningMean: Tensor?, runningVar: Tensor?, usesInput: Bool,
      momentum: Double, eps: Double, _: Bool
    ) in
    guard x.ndim >= 2 else { throw TorchError(.shape, "instance_norm: expected at least 2 dimensions") }
    guard usesInput || runningMean != nil && runningVar != nil else {
      throw TorchError(.value, "Expected running_mean and running_var to be defined when use_input_stats is false")
    }
    let (n, c) = (x.shape[0], x.shape[1])
    func repeated(_ part: Tensor?) -> Tensor? { part.map { $0.reshape([1, c]).expand([n, c]).reshape([n * c]) } }
    let (mean, variance) = (repeated(runningMean)?.clone(), repeated(runningVar)?.clone())
    let y = batchNorm(
      x.reshape([1, n * c] + Array(x.shape.dropFirst(2))), repeated(weight), repeated(bias), mean, variance,
      usesInput, momentum, eps, false)
    if usesInput {
      torch.noGrad {
        if let runningMean, let mean { runningMean.copy_(mean.reshape([n, c]).mean(dim: 0)) }
        if let runningVar, let variance { runningVar.copy_(variance.reshape([n, c]).mean(dim: 0)) }
      }
    }
    return y.reshape(Array(x.shape))
  }

  static let operators: [AnyOperator] = [batchNorm, layerNorm, rmsNorm, groupNorm, instanceNorm]
}

extension torch {
  /// x normalized over all dimensions but the second, times weight, plus bias.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
  public static func batchNorm(
    _ x: Tensor, runningMean: Tensor?, runningVar: Tensor?, weight: Tensor? = nil, bias: Tensor? = nil,
    training: Bool = false, momentum: Double = 0.1, eps: Double = 1e-5
  ) -> Tensor { Normalization.batchNorm(x, weight, bias, runningMean, runningVar, training, momentum, eps, false) }

  /// x normalized over its last dimensions.
  public static func layerNorm(
    _ x: Tensor, _ normalizedShape: [Int], weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
  ) -> Tensor { Normalization.layerNorm(x, normalizedShape, weight, bias, eps, false) }

  public static func rmsNorm(_ x: Tensor, _ normalizedShape: [Int], weight: Tensor? = nil, eps: Double? = nil) -> Tensor {
    Normalization.rmsNorm(x, normalizedShape, weight, eps)
  }

  public static func groupNorm(
    _ x: Tensor, _ groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
  ) -> Tensor { Normalization.groupNorm(x, groups, weight, bias, eps, false) }

  public static func instanceNorm(
    _ x: Tensor, runningMean: Tensor? = nil, runningVar: Tensor? = nil, weight: Tensor? = nil, bias: Tensor? = nil,
    useInputStats: Bool = true, momentum: Double = 0.1, eps: Double = 1e-5
  ) -> Tensor {
    Normalization.instanceNorm(x, weight, bias, runningMean, runningVar, useInputStats, momentum, eps, false)
  }
}
