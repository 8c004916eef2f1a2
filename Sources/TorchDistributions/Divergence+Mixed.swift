// Divergences of two distributions of different kinds.
// Reference: https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.kl

import Foundation

extension distributions.Divergence {
  private typealias D = distributions

  static var ofTwoKinds: [Self] { closedForms + toNormals + infinite }

  private static var closedForms: [Self] {
    [
      Self(D.Bernoulli.self, D.Poisson.self) { p, q in -p.entropy() - (p.probs * q.rate.log() - q.rate) },
      Self(D.Beta.self, D.ContinuousBernoulli.self) { p, q in
        -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q.logNorm
      },
      Self(D.Beta.self, D.Exponential.self) { p, q in -p.entropy() - q.rate.log() + q.rate * p.mean },
      Self(D.Beta.self, D.Gamma.self) { p, q in
        let (a, b) = (p.concentration1, p.concentration1 + p.concentration0)
        let powers: Tensor = (q.concentration - 1) * (a.digamma() - b.digamma())
        return -p.entropy() + D.gammaNormalizer(q) - powers + q.rate * a / b
      },
      Self(D.Beta.self, D.Uniform.self) { p, q in
        let flat: Tensor = -p.entropy() + (q.high - q.low).log()
        return flat.maskedFill((q.low > 0) .| (q.high < 1), .double(.infinity))
      },
      Self(D.ContinuousBernoulli.self, D.Exponential.self) { p, q in -p.entropy() - q.rate.log() + q.rate * p.mean },
      // PyTorch's formula: infinite also where the two ranges are the same.
      Self(D.ContinuousBernoulli.self, D.Uniform.self) { p, q in
        let flat: Tensor = -p.entropy() + (q.high - q.low).log()
        return torch.where((q.low >= 0) .| (q.high <= 1), .double(.infinity), flat)
      },
      Self(D.Exponential.self, D.Gamma.self) { p, q in
        let ratio = q.rate / p.rate
        let shape: Tensor = q.concentration.lgamma() + q.concentration * D.eulerConstant
        return -q.concentration * ratio.log() + ratio + shape - (1 + D.eulerConstant)
      },
      Self(D.Exponential.self, D.Gumbel.self) { p, q in
        let (product, ratio): (Tensor, Tensor) = (p.rate * q.scale, q.loc / q.scale)
        let tail: Tensor = ratio.exp() * product / (product + 1)
        return product.log() - 1 - ratio + tail + product.reciprocal()
      },
      Self(D.Gamma.self, D.Exponential.self) { p, q in
        -p.entropy() - q.rate.log() + q.rate * p.concentration / p.rate
      },
      Self(D.Gamma.self, D.Gumbel.self, D.gammaGumbel),
      Self(D.Normal.self, D.Gumbel.self, D.normalGumbel),
      Self(D.Normal.self, D.Laplace.self, D.normalLaplace),
      Self(D.Pareto.self, D.Exponential.self) { p, q in
        let product = p.scale * q.rate
        let tail: Tensor = p.alpha * product / (p.alpha - 1)
        let value: Tensor = (p.alpha / product).log() - p.alpha.reciprocal() + tail - 1
        return value.maskedFill(p.alpha <= 1, .double(.infinity))
      },
      Self(D.Pareto.self, D.Gamma.self) { p, q in
        let common: Tensor = p.scale.log() + p.alpha.reciprocal()
        let tail: Tensor = q.rate * p.alpha * p.scale / (p.alpha - 1)
        let logs: Tensor = p.alpha.log() - common + (1 - q.concentration) * common
        return (logs + D.gammaNormalizer(q) + tail - 1).maskedFill(p.alpha <= 1, .double(.infinity))
      },
      Self(D.Pareto.self, D.Normal.self, D.paretoNormal),
      Self(D.Uniform.self, D.Beta.self, D.uniformBeta),
      Self(D.Uniform.self, D.ContinuousBernoulli.self) { p, q in
        let value: Tensor = -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q.logNorm
        return torch.where((p.high >= 1) .| (p.low <= 0), .double(.infinity), value)
      },
      Self(D.Uniform.self, D.Exponential.self) { p, q in
        let flat: Tensor = q.rate * (p.high + p.low) / 2 - ((p.high - p.low) * q.rate).log()
        return flat.maskedFill(p.low < 0, .double(.infinity))
      },
      Self(D.Uniform.self, D.Gamma.self, D.uniformGamma),
      Self(D.Uniform.self, D.Gumbel.self) { p, q in
        let width = q.scale / (p.high - p.low)
        let (high, low): (Tensor, Tensor) = ((p.high - q.loc) / q.scale, (p.low - q.loc) / q.scale)
        return width.log() + 0.5 * (high + low) - width * ((-high).exp() - (-low).exp())
      },
      Self(D.Uniform.self, D.Pareto.self) { p, q in
        let width = p.high - p.low
        let logs: Tensor = (D.xlogx(p.high) - D.xlogx(p.low) - width) / width
        let value: Tensor = logs * (q.alpha + 1) - (q.alpha * q.scale.pow(q.alpha) * width).log()
        return value.maskedFill(p.low < q.scale, .double(.infinity))
      },
    ]
  }

