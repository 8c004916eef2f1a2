// Counts of successes before a number of failures.
// Reference: https://pytorch.org/docs/stable/distributions.html#negativebinomial

extension distributions {
  /// Successes, each with probability `probs`, before `totalCount` failures; `totalCount` need not be whole.
  ///
  /// ```swift
  /// let d = distributions.NegativeBinomial(3, probs: Tensor([0.25]))
  /// print(d.mean)   // tensor([1.])
  /// ```
  public final class NegativeBinomial: Distribution {
    public let totalCount: Tensor
    private let parameter: BinaryParameter
    public var probs: Tensor { parameter.probs }
    public var logits: Tensor { parameter.logits }

    public init(
      _ totalCount: any TensorOrNumber, probs: (any TensorOrNumber)? = nil, logits: (any TensorOrNumber)? = nil,
      validateArgs: Bool? = nil
    ) {
      BinaryParameter.check(probs, logits)
      let all = broadcastAll(totalCount, probs ?? logits ?? 0.5)
      self.totalCount = all[0].to(all[1].dtype)
      parameter = logits == nil || probs != nil ? .init(probs: all[1], logits: nil) : .init(probs: nil, logits: all[1])
      super.init(batchShape: all[1].shape, validateArgs: validateArgs)
    }

    private init(_ totalCount: Tensor, _ parameter: BinaryParameter) {
      (self.totalCount, self.parameter) = (totalCount, parameter)
      super.init(batchShape: totalCount.shape, validateArgs: false)
    }

    public override var parameters: [Parameter] {
      [
        Parameter("total_count", totalCount, .greaterThanEq(0)),
        Parameter("probs", parameter.givenProbs, .halfOpenInterval(0.0, 1.0)),
        Parameter("logits", parameter.givenLogits, .real),
      ]
    }
    public override var support: Constraint? { .nonnegativeInteger }
    public override var mean: Tensor { totalCount * logits.exp() }
    public override var mode: Tensor { ((totalCount - 1) * logits.exp()).floor().clamp(min: 0) }
    public override var variance: Tensor { mean / (-logits).sigmoid() }

    public override func expand(_ batchShape: Shape) -> NegativeBinomial {
      let sizes = Array(batchShape)
      return expanded(NegativeBinomial(totalCount.expand(sizes), parameter.expanded(sizes)))
    }

    public override func sample(_ shape: Shape = []) -> Tensor {
      torch.noGrad {
        // A count of 0 is no valid concentration, hence no check.
        torch.poisson(Gamma(totalCount, (-logits).exp(), validateArgs: false).sample(shape))
      }
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let failures: Tensor = totalCount * (-logits).logSigmoid()
        let unnormalized: Tensor = failures + value * logits.logSigmoid()
        let normalizer: Tensor = (1 + value).lgamma() + totalCount.lgamma() - (totalCount + value).lgamma()
        // No success before no failure is sure, but log Γ(0) is infinite.
        return unnormalized - normalizer.maskedFill(totalCount + value .== 0, 0)
      }
    }
  }
}
