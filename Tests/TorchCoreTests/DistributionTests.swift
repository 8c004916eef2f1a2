// Densities, moments, gradients, divergences and draws of distributions against PyTorch's
// (Fixtures/distributions/cases.json).

import TestSupport
import Testing
import Torch

private typealias D = distributions

/// A number of a fixture, where JSON has no infinities.
private struct Number: Decodable {
  let value: Double
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      value = text == "nan" ? .nan : text == "inf" ? .infinity : -.infinity
    } else {
      value = try container.decode(Double.self)
    }
  }
}

private struct Values: Decodable {
  let shape: [Int]
  let values: [Number]
  func tensor(_ dtype: DType, requiresGrad: Bool = false) -> Tensor {
    let tensor = Tensor(values.map(\.value), dtype: .float64).reshape(shape).to(dtype).detach()
    return requiresGrad ? tensor.requiresGrad_() : tensor
  }
}

private struct Fixtures: Decodable {
  struct Case: Decodable {
    struct Draw: Decodable {
      let draw: [Number]
      let grads: [[Number]]
    }
    let parameters: [Values]
    let repr: String
    let batch_shape, event_shape: [Int]
    let value: Values
    let log_prob: [Number]
    let log_prob_grads: [[Number]]
    let mean, mode, variance, stddev, entropy, cdf, icdf, support: [Number]?
    let entropy_grads: [[Number]]?
    let expanded: [[Int]]
    let sample_float64, sample_float32: [Number]
    let rsample: Draw?
  }
  struct Divergence: Decodable {
    let p, q: String
    let other: [Values]
    let value: [Number]
    let grads: [[Number]]?
  }
  struct Region: Decodable {
    struct Mapping: Decodable {
      let repr: String
      let shape: [Int]
      let y, inverse, valid: [Number]
      let log_det: [Number]?
    }
    let repr: String
    let event_dim: Int
    let value: Values
    let check: [Number]?
    let biject, transform: Mapping?
  }
  let constraints: [String: Region]
  let cases: [String: Case]
  let kl: [String: Divergence]
  let errors: [String: String]
}

private func fixtures() throws -> Fixtures { try fixture("distributions/cases.json", Fixtures.self) }

