// Recurrent networks over whole sequences: layers and directions of cells, of padded and of packed sequences.
//
// A padded sequence is (T, N, input), or (N, T, input) with `batch_first`; a packed one is the rows of all steps below
// each other, each step with the `batch_sizes` first sequences of a batch sorted by length.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html

enum Recurrent {
  /// How a network is put together.
  struct Plan {
    let cell: RecurrentCell
    /// For each layer one set of weights, or two.
    let layers: [[RecurrentWeights]]
    let dropout: Double
    let train: Bool

    init(
      _ cell: RecurrentCell, _ parameters: [Tensor], hasBiases: Bool, layers: Int, _ dropout: Double, train: Bool,
      bidirectional: Bool, projected: Bool
    ) throws {
      let size = 2 + (hasBiases ? 2 : 0) + (projected ? 1 : 0)
      let directions = bidirectional ? 2 : 1
      guard parameters.count == size * layers * directions else {
        throw TorchError(
          .value, parameters.count % size != 0 ? "got an incorrect number of RNN parameters" : "Expected more RNN parameters")
      }
      let sets = (0..<layers * directions).map { i -> RecurrentWeights in
        let set = Array(parameters[i * size..<(i + 1) * size])
        return RecurrentWeights(
          input: set[0], hidden: set[1], inputBias: hasBiases ? set[2] : nil, hiddenBias: hasBiases ? set[3] : nil,
          projection: projected ? set[size - 1] : nil)
      }
      self.cell = cell
      self.layers = (0..<layers).map { Array(sets[$0 * directions..<($0 + 1) * directions]) }
      self.dropout = dropout
      self.train = train
    }

    /// Layers with the weights of one direction, or two, each.
    init(_ cell: RecurrentCell, layers: [[RecurrentWeights]]) {
      self.cell = cell
      self.layers = layers
      dropout = 0
      train = false
    }

    /// The outputs of the last layer and the last states of all. `state` has (layers · directions, N, hidden) each.
    func run(_ input: Tensor, _ state: [Tensor], _ scan: Scan) throws -> [Tensor] {
      let directions = layers[0].count
      for h in state where h.ndim != 3 || h.shape[0] != layers.count * directions {
        throw TorchError(
          .shape, "Expected hidden states of size [\(layers.count * directions), N, hidden], got \(h.shape.listDescription)")
      }
      var x = input
      var last: [[Tensor]] = state.map { _ in [] }
      for (l, weights) in layers.enumerated() {
        var outputs: [Tensor] = []
        for (d, set) in weights.enumerated() {
          let start = state.map { $0.select(0, l * directions + d) }
          let (y, end) = scan.run(cell, set.gates(ofInput: x), start, set, reverse: d == 1)
          outputs.append(y)
          for (i, h) in end.enumerated() { last[i].append(h) }
        }
        x = outputs.count == 1 ? outputs[0] : torch.cat(outputs, dim: -1)
        if dropout != 0, train, l + 1 < layers.count { x = torch.dropout(x, p: dropout, train: true) }
      }
      return [x] + last.map { torch.stack($0) }
    }
  }

  /// Goes through the steps of a sequence in one direction.
  enum Scan {
    case padded
    /// How many sequences take part in each step.
    case packed([Int])

    func run(
      _ cell: RecurrentCell, _ gates: Tensor, _ start: [Tensor], _ weights: RecurrentWeights, reverse: Bool
    ) -> (Tensor, [Tensor]) {
      let (weight, bias) = (weights.hidden, weights.hiddenBias)
      guard gates.isValid, weights.quantized == nil, weights.projection == nil,
        RecurrentScan.isSupported(gates, start, weight, bias)
      else { return stepwise(cell, gates, start, weights, reverse: reverse) }
      let rows: Tensor, sizes: [Int]
      switch self {
      case .padded:
        rows = gates.flatten(0, 1)
        sizes = Array(repeating: gates.shape[1], count: gates.shape[0])
      case .packed(let given): (rows, sizes) = (gates, given)
      }
      let inputs = [rows, weight] + start + (bias.map { [$0] } ?? [])
      let train = Modes.current.recordsGradients && inputs.contains(where: \.requiresGrad)
      let results = RecurrentScan.scan(rows, start, weight, bias, sizes, cell.rawValue, reverse, train)
      let isSequence = gates.ndim == 3 && results[0].isValid
      let output = isSequence ? results[0].unflatten(0, Array(gates.shape.prefix(2))) : results[0]
      return (output, Array(results[1...start.count]))
    }

