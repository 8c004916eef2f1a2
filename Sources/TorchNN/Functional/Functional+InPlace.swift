// Activations that write into their argument, and the older names of interpolation.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions

extension nn.functional {
  // MARK: Activations in place

  // Each is the function without the underscore, written into `x`, which it returns.

  @discardableResult public static func relu_(_ x: Tensor) -> Tensor { x.relu_() }
  @discardableResult public static func celu_(_ x: Tensor, alpha: Double = 1) -> Tensor {
    torch.celu_(x, alpha: Scalar(alpha))
  }
  @discardableResult public static func elu_(_ x: Tensor, alpha: Double = 1) -> Tensor {
    torch.elu_(x, alpha: Scalar(alpha))
  }
  @discardableResult public static func hardtanh_(_ x: Tensor, min: Double = -1, max: Double = 1) -> Tensor {
    torch.hardtanh_(x, min: Scalar(min), max: Scalar(max))
  }
  @discardableResult public static func leakyRelu_(_ x: Tensor, negativeSlope: Double = 0.01) -> Tensor {
    torch.leakyRelu_(x, negativeSlope: Scalar(negativeSlope))
  }
  @discardableResult public static func rrelu_(
    _ x: Tensor, lower: Double = 1.0 / 8, upper: Double = 1.0 / 3, training: Bool = false
  ) -> Tensor {
    torch.rrelu_(x, lower: Scalar(lower), upper: Scalar(upper), training: training)
  }
  @discardableResult public static func selu_(_ x: Tensor) -> Tensor { torch.selu_(x) }
  @discardableResult public static func threshold_(_ x: Tensor, _ threshold: Double, _ value: Double) -> Tensor {
    torch.threshold_(x, Scalar(threshold), Scalar(value))
  }

  // MARK: Interpolation

  /// The older name of `interpolate`.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample.html
  public static func upsample(
    _ x: Tensor, size: (any Extent)? = nil, scaleFactor: (any ScaleFactor)? = nil,
    mode: nn.InterpolationMode = .nearest, alignCorners: Bool? = nil
  ) -> Tensor {
    interpolate(x, size: size, scaleFactor: scaleFactor, mode: mode, alignCorners: alignCorners)
  }
  /// `interpolate` by the nearest element.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample_nearest.html
  public static func upsampleNearest(
    _ x: Tensor, size: (any Extent)? = nil, scaleFactor: (any ScaleFactor)? = nil
  ) -> Tensor {
    interpolate(x, size: size, scaleFactor: scaleFactor, mode: .nearest)
  }
  /// Bilinear `interpolate` with the corners kept.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample_bilinear.html
  public static func upsampleBilinear(
    _ x: Tensor, size: (any Extent)? = nil, scaleFactor: (any ScaleFactor)? = nil
  ) -> Tensor {
    interpolate(x, size: size, scaleFactor: scaleFactor, mode: .bilinear, alignCorners: true)
  }

  // MARK: Convolution over time

  /// Convolution of (time, batch, channels) with `weight` (kernel, C in, C out) and `bias` (C out).
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.conv_tbc.html
  public static func convTbc(_ x: Tensor, _ weight: Tensor, _ bias: Tensor, pad: Int = 0) -> Tensor {
    torch.convTbc(x, weight, bias, pad: pad)
  }
}
