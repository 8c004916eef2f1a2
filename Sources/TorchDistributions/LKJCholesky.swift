// Cholesky factors of correlation matrices.
// Reference: https://pytorch.org/docs/stable/distributions.html#lkjcholesky; Lewandowski, Kurowicka and Joe, Generating
// random correlation matrices based on vines and extended onion method, 2009.

import Foundation

extension distributions {
  /// Lower triangular L (…, dim, dim) such that L Lᵀ is a correlation matrix with a density proportional to
  /// det(L Lᵀ)^(concentration - 1).
  ///
  /// ```swift
  /// let l = distributions.LKJCholesky(3, 0.5).sample()
  /// let correlations = l.matmul(l.mT)   // ones on the diagonal
  /// ```
  public final class LKJCholesky: Distribution {
    public let dim: Int
    public let concentration: Tensor
    /// The squared length of each row left of the diagonal.
    private let beta: Beta

    public init(_ dim: Int, _ concentration: any TensorOrNumber = 1.0, validateArgs: Bool? = nil) {
      var dim = dim
      if dim < 2 {
        ErrorScope.report(
          TorchError(.value, "Expected dim to be an integer greater than or equal to 2. Found dim=\(dim)."))
        dim = 2
      }
      self.dim = dim
      let concentration = broadcastAll(concentration)[0]
      self.concentration = concentration
      let rows = Tensor.arange(.int(dim - 1), dtype: concentration.dtype)
      let offset = torch.cat([Tensor.zeros([1], dtype: concentration.dtype), rows])
      let marginal: Tensor = concentration + 0.5 * Double(dim - 2)
      beta = Beta(offset + 0.5, marginal.unsqueeze(-1) - 0.5 * offset)
      super.init(batchShape: concentration.shape, eventShape: [dim, dim], validateArgs: validateArgs)
    }

    private init(_ dim: Int, _ concentration: Tensor, _ beta: Beta) {
      (self.dim, self.concentration, self.beta) = (dim, concentration, beta)
      super.init(batchShape: concentration.shape, eventShape: [dim, dim], validateArgs: false)
    }

    public override var parameters: [Parameter] { [Parameter("concentration", concentration, .positive)] }
    public override var support: Constraint? { .corrCholesky }

    public override func expand(_ batchShape: Shape) -> LKJCholesky {
      expanded(
        LKJCholesky(dim, concentration.expand(Array(batchShape)), beta.expand(joined(batchShape, [dim]))))
    }

    /// The onion method: row by row, a length from a beta variable and a direction from normal ones.
    public override func sample(_ shape: Shape = []) -> Tensor {
      torch.noGrad {
        let y = beta.sample(shape).unsqueeze(-1)
        let normal = torch.randn(extendedShape(shape), dtype: y.dtype).tril(-1)
        let lengths = normal.square().sum(dim: -1, keepdim: true).sqrt()
        // The first row is empty: 0 / 0.
        let isFirst = (Tensor.arange(.int(dim)) .== 0).unsqueeze(-1)
        let directions = (normal / lengths).maskedFill(isFirst, 0)
        let w = y.sqrt() * directions
        let rest = (1 - w.square().sum(dim: -1)).clamp(min: Scalar(torch.finfo(w.dtype).tiny))
        return w + rest.sqrt().diagEmbed()
      }
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        let less = Double(dim - 1)
        let diagonal = value.diagonal(dim1: -2, dim2: -1).narrow(-1, 1, dim - 1)
        let rows = Tensor.arange(2, .int(dim + 1), dtype: concentration.dtype)
        let order: Tensor = 2 * (concentration - 1).unsqueeze(-1) + Double(dim) - rows
        let unnormalized: Tensor = (order * diagonal.log()).sum(dim: -1)
        let alpha: Tensor = concentration + 0.5 * less
        // (dim - 1) log(π) / 2 is what log Γ of several variables lacks of the constant in the paper.
        let normalizer: Tensor = (alpha - 0.5).mvlgamma(dim - 1) - alpha.lgamma() * less
        return unnormalized - normalizer - 0.5 * less * Foundation.log(Double.pi)
      }
    }
  }
}
