// Sources of affine maps, embeddings and layers that only change shapes.

extension JIT.ModuleSources {
  static func linear(_ module: nn.Module) throws -> JIT.ModuleSource? {
    switch module {
    case let m as nn.Linear:
      return JIT.ModuleSource(
        """
        def forward(self, input: Tensor) -> Tensor:
          return torch.linear(input, self.weight, self.bias)
        """, ["in_features": m.inFeatures, "out_features": m.outFeatures])
    case let m as nn.Bilinear:
      return JIT.ModuleSource(
        """
        def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
          return torch.bilinear(input1, input2, self.weight, self.bias)
        """, ["in1_features": m.in1Features, "in2_features": m.in2Features, "out_features": m.outFeatures])
    case is nn.Identity:
      return JIT.ModuleSource(
        """
        def forward(self, input: Tensor) -> Tensor:
          return input
        """)
    case let m as nn.Flatten:
      return JIT.ModuleSource(
        """
        def forward(self, input: Tensor) -> Tensor:
          return torch.flatten(input, \(py: m.startDim), \(py: m.endDim))
        """, ["start_dim": m.startDim, "end_dim": m.endDim])
    case let m as nn.Unflatten:
      return JIT.ModuleSource(
        """
        def forward(self, input: Tensor) -> Tensor:
          return torch.unflatten(input, \(py: m.dim), \(py: m.unflattenedSize))
        """, ["dim": m.dim, "unflattened_size": m.unflattenedSize])
    case let m as nn.Embedding: return embedding(m)
    case let m as nn.EmbeddingBag: return embeddingBag(m)
    default: return nil
    }
  }

  private static func embedding(_ m: nn.Embedding) -> JIT.ModuleSource {
    let renormalize = renorm("input", m.maxNorm, m.normType)
    return JIT.ModuleSource(
      """
      def forward(self, input: Tensor) -> Tensor:
      \(renormalize)
        return torch.embedding(self.weight, input, \(py: m.paddingIdx ?? -1), \(py: m.scaleGradByFreq))
      """,
      [
        "num_embeddings": m.numEmbeddings, "embedding_dim": m.embeddingDim, "padding_idx": m.paddingIdx,
        "max_norm": m.maxNorm, "norm_type": m.normType, "scale_grad_by_freq": m.scaleGradByFreq, "sparse": false,
      ])
  }

  /// Rows that are used are scaled down to the greatest norm first, in place and unseen by autograd.
  private static func renorm(_ indices: String, _ maxNorm: Double?, _ normType: Double) -> String {
    guard let maxNorm else { return "  pass" }
    return
      "  torch.embedding_renorm_(self.weight.detach(), \(indices).contiguous(), \(py: maxNorm), \(py: normType))"
  }

  private static func embeddingBag(_ m: nn.EmbeddingBag) -> JIT.ModuleSource {
    let mode = ["sum": 0, "mean": 1, "max": 2]["\(m.mode)"]!
    return JIT.ModuleSource(
      """
      def forward(self, input: Tensor, offsets: Optional[Tensor]=None, per_sample_weights: Optional[Tensor]=None) -> Tensor:
        weights = per_sample_weights
        if weights is not None:
          if input.size() != weights.size():
            raise ValueError("embedding_bag: If per_sample_weights is not None, then it must have the same shape as the input")
        if input.dim() == 2:
          if offsets is not None:
            raise ValueError("if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences.")
          starts = torch.arange(0, input.numel(), input.size(1), dtype=input.dtype, device=input.device)
          bags = input.reshape([-1])
          if weights is not None:
            weights = weights.reshape([-1])
        else:
          if input.dim() != 1:
            raise ValueError("input has to be 1D or 2D Tensor, but got Tensor of dimension {}".format(input.dim()))
          if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
          else:
            starts = offsets
          bags = input
      \(renorm("bags", m.maxNorm, m.normType))
        result, _, _, _ = torch.embedding_bag(self.weight, bags, starts, \(py: m.scaleGradByFreq), \(py: mode), False, weights, \
      \(py: m.includeLastOffset), \(py: m.paddingIdx.scriptValue))
        return result
      """,
      [
        "num_embeddings": m.numEmbeddings, "embedding_dim": m.embeddingDim, "max_norm": m.maxNorm,
        "norm_type": m.normType, "scale_grad_by_freq": m.scaleGradByFreq, "mode": "\(m.mode)", "sparse": false,
        "include_last_offset": m.includeLastOffset, "padding_idx": m.paddingIdx,
      ])
  }
}
