// Dropout as functions.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#dropout-functions

extension nn.functional {
  /// Zeroes elements with probability `p` and scales the others by 1 / (1 - p); without `training` passes all.
  public static func dropout(_ x: Tensor, p: Double = 0.5, training: Bool = true) -> Tensor {
    torch.dropout(x, p: p, train: training)
  }

  /// Zeroes whole channels of (N, C, L) or (C, L).
  public static func dropout1d(_ x: Tensor, p: Double = 0.5, training: Bool = true) -> Tensor {
    guard x.ndim == 2 || x.ndim == 3 else {
      return .invalid(TorchError(.shape, "dropout1d: Expected 2D or 3D input, but received a \(x.ndim)D input. Note that dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."))
    }
    if x.ndim == 3 { return torch.featureDropout(x, p: p, train: training) }
    return torch.featureDropout(x.unsqueeze(0), p: p, train: training).squeeze(0)
  }

  /// Zeroes whole channels of (N, C, H, W). An input of fewer dimensions is taken as PyTorch takes it: as batched.
  public static func dropout2d(_ x: Tensor, p: Double = 0.5, training: Bool = true) -> Tensor {
    torch.featureDropout(x, p: p, train: training)
  }

  /// Zeroes whole channels of (N, C, D, H, W) or (C, D, H, W).
  public static func dropout3d(_ x: Tensor, p: Double = 0.5, training: Bool = true) -> Tensor {
    if x.ndim == 4 { return torch.featureDropout(x.unsqueeze(0), p: p, train: training).squeeze(0) }
    return torch.featureDropout(x, p: p, train: training)
  }

  /// Elements set to SELU's limit with probability `p`, keeping mean 0 and variance 1.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html
  public static func alphaDropout(_ x: Tensor, p: Double = 0.5, training: Bool = false) -> Tensor {
    torch.alphaDropout(x, p: p, train: training)
  }

  /// `alphaDropout` of whole channels.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html
  public static func featureAlphaDropout(_ x: Tensor, p: Double = 0.5, training: Bool = false) -> Tensor {
    torch.featureAlphaDropout(x, p: p, train: training)
  }
}
