// Distributions of positive numbers, and of points of the simplex.
// Reference: https://pytorch.org/docs/stable/distributions.html

import Foundation

extension distributions {
  /// Waiting times: density rate · exp(-rate · x).
  public final class Exponential: ExponentialFamily {
    public let rate: Tensor

    public init(_ rate: any TensorOrNumber, validateArgs: Bool? = nil) {
      self.rate = broadcastAll(rate)[0]
      super.init(batchShape: self.rate.shape, validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] { [Parameter("rate", rate, .positive)] }
    public override var support: Constraint? { .nonnegative }
    public override var hasRSample: Bool { true }
    public override var mean: Tensor { rate.reciprocal() }
    public override var mode: Tensor { Tensor.zeros(like: rate) }
    public override var stddev: Tensor { rate.reciprocal() }
    public override var variance: Tensor { rate.pow(-2) }

    public override func expand(_ batchShape: Shape) -> Exponential {
      expanded(Exponential(rate.expand(Array(batchShape)), validateArgs: false))
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      torch.noGrad { Tensor.empty(extendedShape(shape), dtype: rate.dtype).exponential_() } / rate
    }

    public override func logProb(_ value: Tensor) -> Tensor { checked(value) { rate.log() - rate * value } }
    public override func cdf(_ value: Tensor) -> Tensor { checked(value) { 1 - (-rate * value).exp() } }
    public override func icdf(_ probability: Tensor) -> Tensor { -(-probability).log1p() / rate }
    public override func entropy() -> Tensor { 1 - rate.log() }

    public override var naturalParameters: [Tensor] { [-rate] }
    public override func logNormalizer(_ natural: [Tensor]) -> Tensor { -(-natural[0]).log() }
  }

  /// The gamma distribution: density ∝ x^(concentration - 1) · exp(-rate · x).
  public class Gamma: ExponentialFamily {
    public let concentration, rate: Tensor

    public init(_ concentration: any TensorOrNumber, _ rate: any TensorOrNumber, validateArgs: Bool? = nil) {
      let all = broadcastAll(concentration, rate)
      (self.concentration, self.rate) = (all[0], all[1])
      super.init(batchShape: all[0].shape, validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] {
      [Parameter("concentration", concentration, .positive), Parameter("rate", rate, .positive)]
    }
    public override final var support: Constraint? { .nonnegative }
    public override final var hasRSample: Bool { true }
    public override final var mean: Tensor { concentration / rate }
    public override final var mode: Tensor { ((concentration - 1) / rate).clamp(min: 0) }
    public override final var variance: Tensor { concentration / rate.square() }

    public override func expand(_ batchShape: Shape) -> Gamma {
      let sizes = Array(batchShape)
      return expanded(Gamma(concentration.expand(sizes), rate.expand(sizes), validateArgs: false))
    }

    public override final func rsample(_ shape: Shape = []) -> Tensor {
      let sizes = Array(extendedShape(shape))
      let value = GammaSampling.standardGamma(concentration.expand(sizes), nil) / rate.expand(sizes)
      // Not recorded: a draw that is 0 in this precision would have no finite logarithm.
      torch.noGrad { _ = value.detach().clamp_(min: Scalar(torch.finfo(value.dtype).tiny)) }
      return value
    }

    public override final func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let powers: Tensor = concentration.xlogy(rate) + (concentration - 1).xlogy(value)
        return powers - rate * value - concentration.lgamma()
      }
    }

    public override final func cdf(_ value: Tensor) -> Tensor {
      checked(value) { concentration.igamma(rate * value) }
    }

    public override final func entropy() -> Tensor {
      let shape: Tensor = concentration.lgamma() + (1 - concentration) * concentration.digamma()
      return concentration - rate.log() + shape
    }

    public override final var naturalParameters: [Tensor] { [concentration - 1, -rate] }
    public override final func logNormalizer(_ natural: [Tensor]) -> Tensor {
      (natural[0] + 1).lgamma() + (natural[0] + 1) * (-natural[1].reciprocal()).log()
    }
  }

  /// The sum of `df` squared standard normals: Gamma(df / 2, 1 / 2).
  public final class Chi2: Gamma {
    public init(_ df: any TensorOrNumber, validateArgs: Bool? = nil) {
      super.init(0.5 * broadcastAll(df)[0], 0.5, validateArgs: validateArgs)
    }

    public var df: Tensor { concentration * 2 }

    public override var parameters: [Parameter] { [Parameter("df", df, .positive, isPrinted: false)] }

    public override func expand(_ batchShape: Shape) -> Chi2 {
      expanded(Chi2(df.expand(Array(batchShape)), validateArgs: false))
    }
  }

  /// Dirichlet's distribution of points of the simplex: density ∝ Π xᵢ^(concentrationᵢ - 1).
  ///
  /// `concentration`: (…, k); a draw has the sizes (…, k) and sums to 1.
  public final class Dirichlet: ExponentialFamily {
    public let concentration: Tensor

