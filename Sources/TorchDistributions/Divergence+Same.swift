// Divergences of two distributions of one kind.
// Reference: https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.kl; Gil, On Rényi Divergence
// Measures for Continuous Alphabet Sources, 2011; Chyzak and Nielsen for Cauchy's, https://arxiv.org/abs/1905.10965.

import Foundation

extension distributions.Divergence {
  private typealias D = distributions

  static var ofOneKind: [Self] {
    [
      Self(D.Bernoulli.self, D.Bernoulli.self, D.bernoulli),
      Self(D.Beta.self, D.Beta.self, D.beta),
      Self(D.Binomial.self, D.Binomial.self, D.binomial),
      Self(D.Categorical.self, D.Categorical.self, D.categorical),
      Self(D.Cauchy.self, D.Cauchy.self, D.cauchy),
      Self(D.ContinuousBernoulli.self, D.ContinuousBernoulli.self, D.continuousBernoulli),
      Self(D.Dirichlet.self, D.Dirichlet.self) { D.dirichlet($0.concentration, $1.concentration) },
      Self(D.Exponential.self, D.Exponential.self) { p, q in
        let ratio = q.rate / p.rate
        return -ratio.log() + ratio - 1
      },
      Self(D.ExponentialFamily.self, D.ExponentialFamily.self) { $0.bregmanDivergence($1) },
      Self(D.Gamma.self, D.Gamma.self, D.gamma),
      Self(D.Geometric.self, D.Geometric.self) { p, q in
        -p.entropy() - (-q.probs).log1p() / p.probs - q.logits
      },
      Self(D.Gumbel.self, D.Gumbel.self, D.gumbel),
      Self(D.HalfNormal.self, D.HalfNormal.self) { D.normal($0.normal, $1.normal) },
      Self(D.Independent.self, D.Independent.self) { p, q in
        guard p.reinterpretedBatchNdims == q.reinterpretedBatchNdims else { return D.unknownDivergence(p, q) }
        return D.sumRightmost(D.klDivergence(p.base, q.base), p.reinterpretedBatchNdims)
      },
      Self(D.Laplace.self, D.Laplace.self, D.laplace),
      Self(D.LowRankMultivariateNormal.self, D.LowRankMultivariateNormal.self) { p, q in
        D.multivariate(p.eventShape, q.eventShape, "two Low Rank", gap: 26) {
          let determinants: Tensor = q.logDeterminant - p.logDeterminant
          return 0.5 * (determinants + q.trace(p) + q.squaredDistance(q.loc - p.loc) - Double(p.eventShape[0]))
        }
      },
      Self(D.LowRankMultivariateNormal.self, D.MultivariateNormal.self) { p, q in
        D.multivariate(p.eventShape, q.eventShape, "two (Low Rank)", gap: 26) {
          let determinants: Tensor = 2 * q.halfLogDeterminant - p.logDeterminant
          let trace = p.trace(inverseOf: q.factor)
          return 0.5 * (determinants + trace + q.squaredDistance(q.loc - p.loc) - Double(p.eventShape[0]))
        }
      },
      Self(D.MultivariateNormal.self, D.LowRankMultivariateNormal.self) { p, q in
        D.multivariate(p.eventShape, q.eventShape, "two (Low Rank)", gap: 26) {
          let determinants: Tensor = q.logDeterminant - 2 * p.halfLogDeterminant
          let trace = q.trace(p.factor)
          return 0.5 * (determinants + trace + q.squaredDistance(q.loc - p.loc) - Double(p.eventShape[0]))
        }
      },
      Self(D.MultivariateNormal.self, D.MultivariateNormal.self) { p, q in
        D.multivariate(p.eventShape, q.eventShape, "two", gap: 26) {
          // tr(Σq⁻¹ Σp) by the factors.
          let factors = torch.linalg.solveTriangular(q.factor, p.factor, upper: false)
          let trace: Tensor = factors.square().sum(dim: [-2, -1])
          let determinants: Tensor = q.halfLogDeterminant - p.halfLogDeterminant
          return determinants + 0.5 * (trace + q.squaredDistance(q.loc - p.loc) - Double(p.eventShape[0]))
        }
      },
      Self(D.Normal.self, D.Normal.self, D.normal),
      Self(D.OneHotCategorical.self, D.OneHotCategorical.self) { D.categorical($0.categorical, $1.categorical) },
      Self(D.Pareto.self, D.Pareto.self) { p, q in
        let ratio = q.alpha / p.alpha
        let value: Tensor = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
        return value.maskedFill(p.scale < q.scale, .double(.infinity))
      },
      Self(D.Poisson.self, D.Poisson.self) { p, q in
        p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)
      },
      Self(D.TransformedDistribution.self, D.TransformedDistribution.self) { p, q in
        let same = D.ComposeTransform(p.transforms).isEqual(D.ComposeTransform(q.transforms))
        return same && p.eventShape == q.eventShape ? D.klDivergence(p.base, q.base) : D.unknownDivergence(p, q)
      },
      Self(D.Uniform.self, D.Uniform.self) { p, q in
        let wider: Tensor = ((q.high - q.low) / (p.high - p.low)).log()
        return wider.maskedFill((q.low > p.low) .| (q.high < p.high), .double(.infinity))
      },
    ]
  }
}

