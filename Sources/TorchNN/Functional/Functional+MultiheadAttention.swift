// Multi-head attention as a function of its weights, which nn.MultiheadAttention calls with its own.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html

extension nn.functional {
  /// Attention with several heads: `softmax(Q Kᵀ / √d + mask) V` for each, joined and projected.
  ///
  /// Shapes: query (L, N, E), key and value (S, N, …), or all without N. The output is shaped as the query; the weights are
  /// (N, L, S), without averaging (N, heads, L, S).
  ///
  /// - Parameters:
  ///   - embedDimToCheck: what E must be.
  ///   - inProjWeight: (3 · E, E), the projections of query, key and value on top of each other; or each of its own in
  ///     `qProjWeight` (E, E), `kProjWeight` and `vProjWeight` (E, …), with `useSeparateProjWeight`.
  ///   - inProjBias: (3 · E).
  ///   - biasK, biasV: (1, 1, E), one more key and value after the given ones.
  ///   - addZeroAttn: a key and a value of zeros after those.
  ///   - keyPaddingMask: (N, S), true (or -∞) where a key is padding.
  ///   - needWeights: whether the weights are wanted; without them nil is returned, and nothing of their size is made.
  ///   - attnMask: (L, S) or (N · heads, L, S), true where attending is forbidden, or numbers that are added.
  ///   - staticK, staticV: (N · heads, S, E / heads), in the place of the projected keys and values.
  ///   - averageAttnWeights: one weight for all heads.
  ///   - isCausal: a hint that `attnMask` is causal.
  /// Source: torch.nn.functional.multi_head_attention_forward
  public static func multiHeadAttentionForward(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, embedDimToCheck: Int, numHeads: Int, inProjWeight: Tensor?,
    inProjBias: Tensor?, biasK: Tensor? = nil, biasV: Tensor? = nil, addZeroAttn: Bool = false, dropoutP: Double = 0,
    outProjWeight: Tensor, outProjBias: Tensor?, training: Bool = true, keyPaddingMask: Tensor? = nil,
    needWeights: Bool = true, attnMask: Tensor? = nil, useSeparateProjWeight: Bool = false,
    qProjWeight: Tensor? = nil, kProjWeight: Tensor? = nil, vProjWeight: Tensor? = nil, staticK: Tensor? = nil,
    staticV: Tensor? = nil, averageAttnWeights: Bool = true, isCausal: Bool = false
  ) -> (output: Tensor, weights: Tensor?) {
    let projection =
      useSeparateProjWeight
      ? AttentionProjection.separate(qProjWeight, kProjWeight, vProjWeight, inProjBias)
      : .packed(inProjWeight, inProjBias)
    let heads = AttentionHeads(
      embedDim: embedDimToCheck, count: numHeads, projection: projection, biasK: biasK, biasV: biasV,
      addsZero: addZeroAttn, dropout: training ? dropoutP : 0, staticK: staticK, staticV: staticV)
    do {
      let (joined, weights) = try heads.attend(
        query, key, value, padding: keyPaddingMask, mask: attnMask, needWeights: needWeights, isCausal: isCausal)
      let output = linear(joined, outProjWeight, outProjBias)
      let shown = averageAttnWeights ? weights?.mean(dim: 1) : weights
      return query.ndim == 3 ? (output, shown) : (output.squeeze(1), shown?.squeeze(0))
    } catch {
      return (.invalid(error as? TorchError ?? TorchError(.state, "\(error)")), nil)
    }
  }
}

/// How query, key and value come to the heads.
private enum AttentionProjection {
  case packed(Tensor?, Tensor?)
  case separate(Tensor?, Tensor?, Tensor?, Tensor?)

  func callAsFunction(_ query: Tensor, _ key: Tensor, _ value: Tensor) throws -> (Tensor, Tensor, Tensor) {
    switch self {
    case .packed(let weight, let bias):
      guard key.shape == value.shape else {
        throw TorchError(.shape, "key shape \(key.shape) does not match value shape \(value.shape)")
      }
      guard let weight else {
        throw TorchError(.value, "use_separate_proj_weight is False but in_proj_weight is None")
      }
      if query === key && key === value {
        let all = nn.functional.linear(query, weight, bias).chunk(3, dim: -1)
        return (all[0], all[1], all[2])
      }
      let (weights, biases) = (weight.chunk(3), bias?.chunk(3))
      return (
        nn.functional.linear(query, weights[0], biases?[0]), nn.functional.linear(key, weights[1], biases?[1]),
        nn.functional.linear(value, weights[2], biases?[2])
      )
    case .separate(let q, let k, let v, let bias):
      guard key.shape.dropLast().elementsEqual(value.shape.dropLast()) else {
        throw TorchError(
          .shape,
          "key's sequence and batch dims \(Shape(key.shape.dropLast())) do not match value's \(Shape(value.shape.dropLast()))")
      }
      func given(_ weight: Tensor?, _ name: String) throws -> Tensor {
        if let weight { return weight }
        throw TorchError(.value, "use_separate_proj_weight is True but \(name)_proj_weight is None")
      }
      let biases = bias?.chunk(3)
      return (
        nn.functional.linear(query, try given(q, "q"), biases?[0]),
        nn.functional.linear(key, try given(k, "k"), biases?[1]),
        nn.functional.linear(value, try given(v, "v"), biases?[2])
      )
    }
  }
}

/// The heads between the projections.
private struct AttentionHeads {
  let embedDim: Int
  let count: Int
  let projection: AttentionProjection
  let biasK: Tensor?
  let biasV: Tensor?
  let addsZero: Bool
  let dropout: Double
  let staticK: Tensor?
  let staticV: Tensor?

