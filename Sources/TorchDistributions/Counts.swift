// Distributions of counts: Bernoulli, binomial, geometric, Poisson.
//
// A success has a probability, given as `probs` or as log odds, `logits`; the other is computed when it is asked for.
// Reference: https://pytorch.org/docs/stable/distributions.html

import Foundation

extension distributions {
  /// Probabilities and log odds, one given, the other made from it.
  final class BinaryParameter {
    private(set) var givenProbs, givenLogits: Tensor?
    /// Whether probabilities are kept away from 0 and 1.
    private let clamps: Bool

    init(probs: Tensor?, logits: Tensor?, clamps: Bool = false) {
      (givenProbs, givenLogits, self.clamps) = (probs, logits, clamps)
    }

    /// One of the two, as PyTorch wants it.
    static func check(_ probs: (any TensorOrNumber)?, _ logits: (any TensorOrNumber)?) {
      if (probs == nil) == (logits == nil) {
        ErrorScope.report(TorchError(.value, "Either `probs` or `logits` must be specified, but not both."))
      }
    }

    var probs: Tensor {
      if let givenProbs { return givenProbs }
      let probs = givenLogits!.sigmoid()
      givenProbs = clamps ? clampedProbabilities(probs) : probs
      return givenProbs!
    }
    var logits: Tensor {
      if let givenLogits { return givenLogits }
      givenLogits = binaryLogits(givenProbs!)
      return givenLogits!
    }
    var given: Tensor { givenProbs ?? givenLogits! }

    func expanded(_ sizes: [Int]) -> BinaryParameter {
      BinaryParameter(probs: givenProbs?.expand(sizes), logits: givenLogits?.expand(sizes), clamps: clamps)
    }

    var parameters: [Distribution.Parameter] {
      [.init("probs", givenProbs, .unitInterval), .init("logits", givenLogits, .real)]
    }
  }

  /// 1 with probability `probs`, else 0.
  ///
  /// ```swift
  /// let coin = distributions.Bernoulli(probs: 0.3)
  /// print(coin.entropy())   // tensor(0.6109)
  /// ```
  public final class Bernoulli: ExponentialFamily {
    private let parameter: BinaryParameter
    public var probs: Tensor { parameter.probs }
    public var logits: Tensor { parameter.logits }

    public init(
      probs: (any TensorOrNumber)? = nil, logits: (any TensorOrNumber)? = nil, validateArgs: Bool? = nil
    ) {
      BinaryParameter.check(probs, logits)
      let value = broadcastAll(probs ?? logits ?? 0.5)[0]
      parameter = logits == nil || probs != nil ? .init(probs: value, logits: nil) : .init(probs: nil, logits: value)
      super.init(batchShape: value.shape, validateArgs: validateArgs)
    }

    private init(_ parameter: BinaryParameter) {
      self.parameter = parameter
      super.init(batchShape: parameter.given.shape, validateArgs: false)
    }

    public override var parameters: [Parameter] { parameter.parameters }
    public override var support: Constraint? { .boolean }
    public override var mean: Tensor { probs }
    public override var mode: Tensor { (probs >= 0.5).to(probs.dtype).maskedFill(probs .== 0.5, .double(.nan)) }
    public override var variance: Tensor { probs * (1 - probs) }