private let makers: [String: @Sendable ([Tensor]) -> distributions.Distribution] = [
  "Normal": { D.Normal($0[0], $0[1]) },
  "Laplace": { D.Laplace($0[0], $0[1]) },
  "Cauchy": { D.Cauchy($0[0], $0[1]) },
  "StudentT": { D.StudentT($0[0], loc: $0[1], scale: $0[2]) },
  "Uniform": { D.Uniform($0[0], $0[1]) },
  "Exponential": { D.Exponential($0[0]) },
  "Gamma": { D.Gamma($0[0], $0[1]) },
  "Chi2": { D.Chi2($0[0]) },
  "Beta": { D.Beta($0[0], $0[1]) },
  "Dirichlet": { D.Dirichlet($0[0]) },
  "Bernoulli": { D.Bernoulli(probs: $0[0]) },
  "Bernoulli_logits": { D.Bernoulli(logits: $0[0]) },
  "Binomial": { D.Binomial(totalCount: 10, probs: $0[0]) },
  "Binomial_logits": { D.Binomial(totalCount: 40, logits: $0[0]) },
  "Geometric": { D.Geometric(probs: $0[0]) },
  "Geometric_logits": { D.Geometric(logits: $0[0]) },
  "Poisson": { D.Poisson($0[0]) },
  "Categorical": { D.Categorical(probs: $0[0]) },
  "Categorical_logits": { D.Categorical(logits: $0[0]) },
  "OneHotCategorical": { D.OneHotCategorical(probs: $0[0]) },
  "Multinomial": { D.Multinomial(totalCount: 6, probs: $0[0]) },
  "MultivariateNormal": { D.MultivariateNormal($0[0], covarianceMatrix: $0[1]) },
  "MultivariateNormal_tril": { D.MultivariateNormal($0[0], scaleTril: $0[1]) },
  "MultivariateNormal_precision": { D.MultivariateNormal($0[0], precisionMatrix: $0[1]) },
  "LogNormal": { D.LogNormal($0[0], $0[1]) },
  "HalfNormal": { D.HalfNormal($0[0]) },
  "HalfCauchy": { D.HalfCauchy($0[0]) },
  "Gumbel": { D.Gumbel($0[0], $0[1]) },
  "Independent": { D.Independent(D.Normal($0[0], $0[1]), 1) },
  "Logistic": { p in
    D.TransformedDistribution(
      D.Uniform(Tensor.zeros(like: p[0].detach()), Tensor.ones(like: p[0].detach())),
      [D.SigmoidTransform().inv, D.AffineTransform(p[0], p[1])])
  },
  "Squashed": { D.TransformedDistribution(D.Normal($0[0], $0[1]), [D.TanhTransform(), D.AffineTransform(1.0, -2.0)]) },
  "Sticks": { D.TransformedDistribution(D.Normal($0[0], $0[1]), [D.StickBreakingTransform()]) },
  "Reshaped": {
    D.TransformedDistribution(
      D.Normal($0[0], $0[1]), [D.SoftplusTransform(), D.ReshapeTransform(inShape: [3], outShape: [3, 1])])
  },
  "NegativeBinomial": { D.NegativeBinomial($0[0], probs: $0[1]) },
  "NegativeBinomial_logits": { D.NegativeBinomial($0[0], logits: $0[1]) },
  "ContinuousBernoulli": { D.ContinuousBernoulli(probs: $0[0]) },
  "ContinuousBernoulli_logits": { D.ContinuousBernoulli(logits: $0[0]) },
  "VonMises": { D.VonMises($0[0], $0[1]) },
  "Pareto": { D.Pareto($0[0], $0[1]) },
  "GeneralizedPareto": { D.GeneralizedPareto($0[0], $0[1], $0[2]) },
  "Weibull": { D.Weibull($0[0], $0[1]) },
  "Kumaraswamy": { D.Kumaraswamy($0[0], $0[1]) },
  "InverseGamma": { D.InverseGamma($0[0], $0[1]) },
  "FisherSnedecor": { D.FisherSnedecor($0[0], $0[1]) },
  "LogisticNormal": { D.LogisticNormal($0[0], $0[1]) },
  "LogitRelaxedBernoulli": { D.LogitRelaxedBernoulli($0[0], probs: $0[1]) },
  "RelaxedBernoulli": { D.RelaxedBernoulli($0[0], probs: $0[1]) },
  "RelaxedBernoulli_logits": { D.RelaxedBernoulli($0[0], logits: $0[1]) },
  "ExpRelaxedCategorical": { D.ExpRelaxedCategorical($0[0], probs: $0[1]) },
  "RelaxedOneHotCategorical": { D.RelaxedOneHotCategorical($0[0], logits: $0[1]) },
  "OneHotCategoricalStraightThrough": { D.OneHotCategoricalStraightThrough(probs: $0[0]) },
  "LKJCholesky": { D.LKJCholesky(3, $0[0]) },
  "LowRankMultivariateNormal": { D.LowRankMultivariateNormal($0[0], $0[1], $0[2]) },
  "Wishart": { D.Wishart($0[0], covarianceMatrix: $0[1]) },
  "Wishart_tril": { D.Wishart($0[0], scaleTril: $0[1]) },
  "Mixture": { D.MixtureSameFamily(D.Categorical(probs: $0[0]), D.Normal($0[1], $0[2])) },
  "Mixture_vectors": {
    D.MixtureSameFamily(D.Categorical(logits: $0[0]), D.Independent(D.Normal($0[1], $0[2]), 1))
  },
  "Copula": { p in
    let normal = D.Normal(Tensor.zeros(like: p[0].detach()), Tensor.ones(like: p[0].detach()))
    return D.TransformedDistribution(D.Normal(p[0], p[1]), [D.CumulativeDistributionTransform(normal)])
  },
  "Correlations": { D.TransformedDistribution(D.Normal($0[0], $0[1]), [D.CorrCholeskyTransform()]) },
  "Cat": {
    let parts = D.CatTransform([D.ExpTransform(), D.identityTransform], dim: -1, lengths: [2, 1])
    return D.TransformedDistribution(D.Normal($0[0], $0[1]), [parts])
  },
  "Stack": {
    let parts = D.StackTransform([D.ExpTransform(), D.AffineTransform(1.0, 2.0), D.SigmoidTransform()], dim: -1)
    return D.TransformedDistribution(D.Normal($0[0], $0[1]), [parts])
  },
  "Power": {
    D.TransformedDistribution(D.Exponential($0[0]), [D.PowerTransform(Tensor.full([], 0.5, dtype: $0[0].dtype))])
  },
]

