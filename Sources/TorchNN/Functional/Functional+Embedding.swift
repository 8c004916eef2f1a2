// Tables of vectors as functions.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#sparse-functions

extension nn {
  /// How `embeddingBag` joins the rows of a bag.
  public enum BagMode: Int, Sendable { case sum, mean, max }
}

extension nn.functional {
  /// Rows of `weight` (entries, size) for indices of any shape: (…) gives (…, size). The row `paddingIdx` takes no gradient.
  ///
  /// With `maxNorm`, rows that are longer are shortened to it in `weight` itself. With `sparse`, the gradient of `weight` is a
  /// sparse tensor of the rows that were looked up (`optim.SparseAdam`, `SGD` and `Adagrad` take it).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
  public static func embedding(
    _ indices: Tensor, _ weight: Tensor, paddingIdx: Int? = nil, maxNorm: Double? = nil, normType: Double = 2,
    scaleGradByFreq: Bool = false, sparse: Bool = false
  ) -> Tensor {
    guard indices.isValid, weight.isValid else { return indices.isValid ? weight : indices }
    guard indices.dtype == .int64 || indices.dtype == .int32 else {
      return .invalid(
        TorchError(
          .dtype,
          "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got torch.\(indices.dtype.scalarTypeName)Tensor instead (while checking arguments for embedding)"
        ))
    }
    let entries = weight.shape.first ?? 0
    if let paddingIdx, !(-entries..<entries).contains(paddingIdx) {
      return .invalid(TorchError(.value, "Padding_idx must be within num_embeddings"))
    }
    if let maxNorm {
      shorten(weight, indices, to: maxNorm, normType)
    }
    return torch.embedding(
      weight, indices, paddingIdx: paddingIdx.map { $0 < 0 ? $0 + entries : $0 } ?? -1, scaleGradByFreq: scaleGradByFreq,
      sparse: sparse)
  }

  /// Shortens rows in the weight itself. Detached it takes part in no graph, so a trace of this runs with gradients on.
  private static func shorten(_ weight: Tensor, _ indices: Tensor, to maxNorm: Double, _ normType: Double) {
    torch.noGrad { _ = torch.embeddingRenorm_(weight.detach(), indices, maxNorm: maxNorm, normType: normType) }
  }

  /// Sums, means or maxima of bags of rows of `weight` (entries, size): indices (bags, n), or (n) with the offset that
  /// each bag begins at, give (bags, size).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
  public static func embeddingBag(
    _ indices: Tensor, _ weight: Tensor, offsets: Tensor? = nil, maxNorm: Double? = nil, normType: Double = 2,
    scaleGradByFreq: Bool = false, mode: nn.BagMode = .mean, sparse: Bool = false,
    perSampleWeights: Tensor? = nil, includeLastOffset: Bool = false, paddingIdx: Int? = nil
  ) -> Tensor {
    func refuse(_ message: String) -> Tensor { .invalid(TorchError(.value, message)) }
    guard indices.isValid, weight.isValid else { return indices.isValid ? weight : indices }
    if let perSampleWeights, perSampleWeights.shape != indices.shape {
      return refuse(
        "embedding_bag: If per_sample_weights (\(perSampleWeights.shape)) is not None, then it must have the same shape as the input (\(indices.shape))"
      )
    }
    guard weight.ndim == 2 else {
      return refuse("weight has to be a 2D Tensor, but got Tensor of dimension \(weight.ndim)")
    }
    if mode == .max, scaleGradByFreq {
      return refuse("max mode does not support scaling the gradient by the frequency")
    }
    if mode == .max, sparse { return refuse("max mode does not support sparse weights") }
    if perSampleWeights != nil, mode != .sum {
      return .invalid(
        TorchError(
          .notImplemented,
          "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got mode='\(mode)'). Please open a feature request on GitHub."
        ))
    }
    let starts: Tensor
    switch (indices.ndim, offsets) {
    case (2, nil):
      let count = indices.shape[0]
      starts = Tensor.arange(.int(count)) * indices.shape[1]
    case (2, _):
      return refuse(
        "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. However, found offsets of type Tensor"
      )
    case (1, let given?) where given.ndim == 1: starts = given
    case (1, nil): return refuse("offsets has to be a 1D Tensor but got None")
    case (1, _): return refuse("offsets has to be a 1D Tensor")
    default: return refuse("input has to be 1D or 2D Tensor, but got Tensor of dimension \(indices.ndim)")
    }
    if let maxNorm {
      shorten(weight, indices, to: maxNorm, normType)
    }
    return torch.embeddingBag(
      weight, indices.reshape([-1]), starts.to(indices.dtype), scaleGradByFreq: scaleGradByFreq, mode: mode.rawValue,
      sparse: sparse, perSampleWeights: perSampleWeights?.reshape([-1]),
      includeLastOffset: indices.ndim == 2 ? false : includeLastOffset,
      paddingIdx: paddingIdx)
  }

  /// Class numbers (…) as rows (…, classes) of zeros with a one.
  ///
  /// ```swift
  /// print(nn.functional.oneHot(Tensor([0, 2]), numClasses: 3))
  /// // tensor([[1, 0, 0],
  /// //         [0, 0, 1]])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
  public static func oneHot(_ x: Tensor, numClasses: Int = -1) -> Tensor { torch.oneHot(x, numClasses: numClasses) }
}
