// Resizing as layers.
// Reference: https://pytorch.org/docs/stable/nn.html#vision-layers

extension nn {
  /// What resizing layers share: see `functional.interpolate`.
  open class Upsampling: Module, Layer {
    public let size: (any Extent)?
    public let scaleFactor: (any ScaleFactor)?
    public let mode: InterpolationMode
    public let alignCorners: Bool?
    public let recomputeScaleFactor: Bool?

    init(
      _ size: (any Extent)?, _ scaleFactor: (any ScaleFactor)?, _ mode: InterpolationMode, _ alignCorners: Bool?,
      _ recomputeScaleFactor: Bool?
    ) {
      self.size = size
      // PyTorch keeps a whole number as a float, and prints it so.
      self.scaleFactor = (scaleFactor as? Int).map { Double($0) } ?? scaleFactor
      self.mode = mode
      self.alignCorners = alignCorners
      self.recomputeScaleFactor = recomputeScaleFactor
    }

    public final func forward(_ x: Tensor) -> Tensor {
      functional.interpolate(
        x, size: size, scaleFactor: scaleFactor, mode: mode, alignCorners: alignCorners,
        recomputeScaleFactor: recomputeScaleFactor)
    }

    public override var extraRepr: String {
      let amount =
        scaleFactor.map { "scale_factor=\($0.pythonDescription)" } ?? "size=\(size?.pythonDescription ?? "None")"
      return "\(amount), mode='\(mode.rawValue)'"
    }
  }

  /// Resizes (N, C, L), (N, C, H, W) or (N, C, D, H, W), to a size or by a factor.
  ///
  /// ```swift
  /// print(nn.Upsample(scaleFactor: 2, mode: .bilinear)(torch.randn(1, 3, 8, 8)).shape)   // torch.Size([1, 3, 16, 16])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Upsample.html
  public final class Upsample: Upsampling {
    public init(
      size: (any Extent)? = nil, scaleFactor: (any ScaleFactor)? = nil, mode: InterpolationMode = .nearest,
      alignCorners: Bool? = nil, recomputeScaleFactor: Bool? = nil
    ) { super.init(size, scaleFactor, mode, alignCorners, recomputeScaleFactor) }
  }

  /// Repeats pixels: `Upsample` of (N, C, H, W) by the nearest one.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.UpsamplingNearest2d.html
  public final class UpsamplingNearest2d: Upsampling {
    public init(size: (any Extent)? = nil, scaleFactor: (any ScaleFactor)? = nil) {
      super.init(size, scaleFactor, .nearest, nil, nil)
    }
  }

  /// `Upsample` of (N, C, H, W) by bilinear interpolation that keeps the corners.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.UpsamplingBilinear2d.html
  public final class UpsamplingBilinear2d: Upsampling {
    public init(size: (any Extent)? = nil, scaleFactor: (any ScaleFactor)? = nil) {
      super.init(size, scaleFactor, .bilinear, true, nil)
    }
  }
}
