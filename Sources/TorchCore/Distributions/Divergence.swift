// Kullback-Leibler divergences in closed form.
// Reference: https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.kl
// Departure from PyTorch: there is no `register_kl`; a caller's own pairs are the caller's own functions.

import Foundation

extension distributions {
  /// ∫ p log(p / q), batched; an invalid tensor where no closed form is known for the two types.
  ///
  /// ```swift
  /// print(distributions.klDivergence(distributions.Normal(0, 1), distributions.Normal(1, 1)))   // tensor(0.5000)
  /// ```
  /// Source: https://pytorch.org/docs/stable/distributions.html#torch.distributions.kl.kl_divergence
  public static func klDivergence(_ p: Distribution, _ q: Distribution) -> Tensor {
    sameKind(p, q) ?? mixed(p, q) ?? outside(p, q)
      ?? .invalid(
        TorchError(.notImplemented, "No KL(p || q) is implemented for p type \(p.name) and q type \(q.name)"))
  }

  // MARK: Two of a kind

  private static func sameKind(_ p: Distribution, _ q: Distribution) -> Tensor? {
    switch (p, q) {
    case (let p as Bernoulli, let q as Bernoulli): return bernoulli(p, q)
    case (let p as Beta, let q as Beta): return beta(p, q)
    case (let p as Binomial, let q as Binomial): return binomial(p, q)
    case (let p as Categorical, let q as Categorical): return categorical(p, q)
    case (let p as OneHotCategorical, let q as OneHotCategorical): return categorical(p.categorical, q.categorical)
    case (let p as Dirichlet, let q as Dirichlet): return dirichlet(p.concentration, q.concentration)
    case (let p as Exponential, let q as Exponential):
      let ratio = q.rate / p.rate
      return -ratio.log() + ratio - 1
    case (let p as Gamma, let q as Gamma): return gamma(p, q)
    case (let p as Gumbel, let q as Gumbel): return gumbel(p, q)
    case (let p as Geometric, let q as Geometric):
      return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits
    case (let p as HalfNormal, let q as HalfNormal): return normal(p.normal, q.normal)
    case (let p as Laplace, let q as Laplace): return laplace(p, q)
    case (let p as MultivariateNormal, let q as MultivariateNormal): return multivariate(p, q)
    case (let p as Normal, let q as Normal): return normal(p, q)
    case (let p as Poisson, let q as Poisson): return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)
    case (let p as Uniform, let q as Uniform):
      let wider: Tensor = ((q.high - q.low) / (p.high - p.low)).log()
      return wider.maskedFill((q.low > p.low) .| (q.high < p.high), .double(.infinity))
    case (let p as Cauchy, let q as Cauchy):
      let apart: Tensor = (p.scale + q.scale).square() + (p.loc - q.loc).square()
      return apart.log() - (4 * p.scale * q.scale).log()
    case (let p as Independent, let q as Independent):
      guard p.reinterpretedBatchNdims == q.reinterpretedBatchNdims else { return nil }
      return sumRightmost(klDivergence(p.base, q.base), p.reinterpretedBatchNdims)
    case (let p as TransformedDistribution, let q as TransformedDistribution):
      let same = ComposeTransform(p.transforms).isEqual(ComposeTransform(q.transforms))
      return same && p.eventShape == q.eventShape ? klDivergence(p.base, q.base) : nil
    default: return nil
    }
  }

  private static func bernoulli(_ p: Bernoulli, _ q: Bernoulli) -> Tensor {
    func part(_ share: Tensor, _ other: Tensor, _ sign: Double) -> Tensor {
      let difference: Tensor = (sign * q.logits).softplus() - (sign * p.logits).softplus()
      return (share * difference).maskedFill(other .== 0, .double(.infinity)).maskedFill(share .== 0, 0)
    }
    return part(p.probs, q.probs, -1) + part(1 - p.probs, 1 - q.probs, 1)
  }

  private static func beta(_ p: Beta, _ q: Beta) -> Tensor {
    let (p1, p0, q1, q0) = (p.concentration1, p.concentration0, q.concentration1, q.concentration0)
    let (sumP, sumQ): (Tensor, Tensor) = (p1 + p0, q1 + q0)
    let normalizers: Tensor = q1.lgamma() + q0.lgamma() + sumP.lgamma() - (p1.lgamma() + p0.lgamma() + sumQ.lgamma())
    let means: Tensor = (p1 - q1) * p1.digamma() + (p0 - q0) * p0.digamma()
    return normalizers + means + (sumQ - sumP) * sumP.digamma()
  }

  private static func binomial(_ p: Binomial, _ q: Binomial) -> Tensor {
    if (try? (p.totalCount < q.totalCount).any().item(Bool.self)) ?? false {
      return .invalid(
        TorchError(
          .notImplemented, "KL between Binomials where q.total_count > p.total_count is not implemented"))
    }
    let each: Tensor = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return (p.totalCount * each).maskedFill(p.totalCount > q.totalCount, .double(.infinity))
  }

  private static func categorical(_ p: Categorical, _ q: Categorical) -> Tensor {
    let terms: Tensor = p.probs * (p.logits - q.logits)
    return terms.maskedFill(q.probs .== 0, .double(.infinity)).maskedFill(p.probs .== 0, 0).sum(dim: -1)
  }

  private static func dirichlet(_ p: Tensor, _ q: Tensor) -> Tensor {
    let (sumP, sumQ) = (p.sum(dim: -1), q.sum(dim: -1))
    let parts: Tensor = (p.lgamma() - q.lgamma()).sum(dim: -1)
    let means: Tensor = p.digamma() - sumP.digamma().unsqueeze(-1)
    return sumP.lgamma() - sumQ.lgamma() - parts + ((p - q) * means).sum(dim: -1)
  }

  private static func gamma(_ p: Gamma, _ q: Gamma) -> Tensor {
    let rates: Tensor = q.concentration * (p.rate / q.rate).log()
    let gammas: Tensor = q.concentration.lgamma() - p.concentration.lgamma()
    let means: Tensor = (p.concentration - q.concentration) * p.concentration.digamma()
    return rates + gammas + means + (q.rate - p.rate) * (p.concentration / p.rate)
  }

  private static func gumbel(_ p: Gumbel, _ q: Gumbel) -> Tensor {
    let ratio = p.scale / q.scale
    let shift: Tensor = (q.loc - p.loc) / q.scale
    let tail: Tensor = (shift + (1 + ratio).lgamma()).exp()
    return -ratio.log() - shift + ratio * eulerConstant + tail - (1 + eulerConstant)
  }

  private static func laplace(_ p: Laplace, _ q: Laplace) -> Tensor {
    let ratio = p.scale / q.scale
    let distance: Tensor = (p.loc - q.loc).abs()
    let decay: Tensor = ratio * (-distance / p.scale).exp()
    return -ratio.log() + distance / q.scale + decay - 1
  }

  private static func normal(_ p: Normal, _ q: Normal) -> Tensor {
    let ratio: Tensor = (p.scale / q.scale).square()
    let shift: Tensor = ((p.loc - q.loc) / q.scale).square()
    return 0.5 * (ratio + shift - 1 - ratio.log())
  }

  private static func multivariate(_ p: MultivariateNormal, _ q: MultivariateNormal) -> Tensor {
    guard p.eventShape == q.eventShape else {
      return .invalid(
        TorchError(
          .value,
          "KL-divergence between two Multivariate Normals with                          different event shapes cannot be computed"))
    }
    // tr(Σq⁻¹ Σp) by the factors.
    let factors = TriangularSolve.solveTriangular(q.factor, p.factor, false, true, false)
    let trace: Tensor = factors.square().sum(dim: [-2, -1])
    let distance = q.squaredDistance(q.loc - p.loc)
    let determinants: Tensor = q.halfLogDeterminant - p.halfLogDeterminant
    return determinants + 0.5 * (trace + distance - Double(p.eventShape[0]))
  }

  // MARK: Two kinds

  private static func mixed(_ p: Distribution, _ q: Distribution) -> Tensor? {
    switch (p, q) {
    case (let p as Bernoulli, let q as Poisson): return -p.entropy() - (p.probs * q.rate.log() - q.rate)
    case (let p as Beta, let q as Exponential): return -p.entropy() - q.rate.log() + q.rate * p.mean
    case (let p as Beta, let q as Gamma):
      let (a, b) = (p.concentration1, p.concentration1 + p.concentration0)
      let powers: Tensor = (q.concentration - 1) * (a.digamma() - b.digamma())
      return -p.entropy() + gammaNormalizer(q) - powers + q.rate * a / b
    case (let p as Beta, let q as Uniform):
      let flat: Tensor = -p.entropy() + (q.high - q.low).log()
      return flat.maskedFill((q.low > 0) .| (q.high < 1), .double(.infinity))
    case (let p as Exponential, let q as Gamma):
      let ratio = q.rate / p.rate
      let shape: Tensor = q.concentration.lgamma() + q.concentration * eulerConstant
      return -q.concentration * ratio.log() + ratio + shape - (1 + eulerConstant)
    case (let p as Exponential, let q as Gumbel):
      let (product, ratio): (Tensor, Tensor) = (p.rate * q.scale, q.loc / q.scale)
      let tail: Tensor = ratio.exp() * product / (product + 1)
      return product.log() - 1 - ratio + tail + product.reciprocal()
    case (let p as Gamma, let q as Exponential):
      return -p.entropy() - q.rate.log() + q.rate * p.concentration / p.rate
    case (let p as Gamma, let q as Gumbel): return gammaGumbel(p, q)
    case (let p as Laplace, let q as Normal): return toNormal(p, q)
    case (let p as Normal, let q as Gumbel): return normalGumbel(p, q)
    case (let p as Normal, let q as Laplace): return normalLaplace(p, q)
    case (let p as Uniform, let q as Exponential):
      let flat: Tensor = q.rate * (p.high + p.low) / 2 - ((p.high - p.low) * q.rate).log()
      return flat.maskedFill(p.low < 0, .double(.infinity))
    case (let p as Uniform, let q as Gamma): return uniformGamma(p, q)
    case (let p as Uniform, let q as Beta): return uniformBeta(p, q)
    case (let p as Uniform, let q as Gumbel):
      let width = q.scale / (p.high - p.low)
      let (high, low): (Tensor, Tensor) = ((p.high - q.loc) / q.scale, (p.low - q.loc) / q.scale)
      return width.log() + 0.5 * (high + low) - width * ((-high).exp() - (-low).exp())
    case (is Beta, let q as Normal), (is Exponential, let q as Normal), (is Gamma, let q as Normal),
      (is Gumbel, let q as Normal), (is Uniform, let q as Normal):
      return toNormal(p, q)
    default: return nil
    }
  }

  /// -H(p) - ∫ p log q, which needs p's mean and variance only.
  private static func toNormal(_ p: Distribution, _ q: Normal) -> Tensor {
    let spread: Tensor = p.variance + (p.mean - q.loc).square()
    return -p.entropy() + 0.5 * (2 * Double.pi * q.scale.square()).log() + spread / (2 * q.scale.square())
  }

  private static func gammaNormalizer(_ q: Gamma) -> Tensor { q.concentration.lgamma() - q.concentration * q.rate.log() }

  private static func gammaGumbel(_ p: Gamma, _ q: Gumbel) -> Tensor {
    let (product, ratio): (Tensor, Tensor) = (p.rate * q.scale, q.loc / q.scale)
    let shape: Tensor = (p.concentration - 1) * p.concentration.digamma() - p.concentration.lgamma() - p.concentration
    let linear: Tensor = product.log() + p.concentration / product
    let tail: Tensor = ratio.exp() * (1 + product.reciprocal()).pow(-p.concentration)
    return shape + linear + tail - ratio
  }

  private static func normalGumbel(_ p: Normal, _ q: Gumbel) -> Tensor {
    let (mean, shift): (Tensor, Tensor) = (p.loc / q.scale, q.loc / q.scale)
    let ratio: Tensor = (p.scale / q.scale).square()
    let tail: Tensor = (0.5 * ratio - mean + shift).exp()
    return mean - shift - 0.5 * ratio.log() + tail - 0.5 * (1 + Foundation.log(2 * Double.pi))
  }

  private static func normalLaplace(_ p: Normal, _ q: Laplace) -> Tensor {
    let distance = p.loc - q.loc
    let z = distance / p.scale
    let near: Tensor = (2 / Double.pi).squareRoot() * p.scale * (-0.5 * z.square()).exp()
    let far: Tensor = distance * (0.5.squareRoot() * z).erf()
    return (near + far) / q.scale - (p.scale / q.scale).log() - 0.5 * (1 + Foundation.log(0.5 * Double.pi))
  }

  private static func xlogx(_ x: Tensor) -> Tensor { x.xlogy(x) }

  private static func uniformGamma(_ p: Uniform, _ q: Gamma) -> Tensor {
    let width = p.high - p.low
    let logs: Tensor = (xlogx(p.high) - xlogx(p.low) - width) / width
    let value: Tensor = gammaNormalizer(q) - width.log() + (1 - q.concentration) * logs + q.rate * (p.high + p.low) / 2
    return value.maskedFill(p.low < 0, .double(.infinity))
  }

  private static func uniformBeta(_ p: Uniform, _ q: Beta) -> Tensor {
    let width = p.high - p.low
    let (a, b) = (q.concentration1, q.concentration0)
    let first: Tensor = (a - 1) * (xlogx(p.high) - xlogx(p.low) - width) / width
    let second: Tensor = (b - 1) * (xlogx(1 - p.high) - xlogx(1 - p.low) + width) / width
    let normalizer: Tensor = a.lgamma() + b.lgamma() - (a + b).lgamma()
    let value: Tensor = second + normalizer - width.log() - first
    return value.maskedFill((p.high > 1) .| (p.low < 0), .double(.infinity))
  }

  // MARK: Values of p that q does not have

  private static func outside(_ p: Distribution, _ q: Distribution) -> Tensor? {
    let isInfinite: Bool =
      switch (p, q) {
      case (is Exponential, is Beta), (is Exponential, is Uniform), (is Gamma, is Beta), (is Gamma, is Uniform): true
      case (is Gumbel, is Beta), (is Gumbel, is Exponential), (is Gumbel, is Gamma), (is Gumbel, is Uniform): true
      case (is Laplace, is Beta), (is Laplace, is Exponential), (is Laplace, is Gamma), (is Laplace, is Uniform): true
      case (is Normal, is Beta), (is Normal, is Exponential), (is Normal, is Gamma), (is Normal, is Uniform): true
      case (is Poisson, is Bernoulli), (is Poisson, is Binomial): true
      default: false
      }
    return isInfinite ? filled(like: p.mean, .infinity) : nil
  }
}
