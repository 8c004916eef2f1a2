// Activations and dropouts that write into their argument.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions

extension torch {
  // Each is the function without the underscore, written into `x`, which it returns.

  @discardableResult public static func celu_(_ x: Tensor, alpha: Scalar = 1) -> Tensor {
    ActivationFunctions.celu.inPlace(x, alpha)
  }
  @discardableResult public static func elu_(_ x: Tensor, alpha: Scalar = 1) -> Tensor {
    Activations.elu.inPlace(x, alpha, 1, 1)
  }
  @discardableResult public static func hardtanh_(_ x: Tensor, min: Scalar = -1, max: Scalar = 1) -> Tensor {
    Activations.hardtanh.inPlace(x, min, max)
  }
  @discardableResult public static func leakyRelu_(_ x: Tensor, negativeSlope: Scalar = 0.01) -> Tensor {
    Activations.leakyRelu.inPlace(x, negativeSlope)
  }
  @discardableResult public static func rrelu_(
    _ x: Tensor, lower: Scalar = 0.125, upper: Scalar = .double(1.0 / 3), training: Bool = false
  ) -> Tensor {
    ActivationFunctions.rrelu.inPlace(x, lower, upper, training, nil)
  }
  @discardableResult public static func selu_(_ x: Tensor) -> Tensor { ActivationFunctions.selu.inPlace(x) }
  @discardableResult public static func threshold_(_ x: Tensor, _ threshold: Scalar, _ value: Scalar) -> Tensor {
    ActivationFunctions.threshold.inPlace(x, threshold, value)
  }
  @discardableResult public static func alphaDropout_(_ x: Tensor, p: Double, train: Bool) -> Tensor {
    Dropouts.alpha.inPlace(x, p, train)
  }
  @discardableResult public static func featureAlphaDropout_(_ x: Tensor, p: Double, train: Bool) -> Tensor {
    Dropouts.featureAlpha.inPlace(x, p, train)
  }
}
