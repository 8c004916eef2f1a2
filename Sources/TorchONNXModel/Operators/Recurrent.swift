// Recurrent networks: RNN, GRU and LSTM in both directions, with any of ONNX's activations, peepholes and lengths.
//
// The input's part of all gates is one matrix product for the whole sequence; the steps add the state's part.
// Reference: https://onnx.ai/onnx/operators/onnx__LSTM.html

import TorchCore

extension ONNX {
  enum Recurrent {
    /// An activation by name, with its parameters taken from the lists in order.
    private static func activation(_ name: String, _ alpha: Double?, _ beta: Double?) throws -> @Sendable (Tensor) -> Tensor {
      switch name.lowercased() {
      case "sigmoid": return { $0.sigmoid() }
      case "tanh": return { $0.tanh() }
      case "relu": return { $0.relu() }
      case "affine": return { $0 * (alpha ?? 1) + (beta ?? 0) }
      case "leakyrelu": return { $0.leakyRelu(negativeSlope: .double(alpha ?? 0.01)) }
      case "thresholdedrelu": return { torch.where($0 >= (alpha ?? 1), $0, Tensor.zeros(like: $0)) }
      case "scaledtanh": return { ($0 * (beta ?? 1)).tanh() * (alpha ?? 1) }
      case "hardsigmoid": return { ($0 * (alpha ?? 0.2) + (beta ?? 0.5)).clamp(min: 0, max: 1) }
      case "elu": return { $0.elu(alpha: .double(alpha ?? 1)) }
      case "softsign": return { $0 / ($0.abs() + 1) }
      case "softplus": return { $0.softplus() }
      default: throw TorchError(.notImplemented, "unknown activation '\(name)'")
      }
    }

    /// The activations of each direction, `count` of them.
    private static func activations(_ call: Call, _ defaults: [String], directions: Int) throws -> [[@Sendable (Tensor) -> Tensor]] {
      let count = defaults.count
      var names = call.strings("activations")
      if names.isEmpty { names = Array(repeating: defaults, count: directions).flatMap { $0 } }
      try call.check(names.count == count * directions, "\(names.count) activations, \(count * directions) are needed")
      let (alphas, betas) = (call.floats("activation_alpha"), call.floats("activation_beta"))
      let all = try names.enumerated().map { i, name in
        try activation(name, i < alphas.count ? alphas[i] : nil, i < betas.count ? betas[i] : nil)
      }
      return (0..<directions).map { Array(all[$0 * count..<($0 + 1) * count]) }
    }

    /// A product with weights: `x` (…, input) to (…, output).
    typealias Product = (_ x: Tensor) -> Tensor

    /// The weights of one direction, its first input and recurrent.
    typealias Weights = (_ direction: Int) throws -> (input: Product, recurrence: Product)

    /// What all three have in common.
    private struct Layer {
      var x: Tensor  // (steps, batch, input)
      let weight: Product, recurrence: Product
      let bias: Tensor?
      let hidden: Int
      let lengths: Tensor?
      let reverse: Bool

      var steps: Int { x.shape[0] }

      /// A sequence reversed within its length.
      func turned(_ sequence: Tensor) -> Tensor {
        guard reverse else { return sequence }
        guard let lengths else { return sequence.flip([0]) }
        let position = Tensor.arange(.int(steps)).unsqueeze(1)
        let length = lengths.unsqueeze(0)
        let source = torch.where(position < length, length - 1 - position, position)
        return sequence.gather(0, source.unsqueeze(2).expand(Array(sequence.shape)))
      }

