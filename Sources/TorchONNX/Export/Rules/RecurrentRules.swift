// Recurrent networks: a node for each layer.
//
// PyTorch's gates are i, f, g, o (LSTM) and r, z, n (GRU) below each other; ONNX has i, o, f, c and z, r, h. Sequences are
// (T, N, input) in both, but ONNX's outputs have a dimension for the direction: (T, directions, N, hidden).
// Reference: https://onnx.ai/onnx/operators/onnx__LSTM.html

import TorchCore

extension ONNX {
  enum RecurrentRules {
    /// What distinguishes the kinds of networks.
    private struct Kind {
      let onnx: String
      let gates: Int
      /// Where ONNX's gates are among PyTorch's.
      let order: [Int]
      var attributes: [String: NodeAttribute] = [:]
    }

    private static func kind(_ call: RuleCall) -> Kind {
      switch call.schema.name {
      case let name where name.contains("lstm"): Kind(onnx: "LSTM", gates: 4, order: [0, 3, 1, 2])
      // The hidden bias is inside of the reset gate's product.
      case let name where name.contains("gru"):
        Kind(onnx: "GRU", gates: 3, order: [1, 0, 2], attributes: ["linear_before_reset": 1])
      case let name where name.contains("relu"):
        Kind(onnx: "RNN", gates: 1, order: [0], attributes: ["activations": .strings(["Relu"])])
      default: Kind(onnx: "RNN", gates: 1, order: [0])
      }
    }

    /// Rows of a weight or bias with the gates in ONNX's order.
    private static func gates(_ call: RuleCall, _ x: Wire, _ kind: Kind, _ hidden: Int) -> Wire {
      guard kind.gates > 1 else { return x }
      let parts = call.graph.split(x, Array(repeating: hidden, count: kind.gates), axis: 0)
      return call.graph.concat(kind.order.map { parts[$0] }, axis: 0)
    }

    /// The weights of one layer: for each direction W, R and B, stacked.
    private static func weights(
      _ call: RuleCall, _ parameters: [Wire], _ kind: Kind, _ hidden: Int, directions: Int, hasBiases: Bool
    ) -> (w: Wire, r: Wire, b: Wire?) {
      let g = call.graph
      let count = hasBiases ? 4 : 2
      func stacked(_ part: (Int) -> Wire) -> Wire {
        g.concat((0..<directions).map { g.unsqueeze(part($0), [0]) }, axis: 0)
      }
      func gate(_ i: Int) -> Wire { gates(call, parameters[i], kind, hidden) }
      return (
        stacked { gate($0 * count) }, stacked { gate($0 * count + 1) },
        hasBiases ? stacked { g.concat([gate($0 * count + 2), gate($0 * count + 3)], axis: 0) } : nil
      )
    }

    /// The number of rows that a gate has.
    private static func hiddenSize(_ call: RuleCall, _ kind: Kind, _ parameter: Exported) throws -> Int {
      guard let rows = try call.sizes(of: parameter)[0] else { throw call.unsupported("weights without fixed sizes") }
      return rows / kind.gates
    }

    private static func network(_ call: RuleCall) throws -> [Wire] {
      let g = call.graph
      let kind = kind(call)
      if try call.bool("train"), try call.double("dropout") > 0 {
        throw call.unsupported("it draws random numbers in training")
      }
      let (layers, hasBiases) = (try call.int("num_layers"), try call.bool("has_biases"))
      let directions = try call.bool("bidirectional") ? 2 : 1
      let parameters = try call.list("params")
      let perDirection = parameters.count / max(layers * directions, 1)
      let isProjected = perDirection == (hasBiases ? 5 : 3)
      let dtype = try call.dtype(of: parameters[0], "params")
      var x: Wire
      // Of a packed sequence, which of the (T, N) places have an element.
      var mask: Wire?
      if call.has("batch_sizes") {
        mask = PackedSequenceRules.mask(g, batchSizes: try call["batch_sizes"])
        x = PackedSequenceRules.pad(g, try call["data"], mask!, try g.scalar(0, dtype), rank: 2)
      } else {
        guard try call.rank("input") == 3 else { throw call.unsupported("an input without a batch") }
        x = try call["input"]
      }
      let batchFirst = try call.bool("batch_first")
      if batchFirst { x = g.transpose(x, [1, 0, 2]) }
      let states = try states(call, kind)
      var last: [[Wire]] = Array(repeating: [], count: states.count)
      for layer in 0..<layers {
        let count = directions * perDirection
        let own = try parameters[layer * count..<(layer + 1) * count].map { try call.wire($0) }
        // The states of this layer's directions.
        let start = states.map { state in
          state.map { layers == 1 ? $0 : g.slice($0, axis: 0, layer * directions, (layer + 1) * directions) }
        }
        let hidden = try hiddenSize(call, kind, parameters[layer * count])
        let results =
          isProjected
          ? try projected(call, x, own, start, mask, hidden, directions: directions, hasBiases: hasBiases, dtype)
          : plain(call, kind, x, own, start, mask, hidden, directions: directions, hasBiases: hasBiases)
        x = results[0]
        for i in states.indices { last[i].append(results[1 + i]) }
      }
      if let mask { x = PackedSequenceRules.pack(g, x, mask, rank: 3) }
      if batchFirst { x = g.transpose(x, [1, 0, 2]) }
      return [x] + last.map { g.concat($0, axis: 0) }
    }

    /// The first states; nil where they are zero for sure, whatever the size of the batch.
    private static func states(_ call: RuleCall, _ kind: Kind) throws -> [Wire?] {
      let values = kind.onnx == "LSTM" ? try call.list("hx") : [try call.argument("hx")]
      return try values.map { value in
        if case .constant(.tensor(let tensor)) = value,
          try withErrors({ try tensor.abs().sum().item(Double.self) }) == 0
        {
          return nil
        }
        return try call.wire(value)
      }
    }

