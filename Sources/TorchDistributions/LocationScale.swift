// Distributions of real numbers by location and scale.
// Reference: https://pytorch.org/docs/stable/distributions.html

import Foundation

extension distributions {
  /// The normal distribution: density exp(-((x - loc) / scale)² / 2) / (scale √(2π)).
  ///
  /// ```swift
  /// let normal = distributions.Normal(0, Tensor([1.0, 2.0]))
  /// print(normal)                                  // Normal(loc: torch.Size([2]), scale: torch.Size([2]))
  /// print(normal.logProb(Tensor([0.0, 0.0])))    // tensor([-0.9189, -1.6121])
  /// ```
  public final class Normal: ExponentialFamily {
    public let loc, scale: Tensor

    public init(_ loc: any TensorOrNumber, _ scale: any TensorOrNumber, validateArgs: Bool? = nil) {
      let all = broadcastAll(loc, scale)
      (self.loc, self.scale) = (all[0], all[1])
      super.init(batchShape: all[0].shape, validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] { [Parameter("loc", loc, .real), Parameter("scale", scale, .positive)] }
    public override var support: Constraint? { .real }
    public override var hasRSample: Bool { true }
    public override var mean: Tensor { loc }
    public override var mode: Tensor { loc }
    public override var stddev: Tensor { scale }
    public override var variance: Tensor { scale.square() }

    public override func expand(_ batchShape: Shape) -> Normal {
      let sizes = Array(batchShape)
      return expanded(Normal(loc.expand(sizes), scale.expand(sizes), validateArgs: false))
    }

    public override func sample(_ shape: Shape = []) -> Tensor {
      let sizes = Array(extendedShape(shape))
      return torch.noGrad { torch.normal(mean: loc.expand(sizes), std: scale.expand(sizes)) }
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      loc + standardNormal(extendedShape(shape), loc.dtype) * scale
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let distance: Tensor = (value - loc).square() / (2 * scale.square())
        return -distance - scale.log() - Foundation.log((2 * Double.pi).squareRoot())
      }
    }

    public override func cdf(_ value: Tensor) -> Tensor {
      checked(value) {
        let z: Tensor = (value - loc) * scale.reciprocal() / 2.0.squareRoot()
        return 0.5 * (1 + z.erf())
      }
    }

    public override func icdf(_ probability: Tensor) -> Tensor {
      loc + scale * (2 * probability - 1).erfinv() * 2.0.squareRoot()
    }

    public override func entropy() -> Tensor { scale.log() + (0.5 + 0.5 * Foundation.log(2 * Double.pi)) }

    public override var naturalParameters: [Tensor] {
      [loc / scale.square(), -0.5 * scale.square().reciprocal()]
    }
    public override func logNormalizer(_ natural: [Tensor]) -> Tensor {
      -0.25 * natural[0].square() / natural[1] + 0.5 * (-Double.pi / natural[1]).log()
    }
  }

  /// Laplace's distribution: density exp(-|x - loc| / scale) / (2 scale).
  public final class Laplace: Distribution {
    public let loc, scale: Tensor

    public init(_ loc: any TensorOrNumber, _ scale: any TensorOrNumber, validateArgs: Bool? = nil) {
      let all = broadcastAll(loc, scale)
      (self.loc, self.scale) = (all[0], all[1])
      super.init(batchShape: all[0].shape, validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] { [Parameter("loc", loc, .real), Parameter("scale", scale, .positive)] }
    public override var support: Constraint? { .real }
    public override var hasRSample: Bool { true }
    public override var mean: Tensor { loc }
    public override var mode: Tensor { loc }
    public override var variance: Tensor { 2 * scale.square() }
    public override var stddev: Tensor { 2.0.squareRoot() * scale }

    public override func expand(_ batchShape: Shape) -> Laplace {
      let sizes = Array(batchShape)
      return expanded(Laplace(loc.expand(sizes), scale.expand(sizes), validateArgs: false))
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      let u = torch.noGrad {
        Tensor.empty(extendedShape(shape), dtype: loc.dtype).uniform_(torch.finfo(loc.dtype).eps - 1, 1)
      }
      return loc - scale * u.sign() * (-u.abs()).log1p()
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) { -(2 * scale).log() - (value - loc).abs() / scale }
    }

    public override func cdf(_ value: Tensor) -> Tensor {
      checked(value) {
        let distance = value - loc
        return 0.5 - 0.5 * distance.sign() * (-distance.abs() / scale).expm1()
      }
    }

    public override func icdf(_ probability: Tensor) -> Tensor {
      let term = probability - 0.5
      return loc - scale * term.sign() * (-2 * term.abs()).log1p()
    }

    public override func entropy() -> Tensor { 1 + (2 * scale).log() }
  }

  /// Cauchy's distribution, which has neither mean nor variance.
  public final class Cauchy: Distribution {
    public let loc, scale: Tensor

