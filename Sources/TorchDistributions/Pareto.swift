// Distributions of positive numbers whose tails fall like powers, and others made from simple ones by powers.
// Reference: https://pytorch.org/docs/stable/distributions.html

import Foundation

extension distributions {
  /// Pareto's distribution of type 1: values from `scale` on with density alpha · scaleᵅ / xᵅ⁺¹.
  ///
  /// ```swift
  /// print(distributions.Pareto(1.0, 2.0).logProb(Tensor([1.0])))   // tensor([0.6931])
  /// ```
  public final class Pareto: TransformedDistribution {
    public let scale, alpha: Tensor

    public init(_ scale: any TensorOrNumber, _ alpha: any TensorOrNumber, validateArgs: Bool? = nil) {
      let all = broadcastAll(scale, alpha)
      (self.scale, self.alpha) = (all[0], all[1])
      super.init(
        Exponential(all[1], validateArgs: validateArgs), [ExpTransform(), AffineTransform(0, all[0])],
        validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] {
      [Parameter("alpha", alpha, .positive), Parameter("scale", scale, .positive)]
    }
    public override var support: Constraint? { .greaterThanEq(scale) }
    public override var mean: Tensor {
      let a = alpha.clamp(min: 1)
      return a * scale / (a - 1)
    }
    public override var mode: Tensor { scale }
    public override var variance: Tensor {
      let a = alpha.clamp(min: 2)
      return scale.square() * a / ((a - 1).square() * (a - 2))
    }
    public override func expand(_ batchShape: Shape) -> Pareto {
      let sizes = Array(batchShape)
      return expanded(Pareto(scale.expand(sizes), alpha.expand(sizes), validateArgs: false))
    }
    public override func entropy() -> Tensor { (scale / alpha).log() + (1 + alpha.reciprocal()) }
  }

  /// Pareto's generalized distribution of excesses over a threshold `loc`; `concentration` 0 is the exponential one.
  public final class GeneralizedPareto: Distribution {
    public let loc, scale, concentration: Tensor

    public init(
      _ loc: any TensorOrNumber, _ scale: any TensorOrNumber, _ concentration: any TensorOrNumber,
      validateArgs: Bool? = nil
    ) {
      let all = broadcastAll(loc, scale, concentration)
      (self.loc, self.scale, self.concentration) = (all[0], all[1], all[2])
      super.init(batchShape: all[0].shape, validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] {
      [
        Parameter("loc", loc, .real), Parameter("scale", scale, .positive),
        Parameter("concentration", concentration, .real),
      ]
    }
    public override var support: Constraint? {
      .interval(loc, torch.where(concentration < 0, loc - scale / concentration, .double(.infinity)))
    }
    public override var hasRSample: Bool { true }
    public override var mean: Tensor {
      let isFinite = concentration < 1
      let safe = torch.where(isFinite, concentration, .double(0.5))
      return torch.where(isFinite, loc + scale / (1 - safe), .double(.nan))
    }
    public override var mode: Tensor { loc }
    public override var variance: Tensor {
      let isFinite = concentration < 0.5
      let safe = torch.where(isFinite, concentration, .double(0.25))
      let value: Tensor = scale.square() / ((1 - safe).square() * (1 - 2 * safe))
      return torch.where(isFinite, value, .double(.nan))
    }

    public override func expand(_ batchShape: Shape) -> GeneralizedPareto {
      let sizes = Array(batchShape)
      return expanded(
        GeneralizedPareto(loc.expand(sizes), scale.expand(sizes), concentration.expand(sizes), validateArgs: false))
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      icdf(torch.rand(extendedShape(shape), dtype: loc.dtype))
    }

    /// Where `concentration` counts as 0, and a number to divide by that is not 0.
    private var guarded: (isZero: Tensor, safe: Tensor) {
      let isZero = torch.isclose(concentration.detach(), Tensor.zeros(like: concentration.detach()))
      return (isZero, torch.where(isZero, Tensor.ones(like: concentration.detach()), concentration))
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let (isZero, safe) = guarded
        let z: Tensor = (value - loc) / scale
        let y: Tensor = safe.reciprocal() + Tensor.ones(like: z.detach())
        let powers = torch.where(y .== 0, y, y * (safe * z).log1p())
        return -scale.log() - torch.where(isZero, z, powers)
      }
    }

