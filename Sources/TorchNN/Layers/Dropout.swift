// Dropout: zeroing at random while training. Masks are PyTorch's for a seed.
// Reference: https://pytorch.org/docs/stable/nn.html#dropout-layers

extension nn {
  /// What dropout layers share.
  open class DropoutBase: Module, Layer {
    /// The probability of an element (or a channel) to be zeroed.
    public let p: Double
    public let inplace: Bool

    public init(_ p: Double = 0.5, inplace: Bool = false) {
      self.p = p
      self.inplace = inplace
      if !(0...1).contains(p) {
        ErrorScope.report(
          TorchError(.value, "dropout probability has to be between 0 and 1, but got \(Scalar(p))"))
      }
    }

    open func forward(_ x: Tensor) -> Tensor { fatalError("made by subclasses") }

    final func finish(_ x: Tensor, _ y: Tensor) -> Tensor { inplace && y !== x && y.isValid ? x.copy_(y) : y }

    public override var extraRepr: String { "p=\(Scalar(p)), inplace=\(Repr.of(inplace))" }
  }

  /// Zeroes elements with probability `p` and scales the others by 1 / (1 - p).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
  public final class Dropout: DropoutBase {
    public override func forward(_ x: Tensor) -> Tensor {
      finish(x, functional.dropout(x, p: p, training: training))
    }
  }

  /// Zeroes whole channels of (N, C, L) or (C, L).
  public final class Dropout1d: DropoutBase {
    public override func forward(_ x: Tensor) -> Tensor {
      finish(x, functional.dropout1d(x, p: p, training: training))
    }
  }

  /// Zeroes whole channels of (N, C, H, W).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
  public final class Dropout2d: DropoutBase {
    public override func forward(_ x: Tensor) -> Tensor {
      finish(x, functional.dropout2d(x, p: p, training: training))
    }
  }

  /// Zeroes whole channels of (N, C, D, H, W) or (C, D, H, W).
  public final class Dropout3d: DropoutBase {
    public override func forward(_ x: Tensor) -> Tensor {
      finish(x, functional.dropout3d(x, p: p, training: training))
    }
  }

  /// Sets elements to SELU's negative saturation, keeping mean and variance.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html
  public final class AlphaDropout: DropoutBase {
    public override func forward(_ x: Tensor) -> Tensor {
      finish(x, functional.alphaDropout(x, p: p, training: training))
    }
  }

  /// `AlphaDropout` of whole channels.
  public final class FeatureAlphaDropout: DropoutBase {
    public override func forward(_ x: Tensor) -> Tensor {
      finish(x, functional.featureAlphaDropout(x, p: p, training: training))
    }
  }
}
