// Scaled dot-product attention: softmax(q kᵀ · scale + mask) v.
//
// The fast form goes over heads and queries in pieces, so that no more than a bounded part of the matrix of scores exists
// at a time, and that in the cache; its derivative is that of the plain formula.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html

enum Attention {
  // MARK: Safe softmax

  /// Softmax whose rows of minus infinity alone give zeros.
  static let safeSoftmax = Operator(
    "_safe_softmax(Tensor self, int dim, ScalarType? dtype=None) -> Tensor",
    kernel: { (x: Tensor, dim: Int, dtype: DType?) in
      let x = dtype.map { x.to($0) } ?? x
      let y = x.softmax(dim: dim)
      let isMasked = (x .== -Double.infinity).all(dim: dim, keepdim: true)
      return torch.where(isMasked, Tensor.zeros([], dtype: y.dtype), y)
    },
    derivative: { record, y, x, dim, _ in
      let (saved, dtype) = (record.save(result: y), x.dtype)
      return { g in [Softmax.softmaxBackward(g[0], try saved.value, dim, dtype).to(dtype)] }
    })

  // MARK: Checks

  private static func check(_ q: Tensor, _ k: Tensor, _ v: Tensor, _ mask: Tensor?, _ isCausal: Bool) throws {
    guard q.dtype == k.dtype, q.dtype == v.dtype else {
      throw TorchError(
        .dtype,
        "Expected query, key, and value to have the same dtype, but got query.dtype: \(q.dtype.cName) key.dtype: \(k.dtype.cName) and value.dtype: \(v.dtype.cName) instead."
      )
    }
    guard q.ndim >= 2, k.ndim >= 2, v.ndim >= 2 else {
      throw TorchError(
        .shape,
        "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: \(q.ndim) key.dim: \(k.ndim) and value.dim: \(v.ndim) instead."
      )
    }
    guard let mask else { return }
    guard mask.dtype == .bool || mask.dtype == .float32 || mask.dtype == q.dtype else {
      throw TorchError(
        .dtype,
        "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: \(mask.dtype.cName) and  query.dtype: \(q.dtype.cName) instead."
      )
    }
    guard !isCausal else {
      throw TorchError(
        .value, "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    }
  }

  /// A mask of which elements count, as what is added to the scores.
  private static func additive(_ mask: Tensor?, _ dtype: DType) -> Tensor? {
    guard let mask else { return nil }
    guard mask.dtype == .bool else { return mask }
    let never = Tensor.full([], .double(-.infinity), dtype: dtype)
    return torch.where(mask, Tensor.zeros([], dtype: dtype), never)
  }

  /// Query `i` sees the keys up to `i`.
  private static func causal(_ queries: Range<Int>, _ keys: Int, _ dtype: DType) -> Tensor {
    let rows = Tensor.arange(.int(queries.lowerBound), .int(queries.upperBound)).unsqueeze(1)
    return additive(Tensor.arange(.int(keys)) <= rows, dtype)!
  }

  // MARK: The formula

  static let math:
    Operator<
      Tensor, Tensor, Tensor, Tensor?, Double, Bool, Tensor?, Double?, Bool, [Tensor]
    > = Operator(
      composite:
        "_scaled_dot_product_attention_math(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0.0, bool is_causal=False, Tensor? dropout_mask=None, *, float? scale=None, bool enable_gqa=False) -> (Tensor, Tensor)"
    ) { query, key, value, mask, dropout, isCausal, dropoutMask, scale, grouped in
      try check(query, key, value, mask, isCausal)
      // 16-bit floats are computed in float32.
      let dtype = query.dtype.isFloatingPoint ? query.dtype.computed : query.dtype
      let q = query.to(dtype)
      var (k, v) = (key.to(dtype), value.to(dtype))
      if grouped {
        guard q.ndim >= 3, k.ndim >= 3, v.ndim >= 3 else {
          throw TorchError(.shape, "grouped query attention expects inputs of at least 3 dimensions")
        }
        let (heads, keyHeads, valueHeads) = (q.shape[-3], k.shape[-3], v.shape[-3])
        guard keyHeads > 0, valueHeads > 0, heads % keyHeads == 0, heads % valueHeads == 0 else {
          throw TorchError(.shape, "Number of heads in key and value must divide the number of heads in query")
        }
        k = k.repeatInterleave(heads / keyHeads, dim: -3)
        v = v.repeatInterleave(heads / valueHeads, dim: -3)
      }
      let factor = scale ?? 1 / Double(q.shape[-1]).squareRoot()
      // As PyTorch has it, half of the scaling before the product keeps it in range.
      let root = factor.magnitude.squareRoot()
      var scores = (q * (factor < 0 ? -root : root)).matmul((k * root).transpose(-2, -1))
      if isCausal { scores = scores + causal(0..<q.shape[-2], k.shape[-2], dtype) }
      if let added = additive(mask, dtype) { scores = scores + added.to(dtype) }
      var weights = safeSoftmax(scores, -1, nil)
      if dropout > 0 {
        if let dropoutMask {
          weights = weights.maskedFill(dropoutMask.logicalNot(), 0) * (1 / (1 - dropout))
        } else {
          weights = Random.dropout(weights, dropout, true)
        }
      }
      return [weights.matmul(v).to(query.dtype), weights.to(query.dtype)]
    }

  // MARK: In pieces

  /// Scores of this many elements exist at a time.
  private static let pieceSize = 1 << 19

  static let flash: Operator<Tensor, Tensor, Tensor, Double, Bool, Tensor?, Double?, [Tensor]> = Operator(
    fused:
      "_scaled_dot_product_flash_attention_for_cpu(Tensor query, Tensor key, Tensor value, float dropout_p=0.0, bool is_causal=False, *, Tensor? attn_mask=None, float? scale=None) -> (Tensor output, Tensor logsumexp)",
    attached: 1,
    kernel: { q, k, v, dropout, isCausal, mask, scale in
      try checkFlash(q, k, v, dropout, mask)
      return try inPieces(q, k, v, isCausal, mask, scale ?? 1 / Double(q.shape[3]).squareRoot())
    },
    reference: { q, k, v, dropout, isCausal, mask, scale in
      try checkFlash(q, k, v, dropout, mask)
      return attend(q, k, v, isCausal, mask, scale, 0..<q.shape[2])
    })

  private static func inPieces(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, _ isCausal: Bool, _ mask: Tensor?, _ scale: Double
  ) throws -> [Tensor] {
    let dtype = query.dtype.computed
    let (batch, heads, queries, keys) = (query.shape[0], query.shape[1], query.shape[2], key.shape[2])
    func flat(_ x: Tensor) -> Tensor { x.to(dtype).reshape([batch * heads, x.shape[2], x.shape[3]]) }
    let (q, k, v) = (flat(query) * scale, flat(key).transpose(1, 2), flat(value))
    let added = additive(mask, dtype).map {
      $0.to(dtype).expand([batch, heads, queries, keys]).reshape([batch * heads, queries, keys])
    }
    let out = try Tensor.uninitialized([batch * heads, queries, value.shape[3]], dtype)
    let sums = try Tensor.uninitialized([batch * heads, queries], dtype)
    let perHead = Swift.max(queries * keys, 1)
    let headStep = Swift.min(Swift.max(pieceSize / perHead, 1), Swift.max(batch * heads, 1))
    let queryStep = perHead <= pieceSize ? Swift.max(queries, 1) : Swift.max(pieceSize / Swift.max(keys, 1), 1)
    for head in stride(from: 0, to: batch * heads, by: headStep) {
      let n = Swift.min(headStep, batch * heads - head)
      for start in stride(from: 0, to: queries, by: queryStep) {
        let range = start..<Swift.min(start + queryStep, queries)
        func part(_ x: Tensor) -> Tensor { x.narrow(0, head, n).narrow(1, start, range.count) }
        var scores = part(q).matmul(k.narrow(0, head, n))
        if isCausal { scores = scores + causal(range, keys, dtype) }
        if let added { scores = scores + part(added) }
        // Without a mask every query sees a key.
        let weights = added == nil ? scores.softmax(dim: -1) : safeSoftmax(scores, -1, nil)
        part(out).copy_(weights.matmul(v.narrow(0, head, n)))
        // The greatest weight is exp(the greatest score - the logarithm of the sum): no second exponential is needed.
        let greatest = scores.amax(dim: [-1])
        part(sums).copy_(torch.where(greatest .== -Double.infinity, greatest, greatest - weights.amax(dim: [-1]).log()))
      }
    }
    try out.checkValid()
    return [
      out.to(query.dtype).reshape([batch, heads, queries, value.shape[3]]), sums.reshape([batch, heads, queries]),
    ]
  }

  /// The attention of the queries `range` of all, and the logarithm of the sum of their exponential scores.
  private static func attend(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ isCausal: Bool, _ mask: Tensor?, _ scale: Double?, _ range: Range<Int>
  ) -> [Tensor] {
    let dtype = q.dtype.computed
    let factor = scale ?? 1 / Double(q.shape[3]).squareRoot()
    var scores = q.to(dtype).matmul(k.to(dtype).transpose(-2, -1)) * factor
    if isCausal { scores = scores + causal(range, k.shape[2], dtype) }
    if let added = additive(mask, dtype) { scores = scores + added.to(dtype) }
    let weights = safeSoftmax(scores, -1, nil)
    return [weights.matmul(v.to(dtype)).to(q.dtype), scores.logsumexp(dim: [-1])]
  }

  private static func checkFlash(_ q: Tensor, _ k: Tensor, _ v: Tensor, _ dropout: Double, _ mask: Tensor?) throws {
    let name = "scaled_dot_product_attention_flash_attention"
    guard q.dtype.isFloatingPoint else {
      throw TorchError(
        .dtype, "\(name): Expected data type in FP32, FP64, BF16, FP16, but got \(q.dtype.scalarTypeName) instead.")
    }
    guard q.ndim == 4, k.ndim == 4, v.ndim == 4 else {
      throw TorchError(.shape, "\(name): Accept only 4 dims inputs shape of {B, H, T, K}")
    }
    guard dropout == 0 else { throw TorchError(.value, "\(name): Currently do not support dropout > 0") }
    guard q.shape[3] == v.shape[3], k.shape[3] == v.shape[3] else {
      throw TorchError(.shape, "\(name): Q/K/V should have the same head size")
    }
    if let mask, ![.bool, .float32, q.dtype].contains(mask.dtype) {
      throw TorchError(
        .dtype, "\(name): Attention mask is the same data type as query")
    }
  }

  // MARK: The choice

  static let attention: Operator<Tensor, Tensor, Tensor, Tensor?, Double, Bool, Double?, Bool, Tensor> = Operator(
    composite:
      "scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0.0, bool is_causal=False, *, float? scale=None, bool enable_gqa=False) -> Tensor"
  ) { q, k, v, mask, dropout, isCausal, scale, grouped in
    try check(q, k, v, mask, isCausal)
    let sizes = [q, k, v].allSatisfy { $0.ndim == 4 && $0.numel > 0 }
    if sizes, q.dtype.isFloatingPoint, dropout == 0, !grouped, mask?.requiresGrad != true,
      q.shape.prefix(2).elementsEqual(k.shape.prefix(2)), q.shape.prefix(2).elementsEqual(v.shape.prefix(2)),
      q.shape[3] == k.shape[3], k.shape[3] == v.shape[3], k.shape[2] == v.shape[2]
    {
      return flash(q, k, v, dropout, isCausal, additive(mask, q.dtype), scale)[0]
    }
    return math(q, k, v, mask, dropout, isCausal, nil, scale, grouped)[0]
  }

  static let operators: [AnyOperator] = [safeSoftmax, math, flash, attention]
}

extension torch {
  /// softmax(q kᵀ · scale + mask) v: query (…, L, E), key (…, S, E) and value (…, S, F) give (…, L, F).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
  public static func scaledDotProductAttention(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, attnMask: Tensor? = nil, dropoutP: Double = 0,
    isCausal: Bool = false, scale: Double? = nil, enableGQA: Bool = false
  ) -> Tensor { Attention.attention(query, key, value, attnMask, dropoutP, isCausal, scale, enableGQA) }
}
