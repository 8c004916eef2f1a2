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
        do {
          return try attend(
            query, key, value, keyPaddingMask, needWeights, attnMask, averageAttnWeights, isCausal)
        } catch {
          return (.invalid(error as? TorchError ?? TorchError(.state, "\(error)")), nil)
        }
      }
    }

    // MARK: Steps

    private func attend(
      _ query: Tensor, _ key: Tensor, _ value: Tensor, _ keyPaddingMask: Tensor?, _ needWeights: Bool,
      _ attnMask: Tensor?, _ average: Bool, _ isCausal: Bool
    ) throws -> (output: Tensor, weights: Tensor?) {
      try checkShapes(query, key, value, keyPaddingMask, attnMask)
      let batched = query.ndim == 3
      func stepsFirst(_ x: Tensor) -> Tensor { !batched ? x.unsqueeze(1) : batchFirst ? x.transpose(0, 1) : x }
      var (q, k, v) = try project(stepsFirst(query), stepsFirst(key), stepsFirst(value))
      let (steps, batch) = (q.shape[0], q.shape[1])
      var padding = try AttentionMask.added(
        batched ? keyPaddingMask : keyPaddingMask?.unsqueeze(0), "key_padding_mask", q.dtype)
      guard !isCausal || attnMask != nil else {
        throw TorchError(
          .value,
          "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method `generate_square_subsequent_mask` to create this mask.")
      }
      var mask = try AttentionMask.added(attnMask, "attn_mask", q.dtype)
      try checkMask(mask, batch, steps, k.shape[0])
      if mask?.ndim == 2 { mask = mask!.unsqueeze(0) }
      if let biasK, let biasV {
        k = torch.cat([k, biasK.expand([1, batch, embedDim])])
        v = torch.cat([v, biasV.expand([1, batch, embedDim])])
        (mask, padding) = (mask?.constantPadND([0, 1]), padding?.constantPadND([0, 1]))
      }
      let size = embedDim / numHeads
      // (N · heads, steps, size)
      func heads(_ x: Tensor) -> Tensor { x.reshape(x.shape[0], batch * numHeads, size).transpose(0, 1) }
      (q, k, v) = (heads(q), heads(k), heads(v))
      if addZeroAttn {
        let zeros = Tensor.zeros([batch * numHeads, 1, size], dtype: q.dtype)
        (k, v) = (torch.cat([k, zeros], dim: 1), torch.cat([v, zeros], dim: 1))
        (mask, padding) = (mask?.constantPadND([0, 1]), padding?.constantPadND([0, 1]))
      }
      let keys = k.shape[1]
      if let padding {
        let spread = padding.reshape(batch, 1, 1, keys).expand([batch, numHeads, 1, keys])
          .reshape(batch * numHeads, 1, keys)
        mask = mask.map { $0 + spread } ?? spread
      }
      let (joined, weights) = scaledDotProduct(q, k, v, mask, size, safe: !needWeights)
      let rows = joined.transpose(0, 1).reshape(steps * batch, embedDim)
      var output = outProj(rows).reshape(steps, batch, embedDim)
      output = !batched ? output.squeeze(1) : batchFirst ? output.transpose(0, 1) : output
      guard needWeights else { return (output, nil) }
      var shown = weights.reshape(batch, numHeads, steps, keys)
      if average { shown = shown.mean(dim: 1) }
      return (output, batched ? shown : shown.squeeze(0))
    }

    /// `softmax(q kᵀ / √size + mask) v` of (heads, steps, size), and the softmax. `safe`: a query that may attend to
    /// nothing gives zeros instead of NaN.
    private func scaledDotProduct(
      _ q: Tensor, _ k: Tensor, _ v: Tensor, _ mask: Tensor?, _ size: Int, safe: Bool
    ) -> (Tensor, Tensor) {
      var scores = (q * (1 / Double(size)).squareRoot()).bmm(k.transpose(1, 2))
      if let mask { scores = scores + mask }
      var weights = scores.softmax(dim: -1)
      if safe, mask != nil {
        let isForbidden = (scores .== -Double.infinity).all(dim: -1, keepdim: true)
        weights = weights.maskedFill(isForbidden, 0)
      }
      if training, dropout > 0 { weights = functional.dropout(weights, p: dropout) }
      return (weights.bmm(v), weights)
    }

    private func project(_ query: Tensor, _ key: Tensor, _ value: Tensor) throws -> (Tensor, Tensor, Tensor) {
      guard query.shape[-1] == embedDim else {
        throw TorchError(.shape, "was expecting embedding dimension of \(embedDim), but got \(query.shape[-1])")
      }
      let biases = inProjBias?.chunk(3)
      guard let inProjWeight else {
        guard key.shape.dropLast().elementsEqual(value.shape.dropLast()) else {
          throw TorchError(
            .shape,
            "key's sequence and batch dims \(Shape(key.shape.dropLast())) do not match value's \(Shape(value.shape.dropLast()))")
        }
        return (
          functional.linear(query, qProjWeight!, biases?[0]), functional.linear(key, kProjWeight!, biases?[1]),
          functional.linear(value, vProjWeight!, biases?[2])
        )
      }
      guard key.shape == value.shape else {
        throw TorchError(.shape, "key shape \(key.shape) does not match value shape \(value.shape)")
      }
      if query === key && key === value {
        let all = functional.linear(query, inProjWeight, inProjBias).chunk(3, dim: -1)
        return (all[0], all[1], all[2])
      }
      let weights = inProjWeight.chunk(3)
      return (
        functional.linear(query, weights[0], biases?[0]), functional.linear(key, weights[1], biases?[1]),
        functional.linear(value, weights[2], biases?[2])
      )
    }

    // MARK: Checks

    private func checkShapes(
      _ query: Tensor, _ key: Tensor, _ value: Tensor, _ keyPaddingMask: Tensor?, _ attnMask: Tensor?
    ) throws {
      let rank = query.ndim
      guard rank == 2 || rank == 3 else {
        throw TorchError(
          .shape, "query should be unbatched 2D or batched 3D tensor but received \(rank)-D query tensor")
      }
      let kind = rank == 3 ? "batched (3-D)" : "unbatched (2-D)"
      guard key.ndim == rank, value.ndim == rank else {
        throw TorchError(
          .shape,
          "For \(kind) `query`, expected `key` and `value` to be \(rank)-D but found \(key.ndim)-D and \(value.ndim)-D tensors respectively")
      }
      if let keyPaddingMask, keyPaddingMask.ndim != rank - 1 {
        throw TorchError(
          .shape,
          "For \(kind) `query`, expected `key_padding_mask` to be `None` or \(rank - 1)-D but found \(keyPaddingMask.ndim)-D tensor instead")
      }
      if let attnMask, attnMask.ndim != 2, attnMask.ndim != 3 {
        throw TorchError(
          .shape,
          "For \(kind) `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found \(attnMask.ndim)-D tensor instead")
      }
    }

    private func checkMask(_ mask: Tensor?, _ batch: Int, _ steps: Int, _ keys: Int) throws {
      guard let mask else { return }
      let expected = mask.ndim == 2 ? [steps, keys] : [batch * numHeads, steps, keys]
      guard Array(mask.shape) == expected else {
        throw TorchError(
          .shape,
          "The shape of the \(mask.ndim)D attn_mask is \(mask.shape), but should be (\(expected.map(String.init).joined(separator: ", "))).")
      }
    }
  }
}

/// Masks as numbers that are added to scores.
enum AttentionMask {
  /// -∞ where a Boolean mask is true; other masks must be floating point already.
  static func added(_ mask: Tensor?, _ name: String, _ dtype: DType) throws -> Tensor? {
    guard let mask else { return nil }
    if mask.dtype == .bool {
      return Tensor.zeros(mask.shape, dtype: dtype).maskedFill(mask, .double(-.infinity))
    }
    guard mask.dtype.isFloatingPoint else {
      throw TorchError(.dtype, "only bool and floating types of \(name) are supported")
    }
    return mask
  }
}
