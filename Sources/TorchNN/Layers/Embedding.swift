// Tables of vectors, looked up by index.
// Reference: https://pytorch.org/docs/stable/nn.html#sparse-layers

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
    /// Rows longer than this, by the `normType`-norm, are shortened as they are looked up.
    public let maxNorm: Double?
    public let normType: Double
    /// Divide gradients by how often each row occurs in the batch.
    public let scaleGradByFreq: Bool
    /// Whether the gradient of `weight` is a sparse tensor of the rows that were looked up.
    public let sparse: Bool
    @Parameter public var weight: Tensor

    public init(
      _ numEmbeddings: Int, _ embeddingDim: Int, paddingIdx: Int? = nil, maxNorm: Double? = nil, normType: Double = 2,
      scaleGradByFreq: Bool = false, sparse: Bool = false, dtype: DType? = nil
    ) {
      self.numEmbeddings = numEmbeddings
      self.embeddingDim = embeddingDim
      self.maxNorm = maxNorm
      self.normType = normType
      self.scaleGradByFreq = scaleGradByFreq
      self.sparse = sparse
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
      functional.embedding(
        indices, weight, paddingIdx: paddingIdx, maxNorm: maxNorm, normType: normType, scaleGradByFreq: scaleGradByFreq,
        sparse: sparse)
    }

    public override var extraRepr: String {
      "\(numEmbeddings), \(embeddingDim)" + (paddingIdx.map { ", padding_idx=\($0)" } ?? "")
        + EmbeddingRepr.options(maxNorm, normType, scaleGradByFreq) + (sparse ? ", sparse=True" : "")
    }
  }

  /// The sums, means or maxima of bags of rows of a table, without the rows in between.
  ///
  /// Called with indices (bags, n), or with indices and the offset that each bag begins at, and with weights of the
  /// indices for sums. `weight` (entries, size), standard normal; the row `paddingIdx` zero, left out, and never trained.
  ///
  /// ```swift
  /// let bag = nn.EmbeddingBag(10, 3, mode: .sum)
  /// print(bag(Tensor([1, 2, 4, 5, 4]), offsets: Tensor([0, 3])).shape)   // torch.Size([2, 3])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
  public final class EmbeddingBag: Module, Layer {
    public let numEmbeddings: Int
    public let embeddingDim: Int
    public let maxNorm: Double?
    public let normType: Double
    public let scaleGradByFreq: Bool
    public let mode: BagMode
    public let sparse: Bool
    public let includeLastOffset: Bool
    public let paddingIdx: Int?
    @Parameter public var weight: Tensor

    public init(
      _ numEmbeddings: Int, _ embeddingDim: Int, maxNorm: Double? = nil, normType: Double = 2,
      scaleGradByFreq: Bool = false, mode: BagMode = .mean, sparse: Bool = false, includeLastOffset: Bool = false,
      paddingIdx: Int? = nil, dtype: DType? = nil
    ) {
      self.numEmbeddings = numEmbeddings
      self.embeddingDim = embeddingDim
      self.maxNorm = maxNorm
      self.normType = normType
      self.scaleGradByFreq = scaleGradByFreq
      self.mode = mode
      self.sparse = sparse
      self.includeLastOffset = includeLastOffset
      self.paddingIdx = paddingIdx.map { $0 < 0 ? $0 + numEmbeddings : $0 }
      weight = Tensor.empty([numEmbeddings, embeddingDim], dtype: dtype)
      super.init()
      if let index = self.paddingIdx, !(0..<numEmbeddings).contains(index) {
        ErrorScope.report(TorchError(.value, "padding_idx must be within num_embeddings"))
      }
      resetParameters()
    }

    public func resetParameters() {
      initializers.normal_(weight)
      if let paddingIdx, (0..<numEmbeddings).contains(paddingIdx) {
        torch.noGrad { _ = initializers.zeros_(weight.select(0, paddingIdx)) }
      }
    }

    public func forward(_ indices: Tensor) -> Tensor { bags(indices, nil, nil) }

    public func callAsFunction(_ indices: Tensor, offsets: Tensor? = nil, perSampleWeights: Tensor? = nil) -> Tensor {
      hooked(indices) { (indices: Tensor) in self.bags(indices, offsets, perSampleWeights) }
    }

    private func bags(_ indices: Tensor, _ offsets: Tensor?, _ perSampleWeights: Tensor?) -> Tensor {
      functional.embeddingBag(
        indices, weight, offsets: offsets, maxNorm: maxNorm, normType: normType, scaleGradByFreq: scaleGradByFreq,
        mode: mode, sparse: sparse, perSampleWeights: perSampleWeights, includeLastOffset: includeLastOffset, paddingIdx: paddingIdx)
    }

    public override var extraRepr: String {
      "\(numEmbeddings), \(embeddingDim)" + EmbeddingRepr.options(maxNorm, normType, scaleGradByFreq)
        + ", mode='\(mode)'" + (paddingIdx.map { ", padding_idx=\($0)" } ?? "")
    }
  }
}

private enum EmbeddingRepr {
  static func options(_ maxNorm: Double?, _ normType: Double, _ scaleGradByFreq: Bool) -> String {
    (maxNorm.map { ", max_norm=\(Scalar($0))" } ?? "") + (normType == 2 ? "" : ", norm_type=\(Scalar(normType))")
      + (scaleGradByFreq ? ", scale_grad_by_freq=True" : "")
  }
}