    public init(_ concentration: Tensor, validateArgs: Bool? = nil) {
      self.concentration = concentration
      let split = Swift.max(concentration.ndim - 1, 0)
      if concentration.isValid, concentration.ndim < 1 {
        ErrorScope.report(TorchError(.value, "`concentration` parameter must be at least one-dimensional."))
      }
      super.init(
        batchShape: Shape(Array(concentration.shape.prefix(split))),
        eventShape: Shape(Array(concentration.shape.dropFirst(split))), validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] {
      [Parameter("concentration", concentration, .independent(.positive, 1))]
    }
    public override var support: Constraint? { .simplex }
    public override var hasRSample: Bool { true }

    private var total: Tensor { concentration.sum(dim: -1, keepdim: true) }
    public override var mean: Tensor { concentration / total }
    public override var variance: Tensor {
      let total = total
      return concentration * (total - concentration) / (total.square() * (total + 1))
    }
    public override var mode: Tensor {
      let less = (concentration - 1).clamp(min: 0)
      let share = less / less.sum(dim: -1, keepdim: true)
      // Where all are below 1 the density is greatest in a corner.
      let corner = torch.oneHot(share.argmax(dim: -1), numClasses: concentration.shape[concentration.ndim - 1])
      let isCorner = (concentration < 1).all(dim: -1, keepdim: true)
      return torch.where(isCorner, corner.to(share.dtype), share)
    }

    public override func expand(_ batchShape: Shape) -> Dirichlet {
      expanded(Dirichlet(concentration.expand(Array(joined(batchShape, eventShape))), validateArgs: false))
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      GammaSampling.sampleDirichlet(concentration.expand(Array(extendedShape(shape))), nil)
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let powers: Tensor = (concentration - 1).xlogy(value).sum(dim: -1)
        return powers + concentration.sum(dim: -1).lgamma() - concentration.lgamma().sum(dim: -1)
      }
    }

    public override func entropy() -> Tensor {
      let k = Double(concentration.shape[concentration.ndim - 1])
      let sum = concentration.sum(dim: -1)
      let gammas: Tensor = concentration.lgamma().sum(dim: -1) - sum.lgamma()
      let parts: Tensor = ((concentration - 1) * concentration.digamma()).sum(dim: -1)
      return gammas - (k - sum) * sum.digamma() - parts
    }

    public override var naturalParameters: [Tensor] { [concentration] }
    public override func logNormalizer(_ natural: [Tensor]) -> Tensor {
      natural[0].lgamma().sum(dim: -1) - natural[0].sum(dim: -1).lgamma()
    }
  }

  /// The beta distribution on [0, 1]: density ∝ x^(concentration1 - 1) · (1 - x)^(concentration0 - 1).
  public final class Beta: ExponentialFamily {
    private let dirichlet: Dirichlet

    public init(
      _ concentration1: any TensorOrNumber, _ concentration0: any TensorOrNumber, validateArgs: Bool? = nil
    ) {
      dirichlet = Dirichlet(
        torch.stack(broadcastAll(concentration1, concentration0), dim: -1), validateArgs: validateArgs)
      super.init(batchShape: dirichlet.batchShape, validateArgs: validateArgs)
    }

    private init(_ dirichlet: Dirichlet) {
      self.dirichlet = dirichlet
      super.init(batchShape: dirichlet.batchShape, validateArgs: false)
    }

    public var concentration1: Tensor { dirichlet.concentration.select(-1, 0) }
    public var concentration0: Tensor { dirichlet.concentration.select(-1, 1) }

    public override var parameters: [Parameter] {
      [
        Parameter("concentration1", concentration1, .positive, isPrinted: false),
        Parameter("concentration0", concentration0, .positive, isPrinted: false),
      ]
    }
    public override var support: Constraint? { .unitInterval }
    public override var hasRSample: Bool { true }
    public override var mean: Tensor { concentration1 / (concentration1 + concentration0) }
    public override var mode: Tensor { dirichlet.mode.select(-1, 0) }
    public override var variance: Tensor {
      let total = concentration1 + concentration0
      return concentration1 * concentration0 / (total.square() * (total + 1))
    }

    public override func expand(_ batchShape: Shape) -> Beta { expanded(Beta(dirichlet.expand(batchShape))) }
    public override func rsample(_ shape: Shape = []) -> Tensor { dirichlet.rsample(shape).select(-1, 0) }
    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) { dirichlet.logProb(torch.stack([value, 1 - value], dim: -1)) }
    }
    public override func entropy() -> Tensor { dirichlet.entropy() }

    public override var naturalParameters: [Tensor] { [concentration1, concentration0] }
    public override func logNormalizer(_ natural: [Tensor]) -> Tensor {
      natural[0].lgamma() + natural[1].lgamma() - (natural[0] + natural[1]).lgamma()
    }
  }
}