      /// The states of all steps and the last one; past a sequence's end its state stays, and its output is zero.
      func run(_ initial: [Tensor], _ step: (_ t: Int, _ state: [Tensor]) -> [Tensor]) -> (all: Tensor, last: [Tensor]) {
        var state = initial
        var outputs: [Tensor] = []
        for t in 0..<steps {
          let next = step(t, state)
          if let lengths {
            let active = (lengths > t).unsqueeze(1)
            state = zip(next, state).map { torch.where(active, $0, $1) }
            outputs.append(torch.where(active, next[0], Tensor.zeros(like: next[0])))
          } else {
            state = next
            outputs.append(next[0])
          }
        }
        let all = outputs.isEmpty ? Tensor.zeros([0, x.shape[1], hidden], dtype: x.dtype) : torch.stack(outputs)
        return (turned(all), state)
      }
    }

    /// Runs every direction, and gives the outputs in ONNX's layout: Y (steps, directions, batch, hidden), then the
    /// last states (directions, batch, hidden).
    private static func run(
      _ call: Call, gates: Int, stateInputs: [Int], weights: Weights? = nil, _ direction: (Call, Layer, Int, [Tensor]) throws -> (all: Tensor, last: [Tensor])
    ) throws -> [Value] {
      let batchFirst = call.bool("layout")
      let given = try call[0]
      let x = batchFirst ? given.transpose(0, 1) : given
      let (weight, recurrence) = (try call[1], try call[2])
      try call.check(x.ndim == 3 && weight.ndim == 3 && recurrence.ndim == 3, "X, W and R must have 3 dimensions")
      let directions = weight.shape[0]
      let kind = call.string("direction", "forward")
      try call.check(
        directions == (kind == "bidirectional" ? 2 : 1) && recurrence.shape[0] == directions,
        "direction '\(kind)' with weights for \(directions)")
      // Quantized weights lie the other way around.
      let (hidden, outputs1, outputs2) =
        weights == nil
        ? (recurrence.shape[2], weight.shape[1], recurrence.shape[1]) : (recurrence.shape[1], weight.shape[2], recurrence.shape[2])
      try call.check(outputs1 == gates * hidden && outputs2 == gates * hidden, "weights \(weight.shape), \(recurrence.shape)")
      let lengths = try call.optional(4)?.to(.int64)
      var outputs: [Tensor] = []
      var states: [[Tensor]] = Array(repeating: [], count: stateInputs.count)
      for d in 0..<directions {
        let reverse = kind == "reverse" || d == 1
        let products = try weights?(d) ?? (input: plain(weight.select(0, d)), recurrence: plain(recurrence.select(0, d)))
        var layer = Layer(
          x: x, weight: products.input, recurrence: products.recurrence,
          bias: try call.optional(3)?.select(0, d), hidden: hidden, lengths: lengths, reverse: reverse)
        layer.x = layer.turned(x)
        let initial = try stateInputs.map { i -> Tensor in
          guard let state = try call.optional(i) else { return Tensor.zeros([x.shape[1], hidden], dtype: x.dtype) }
          return (batchFirst ? state.transpose(0, 1) : state).select(0, d)
        }
        let result = try direction(call, layer, d, initial)
        outputs.append(result.all)
        for (i, state) in result.last.enumerated() { states[i].append(state) }
      }
      let all = torch.stack(outputs, dim: 1)
      let y = batchFirst ? all.permute([2, 0, 1, 3]) : all
      return ([y] + states.map { batchFirst ? torch.stack($0).transpose(0, 1) : torch.stack($0) }).map { call.typed($0, like: 0) }
    }

    private static func plain(_ weight: Tensor) -> Product {
      let transposed = weight.t()
      return { $0.matmul(transposed) }
    }

    private static func clipped(_ call: Call, _ x: Tensor) -> Tensor {
      guard call.has("clip") else { return x }
      let limit = call.float("clip", 0)
      return x.clamp(min: .double(-limit), max: .double(limit))
    }

