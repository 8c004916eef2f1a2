// A covariance matrix by any of its three descriptions, for the distributions that have one.

extension distributions {
  /// A covariance matrix, its inverse or its Cholesky factor: one given, the others made from it.
  struct CovarianceParameter {
    enum Given { case covariance(Tensor), precision(Tensor), scaleTril(Tensor) }
    /// With the batch sizes of the distribution.
    let given: Given
    /// The Cholesky factor with the batch sizes that the matrix was given with.
    let factor: Tensor

    /// - Parameter matrix: what was given, before it was expanded.
    init(_ matrix: Tensor, _ given: Given) {
      self.given = given
      factor =
        switch given {
        case .covariance: torch.linalg.choleskyEx(matrix).l
        case .precision: Self.factor(ofPrecision: matrix)
        case .scaleTril: matrix
        }
    }

    private init(_ given: Given, factor: Tensor) { (self.given, self.factor) = (given, factor) }

    /// What is wrong with the number of matrices.
    static func problem(_ covariance: Tensor?, _ precision: Tensor?, _ scaleTril: Tensor?) -> String? {
      [covariance, precision, scaleTril].compactMap { $0 }.count == 1
        ? nil : "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified."
    }

    /// L with L·Lᵀ the inverse of `p`.
    private static func factor(ofPrecision p: Tensor) -> Tensor {
      let flipped = torch.linalg.choleskyEx(p.flip(-2, -1)).l
      let inverse = flipped.flip(-2, -1).mT
      let identity = Tensor.eye(p.shape[p.ndim - 1], dtype: p.dtype)
      return torch.linalg.solveTriangular(inverse, identity, upper: false)
    }

    func scaleTril(_ sizes: [Int]) -> Tensor {
      if case .scaleTril(let matrix) = given { matrix } else { factor.expand(sizes) }
    }
    func covarianceMatrix(_ sizes: [Int]) -> Tensor {
      if case .covariance(let matrix) = given { matrix } else { factor.matmul(factor.mT).expand(sizes) }
    }
    func precisionMatrix(_ sizes: [Int]) -> Tensor {
      if case .precision(let matrix) = given { matrix } else { factor.choleskyInverse().expand(sizes) }
    }

    var parameter: Distribution.Parameter {
      switch given {
      case .covariance(let value): .init("covariance_matrix", value, .positiveDefinite)
      case .precision(let value): .init("precision_matrix", value, .positiveDefinite)
      case .scaleTril(let value): .init("scale_tril", value, .lowerCholesky)
      }
    }

    /// With a larger batch: `sizes` are those of the matrices.
    func expanded(_ sizes: [Int]) -> CovarianceParameter {
      let wide: Given =
        switch given {
        case .covariance(let value): .covariance(value.expand(sizes))
        case .precision(let value): .precision(value.expand(sizes))
        case .scaleTril(let value): .scaleTril(value.expand(sizes))
        }
      return CovarianceParameter(wide, factor: factor)
    }
  }
}
