// Continuous relaxations of Bernoulli and categorical variables, with differentiable draws.
// Reference: https://pytorch.org/docs/stable/distributions.html#relaxedbernoulli; Maddison et al., The Concrete
// Distribution, 2017; Jang et al., Categorical Reparametrization with Gumbel-Softmax, 2017.

import Foundation

extension distributions {
  /// The log odds of `RelaxedBernoulli`'s values.
  public final class LogitRelaxedBernoulli: Distribution {
    public let temperature: Tensor
    private let parameter: BinaryParameter
    public var probs: Tensor { parameter.probs }
    public var logits: Tensor { parameter.logits }

    public init(
      _ temperature: any TensorOrNumber, probs: (any TensorOrNumber)? = nil, logits: (any TensorOrNumber)? = nil,
      validateArgs: Bool? = nil
    ) {
      BinaryParameter.check(probs, logits)
      self.temperature = broadcastAll(temperature)[0]
      let value = broadcastAll(probs ?? logits ?? 0.5)[0]
      parameter = logits == nil || probs != nil ? .init(probs: value, logits: nil) : .init(probs: nil, logits: value)
      super.init(batchShape: value.shape, validateArgs: validateArgs)
    }

    private init(_ temperature: Tensor, _ parameter: BinaryParameter) {
      (self.temperature, self.parameter) = (temperature, parameter)
      super.init(batchShape: parameter.given.shape, validateArgs: false)
    }

    public override var parameters: [Parameter] { parameter.parameters }
    public override var support: Constraint? { .real }
    public override var hasRSample: Bool { true }

    public override func expand(_ batchShape: Shape) -> LogitRelaxedBernoulli {
      expanded(LogitRelaxedBernoulli(temperature, parameter.expanded(Array(batchShape))))
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      let sizes = extendedShape(shape)
      let p = clampedProbabilities(probs.expand(Array(sizes)))
      let u = clampedProbabilities(torch.rand(sizes, dtype: p.dtype))
      return (u.log() - (-u).log1p() + p.log() - (-p).log1p()) / temperature
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let both = broadcastAll(logits, value)
        let difference: Tensor = both[0] - both[1] * temperature
        return temperature.log() + difference - 2 * difference.exp().log1p()
      }
    }
  }

  /// Values of (0, 1) that come closer to 0 and 1 the lower the temperature is.
  ///
  /// ```swift
  /// let d = distributions.RelaxedBernoulli(Tensor([2.2]), probs: Tensor([0.1, 0.2, 0.3, 0.99]))
  /// let x = d.rsample()   // four values, with gradients to `probs` and the temperature
  /// ```
  public final class RelaxedBernoulli: TransformedDistribution {
    private let relaxed: LogitRelaxedBernoulli
    public var temperature: Tensor { relaxed.temperature }
    public var probs: Tensor { relaxed.probs }
    public var logits: Tensor { relaxed.logits }

    public init(
      _ temperature: any TensorOrNumber, probs: (any TensorOrNumber)? = nil, logits: (any TensorOrNumber)? = nil,
      validateArgs: Bool? = nil
    ) {
      relaxed = LogitRelaxedBernoulli(temperature, probs: probs, logits: logits)
      super.init(relaxed, [SigmoidTransform()], validateArgs: validateArgs)
    }

    private init(_ relaxed: LogitRelaxedBernoulli) {
      self.relaxed = relaxed
      super.init(relaxed, [SigmoidTransform()], validateArgs: false)
    }

    public override var support: Constraint? { .unitInterval }
    public override func expand(_ batchShape: Shape) -> RelaxedBernoulli {
      expanded(RelaxedBernoulli(relaxed.expand(batchShape)))
    }
  }

  /// The logarithm of `RelaxedOneHotCategorical`'s values.
  public final class ExpRelaxedCategorical: Distribution {
    public let temperature: Tensor
    private let categorical: Categorical
    public var probs: Tensor { categorical.probs }
    public var logits: Tensor { categorical.logits }

    public init(
      _ temperature: any TensorOrNumber, probs: Tensor? = nil, logits: Tensor? = nil, validateArgs: Bool? = nil
    ) {
      self.temperature = broadcastAll(temperature)[0]
      categorical = Categorical(probs: probs, logits: logits)
      super.init(
        batchShape: categorical.batchShape, eventShape: [categorical.categories], validateArgs: validateArgs)
    }

    private init(_ temperature: Tensor, _ categorical: Categorical) {
      (self.temperature, self.categorical) = (temperature, categorical)
      super.init(batchShape: categorical.batchShape, eventShape: [categorical.categories], validateArgs: false)
    }

    public override var parameters: [Parameter] {
      categorical.parameters.map { Parameter($0.name, $0.value, $0.constraint, isPrinted: false) }
    }
    /// In truth only vectors whose exponentials add up to 1.
    public override var support: Constraint? { .realVector }
    public override var hasRSample: Bool { true }

    public override func expand(_ batchShape: Shape) -> ExpRelaxedCategorical {
      expanded(ExpRelaxedCategorical(temperature, categorical.expand(batchShape)))
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      let u = clampedProbabilities(torch.rand(extendedShape(shape), dtype: logits.dtype))
      let gumbels: Tensor = -(-u.log()).log()
      let scores: Tensor = (logits + gumbels) / temperature
      return scores - scores.logsumexp(dim: [-1], keepdim: true)
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let k = Double(categorical.categories)
        let both = broadcastAll(logits, value)
        let logScale: Tensor = Foundation.lgamma(k) + (k - 1) * temperature.log()
        let score: Tensor = both[0] - both[1] * temperature
        return (score - score.logsumexp(dim: [-1], keepdim: true)).sum(dim: -1) + logScale
      }
    }
  }

  /// Points of the simplex that come closer to its corners the lower the temperature is.
  public final class RelaxedOneHotCategorical: TransformedDistribution {
    private let relaxed: ExpRelaxedCategorical
    public var temperature: Tensor { relaxed.temperature }
    public var probs: Tensor { relaxed.probs }
    public var logits: Tensor { relaxed.logits }

    public init(
      _ temperature: any TensorOrNumber, probs: Tensor? = nil, logits: Tensor? = nil, validateArgs: Bool? = nil
    ) {
      relaxed = ExpRelaxedCategorical(temperature, probs: probs, logits: logits, validateArgs: validateArgs)
      super.init(relaxed, [ExpTransform()], validateArgs: validateArgs)
    }

    private init(_ relaxed: ExpRelaxedCategorical) {
      self.relaxed = relaxed
      super.init(relaxed, [ExpTransform()], validateArgs: false)
    }

    public override var support: Constraint? { .simplex }
    public override func expand(_ batchShape: Shape) -> RelaxedOneHotCategorical {
      expanded(RelaxedOneHotCategorical(relaxed.expand(batchShape)))
    }
  }
}