/// Whether all numbers agree, infinities and NaN included.
private func agrees(_ actual: Tensor, _ expected: [Number], _ tolerance: Double = 1e-9) throws -> Bool {
  let values = try actual.detach().toArray(Double.self)
  guard values.count == expected.count else { return false }
  return zip(values, expected.map(\.value)).allSatisfy { a, b in
    a == b || a.isNaN && b.isNaN || abs(a - b) <= tolerance * Swift.max(1, abs(b))
  }
}

@Suite struct DistributionTests {
  @Test(arguments: makers.keys.sorted())
  func densitiesAndMomentsArePyTorchs(_ name: String) throws {
    let expected = try #require(try fixtures().cases[name])
    let p = expected.parameters.map { $0.tensor(.float64, requiresGrad: true) }
    func make() -> D.Distribution { makers[name]!(p) }
    let d = make()
    #expect("\(d)" == expected.repr)
    #expect(Array(d.batchShape) == expected.batch_shape)
    #expect(Array(d.eventShape) == expected.event_shape)
    let x = expected.value.tensor(.float64)
    let log = d.logProb(x)
    #expect(try agrees(log, expected.log_prob), "\(log)")
    let grads = try torch.autograd.grad([log.sum()], p, allowUnused: true)
    for (grad, expected) in zip(grads, expected.log_prob_grads) {
      let value = grad ?? Tensor.zeros([expected.count], dtype: .float64)
      #expect(try agrees(value, expected), "\(value)")
    }
    func compare(_ what: String, _ expected: [Number]?, _ actual: (D.Distribution) -> Tensor) throws {
      guard let expected else { return }
      let value = actual(make())
      #expect(value.failure == nil, "\(what)")
      #expect(try agrees(value, expected), "\(what) \(value)")
    }
    try compare("mean", expected.mean) { $0.mean }
    try compare("mode", expected.mode) { $0.mode }
    try compare("variance", expected.variance) { $0.variance }
    try compare("stddev", expected.stddev) { $0.stddev }
    try compare("entropy", expected.entropy) { $0.entropy() }
    try compare("cdf", expected.cdf) { $0.cdf(x) }
    try compare("icdf", expected.icdf) { $0.icdf(Tensor.full($0.batchShape, 0.3, dtype: .float64)) }
    try compare("support", expected.support) { $0.enumerateSupport() }
    if let expected = expected.entropy_grads {
      let grads = try torch.autograd.grad([make().entropy().sum()], p, allowUnused: true)
      for (grad, expected) in zip(grads, expected) {
        let value = grad ?? Tensor.zeros([expected.count], dtype: .float64)
        #expect(try agrees(value, expected), "entropy \(value)")
      }
    }
    let wide = d.expand(Shape([4] + Array(d.batchShape)))
    #expect([wide.batchShape, wide.eventShape, wide.sample([2]).shape].map { Array($0) } == expected.expanded)
  }

