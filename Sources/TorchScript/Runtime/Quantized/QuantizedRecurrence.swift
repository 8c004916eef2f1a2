// Recurrent networks with dynamically quantized weights, step by step.
//
// Reference: aten/src/ATen/native/RNN.cpp of PyTorch (quantized_lstm, quantized_gru and their cells).

extension JIT.Builtins {
  static let quantizedRecurrence = family {
    JIT.Builtin(
      "aten::quantized_lstm.input(Tensor input, Tensor[] hx, \(JIT.PackedParameters.cell)[] params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional, bool batch_first, *, ScalarType? dtype=None, bool use_dynamic=False) -> (Tensor, Tensor, Tensor)"
    ) { (x: [JIT.IValue]) in
      let state = try [Tensor].read(x[1])
      guard state.count == 2 else { throw TorchError(.value, "lstm expects two hidden states") }
      let run = try Recurrence(x[2], layers: x[4], bidirectional: x[7])
      let (output, states) = try run(Tensor.read(x[0]), state.map { $0.unbind(0) }, x[8], lstm)
      return .tuple(([output] + states).map { .tensor($0) })
    }
    JIT.Builtin(
      "aten::quantized_gru.input(Tensor input, Tensor hx, \(JIT.PackedParameters.cell)[] params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional, bool batch_first) -> (Tensor, Tensor)"
    ) { (x: [JIT.IValue]) in
      let run = try Recurrence(x[2], layers: x[4], bidirectional: x[7])
      let (output, states) = try run(Tensor.read(x[0]), [Tensor.read(x[1]).unbind(0)], x[8], gru)
      return .tuple(([output] + states).map { .tensor($0) })
    }
    JIT.Builtin(
      "aten::quantized_lstm.data(Tensor data, Tensor batch_sizes, Tensor[] hx, \(JIT.PackedParameters.cell)[] params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional, *, ScalarType? dtype=None, bool use_dynamic=False) -> (Tensor, Tensor, Tensor)"
    ) { (x: [JIT.IValue]) in
      let state = try [Tensor].read(x[2])
      guard state.count == 2 else { throw TorchError(.value, "lstm expects two hidden states") }
      let run = try Recurrence(x[3], layers: x[5], bidirectional: x[8])
      let (output, states) = try run.packed(Tensor.read(x[0]), Tensor.read(x[1]), state.map { $0.unbind(0) }, lstm)
      return .tuple(([output] + states).map { .tensor($0) })
    }
    JIT.Builtin(
      "aten::quantized_gru.data(Tensor data, Tensor batch_sizes, Tensor hx, \(JIT.PackedParameters.cell)[] params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional) -> (Tensor, Tensor)"
    ) { (x: [JIT.IValue]) in
      let run = try Recurrence(x[3], layers: x[5], bidirectional: x[8])
      let (output, states) = try run.packed(Tensor.read(x[0]), Tensor.read(x[1]), [Tensor.read(x[2]).unbind(0)], gru)
      return .tuple(([output] + states).map { .tensor($0) })
    }
    let weights = "\(JIT.PackedParameters.linear) w_ih, \(JIT.PackedParameters.linear) w_hh"
    JIT.Builtin("quantized::quantized_lstm_cell_dynamic(Tensor input, Tensor[] hx, \(weights), Tensor bias_ih, Tensor bias_hh) -> (Tensor, Tensor)") {
      (x: [JIT.IValue]) -> JIT.IValue in
      let state = try [Tensor].read(x[1])
      guard state.count == 2 else { throw TorchError(.value, "lstm_cell expects two hidden states") }
      return .tuple(
        lstm(try dynamicLinear(Tensor.read(x[0]), x[2], true), try dynamicLinear(state[0], x[3], true), state)
          .map { .tensor($0) })
    }
    for (name, step) in [("gru", gru), ("rnn_tanh", tanhCell), ("rnn_relu", reluCell)] as [(String, Step)] {
      JIT.Builtin("quantized::quantized_\(name)_cell_dynamic(Tensor input, Tensor hx, \(weights), Tensor b_ih, Tensor b_hh) -> Tensor") {
        (x: [JIT.IValue]) -> JIT.IValue in
        let state = try Tensor.read(x[1])
        let (input, hidden) = (try dynamicLinear(Tensor.read(x[0]), x[2], true), try dynamicLinear(state, x[3], true))
        return .tensor(step(input, hidden, [state])[0])
      }
    }
  }

  /// The next states from the products of the input and of the hidden state with their weights.
  private typealias Step = @Sendable (_ input: Tensor, _ hidden: Tensor, _ state: [Tensor]) -> [Tensor]

  private static let lstm: Step = { input, hidden, state in
    let gates = (input + hidden).chunk(4, dim: -1)
    let cell = gates[1].sigmoid() * state[1] + gates[0].sigmoid() * gates[2].tanh()
    return [gates[3].sigmoid() * cell.tanh(), cell]
  }

