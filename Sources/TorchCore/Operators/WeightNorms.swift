// Weights as a direction and a length: what weight normalization computes.
// Reference: Salimans and Kingma, https://arxiv.org/abs/1602.07868

enum WeightNorms {
  /// The p-norms over all dimensions but `dim`, which keep their places as dimensions of size 1; `dim` -1 means over all.
  static let normExceptDim: Operator<Tensor, Int, Int, Tensor> = Operator(
    composite: "norm_except_dim(Tensor v, int pow=2, int dim=0) -> Tensor"
  ) { (v: Tensor, p: Int, dim: Int) in
    if dim == -1 { return v.norm(p: .int(p)) }
    let dim = try v.shape.normalized(dim: dim)
    return v.norm(p: .int(p), dim: (0..<v.ndim).filter { $0 != dim }, keepdim: true)
  }

  /// `g · v / ‖v‖`, norms over all dimensions but `dim`.
  static let weightNorm = Operator(
    composite: "_weight_norm(Tensor v, Tensor g, int dim=0) -> Tensor"
  ) { (v: Tensor, g: Tensor, dim: Int) in
    guard v.dtype == g.dtype else {
      throw TorchError(.dtype, "weight_norm: expected v and g to have the same dtype")
    }
    return v * (g / normExceptDim(v, 2, dim))
  }

  static let operators: [AnyOperator] = [normExceptDim, weightNorm]
}

// What `nn.utils` calls.
extension torch {
  package static func normExceptDim(_ v: Tensor, p: Int = 2, dim: Int = 0) -> Tensor {
    WeightNorms.normExceptDim(v, p, dim)
  }
  package static func weightNorm(_ v: Tensor, _ g: Tensor, dim: Int = 0) -> Tensor { WeightNorms.weightNorm(v, g, dim) }
}