  private static var toNormals: [Self] {
    [
      Self(D.Beta.self, D.Normal.self, D.toNormal), Self(D.ContinuousBernoulli.self, D.Normal.self, D.toNormal),
      Self(D.Exponential.self, D.Normal.self, D.toNormal), Self(D.Gamma.self, D.Normal.self, D.toNormal),
      Self(D.Gumbel.self, D.Normal.self, D.toNormal), Self(D.Laplace.self, D.Normal.self, D.toNormal),
      Self(D.Uniform.self, D.Normal.self, D.toNormal),
    ]
  }

  /// p has values that q does not have.
  private static var infinite: [Self] {
    [
      Self(D.Exponential.self, D.Beta.self, D.outside), Self(D.Exponential.self, D.ContinuousBernoulli.self, D.outside),
      Self(D.Exponential.self, D.Pareto.self, D.outside), Self(D.Exponential.self, D.Uniform.self, D.outside),
      Self(D.Gamma.self, D.Beta.self, D.outside), Self(D.Gamma.self, D.ContinuousBernoulli.self, D.outside),
      Self(D.Gamma.self, D.Pareto.self, D.outside), Self(D.Gamma.self, D.Uniform.self, D.outside),
      Self(D.Gumbel.self, D.Beta.self, D.outside), Self(D.Gumbel.self, D.ContinuousBernoulli.self, D.outside),
      Self(D.Gumbel.self, D.Exponential.self, D.outside), Self(D.Gumbel.self, D.Gamma.self, D.outside),
      Self(D.Gumbel.self, D.Pareto.self, D.outside), Self(D.Gumbel.self, D.Uniform.self, D.outside),
      Self(D.Laplace.self, D.Beta.self, D.outside), Self(D.Laplace.self, D.ContinuousBernoulli.self, D.outside),
      Self(D.Laplace.self, D.Exponential.self, D.outside), Self(D.Laplace.self, D.Gamma.self, D.outside),
      Self(D.Laplace.self, D.Pareto.self, D.outside), Self(D.Laplace.self, D.Uniform.self, D.outside),
      Self(D.Normal.self, D.Beta.self, D.outside), Self(D.Normal.self, D.ContinuousBernoulli.self, D.outside),
      Self(D.Normal.self, D.Exponential.self, D.outside), Self(D.Normal.self, D.Gamma.self, D.outside),
      Self(D.Normal.self, D.Pareto.self, D.outside), Self(D.Normal.self, D.Uniform.self, D.outside),
      Self(D.Pareto.self, D.Beta.self, D.outside), Self(D.Pareto.self, D.ContinuousBernoulli.self, D.outside),
      Self(D.Pareto.self, D.Uniform.self, D.outside),
      Self(D.Poisson.self, D.Bernoulli.self, D.outside), Self(D.Poisson.self, D.Binomial.self, D.outside),
      Self(D.Beta.self, D.Pareto.self, D.outside),
      Self(D.ContinuousBernoulli.self, D.Pareto.self, D.outside),
    ]
  }
}

