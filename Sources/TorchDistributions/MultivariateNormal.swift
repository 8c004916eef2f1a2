// The normal distribution of vectors.
// Reference: https://pytorch.org/docs/stable/distributions.html#multivariatenormal

import Foundation

extension distributions {
  /// Normally distributed vectors with a mean (…, n) and one of covariance, its inverse, or its Cholesky factor, (…, n, n).
  ///
  /// ```swift
  /// let m = distributions.MultivariateNormal(torch.zeros(2), covarianceMatrix: torch.eye(2))
  /// print(m.logProb(torch.zeros(2)))   // tensor(-1.8379)
  /// ```
  public final class MultivariateNormal: Distribution {
    public let loc: Tensor
    private let covariance: CovarianceParameter
    /// The Cholesky factor with the batch sizes it was given with.
    var factor: Tensor { covariance.factor }

    public init(
      _ loc: Tensor, covarianceMatrix: Tensor? = nil, precisionMatrix: Tensor? = nil, scaleTril: Tensor? = nil,
      validateArgs: Bool? = nil
    ) {
      var problem: String?
      if loc.ndim < 1 { problem = "loc must be at least one-dimensional." }
      let given = scaleTril ?? covarianceMatrix ?? precisionMatrix
      if let wrong = CovarianceParameter.problem(covarianceMatrix, precisionMatrix, scaleTril) {
        problem = wrong
      } else if given!.ndim < 2 {
        let name = scaleTril != nil ? "scale_tril matrix" : covarianceMatrix != nil ? "covariance_matrix" : "precision_matrix"
        problem = "\(name) must be at least two-dimensional, with optional leading batch dimensions"
      }
      if let problem { ErrorScope.report(TorchError(.value, problem)) }
      let n = loc.shape.last ?? 1
      let matrix = problem == nil ? given! : Tensor.eye(n, dtype: loc.dtype)
      var batch: Shape = []
      do {
        batch = try Shape.broadcast(
          Shape(Array(matrix.shape.dropLast(2))), Shape(Array(loc.shape.dropLast())))
      } catch { ErrorScope.report(error as? TorchError ?? TorchError(.shape, "\(error)")) }
      let (vector, square) = (Array(batch) + [n], Array(batch) + [n, n])
      self.loc = loc.expand(vector)
      let expanded = matrix.expand(square)
      covariance = CovarianceParameter(
        matrix,
        covarianceMatrix != nil
          ? .covariance(expanded) : precisionMatrix != nil ? .precision(expanded) : .scaleTril(expanded))
      super.init(batchShape: batch, eventShape: [n], validateArgs: validateArgs)
      // The check speaks of the parameter; without it, the factorization does.
      if !validatesArguments, scaleTril == nil { _ = torch.linalg.cholesky(matrix) }
    }

    private init(_ loc: Tensor, _ covariance: CovarianceParameter, _ batchShape: Shape, _ eventShape: Shape) {
      (self.loc, self.covariance) = (loc, covariance)
      super.init(batchShape: batchShape, eventShape: eventShape, validateArgs: false)
    }

    private var matrixShape: [Int] { Array(joined(batchShape, eventShape, eventShape)) }

    public var scaleTril: Tensor { covariance.scaleTril(matrixShape) }
    public var covarianceMatrix: Tensor { covariance.covarianceMatrix(matrixShape) }
    public var precisionMatrix: Tensor { covariance.precisionMatrix(matrixShape) }

    public override var parameters: [Parameter] { [Parameter("loc", loc, .realVector), covariance.parameter] }
    public override var support: Constraint? { .realVector }
    public override var hasRSample: Bool { true }
    public override var mean: Tensor { loc }
    public override var mode: Tensor { loc }
    public override var variance: Tensor {
      factor.square().sum(dim: -1).expand(Array(joined(batchShape, eventShape)))
    }

    public override func expand(_ batchShape: Shape) -> MultivariateNormal {
      let vector = Array(joined(batchShape, eventShape))
      let wide = covariance.expanded(vector + Array(eventShape))
      return expanded(MultivariateNormal(loc.expand(vector), wide, batchShape, eventShape))
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      let noise = standardNormal(extendedShape(shape), loc.dtype)
      return loc + factor.matmul(noise.unsqueeze(-1)).squeeze(-1)
    }

    /// (x - loc)ᵀ Σ⁻¹ (x - loc) for `difference` = x - loc.
    func squaredDistance(_ difference: Tensor) -> Tensor {
      torch.linalg.solveTriangular(factor, difference.unsqueeze(-1), upper: false).square().sum(dim: [-2, -1])
    }

    var halfLogDeterminant: Tensor { factor.diagonal(dim1: -2, dim2: -1).log().sum(dim: -1) }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let constant = Double(eventShape[0]) * Foundation.log(2 * Double.pi)
        return -0.5 * (constant + squaredDistance(value - loc)) - halfLogDeterminant
      }
    }

    public override func entropy() -> Tensor {
      let constant = 0.5 * Double(eventShape[0]) * (1 + Foundation.log(2 * Double.pi))
      let h: Tensor = halfLogDeterminant + constant
      return batchShape.isEmpty ? h : h.expand(Array(batchShape))
    }
  }
}
