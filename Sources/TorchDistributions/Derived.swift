// Distributions made of others: independent dimensions, transformed values.
// Reference: https://pytorch.org/docs/stable/distributions.html

import Foundation

extension distributions {
  /// `base` with some of its batch dimensions taken as one event, whose densities multiply.
  public final class Independent: Distribution {
    public let base: Distribution
    public let reinterpretedBatchNdims: Int

    public init(_ base: Distribution, _ reinterpretedBatchNdims: Int, validateArgs: Bool? = nil) {
      self.base = base
      var count = reinterpretedBatchNdims
      if count > base.batchShape.count {
        ErrorScope.report(
          TorchError(
            .value,
            "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual \(count) vs \(base.batchShape.count)"))
        count = base.batchShape.count
      }
      self.reinterpretedBatchNdims = count
      let all = joined(base.batchShape, base.eventShape)
      let cut = base.batchShape.count - count
      super.init(
        batchShape: Shape(Array(all.prefix(cut))), eventShape: Shape(Array(all.dropFirst(cut))),
        validateArgs: validateArgs)
    }

    public override var support: Constraint? {
      base.support.map { reinterpretedBatchNdims == 0 ? $0 : .independent($0, reinterpretedBatchNdims) }
    }
    public override var hasRSample: Bool { base.hasRSample }
    public override var mean: Tensor { base.mean }
    public override var mode: Tensor { base.mode }
    public override var variance: Tensor { base.variance }

    public override func expand(_ batchShape: Shape) -> Independent {
      let inner = joined(batchShape, Shape(Array(eventShape.prefix(reinterpretedBatchNdims))))
      return expanded(Independent(base.expand(inner), reinterpretedBatchNdims, validateArgs: false))
    }
    public override func sample(_ shape: Shape = []) -> Tensor { base.sample(shape) }
    public override func rsample(_ shape: Shape = []) -> Tensor { base.rsample(shape) }
    public override func logProb(_ value: Tensor) -> Tensor {
      sumRightmost(base.logProb(value), reinterpretedBatchNdims)
    }
    public override func entropy() -> Tensor { sumRightmost(base.entropy(), reinterpretedBatchNdims) }
    public override func enumerateSupport(expand: Bool = true) -> Tensor {
      if reinterpretedBatchNdims == 0 { return base.enumerateSupport(expand: expand) }
      return .invalid(TorchError(.notImplemented, "Enumeration over cartesian product is not implemented"))
    }
    public override var description: String { "Independent(\(base), \(reinterpretedBatchNdims))" }
  }

  /// The distribution of f(x) for x of `base`, f a chain of transforms.
  ///
  /// ```swift
  /// let logistic = distributions.TransformedDistribution(
  ///   distributions.Uniform(0.0, 1.0),
  ///   [distributions.SigmoidTransform().inv, distributions.AffineTransform(2.0, 0.5)])
  /// ```
  public class TransformedDistribution: Distribution {
    public let base: Distribution
    public let transforms: [Transform]

    public init(_ base: Distribution, _ transforms: [Transform], validateArgs: Bool? = nil) {
      self.transforms = transforms
      let whole = ComposeTransform(transforms)
      let baseShape = joined(base.batchShape, base.eventShape)
      let baseDims = base.eventShape.count
      var (inner, shape) = (base, baseShape)
      do {
        if baseShape.count < whole.domain.eventDim {
          throw TorchError(
            .value,
            "base_distribution needs to have shape with size at least \(whole.domain.eventDim), but got \(baseShape).")
        }
        shape = try whole.forwardShape(baseShape)
        let needed = try whole.inverseShape(shape)
        if needed != baseShape { inner = base.expand(Shape(Array(needed.dropLast(baseDims)))) }
        let extra = whole.domain.eventDim - baseDims
        if extra > 0 { inner = Independent(inner, extra) }
      } catch { ErrorScope.report(error as? TorchError ?? TorchError(.value, "\(error)")) }
      self.base = inner
      let dims = Swift.max(
        whole.codomain.eventDim, baseDims + whole.codomain.eventDim - whole.domain.eventDim)
      let cut = Swift.max(shape.count - dims, 0)
      super.init(
        batchShape: Shape(Array(shape.prefix(cut))), eventShape: Shape(Array(shape.dropFirst(cut))),
        validateArgs: validateArgs)
    }

    public override var support: Constraint? {
      guard let last = transforms.last else { return base.support }
      let codomain = last.codomain
      let extra = eventShape.count - codomain.eventDim
      return extra > 0 ? .independent(codomain, extra) : codomain
    }
    public override final var hasRSample: Bool { base.hasRSample }

