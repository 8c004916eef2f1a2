// The normal distribution of vectors whose covariance is a matrix of low rank plus a diagonal.
// Reference: https://pytorch.org/docs/stable/distributions.html#lowrankmultivariatenormal

import Foundation

extension distributions {
  /// Normally distributed vectors with covariance covFactor · covFactorᵀ + diag(covDiag).
  ///
  /// `loc` (…, n), `covFactor` (…, n, m), `covDiag` (…, n). Only matrices of m × m are factored, by the identity of
  /// Woodbury and the matrix determinant lemma.
  ///
  /// ```swift
  /// let d = distributions.LowRankMultivariateNormal(
  ///   torch.zeros(2), Tensor([[1.0], [0.0]]), torch.ones(2))
  /// print(d.covarianceMatrix)
  /// // tensor([[2., 0.],
  /// //         [0., 1.]])
  /// ```
  public final class LowRankMultivariateNormal: Distribution {
    public let loc, covFactor, covDiag: Tensor
    /// As they were given, before they were expanded to the batch.
    private let factor, diagonal: Tensor
    /// The Cholesky factor of I + Wᵀ D⁻¹ W.
    private let capacitance: Tensor

    public init(_ loc: Tensor, _ covFactor: Tensor, _ covDiag: Tensor, validateArgs: Bool? = nil) {
      var (loc, covFactor, covDiag) = (loc, covFactor, covDiag)
      if let problem = Self.problem(loc, covFactor, covDiag) {
        ErrorScope.report(TorchError(.value, problem))
        (loc, covFactor, covDiag) = (Tensor.zeros([1]), Tensor.zeros([1, 1]), Tensor.ones([1]))
      }
      (factor, diagonal) = (covFactor, covDiag)
      capacitance = Self.capacitance(covFactor, covDiag)
      let n = loc.size(-1)
      var batch: Shape = []
      do {
        for tensor in [loc.unsqueeze(-1), covFactor, covDiag.unsqueeze(-1)] {
          batch = try Shape.broadcast(batch, Shape(Array(tensor.shape.dropLast(2))))
        }
      } catch {
        ErrorScope.report(
          TorchError(
            .value,
            "Incompatible batch shapes: loc \(loc.shape), cov_factor \(covFactor.shape), cov_diag \(covDiag.shape)"))
      }
      self.loc = loc.expand(Array(batch) + [n])
      self.covFactor = covFactor.expand(Array(batch) + [n, covFactor.size(-1)])
      self.covDiag = covDiag.expand(Array(batch) + [n])
      super.init(batchShape: batch, eventShape: [n], validateArgs: validateArgs)
    }

    private init(_ given: LowRankMultivariateNormal, _ batchShape: Shape) {
      (factor, diagonal, capacitance) = (given.factor, given.diagonal, given.capacitance)
      let sizes = Array(joined(batchShape, given.eventShape))
      (loc, covDiag) = (given.loc.expand(sizes), given.covDiag.expand(sizes))
      covFactor = given.covFactor.expand(sizes + [given.covFactor.size(-1)])
      super.init(batchShape: batchShape, eventShape: given.eventShape, validateArgs: false)
    }

    private static func problem(_ loc: Tensor, _ covFactor: Tensor, _ covDiag: Tensor) -> String? {
      if loc.ndim < 1 { return "loc must be at least one-dimensional." }
      let n = loc.size(-1)
      if covFactor.ndim < 2 {
        return "cov_factor must be at least two-dimensional, with optional leading batch dimensions"
      }
      if covFactor.size(-2) != n { return "cov_factor must be a batch of matrices with shape \(n) x m" }
      if covDiag.ndim < 1 || covDiag.size(-1) != n {
        return "cov_diag must be a batch of vectors with shape torch.Size([\(n)])"
      }
      return nil
    }

    private static func capacitance(_ w: Tensor, _ d: Tensor) -> Tensor {
      let k = (w.mT / d.unsqueeze(-2)).matmul(w)
      return torch.linalg.cholesky(k + Tensor.eye(w.size(-1), dtype: k.dtype))
    }

