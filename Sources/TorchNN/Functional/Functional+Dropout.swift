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

  public static func alphaDropout(_ x: Tensor, p: Double = 0.5, training: Bool = false) -> Tensor {
    saturating(x, p, training, mask: x.shape)
  }

  public static func featureAlphaDropout(_ x: Tensor, p: Double = 0.5, training: Bool = false) -> Tensor {
    guard x.ndim >= 2 || !training else {
      return .invalid(TorchError(.shape, "Feature dropout requires at least 2 dimensions in the input"))
    }
    return saturating(x, p, training, mask: Shape(Array(x.shape.prefix(2)) + x.shape.dropFirst(2).map { _ in 1 }))
  }

  /// Dropped elements get `-λα`, then an affine map restores mean 0 and variance 1.
  private static func saturating(_ x: Tensor, _ p: Double, _ training: Bool, mask: Shape) -> Tensor {
    guard (0...1).contains(p) else {
      return .invalid(TorchError(.value, "dropout probability has to be between 0 and 1, but got \(Scalar(p))"))
    }
    if p == 0 || !training || x.numel == 0 { return x }
    if p == 1 { return x * Tensor.zeros([], dtype: x.dtype) }
    let alpha = 1.7580993408473766
    let a = 1 / ((alpha * alpha * p + 1) * (1 - p)).squareRoot()
    let kept = torch.noGrad { Tensor.empty(mask, dtype: x.dtype).bernoulli_(1 - p) }
    let shift = torch.noGrad { (kept - 1) * (alpha * a) + alpha * a * p }
    return x * (kept * a) + shift
  }
}
