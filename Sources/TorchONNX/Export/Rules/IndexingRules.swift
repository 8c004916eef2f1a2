// Reading parts of tensors: slices, rows, elements at given places.

import TorchCore
import TorchJIT

extension ONNX {
  enum IndexingRules {
    private static func slice(_ call: RuleCall) throws -> Wire {
      let (g, axis) = (call.graph, try call.axis("dim"))
      let step = try call.optionalInt("step") ?? 1
      func isOpen(_ name: String, _ bound: Int) -> Bool { !call.has(name) || call.find(name)?.constant?.int == bound }
      if isOpen("start", 0), isOpen("end", .max), step == 1 { return try call["self"] }
      let start = call.has("start") ? try call.intList("start") : g.ints([0])
      let end = call.has("end") ? try call.intList("end") : g.ints([.max])
      return g.slice(try call["self"], start, end, axes: [axis], steps: step == 1 ? nil : g.ints([step]))
    }

    private static func narrow(_ call: RuleCall) throws -> Wire {
      let (g, axis, x) = (call.graph, try call.axis("dim"), try call["self"])
      if let start = call.find("start")?.constant?.int, let length = call.find("length")?.constant?.int {
        let end = start + length
        return g.slice(x, axis: axis, start, start < 0 && end >= 0 ? .max : end)
      }
      let start = try call.intList("start")
      return g.slice(x, start, g.add(start, try call.intList("length")), axes: [axis])
    }

    // MARK: x[i, j]

    /// The index tensors of `x[…]` by dimension; a mask gives one for each of its dimensions.
    struct Indices {
      var axes: [Int] = []
      var wires: [Wire] = []
      /// The number of dimensions they have together.
      var rank = 0

      init(_ call: RuleCall) throws {
        let g = call.graph
        var axis = 0
        for index in try call.list("indices") {
          if index.isNone {
            axis += 1
            continue
          }
          let (dtype, own) = (try call.dtype(of: index), try call.rank(of: index))
          if dtype == .bool || dtype == .uint8 {
            let mask = try call.operand(index, .bool)
            let places = g.emit("NonZero", [mask])
            for row in 0..<own {
              axes.append(axis)
              wires.append(g.gather(places, g.int(row), axis: 0))
              axis += 1
            }
            rank = max(rank, 1)
          } else {
            axes.append(axis)
            wires.append(try call.operand(index, .int64))
            rank = max(rank, own)
            axis += 1
          }
        }
      }

      /// Where the indices' own dimensions stand in the result: at the first indexed dimension where those are
      /// neighbours, else in front.
      var position: Int { zip(axes, axes.dropFirst()).allSatisfy { $1 == $0 + 1 } ? axes[0] : 0 }

      /// All indices in one tensor, whose last dimension runs over the indexed dimensions.
      func joined(_ g: GraphWriter, _ call: RuleCall) -> Wire {
        let sizes = wires.count > 1 ? call.broadcastSizes(wires) : nil
        let columns = wires.map { wire in g.unsqueeze(sizes.map { g.expand(wire, $0) } ?? wire, [rank]) }
        return g.concat(columns, axis: rank)
      }
    }

    private static func index(_ call: RuleCall) throws -> Wire {
      let (g, x, total) = (call.graph, try call["self"], try call.rank("self"))
      let indices = try Indices(call)
      if indices.axes.isEmpty { return x }
      if indices.axes.count == 1 { return g.gather(x, indices.wires[0], axis: indices.axes[0]) }
      let rest = (0..<total).filter { !indices.axes.contains($0) }
      let picked = g.emit("GatherND", [g.transpose(x, indices.axes + rest), indices.joined(g, call)])
      return g.transpose(picked, resultOrder(indices, rest.count))
    }

    /// From (indices…, rest…) to where the result has them.
    private static func resultOrder(_ indices: Indices, _ rest: Int) -> [Int] {
      let (p, r) = (indices.position, indices.rank)
      return Array(r..<r + p) + Array(0..<r) + Array(r + p..<r + rest)
    }

