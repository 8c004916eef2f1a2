// Recurrent networks: a node for each layer.
//
// PyTorch's gates are i, f, g, o (LSTM) and r, z, n (GRU) below each other; ONNX has i, o, f, c and z, r, h. Sequences are
// (T, N, input) in both, but ONNX's outputs have a dimension for the direction: (T, directions, N, hidden).

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
      guard call.find("batch_sizes") == nil else { throw call.unsupported("a packed sequence") }
      let kind = kind(call)
      guard try call.rank("input") == 3 else { throw call.unsupported("an input without a batch") }
      if try call.bool("train"), try call.double("dropout") > 0 {
        throw call.unsupported("it draws random numbers in training")
      }
      let (layers, hasBiases) = (try call.int("num_layers"), try call.bool("has_biases"))
      let directions = try call.bool("bidirectional") ? 2 : 1
      let batchFirst = try call.bool("batch_first")
      let parameters = try call.list("params")
      let perLayer = directions * (hasBiases ? 4 : 2)
      guard parameters.count == layers * perLayer else { throw call.unsupported("an LSTM with projections") }
      let hidden = try hiddenSize(call, kind, parameters[0])
      let states = kind.onnx == "LSTM" ? try call.wires("hx") : [try call["hx"]]
      var x = try call["input"]
      if batchFirst { x = g.transpose(x, [1, 0, 2]) }
      var last: [[Wire]] = Array(repeating: [], count: states.count)
      var attributes = kind.attributes
      attributes["hidden_size"] = .int(hidden)
      if directions == 2 {
        attributes["direction"] = "bidirectional"
        if case .strings(let one)? = attributes["activations"] { attributes["activations"] = .strings(one + one) }
      }
      for layer in 0..<layers {
        let own = try parameters[layer * perLayer..<(layer + 1) * perLayer].map { try call.wire($0) }
        let (w, r, b) = weights(call, own, kind, hidden, directions: directions, hasBiases: hasBiases)
        // The states of this layer's directions.
        let start = states.map { state in
          layers == 1 ? state : g.slice(state, axis: 0, layer * directions, (layer + 1) * directions)
        }
        let results = g.emit(kind.onnx, [x, w, r, b, nil] + start.map { $0 }, attributes, outputs: 1 + states.count)
        // (T, directions, N, hidden) becomes (T, N, directions · hidden).
        x =
          directions == 1
          ? g.squeeze(results[0], [1]) : g.reshape(g.transpose(results[0], [0, 2, 1, 3]), [0, 0, directions * hidden])
        for i in states.indices { last[i].append(results[1 + i]) }
      }
      if batchFirst { x = g.transpose(x, [1, 0, 2]) }
      return [x] + last.map { g.concat($0, axis: 0) }
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
      .many("lstm", as: ["LSTM"], network), .many("gru", as: ["GRU"], network),
      .many("rnn_tanh", "rnn_relu", as: ["RNN"], network),
      .many("lstm_cell", as: ["LSTM"], cell), .many("gru_cell", as: ["GRU"], cell),
      .many("rnn_tanh_cell", "rnn_relu_cell", as: ["RNN"], cell),
    ]
  }
}