    /// The network as PyTorch has it too, in its own operator; nil for what only ONNX has (other activations, clipping,
    /// peepholes, lengths, coupled gates).
    /// - Parameter order: which of ONNX's gates each of PyTorch's is.
    private static func standard(
      _ call: Call, _ mode: RecurrentMode, _ defaults: [String], order: [Int], stateInputs: [Int]
    ) throws -> [Value]? {
      let (given, weight, recurrence) = (try call[0], try call[1], try call[2])
      let (kind, names) = (call.string("direction", "forward"), call.strings("activations").map { $0.lowercased() })
      guard given.ndim == 3, weight.ndim == 3, recurrence.ndim == 3,
        names.enumerated().allSatisfy({ $1 == defaults[$0 % defaults.count] }),
        !call.has("clip"), !call.has("activation_alpha"), !call.has("activation_beta"), !call.bool("input_forget"),
        try call.optional(4) == nil, try mode != .lstm || call.optional(7) == nil, given.dtype.isFloatingPoint
      else { return nil }
      let (directions, n) = (weight.shape[0], recurrence.shape[2])
      guard directions == (kind == "bidirectional" ? 2 : 1), recurrence.shape[0] == directions,
        weight.shape[1] == order.count * n, recurrence.shape[1] == order.count * n
      else { return nil }
      let batchFirst = call.bool("layout")
      var x = batchFirst ? given.transpose(0, 1) : given
      guard x.shape[0] > 0 else { return nil }
      if kind == "reverse" { x = x.flip([0]) }
      func sorted(_ x: Tensor, from start: Int = 0) -> Tensor {
        order.count == 1 ? x.narrow(0, start, n) : torch.cat(order.map { x.narrow(0, start + $0 * n, n) })
      }
      let bias = try call.optional(3)
      let parameters = (0..<directions).flatMap { d in
        [sorted(weight.select(0, d)), sorted(recurrence.select(0, d))]
          + (bias.map { [sorted($0.select(0, d)), sorted($0.select(0, d), from: order.count * n)] } ?? [])
      }
      let state = try stateInputs.map { i -> Tensor in
        guard let state = try call.optional(i) else {
          return Tensor.zeros([directions, x.shape[1], n], dtype: x.dtype)
        }
        return batchFirst ? state.transpose(0, 1) : state
      }
      var results = mode.run(
        x, batchSizes: nil, state, parameters, hasBiases: bias != nil, layers: 1, dropout: 0, train: false,
        bidirectional: directions == 2, batchFirst: false)
      guard results.allSatisfy(\.isValid) else { return results.map { call.typed($0, like: 0) } }
      if kind == "reverse" { results[0] = results[0].flip([0]) }
      // (steps, batch, directions · hidden)
      let all = results[0].unflatten(2, [directions, n])
      let last = results.dropFirst().map { batchFirst ? $0.transpose(0, 1) : $0 }
      return ([all.permute(batchFirst ? [1, 0, 2, 3] : [0, 2, 1, 3])] + last).map { call.typed($0, like: 0) }
    }

    private static func rnn(_ call: Call) throws -> [Value] {
      for (name, mode) in [("tanh", RecurrentMode.tanh), ("relu", .relu)] {
        // Without a name it is tanh.
        if call.strings("activations").isEmpty, name == "relu" { continue }
        if let results = try standard(call, mode, [name], order: [0], stateInputs: [5]) { return results }
      }
      let functions = try activations(call, ["Tanh"], directions: try call[1].shape[0])
      return try run(call, gates: 1, stateInputs: [5]) { call, layer, d, initial in
        let hidden = layer.hidden
        var input = layer.weight(layer.x)
        if let bias = layer.bias { input = input + bias.narrow(0, 0, hidden) + bias.narrow(0, hidden, hidden) }
        return layer.run(initial) { t, state in
          [functions[d][0](clipped(call, input.select(0, t) + layer.recurrence(state[0])))]
        }
      }
    }

