// One step of a recurrent network: the four kinds of cells, and the operators that run one step.
//
// x is (N, input), hidden states are (N, hidden), weights (gates · hidden, …).
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html

/// The weights of one direction of one layer.
struct RecurrentWeights {
  let input: Tensor
  let hidden: Tensor
  let inputBias: Tensor?
  let hiddenBias: Tensor?
  /// Of an LSTM whose output is projected: (projection, hidden).
  let projection: Tensor?
  /// In place of `input` and `hidden`, which are empty then.
  var quantized: (input: Int8Weight, hidden: Int8Weight)?

  /// The input's part of the gates, which does not wait for the hidden state.
  func gates(ofInput x: Tensor) -> Tensor {
    quantized?.input.linear(x, inputBias) ?? Products.linear(x, input, inputBias)
  }
  func gates(ofHidden h: Tensor) -> Tensor {
    quantized?.hidden.linear(h, hiddenBias) ?? Products.linear(h, hidden, hiddenBias)
  }
}

/// What a cell computes from the input's gates and its state: [hidden], of an LSTM [hidden, cell].
enum RecurrentCell: Int {
  case relu, tanh, lstm, gru

  var gateCount: Int {
    switch self {
    case .tanh, .relu: 1
    case .lstm: 4
    case .gru: 3
    }
  }

  func step(_ gates: Tensor, _ state: [Tensor], _ weights: RecurrentWeights) -> [Tensor] {
    switch self {
    case .tanh: return [(gates + weights.gates(ofHidden: state[0])).tanh()]
    case .relu: return [(gates + weights.gates(ofHidden: state[0])).relu()]
    case .lstm:
      let sum = gates + weights.gates(ofHidden: state[0])
      // What went wrong in this step or the one before; it has no parts.
      guard sum.isValid else { return [sum, sum] }
      let parts = sum.chunk(4, dim: -1)
      let (entry, forget) = (parts[0].sigmoid(), parts[1].sigmoid())
      let cell = forget * state[1] + entry * parts[2].tanh()
      let hidden = parts[3].sigmoid() * cell.tanh()
      return [weights.projection.map { hidden.matmul($0.t()) } ?? hidden, cell]
    case .gru:
      let ofHidden = weights.gates(ofHidden: state[0])
      guard gates.isValid, ofHidden.isValid else { return [gates.isValid ? ofHidden : gates] }
      let (x, h) = (gates.chunk(3, dim: -1), ofHidden.chunk(3, dim: -1))
      let reset = (h[0] + x[0]).sigmoid(), update = (h[1] + x[1]).sigmoid()
      let new = (x[2] + h[2] * reset).tanh()
      return [(state[0] - new) * update + new]
    }
  }
}

enum RecurrentCells {
  private static func check(
    _ cell: RecurrentCell, _ x: Tensor, _ state: [Tensor], _ weights: RecurrentWeights
  ) throws {
    for (weight, name) in [(weights.input, "w_ih"), (weights.hidden, "w_hh")] where weight.ndim != 2 {
      throw TorchError(.shape, "\(name) must have 2 dimensions, but got \(weight.ndim)")
    }
    for (weight, name) in [(weights.input, "w_ih"), (weights.hidden, "w_hh")]
    where weight.shape[0] != cell.gateCount * weights.hidden.shape[1] {
      throw TorchError(
        .shape,
        "\(name) has \(weight.shape[0]) rows, but \(cell.gateCount * weights.hidden.shape[1]) are expected for a hidden_size of \(weights.hidden.shape[1])")
    }
    let (inputSize, hiddenSize) = (weights.input.shape[1], weights.hidden.shape[1])
    guard x.ndim == 2 || x.ndim == 1, x.shape[-1] == inputSize else {
      throw TorchError(
        .shape, "input has inconsistent input_size: got \(x.shape.last ?? 0) expected \(inputSize)")
    }
    for (i, h) in state.enumerated() {
      guard h.ndim == x.ndim else {
        throw TorchError(.shape, "hidden\(i) has \(h.ndim) dimensions, but the input has \(x.ndim)")
      }
      guard h.shape[0] == x.shape[0] || x.ndim == 1 else {
        throw TorchError(.shape, "Input batch size \(x.shape[0]) doesn't match hidden\(i) batch size \(h.shape[0])")
      }
      guard h.shape[-1] == hiddenSize else {
        throw TorchError(
          .shape, "hidden\(i) has inconsistent hidden_size: got \(h.shape[-1]), expected \(hiddenSize)")
      }
    }
  }