    public init(_ loc: any TensorOrNumber, _ scale: any TensorOrNumber, validateArgs: Bool? = nil) {
      let all = broadcastAll(loc, scale)
      (self.loc, self.scale) = (all[0], all[1])
      super.init(batchShape: all[0].shape, validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] { [Parameter("loc", loc, .real), Parameter("scale", scale, .positive)] }
    public override var support: Constraint? { .real }
    public override var hasRSample: Bool { true }
    public override var mean: Tensor { Tensor.full(extendedShape(), .double(.nan), dtype: loc.dtype) }
    public override var mode: Tensor { loc }
    public override var variance: Tensor { Tensor.full(extendedShape(), .double(.infinity), dtype: loc.dtype) }

    public override func expand(_ batchShape: Shape) -> Cauchy {
      let sizes = Array(batchShape)
      return expanded(Cauchy(loc.expand(sizes), scale.expand(sizes), validateArgs: false))
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      loc + torch.noGrad { Tensor.empty(extendedShape(shape), dtype: loc.dtype).cauchy_() } * scale
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let z: Tensor = (value - loc) / scale
        return -Foundation.log(Double.pi) - scale.log() - z.square().log1p()
      }
    }

    public override func cdf(_ value: Tensor) -> Tensor {
      checked(value) { ((value - loc) / scale).atan() / Double.pi + 0.5 }
    }

    public override func icdf(_ probability: Tensor) -> Tensor {
      (Double.pi * (probability - 0.5)).tan() * scale + loc
    }

    public override func entropy() -> Tensor { Foundation.log(4 * Double.pi) + scale.log() }
  }

  /// Student's distribution with `df` degrees of freedom.
  public final class StudentT: Distribution {
    public let df, loc, scale: Tensor
    private let chi2: Chi2

    public init(
      _ df: any TensorOrNumber, loc: any TensorOrNumber = 0.0, scale: any TensorOrNumber = 1.0,
      validateArgs: Bool? = nil
    ) {
      let all = broadcastAll(df, loc, scale)
      (self.df, self.loc, self.scale) = (all[0], all[1], all[2])
      chi2 = Chi2(all[0], validateArgs: false)
      super.init(batchShape: all[0].shape, validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] {
      [Parameter("df", df, .positive), Parameter("loc", loc, .real), Parameter("scale", scale, .positive)]
    }
    public override var support: Constraint? { .real }
    public override var hasRSample: Bool { true }
    public override var mean: Tensor { loc.maskedFill(df <= 1, .double(.nan)) }
    public override var mode: Tensor { loc }
    public override var variance: Tensor {
      let finite: Tensor = scale.square() * df / torch.where(df > 2, df - 2, .double(1))
      return torch.where(df > 2, finite, .double(.infinity)).maskedFill(df <= 1, .double(.nan))
    }

    public override func expand(_ batchShape: Shape) -> StudentT {
      let sizes = Array(batchShape)
      return expanded(
        StudentT(df.expand(sizes), loc: loc.expand(sizes), scale: scale.expand(sizes), validateArgs: false))
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      let x = standardNormal(extendedShape(shape), df.dtype)
      return loc + scale * (x * (chi2.rsample(shape) / df).rsqrt())
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let y: Tensor = (value - loc) / scale
        let gammas: Tensor = (0.5 * df).lgamma() - (0.5 * (df + 1)).lgamma()
        let normalizer: Tensor = scale.log() + 0.5 * df.log() + 0.5 * Foundation.log(Double.pi) + gammas
        return -0.5 * (df + 1) * (y.square() / df).log1p() - normalizer
      }
    }

    public override func entropy() -> Tensor {
      let (half, next): (Tensor, Tensor) = (0.5 * df, 0.5 * (df + 1))
      let beta: Tensor = half.lgamma() + 0.5 * Foundation.log(Double.pi) - next.lgamma()
      return scale.log() + next * (next.digamma() - half.digamma()) + 0.5 * df.log() + beta
    }
  }

  /// Equal density from `low` to `high`.
  public final class Uniform: Distribution {
    public let low, high: Tensor

    public init(_ low: any TensorOrNumber, _ high: any TensorOrNumber, validateArgs: Bool? = nil) {
      let all = broadcastAll(low, high)
      (self.low, self.high) = (all[0], all[1])
      super.init(batchShape: all[0].shape, validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] {
      [Parameter("low", low, .lessThan(high)), Parameter("high", high, .greaterThan(low))]
    }
    public override var support: Constraint? { .interval(low, high) }
    public override var hasRSample: Bool { true }
    public override var mean: Tensor { (high + low) / 2 }
    public override var mode: Tensor { Double.nan * high }
    public override var stddev: Tensor { (high - low) / 12.0.squareRoot() }
    public override var variance: Tensor { (high - low).square() / 12 }

    public override func expand(_ batchShape: Shape) -> Uniform {
      let sizes = Array(batchShape)
      return expanded(Uniform(low.expand(sizes), high.expand(sizes), validateArgs: false))
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      low + torch.rand(extendedShape(shape), dtype: low.dtype) * (high - low)
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let inside = ((low <= value) .& (high > value)).to(low.dtype)
        return inside.log() - (high - low).log()
      }
    }

    public override func cdf(_ value: Tensor) -> Tensor {
      checked(value) { ((value - low) / (high - low)).clamp(min: 0, max: 1) }
    }

    public override func icdf(_ probability: Tensor) -> Tensor { probability * (high - low) + low }
    public override func entropy() -> Tensor { (high - low).log() }
  }
}
