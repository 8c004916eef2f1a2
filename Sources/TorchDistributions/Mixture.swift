// Mixtures of distributions of one type.
// Reference: https://pytorch.org/docs/stable/distributions.html#mixturesamefamily

extension distributions {
  /// A value of the component that a categorical distribution picks.
  ///
  /// `mixture`: batch sizes B and k categories; `components`: batch sizes (B, k), any event sizes.
  ///
  /// ```swift
  /// let mixture = distributions.MixtureSameFamily(
  ///   distributions.Categorical(probs: Tensor([0.5, 0.5])),
  ///   distributions.Normal(Tensor([-1.0, 1.0]), 0.5))
  /// print(mixture.mean)   // tensor(0.)
  /// ```
  public final class MixtureSameFamily: Distribution {
    public let mixtureDistribution: Categorical
    public let componentDistribution: Distribution

    public init(_ mixture: Categorical, _ components: Distribution, validateArgs: Bool? = nil) {
      (mixtureDistribution, componentDistribution) = (mixture, components)
      let batch = Shape(Array(components.batchShape.dropLast()))
      super.init(batchShape: batch, eventShape: components.eventShape, validateArgs: validateArgs)
      for (i, j) in zip(mixture.batchShape.reversed(), batch.reversed()) where i != 1 && j != 1 && i != j {
        ErrorScope.report(
          TorchError(
            .value,
            "`mixture_distribution.batch_shape` (\(mixture.batchShape)) is not compatible with `component_distribution.batch_shape`(\(batch))"
          ))
        break
      }
      // Asked for as in PyTorch: from then on a mixture of given probabilities prints both.
      let (wanted, given) = (mixture.logits.size(-1), components.batchShape.last ?? 0)
      if wanted != given {
        ErrorScope.report(
          TorchError(
            .value,
            "`mixture_distribution component` (\(wanted)) does not equal `component_distribution.batch_shape[-1]` (\(given))"
          ))
      }
    }

    /// Of parts that are known to fit.
    private init(_ mixture: Categorical, of components: Distribution, _ batchShape: Shape) {
      (mixtureDistribution, componentDistribution) = (mixture, components)
      super.init(batchShape: batchShape, eventShape: components.eventShape, validateArgs: false)
    }

    public override var support: Constraint? { componentDistribution.support.map { .mixtureSameFamily($0) } }

    /// The dimension of the components, counted from the end.
    private var componentDim: Int { -1 - eventShape.count }

    /// The weights with dimensions for the batch and the event.
    private var weights: Tensor {
      let probs = mixtureDistribution.probs
      let ndim = mixtureDistribution.batchShape.count
      let missing = ndim == 1 ? 0 : batchShape.count - ndim
      let sizes = Array(probs.shape.dropLast()) + Array(repeating: 1, count: missing) + [mixtureDistribution.categories]
      return probs.reshape(sizes + eventShape.map { _ in 1 })
    }

    public override var mean: Tensor { (weights * componentDistribution.mean).sum(dim: componentDim) }
    public override var variance: Tensor {
      let within: Tensor = (weights * componentDistribution.variance).sum(dim: componentDim)
      let distance: Tensor = componentDistribution.mean - mean.unsqueeze(componentDim)
      return within + (weights * distance.square()).sum(dim: componentDim)
    }

    public override func expand(_ batchShape: Shape) -> MixtureSameFamily {
      let components = componentDistribution.expand(joined(batchShape, [mixtureDistribution.categories]))
      return expanded(MixtureSameFamily(mixtureDistribution.expand(batchShape), of: components, batchShape))
    }

    public override func cdf(_ value: Tensor) -> Tensor {
      (componentDistribution.cdf(value.unsqueeze(componentDim)) * mixtureDistribution.probs).sum(dim: -1)
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let each = componentDistribution.logProb(value.unsqueeze(componentDim))
        return (each + mixtureDistribution.logits.logSoftmax(dim: -1)).logsumexp(dim: [-1])
      }
    }

    public override func sample(_ shape: Shape = []) -> Tensor {
      torch.noGrad {
        let picked = mixtureDistribution.sample(shape)
        let values = componentDistribution.sample(shape)
        let index = picked.reshape(Array(picked.shape) + [1] + eventShape.map { _ in 1 })
        let sizes = Array(repeating: 1, count: picked.ndim + 1) + Array(eventShape)
        let dim = shape.count + batchShape.count
        return values.gather(dim, index.repeat(sizes)).squeeze(dim)
      }
    }

    public override var description: String {
      "MixtureSameFamily(\n  \(mixtureDistribution),\n  \(componentDistribution))"
    }
  }
}
