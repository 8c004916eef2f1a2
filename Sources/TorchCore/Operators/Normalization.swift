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
    guard x.ndim >= 2 else {
      throw TorchError(.shape, "batch_norm: expected an input of at least 2 dimensions, got \(x.shape.listDescription)")
    }
    let channels = x.shape[1]
    for (name, part) in [("running_mean", runningMean), ("running_var", runningVar), ("weight", weight), ("bias", bias)] {
      if let part, part.numel != channels {
        throw TorchError(.shape, "\(name) should contain \(channels) elements not \(part.numel)")
      }
    }
    let dims = [0] + Array(2..<x.ndim)
    let spread = [1, channels] + Array(repeating: 1, count: x.ndim - 2)
    let count = dims.reduce(1) { $0 * x.shape[$1] }
    let mean: Tensor, variance: Tensor
    if training {
      guard count > 1 || channels == 0 else {
        throw TorchError(
          .value, "Expected more than 1 value per channel when training, got input size \(x.shape)")
      }
      mean = x.mean(dim: dims)
      variance = x.var(dim: dims, correction: 0)
      torch.noGrad {
        if let runningMean { runningMean.mul_(Tensor(wrapping: .double(1 - momentum))).add_(mean.detach(), alpha: .double(momentum)) }
        let unbiased = variance.detach() * (Double(count) / Double(Swift.max(count - 1, 1)))
        if let runningVar { runningVar.mul_(Tensor(wrapping: .double(1 - momentum))).add_(unbiased, alpha: .double(momentum)) }
      }
    } else {
      guard let runningMean, let runningVar else {
        throw TorchError(.value, "Expected running_mean and running_var to be defined when training=False")
      }
      (mean, variance) = (runningMean, runningVar)
    }
    let scale = (variance + eps).rsqrt() * (weight ?? Tensor.ones([channels], dtype: x.dtype))
    let centred = x - mean.reshape(spread)
    let y = centred * scale.reshape(spread)
    return bias.map { y + $0.reshape(spread) } ?? y
  }

  /// Over the last dimensions, those of `normalized_shape`.
  static let layerNorm = Operator(
    composite:
      "layer_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight=None, Tensor? bias=None, float eps=1e-05, bool cudnn_enable=True) -> Tensor"
  ) { (x: Tensor, normalized: [Int], weight: Tensor?, bias: Tensor?, eps: Double, _: Bool) in
    let dims = try trailing(x, normalized)
    let mean = x.mean(dim: dims, keepdim: true)
    let variance = x.var(dim: dims, correction: 0, keepdim: true)
    return affine((x - mean) * (variance + eps).rsqrt(), weight, bias)
  }

  /// By the root mean square over the last dimensions.
  static let rmsNorm = Operator(
    composite: "rms_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight=None, float? eps=None) -> Tensor"
  ) { (x: Tensor, normalized: [Int], weight: Tensor?, eps: Double?) in
    let dims = try trailing(x, normalized)
    // The default is the dtype's machine epsilon.
    let epsilon = eps ?? (x.dtype == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne))
    return affine(x * ((x * x).mean(dim: dims, keepdim: true) + epsilon).rsqrt(), weight, nil)
  }

  /// Over groups of channels.
  static let groupNorm = Operator(
    composite:
      "group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float eps=1e-05, bool cudnn_enabled=True) -> Tensor"
  ) { (x: Tensor, groups: Int, weight: Tensor?, bias: Tensor?, eps: Double, _: Bool) in
    guard x.ndim >= 2, groups > 0, x.shape[1] % groups == 0 else {
      throw TorchError(
        .shape,
        "Expected number of channels in input to be divisible by num_groups, but got input of shape \(x.shape.listDescription) and num_groups=\(groups)")
    }
    let grouped = x.reshape([x.shape[0], groups, x.shape.dropFirst(2).reduce(x.shape[1] / groups, *)])
    let mean = grouped.mean(dim: [2], keepdim: true)
    let variance = grouped.var(dim: [2], correction: 0, keepdim: true)
    let y = ((grouped - mean) * (variance + eps).rsqrt()).reshape(Array(x.shape))
    let spread = [x.shape[1]] + Array(repeating: 1, count: x.ndim - 2)
    return affine(y, weight?.reshape(spread), bias?.reshape(spread))
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
    let (n, c) = (x.shape[0], x.shape[1])
    func repeated(_ part: Tensor?) -> Tensor? { part.map { $0.reshape([1, c]).expand([n, c]).reshape([n * c]) } }
    let (mean, variance) = (repeated(runningMean)?.clone(), repeated(runningVar)?.clone())
    let y = batchNorm(
      x.reshape([1, n * c] + Array(x.shape.dropFirst(2))), repeated(weight), repeated(bias), mean, variance,
      usesInput || runningMean == nil, momentum, eps, false)
    if usesInput {
      torch.noGrad {
        if let runningMean, let mean { runningMean.copy_(mean.reshape([n, c]).mean(dim: 0)) }
        if let runningVar, let variance { runningVar.copy_(variance.reshape([n, c]).mean(dim: 0)) }
      }
    }
    return y.reshape(Array(x.shape))
  }

  private static func trailing(_ x: Tensor, _ normalized: [Int]) throws -> [Int] {
    guard !normalized.isEmpty, x.ndim >= normalized.count, Array(x.shape.suffix(normalized.count)) == normalized else {
      let sizes = normalized.map(String.init).joined(separator: ", ")
      throw TorchError(
        .shape,
        "Given normalized_shape=[\(sizes)], expected input with shape [*, \(sizes)], but got input of size\(x.shape.listDescription)")
    }
    return Array((x.ndim - normalized.count)..<x.ndim)
  }

  private static func affine(_ y: Tensor, _ weight: Tensor?, _ bias: Tensor?) -> Tensor {
    let scaled = weight.map { y * $0 } ?? y
    return bias.map { scaled + $0 } ?? scaled
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