  private static let gru: Step = { input, hidden, state in
    let (a, b) = (input.chunk(3, dim: -1), hidden.chunk(3, dim: -1))
    let (reset, update) = ((b[0] + a[0]).sigmoid(), (b[1] + a[1]).sigmoid())
    let new = (a[2] + b[2] * reset).tanh()
    return [(state[0] - new) * update + new]
  }

  private static let tanhCell: Step = { input, hidden, _ in [(input + hidden).tanh()] }
  private static let reluCell: Step = { input, hidden, _ in [(input + hidden).relu()] }

  /// Layers of a network, one or two directions each.
  private struct Recurrence {
    private let cells: [JIT.IValue]
    private let layers: Int
    private let directions: Int

    init(_ parameters: JIT.IValue, layers: JIT.IValue, bidirectional: JIT.IValue) throws {
      cells = try JIT.ListObject.read(parameters).items
      self.layers = try Int.read(layers)
      directions = try Bool.read(bidirectional) ? 2 : 1
      guard self.layers > 0, cells.count == self.layers * directions else {
        throw TorchError(.value, "got an incorrect number of quantized RNN parameters")
      }
    }

    /// - Parameter state: The states, each for all layers and directions.
    func callAsFunction(
      _ input: Tensor, _ state: [[Tensor]], _ batchFirst: JIT.IValue, _ step: Step
    ) throws -> (Tensor, [Tensor]) {
      let batchFirst = try Bool.read(batchFirst)
      guard input.ndim == 3, state.allSatisfy({ $0.count == cells.count }) else {
        throw TorchError(.shape, "quantized RNNs take input of 3 dimensions and a state for each layer and direction")
      }
      var x = batchFirst ? input.transpose(0, 1) : input
      guard x.shape[0] > 0 else { throw TorchError(.shape, "Expected sequence length to be larger than 0 in RNN") }
      let (steps, last) = try run(x.unbind(0), state, step)
      x = torch.stack(steps)
      return (batchFirst ? x.transpose(0, 1) : x, last)
    }

    /// Sequences of several lengths, the longest first: the rows of each step one after another.
    func packed(
      _ data: Tensor, _ batchSizes: Tensor, _ state: [[Tensor]], _ step: Step
    ) throws -> (Tensor, [Tensor]) {
      let sizes = try batchSizes.scalars().map(\.intValue)
      guard data.ndim == 2, !sizes.isEmpty, zip(sizes, sizes.dropFirst()).allSatisfy({ $0 >= $1 && $1 > 0 }),
        sizes.reduce(0, +) == data.shape[0], state.allSatisfy({ $0.count == cells.count })
      else { throw TorchError(.shape, "batch sizes do not fit the packed data") }
      let (steps, last) = try run(data.split(sizes), state, step)
      return (torch.cat(steps), last)
    }

    /// The outputs of each step, and the last states of all layers and directions.
    private func run(
      _ input: [Tensor], _ state: [[Tensor]], _ step: Step
    ) throws -> (steps: [Tensor], last: [Tensor]) {
      var x = input
      let rows = x.map { $0.shape[0] }
      var last = state.map { _ in [Tensor]() }
      for layer in 0..<layers {
        var outputs: [[Tensor]] = []
        for direction in 0..<directions {
          let place = layer * directions + direction
          let (w, u) = (try Packed.attribute(cells[place], "w_ih"), try Packed.attribute(cells[place], "w_hh"))
          let reduced = try Packed.attribute(cells[place], "reduce_range").bool ?? false
          // The whole sequence has one scale.
          let products = try dynamicLinear(torch.cat(x), w, reduced).split(rows)
          let initial = state.map { $0[place] }
          let order = direction == 0 ? Array(rows.indices) : rows.indices.reversed()
          var current = initial.map { $0.narrow(0, 0, rows[order[0]]) }
          // States of sequences that have ended, the shortest first.
          var ended: [[Tensor]] = []
          var steps: [Int: Tensor] = [:]
          for place in order {
            let count = current[0].shape[0]
            if rows[place] < count {
              ended.append(current.map { $0.narrow(0, rows[place], count - rows[place]) })
              current = current.map { $0.narrow(0, 0, rows[place]) }
            } else if rows[place] > count {
              current = zip(current, initial).map { torch.cat([$0, $1.narrow(0, count, rows[place] - count)]) }
            }
            current = step(products[place], try dynamicLinear(current[0], u, reduced), current)
            steps[place] = current[0]
          }
          outputs.append(rows.indices.map { steps[$0]! })
          for i in current.indices { last[i].append(torch.cat([current[i]] + ended.reversed().map { $0[i] })) }
        }
        x = outputs.count == 1 ? outputs[0] : zip(outputs[0], outputs[1]).map { torch.cat([$0, $1], dim: -1) }
      }
      return (x, last.map { torch.stack($0) })
    }
  }
}