    /// The logarithm of the probability of more than `value`.
    public func logSurvivalFunction(_ value: Tensor) -> Tensor {
      checked(value) {
        let (isZero, safe) = guarded
        let z: Tensor = (value - loc) / scale
        return torch.where(isZero, -z, -(safe * z).log1p() / safe)
      }
    }
    /// The logarithm of `cdf`.
    public func logCdf(_ value: Tensor) -> Tensor { (-logSurvivalFunction(value).exp()).log1p() }
    public override func cdf(_ value: Tensor) -> Tensor { logCdf(value).exp() }

    public override func icdf(_ probability: Tensor) -> Tensor {
      let (isZero, safe) = guarded
      let log = (-probability).log1p()
      let powers: Tensor = loc + scale / safe * (-safe * log).expm1()
      return torch.where(isZero, loc - scale * log, powers)
    }

    public override func entropy() -> Tensor { scale.log() + concentration + 1 }
  }

  /// Weibull's distribution: scale · E^(1 / concentration) for an exponential variable E.
  public final class Weibull: TransformedDistribution {
    public let scale, concentration: Tensor
    private let inverse: Tensor

    public init(_ scale: any TensorOrNumber, _ concentration: any TensorOrNumber, validateArgs: Bool? = nil) {
      let all = broadcastAll(scale, concentration)
      (self.scale, self.concentration) = (all[0], all[1])
      inverse = all[1].reciprocal()
      super.init(
        Exponential(Tensor.ones(like: all[0].detach()), validateArgs: validateArgs),
        [PowerTransform(inverse), AffineTransform(0, all[0])], validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] {
      [Parameter("scale", scale, .positive), Parameter("concentration", concentration, .positive)]
    }
    public override var support: Constraint? { .positive }
    public override var mean: Tensor { scale * (1 + inverse).lgamma().exp() }
    public override var mode: Tensor { scale * ((concentration - 1) / concentration).pow(inverse) }
    public override var variance: Tensor {
      let second: Tensor = (1 + 2 * inverse).lgamma().exp()
      let first: Tensor = (2 * (1 + inverse).lgamma()).exp()
      return scale.square() * (second - first)
    }
    public override func expand(_ batchShape: Shape) -> Weibull {
      let sizes = Array(batchShape)
      return expanded(Weibull(scale.expand(sizes), concentration.expand(sizes), validateArgs: false))
    }
    public override func entropy() -> Tensor { eulerConstant * (1 - inverse) + (scale * inverse).log() + 1 }
  }

  /// Kumaraswamy's distribution on [0, 1]: cdf 1 - (1 - x^concentration1)^concentration0.
  public final class Kumaraswamy: TransformedDistribution {
    public let concentration1, concentration0: Tensor

    public init(
      _ concentration1: any TensorOrNumber, _ concentration0: any TensorOrNumber, validateArgs: Bool? = nil
    ) {
      let all = broadcastAll(concentration1, concentration0)
      (self.concentration1, self.concentration0) = (all[0], all[1])
      super.init(
        Uniform(filled(like: all[1], 0), filled(like: all[1], 1), validateArgs: validateArgs),
        [
          PowerTransform(all[1].reciprocal()), AffineTransform(1.0, -1.0), PowerTransform(all[0].reciprocal()),
        ], validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] {
      [
        Parameter("concentration1", concentration1, .positive), Parameter("concentration0", concentration0, .positive),
      ]
    }
    public override var support: Constraint? { .unitInterval }
    public override var mean: Tensor { moment(1) }
    public override var mode: Tensor {
      let (a, b) = (concentration1, concentration0)
      let log: Tensor = b.reciprocal() * (-b).log1p() - (-b * a).log1p()
      return log.maskedFill((b < 1) .| (a < 1), .double(.nan)).exp()
    }
    public override var variance: Tensor { moment(2) - mean.square() }
    public override func expand(_ batchShape: Shape) -> Kumaraswamy {
      let sizes = Array(batchShape)
      return expanded(Kumaraswamy(concentration1.expand(sizes), concentration0.expand(sizes), validateArgs: false))
    }
    public override func entropy() -> Tensor {
      let (a, b) = (concentration1, concentration0)
      let harmonic: Tensor = (b + 1).digamma() + eulerConstant
      let shares: Tensor = (1 - b.reciprocal()) + (1 - a.reciprocal()) * harmonic
      return shares - a.log() - b.log()
    }

    /// The mean of xⁿ.
    private func moment(_ n: Int) -> Tensor {
      let first: Tensor = 1 + n / concentration1
      let logs: Tensor = first.lgamma() + concentration0.lgamma() - (first + concentration0).lgamma()
      return concentration0 * logs.exp()
    }
  }

