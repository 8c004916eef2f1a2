// Sources of attention and transformers.

extension JIT.ModuleSources {
  static func attention(_ module: nn.Module) throws -> JIT.ModuleSource? {
    switch module {
    case let m as nn.MultiheadAttention: return multihead(m)
    case let m as nn.TransformerEncoderLayer: return try encoderLayer(m)
    case let m as nn.TransformerDecoderLayer: return try decoderLayer(m)
    case let m as nn.TransformerEncoder: return encoder(m)
    case let m as nn.TransformerDecoder: return decoder(m)
    case let m as nn.Transformer: return transformer(m)
    default: return nil
    }
  }

  // MARK: Multi-head attention

  private static func multihead(_ m: nn.MultiheadAttention) -> JIT.ModuleSource {
    let (heads, size) = (m.numHeads, m.embedDim / Swift.max(m.numHeads, 1))
    let bias = m.inProjBias != nil
    var project: [String] = []
    if bias { project.append("biases = torch.chunk(self.in_proj_bias, 3, 0)") }
    if m.inProjWeight != nil { project.append("weights = torch.chunk(self.in_proj_weight, 3, 0)") }
    for (i, name) in ["q", "k", "v"].enumerated() {
      let weight = m.inProjWeight == nil ? "self.\(name)_proj_weight" : "weights[\(i)]"
      project.append("\(name) = torch.linear(\(name), \(weight), \(bias ? "biases[\(i)]" : "None"))")
    }
    var extend: [String] = []
    if m.biasK != nil {
      extend += [
        "k = torch.cat([k, self.bias_k.expand([1, batch, \(m.embedDim)])], 0)",
        "v = torch.cat([v, self.bias_v.expand([1, batch, \(m.embedDim)])], 0)",
        "mask = self._widened(mask)", "padding = self._widened(padding)",
      ]
    }
    var zeros: [String] = []
    if m.addZeroAttn {
      zeros += [
        "empty = torch.zeros([batch * \(heads), 1, \(size)], dtype=q.dtype, device=q.device)",
        "k = torch.cat([k, empty], 1)", "v = torch.cat([v, empty], 1)", "mask = self._widened(mask)",
        "padding = self._widened(padding)",
      ]
    }
    func lines(_ list: [String]) -> String { list.isEmpty ? "" : list.map { "  " + $0 + "\n" }.joined() }
    let split = { (x: String) in "torch.transpose(\(x).reshape([\(x).size(0), batch * \(heads), \(size)]), 0, 1)" }
    let batchFirst = m.batchFirst
    func turned(_ x: String) -> String { batchFirst ? "torch.transpose(\(x), 0, 1)" : x }
    return JIT.ModuleSource(
      """
      def _added(self, mask: Optional[Tensor], name: str, like: Tensor) -> Optional[Tensor]:
        if mask is None:
          return None
        if mask.dtype == 11:
          return torch.masked_fill(torch.zeros_like(mask, dtype=like.dtype), mask, float("-inf"))
        if not torch.is_floating_point(mask):
          raise AssertionError("only bool and floating types of {} are supported".format(name))
        return mask
      def _widened(self, mask: Optional[Tensor]) -> Optional[Tensor]:
        if mask is None:
          return None
        return torch.constant_pad_nd(mask, [0, 1], 0)
      def _merged(self, mask: Optional[Tensor], padding: Optional[Tensor], batch: int, keys: int) -> Optional[Tensor]:
        if padding is None:
          return mask
        spread = padding.reshape([batch, 1, 1, keys]).expand([batch, \(heads), 1, keys]).reshape([batch * \(heads), 1, keys])
        if mask is None:
          return spread
        return torch.add(mask, spread)
      def _checked(self, mask: Optional[Tensor], rows: int, steps: int, keys: int) -> Optional[Tensor]:
        if mask is None:
          return None
        if mask.dim() == 2:
          if mask.size() != [steps, keys]:
            raise RuntimeError("The shape of the 2D attn_mask is {}, but should be {}.".format(mask.size(), [steps, keys]))
          return torch.unsqueeze(mask, 0)
        if mask.dim() != 3:
          raise RuntimeError("attn_mask's dimension {} is not supported".format(mask.dim()))
        if mask.size() != [rows, steps, keys]:
          raise RuntimeError("The shape of the 3D attn_mask is {}, but should be {}.".format(mask.size(), [rows, steps, keys]))
        return mask
      def forward(self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Optional[Tensor]=None, need_weights: bool=True, \
      attn_mask: Optional[Tensor]=None, average_attn_weights: bool=True, is_causal: bool=False) -> Tuple[Tensor, Optional[Tensor]]:
        if query.dim() != 2 and query.dim() != 3:
          raise AssertionError("query should be unbatched 2D or batched 3D tensor but received {}-D query tensor".format(query.dim()))
        if key.dim() != query.dim() or value.dim() != query.dim():
          raise AssertionError("Expected query, key and value to have as many dimensions, but found {}, {} and {}".format(query.dim(), key.dim(), value.dim()))
        if query.size(-1) != \(m.embedDim):
          raise AssertionError("was expecting embedding dimension of \(m.embedDim), but got {}".format(query.size(-1)))
        if is_causal and attn_mask is None:
          raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
        batched = query.dim() == 3
        q = query
        k = key
        v = value
        padding = self._added(key_padding_mask, "key_padding_mask", query)
        if batched:
          q = \(turned("q"))
          k = \(turned("k"))
          v = \(turned("v"))
        else:
          q = torch.unsqueeze(q, 1)
          k = torch.unsqueeze(k, 1)
          v = torch.unsqueeze(v, 1)
          if padding is not None:
            padding = torch.unsqueeze(padding, 0)
      \(lines(project))\
        steps = q.size(0)
        batch = q.size(1)
        mask = self._checked(self._added(attn_mask, "attn_mask", query), batch * \(heads), steps, k.size(0))
      \(lines(extend))\
        q = \(split("q"))
        k = \(split("k"))
        v = \(split("v"))
      \(lines(zeros))\
        keys = k.size(1)
        merged = self._merged(mask, padding, batch, keys)
        scores = torch.bmm(torch.mul(q, \(py: 1 / Double(size).squareRoot())), torch.transpose(k, 1, 2))
        if merged is not None:
          scores = torch.add(scores, merged)
        weights = torch.softmax(scores, -1)
        if not need_weights and merged is not None:
          forbidden = torch.all(torch.eq(scores, float("-inf")), -1, True)
          weights = torch.masked_fill(weights, forbidden, 0)
        weights = torch.dropout(weights, \(py: m.dropout), self.training)
        joined = torch.transpose(torch.bmm(weights, v), 0, 1).reshape([steps * batch, \(m.embedDim)])
        output = self.out_proj.forward(joined).reshape([steps, batch, \(m.embedDim)])
        if batched:
          output = \(turned("output"))
        else:
          output = torch.squeeze(output, 1)
        if not need_weights:
          return output, None
        shown = weights.reshape([batch, \(heads), steps, keys])
        if average_attn_weights:
          shown = torch.mean(shown, [1])
        if not batched:
          shown = torch.squeeze(shown, 0)
        return output, shown
      """,
      [
        "embed_dim": m.embedDim, "num_heads": heads, "dropout": m.dropout, "batch_first": m.batchFirst, "head_dim": size,
        "add_zero_attn": m.addZeroAttn,
      ])
  }

