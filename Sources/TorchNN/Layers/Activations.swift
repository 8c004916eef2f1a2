// Activations as layers, for `Sequential`.
// Reference: https://pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity

extension nn {
  /// An activation that can write over its input.
  open class InplaceActivation: Module, Layer {
    public let inplace: Bool

    public init(inplace: Bool = false) { self.inplace = inplace }

    open func apply(_ x: Tensor) -> Tensor { fatalError("made by subclasses") }

    public final func forward(_ x: Tensor) -> Tensor {
      if !inplace { return apply(x) }
      let y = apply(x)
      return y.isValid ? x.copy_(y) : y
    }

    /// What the activation prints before `inplace=True`.
    var arguments: String { "" }

    public override var extraRepr: String {
      let parts = [arguments, inplace ? "inplace=True" : ""].filter { !$0.isEmpty }
      return parts.joined(separator: ", ")
    }
  }

  /// max(x, 0)
  public final class ReLU: InplaceActivation {
    public override func apply(_ x: Tensor) -> Tensor { functional.relu(x) }
  }

  /// x·σ(x)
  public final class SiLU: InplaceActivation {
    public override func apply(_ x: Tensor) -> Tensor { functional.silu(x) }
  }

  /// x·tanh(softplus(x))
  public final class Mish: InplaceActivation {
    public override func apply(_ x: Tensor) -> Tensor { functional.mish(x) }
  }

  /// The self-normalizing scaled ELU.
  public final class SELU: InplaceActivation {
    public override func apply(_ x: Tensor) -> Tensor { functional.selu(x) }
  }

  /// min(max(x, 0), 6)
  public final class ReLU6: InplaceActivation {
    public override func apply(_ x: Tensor) -> Tensor { functional.relu6(x) }
  }

  /// relu6(x + 3) / 6
  public final class Hardsigmoid: InplaceActivation {
    public override func apply(_ x: Tensor) -> Tensor { functional.hardsigmoid(x) }
    public override var extraRepr: String { "" }
  }

  /// x·relu6(x + 3) / 6
  public final class Hardswish: InplaceActivation {
    public override func apply(_ x: Tensor) -> Tensor { functional.hardswish(x) }
    public override var extraRepr: String { "" }
  }

  /// x for x > 0, else α(eˣ - 1)
  public final class ELU: InplaceActivation {
    public let alpha: Double

    public init(alpha: Double = 1, inplace: Bool = false) {
      self.alpha = alpha
      super.init(inplace: inplace)
    }

    public override func apply(_ x: Tensor) -> Tensor { functional.elu(x, alpha: alpha) }
    override var arguments: String { "alpha=\(Scalar(alpha))" }
  }

  /// x for x > 0, else α(eˣᐟᵅ - 1)
  public final class CELU: InplaceActivation {
    public let alpha: Double

    public init(alpha: Double = 1, inplace: Bool = false) {
      self.alpha = alpha
      super.init(inplace: inplace)
    }

    public override func apply(_ x: Tensor) -> Tensor { functional.celu(x, alpha: alpha) }
    override var arguments: String { "alpha=\(Scalar(alpha))" }
  }

  /// x for x > 0, else slope · x
  public final class LeakyReLU: InplaceActivation {
    public let negativeSlope: Double

    public init(negativeSlope: Double = 0.01, inplace: Bool = false) {
      self.negativeSlope = negativeSlope
      super.init(inplace: inplace)
    }

    public override func apply(_ x: Tensor) -> Tensor { functional.leakyRelu(x, negativeSlope: negativeSlope) }
    override var arguments: String { "negative_slope=\(Scalar(negativeSlope))" }
  }

  /// Leaky ReLU with a random slope while training.
  public final class RReLU: InplaceActivation {
    public let lower: Double
    public let upper: Double

    public init(lower: Double = 1.0 / 8, upper: Double = 1.0 / 3, inplace: Bool = false) {
      self.lower = lower
      self.upper = upper
      super.init(inplace: inplace)
    }

    public override func apply(_ x: Tensor) -> Tensor {
      functional.rrelu(x, lower: lower, upper: upper, training: training)
    }
    override var arguments: String { "lower=\(Scalar(lower)), upper=\(Scalar(upper))" }
  }

  /// x bounded to [minVal, maxVal]
  public final class Hardtanh: InplaceActivation {
    public let minVal: Double
    public let maxVal: Double

    public init(minVal: Double = -1, maxVal: Double = 1, inplace: Bool = false) {
      self.minVal = minVal
      self.maxVal = maxVal
      super.init(inplace: inplace)
      if maxVal <= minVal {
        ErrorScope.report(
          TorchError(.value, "max_val (\(Scalar(maxVal))) must be greater than min_val (\(Scalar(minVal)))"))
      }
    }

    public override func apply(_ x: Tensor) -> Tensor { functional.hardtanh(x, min: minVal, max: maxVal) }
    override var arguments: String { "min_val=\(Scalar(minVal)), max_val=\(Scalar(maxVal))" }
  }

  /// 1 / (1 + e⁻ˣ)
  public final class Sigmoid: Module, Layer {
    public func forward(_ x: Tensor) -> Tensor { functional.sigmoid(x) }
  }

