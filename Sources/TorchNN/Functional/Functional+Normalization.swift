// Normalization as functions; the operators are TorchCore's.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#normalization-functions

extension nn.functional {
  /// x (N, C, …) normalized over all dimensions but the second, by its own statistics while `training`, else by the
  /// running ones, which training moves.
  ///
  /// Training on one value a channel is an error.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
  public static func batchNorm(
    _ x: Tensor, runningMean: Tensor?, runningVar: Tensor?, weight: Tensor? = nil, bias: Tensor? = nil,
    training: Bool = false, momentum: Double = 0.1, eps: Double = 1e-5
  ) -> Tensor {
    if training, x.isValid, x.ndim >= 2, x.numel == x.shape[1], x.numel > 0 {
      return .invalid(
        TorchError(.value, "Expected more than 1 value per channel when training, got input size \(x.shape)"))
    }
    return torch.batchNorm(
      x, runningMean: runningMean, runningVar: runningVar, weight: weight, bias: bias, training: training,
      momentum: momentum, eps: eps)
  }

  /// Each channel of each sample of x (N, C, …) normalized by itself.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
  public static func instanceNorm(
    _ x: Tensor, runningMean: Tensor? = nil, runningVar: Tensor? = nil, weight: Tensor? = nil, bias: Tensor? = nil,
    useInputStats: Bool = true, momentum: Double = 0.1, eps: Double = 1e-5
  ) -> Tensor {
    if useInputStats, x.isValid, x.shape.dropFirst(2).reduce(1, *) == 1 {
      return .invalid(
        TorchError(.value, "Expected more than 1 spatial element when training, got input size \(x.shape)"))
    }
    return torch.instanceNorm(
      x, runningMean: runningMean, runningVar: runningVar, weight: weight, bias: bias, useInputStats: useInputStats,
      momentum: momentum, eps: eps)
  }

  /// x normalized over its last dimensions, which are of `normalizedShape`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
  public static func layerNorm(
    _ x: Tensor, _ normalizedShape: [Int], weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
  ) -> Tensor { torch.layerNorm(x, normalizedShape, weight: weight, bias: bias, eps: eps) }

  /// x divided by the root mean square of its last dimensions.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
  public static func rmsNorm(
    _ x: Tensor, _ normalizedShape: [Int], weight: Tensor? = nil, eps: Double? = nil
  ) -> Tensor { torch.rmsNorm(x, normalizedShape, weight: weight, eps: eps) }

  /// x (N, C, …) normalized over `groups` of channels.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
  public static func groupNorm(
    _ x: Tensor, _ groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
  ) -> Tensor { torch.groupNorm(x, groups, weight: weight, bias: bias, eps: eps) }

  /// x / (k + α · mean of x² over `size` neighbouring channels)ᵝ, for x (N, C, …).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html
  public static func localResponseNorm(
    _ x: Tensor, size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1
  ) -> Tensor {
    guard x.isValid else { return x }
    guard x.ndim >= 3 else {
      return .invalid(
        TorchError(.value, "Expected 3D or higher dimensionality input (got \(x.ndim) dimensions)"))
    }
    if x.numel == 0 { return x }
    let (before, after) = (size / 2, (size - 1) / 2)
    var squares = x * x
    if x.ndim == 3 {
      squares = torch.avgPool2d(squares.unsqueeze(1).constantPadND([0, 0, before, after]), [size, 1], stride: [1])
        .squeeze(1)
    } else {
      let planes = squares.reshape([x.shape[0], 1, x.shape[1], x.shape[2], -1]).constantPadND([
        0, 0, 0, 0, before, after,
      ])
      squares = torch.avgPool3d(planes, [size, 1, 1], stride: [1]).reshape(Array(x.shape))
    }
    return x / (squares * alpha + k).pow(beta)
  }
}