    /// The same by the operators of each step.
    func stepwise(
      _ cell: RecurrentCell, _ gates: Tensor, _ start: [Tensor], _ weights: RecurrentWeights, reverse: Bool
    ) -> (Tensor, [Tensor]) {
      switch self {
      case .padded: Scan.padded(cell, gates, start, weights, reverse: reverse)
      case .packed(let sizes):
        reverse
          ? Scan.packedBackward(cell, gates, start, weights, sizes) : Scan.packedForward(cell, gates, start, weights, sizes)
      }
    }

    private static func padded(
      _ cell: RecurrentCell, _ gates: Tensor, _ start: [Tensor], _ weights: RecurrentWeights, reverse: Bool
    ) -> (Tensor, [Tensor]) {
      var state = start
      var outputs: [Tensor] = []
      let steps = gates.unbind(0)
      for gates in reverse ? steps.reversed() : steps {
        state = cell.step(gates, state, weights)
        outputs.append(state[0])
      }
      return (torch.stack(reverse ? outputs.reversed() : outputs), state)
    }

    /// Sequences drop out as they end.
    private static func packedForward(
      _ cell: RecurrentCell, _ gates: Tensor, _ start: [Tensor], _ weights: RecurrentWeights, _ sizes: [Int]
    ) -> (Tensor, [Tensor]) {
      var state = start.map { $0.narrow(0, 0, sizes[0]) }
      var outputs: [Tensor] = []
      var ended: [[Tensor]] = start.map { _ in [] }
      var (row, size) = (0, sizes[0])
      for next in sizes {
        if next < size {
          for i in state.indices {
            ended[i].append(state[i].narrow(0, next, size - next))
            state[i] = state[i].narrow(0, 0, next)
          }
          size = next
        }
        state = cell.step(gates.narrow(0, row, next), state, weights)
        outputs.append(state[0])
        row += next
      }
      let last = state.indices.map { torch.cat([state[$0]] + ended[$0].reversed()) }
      return (torch.cat(outputs), last)
    }

    /// From the end: sequences join as they begin, the longest first.
    private static func packedBackward(
      _ cell: RecurrentCell, _ gates: Tensor, _ start: [Tensor], _ weights: RecurrentWeights, _ sizes: [Int]
    ) -> (Tensor, [Tensor]) {
      var size = sizes.last!
      var state = start.map { $0.narrow(0, 0, size) }
      var outputs: [Tensor] = []
      var row = gates.shape[0]
      for next in sizes.reversed() {
        if next > size {
          for i in state.indices { state[i] = torch.cat([state[i], start[i].narrow(0, size, next - size)]) }
          size = next
        }
        row -= next
        state = cell.step(gates.narrow(0, row, next), state, weights)
        outputs.append(state[0])
      }
      return (torch.cat(outputs.reversed()), state)
    }
  }

  // MARK: Operators

  private static func input(
    _ cell: RecurrentCell, _ x: Tensor, _ state: [Tensor], _ parameters: [Tensor], _ hasBiases: Bool, _ layers: Int,
    _ dropout: Double, _ train: Bool, _ bidirectional: Bool, _ batchFirst: Bool
  ) throws -> [Tensor] {
    let plan = try plan(cell, state, parameters, hasBiases, layers, dropout, train, bidirectional)
    guard x.ndim == 3, x.shape[batchFirst ? 1 : 0] > 0 else {
      throw TorchError(.shape, "Expected sequence length to be larger than 0 in RNN")
    }
    var results = try plan.run(batchFirst ? x.transpose(0, 1) : x, state, .padded)
    if batchFirst { results[0] = results[0].transpose(0, 1) }
    return results
  }

  private static func data(
    _ cell: RecurrentCell, _ x: Tensor, _ sizes: Tensor, _ state: [Tensor], _ parameters: [Tensor], _ hasBiases: Bool,
    _ layers: Int, _ dropout: Double, _ train: Bool, _ bidirectional: Bool
  ) throws -> [Tensor] {
    let plan = try plan(cell, state, parameters, hasBiases, layers, dropout, train, bidirectional)
    let sizes = try sizes.toArray(Int.self)
    guard !sizes.isEmpty, sizes.reduce(0, +) == x.shape[0], sizes == sizes.sorted(by: >), sizes.last! > 0 else {
      throw TorchError(.value, "batch_sizes must be positive, falling, and sum to the number of rows \(x.shape[0])")
    }
    return try plan.run(x, state, .packed(sizes))
  }