    private static func indexPut(_ call: RuleCall) throws -> Wire {
      let (g, x, total) = (call.graph, try call["self"], try call.rank("self"))
      let dtype = try call.dtype(of: "self")
      let values = try call.operand("values", dtype)
      let accumulate = try call.bool("accumulate")
      let given = try call.list("indices")
      // x[mask] = number
      if given.count == 1, try call.dtype(of: given[0]) == .bool, try call.rank("values") == 0, !accumulate {
        let mask = try call.wire(given[0])
        let more = total - (try call.rank(of: given[0]))
        return g.select(g.unsqueeze(mask, Array((total - more)..<total)), values, x)
      }
      let indices = try Indices(call)
      let rest = (0..<total).filter { !indices.axes.contains($0) }
      let order = indices.axes + rest
      let moved = g.transpose(x, order)
      let places = indices.joined(g, call)
      let placeSizes = g.slice(g.shape(places), axis: 0, 0, -1)
      let restSizes = g.slice(g.shape(moved), axis: 0, indices.axes.count, .max)
      // In the result's order first, in which values are broadcast.
      let toResult = resultOrder(indices, rest.count)
      var sizes = g.concat([placeSizes, restSizes], axis: 0)
      if toResult != Array(toResult.indices) { sizes = g.gather(sizes, g.ints(toResult), axis: 0) }
      let spread = g.transpose(g.expand(values, sizes), inverse(toResult))
      let reduction: [String: NodeAttribute] = accumulate ? ["reduction": "add"] : [:]
      let written = g.emit("ScatterND", [moved, places, spread], reduction)
      return g.transpose(written, inverse(order))
    }

    static func inverse(_ order: [Int]) -> [Int] { order.indices.map { order.firstIndex(of: $0)! } }

    private static func maskedScatter(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      let x = try call["self"]
      let mask = g.expand(try call["mask"], g.shape(x))
      let places = g.transpose(g.emit("NonZero", [mask]), [1, 0])
      let source = g.slice(g.reshape(try call["source"], [-1]), g.ints([0]), g.sizeList(places, 0), axes: [0])
      return g.emit("ScatterND", [x, places, source])
    }

    private static func embedding(_ call: RuleCall) throws -> Wire {
      call.graph.gather(try call["weight"], try call["indices"], axis: 0)
    }

    private static func oneHot(_ call: RuleCall) throws -> Wire {
      let (g, x) = (call.graph, try call["self"])
      let count = try call.int("num_classes")
      let depth = count >= 0 ? g.int(count) : g.add(g.reduce("ReduceMax", x, nil, keep: false), g.int(1))
      return g.emit("OneHot", [x, depth, g.ints([0, 1])], ["axis": -1])
    }

    static let rules: [ExportRule] = [
      .one("slice", "slice_copy", as: ["Slice"], slice), .one("narrow", "narrow_copy", as: ["Slice"], narrow),
      .one("select", "select_copy", as: ["Gather"]) { call in
        call.graph.gather(try call["self"], try call.intWire("index"), axis: try call.axis("dim"))
      },
      .one("index", "_unsafe_index", as: ["Gather", "GatherND", "NonZero"], index),
      .one("index_put", "_unsafe_index_put", as: ["ScatterND", "Where"], indexPut),
      .one("index_select", as: ["Gather"]) { call in
        let (g, axis) = (call.graph, try call.axis("dim"))
        if try call.rank("self") == 0 { return try call["self"] }
        let index = try call["index"]
        return g.gather(try call["self"], try call.rank("index") == 0 ? g.unsqueeze(index, [0]) : index, axis: axis)
      },
      .one("gather", as: ["GatherElements"]) { call in
        if try call.rank("self") == 0 { return try call["self"] }
        return call.graph.emit(
          "GatherElements", [try call["self"], try call["index"]], ["axis": .int(try call.axis("dim"))])
      },
      .one("take", as: ["Gather"]) { call in
        call.graph.gather(call.graph.reshape(try call["self"], [-1]), try call["index"], axis: 0)
      },
      .one("take_along_dim", as: ["GatherElements"]) { call in
        let g = call.graph
        guard call.has("dim") else {
          return g.emit(
            "GatherElements", [g.reshape(try call["self"], [-1]), g.reshape(try call["indices"], [-1])], ["axis": 0])
        }
        return g.emit("GatherElements", [try call["self"], try call["indices"]], ["axis": .int(try call.axis("dim"))])
      },
      .one("masked_fill", as: ["Where"]) { call in
        let dtype = try call.dtype(of: "self")
        return call.graph.select(try call.operand("mask", .bool), try call.operand("value", dtype), try call["self"])
      },
      .one("masked_select", as: ["Expand", "Compress"]) { call in
        let g = call.graph
        let (x, mask) = (try call["self"], try call["mask"])
        let sizes = call.broadcastSizes([x, mask])
        return g.emit("Compress", [g.expand(x, sizes), g.reshape(g.expand(mask, sizes), [-1])])
      },
      .one("masked_scatter", as: ["NonZero", "ScatterND"], maskedScatter),
      .one("nonzero", "argwhere", as: ["NonZero", "Transpose"]) { call in
        call.graph.transpose(call.graph.emit("NonZero", [try call.operand("self", .bool)]), [1, 0])
      },
      .one("embedding", as: ["Gather"], embedding),
      .one("one_hot", as: ["OneHot"], oneHot),
    ]
  }
}
