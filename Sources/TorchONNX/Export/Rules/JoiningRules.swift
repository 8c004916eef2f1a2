// Joining tensors, and taking them apart.

import TorchCore

extension ONNX {
  enum JoiningRules {
    private static func cat(_ call: RuleCall) throws -> Wire {
      let (dtype, rank) = (try call.resultType(), try call.resultRank())
      // A tensor of one dimension without elements goes with everything.
      let parts = try call.list("tensors").filter { try call.sizes(of: $0) != [0] || rank == 1 }
      let axis = call.axis(try call.int("dim"), rank)
      return call.graph.concat(try parts.map { try call.operand($0, dtype) }, axis: axis)
    }

    private static func stack(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      if case .sequence(let sequence) = try call.argument("tensors") {
        return g.emit("ConcatFromSequence", [sequence.wire], ["axis": .int(try call.int("dim")), "new_axis": 1])
      }
      let dtype = try call.resultType()
      let parts = try call.list("tensors")
      let axis = call.axis(try call.int("dim"), try call.rank(of: parts[0]) + 1)
      return g.concat(try parts.map { g.unsqueeze(try call.operand($0, dtype), [axis]) }, axis: axis)
    }

    /// Parts along a dimension; their number is that of the example.
    private static func parts(_ call: RuleCall, _ axis: Int) throws -> [Wire] {
      let (g, x) = (call.graph, try call["self"])
      guard let samples = call.results?.compactMap({ $0[0].elements?.compactMap(\.tensor) }),
        let first = samples.first, samples.allSatisfy({ $0.count == first.count })
      else { throw call.unsupported("the number of parts differs between runs") }
      if try call.sizes(of: "self")[axis] != nil { return g.split(x, first.map { $0.shape[axis] }, axis: axis) }
      if first.count == 1 { return [x] }
      guard call.find("chunks") != nil || call.find("sections") != nil else {
        throw call.unsupported("a dimension that is split must have a fixed size")
      }
      try call.require(opset: 18, "splitting a dynamic dimension")
      return g.emit("Split", [x], ["axis": .int(axis), "num_outputs": .int(first.count)], outputs: first.count)
    }

    private static func unbind(_ call: RuleCall) throws -> [Wire] {
      let axis = try call.axis("dim")
      let size = try call.fixedSize("self", axis)
      let ones = call.graph.split(try call["self"], Array(repeating: 1, count: size), axis: axis)
      return ones.map { call.graph.squeeze($0, [axis]) }
    }

    private static func meshgrid(_ call: RuleCall) throws -> [Wire] {
      let g = call.graph
      let wires = try call.wires("tensors")
      let swaps = try call.optionalString("indexing") == "xy" && wires.count >= 2
      let order = swaps ? [1, 0] + Array(2..<wires.count) : Array(wires.indices)
      // A grid's dimension `order[i]` is that of tensor i.
      let columns = wires.enumerated().map { i, wire in
        g.reshape(wire, wires.indices.map { $0 == order[i] ? -1 : 1 })
      }
      let sizes = call.broadcastSizes(columns)
      return columns.map { g.expand($0, sizes) }
    }

    /// Tensors given at least so many dimensions, joined along one.
    /// - Parameter spread: the new dimensions of a tensor of so many.
    private static func stacked(
      _ name: String, _ other: String? = nil, axis: @escaping @Sendable (_ rank: Int) -> Int,
      spread: @escaping @Sendable (_ rank: Int) -> [Int]
    ) -> ExportRule {
      ExportRule(operators: [name] + (other.map { [$0] } ?? []), onnx: ["Unsqueeze", "Concat"], since: 17) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let parts = try call.list("tensors")
        let rank = try call.rank(of: parts[0])
        return [
          g.concat(
            try parts.map { g.unsqueeze(try call.operand($0, dtype), spread(try call.rank(of: $0))) }, axis: axis(rank))
        ]
      }
    }

    static let rules: [ExportRule] = [
      stacked("hstack", axis: { $0 > 1 ? 1 : 0 }, spread: { $0 == 0 ? [0] : [] }),
      stacked("vstack", "row_stack", axis: { _ in 0 }, spread: { $0 == 0 ? [0, 1] : $0 == 1 ? [0] : [] }),
      stacked("column_stack", axis: { _ in 1 }, spread: { $0 == 0 ? [0, 1] : $0 == 1 ? [1] : [] }),
      stacked("dstack", axis: { _ in 2 }, spread: { $0 == 0 ? [0, 1, 2] : $0 == 1 ? [0, 2] : $0 == 2 ? [2] : [] }),
      .one("cat", "concat", "concatenate", as: ["Concat"]) { call in
        if case .sequence(let sequence) = try call.argument("tensors") {
          return call.graph.emit("ConcatFromSequence", [sequence.wire], ["axis": .int(try call.int("dim"))])
        }
        return try cat(call)
      },
      .one("stack", as: ["Unsqueeze", "Concat"], stack),
      .many(
        "chunk", "split", "split_with_sizes", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes",
        "split_with_sizes_copy", "tensor_split", as: ["Split"]
      ) { try parts($0, try $0.axis("dim")) },
      .many("unbind", "unbind_copy", as: ["Split", "Squeeze"], unbind),
      .many("meshgrid", as: ["Reshape", "Expand"], meshgrid),
      .many("broadcast_tensors", as: ["Expand"]) { call in
        let wires = try call.wires("tensors")
        let sizes = call.broadcastSizes(wires)
        return wires.map { call.graph.expand($0, sizes) }
      },
    ]
  }
}
