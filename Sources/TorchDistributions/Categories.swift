// Distributions over categories.
// Reference: https://pytorch.org/docs/stable/distributions.html

extension distributions {
  /// A category number from 0 to k - 1, with probabilities (…, k) that need not be normalized, or their logarithms.
  ///
  /// ```swift
  /// let die = distributions.Categorical(probs: Tensor([1.0, 1.0, 2.0]))
  /// print(die.logProb(Tensor([2])))   // tensor([-0.6931])
  /// ```
  public final class Categorical: Distribution {
    private var givenProbs, givenLogits: Tensor?
    let categories: Int

    public init(probs: Tensor? = nil, logits: Tensor? = nil, validateArgs: Bool? = nil) {
      BinaryParameter.check(probs, logits)
      let given = probs ?? logits ?? Tensor.ones([1])
      if given.isValid, given.ndim < 1 {
        ErrorScope.report(
          TorchError(
            .value, "`\(probs == nil ? "logits" : "probs")` parameter must be at least one-dimensional."))
      }
      if probs != nil || logits == nil {
        givenProbs = given / given.sum(dim: -1, keepdim: true)
      } else {
        givenLogits = given - given.logsumexp(dim: [-1], keepdim: true)
      }
      categories = given.shape.last ?? 1
      super.init(batchShape: Shape(Array(given.shape.dropLast())), validateArgs: validateArgs)
    }

    /// Of normalized values.
    private init(_ probs: Tensor?, _ logits: Tensor?, _ batchShape: Shape, _ categories: Int) {
      (givenProbs, givenLogits, self.categories) = (probs, logits, categories)
      super.init(batchShape: batchShape, validateArgs: false)
    }

    public var probs: Tensor {
      if let givenProbs { return givenProbs }
      givenProbs = givenLogits!.softmax(dim: -1)
      return givenProbs!
    }
    public var logits: Tensor {
      if let givenLogits { return givenLogits }
      givenLogits = clampedProbabilities(givenProbs!).log()
      return givenLogits!
    }
    public var paramShape: Shape { (givenProbs ?? givenLogits!).shape }

    public override var parameters: [Parameter] {
      [Parameter("probs", givenProbs, .simplex), Parameter("logits", givenLogits, .realVector)]
    }
    public override var support: Constraint? { .integerInterval(0, categories - 1) }
    public override var mean: Tensor { Tensor.full(extendedShape(), .double(.nan), dtype: probs.dtype) }
    public override var mode: Tensor { probs.argmax(dim: -1) }
    public override var variance: Tensor { mean }

    public override func expand(_ batchShape: Shape) -> Categorical {
      let sizes = Array(batchShape) + [categories]
      return expanded(Categorical(givenProbs?.expand(sizes), givenLogits?.expand(sizes), batchShape, categories))
    }

    public override func sample(_ shape: Shape = []) -> Tensor {
      torch.noGrad {
        let rows = probs.reshape([-1, categories])
        return rows.multinomial(shape.numel, replacement: true).t().reshape(Array(extendedShape(shape)))
      }
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let both = broadcastAll(value.to(.int64).unsqueeze(-1), logits)
        return both[1].gather(-1, both[0].narrow(-1, 0, 1)).squeeze(-1)
      }
    }

    public override func entropy() -> Tensor {
      let finite = logits.clamp(min: Scalar(torch.finfo(logits.dtype).min))
      return -(finite * probs).sum(dim: -1)
    }

