// A transformer's encoder layer as one function: what a scripted `nn.TransformerEncoderLayer` calls in evaluation.
//
// Made of the operators that the layer's own `forward` calls, and so differentiable, which PyTorch's are not.
// Reference: aten/src/ATen/native/transformers/transformer.cpp and attention.cpp of PyTorch.

extension JIT.Builtins {
  @Family static var encoderLayers: [JIT.Builtin] {
    JIT.Builtin("aten::_masked_softmax(Tensor self, Tensor mask, int? dim=None, int? mask_type=None) -> Tensor") {
      (x: Tensor, mask: Tensor, dim: Int?, type: Int?) in
      try maskedSoftmax(x, mask, dim ?? x.ndim - 1, type)
    }
    JIT.Builtin(
      "aten::_transform_bias_rescale_qkv(Tensor qkv, Tensor qkv_bias, int num_heads) -> (Tensor, Tensor, Tensor)"
    ) { (qkv: Tensor, bias: Tensor, heads: Int) -> JIT.IValue in
      .tuple(try heads3(qkv, bias, heads).map { .tensor($0) })
    }
    JIT.Builtin(
      "aten::_native_multi_head_attention(Tensor query, Tensor key, Tensor value, int embed_dim, int num_head, Tensor qkv_weight, Tensor qkv_bias, Tensor proj_weight, Tensor proj_bias, Tensor? mask=None, bool need_weights=True, bool average_attn_weights=True, int? mask_type=None) -> (Tensor, Tensor)"
    ) { (x: [JIT.IValue]) -> JIT.IValue in
      let (query, key, value) = (try Tensor.read(x[0]), try Tensor.read(x[1]), try Tensor.read(x[2]))
      let projection = Projection(x[5...8].map { $0.tensor! }, try Int.read(x[3]), try Int.read(x[4]))
      let (output, weights) = try projection.attend(query, key, value, Tensor?.read(x[9]), Int?.read(x[12]))
      guard try Bool.read(x[10]) else { return .tuple([.tensor(output), .none]) }
      return .tuple([.tensor(output), .tensor(try Bool.read(x[11]) ? weights.mean(dim: 1) : weights)])
    }
    JIT.Builtin(
      "aten::_transformer_encoder_layer_fwd(Tensor src, int embed_dim, int num_heads, Tensor qkv_weight, Tensor qkv_bias, Tensor proj_weight, Tensor proj_bias, bool use_gelu, bool norm_first, float eps, Tensor norm_weight_1, Tensor norm_bias_1, Tensor norm_weight_2, Tensor norm_bias_2, Tensor ffn_weight_1, Tensor ffn_bias_1, Tensor ffn_weight_2, Tensor ffn_bias_2, Tensor? mask=None, int? mask_type=None) -> Tensor",
      pure: nil, encoderLayer)
    nestedTensors
  }

  private static func encoderLayer(_ x: [JIT.IValue]) throws -> JIT.IValue {
    let source = try Tensor.read(x[0])
    if source.numel == 0 { return .tensor(Tensor.empty(like: source)) }
    let tensors = x.map(\.tensor)
    let width = try Int.read(x[1])
    let projection = Projection(tensors[3...6].map { $0! }, width, try Int.read(x[2]))
    let (useGELU, normFirst, eps) = (try Bool.read(x[7]), try Bool.read(x[8]), try Double.read(x[9]))
    func norm(_ x: Tensor, _ place: Int) -> Tensor {
      torch.layerNorm(x, [width], weight: tensors[place], bias: tensors[place + 1], eps: eps)
    }
    func attention(_ y: Tensor) throws -> Tensor {
      try projection.attend(y, y, y, tensors[18], Int?.read(x[19])).output
    }
    func feedForward(_ y: Tensor) -> Tensor {
      let hidden = torch.linear(y, tensors[14]!, tensors[15])
      return torch.linear(useGELU ? hidden.gelu() : hidden.relu(), tensors[16]!, tensors[17])
    }
    if normFirst {
      let y = try attention(norm(source, 10)) + source
      return .tensor(feedForward(norm(y, 12)) + y)
    }
    let y = norm(try attention(source) + source, 10)
    return .tensor(norm(feedForward(y) + y, 12))
  }

  /// The weights of an attention with joint projections.
  private struct Projection {
    let weight, bias, outWeight, outBias: Tensor
    let width, heads: Int

    init(_ tensors: [Tensor], _ width: Int, _ heads: Int) {
      (weight, bias, outWeight, outBias) = (tensors[0], tensors[1], tensors[2], tensors[3])
      (self.width, self.heads) = (width, heads)
    }

