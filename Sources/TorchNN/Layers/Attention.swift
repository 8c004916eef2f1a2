// Multi-head attention.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html

extension nn {
  /// A linear layer under the name by which attention's output projection prints.
  public final class NonDynamicallyQuantizableLinear: Linear {}

  /// Attention with several heads: `softmax(Q Kᵀ / √d) V` for each, joined and projected.
  ///
  /// - `in_proj_weight` (3 · embed, embed), or `q_proj_weight`, `k_proj_weight`, `v_proj_weight` where keys or values have
  ///   sizes of their own, Xavier uniform; biases zero; `bias_k`, `bias_v` (1, 1, embed) Xavier normal.
  /// - Shapes: query (L, N, embed), key and value (S, N, …), with `batchFirst` (N, L, …), or without a batch (L, …).
  ///   The result is shaped as the query, the weights (N, L, S), without averaging (N, heads, L, S).
  ///
  /// ```swift
  /// let attention = nn.MultiheadAttention(16, 4, batchFirst: true)
  /// let (y, weights) = attention(x, x, x)
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
  public final class MultiheadAttention: Module {
    public let embedDim: Int
    public let numHeads: Int
    public let dropout: Double
    public let batchFirst: Bool
    public let addZeroAttn: Bool
    @Parameter public var inProjWeight: Tensor?
    @Parameter public var qProjWeight: Tensor?
    @Parameter public var kProjWeight: Tensor?
    @Parameter public var vProjWeight: Tensor?
    @Parameter public var inProjBias: Tensor?
    @Parameter public var biasK: Tensor?
    @Parameter public var biasV: Tensor?
    public let outProj: NonDynamicallyQuantizableLinear

    /// - Parameters:
    ///   - addBiasKV: a learned key and value after the given ones.
    ///   - addZeroAttn: a key and a value of zeros after the given ones.
    ///   - kdim, vdim: the sizes of keys and values, `embedDim` unless given.
    public init(
      _ embedDim: Int, _ numHeads: Int, dropout: Double = 0, bias: Bool = true, addBiasKV: Bool = false,
      addZeroAttn: Bool = false, kdim: Int? = nil, vdim: Int? = nil, batchFirst: Bool = false, dtype: DType? = nil
    ) {
      self.embedDim = embedDim
      self.numHeads = numHeads
      self.dropout = dropout
      self.batchFirst = batchFirst
      self.addZeroAttn = addZeroAttn
      let (keys, values) = (kdim ?? embedDim, vdim ?? embedDim)
      func empty(_ sizes: Int...) -> Tensor { Tensor.empty(Shape(sizes), dtype: dtype) }
      if keys == embedDim && values == embedDim {
        inProjWeight = empty(3 * embedDim, embedDim)
        (qProjWeight, kProjWeight, vProjWeight) = (nil, nil, nil)
      } else {
        inProjWeight = nil
        qProjWeight = empty(embedDim, embedDim)
        kProjWeight = empty(embedDim, keys)
        vProjWeight = empty(embedDim, values)
      }
      inProjBias = bias ? empty(3 * embedDim) : nil
      biasK = addBiasKV ? empty(1, 1, embedDim) : nil
      biasV = addBiasKV ? empty(1, 1, embedDim) : nil
      outProj = NonDynamicallyQuantizableLinear(embedDim, embedDim, bias: bias, dtype: dtype)
      super.init()
      if embedDim <= 0 || numHeads <= 0 {
        ErrorScope.report(
          TorchError(
            .value,
            "embed_dim and num_heads must be greater than 0, got embed_dim=\(embedDim) and num_heads=\(numHeads) instead"))
      } else if embedDim % numHeads != 0 {
        ErrorScope.report(TorchError(.value, "embed_dim must be divisible by num_heads"))
      } else {
        resetParameters()
      }
    }

    public func resetParameters() {
      for weight in [inProjWeight, qProjWeight, kProjWeight, vProjWeight].compactMap({ $0 }) {
        initializers.xavierUniform_(weight)
      }
      if let inProjBias {
        initializers.zeros_(inProjBias)
        if let bias = outProj.bias { initializers.zeros_(bias) }
      }
      for bias in [biasK, biasV].compactMap({ $0 }) { initializers.xavierNormal_(bias) }
    }

    /// Attends from `query` to `key` and `value`.
    /// - Parameters:
    ///   - keyPaddingMask: (N, S), true (or -∞) where a key is padding.
    ///   - needWeights: whether the attention weights are wanted; without them `nil` is returned.
    ///   - attnMask: (L, S) or (N · heads, L, S), true where attending is forbidden, or numbers that are added.
    ///   - averageAttnWeights: one weight for all heads.
    ///   - isCausal: a hint that `attnMask` is causal.
    public func callAsFunction(
      _ query: Tensor, _ key: Tensor, _ value: Tensor, keyPaddingMask: Tensor? = nil, needWeights: Bool = true,
      attnMask: Tensor? = nil, averageAttnWeights: Bool = true, isCausal: Bool = false
    ) -> (output: Tensor, weights: Tensor?) {
      hooked(query, key, value, keyPaddingMask, attnMask) {
        query, key, value, keyPaddingMask, attnMask -> (output: Tensor, weights: Tensor?) in
        let isBatched = query.ndim == 3
        let turns = batchFirst && isBatched
        // One tensor stays one tensor, whose projections are then one product.
        let stepsFirst = turns ? query.transpose(0, 1) : query
        let keys = !turns || key === query ? (turns ? stepsFirst : key) : key.transpose(0, 1)
        let values = !turns || value === key ? (turns ? keys : value) : value.transpose(0, 1)
        let (output, weights) = functional.multiHeadAttentionForward(
          stepsFirst, keys, values, embedDimToCheck: embedDim, numHeads: numHeads, inProjWeight: inProjWeight,
          inProjBias: inProjBias, biasK: biasK, biasV: biasV, addZeroAttn: addZeroAttn, dropoutP: dropout,
          outProjWeight: outProj.weight, outProjBias: outProj.bias, training: training,
          keyPaddingMask: keyPaddingMask, needWeights: needWeights, attnMask: attnMask,
          useSeparateProjWeight: inProjWeight == nil, qProjWeight: qProjWeight, kProjWeight: kProjWeight,
          vProjWeight: vProjWeight, averageAttnWeights: averageAttnWeights, isCausal: isCausal)
        return (turns ? output.transpose(0, 1) : output, weights)
      }
    }
  }
}