    public override func enumerateSupport(expand: Bool = true) -> Tensor {
      enumerated(categories, .int64, expand: expand)
    }
  }

  /// As `Categorical`, with one-hot vectors (…, k) for values.
  public class OneHotCategorical: Distribution {
    let categorical: Categorical
    public var probs: Tensor { categorical.probs }
    public var logits: Tensor { categorical.logits }

    public init(probs: Tensor? = nil, logits: Tensor? = nil, validateArgs: Bool? = nil) {
      categorical = Categorical(probs: probs, logits: logits)
      super.init(
        batchShape: categorical.batchShape, eventShape: [categorical.categories], validateArgs: validateArgs)
    }

    required init(_ categorical: Categorical) {
      self.categorical = categorical
      super.init(batchShape: categorical.batchShape, eventShape: [categorical.categories], validateArgs: false)
    }

    public override final var parameters: [Parameter] {
      categorical.parameters.map { Parameter($0.name, $0.value, $0.constraint, isPrinted: false) }
    }
    public override var support: Constraint? { .oneHot }
    public override var mean: Tensor { probs }
    public override var mode: Tensor { hot(categorical.mode) }
    public override var variance: Tensor { probs * (1 - probs) }

    public override func expand(_ batchShape: Shape) -> OneHotCategorical {
      expanded(Self(categorical.expand(batchShape)))
    }
    public override func sample(_ shape: Shape = []) -> Tensor { torch.noGrad { hot(categorical.sample(shape)) } }
    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) { categorical.logProb(value.argmax(dim: -1)) }
    }
    public override func entropy() -> Tensor { categorical.entropy() }
    public override func enumerateSupport(expand: Bool = true) -> Tensor {
      let k = categorical.categories
      let values = Tensor.eye(k, dtype: probs.dtype).view([k] + batchShape.map { _ in 1 } + [k])
      return expand ? values.expand([k] + Array(batchShape) + [k]) : values
    }

    private func hot(_ indices: Tensor) -> Tensor {
      torch.oneHot(indices, numClasses: categorical.categories).to(probs.dtype)
    }
  }

  /// `OneHotCategorical` with draws that hand their gradient straight through to `probs`.
  ///
  /// Reference: Bengio et al., Estimating or Propagating Gradients Through Stochastic Neurons for Conditional
  /// Computation, 2013.
  public final class OneHotCategoricalStraightThrough: OneHotCategorical {
    public override var hasRSample: Bool { true }
    public override func rsample(_ shape: Shape = []) -> Tensor { sample(shape) + (probs - probs.detach()) }
  }

  /// How often each category comes in `totalCount` draws.
  public final class Multinomial: Distribution {
    public let totalCount: Int
    private let categorical: Categorical
    public var probs: Tensor { categorical.probs }
    public var logits: Tensor { categorical.logits }

    public init(
      totalCount: Int = 1, probs: Tensor? = nil, logits: Tensor? = nil, validateArgs: Bool? = nil
    ) {
      self.totalCount = totalCount
      categorical = Categorical(probs: probs, logits: logits)
      super.init(
        batchShape: categorical.batchShape, eventShape: [categorical.categories], validateArgs: validateArgs)
    }

    private init(_ totalCount: Int, _ categorical: Categorical) {
      (self.totalCount, self.categorical) = (totalCount, categorical)
      super.init(batchShape: categorical.batchShape, eventShape: [categorical.categories], validateArgs: false)
    }

    public override var parameters: [Parameter] {
      categorical.parameters.map { Parameter($0.name, $0.value, $0.constraint, isPrinted: false) }
    }
    public override var support: Constraint? { .multinomial(totalCount) }
    public override var mean: Tensor { probs * totalCount }
    public override var variance: Tensor { totalCount * probs * (1 - probs) }

    public override func expand(_ batchShape: Shape) -> Multinomial {
      expanded(Multinomial(totalCount, categorical.expand(batchShape)))
    }

    public override func sample(_ shape: Shape = []) -> Tensor {
      torch.noGrad {
        let draws = categorical.sample(joined([totalCount], shape))
        let last = draws.permute(Array(1..<draws.ndim) + [0])
        let counts = Tensor.zeros(extendedShape(shape), dtype: .int64)
        return counts.scatterAdd(-1, last, Tensor.ones(like: last)).to(probs.dtype)
      }
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let both = broadcastAll(logits, value)
        let counts = both[1]
        let possible = both[0].maskedFill((counts .== 0) .& (both[0] .== -Double.infinity), 0)
        let factorials: Tensor = (counts.sum(dim: -1) + 1).lgamma() - (counts + 1).lgamma().sum(dim: -1)
        return factorials + (possible * counts).sum(dim: -1)
      }
    }

    public override func entropy() -> Tensor {
      let n = Tensor.full([], Scalar(totalCount), dtype: probs.dtype)
      let binomial = Binomial(totalCount: totalCount, probs: probs, validateArgs: false)
      let support = binomial.enumerateSupport(expand: false).narrow(0, 1, totalCount)
      let weighted: Tensor = binomial.logProb(support).exp() * (support + 1).lgamma()
      return n * categorical.entropy() - (n + 1).lgamma() + weighted.sum(dim: [0, -1])
    }
  }
}
