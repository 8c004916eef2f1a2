// Distributions of the form exp(⟨t(x), θ⟩ - F(θ) + k(x)): entropy and divergence follow from F alone.
// Reference: https://pytorch.org/docs/stable/distributions.html#exponentialfamily;
// Nielsen and Nock, Entropies and Cross-entropies of Exponential Families, 2010.

extension distributions {
  /// A distribution with natural parameters θ, sufficient statistics t(x) and a log normalizer F(θ).
  ///
  /// A subclass that gives `naturalParameters` and `logNormalizer` has `klDivergence` between two of its kind; one that
  /// gives `meanCarrierMeasure`, too, has an `entropy`.
  open class ExponentialFamily: Distribution {
    /// θ, as tensors that broadcast to the batch.
    open var naturalParameters: [Tensor] { [missing("_natural_params")] }
    /// F(θ), of the sizes of the batch.
    open func logNormalizer(_ natural: [Tensor]) -> Tensor { missing("_log_normalizer") }
    /// The mean of k(x) where it is known in closed form.
    open var meanCarrierMeasure: Double? { nil }

    open override func entropy() -> Tensor {
      guard let carrier = meanCarrierMeasure else { return missing("entropy") }
      return Tensor.made(false) {
        let (normalizer, natural, means) = try expectation()
        return zip(natural, means).reduce(normalizer - carrier) { total, pair in
          let term: Tensor = pair.0 * pair.1
          return total - term.reshape(Array(batchShape) + [-1]).sum(dim: -1)
        }
      }
    }

    /// F(θ), θ apart from its history, and ∇F(θ), which is the mean of t(x).
    private func expectation() throws -> (normalizer: Tensor, natural: [Tensor], means: [Tensor]) {
      let natural = naturalParameters.map { $0.detach().requiresGrad_() }
      let normalizer = torch.enableGrad { logNormalizer(natural) }
      let means = try torch.autograd.grad([normalizer.sum()], natural, createGraph: true)
      return (normalizer, natural, zip(natural, means).map { $1 ?? Tensor.zeros(like: $0.detach()) })
    }

    /// F(θq) - F(θp) - ⟨θq - θp, ∇F(θp)⟩ for two of one kind.
    final func bregmanDivergence(_ q: ExponentialFamily) -> Tensor {
      guard type(of: self) == type(of: q) else {
        // PyTorch's text, with the spaces of its line of source.
        let gap = String(repeating: " ", count: 28)
        return .invalid(
          TorchError(
            .notImplemented,
            "The cross KL-divergence between different exponential families cannot \(gap)be computed using Bregman divergences"
          ))
      }
      return Tensor.made(false) {
        let (normalizer, natural, means) = try expectation()
        let others = q.naturalParameters
        var result: Tensor = q.logNormalizer(others) - normalizer
        for i in natural.indices {
          let term: Tensor = (others[i] - natural[i]) * means[i]
          result = result - sumRightmost(term, q.eventShape.count)
        }
        return result
      }
    }
  }
}
