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
    /// The Cholesky factor with the batch sizes it was given with.
    let factor: Tensor
    private enum Given { case covariance(Tensor), precision(Tensor), scaleTril(Tensor) }
    private let given: Given

    public init(
      _ loc: Tensor, covarianceMatrix: Tensor? = nil, precisionMatrix: Tensor? = nil, scaleTril: Tensor? = nil,
      validateArgs: Bool? = nil
    ) {
      let matrices = [scaleTril, covarianceMatrix, precisionMatrix].compactMap { $0 }
      var problem: String?
      if loc.ndim < 1 { problem = "loc must be at least one-dimensional." }
      if matrices.count != 1 {
        problem = "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified."
      } else if matrices[0].ndim < 2 {
        let name = scaleTril != nil ? "scale_tril matrix" : covarianceMatrix != nil ? "covariance_matrix" : "precision_matrix"
        problem = "\(name) must be at least two-dimensional, with optional leading batch dimensions"
      }
      if let problem { ErrorScope.report(TorchError(.value, problem)) }
      let n = loc.shape.last ?? 1
      let matrix = problem == nil ? matrices[0] : Tensor.eye(n, dtype: loc.dtype)
      var batch: Shape = []
      do {
        batch = try Shape.broadcast(
          Shape(Array(matrix.shape.dropLast(2))), Shape(Array(loc.shape.dropLast())))
      } catch { ErrorScope.report(error as? TorchError ?? TorchError(.shape, "\(error)")) }
      let (vector, square) = (Array(batch) + [n], Array(batch) + [n, n])
      self.loc = loc.expand(vector)
      let expanded = matrix.expand(square)
      if covarianceMatrix != nil {
        given = .covariance(expanded)
        factor = Cholesky.choleskyEx(matrix, false, false)[0]
      } else if precisionMatrix != nil {
        given = .precision(expanded)
        factor = MultivariateNormal.factor(ofPrecision: matrix)
      } else {
        given = .scaleTril(expanded)
        factor = matrix
      }
      super.init(batchShape: batch, eventShape: [n], validateArgs: validateArgs)
      // The check speaks of the parameter; without it, the factorization does.
      if !validatesArguments, scaleTril == nil { _ = Cholesky.cholesky(matrix, false) }
    }

    private init(_ loc: Tensor, _ factor: Tensor, _ given: Given, _ batchShape: Shape, _ eventShape: Shape) {
      (self.loc, self.factor, self.given) = (loc, factor, given)
      super.init(batchShape: batchShape, eventShape: eventShape, validateArgs: false)
    }

    /// L with L·Lᵀ the inverse of `p`.
    private static func factor(ofPrecision p: Tensor) -> Tensor {
      let flipped = Cholesky.choleskyEx(p.flip(-2, -1), false, false)[0]
      let inverse = flipped.flip(-2, -1).mT
      let identity = Tensor.eye(p.shape[p.ndim - 1], dtype: p.dtype)
      return TriangularSolve.solveTriangular(inverse, identity, false, true, false)
    }

    private var matrixShape: [Int] { Array(joined(batchShape, eventShape, eventShape)) }

    public var scaleTril: Tensor {
      if case .scaleTril(let matrix) = given { matrix } else { factor.expand(matrixShape) }
    }
    public var covarianceMatrix: Tensor {
      if case .covariance(let matrix) = given { matrix } else { factor.matmul(factor.mT).expand(matrixShape) }
    }
    public var precisionMatrix: Tensor {
      if case .precision(let matrix) = given { matrix } else {
        Cholesky.choleskyInverse(factor, false).expand(matrixShape)
      }
    }

    public override var parameters: [Parameter] {
      let matrix: Parameter =
        switch given {
        case .covariance(let value): Parameter("covariance_matrix", value, .positiveDefinite)
        case .precision(let value): Parameter("precision_matrix", value, .positiveDefinite)
        case .scaleTril(let value): Parameter("scale_tril", value, .lowerCholesky)
        }
      return [Parameter("loc", loc, .realVector), matrix]
    }
    public override var support: Constraint? { .realVector }
    public override var hasRSample: Bool { true }
    public override var mean: Tensor { loc }
    public override var mode: Tensor { loc }
    public override var variance: Tensor {
      factor.square().sum(dim: -1).expand(Array(joined(batchShape, eventShape)))
    }

    public override func expand(_ batchShape: Shape) -> MultivariateNormal {
      let vector = Array(joined(batchShape, eventShape))
      let square = vector + Array(eventShape)
      let wide: Given =
        switch given {
        case .covariance(let value): .covariance(value.expand(square))
        case .precision(let value): .precision(value.expand(square))
        case .scaleTril(let value): .scaleTril(value.expand(square))
        }
      return expanded(MultivariateNormal(loc.expand(vector), factor, wide, batchShape, eventShape))
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      let noise = standardNormal(extendedShape(shape), loc.dtype)
      return loc + factor.matmul(noise.unsqueeze(-1)).squeeze(-1)
    }

    /// (x - loc)ᵀ Σ⁻¹ (x - loc) for `difference` = x - loc.
    func squaredDistance(_ difference: Tensor) -> Tensor {
      TriangularSolve.solveTriangular(factor, difference.unsqueeze(-1), false, true, false).square().sum(dim: [-2, -1])
    }

    var halfLogDeterminant: Tensor { factor.diagonal(dim1: -2, dim2: -1).log().sum(dim: -1) }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let constant = Double(eventShape[0]) * Foundation.log(2 * Double.pi)
        return -0.5 * (constant + squaredDistance(value - loc)) - halfLogDeterminant
      }
    }

    public override func entropy() -> Tensor {
      let h: Tensor = halfLogDeterminant + 0.5 * Double(eventShape[0]) * (1 + Foundation.log(2 * Double.pi))
      return batchShape.isEmpty ? h : h.expand(Array(batchShape))
    }
  }
}