    public override var parameters: [Parameter] {
      [
        Parameter("loc", loc, .realVector), Parameter("cov_factor", covFactor, .independent(.real, 2)),
        Parameter("cov_diag", covDiag, .independent(.positive, 1)),
      ]
    }
    public override var support: Constraint? { .realVector }
    public override var hasRSample: Bool { true }
    public override var mean: Tensor { loc }
    public override var mode: Tensor { loc }
    public override var variance: Tensor {
      (factor.square().sum(dim: -1) + diagonal).expand(Array(joined(batchShape, eventShape)))
    }

    private var matrixShape: [Int] { Array(joined(batchShape, eventShape, eventShape)) }

    /// D½ · cholesky(I + D⁻½ W Wᵀ D⁻½), where what is factored has no eigenvalue below 1.
    public var scaleTril: Tensor {
      let root = diagonal.sqrt().unsqueeze(-1)
      let scaled = factor / root
      let k = scaled.matmul(scaled.mT) + Tensor.eye(eventShape[0], dtype: loc.dtype)
      return (root * torch.linalg.cholesky(k)).expand(matrixShape)
    }
    public var covarianceMatrix: Tensor {
      (factor.matmul(factor.mT) + diagonal.diagEmbed()).expand(matrixShape)
    }
    public var precisionMatrix: Tensor {
      let a = reduced
      return (diagonal.reciprocal().diagEmbed() - a.mT.matmul(a)).expand(matrixShape)
    }

    public override func expand(_ batchShape: Shape) -> LowRankMultivariateNormal {
      expanded(LowRankMultivariateNormal(self, batchShape))
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      let sizes = extendedShape(shape)
      let rank = Shape(Array(sizes.dropLast()) + [covFactor.size(-1)])
      let common = standardNormal(rank, loc.dtype)
      let own = standardNormal(sizes, loc.dtype)
      return loc + factor.matmul(common.unsqueeze(-1)).squeeze(-1) + diagonal.sqrt() * own
    }

    // MARK: Small matrices

    /// A with Aᵀ A = D⁻¹ - Σ⁻¹.
    private var reduced: Tensor {
      torch.linalg.solveTriangular(capacitance, factor.mT / diagonal.unsqueeze(-2), upper: false)
    }

    var logDeterminant: Tensor {
      2 * capacitance.diagonal(dim1: -2, dim2: -1).log().sum(dim: -1) + diagonal.log().sum(dim: -1)
    }

    /// xᵀ Σ⁻¹ x for `difference` = x.
    func squaredDistance(_ difference: Tensor) -> Tensor {
      let weighted = (factor.mT / diagonal.unsqueeze(-2)).matmul(difference.unsqueeze(-1))
      let inner = torch.linalg.solveTriangular(capacitance, weighted, upper: false)
      return (difference.square() / diagonal).sum(dim: -1) - inner.square().sum(dim: [-2, -1])
    }

    /// tr(Σ⁻¹ M Mᵀ) for a matrix M.
    func trace(_ matrix: Tensor) -> Tensor {
      let direct: Tensor = (matrix * diagonal.rsqrt().unsqueeze(-1)).square().sum(dim: [-2, -1])
      return direct - reduced.matmul(matrix).square().sum(dim: [-2, -1])
    }

    /// tr(Σ⁻¹ Σp) for the covariance of `p`.
    func trace(_ p: LowRankMultivariateNormal) -> Tensor {
      let diagonals: Tensor = (p.diagonal / diagonal).sum(dim: -1)
      let less: Tensor = (reduced * p.diagonal.sqrt().unsqueeze(-2)).square().sum(dim: [-2, -1])
      return diagonals - less + trace(p.factor)
    }

    /// tr((L Lᵀ)⁻¹ Σ) for a lower triangular L.
    func trace(inverseOf l: Tensor) -> Tensor {
      let low = torch.linalg.solveTriangular(l, factor, upper: false)
      let diagonal = torch.linalg.solveTriangular(l, diagonal.sqrt().diagEmbed(), upper: false)
      return low.square().sum(dim: [-2, -1]) + diagonal.square().sum(dim: [-2, -1])
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let constant = Double(eventShape[0]) * Foundation.log(2 * Double.pi)
        return -0.5 * (constant + logDeterminant + squaredDistance(value - loc))
      }
    }

    public override func entropy() -> Tensor {
      let h: Tensor = 0.5 * (Double(eventShape[0]) * (1 + Foundation.log(2 * Double.pi)) + logDeterminant)
      return batchShape.isEmpty ? h : h.expand(Array(batchShape))
    }
  }
}