  // MARK: Layers

  private static func activation(_ activation: nn.TransformerActivation, _ x: String, _ module: nn.Module) throws -> String {
    switch activation {
    case .relu: return "torch.relu(\(x))"
    case .gelu: return "torch.gelu(\(x))"
    case .custom:
      throw TorchError(
        .type, "\(module.typeName) with an activation in Swift cannot be scripted; trace it, or use relu or gelu")
    }
  }

  /// A block of attention: `norm` is applied before where the layer normalizes first.
  private static func attentionBlock(_ name: String, _ attention: String, _ dropout: String, _ isMemory: Bool) -> String {
    let memory = isMemory ? ", mem: Tensor" : ""
    let key = isMemory ? "mem" : "x"
    return """
      def \(name)(self, x: Tensor\(memory), attn_mask: Optional[Tensor], key_padding_mask: Optional[Tensor], is_causal: bool) -> Tensor:
        y, _ = self.\(attention).forward(x, \(key), \(key), key_padding_mask, False, attn_mask, True, is_causal)
        return self.\(dropout).forward(y)
      """
  }

  private static func feedForward(
    _ dropout: String, _ function: nn.TransformerActivation, _ module: nn.Module
  ) throws -> String {
    """
    def _ff_block(self, x: Tensor) -> Tensor:
      hidden = self.dropout.forward(\(try activation(function, "self.linear1.forward(x)", module)))
      return self.\(dropout).forward(self.linear2.forward(hidden))
    """
  }