extension distributions {
  fileprivate static func bernoulli(_ p: Bernoulli, _ q: Bernoulli) -> Tensor {
    func part(_ share: Tensor, _ other: Tensor, _ sign: Double) -> Tensor {
      let difference: Tensor = (sign * q.logits).softplus() - (sign * p.logits).softplus()
      return (share * difference).maskedFill(other .== 0, .double(.infinity)).maskedFill(share .== 0, 0)
    }
    return part(p.probs, q.probs, -1) + part(1 - p.probs, 1 - q.probs, 1)
  }

  fileprivate static func beta(_ p: Beta, _ q: Beta) -> Tensor {
    let (p1, p0, q1, q0) = (p.concentration1, p.concentration0, q.concentration1, q.concentration0)
    let (sumP, sumQ): (Tensor, Tensor) = (p1 + p0, q1 + q0)
    let normalizers: Tensor = q1.lgamma() + q0.lgamma() + sumP.lgamma() - (p1.lgamma() + p0.lgamma() + sumQ.lgamma())
    let means: Tensor = (p1 - q1) * p1.digamma() + (p0 - q0) * p0.digamma()
    return normalizers + means + (sumQ - sumP) * sumP.digamma()
  }

  fileprivate static func binomial(_ p: Binomial, _ q: Binomial) -> Tensor {
    if (try? (p.totalCount < q.totalCount).any().item(Bool.self)) ?? false {
      return .invalid(
        TorchError(
          .notImplemented, "KL between Binomials where q.total_count > p.total_count is not implemented"))
    }
    let each: Tensor = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return (p.totalCount * each).maskedFill(p.totalCount > q.totalCount, .double(.infinity))
  }

  fileprivate static func categorical(_ p: Categorical, _ q: Categorical) -> Tensor {
    let terms: Tensor = p.probs * (p.logits - q.logits)
    return terms.maskedFill(q.probs .== 0, .double(.infinity)).maskedFill(p.probs .== 0, 0).sum(dim: -1)
  }

  fileprivate static func dirichlet(_ p: Tensor, _ q: Tensor) -> Tensor {
    let (sumP, sumQ) = (p.sum(dim: -1), q.sum(dim: -1))
    let parts: Tensor = (p.lgamma() - q.lgamma()).sum(dim: -1)
    let means: Tensor = p.digamma() - sumP.digamma().unsqueeze(-1)
    return sumP.lgamma() - sumQ.lgamma() - parts + ((p - q) * means).sum(dim: -1)
  }

  fileprivate static func gamma(_ p: Gamma, _ q: Gamma) -> Tensor {
    let rates: Tensor = q.concentration * (p.rate / q.rate).log()
    let gammas: Tensor = q.concentration.lgamma() - p.concentration.lgamma()
    let means: Tensor = (p.concentration - q.concentration) * p.concentration.digamma()
    return rates + gammas + means + (q.rate - p.rate) * (p.concentration / p.rate)
  }

  fileprivate static func gumbel(_ p: Gumbel, _ q: Gumbel) -> Tensor {
    let ratio = p.scale / q.scale
    let shift: Tensor = (q.loc - p.loc) / q.scale
    let tail: Tensor = (shift + (1 + ratio).lgamma()).exp()
    return -ratio.log() - shift + ratio * eulerConstant + tail - (1 + eulerConstant)
  }

  fileprivate static func laplace(_ p: Laplace, _ q: Laplace) -> Tensor {
    let ratio = p.scale / q.scale
    let distance: Tensor = (p.loc - q.loc).abs()
    let decay: Tensor = ratio * (-distance / p.scale).exp()
    return -ratio.log() + distance / q.scale + decay - 1
  }

  fileprivate static func normal(_ p: Normal, _ q: Normal) -> Tensor {
    let ratio: Tensor = (p.scale / q.scale).square()
    let shift: Tensor = ((p.loc - q.loc) / q.scale).square()
    return 0.5 * (ratio + shift - 1 - ratio.log())
  }

  fileprivate static func cauchy(_ p: Cauchy, _ q: Cauchy) -> Tensor {
    let apart: Tensor = (p.scale + q.scale).square() + (p.loc - q.loc).square()
    return apart.log() - (4 * p.scale * q.scale).log()
  }

  fileprivate static func continuousBernoulli(_ p: ContinuousBernoulli, _ q: ContinuousBernoulli) -> Tensor {
    let odds: Tensor = p.mean * (p.logits - q.logits)
    return odds + p.logNorm + (-p.probs).log1p() - q.logNorm - (-q.probs).log1p()
  }

  /// `body` for events of one size. PyTorch's text has the spaces of its line of source.
  fileprivate static func multivariate(
    _ p: Shape, _ q: Shape, _ which: String, gap: Int, _ body: () -> Tensor
  ) -> Tensor {
    if p == q { return body() }
    let spaces = String(repeating: " ", count: gap)
    return .invalid(
      TorchError(
        .value,
        "KL-divergence between \(which) Multivariate Normals with\(spaces)different event shapes cannot be computed"))
  }
}