  /// The heads' results side by side, (L, N, E), and the weights (N, heads, L, S) where they are needed.
  func attend(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, padding: Tensor?, mask: Tensor?, needWeights: Bool, isCausal: Bool
  ) throws -> (Tensor, Tensor?) {
    try checkShapes(query, key, value, padding, mask)
    let isBatched = query.ndim == 3
    var (q, k, v) = (query, key, value)
    if !isBatched {
      q = query.unsqueeze(1)
      k = key === query ? q : key.unsqueeze(1)
      v = value === key ? k : value.unsqueeze(1)
    }
    let (steps, batch, sources) = (q.shape[0], q.shape[1], k.shape[0])
    guard !isCausal || mask != nil else {
      throw TorchError(
        .value,
        "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method `generate_square_subsequent_mask` to create this mask.")
    }
    guard q.shape[2] == embedDim else {
      throw TorchError(.shape, "was expecting embedding dimension of \(embedDim), but got \(q.shape[2])")
    }
    guard count > 0, embedDim % count == 0 else {
      throw TorchError(.shape, "embed_dim \(embedDim) not divisible by num_heads \(count)")
    }
    (q, k, v) = try projection(q, k, v)
    // The hint alone is enough where nothing else is masked and no weights are shown.
    let usesHint = isCausal && padding == nil && !needWeights
    var mask = usesHint ? nil : try AttentionMask.added(mask, "attn_mask", q.dtype)
    var padding = try AttentionMask.added(isBatched ? padding : padding?.unsqueeze(0), "key_padding_mask", q.dtype)
    try checkMask(mask, batch, steps, sources)
    if mask?.ndim == 2 { mask = mask!.unsqueeze(0) }
    func extendMasks() { (mask, padding) = (mask?.constantPadND([0, 1]), padding?.constantPadND([0, 1])) }
    switch (biasK, biasV) {
    case (let biasK?, let biasV?):
      guard staticK == nil else { throw TorchError(.value, "bias cannot be added to static key.") }
      guard staticV == nil else { throw TorchError(.value, "bias cannot be added to static value.") }
      k = torch.cat([k, biasK.expand([1, batch, embedDim])])
      v = torch.cat([v, biasV.expand([1, batch, embedDim])])
      extendMasks()
    case (nil, nil): break
    case (nil, _): throw TorchError(.value, "bias_v is set but bias_k is None")
    case (_, nil): throw TorchError(.value, "bias_k is set but bias_v is None")
    }
    let size = embedDim / count
    // (N · heads, steps, size)
    func split(_ x: Tensor) -> Tensor { x.reshape(x.shape[0], batch * count, size).transpose(0, 1) }
    q = split(q)
    k = try fixed(staticK, "k", batch, size) ?? split(k)
    v = try fixed(staticV, "v", batch, size) ?? split(v)
    if addsZero {
      let zeros = Tensor.zeros([batch * count, 1, size], dtype: q.dtype)
      (k, v) = (torch.cat([k, zeros], dim: 1), torch.cat([v, zeros], dim: 1))
      extendMasks()
    }
    let keys = k.shape[1]
    if let padding {
      guard Array(padding.shape) == [batch, keys] else {
        throw TorchError(
          .shape,
          "key_padding_mask has shape \(padding.shape), but should be (\(batch), \(keys))")
      }
      let spread = padding.reshape(batch, 1, 1, keys).expand([batch, count, 1, keys]).reshape(batch * count, 1, keys)
      mask = mask.map { $0 + spread } ?? spread
    }
    guard needWeights else {
      func byHead(_ x: Tensor) -> Tensor { x.reshape(batch, count, -1, x.shape[2]) }
      let shared = mask.map { $0.shape[0] == 1 ? $0.unsqueeze(0) : $0.reshape(batch, count, -1, keys) }
      let joined = nn.functional.scaledDotProductAttention(
        byHead(q), byHead(k), byHead(v), attnMask: shared, dropoutP: dropout, isCausal: usesHint)
      return (joined.permute(2, 0, 1, 3).reshape(steps, batch, embedDim), nil)
    }
    let scaled = q * (1 / Double(size)).squareRoot()
    var scores = scaled.bmm(k.transpose(1, 2))
    if let mask { scores = scores + mask }
    var weights = scores.softmax(dim: -1)
    if dropout > 0 { weights = nn.functional.dropout(weights, p: dropout) }
    let joined = weights.bmm(v).transpose(0, 1).reshape(steps, batch, embedDim)
    return (joined, weights.reshape(batch, count, steps, keys))
  }

  /// Keys or values that are given as the heads take them.
  private func fixed(_ x: Tensor?, _ name: String, _ batch: Int, _ size: Int) throws -> Tensor? {
    guard let x else { return nil }
    for (dim, expected) in [(0, batch * count), (2, size)] where x.ndim != 3 || x.shape[dim] != expected {
      throw TorchError(
        .shape,
        "expecting static_\(name).size(\(dim)) of \(expected), but got \(x.ndim == 3 ? "\(x.shape[dim])" : "\(x.ndim) dimensions")")
    }
    return x
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
    let expected = mask.ndim == 2 ? [steps, keys] : [batch * count, steps, keys]
    guard Array(mask.shape) == expected else {
      throw TorchError(
        .shape,
        "The shape of the \(mask.ndim)D attn_mask is \(mask.shape), but should be (\(expected.map(String.init).joined(separator: ", "))).")
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