  private static func step(
    _ cell: RecurrentCell, _ x: Tensor, _ state: [Tensor], _ wIH: Tensor, _ wHH: Tensor, _ bIH: Tensor?, _ bHH: Tensor?
  ) throws -> [Tensor] {
    let weights = RecurrentWeights(input: wIH, hidden: wHH, inputBias: bIH, hiddenBias: bHH, projection: nil)
    try check(cell, x, state, weights)
    return cell.step(weights.gates(ofInput: x), state, weights)
  }

  private static let parameters = "Tensor w_ih, Tensor w_hh, Tensor? b_ih=None, Tensor? b_hh=None"

  typealias Single = Operator<Tensor, Tensor, Tensor, Tensor, Tensor?, Tensor?, Tensor>

  private static func single(_ name: String, _ cell: RecurrentCell) -> Single {
    Operator(composite: "\(name)(Tensor input, Tensor hx, \(parameters)) -> Tensor") { x, h, wIH, wHH, bIH, bHH in
      try step(cell, x, [h], wIH, wHH, bIH, bHH)[0]
    }
  }

  static let rnnTanh = single("rnn_tanh_cell", .tanh), rnnRelu = single("rnn_relu_cell", .relu)
  static let gru = single("gru_cell", .gru)

  static let lstm: Operator<Tensor, [Tensor], Tensor, Tensor, Tensor?, Tensor?, [Tensor]> = Operator(
    composite: "lstm_cell(Tensor input, Tensor[] hx, \(parameters)) -> (Tensor, Tensor)"
  ) { x, state, wIH, wHH, bIH, bHH in
    guard state.count == 2 else { throw TorchError(.value, "lstm_cell expects two hidden states") }
    return try step(.lstm, x, state, wIH, wHH, bIH, bHH)
  }

  static let operators: [AnyOperator] = [rnnTanh, rnnRelu, gru, lstm]
}

extension torch {
  /// One step of a plain recurrent network: `tanh(W_ih x + b_ih + W_hh h + b_hh)`.
  public static func rnnTanhCell(
    _ x: Tensor, _ h: Tensor, _ wIH: Tensor, _ wHH: Tensor, _ bIH: Tensor? = nil, _ bHH: Tensor? = nil
  ) -> Tensor { RecurrentCells.rnnTanh(x, h, wIH, wHH, bIH, bHH) }

  /// The same with a rectifier for the hyperbolic tangent.
  public static func rnnReLUCell(
    _ x: Tensor, _ h: Tensor, _ wIH: Tensor, _ wHH: Tensor, _ bIH: Tensor? = nil, _ bHH: Tensor? = nil
  ) -> Tensor { RecurrentCells.rnnRelu(x, h, wIH, wHH, bIH, bHH) }

  /// One step of a gated recurrent network.
  public static func gruCell(
    _ x: Tensor, _ h: Tensor, _ wIH: Tensor, _ wHH: Tensor, _ bIH: Tensor? = nil, _ bHH: Tensor? = nil
  ) -> Tensor { RecurrentCells.gru(x, h, wIH, wHH, bIH, bHH) }

  /// One step of a long short-term memory: the new hidden state and cell state.
  public static func lstmCell(
    _ x: Tensor, _ state: (Tensor, Tensor), _ wIH: Tensor, _ wHH: Tensor, _ bIH: Tensor? = nil, _ bHH: Tensor? = nil
  ) -> (h: Tensor, c: Tensor) {
    let both = RecurrentCells.lstm(x, [state.0, state.1], wIH, wHH, bIH, bHH)
    return (both[0], both[1])
  }
}
