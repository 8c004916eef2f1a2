// Transforms to matrices of a kind, and through a distribution's cumulative distribution function.
// Reference: https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.transforms

import Foundation

extension distributions {
  /// Matrices to lower triangular ones with a positive diagonal.
  public final class LowerCholeskyTransform: Transform {
    public override var domain: Constraint { .independent(.real, 2) }
    public override var codomain: Constraint { .lowerCholesky }
    public override func isEqual(_ other: Transform) -> Bool { other is LowerCholeskyTransform }
    public override func forward(_ x: Tensor) -> Tensor {
      x.tril(-1) + x.diagonal(dim1: -2, dim2: -1).exp().diagEmbed()
    }
    public override func inverse(_ y: Tensor) -> Tensor {
      y.tril(-1) + y.diagonal(dim1: -2, dim2: -1).log().diagEmbed()
    }
  }

  /// Matrices to positive definite ones: L Lᵀ of the lower triangular L that `LowerCholeskyTransform` gives.
  public final class PositiveDefiniteTransform: Transform {
    public override var domain: Constraint { .independent(.real, 2) }
    public override var codomain: Constraint { .positiveDefinite }
    public override func isEqual(_ other: Transform) -> Bool { other is PositiveDefiniteTransform }
    public override func forward(_ x: Tensor) -> Tensor {
      let factor = LowerCholeskyTransform()(x)
      return factor.matmul(factor.mT)
    }
    public override func inverse(_ y: Tensor) -> Tensor {
      LowerCholeskyTransform().inverse(torch.linalg.cholesky(y))
    }
  }

  /// Vectors of n(n - 1)/2 numbers to Cholesky factors (…, n, n) of correlation matrices, whose rows have length 1.
  ///
  /// The numbers fill the lower triangle row by row. In each row tanh makes them shares, with a sign, of the length
  /// that the numbers before have left over; the diagonal takes the rest.
  /// Reference: https://mc-stan.org/docs/reference-manual/transforms.html (Cholesky factors of correlation matrices)
  public final class CorrCholeskyTransform: Transform {
    public override var domain: Constraint { .realVector }
    public override var codomain: Constraint { .corrCholesky }

    public override func forward(_ x: Tensor) -> Tensor {
      let eps = torch.finfo(x.dtype).eps
      let r = lowerTriangle(x.tanh().clamp(min: Scalar(eps - 1), max: Scalar(1 - eps)))
      let left = (1 - r.square()).sqrt().cumprod(-1)
      return (r + Tensor.eye(r.size(-1), dtype: r.dtype)) * shifted(left)
    }

    public override func inverse(_ y: Tensor) -> Tensor {
      let left = shifted(1 - (y * y).cumsum(-1))
      let t = lowerElements(y, -1) / lowerElements(left, -1).sqrt()
      return (t.log1p() - (-t).log1p()) / 2
    }

    /// Of `x` against the lower triangle of `y`: the two spaces have different dimensions.
    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor {
      // From the second subdiagonal on, what is left over needs no shift to the right.
      let left = lowerElements(1 - (y * y).cumsum(-1), -2)
      let sticks: Tensor = 0.5 * left.log().sum(dim: -1)
      let squashed: Tensor = x + (-2 * x).softplus() - Foundation.log(2.0)
      return sticks - 2 * squashed.sum(dim: -1)
    }

    /// One more column, of ones, in front, and the last one gone.
    private func shifted(_ x: Tensor) -> Tensor {
      let n = x.size(-1)
      let ones = Tensor.ones(Shape(Array(x.shape.dropLast()) + [1]), dtype: x.dtype)
      return torch.cat([ones, x.narrow(-1, 0, n - 1)], dim: -1)
    }

    public override func forwardShape(_ shape: Shape) throws -> Shape {
      guard let count = shape.last else { throw TorchError(.value, "Too few dimensions on input") }
      let n = Int(((0.25 + 2 * Double(count)).squareRoot() + 0.5).rounded())
      guard n * (n - 1) / 2 == count else {
        throw TorchError(.value, "Input is not a flattened lower-diagonal number")
      }
      return Shape(Array(shape.dropLast()) + [n, n])
    }

    public override func inverseShape(_ shape: Shape) throws -> Shape {
      guard shape.count >= 2, let n = shape.last else { throw TorchError(.value, "Too few dimensions on input") }
      guard shape[shape.count - 2] == n else { throw TorchError(.value, "Input is not square") }
      return Shape(Array(shape.dropLast(2)) + [n * (n - 1) / 2])
    }
  }

  /// The elements (…, k) of matrices (…, n, n) on and below diagonal `diagonal`, row by row.
  static func lowerElements(_ x: Tensor, _ diagonal: Int) -> Tensor {
    let n = x.size(-1)
    return x.flatten(x.ndim - 2).indexSelect(-1, lowerPositions(n, diagonal))
  }

  /// Vectors (…, k) as what is below the diagonal of matrices (…, n, n) of zeros.
  private static func lowerTriangle(_ x: Tensor) -> Tensor {
    let root = (1 + (1 + 8 * Double(x.size(-1))).squareRoot()) / 2
    let n = Int(root.rounded())
    guard n * (n - 1) / 2 == x.size(-1) else {
      return .invalid(
        TorchError(
          .value,
          "The size of last dimension is \(x.size(-1)) which cannot be expressed as the lower triangular part of a square D x D matrix."
        ))
    }
    let batch = Array(x.shape.dropLast())
    let zeros = Tensor.zeros(Shape(batch + [n * n]), dtype: x.dtype)
    return zeros.indexCopy(-1, lowerPositions(n, -1), x).reshape(batch + [n, n])
  }

  private static func lowerPositions(_ n: Int, _ diagonal: Int) -> Tensor {
    let positions = (0..<n).flatMap { i in (0..<n).filter { $0 <= i + diagonal }.map { i * n + $0 } }
    return Tensor(positions, dtype: .int64)
  }

  /// y = F(x), the cumulative distribution function of a distribution, which makes its values uniform.
  ///
  /// ```swift
  /// // A Gaussian copula.
  /// let base = distributions.MultivariateNormal(
  ///   torch.zeros(2), scaleTril: distributions.LKJCholesky(2).sample())
  /// let normal = distributions.Normal(0, 1)
  /// let copula = distributions.TransformedDistribution(
  ///   base, [distributions.CumulativeDistributionTransform(normal)])
  /// ```
  public final class CumulativeDistributionTransform: Transform {
    public let distribution: Distribution
    public init(_ distribution: Distribution, cacheSize: Int = 0) {
      self.distribution = distribution
      super.init(cacheSize: cacheSize)
    }
    public override var domain: Constraint { distribution.support ?? .real }
    public override var codomain: Constraint { .unitInterval }
    public override func forward(_ x: Tensor) -> Tensor { distribution.cdf(x) }
    public override func inverse(_ y: Tensor) -> Tensor { distribution.icdf(y) }
    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor { distribution.logProb(x) }
  }
}
