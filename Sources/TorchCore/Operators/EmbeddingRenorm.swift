// Rows of a table shortened to a greatest norm, in place.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html (max_norm)

enum EmbeddingRenorm {
  static let renorm = Operator(
    composite: "embedding_renorm_(Tensor(a!) self, Tensor indices, float max_norm, float norm_type) -> Tensor(a!)"
  ) { (weight: Tensor, indices: Tensor, maxNorm: Double, normType: Double) in
    guard weight.ndim == 2 else {
      throw TorchError(
        .shape,
        "Expected 2-dimensional tensor, but got \(weight.ndim)-dimensional tensor for argument #1 'self' (while checking arguments for embedding_renorm_)"
      )
    }
    let rows = indices.to(.int64).reshape([-1]).unique()
    let chosen = weight.indexSelect(0, rows)
    let norms = MoreReductions.vectorNorm(chosen, .double(normType), [1], true, nil)
    let factors = torch.where(norms > maxNorm, maxNorm / (norms + 1e-7), Tensor.ones([], dtype: weight.dtype))
    return weight.indexCopy_(0, rows, chosen * factors)
  }

  static let operators: [AnyOperator] = [renorm]
}

extension torch {
  /// Shortens the rows of `weight` (entries, size) that `indices` name to `maxNorm`, where they are longer.
  @discardableResult
  public static func embeddingRenorm_(
    _ weight: Tensor, _ indices: Tensor, maxNorm: Double, normType: Double = 2
  ) -> Tensor { EmbeddingRenorm.renorm(weight, indices, maxNorm, normType) }

  /// Rows of `weight` (entries, size) for indices (…): (…, size). Row `paddingIdx` takes no gradient.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
  public static func embedding(
    _ weight: Tensor, _ indices: Tensor, paddingIdx: Int = -1, scaleGradByFreq: Bool = false,
    sparse: Bool = false
  ) -> Tensor { GatherScatter.embedding(weight, indices, paddingIdx, scaleGradByFreq, sparse) }
}
