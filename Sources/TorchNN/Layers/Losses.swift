// Losses as layers: called with the output and the target, `criterion(output, target)`.
// Reference: https://pytorch.org/docs/stable/nn.html#loss-functions

extension nn {
  /// What losses of an output and a target share.
  open class Loss: Module, Layer {
    public let reduction: Reduction

    init(_ reduction: Reduction) { self.reduction = reduction }

    open func forward(_ input: (Tensor, Tensor)) -> Tensor { fatalError("made by subclasses") }
  }

  /// A loss with a weight for each class; the weight is a buffer, as PyTorch has it.
  open class WeightedLoss: Loss {
    @Buffer public var weight: Tensor?

    init(_ weight: Tensor?, _ reduction: Reduction) {
      self.weight = weight
      super.init(reduction)
    }
  }

  /// (x - y)²
  public final class MSELoss: Loss {
    public init(reduction: Reduction = .mean) {
      super.init(reduction)
    }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.mseLoss(input.0, input.1, reduction: reduction)
    }
  }

  /// |x - y|
  public final class L1Loss: Loss {
    public init(reduction: Reduction = .mean) {
      super.init(reduction)
    }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.l1Loss(input.0, input.1, reduction: reduction)
    }
  }

  /// ½(x - y)² / β where |x - y| < β, else |x - y| - ½β
  public final class SmoothL1Loss: Loss {
    public let beta: Double

    public init(beta: Double = 1, reduction: Reduction = .mean) {
      self.beta = beta
      super.init(reduction)
    }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.smoothL1Loss(input.0, input.1, beta: beta, reduction: reduction)
    }
  }

  /// ½(x - y)² where |x - y| < δ, else δ(|x - y| - ½δ)
  public final class HuberLoss: Loss {
    public let delta: Double

    public init(delta: Double = 1, reduction: Reduction = .mean) {
      self.delta = delta
      super.init(reduction)
    }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.huberLoss(input.0, input.1, delta: delta, reduction: reduction)
    }
  }

  /// eˣ - y·x
  public final class PoissonNLLLoss: Loss {
    public let logInput: Bool
    public let full: Bool
    public let eps: Double

    public init(logInput: Bool = true, full: Bool = false, eps: Double = 1e-8, reduction: Reduction = .mean) {
      self.logInput = logInput
      self.full = full
      self.eps = eps
      super.init(reduction)
    }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.poissonNLLLoss(input.0, input.1, logInput: logInput, full: full, eps: eps, reduction: reduction)
    }
  }

  /// x where y = 1, max(0, margin - x) where y = -1
  public final class HingeEmbeddingLoss: Loss {
    public let margin: Double

    public init(margin: Double = 1, reduction: Reduction = .mean) {
      self.margin = margin
      super.init(reduction)
    }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.hingeEmbeddingLoss(input.0, input.1, margin: margin, reduction: reduction)
    }
  }

  /// log(1 + e^(-yx)), y = ±1
  public final class SoftMarginLoss: Loss {
    public init(reduction: Reduction = .mean) {
      super.init(reduction)
    }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.softMarginLoss(input.0, input.1, reduction: reduction)
    }
  }

  /// Kullback-Leibler divergence of log-probabilities.
  public final class KLDivLoss: Loss {
    public let logTarget: Bool
    public let batchMean: Bool

    public init(logTarget: Bool = false, reduction: Reduction = .mean, batchMean: Bool = false) {
      self.logTarget = logTarget
      self.batchMean = batchMean
      super.init(reduction)
    }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.klDiv(input.0, input.1, logTarget: logTarget, reduction: reduction, batchMean: batchMean)
    }
  }

  /// The negative log likelihood of softmax(x).
  ///
  /// ```swift
  /// let criterion = nn.CrossEntropyLoss(labelSmoothing: 0.1)
  /// let loss = criterion(model(x), labels)
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
  public final class CrossEntropyLoss: WeightedLoss {
    public let ignoreIndex: Int
    public let labelSmoothing: Double

    public init(
      weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: Reduction = .mean, labelSmoothing: Double = 0
    ) {
      self.ignoreIndex = ignoreIndex
      self.labelSmoothing = labelSmoothing
      super.init(weight, reduction)
    }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.crossEntropy(
        input.0, input.1, weight: weight, ignoreIndex: ignoreIndex, reduction: reduction,
        labelSmoothing: labelSmoothing)
    }
  }

  /// The negative log likelihood of log-probabilities.
  public class NLLLoss: WeightedLoss {
    public let ignoreIndex: Int

    public init(weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: Reduction = .mean) {
      self.ignoreIndex = ignoreIndex
      super.init(weight, reduction)
    }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.nllLoss(input.0, input.1, weight: weight, ignoreIndex: ignoreIndex, reduction: reduction)
    }
  }

  /// `NLLLoss` under PyTorch's old name.
  public final class NLLLoss2d: NLLLoss {}

  /// Binary cross entropy of probabilities.
  public final class BCELoss: WeightedLoss {
    public init(weight: Tensor? = nil, reduction: Reduction = .mean) { super.init(weight, reduction) }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.binaryCrossEntropy(input.0, input.1, weight: weight, reduction: reduction)
    }
  }

  /// Binary cross entropy of logits.
  public final class BCEWithLogitsLoss: WeightedLoss {
    @Buffer public var posWeight: Tensor?

    public init(weight: Tensor? = nil, reduction: Reduction = .mean, posWeight: Tensor? = nil) {
      self.posWeight = posWeight
      super.init(weight, reduction)
    }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.binaryCrossEntropyWithLogits(
        input.0, input.1, weight: weight, reduction: reduction, posWeight: posWeight)
    }
  }

  /// The mean over classes of binary cross entropy with logits.
  public final class MultiLabelSoftMarginLoss: WeightedLoss {
    public init(weight: Tensor? = nil, reduction: Reduction = .mean) { super.init(weight, reduction) }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.multilabelSoftMarginLoss(input.0, input.1, weight: weight, reduction: reduction)
    }
  }

  /// Called with output, target and variance.
  public final class GaussianNLLLoss: Module, Layer {
    public let full: Bool
    public let eps: Double
    public let reduction: Reduction

    public init(full: Bool = false, eps: Double = 1e-6, reduction: Reduction = .mean) {
      self.full = full
      self.eps = eps
      self.reduction = reduction
    }

    public func forward(_ input: (Tensor, Tensor, Tensor)) -> Tensor {
      functional.gaussianNLLLoss(input.0, input.1, variance: input.2, full: full, eps: eps, reduction: reduction)
    }
  }

  /// max(0, -y(x₁ - x₂) + margin): called with x₁, x₂ and y = ±1.
  public final class MarginRankingLoss: Module, Layer {
    public let margin: Double
    public let reduction: Reduction

    public init(margin: Double = 0, reduction: Reduction = .mean) {
      self.margin = margin
      self.reduction = reduction
    }

    public func forward(_ input: (Tensor, Tensor, Tensor)) -> Tensor {
      functional.marginRankingLoss(input.0, input.1, input.2, margin: margin, reduction: reduction)
    }
  }

  /// Called with x₁, x₂ and y = ±1.
  public final class CosineEmbeddingLoss: Module, Layer {
    public let margin: Double
    public let reduction: Reduction

    public init(margin: Double = 0, reduction: Reduction = .mean) {
      self.margin = margin
      self.reduction = reduction
    }

    public func forward(_ input: (Tensor, Tensor, Tensor)) -> Tensor {
      functional.cosineEmbeddingLoss(input.0, input.1, input.2, margin: margin, reduction: reduction)
    }
  }

  /// max(0, d(a, p) - d(a, n) + margin): called with anchor, positive and negative.
  public final class TripletMarginLoss: Module, Layer {
    public let margin: Double
    public let p: Double
    public let eps: Double
    public let swap: Bool
    public let reduction: Reduction

    public init(margin: Double = 1, p: Double = 2, eps: Double = 1e-6, swap: Bool = false, reduction: Reduction = .mean) {
      self.margin = margin
      self.p = p
      self.eps = eps
      self.swap = swap
      self.reduction = reduction
    }

    public func forward(_ input: (Tensor, Tensor, Tensor)) -> Tensor {
      functional.tripletMarginLoss(input.0, input.1, input.2, margin: margin, p: p, eps: eps, swap: swap, reduction: reduction)
    }
  }
}