    private static func gru(_ call: Call) throws -> [Value] {
      let functions = try activations(call, ["Sigmoid", "Tanh"], directions: try call[1].shape[0])
      let linearBeforeReset = call.bool("linear_before_reset")
      if linearBeforeReset,
        let results = try standard(call, .gru, ["sigmoid", "tanh"], order: [1, 0, 2], stateInputs: [5])
      {
        return results
      }
      return try run(call, gates: 3, stateInputs: [5]) { call, layer, d, initial in
        let n = layer.hidden
        var input = layer.weight(layer.x)
        let bias = layer.bias ?? Tensor.zeros([6 * n], dtype: layer.x.dtype)
        input = input + bias.narrow(0, 0, 3 * n)
        let stateBias = bias.narrow(0, 3 * n, 3 * n)
        let recurrence = try call[2].select(0, d)
        let (gates, candidate) = (recurrence.narrow(0, 0, 2 * n).t(), recurrence.narrow(0, 2 * n, n).t())
        let (f, g) = (functions[d][0], functions[d][1])
        return layer.run(initial) { t, state in
          let (xt, h) = (input.select(0, t), state[0])
          let zr = f(clipped(call, xt.narrow(1, 0, 2 * n) + h.matmul(gates) + stateBias.narrow(0, 0, 2 * n)))
          let (z, r) = (zr.narrow(1, 0, n), zr.narrow(1, n, n))
          let own = stateBias.narrow(0, 2 * n, n)
          let memory = linearBeforeReset ? r * (h.matmul(candidate) + own) : (r * h).matmul(candidate) + own
          let c = g(clipped(call, xt.narrow(1, 2 * n, n) + memory))
          return [(1 - z) * c + z * h]
        }
      }
    }

    private static func lstm(_ call: Call) throws -> [Value] { try lstm(call, weights: nil) }

    static func lstm(_ call: Call, weights: Weights?) throws -> [Value] {
      if weights == nil,
        let results = try standard(
          call, .lstm, ["sigmoid", "tanh", "tanh"], order: [0, 2, 3, 1], stateInputs: [5, 6])
      {
        return results
      }
      let functions = try activations(call, ["Sigmoid", "Tanh", "Tanh"], directions: try call[1].shape[0])
      let coupled = call.bool("input_forget")
      return try run(call, gates: 4, stateInputs: [5, 6], weights: weights) { call, layer, d, initial in
        let n = layer.hidden
        var input = layer.weight(layer.x)
        if let bias = layer.bias { input = input + bias.narrow(0, 0, 4 * n) + bias.narrow(0, 4 * n, 4 * n) }
        let peepholes = try call.optional(7)?.select(0, d)
        let (f, g, h) = (functions[d][0], functions[d][1], functions[d][2])
        // Gates lie in the order input, output, forget, cell; peepholes as input, output, forget.
        return layer.run(initial) { t, state in
          let gates = input.select(0, t) + layer.recurrence(state[0])
          if peepholes == nil, !coupled, gates.isValid {
            // Three gates at once.
            let open = f(clipped(call, gates.narrow(1, 0, 3 * n)))
            let new = open.narrow(1, 0, n) * g(clipped(call, gates.narrow(1, 3 * n, n)))
            let cell = open.narrow(1, 2 * n, n) * state[1] + new
            return [open.narrow(1, n, n) * h(cell), cell]
          }
          func gate(_ i: Int, _ cell: Tensor?) -> Tensor {
            let part = gates.narrow(1, i * n, n)
            guard i < 3, let peepholes, let cell else { return clipped(call, part) }
            return clipped(call, part + peepholes.narrow(0, i * n, n) * cell)
          }
          let i = f(gate(0, state[1]))
          let forget = coupled ? 1 - i : f(gate(2, state[1]))
          let cell = forget * state[1] + i * g(gate(3, nil))
          return [f(gate(1, cell)) * h(cell), cell]
        }
      }
    }

    static let operators: [OperatorDeclaration] = [
      .values("RNN", rnn), .values("GRU", gru), .values("LSTM", lstm),
    ]
  }
}
