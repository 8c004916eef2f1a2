// Wishart's distribution of covariance matrices.
// Reference: https://pytorch.org/docs/stable/distributions.html#wishart; Odell and Feiveson, A Numerical Procedure to
// Generate a Sample Covariance Matrix, 1966.

import Foundation

extension distributions {
  /// X Xᵀ for a matrix X (…, p, df) of normal vectors with a covariance, its inverse or its Cholesky factor (…, p, p).
  ///
  /// `df`, more than p - 1, need not be whole.
  ///
  /// ```swift
  /// let w = distributions.Wishart(4.0, covarianceMatrix: torch.eye(2))
  /// print(w.mean)
  /// // tensor([[4., 0.],
  /// //         [0., 4.]])
  /// ```
  public final class Wishart: ExponentialFamily {
    public let df: Tensor
    private let covariance: CovarianceParameter
    private let chi2: Chi2

    public init(
      _ df: any TensorOrNumber, covarianceMatrix: Tensor? = nil, precisionMatrix: Tensor? = nil,
      scaleTril: Tensor? = nil, validateArgs: Bool? = nil
    ) {
      var problem = CovarianceParameter.problem(covarianceMatrix, precisionMatrix, scaleTril)
      if let matrix = covarianceMatrix ?? precisionMatrix ?? scaleTril, problem == nil, matrix.ndim < 2 {
        problem = "scale_tril must be at least two-dimensional, with optional leading batch dimensions"
      }
      if let problem { ErrorScope.report(TorchError(.value, problem)) }
      let matrix = problem == nil ? (covarianceMatrix ?? precisionMatrix ?? scaleTril)! : Tensor.eye(1)
      var batch = Shape(Array(matrix.shape.dropLast(2)))
      var count = (df as? Tensor) ?? broadcastAll(df)[0].to(matrix.dtype)
      do {
        if df is Tensor { batch = try Shape.broadcast(batch, count.shape) }
      } catch { ErrorScope.report(error as? TorchError ?? TorchError(.shape, "\(error)")) }
      if df is Tensor { count = count.expand(Array(batch)) }
      self.df = count
      let p = matrix.size(-1)
      if problem == nil, (try? (count <= (p - 1)).any().item(Bool.self)) ?? false {
        ErrorScope.report(
          TorchError(
            .value, "Value of df=\(text(df)) expected to be greater than ndim - 1 = \(p - 1)."))
      }
      let sizes = Array(batch) + [p, p]
      let isGiven = problem == nil
      covariance = CovarianceParameter(
        matrix,
        isGiven && covarianceMatrix != nil
          ? .covariance(matrix.expand(sizes))
          : isGiven && precisionMatrix != nil ? .precision(matrix.expand(sizes)) : .scaleTril(matrix.expand(sizes)))
      chi2 = Self.lengths(count, p, matrix.dtype)
      super.init(batchShape: batch, eventShape: [p, p], validateArgs: validateArgs)
    }

    private init(_ df: Tensor, _ covariance: CovarianceParameter, _ batchShape: Shape, _ eventShape: Shape) {
      (self.df, self.covariance) = (df, covariance)
      chi2 = Self.lengths(df, eventShape[0], covariance.factor.dtype)
      super.init(batchShape: batchShape, eventShape: eventShape, validateArgs: false)
    }

    /// The squared diagonal of Bartlett's triangular matrix.
    private static func lengths(_ df: Tensor, _ p: Int, _ dtype: DType) -> Chi2 {
      Chi2(df.unsqueeze(-1) - Tensor.arange(.int(p), dtype: dtype), validateArgs: false)
    }

    private var size: Int { eventShape[0] }
    private var matrixShape: [Int] { Array(joined(batchShape, eventShape)) }
    public var scaleTril: Tensor { covariance.scaleTril(matrixShape) }
    public var covarianceMatrix: Tensor { covariance.covarianceMatrix(matrixShape) }
    public var precisionMatrix: Tensor { covariance.precisionMatrix(matrixShape) }

    public override var parameters: [Parameter] {
      [covariance.parameter, Parameter("df", df, .greaterThan(eventShape[1] - 1))]
    }
    public override var support: Constraint? { .positiveDefinite }
    public override var hasRSample: Bool { true }

