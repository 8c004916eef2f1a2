// Attention as a function.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html

extension nn.functional {
  /// softmax(q kᵀ · scale + mask) v: query (…, L, E), key (…, S, E) and value (…, S, F) give (…, L, F).
  ///
  /// - Parameters:
  ///   - attnMask: true, or what is added, where a query sees a key; broadcasts to (…, L, S).
  ///   - isCausal: query `i` sees the keys up to `i`.
  ///   - scale: 1/√E if left out.
  ///   - enableGQA: several heads of the query (dimension -3) share a head of key and value.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
  public static func scaledDotProductAttention(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, attnMask: Tensor? = nil, dropoutP: Double = 0,
    isCausal: Bool = false, scale: Double? = nil, enableGQA: Bool = false
  ) -> Tensor {
    torch.scaledDotProductAttention(
      query, key, value, attnMask: attnMask, dropoutP: dropoutP, isCausal: isCausal, scale: scale, enableGQA: enableGQA)
  }
}