    public override func expand(_ batchShape: Shape) -> Bernoulli {
      expanded(Bernoulli(parameter.expanded(Array(batchShape))))
    }
    public override func sample(_ shape: Shape = []) -> Tensor {
      torch.noGrad { probs.expand(Array(extendedShape(shape))).bernoulli() }
    }
    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let both = broadcastAll(logits, value)
        return -binaryCrossEntropy(both[0], both[1])
      }
    }
    public override func entropy() -> Tensor { binaryCrossEntropy(logits, probs) }
    public override func enumerateSupport(expand: Bool = true) -> Tensor {
      enumerated(2, parameter.given.dtype, expand: expand)
    }
    public override var naturalParameters: [Tensor] { [probs.logit()] }
    public override func logNormalizer(_ natural: [Tensor]) -> Tensor { natural[0].exp().log1p() }
  }

  /// Successes in `totalCount` trials.
  public final class Binomial: Distribution {
    public let totalCount: Tensor
    private let parameter: BinaryParameter
    public var probs: Tensor { parameter.probs }
    public var logits: Tensor { parameter.logits }

    public init(
      totalCount: any TensorOrNumber = 1, probs: Tensor? = nil, logits: Tensor? = nil, validateArgs: Bool? = nil
    ) {
      BinaryParameter.check(probs, logits)
      let given = probs ?? logits ?? Tensor.full([], 0.5)
      let all = broadcastAll(totalCount.asCount(given.dtype), given)
      self.totalCount = all[0]
      parameter = probs != nil || logits == nil ? .init(probs: all[1], logits: nil) : .init(probs: nil, logits: all[1])
      super.init(batchShape: all[1].shape, validateArgs: validateArgs)
    }

    private init(_ totalCount: Tensor, _ parameter: BinaryParameter) {
      self.totalCount = totalCount
      self.parameter = parameter
      super.init(batchShape: totalCount.shape, validateArgs: false)
    }

    public override var parameters: [Parameter] {
      [Parameter("total_count", totalCount, .nonnegativeInteger)] + parameter.parameters
    }
    public override var support: Constraint? { .integerInterval(0, totalCount) }
    public override var mean: Tensor { totalCount * probs }
    public override var mode: Tensor { ((totalCount + 1) * probs).floor().minimum(totalCount) }
    public override var variance: Tensor { totalCount * probs * (1 - probs) }

    public override func expand(_ batchShape: Shape) -> Binomial {
      let sizes = Array(batchShape)
      return expanded(Binomial(totalCount.expand(sizes), parameter.expanded(sizes)))
    }
    public override func sample(_ shape: Shape = []) -> Tensor {
      let sizes = Array(extendedShape(shape))
      return torch.noGrad { torch.binomial(totalCount.expand(sizes), probs.expand(sizes)) }
    }
    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        // k·logit - n·max(logit, 0) - n·log1p(exp(-|logit|)), where the maximum has the gradient 1/2 at 0.
        let positive: Tensor = (logits.clamp(min: 0) + logits - logits.clamp(max: 0)) / 2
        let spread: Tensor = (-logits.abs()).exp().log1p()
        let factorial: Tensor = (totalCount + 1).lgamma()
        let normalizer: Tensor = totalCount * positive + totalCount * spread - factorial
        let parts: Tensor = (value + 1).lgamma() + (totalCount - value + 1).lgamma()
        return value * logits - parts - normalizer
      }
    }
    public override func entropy() -> Tensor {
      let support = enumerateSupport(expand: false)
      if let failure = support.failure { return .invalid(failure) }
      let log = logProb(support)
      return -(log.exp() * log).sum(dim: 0)
    }
    public override func enumerateSupport(expand: Bool = true) -> Tensor {
      Tensor.made(false) {
        let most = try totalCount.max().item().intValue
        guard try totalCount.min().item().intValue == most else {
          throw TorchError(.notImplemented, "Inhomogeneous total count not supported by `enumerate_support`.")
        }
        return enumerated(most + 1, parameter.given.dtype, expand: expand)
      }
    }
  }

  /// Failures before the first success.
  public final class Geometric: Distribution {
    private let parameter: BinaryParameter
    public var probs: Tensor { parameter.probs }
    public var logits: Tensor { parameter.logits }

    public init(
      probs: (any TensorOrNumber)? = nil, logits: (any TensorOrNumber)? = nil, validateArgs: Bool? = nil
    ) {
      BinaryParameter.check(probs, logits)
      let value = broadcastAll(probs ?? logits ?? 0.5)[0]
      parameter = logits == nil || probs != nil ? .init(probs: value, logits: nil) : .init(probs: nil, logits: value)
      super.init(batchShape: value.shape, validateArgs: validateArgs)
      if validatesArguments, probs != nil, !Constraint.positive.holds(value) {
        let wrong = value.detach().maskedSelect((value > 0).logicalNot())
        let what = "Expected parameter probs (Tensor of shape \(tuple(value.shape))) of distribution \(self)"
        ErrorScope.report(TorchError(.value, "\(what) to be positive but found invalid values:\n\(wrong)"))
      }
    }

    private init(_ parameter: BinaryParameter) {
      self.parameter = parameter
      super.init(batchShape: parameter.given.shape, validateArgs: false)
    }

    public override var parameters: [Parameter] { parameter.parameters }
    public override var support: Constraint? { .nonnegativeInteger }
    public override var mean: Tensor { 1 / probs - 1 }
    public override var mode: Tensor { Tensor.zeros(like: probs) }
    public override var variance: Tensor { (1 / probs - 1) / probs }

    public override func expand(_ batchShape: Shape) -> Geometric {
      expanded(Geometric(parameter.expanded(Array(batchShape))))
    }
    public override func sample(_ shape: Shape = []) -> Tensor {
      torch.noGrad {
        let u = Tensor.empty(extendedShape(shape), dtype: probs.dtype).uniform_(torch.finfo(probs.dtype).tiny, 1)
        return (u.log() / (-probs).log1p()).floor()
      }
    }
    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let both = broadcastAll(value, probs)
        // A sure success takes no failures: 0 · log 0 is 0.
        let p = both[1].maskedFill((both[1] .== 1) .& (both[0] .== 0), 0)
        return both[0] * (-p).log1p() + probs.log()
      }
    }
    public override func entropy() -> Tensor { binaryCrossEntropy(logits, probs) / probs }
  }

  /// Counts of events that happen at a constant rate.
  public final class Poisson: ExponentialFamily {
    public let rate: Tensor

    public init(_ rate: any TensorOrNumber, validateArgs: Bool? = nil) {
      self.rate = broadcastAll(rate)[0]
      super.init(batchShape: self.rate.shape, validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] { [Parameter("rate", rate, .nonnegative)] }
    public override var support: Constraint? { .nonnegativeInteger }
    public override var mean: Tensor { rate }
    public override var mode: Tensor { rate.floor() }
    public override var variance: Tensor { rate }

    public override func expand(_ batchShape: Shape) -> Poisson {
      expanded(Poisson(rate.expand(Array(batchShape)), validateArgs: false))
    }
    public override func sample(_ shape: Shape = []) -> Tensor {
      torch.noGrad { torch.poisson(rate.expand(Array(extendedShape(shape)))) }
    }
    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let both = broadcastAll(rate, value)
        return both[1].xlogy(both[0]) - both[0] - (both[1] + 1).lgamma()
      }
    }
    public override var naturalParameters: [Tensor] { [rate.log()] }
    public override func logNormalizer(_ natural: [Tensor]) -> Tensor { natural[0].exp() }
  }
}

extension TensorOrNumber {
  /// A number of trials in the dtype of the probabilities.
  fileprivate func asCount(_ dtype: DType) -> any TensorOrNumber {
    (self as? Tensor).map { $0.to(dtype) } ?? self
  }
}
