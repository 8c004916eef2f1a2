// Recurrent networks one step at a time: RNNCell, LSTMCell, GRUCell.
// Reference: https://pytorch.org/docs/stable/nn.html#recurrent-layers

extension nn {
  /// What cells share: `weight_ih` (gates · hidden, input), `weight_hh` (gates · hidden, hidden) and two biases, all
  /// uniform in ±1/√hidden.
  open class RNNCellBase: Module {
    public let inputSize: Int
    public let hiddenSize: Int
    public let bias: Bool
    @Parameter public var weightIh: Tensor
    @Parameter public var weightHh: Tensor
    @Parameter public var biasIh: Tensor?
    @Parameter public var biasHh: Tensor?

    init(_ inputSize: Int, _ hiddenSize: Int, _ bias: Bool, gates: Int, _ dtype: DType?) {
      self.inputSize = inputSize
      self.hiddenSize = hiddenSize
      self.bias = bias
      let rows = gates * hiddenSize
      weightIh = Tensor.empty([rows, inputSize], dtype: dtype)
      weightHh = Tensor.empty([rows, hiddenSize], dtype: dtype)
      biasIh = bias ? Tensor.empty([rows], dtype: dtype) : nil
      biasHh = bias ? Tensor.empty([rows], dtype: dtype) : nil
      super.init()
      resetParameters()
    }

    public func resetParameters() {
      let bound = hiddenSize > 0 ? 1 / Double(hiddenSize).squareRoot() : 0
      for weight in parameters() { initializers.uniform_(weight, -bound, bound) }
    }

    public override var extraRepr: String { "\(inputSize), \(hiddenSize)" + (bias ? "" : ", bias=False") }

    /// Runs `body` with x and states as batches; a step without a batch is a batch of one.
    final func step(_ x: Tensor, _ state: [Tensor]?, count: Int, _ body: (Tensor, [Tensor]) -> [Tensor]) -> [Tensor] {
      guard x.ndim == 1 || x.ndim == 2 else {
        let error = TorchError(.value, "\(typeName): Expected input to be 1D or 2D, got \(x.ndim)D instead")
        return Array(repeating: .invalid(error), count: count)
      }
      if let index = state?.firstIndex(where: { $0.ndim != 1 && $0.ndim != 2 }) {
        let what = count == 1 ? "hidden" : "hx[\(index)]"
        let error = TorchError(
          .value, "\(typeName): Expected \(what) to be 1D or 2D, got \(state![index].ndim)D instead")
        return Array(repeating: .invalid(error), count: count)
      }
      let single = x.ndim == 1
      let batch = single ? x.unsqueeze(0) : x
      let start =
        state?.map { single ? $0.unsqueeze(0) : $0 }
        ?? (0..<count).map { _ in Tensor.zeros([batch.shape[0], hiddenSize], dtype: x.dtype) }
      let result = body(batch, start)
      return single ? result.map { $0.squeeze(0) } : result
    }
  }

  /// `h′ = tanh(W_ih x + b_ih + W_hh h + b_hh)`: (N, input), (N, hidden) gives (N, hidden).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
  public final class RNNCell: RNNCellBase {
    public let nonlinearity: RNN.Nonlinearity

    public init(
      _ inputSize: Int, _ hiddenSize: Int, bias: Bool = true, nonlinearity: RNN.Nonlinearity = .tanh,
      dtype: DType? = nil
    ) {
      self.nonlinearity = nonlinearity
      super.init(inputSize, hiddenSize, bias, gates: 1, dtype)
    }

    public func callAsFunction(_ x: Tensor, _ h: Tensor? = nil) -> Tensor {
      hooked(x, h) { x, h in
        step(x, h.map { [$0] }, count: 1) { x, h in
          [
            nonlinearity == .tanh
              ? torch.rnnTanhCell(x, h[0], weightIh, weightHh, biasIh, biasHh)
              : torch.rnnReLUCell(x, h[0], weightIh, weightHh, biasIh, biasHh)
          ]
        }[0]
      }
    }

    public override var extraRepr: String {
      super.extraRepr + (nonlinearity == .tanh ? "" : ", nonlinearity=relu")
    }
  }

  /// One step of an `LSTM`: the new hidden and cell states.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
  public final class LSTMCell: RNNCellBase {
    public init(_ inputSize: Int, _ hiddenSize: Int, bias: Bool = true, dtype: DType? = nil) {
      super.init(inputSize, hiddenSize, bias, gates: 4, dtype)
    }

    public func callAsFunction(_ x: Tensor, _ state: (Tensor, Tensor)? = nil) -> (h: Tensor, c: Tensor) {
      hooked(x, state) { x, state in
        let results = step(x, state.map { [$0.0, $0.1] }, count: 2) { x, state in
          let (h, c) = torch.lstmCell(x, (state[0], state[1]), weightIh, weightHh, biasIh, biasHh)
          return [h, c]
        }
        return (h: results[0], c: results[1])
      }
    }
  }

  /// One step of a `GRU`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
  public final class GRUCell: RNNCellBase {
    public init(_ inputSize: Int, _ hiddenSize: Int, bias: Bool = true, dtype: DType? = nil) {
      super.init(inputSize, hiddenSize, bias, gates: 3, dtype)
    }

    public func callAsFunction(_ x: Tensor, _ h: Tensor? = nil) -> Tensor {
      hooked(x, h) { x, h in
        step(x, h.map { [$0] }, count: 1) { x, h in
          [torch.gruCell(x, h[0], weightIh, weightHh, biasIh, biasHh)]
        }[0]
      }
    }
  }
}
