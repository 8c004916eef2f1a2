// Activation functions that write their result over their input.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions

extension nn.functional {
  /// `relu`, in place.
  @discardableResult public static func relu_(_ x: Tensor) -> Tensor { x.relu_() }
  /// `leakyRelu`, in place.
  @discardableResult public static func leakyRelu_(_ x: Tensor, negativeSlope: Double = 0.01) -> Tensor {
    x.leakyRelu_(negativeSlope: Scalar(negativeSlope))
  }
  /// `elu`, in place.
  @discardableResult public static func elu_(_ x: Tensor, alpha: Double = 1) -> Tensor { x.elu_(alpha: Scalar(alpha)) }
  /// `celu`, in place.
  @discardableResult public static func celu_(_ x: Tensor, alpha: Double = 1) -> Tensor {
    torch.celu_(x, alpha: Scalar(alpha))
  }
  /// `selu`, in place.
  @discardableResult public static func selu_(_ x: Tensor) -> Tensor { torch.selu_(x) }
  /// `hardtanh`, in place.
  @discardableResult public static func hardtanh_(_ x: Tensor, min: Double = -1, max: Double = 1) -> Tensor {
    x.hardtanh_(min: Scalar(min), max: Scalar(max))
  }
  /// `threshold`, in place.
  @discardableResult public static func threshold_(_ x: Tensor, _ threshold: Scalar, _ value: Scalar) -> Tensor {
    torch.threshold_(x, threshold, value)
  }
  /// `rrelu`, in place.
  @discardableResult public static func rrelu_(
    _ x: Tensor, lower: Double = 1.0 / 8, upper: Double = 1.0 / 3, training: Bool = false
  ) -> Tensor { torch.rrelu_(x, lower: Scalar(lower), upper: Scalar(upper), training: training) }
}