    /// The output (B, L, E) and the weights (B, heads, L, L).
    func attend(
      _ query: Tensor, _ key: Tensor, _ value: Tensor, _ mask: Tensor?, _ maskType: Int?
    ) throws -> (output: Tensor, weights: Tensor) {
      guard query.ndim == 3 else { throw TorchError(.shape, "expected 3-D `query`, got \(query.ndim)-D tensor") }
      guard query.shape[2] == width else {
        throw TorchError(.shape, "passed-in embed_dim \(width) didn't match last dim of query \(query.shape[2])")
      }
      guard weight.shape == [3 * width, width] else {
        throw TorchError(.shape, "expected `qkv_weight` first dim to be 3x embed_dim")
      }
      let qkv: Tensor =
        query === key && key === value
        ? query.matmul(weight.mT)
        : torch.cat(zip([query, key, value], weight.chunk(3, dim: 0)).map { $0.matmul($1.mT) }, dim: 2)
      let parts = try heads3(qkv, bias, heads)
      let scores = parts[0].matmul(parts[1].mT)
      let weights = try mask.map { try maskedSoftmax(scores, $0, 3, maskType) } ?? scores.softmax(dim: -1)
      let joined = weights.matmul(parts[2]).transpose(1, 2).reshape([query.shape[0], query.shape[1], width])
      return (torch.linear(joined, outWeight, outBias), weights)
    }
  }

  /// Queries, scaled, keys and values of each head: (B, heads, L, width of a head).
  private static func heads3(_ qkv: Tensor, _ bias: Tensor, _ heads: Int) throws -> [Tensor] {
    guard qkv.ndim == 3, heads > 0, qkv.shape[2] % (3 * heads) == 0 else {
      throw TorchError(.value, "`embed_dim` must divide evenly by `num_heads`")
    }
    let (batch, length, size) = (qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3 / heads)
    let parts = (qkv + bias).reshape([batch, length, 3, heads, size]).permute([2, 0, 3, 1, 4]).unbind(0)
    return [parts[0] * (1 / Double(size).squareRoot()), parts[1], parts[2]]
  }

  /// Softmax over what the mask leaves; a row without anything left is NaN.
  ///
  /// The mask is over pairs of places (L, L), over keys (B, L), or over all scores, by its type 0, 1 or 2.
  private static func maskedSoftmax(_ x: Tensor, _ mask: Tensor, _ dim: Int, _ type: Int?) throws -> Tensor {
    guard mask.dtype == .bool else { throw TorchError(.dtype, "Mask should be a boolean tensor") }
    let (batch, length) = (x.shape[0], x.shape[x.ndim - 1])
    var mask = mask
    switch type {
    case 0?:
      guard mask.shape == [x.shape[x.ndim - 2], length] else {
        throw TorchError(.shape, "For mask_type == 0 mask shape should be (L, L)")
      }
    case 1?:
      guard mask.shape == [batch, length] else {
        throw TorchError(.shape, "For mask_type == 1 mask shape should be (B, L)")
      }
      mask = mask.reshape([batch] + Array(repeating: 1, count: x.ndim - 2) + [length])
    case 2?, nil:
      guard mask.shape == x.shape else {
        throw TorchError(.shape, "For mask_type == 2 mask shape should match input shape")
      }
    case let type?:
      throw TorchError(
        .value,
        "Mask Type should be 0 (src_mask), 1 (src_key_padding_mask), or 2 (default_mask), but got \(type)")
    }
    return x.maskedFill(mask, .double(-.infinity)).softmax(dim: dim)
  }

  // MARK: Nested tensors

  /// A scripted `nn.TransformerEncoder` asks whether padding is at the right, and packs the batch if so. There are no
  /// nested tensors here, so the answer is always no: it masks the padding instead. Places of padding then hold
  /// numbers in its output, where PyTorch's hold zeros.
  @Family private static var nestedTensors: [JIT.Builtin] {
    JIT.Builtin("aten::_nested_tensor_from_mask_left_aligned(Tensor t, Tensor mask) -> bool") {
      (_: Tensor, _: Tensor) in
      false
    }
    JIT.Builtin("aten::_nested_tensor_from_mask(Tensor t, Tensor mask, bool mask_check=True) -> Tensor") {
      (_: Tensor, _: Tensor, _: Bool) -> Tensor in
      throw TorchError(.notImplemented, "nested tensors are not supported: set enable_nested_tensor=False")
    }
    JIT.Builtin("aten::to_padded_tensor(Tensor self, float padding, SymInt[]? output_size=None) -> Tensor") {
      (_: Tensor, _: Double, _: [Int]?) -> Tensor in
      throw TorchError(.notImplemented, "to_padded_tensor() takes a nested tensor, and they are not supported")
    }
  }
}