extension distributions {
  fileprivate static func outside(_ p: Distribution, _ q: Distribution) -> Tensor { filled(like: p.mean, .infinity) }

  fileprivate static func paretoNormal(_ p: Pareto, _ q: Normal) -> Tensor {
    let common: Tensor = p.scale / (p.alpha - 1)
    let ratio: Tensor = (2 * Double.pi).squareRoot() * q.scale * p.alpha / p.scale
    let spread: Tensor = p.alpha * common.square() / (p.alpha - 2) + (p.alpha * common - q.loc).square()
    let value: Tensor = ratio.log() - p.alpha.reciprocal() + spread / (2 * q.scale.square()) - 1
    return value.maskedFill(p.alpha <= 2, .double(.infinity))
  }

  /// -H(p) - ∫ p log q, which needs p's mean and variance only.
  fileprivate static func toNormal(_ p: Distribution, _ q: Normal) -> Tensor {
    let spread: Tensor = p.variance + (p.mean - q.loc).square()
    return -p.entropy() + 0.5 * (2 * Double.pi * q.scale.square()).log() + spread / (2 * q.scale.square())
  }

  fileprivate static func gammaNormalizer(_ q: Gamma) -> Tensor {
    q.concentration.lgamma() - q.concentration * q.rate.log()
  }

  fileprivate static func gammaGumbel(_ p: Gamma, _ q: Gumbel) -> Tensor {
    let (product, ratio): (Tensor, Tensor) = (p.rate * q.scale, q.loc / q.scale)
    let shape: Tensor = (p.concentration - 1) * p.concentration.digamma() - p.concentration.lgamma() - p.concentration
    let linear: Tensor = product.log() + p.concentration / product
    let tail: Tensor = ratio.exp() * (1 + product.reciprocal()).pow(-p.concentration)
    return shape + linear + tail - ratio
  }

  fileprivate static func normalGumbel(_ p: Normal, _ q: Gumbel) -> Tensor {
    let (mean, shift): (Tensor, Tensor) = (p.loc / q.scale, q.loc / q.scale)
    let ratio: Tensor = (p.scale / q.scale).square()
    let tail: Tensor = (0.5 * ratio - mean + shift).exp()
    let constant = 0.5 * (1 + Foundation.log(2 * Double.pi))
    return mean - shift - 0.5 * ratio.log() + tail - constant
  }

  fileprivate static func normalLaplace(_ p: Normal, _ q: Laplace) -> Tensor {
    let distance = p.loc - q.loc
    let z = distance / p.scale
    let near: Tensor = (2 / Double.pi).squareRoot() * p.scale * (-0.5 * z.square()).exp()
    let far: Tensor = distance * (0.5.squareRoot() * z).erf()
    return (near + far) / q.scale - (p.scale / q.scale).log() - 0.5 * (1 + Foundation.log(0.5 * Double.pi))
  }

  fileprivate static func xlogx(_ x: Tensor) -> Tensor { x.xlogy(x) }

  fileprivate static func uniformGamma(_ p: Uniform, _ q: Gamma) -> Tensor {
    let width = p.high - p.low
    let logs: Tensor = (xlogx(p.high) - xlogx(p.low) - width) / width
    let value: Tensor = gammaNormalizer(q) - width.log() + (1 - q.concentration) * logs + q.rate * (p.high + p.low) / 2
    return value.maskedFill(p.low < 0, .double(.infinity))
  }

  fileprivate static func uniformBeta(_ p: Uniform, _ q: Beta) -> Tensor {
    let width = p.high - p.low
    let (a, b) = (q.concentration1, q.concentration0)
    let first: Tensor = (a - 1) * (xlogx(p.high) - xlogx(p.low) - width) / width
    let second: Tensor = (b - 1) * (xlogx(1 - p.high) - xlogx(1 - p.low) + width) / width
    let normalizer: Tensor = a.lgamma() + b.lgamma() - (a + b).lgamma()
    let value: Tensor = second + normalizer - width.log() - first
    return value.maskedFill((p.high > 1) .| (p.low < 0), .double(.infinity))
  }
}
