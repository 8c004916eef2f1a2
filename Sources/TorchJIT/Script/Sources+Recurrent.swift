// Sources of recurrent networks, for sequences in tensors; packed sequences are for tracing.

extension JIT.ModuleSources {
  static func recurrent(_ module: nn.Module) throws -> JIT.ModuleSource? {
    switch module {
    case let m as nn.RNNBase: return sequence(m)
    case let m as nn.LSTMCell: return lstmCell(m)
    case let m as nn.GRUCell: return cell(m, "gru_cell", "GRUCell")
    case let m as nn.RNNCell:
      return cell(m, m.nonlinearity == .tanh ? "rnn_tanh_cell" : "rnn_relu_cell", "RNNCell")
    default: return nil
    }
  }

  private static func sequence(_ m: nn.RNNBase) -> JIT.ModuleSource {
    let isLSTM = m is nn.LSTM
    let weights = m.weightNames.map { "self.\($0)" }.joined(separator: ", ")
    let batch = m.batchFirst ? 0 : 1
    let rows = m.numLayers * (m.bidirectional ? 2 : 1)
    let width = m.projSize > 0 ? m.projSize : m.hiddenSize
    let state = isLSTM ? "Tuple[Tensor, Tensor]" : "Tensor"
    let start = { (size: Int) in "torch.zeros([\(rows), x.size(\(batch)), \(size)], dtype=x.dtype, device=x.device)" }
    let (zeros, given): (String, String) =
      isLSTM
      ? (
        "    h = \(start(width))\n    c = \(start(m.hiddenSize))",
        "    h, c = hx\n    if not batched:\n      h = torch.unsqueeze(h, 1)\n      c = torch.unsqueeze(c, 1)"
      )
      : (
        "    h = \(start(width))",
        "    h = hx\n    if not batched:\n      h = torch.unsqueeze(h, 1)"
      )
    let options = "[\(weights)], \(py: m.bias), \(m.numLayers), \(py: m.dropout), self.training, \(py: m.bidirectional), \(py: m.batchFirst)"
    let run =
      isLSTM
      ? """
        y, hn, cn = torch.lstm(x, [h, c], \(options))
        if not batched:
          y = torch.squeeze(y, \(batch))
          hn = torch.squeeze(hn, 1)
          cn = torch.squeeze(cn, 1)
        return y, (hn, cn)
      """
      : """
        y, hn = torch.\(m.operatorName)(x, h, \(options))
        if not batched:
          y = torch.squeeze(y, \(batch))
          hn = torch.squeeze(hn, 1)
        return y, hn
      """
    return JIT.ModuleSource(
      """
      def forward(self, input: Tensor, hx: Optional[\(state)]=None) -> Tuple[Tensor, \(state)]:
        if input.dim() != 2 and input.dim() != 3:
          raise ValueError("\(m.typeName): Expected input to be 2D or 3D, got {}D instead".format(input.dim()))
        batched = input.dim() == 3
        x = input
        if not batched:
          x = torch.unsqueeze(input, \(batch))
        if x.size(-1) != \(m.inputSize):
          raise RuntimeError("input.size(-1) must be equal to input_size. Expected \(m.inputSize), got {}".format(x.size(-1)))
        if hx is None:
      \(zeros)
        else:
      \(given)
      \(run)
      """,
      [
        "mode": isLSTM ? "LSTM" : m is nn.GRU ? "GRU" : m.operatorName == "rnn_tanh" ? "RNN_TANH" : "RNN_RELU",
        "input_size": m.inputSize, "hidden_size": m.hiddenSize, "num_layers": m.numLayers, "bias": m.bias,
        "batch_first": m.batchFirst, "dropout": m.dropout, "bidirectional": m.bidirectional, "proj_size": m.projSize,
      ])
  }

  private static func cell(_ m: nn.RNNCellBase, _ function: String, _ name: String) -> JIT.ModuleSource {
    JIT.ModuleSource(
      """
      def forward(self, input: Tensor, hx: Optional[Tensor]=None) -> Tensor:
        if input.dim() != 1 and input.dim() != 2:
          raise ValueError("\(name): Expected input to be 1D or 2D, got {}D instead".format(input.dim()))
        batched = input.dim() == 2
        x = input
        if not batched:
          x = torch.unsqueeze(input, 0)
        if hx is None:
          h = torch.zeros([x.size(0), \(m.hiddenSize)], dtype=x.dtype, device=x.device)
        else:
          h = hx
          if not batched:
            h = torch.unsqueeze(h, 0)
        result = torch.\(function)(x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        if not batched:
          result = torch.squeeze(result, 0)
        return result
      """, ["input_size": m.inputSize, "hidden_size": m.hiddenSize, "bias": m.bias])
  }

  private static func lstmCell(_ m: nn.LSTMCell) -> JIT.ModuleSource {
    JIT.ModuleSource(
      """
      def forward(self, input: Tensor, hx: Optional[Tuple[Tensor, Tensor]]=None) -> Tuple[Tensor, Tensor]:
        if input.dim() != 1 and input.dim() != 2:
          raise ValueError("LSTMCell: Expected input to be 1D or 2D, got {}D instead".format(input.dim()))
        batched = input.dim() == 2
        x = input
        if not batched:
          x = torch.unsqueeze(input, 0)
        if hx is None:
          h = torch.zeros([x.size(0), \(m.hiddenSize)], dtype=x.dtype, device=x.device)
          c = torch.zeros([x.size(0), \(m.hiddenSize)], dtype=x.dtype, device=x.device)
        else:
          h, c = hx
          if not batched:
            h = torch.unsqueeze(h, 0)
            c = torch.unsqueeze(c, 0)
        hn, cn = torch.lstm_cell(x, [h, c], self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        if not batched:
          hn = torch.squeeze(hn, 0)
          cn = torch.squeeze(cn, 0)
        return hn, cn
      """, ["input_size": m.inputSize, "hidden_size": m.hiddenSize, "bias": m.bias])
  }
}
