// Bernoulli's density on the whole of [0, 1].
// Reference: https://pytorch.org/docs/stable/distributions.html#continuousbernoulli; Loaiza-Ganem and Cunningham,
// The continuous Bernoulli: fixing a pervasive error in variational autoencoders, 2019.

import Foundation

extension distributions {
  /// Values x of [0, 1] with a density proportional to probsˣ (1 - probs)¹⁻ˣ.
  ///
  /// Near 1/2, for `probs` between the two `limits`, the formulas lose their digits and Taylor's series take over.
  ///
  /// ```swift
  /// print(distributions.ContinuousBernoulli(probs: Tensor([0.25])).mean)   // tensor([0.4102])
  /// ```
  public final class ContinuousBernoulli: ExponentialFamily {
    private let parameter: BinaryParameter
    private let limits: (Double, Double)
    public var probs: Tensor { parameter.probs }
    public var logits: Tensor { parameter.logits }

    public init(
      probs: (any TensorOrNumber)? = nil, logits: (any TensorOrNumber)? = nil,
      limits: (Double, Double) = (0.499, 0.501), validateArgs: Bool? = nil
    ) {
      BinaryParameter.check(probs, logits)
      let value = broadcastAll(probs ?? logits ?? 0.5)[0]
      if logits == nil || probs != nil {
        // Looked at before the clamp, which would make any value valid.
        if validateArgs != nil, value.isValid, !Constraint.unitInterval.holds(value) {
          ErrorScope.report(TorchError(.value, "The parameter probs has invalid values"))
        }
        parameter = BinaryParameter(probs: clampedProbabilities(value), logits: nil)
      } else {
        parameter = BinaryParameter(probs: nil, logits: value, clamps: true)
      }
      self.limits = limits
      super.init(batchShape: value.shape, validateArgs: validateArgs)
    }

    private init(_ parameter: BinaryParameter, _ limits: (Double, Double)) {
      (self.parameter, self.limits) = (parameter, limits)
      super.init(batchShape: parameter.given.shape, validateArgs: false)
    }

    public override var parameters: [Parameter] { parameter.parameters }
    public override var support: Constraint? { .unitInterval }
    public override var hasRSample: Bool { true }

    public override func expand(_ batchShape: Shape) -> ContinuousBernoulli {
      expanded(ContinuousBernoulli(parameter.expanded(Array(batchShape)), limits))
    }

    /// Whether the formulas are to be trusted.
    private var isStable: Tensor { (probs <= Scalar(limits.0)) .| (probs > Scalar(limits.1)) }
    /// `probs` with a harmless number where the series is used, so that no gradient is NaN.
    private var cutProbs: Tensor { torch.where(isStable, probs, limits.0 * Tensor.ones(like: probs.detach())) }

    /// The logarithm of the normalizing constant.
    var logNorm: Tensor {
      let cut = cutProbs
      let (zero, one) = (Tensor.zeros(like: cut.detach()), Tensor.ones(like: cut.detach()))
      let below = torch.where(cut <= 0.5, cut, zero)
      let above = torch.where(cut >= 0.5, cut, one)
      let width: Tensor = torch.where(cut <= 0.5, (-2 * below).log1p(), (2 * above - 1).log())
      let exact: Tensor = ((-cut).log1p() - cut.log()).abs().log() - width
      let x: Tensor = (probs - 0.5).square()
      let series: Tensor = Foundation.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * x) * x
      return torch.where(isStable, exact, series)
    }

    public override var mean: Tensor {
      let cut = cutProbs
      let inverse: Tensor = 1 / ((-cut).log1p() - cut.log())
      let exact: Tensor = cut / (2 * cut - 1) + inverse
      let x = probs - 0.5
      let series: Tensor = 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * x.square()) * x
      return torch.where(isStable, exact, series)
    }

    public override var variance: Tensor {
      let cut = cutProbs
      let inverse: Tensor = 1 / ((-cut).log1p() - cut.log()).square()
      let exact: Tensor = cut * (cut - 1) / (1 - 2 * cut).square() + inverse
      let x: Tensor = (probs - 0.5).square()
      let series: Tensor = 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * x) * x
      return torch.where(isStable, exact, series)
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      icdf(torch.rand(extendedShape(shape), dtype: probs.dtype))
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let both = broadcastAll(logits, value)
        return logNorm - binaryCrossEntropy(both[0], both[1])
      }
    }

    public override func cdf(_ value: Tensor) -> Tensor {
      checked(value) {
        let cut = cutProbs
        let powers: Tensor = cut.pow(value) * (1 - cut).pow(1 - value)
        let inside = torch.where(isStable, (powers + cut - 1) / (2 * cut - 1), value)
        let (zero, one) = (Tensor.zeros(like: value.detach()), Tensor.ones(like: value.detach()))
        return torch.where(value <= 0, zero, torch.where(value >= 1, one, inside))
      }
    }

    public override func icdf(_ probability: Tensor) -> Tensor {
      let cut = cutProbs
      let rest = (-cut).log1p()
      let exact: Tensor = (-cut + probability * (2 * cut - 1)).log1p() - rest
      return torch.where(isStable, exact / (cut.log() - rest), probability)
    }

    public override func entropy() -> Tensor {
      let (no, yes) = ((-probs).log1p(), probs.log())
      return mean * (no - yes) - logNorm - no
    }

    public override var naturalParameters: [Tensor] { [logits] }
    public override func logNormalizer(_ natural: [Tensor]) -> Tensor {
      let x = natural[0]
      let stable = (x <= Scalar(limits.0 - 0.5)) .| (x > Scalar(limits.1 - 0.5))
      let cut = torch.where(stable, x, (limits.0 - 0.5) * Tensor.ones(like: x.detach()))
      let exact: Tensor = cut.expm1().abs().log() - cut.abs().log()
      let series: Tensor = 0.5 * x + x.square() / 24 - x.pow(4) / 2880
      return torch.where(stable, exact, series)
    }
  }
}
