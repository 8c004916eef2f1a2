// Tables of vectors, looked up by index.
// Reference: https://pytorch.org/docs/stable/nn.html#sparse-layers

extension nn.functional {
  /// Rows of `weight` (entries, size) for indices of any shape: (…) gives (…, size). The row `paddingIdx` takes no gradient.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
  public static func embedding(_ indices: Tensor, _ weight: Tensor, paddingIdx: Int? = nil) -> Tensor {
    guard indices.dtype == .int64 || indices.dtype == .int32 else {
      return .invalid(
        TorchError(
          .dtype,
          "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got torch.\(indices.dtype.scalarTypeName)Tensor instead (while checking arguments for embedding)"))
    }
    let flat = indices.reshape(-1)
    var rows = weight.indexSelect(0, flat)
    if let paddingIdx, weight.requiresGrad, torch.isGradEnabled {
      let entry = paddingIdx < 0 ? paddingIdx + weight.shape[0] : paddingIdx
      let kept = torch.noGrad { (flat .!= entry).to(weight.dtype).unsqueeze(-1) }
      rows = rows * kept + rows.detach() * (1 - kept)
    }
    return rows.reshape(Array(indices.shape) + [weight.shape[1]])
  }
}

extension nn {
  /// A learnt vector for each of `numEmbeddings` entries.
  ///
  /// - `weight` (entries, size), standard normal; the row `paddingIdx` zero, and never trained.
  ///
  /// ```swift
  /// print(nn.Embedding(10, 3)(Tensor([[1, 2, 4, 5], [4, 3, 2, 9]])).shape)   // torch.Size([2, 4, 3])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
  public final class Embedding: Module, Layer {
    public let numEmbeddings: Int
    public let embeddingDim: Int
    public let paddingIdx: Int?
    @Parameter public var weight: Tensor

    public init(_ numEmbeddings: Int, _ embeddingDim: Int, paddingIdx: Int? = nil, dtype: DType? = nil) {
      self.numEmbeddings = numEmbeddings
      self.embeddingDim = embeddingDim
      self.paddingIdx = paddingIdx.map { $0 < 0 ? $0 + numEmbeddings : $0 }
      weight = Tensor.empty([numEmbeddings, embeddingDim], dtype: dtype)
      super.init()
      if let index = self.paddingIdx, !(0..<numEmbeddings).contains(index) {
        ErrorScope.report(TorchError(.value, "Padding_idx must be within num_embeddings"))
      }
      resetParameters()
    }

    public func resetParameters() {
      initializers.normal_(weight)
      if let paddingIdx, (0..<numEmbeddings).contains(paddingIdx) {
        torch.noGrad { _ = initializers.zeros_(weight.select(0, paddingIdx)) }
      }
    }

    public func forward(_ indices: Tensor) -> Tensor {
      functional.embedding(indices, weight, paddingIdx: paddingIdx)
    }

    public override var extraRepr: String {
      "\(numEmbeddings), \(embeddingDim)" + (paddingIdx.map { ", padding_idx=\($0)" } ?? "")
    }
  }
}