  /// One over a gamma variable.
  public final class InverseGamma: TransformedDistribution {
    private let gamma: Gamma

    public init(_ concentration: any TensorOrNumber, _ rate: any TensorOrNumber, validateArgs: Bool? = nil) {
      gamma = Gamma(concentration, rate, validateArgs: validateArgs)
      super.init(gamma, [PowerTransform(Tensor.full([], -1.0, dtype: gamma.rate.dtype))], validateArgs: validateArgs)
    }
    public var concentration: Tensor { gamma.concentration }
    public var rate: Tensor { gamma.rate }

    public override var parameters: [Parameter] {
      [
        Parameter("concentration", concentration, .positive, isPrinted: false),
        Parameter("rate", rate, .positive, isPrinted: false),
      ]
    }
    public override var support: Constraint? { .positive }
    public override var mean: Tensor { torch.where(concentration > 1, rate / (concentration - 1), .double(.infinity)) }
    public override var mode: Tensor { rate / (concentration + 1) }
    public override var variance: Tensor {
      let finite: Tensor = rate.square() / ((concentration - 1).square() * (concentration - 2))
      return torch.where(concentration > 2, finite, .double(.infinity))
    }
    public override func expand(_ batchShape: Shape) -> InverseGamma {
      let sizes = Array(batchShape)
      return expanded(InverseGamma(concentration.expand(sizes), rate.expand(sizes), validateArgs: false))
    }
    public override func entropy() -> Tensor {
      let shape: Tensor = concentration.lgamma() - (1 + concentration) * concentration.digamma()
      return concentration + rate.log() + shape
    }
  }

  /// Fisher and Snedecor's distribution: the ratio of two chi-square variables, each over its degrees of freedom.
  public final class FisherSnedecor: Distribution {
    public let df1, df2: Tensor

    public init(_ df1: any TensorOrNumber, _ df2: any TensorOrNumber, validateArgs: Bool? = nil) {
      let all = broadcastAll(df1, df2)
      (self.df1, self.df2) = (all[0], all[1])
      super.init(batchShape: all[0].shape, validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] { [Parameter("df1", df1, .positive), Parameter("df2", df2, .positive)] }
    public override var support: Constraint? { .positive }
    public override var hasRSample: Bool { true }
    public override var mean: Tensor {
      let d = df2.maskedFill(df2 <= 2, .double(.nan))
      return d / (d - 2)
    }
    public override var mode: Tensor {
      let value: Tensor = (df1 - 2) / df1 * df2 / (df2 + 2)
      return value.maskedFill(df1 <= 2, .double(.nan))
    }
    public override var variance: Tensor {
      let d = df2.maskedFill(df2 <= 4, .double(.nan))
      return 2 * d.square() * (df1 + d - 2) / (df1 * (d - 2).square() * (d - 4))
    }

    public override func expand(_ batchShape: Shape) -> FisherSnedecor {
      let sizes = Array(batchShape)
      return expanded(FisherSnedecor(df1.expand(sizes), df2.expand(sizes), validateArgs: false))
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      let tiny = Scalar(torch.finfo(df1.dtype).tiny)
      let numerator = Gamma(df1 * 0.5, df1, validateArgs: false).rsample(shape)
      let denominator = Gamma(df2 * 0.5, df2, validateArgs: false).rsample(shape).clamp(min: tiny)
      return (numerator / denominator).clamp(min: tiny)
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let (a, b, ratio): (Tensor, Tensor, Tensor) = (df1 * 0.5, df2 * 0.5, df1 / df2)
        let gammas: Tensor = (a + b).lgamma() - a.lgamma() - b.lgamma()
        let powers: Tensor = a * ratio.log() + (a - 1) * value.log()
        return gammas + powers - (a + b) * (ratio * value).log1p()
      }
    }
  }
}