  /// tanh(x)
  public final class Tanh: Module, Layer {
    public func forward(_ x: Tensor) -> Tensor { functional.tanh(x) }
  }

  /// log σ(x)
  public final class LogSigmoid: Module, Layer {
    public func forward(_ x: Tensor) -> Tensor { functional.logsigmoid(x) }
  }

  /// x / (1 + |x|)
  public final class Softsign: Module, Layer {
    public func forward(_ x: Tensor) -> Tensor { functional.softsign(x) }
  }

  /// x - tanh(x)
  public final class Tanhshrink: Module, Layer {
    public func forward(_ x: Tensor) -> Tensor { functional.tanhshrink(x) }
  }

  /// x·Φ(x); `approximate: "tanh"` for the faster formula.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.GELU.html
  public final class GELU: Module, Layer {
    public let approximate: String

    public init(approximate: String = "none") { self.approximate = approximate }

    public func forward(_ x: Tensor) -> Tensor { functional.gelu(x, approximate: approximate) }
    public override var extraRepr: String { "approximate='\(approximate)'" }
  }

  /// log(1 + e^(βx)) / β
  public final class Softplus: Module, Layer {
    public let beta: Double
    public let threshold: Double

    public init(beta: Double = 1, threshold: Double = 20) {
      self.beta = beta
      self.threshold = threshold
    }

    public func forward(_ x: Tensor) -> Tensor { functional.softplus(x, beta: beta, threshold: threshold) }
    public override var extraRepr: String { "beta=\(Scalar(beta)), threshold=\(Scalar(threshold))" }
  }

  /// x where |x| > λ, else 0
  public final class Hardshrink: Module, Layer {
    public let lambda: Double

    public init(_ lambda: Double = 0.5) { self.lambda = lambda }

    public func forward(_ x: Tensor) -> Tensor { functional.hardshrink(x, lambda: lambda) }
    public override var extraRepr: String { "\(Scalar(lambda))" }
  }

  /// x moved towards 0 by λ, and 0 within
  public final class Softshrink: Module, Layer {
    public let lambda: Double

    public init(_ lambda: Double = 0.5) { self.lambda = lambda }

    public func forward(_ x: Tensor) -> Tensor { functional.softshrink(x, lambda: lambda) }
    public override var extraRepr: String { "\(Scalar(lambda))" }
  }

  /// max(x, 0) + weight · min(x, 0), the weight learnt; 0.25 at first.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html
  public final class PReLU: Module, Layer {
    public let numParameters: Int
    private let initial: Double
    @Parameter public var weight: Tensor

    public init(_ numParameters: Int = 1, initial: Double = 0.25, dtype: DType? = nil) {
      self.numParameters = numParameters
      self.initial = initial
      weight = Tensor.full([numParameters], Scalar(initial), dtype: dtype ?? .default)
    }

    public func resetParameters() { initializers.constant_(weight, Scalar(initial)) }

    public func forward(_ x: Tensor) -> Tensor { functional.prelu(x, weight) }
    public override var extraRepr: String { "num_parameters=\(numParameters)" }
  }

  /// The first half of `dim` times σ of the second.
  public final class GLU: Module, Layer {
    public let dim: Int

    public init(dim: Int = -1) { self.dim = dim }

    public func forward(_ x: Tensor) -> Tensor { functional.glu(x, dim: dim) }
    public override var extraRepr: String { "dim=\(dim)" }
  }

  /// eˣ / Σeˣ along `dim`.
  public final class Softmax: Module, Layer {
    public let dim: Int

    public init(dim: Int) { self.dim = dim }

    public func forward(_ x: Tensor) -> Tensor { functional.softmax(x, dim: dim) }
    public override var extraRepr: String { "dim=\(dim)" }
  }

  /// log softmax along `dim`.
  public final class LogSoftmax: Module, Layer {
    public let dim: Int

    public init(dim: Int) { self.dim = dim }

    public func forward(_ x: Tensor) -> Tensor { functional.logSoftmax(x, dim: dim) }
    public override var extraRepr: String { "dim=\(dim)" }
  }

  /// softmax of -x along `dim`.
  public final class Softmin: Module, Layer {
    public let dim: Int

    public init(dim: Int) { self.dim = dim }

    public func forward(_ x: Tensor) -> Tensor { functional.softmin(x, dim: dim) }
    public override var extraRepr: String { "dim=\(dim)" }
  }

  /// softmax over the channels of (N, C, H, W) or (C, H, W).
  public final class Softmax2d: Module, Layer {
    public func forward(_ x: Tensor) -> Tensor {
      guard x.ndim == 3 || x.ndim == 4 else {
        return .invalid(TorchError(.value, "Softmax2d: expected input to be 3D or 4D, got \(x.ndim)D instead"))
      }
      return x.softmax(dim: -3)
    }
  }

  /// x where x > threshold, else `value`
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Threshold.html
  public final class Threshold: InplaceActivation {
    public let threshold: Scalar
    public let value: Scalar

    public init(_ threshold: Scalar, _ value: Scalar, inplace: Bool = false) {
      self.threshold = threshold
      self.value = value
      super.init(inplace: inplace)
    }

    public override func apply(_ x: Tensor) -> Tensor { functional.threshold(x, threshold, value) }
    override var arguments: String { "threshold=\(threshold), value=\(value)" }
  }
}