  @Test(arguments: makers.keys.sorted())
  func drawsArePyTorchs(_ name: String) throws {
    let expected = try #require(try fixtures().cases[name])
    for (dtype, draws, tolerance) in [
      (DType.float64, expected.sample_float64, 1e-9), (.float32, expected.sample_float32, 1e-4),
    ] {
      let d = makers[name]!(expected.parameters.map { $0.tensor(dtype) })
      torch.manualSeed(5)
      let sample = d.sample([4])
      #expect(try agrees(sample, draws, tolerance), "\(dtype) \(sample)")
    }
    guard let draws = expected.rsample else { return }
    let p = expected.parameters.map { $0.tensor(.float64, requiresGrad: true) }
    torch.manualSeed(7)
    let draw = makers[name]!(p).rsample([4])
    #expect(try agrees(draw, draws.draw), "\(draw)")
    let weight = Tensor.arange(.int(draw.numel), dtype: .float64).reshape(Array(draw.shape)) / 10 + 0.5
    let grads = try torch.autograd.grad([(draw * weight).sum()], p, allowUnused: true)
    for (grad, expected) in zip(grads, draws.grads) {
      let value = grad ?? Tensor.zeros([expected.count], dtype: .float64)
      #expect(try agrees(value, expected, 1e-7), "\(value)")
    }
  }

  @Test func divergencesArePyTorchs() throws {
    let fixtures = try fixtures()
    for (name, expected) in fixtures.kl {
      let p = fixtures.cases[expected.p]!.parameters.map { $0.tensor(.float64, requiresGrad: true) }
      let q = expected.other.map { $0.tensor(.float64, requiresGrad: true) }
      let value = D.klDivergence(makers[expected.p]!(p), makers[expected.q]!(q))
      #expect(value.failure == nil, "\(name)")
      guard value.isValid else { continue }
      #expect(try agrees(value, expected.value), "\(name) \(value) \(expected.value.map(\.value))")
      guard let expectedGrads = expected.grads else { continue }
      let grads = try torch.autograd.grad([value.sum()], p + q, allowUnused: true)
      for (grad, expected) in zip(grads, expectedGrads) {
        #expect(try agrees(grad ?? Tensor.zeros([expected.count]), expected, 1e-8), "\(name) \(grad as Any)")
      }
    }
  }