  private static func plan(
    _ cell: RecurrentCell, _ state: [Tensor], _ parameters: [Tensor], _ hasBiases: Bool, _ layers: Int,
    _ dropout: Double, _ train: Bool, _ bidirectional: Bool
  ) throws -> Plan {
    if case .lstm = cell, state.count != 2 { throw TorchError(.value, "lstm expects two hidden states") }
    // The cell state of an LSTM with projections is larger than its output.
    let projected = state.count == 2 && state[0].shape.last != state[1].shape.last
    return try Plan(
      cell, parameters, hasBiases: hasBiases, layers: layers, dropout, train: train, bidirectional: bidirectional,
      projected: projected)
  }

  typealias Input<State: OperatorArgument> =
    Operator<Tensor, State, [Tensor], Bool, Int, Double, Bool, Bool, Bool, [Tensor]>
  typealias Data<State: OperatorArgument> =
    Operator<Tensor, Tensor, State, [Tensor], Bool, Int, Double, Bool, Bool, [Tensor]>

  private static let options = "Tensor[] params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional"

  private static func network(_ name: String, _ cell: RecurrentCell) -> (input: Input<Tensor>, data: Data<Tensor>) {
    (
      Operator(composite: "\(name).input(Tensor input, Tensor hx, \(options), bool batch_first) -> (Tensor, Tensor)") {
        x, h, parameters, hasBiases, layers, dropout, train, bidirectional, batchFirst in
        try input(cell, x, [h], parameters, hasBiases, layers, dropout, train, bidirectional, batchFirst)
      },
      Operator(composite: "\(name).data(Tensor data, Tensor batch_sizes, Tensor hx, \(options)) -> (Tensor, Tensor)") {
        x, sizes, h, parameters, hasBiases, layers, dropout, train, bidirectional in
        try data(cell, x, sizes, [h], parameters, hasBiases, layers, dropout, train, bidirectional)
      }
    )
  }

  static let rnnTanh = network("rnn_tanh", .tanh), rnnRelu = network("rnn_relu", .relu), gru = network("gru", .gru)

  static let lstmInput: Input<[Tensor]> = Operator(
    composite: "lstm.input(Tensor input, Tensor[] hx, \(options), bool batch_first) -> (Tensor, Tensor, Tensor)"
  ) { x, state, parameters, hasBiases, layers, dropout, train, bidirectional, batchFirst in
    try input(.lstm, x, state, parameters, hasBiases, layers, dropout, train, bidirectional, batchFirst)
  }

  static let lstmData: Data<[Tensor]> = Operator(
    composite: "lstm.data(Tensor data, Tensor batch_sizes, Tensor[] hx, \(options)) -> (Tensor, Tensor, Tensor)"
  ) { x, sizes, state, parameters, hasBiases, layers, dropout, train, bidirectional in
    try data(.lstm, x, sizes, state, parameters, hasBiases, layers, dropout, train, bidirectional)
  }

  static let operators: [AnyOperator] =
    [rnnTanh, rnnRelu, gru].flatMap { [$0.input, $0.data] as [AnyOperator] } + [lstmInput, lstmData]
}

/// The kinds of recurrent networks, as modules name them.
package enum RecurrentMode: Sendable {
  case tanh, relu, lstm, gru

  /// The outputs of the last layer, then the last states. `batchSizes` says that `x` is packed.
  package func run(
    _ x: Tensor, batchSizes: Tensor?, _ state: [Tensor], _ parameters: [Tensor], hasBiases: Bool, layers: Int,
    dropout: Double, train: Bool, bidirectional: Bool, batchFirst: Bool
  ) -> [Tensor] {
    if case .lstm = self {
      guard let batchSizes else {
        return Recurrent.lstmInput(x, state, parameters, hasBiases, layers, dropout, train, bidirectional, batchFirst)
      }
      return Recurrent.lstmData(x, batchSizes, state, parameters, hasBiases, layers, dropout, train, bidirectional)
    }
    let network = self == .tanh ? Recurrent.rnnTanh : self == .relu ? Recurrent.rnnRelu : Recurrent.gru
    guard let batchSizes else {
      return network.input(x, state[0], parameters, hasBiases, layers, dropout, train, bidirectional, batchFirst)
    }
    return network.data(x, batchSizes, state[0], parameters, hasBiases, layers, dropout, train, bidirectional)
  }
}