    private var wideDf: Tensor { df.reshape(Array(batchShape) + [1, 1]) }
    public override var mean: Tensor { wideDf * covarianceMatrix }
    public override var mode: Tensor {
      let factor: Tensor = wideDf - Double(size) - 1
      return factor.maskedFill(factor <= 0, .double(.nan)) * covarianceMatrix
    }
    public override var variance: Tensor {
      let matrix = covarianceMatrix
      let diagonal = matrix.diagonal(dim1: -2, dim2: -1)
      return wideDf * (matrix.square() + diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2))
    }

    public override func expand(_ batchShape: Shape) -> Wishart {
      let sizes = Array(joined(batchShape, eventShape))
      return expanded(
        Wishart(df.expand(Array(batchShape)), covariance.expanded(sizes), batchShape, eventShape))
    }

    /// Bartlett's decomposition: (L A)(L A)ᵀ for a lower triangular A of independent numbers.
    private func bartlett(_ shape: Shape) -> Tensor {
      let smallest = Scalar(torch.finfo(covariance.factor.dtype).eps)
      let diagonal = chi2.rsample(shape).sqrt().clamp(min: smallest).diagEmbed()
      let below = torch.randn(joined(shape, batchShape, [size * (size - 1) / 2]), dtype: diagonal.dtype)
      let places = torch.trilIndices(size, size, offset: -1)
      let positions = places.select(0, 0) * size + places.select(0, 1)
      let flat = Tensor.zeros(joined(shape, batchShape, [size * size]), dtype: diagonal.dtype)
      let noise = diagonal + flat.indexCopy(-1, positions, below).reshape(Array(diagonal.shape))
      let factor = covariance.factor.matmul(noise)
      return factor.matmul(factor.mT)
    }

    public override func rsample(_ shape: Shape = []) -> Tensor {
      Tensor.made(false) {
        var value = bartlett(shape)
        // PyTorch's first look takes the valid matrices for the singular ones and draws them again, once; from then on
        // it looks for singular ones. The draws of a seed are its draws only if this is done here, too.
        var wanted = anyOf(Constraint.positiveDefinite.check(value), shape)
        for _ in 0..<10 {
          let count = try wanted.sum().item(Int.self)
          if count == 0 { break }
          let fresh = bartlett([count])
          value = wanted.ndim == 0 ? fresh.squeeze(0) : value.indexPut([wanted], fresh)
          let isSingular = anyOf(Constraint.positiveDefinite.check(fresh).logicalNot(), [count])
          wanted = wanted.ndim == 0 ? isSingular.squeeze(0) : wanted.maskedScatter(wanted, isSingular)
        }
        return value
      }
    }

    /// Whether anything in the batch of a draw is true, for each of `shape` draws.
    private func anyOf(_ x: Tensor, _ shape: Shape) -> Tensor {
      batchShape.isEmpty ? x : x.flatten(shape.count).any(dim: -1)
    }

    private var halfLogDeterminant: Tensor { covariance.factor.diagonal(dim1: -2, dim2: -1).log().sum(dim: -1) }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let p = Double(size)
        let scale: Tensor = p * Foundation.log(2.0) / 2 + halfLogDeterminant
        let solved = torch.choleskySolve(value, covariance.factor)
        let trace: Tensor = solved.diagonal(dim1: -2, dim2: -1).sum(dim: -1)
        let determinant = torch.linalg.slogdet(value).logabsdet
        let normalizer: Tensor = df * scale + (df / 2).mvlgamma(size)
        return (df - p - 1) / 2 * determinant - trace / 2 - normalizer
      }
    }

    public override func entropy() -> Tensor {
      let p = Double(size)
      let scale: Tensor = p * Foundation.log(2.0) / 2 + halfLogDeterminant
      let steps = Tensor.arange(.int(size), dtype: df.dtype) / 2
      let digammas: Tensor = ((df / 2).unsqueeze(-1) - steps).digamma().sum(dim: -1)
      let shape: Tensor = (df / 2).mvlgamma(size) - (df - p - 1) / 2 * digammas
      return (p + 1) * scale + shape + df * p / 2
    }

    public override var naturalParameters: [Tensor] { [-precisionMatrix / 2, (df - Double(size) - 1) / 2] }
    public override func logNormalizer(_ natural: [Tensor]) -> Tensor {
      let p = Double(size)
      let count: Tensor = natural[1] + (p + 1) / 2
      let determinant = torch.linalg.slogdet(-2 * natural[0]).logabsdet
      return count * (Foundation.log(2.0) * p - determinant) + count.mvlgamma(size)
    }
  }
}