    /// A layer of ONNX's own: its outputs (T, N, directions · hidden), and its last states.
    private static func plain(
      _ call: RuleCall, _ kind: Kind, _ x: Wire, _ parameters: [Wire], _ start: [Wire?], _ mask: Wire?, _ hidden: Int,
      directions: Int, hasBiases: Bool
    ) -> [Wire] {
      let g = call.graph
      var attributes = kind.attributes
      attributes["hidden_size"] = .int(hidden)
      if directions == 2 {
        attributes["direction"] = "bidirectional"
        if case .strings(let one)? = attributes["activations"] { attributes["activations"] = .strings(one + one) }
      }
      let (w, r, b) = weights(call, parameters, kind, hidden, directions: directions, hasBiases: hasBiases)
      let lengths = mask.map { g.cast(PackedSequenceRules.lengths(g, $0), to: .int32) }
      var results = g.emit(kind.onnx, [x, w, r, b, lengths] + start, attributes, outputs: 1 + start.count)
      // (T, directions, N, hidden) becomes (T, N, directions · hidden).
      results[0] =
        directions == 1
        ? g.squeeze(results[0], [1])
        : g.reshape(g.transpose(results[0], [0, 2, 1, 3]), [0, 0, directions * hidden])
      return results
    }

    /// A layer of an LSTM whose output is a product with a matrix, which ONNX's LSTM does not have: a Scan over its steps.
    private static func projected(
      _ call: RuleCall, _ x: Wire, _ parameters: [Wire], _ start: [Wire?], _ mask: Wire?, _ hidden: Int,
      directions: Int, hasBiases: Bool, _ dtype: DType
    ) throws -> [Wire] {
      let g = call.graph
      let count = parameters.count / directions
      let places = mask.map { (wire: g.unsqueeze($0, [2]), dtype: DType.bool) }
      var (outputs, last): ([Wire], [[Wire]]) = ([], [[], []])
      for direction in 0..<directions {
        let own = Array(parameters[direction * count..<(direction + 1) * count])
        let projection = g.transpose(own[count - 1], [1, 0])
        let recurrent = g.transpose(own[1], [1, 0])
        var steps = g.matmul(x, g.transpose(own[0], [1, 0]))
        if hasBiases { steps = g.add(steps, g.add(own[2], own[3])) }
        let widths = [g.sizeList(own[1], 1), g.ints([hidden])]
        let states = try start.indices.map { i -> (wire: Wire, dtype: DType) in
          if let state = start[i] {
            return (g.squeeze(directions == 1 ? state : g.slice(state, axis: 0, direction, direction + 1), [0]), dtype)
          }
          let sizes = g.concat([g.sizeList(x, 1), widths[i]], axis: 0)
          return (g.expand(try g.scalar(0, dtype), sizes), dtype)
        }
        let inputs = [(wire: steps, dtype: dtype)] + (places.map { [$0] } ?? [])
        let results = g.scan(states, inputs, reversed: direction == 1) { g, states, elements in
          let sums = g.add(elements[0], g.matmul(states[0], recurrent))
          let gates = g.split(sums, Array(repeating: hidden, count: 4), axis: 1)
          func sigmoid(_ x: Wire) -> Wire { g.emit("Sigmoid", [x]) }
          func tanh(_ x: Wire) -> Wire { g.emit("Tanh", [x]) }
          var c = g.add(g.mul(sigmoid(gates[1]), states[1]), g.mul(sigmoid(gates[0]), tanh(gates[2])))
          var h = g.matmul(g.mul(sigmoid(gates[3]), tanh(c)), projection)
          if elements.count > 1 {
            (h, c) = (g.select(elements[1], h, states[0]), g.select(elements[1], c, states[1]))
          }
          return ([h, c], [h])
        }
        outputs.append(results.outputs[0])
        for i in last.indices { last[i].append(g.unsqueeze(results.states[i], [0])) }
      }
      return [g.concat(outputs, axis: 2)] + last.map { g.concat($0, axis: 0) }
    }

    /// One step, as a sequence of length one.
    private static func cell(_ call: RuleCall) throws -> [Wire] {
      let g = call.graph
      let kind = kind(call)
      let names = ["w_ih", "w_hh"] + (call.has("b_ih") ? ["b_ih", "b_hh"] : [])
      guard try call.rank("input") == 2 else { throw call.unsupported("an input without a batch") }
      let hidden = try hiddenSize(call, kind, try call.argument("w_ih"))
      let parameters = try names.map { try call[$0] }
      let (w, r, b) = weights(call, parameters, kind, hidden, directions: 1, hasBiases: names.count == 4)
      let states = kind.onnx == "LSTM" ? try call.wires("hx") : [try call["hx"]]
      var attributes = kind.attributes
      attributes["hidden_size"] = .int(hidden)
      let start = states.map { g.unsqueeze($0, [0]) }
      let x = g.unsqueeze(try call["input"], [0])
      let results = g.emit(kind.onnx, [x, w, r, b, nil] + start.map { $0 }, attributes, outputs: 1 + states.count)
      return states.indices.map { g.squeeze(results[1 + $0], [0]) }
    }

    static let rules: [ExportRule] = [
      .many("lstm", as: ["LSTM", "Scan"], network), .many("gru", as: ["GRU"], network),
      .many("rnn_tanh", "rnn_relu", as: ["RNN"], network),
      .many("lstm_cell", as: ["LSTM"], cell), .many("gru_cell", as: ["GRU"], cell),
      .many("rnn_tanh_cell", "rnn_relu_cell", as: ["RNN"], cell),
    ]
  }
}