  @Test func errorsArePyTorchs() throws {
    let expected = try fixtures().errors
    func check(_ name: String, _ body: () -> Any) {
      let error = #expect(throws: TorchError.self) {
        try withErrors {
          if let tensor = body() as? Tensor, let failure = tensor.failure { throw failure }
        }
      }
      #expect(error?.message == expected[name], "\(name)")
    }
    check("negative scale") { D.Normal(0.0, -1.0) }
    check("scales") { D.Normal(Tensor([0.0, 1.0]), Tensor([1.0, -1.0])) }
    check("bernoulli") { D.Bernoulli(probs: 1.5) }
    check("both") { D.Bernoulli(probs: 0.5, logits: 0.5) }
    check("uniform") { D.Uniform(1.0, 0.0) }
    check("support") { D.Exponential(1.0).logProb(Tensor.full([], -1.0)) }
    check("category") { D.Categorical(probs: Tensor([0.5, 0.5])).logProb(Tensor.full([], 2)) }
    check("shape") { D.Normal(torch.zeros(3), 1.0).logProb(torch.zeros(2)) }
    check("event") { D.Dirichlet(torch.ones(3)).logProb(Tensor([0.5, 0.5])) }
    check("independent") { D.Independent(D.Normal(0.0, 1.0), 1) }
    check("geometric") { D.Geometric(probs: Tensor([0.0, 0.5])) }
    check("covariance") {
      D.MultivariateNormal(torch.zeros(2), covarianceMatrix: Tensor([[1.0, 2.0], [2.0, 1.0]]))
    }
    check("negative binomial") { D.NegativeBinomial(-1.0, probs: Tensor([0.5])) }
    check("negative binomial probs") { D.NegativeBinomial(1.0, probs: Tensor([1.0])) }
    check("lkj dim") { D.LKJCholesky(1) }
    check("lkj value") { D.LKJCholesky(2, 1.0).logProb(torch.eye(2) * 2) }
    check("wishart df") { D.Wishart(Tensor.full([], 1.0), covarianceMatrix: torch.eye(3)) }
    check("wishart value") {
      D.Wishart(Tensor.full([], 4.0), covarianceMatrix: torch.eye(2)).logProb(Tensor([[1.0, 2.0], [2.0, 1.0]]))
    }
    check("low rank") { D.LowRankMultivariateNormal(torch.zeros(2), torch.zeros(3, 1), torch.ones(2)) }
    check("low rank batch") { D.LowRankMultivariateNormal(torch.zeros(3, 2), torch.zeros(2, 2, 1), torch.ones(2)) }
    check("mixture") { D.MixtureSameFamily(D.Categorical(probs: torch.ones(3)), D.Normal(torch.zeros(2), 1.0)) }
    check("mixture value") {
      let coin = D.Categorical(probs: torch.ones(2))
      return D.MixtureSameFamily(coin, D.Exponential(torch.ones(2))).logProb(Tensor.full([], -1.0))
    }
    check("pareto value") { D.Pareto(2.0, 1.0).logProb(Tensor.full([], 1.0)) }
    check("continuous bernoulli") { D.ContinuousBernoulli(probs: Tensor.full([], 2.0), validateArgs: true) }
    check("families") {
      D.klDivergence(D.Normal(0.0, 1.0), D.Wishart(Tensor.full([], 4.0), covarianceMatrix: torch.eye(2)))
    }
    check("low rank divergence") {
      func lowRank(_ n: Int) -> D.Distribution {
        D.LowRankMultivariateNormal(torch.zeros(n), torch.ones(n, 1), torch.ones(n))
      }
      return D.klDivergence(lowRank(2), lowRank(3))
    }
    check("divergence") { D.klDivergence(D.Normal(0.0, 1.0), D.Cauchy(0.0, 1.0)) }
  }

  /// The regions of Fixtures/distributions/make.py.
  private static var regions: [String: D.Constraint] {
    [
      "positive": .positive, "nonnegative": .nonnegative, "greater": .greaterThan(2.0), "less": .lessThan(1),
      "unit": .unitInterval, "interval": .interval(-1.0, 3.0), "half open": .halfOpenInterval(0.5, 2.0),
      "simplex": .simplex, "vector": .realVector, "positives": .independent(.positive, 1),
      "lower cholesky": .lowerCholesky, "positive definite": .positiveDefinite, "semidefinite": .positiveSemidefinite,
      "corr cholesky": .corrCholesky, "cat": .cat([.positive, .unitInterval], dim: 0, lengths: [2, 1]),
      "stack": .stack([.positive, .real, .lessThan(0.0)], dim: 0), "square": .square, "symmetric": .symmetric,
      "one hot": .oneHot, "lower": .lowerTriangular, "mixture": .mixtureSameFamily(.positive),
    ]
  }

  @Test func constraintsAndTheirTransformsArePyTorchs() throws {
    let fixtures = try fixtures()
    #expect(Set(Self.regions.keys) == Set(fixtures.constraints.keys))
    for (name, expected) in fixtures.constraints {
      let region = try #require(Self.regions[name])
      let x = expected.value.tensor(.float64)
      #expect("\(region)" == expected.repr, "\(name)")
      #expect(region.eventDim == expected.event_dim, "\(name)")
      if let check = expected.check { #expect(try agrees(region.check(x).to(.float64), check), "\(name)") }
      func compare(_ registry: D.ConstraintRegistry, _ expected: Fixtures.Region.Mapping?) throws {
        guard let expected else {
          let error = #expect(throws: TorchError.self) { try registry(region) }
          #expect(error?.kind == .notImplemented)
          return
        }
        let transform = try registry(region)
        let y = transform(x)
        #expect("\(transform)" == expected.repr, "\(name)")
        #expect(Array(y.shape) == expected.shape, "\(name)")
        #expect(try Array(transform.forwardShape(x.shape)) == expected.shape, "\(name)")
        #expect(try agrees(y, expected.y), "\(name) \(y)")
        #expect(try agrees(transform.inv(y), expected.inverse), "\(name) \(transform.inv(y))")
        #expect(try agrees(region.check(y).to(.float64), expected.valid), "\(name)")
        if let logDet = expected.log_det {
          let value = transform.logAbsDetJacobian(x, y)
          #expect(try agrees(value, logDet), "\(name) \(value)")
        }
      }
      try compare(D.bijectTo, expected.biject)
      try compare(D.transformTo, expected.transform)
    }
    for (name, registry, region) in [
      ("bijection", D.bijectTo, D.Constraint.lowerCholesky), ("transform", D.transformTo, D.Constraint.boolean),
    ] {
      let error = #expect(throws: TorchError.self) { try registry(region) }
      #expect(error?.message == fixtures.errors[name])
    }
  }

  /// A user's distribution: all draws are `value`.
  private class Certain: D.Distribution {
    let value: Tensor
    init(_ value: Double) {
      self.value = Tensor.full([], .double(value))
      super.init()
    }
  }
  private final class MoreCertain: Certain {}

  @Test func divergencesOfOnesOwnAreFoundByTheMostSpecificTypes() throws {
    let (certain, more, normal) = (Certain(2), MoreCertain(3), D.Normal(0.0, 1.0))
    let unknown = #expect(throws: TorchError.self) { try withErrors { _ = D.klDivergence(certain, normal) } }
    #expect(unknown?.message == "No KL(p || q) is implemented for p type Certain and q type Normal")
    D.registerKL(Certain.self, D.Distribution.self) { p, _ in p.value }
    #expect(try D.klDivergence(certain, normal).item(Double.self) == 2)
    #expect(try D.klDivergence(more, normal).item(Double.self) == 3)
    D.registerKL(Certain.self, D.Normal.self) { p, q in p.value + q.scale }
    #expect(try D.klDivergence(more, normal).item(Double.self) == 4)
    #expect(try D.klDivergence(more, D.Uniform(0.0, 1.0)).item(Double.self) == 3)
    D.registerKL(MoreCertain.self, D.Distribution.self) { p, _ in -p.value }
    #expect(try D.klDivergence(more, normal).item(Double.self) == -3)
    #expect(try D.klDivergence(certain, normal).item(Double.self) == 3)
    #expect(throws: TorchError.self) { try withErrors { _ = D.klDivergence(normal, certain) } }
    #expect(try D.klDivergence(normal, normal).item(Double.self) == 0)
  }

  @Test func exponentialFamiliesHaveEntropyAndDivergenceFromTheirNormalizer() throws {
    /// An exponential distribution by its natural parameter alone.
    final class Natural: D.ExponentialFamily {
      let rate: Tensor
      init(_ rate: Tensor) {
        self.rate = rate
        super.init(batchShape: rate.shape)
      }
      override var naturalParameters: [Tensor] { [-rate] }
      override func logNormalizer(_ natural: [Tensor]) -> Tensor { -(-natural[0]).log() }
      override var meanCarrierMeasure: Double? { 0 }
    }
    let rates = (Tensor([0.5, 2.0]), Tensor([1.0, 0.25]))
    let (p, q) = (Natural(rates.0), Natural(rates.1))
    let (wantedP, wantedQ) = (D.Exponential(rates.0), D.Exponential(rates.1))
    #expect(try torch.allclose(p.entropy(), wantedP.entropy()))
    #expect(try torch.allclose(D.klDivergence(p, q), D.klDivergence(wantedP, wantedQ)))
  }
}