    /// The base with the batch that this one needs for `batchShape`.
    final func expandedBase(_ batchShape: Shape) -> Distribution {
      do {
        var shape = joined(batchShape, eventShape)
        for transform in transforms.reversed() { shape = try transform.inverseShape(shape) }
        return base.expand(Shape(Array(shape.dropLast(base.eventShape.count))))
      } catch {
        ErrorScope.report(error as? TorchError ?? TorchError(.value, "\(error)"))
        return base
      }
    }

    public override func expand(_ batchShape: Shape) -> Distribution {
      expanded(TransformedDistribution(expandedBase(batchShape), transforms, validateArgs: false))
    }
    public override func sample(_ shape: Shape = []) -> Tensor {
      torch.noGrad { transforms.reduce(base.sample(shape)) { $1($0) } }
    }
    public override func rsample(_ shape: Shape = []) -> Tensor { transforms.reduce(base.rsample(shape)) { $1($0) } }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        var dims = eventShape.count
        var y = value
        var total: Tensor?
        for transform in transforms.reversed() {
          let x = transform.inverted(y)
          dims += transform.domain.eventDim - transform.codomain.eventDim
          let term = sumRightmost(transform.logAbsDetJacobian(x, y), dims - transform.domain.eventDim)
          total = total.map { $0 - term } ?? -term
          y = x
        }
        let density = sumRightmost(base.logProb(y), dims - base.eventShape.count)
        return total.map { $0 + density } ?? density
      }
    }

    /// A falling transform turns the cdf around.
    private func monotone(_ p: Tensor) -> Tensor {
      let sign = product(transforms.map(\.sign))
      if let sign = sign as? Int, sign == 1 { return p }
      return sign.operand * (p - 0.5) + 0.5
    }
    public override func cdf(_ value: Tensor) -> Tensor {
      monotone(base.cdf(transforms.reversed().reduce(value) { $1.inverted($0) }))
    }
    public override func icdf(_ probability: Tensor) -> Tensor {
      transforms.reduce(base.icdf(monotone(probability))) { $1($0) }
    }
  }

  /// exp of a normal variable.
  public final class LogNormal: TransformedDistribution {
    private let normal: Normal
    public init(_ loc: any TensorOrNumber, _ scale: any TensorOrNumber, validateArgs: Bool? = nil) {
      normal = Normal(loc, scale, validateArgs: validateArgs)
      super.init(normal, [ExpTransform()], validateArgs: validateArgs)
    }
    public var loc: Tensor { normal.loc }
    public var scale: Tensor { normal.scale }

    public override var parameters: [Parameter] {
      [Parameter("loc", loc, .real, isPrinted: false), Parameter("scale", scale, .positive, isPrinted: false)]
    }
    public override var support: Constraint? { .positive }
    public override var mean: Tensor { (loc + scale.square() / 2).exp() }
    public override var mode: Tensor { (loc - scale.square()).exp() }
    public override var variance: Tensor {
      let square = scale.square()
      return square.expm1() * (2 * loc + square).exp()
    }
    public override func expand(_ batchShape: Shape) -> LogNormal {
      let sizes = Array(batchShape)
      return expanded(LogNormal(loc.expand(sizes), scale.expand(sizes), validateArgs: false))
    }
    public override func entropy() -> Tensor { normal.entropy() + loc }
  }

  /// Points of the simplex: `StickBreakingTransform` of normal variables.
  public final class LogisticNormal: TransformedDistribution {
    public let loc, scale: Tensor
    public init(_ loc: any TensorOrNumber, _ scale: any TensorOrNumber, validateArgs: Bool? = nil) {
      let normal = Normal(loc, scale, validateArgs: validateArgs)
      let vector = normal.batchShape.isEmpty ? normal.expand([1]) : normal
      (self.loc, self.scale) = (vector.loc, vector.scale)
      super.init(vector, [StickBreakingTransform()], validateArgs: validateArgs)
    }
    public override var parameters: [Parameter] {
      [Parameter("loc", loc, .real, isPrinted: false), Parameter("scale", scale, .positive, isPrinted: false)]
    }
    public override var support: Constraint? { .simplex }
    public override func expand(_ batchShape: Shape) -> LogisticNormal {
      let sizes = Array(batchShape) + [loc.size(-1)]
      return expanded(LogisticNormal(loc.expand(sizes), scale.expand(sizes), validateArgs: false))
    }
  }

  /// The size of a normal variable with mean 0.
  public final class HalfNormal: TransformedDistribution {
    let normal: Normal
    public init(_ scale: any TensorOrNumber, validateArgs: Bool? = nil) {
      normal = Normal(0, scale, validateArgs: false)
      super.init(normal, [AbsTransform()], validateArgs: validateArgs)
    }
    public var scale: Tensor { normal.scale }

    public override var parameters: [Parameter] { [Parameter("scale", scale, .positive, isPrinted: false)] }
    public override var support: Constraint? { .nonnegative }
    public override var mean: Tensor { scale * (2 / Double.pi).squareRoot() }
    public override var mode: Tensor { Tensor.zeros(like: scale) }
    public override var variance: Tensor { scale.square() * (1 - 2 / Double.pi) }
    public override func expand(_ batchShape: Shape) -> HalfNormal {
      expanded(HalfNormal(scale.expand(Array(batchShape)), validateArgs: false))
    }
    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        torch.where(value >= 0, normal.logProb(value) + Foundation.log(2.0), .double(-.infinity))
      }
    }
    public override func cdf(_ value: Tensor) -> Tensor { checked(value) { 2 * normal.cdf(value) - 1 } }
    public override func icdf(_ probability: Tensor) -> Tensor { normal.icdf((probability + 1) / 2) }
    public override func entropy() -> Tensor { normal.entropy() - Foundation.log(2.0) }
  }

  /// The size of a Cauchy variable around 0.
  public final class HalfCauchy: TransformedDistribution {
    private let cauchy: Cauchy
    public init(_ scale: any TensorOrNumber, validateArgs: Bool? = nil) {
      cauchy = Cauchy(0, scale, validateArgs: false)
      super.init(cauchy, [AbsTransform()], validateArgs: validateArgs)
    }
    public var scale: Tensor { cauchy.scale }

    public override var parameters: [Parameter] { [Parameter("scale", scale, .positive, isPrinted: false)] }
    public override var support: Constraint? { .nonnegative }
    public override var mean: Tensor { Tensor.full(extendedShape(), .double(.infinity), dtype: scale.dtype) }
    public override var mode: Tensor { Tensor.zeros(like: scale) }
    public override var variance: Tensor { cauchy.variance }
    public override func expand(_ batchShape: Shape) -> HalfCauchy {
      expanded(HalfCauchy(scale.expand(Array(batchShape)), validateArgs: false))
    }
    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        torch.where(value >= 0, cauchy.logProb(value) + Foundation.log(2.0), .double(-.infinity))
      }
    }
    public override func cdf(_ value: Tensor) -> Tensor { checked(value) { 2 * cauchy.cdf(value) - 1 } }
    public override func icdf(_ probability: Tensor) -> Tensor { cauchy.icdf((probability + 1) / 2) }
    public override func entropy() -> Tensor { cauchy.entropy() - Foundation.log(2.0) }
  }

  /// The distribution of greatest values: cdf exp(-exp(-(x - loc) / scale)).
  public final class Gumbel: TransformedDistribution {
    public let loc, scale: Tensor

    public init(_ loc: any TensorOrNumber, _ scale: any TensorOrNumber, validateArgs: Bool? = nil) {
      let all = broadcastAll(loc, scale)
      (self.loc, self.scale) = (all[0], all[1])
      let info = torch.finfo(all[0].dtype)
      let uniform = Uniform(
        filled(like: all[0], info.tiny), filled(like: all[0], 1 - info.eps), validateArgs: validateArgs)
      super.init(
        uniform,
        [
          ExpTransform().inv, AffineTransform(0, -Tensor.ones(like: all[1].detach())), ExpTransform().inv,
          AffineTransform(all[0], -all[1]),
        ], validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] { [Parameter("loc", loc, .real), Parameter("scale", scale, .positive)] }
    public override var support: Constraint? { .real }
    public override var mean: Tensor { loc + scale * eulerConstant }
    public override var mode: Tensor { loc }
    public override var stddev: Tensor { (Double.pi / 6.0.squareRoot()) * scale }
    public override var variance: Tensor { stddev.square() }
    public override func expand(_ batchShape: Shape) -> Gumbel {
      let sizes = Array(batchShape)
      return expanded(Gumbel(loc.expand(sizes), scale.expand(sizes), validateArgs: false))
    }
    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let y: Tensor = (loc - value) / scale
        return y - y.exp() - scale.log()
      }
    }
    public override func entropy() -> Tensor { scale.log() + (1 + eulerConstant) }
  }
}