  private static func encoderLayer(_ m: nn.TransformerEncoderLayer) throws -> JIT.ModuleSource {
    let body =
      m.options.normFirst
      ? """
        x = torch.add(src, self._sa_block(self.norm1.forward(src), src_mask, src_key_padding_mask, is_causal))
        return torch.add(x, self._ff_block(self.norm2.forward(x)))
      """
      : """
        x = self.norm1.forward(torch.add(src, self._sa_block(src, src_mask, src_key_padding_mask, is_causal)))
        return self.norm2.forward(torch.add(x, self._ff_block(x)))
      """
    return JIT.ModuleSource(
      """
      \(attentionBlock("_sa_block", "self_attn", "dropout1", false))
      \(try feedForward("dropout2", m.options.activation, m))
      def forward(self, src: Tensor, src_mask: Optional[Tensor]=None, src_key_padding_mask: Optional[Tensor]=None, is_causal: bool=False) -> Tensor:
      \(body)
      """, ["norm_first": m.options.normFirst])
  }

  private static func decoderLayer(_ m: nn.TransformerDecoderLayer) throws -> JIT.ModuleSource {
    let body =
      m.options.normFirst
      ? """
        x = torch.add(tgt, self._sa_block(self.norm1.forward(tgt), tgt_mask, tgt_key_padding_mask, tgt_is_causal))
        x = torch.add(x, self._mha_block(self.norm2.forward(x), memory, memory_mask, memory_key_padding_mask, memory_is_causal))
        return torch.add(x, self._ff_block(self.norm3.forward(x)))
      """
      : """
        x = self.norm1.forward(torch.add(tgt, self._sa_block(tgt, tgt_mask, tgt_key_padding_mask, tgt_is_causal)))
        x = self.norm2.forward(torch.add(x, self._mha_block(x, memory, memory_mask, memory_key_padding_mask, memory_is_causal)))
        return self.norm3.forward(torch.add(x, self._ff_block(x)))
      """
    return JIT.ModuleSource(
      """
      \(attentionBlock("_sa_block", "self_attn", "dropout1", false))
      \(attentionBlock("_mha_block", "multihead_attn", "dropout2", true))
      \(try feedForward("dropout3", m.options.activation, m))
      def forward(self, tgt: Tensor, memory: Tensor, \(decoderOptions)) -> Tensor:
      \(body)
      """, ["norm_first": m.options.normFirst])
  }

  private static let decoderOptions =
    "tgt_mask: Optional[Tensor]=None, memory_mask: Optional[Tensor]=None, tgt_key_padding_mask: Optional[Tensor]=None, memory_key_padding_mask: Optional[Tensor]=None, tgt_is_causal: bool=False, memory_is_causal: bool=False"

  // MARK: Stacks

  /// Layer after layer, then the norm.
  private static func stack(_ count: Int, _ arguments: String, norm: Bool) -> String {
    let calls = (0..<count).map { "  x = getattr(self.layers, \"\($0)\").forward(x, \(arguments))\n" }.joined()
    return calls + (norm ? "  return self.norm.forward(x)" : "  return x")
  }

  private static func encoder(_ m: nn.TransformerEncoder) -> JIT.ModuleSource {
    JIT.ModuleSource(
      """
      def forward(self, src: Tensor, mask: Optional[Tensor]=None, src_key_padding_mask: Optional[Tensor]=None, is_causal: bool=False) -> Tensor:
        x = src
      \(stack(m.layers.count, "mask, src_key_padding_mask, is_causal", norm: m.norm != nil))
      """, ["num_layers": m.layers.count])
  }

  private static func decoder(_ m: nn.TransformerDecoder) -> JIT.ModuleSource {
    let arguments =
      "memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, tgt_is_causal, memory_is_causal"
    return JIT.ModuleSource(
      """
      def forward(self, tgt: Tensor, memory: Tensor, \(decoderOptions)) -> Tensor:
        x = tgt
      \(stack(m.layers.count, arguments, norm: m.norm != nil))
      """, ["num_layers": m.layers.count])
  }

  private static func transformer(_ m: nn.Transformer) -> JIT.ModuleSource {
    JIT.ModuleSource(
      """
      def forward(self, src: Tensor, tgt: Tensor, src_mask: Optional[Tensor]=None, tgt_mask: Optional[Tensor]=None, \
      memory_mask: Optional[Tensor]=None, src_key_padding_mask: Optional[Tensor]=None, tgt_key_padding_mask: Optional[Tensor]=None, \
      memory_key_padding_mask: Optional[Tensor]=None, src_is_causal: bool=False, tgt_is_causal: bool=False, memory_is_causal: bool=False) -> Tensor:
        if src.dim() == 3 and src.size(\(m.batchFirst ? 0 : 1)) != tgt.size(\(m.batchFirst ? 0 : 1)):
          raise RuntimeError("the batch number of src and tgt must be equal")
        if src.size(-1) != \(m.dModel) or tgt.size(-1) != \(m.dModel):
          raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder.forward(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder.forward(tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, tgt_is_causal, memory_is_causal)
      """, ["d_model": m.dModel, "nhead": m.nhead, "batch_first": m.batchFirst])
  }
}
