// Writing into parts of tensors.

import TorchCore

extension ONNX {
  enum ScatterRules {
    private static func elements(
      _ call: RuleCall, _ values: Wire, reduction: String? = nil, index: Wire? = nil
    ) throws -> Wire {
      var attributes: [String: NodeAttribute] = ["axis": .int(try call.axis("dim"))]
      if let reduction { attributes["reduction"] = .string(reduction) }
      return call.graph.emit("ScatterElements", [try call["self"], try index ?? call["index"], values], attributes)
    }

    /// The source cut to the sizes of the index, beyond which it is not read.
    private static func source(_ call: RuleCall) throws -> Wire {
      let (g, source) = (call.graph, try call.operand("src", try call.dtype(of: "self")))
      let (sizes, indexSizes) = (try call.sizes(of: "src"), try call.sizes(of: "index"))
      if sizes == indexSizes { return source }
      return g.slice(
        source, g.ints(sizes.map { _ in 0 }), g.shape(try call["index"]), axes: Array(sizes.indices))
    }

    private static func number(_ call: RuleCall) throws -> Wire {
      call.graph.expand(try call.operand("value", try call.dtype(of: "self")), call.graph.shape(try call["index"]))
    }

    private static func reduction(_ call: RuleCall) throws -> String? {
      switch try call.optionalString("reduce") {
      case nil: return nil
      case "sum", "add": return "add"
      case "prod", "multiply": return "mul"
      case "amax":
        try call.require(opset: 18, "the reduction 'amax'")
        return "max"
      case "amin":
        try call.require(opset: 18, "the reduction 'amin'")
        return "min"
      case let other?: throw call.unsupported("the reduction '\(other)'")
      }
    }

    /// A one-dimensional index spread over all dimensions of `source`.
    private static func spreadIndex(_ call: RuleCall, like source: Wire) throws -> Wire {
      let (g, axis, rank) = (call.graph, try call.axis("dim"), try call.rank("self"))
      let sizes = (0..<rank).map { $0 == axis ? -1 : 1 }
      return g.expand(g.reshape(try call["index"], sizes), g.shape(source))
    }

    private static func alongIndex(_ call: RuleCall, _ source: Wire, reduction: String? = nil) throws -> Wire {
      try elements(call, source, reduction: reduction, index: try spreadIndex(call, like: source))
    }

    /// A slice of a dimension replaced: elements are written at the slice's places.
    private static func sliceScatter(_ call: RuleCall) throws -> Wire {
      let (g, axis, rank) = (call.graph, try call.axis("dim"), try call.rank("self"))
      let (x, source) = (try call["self"], try call.operand("src", try call.dtype(of: "self")))
      let step = try call.optionalInt("step") ?? 1
      let size = g.size(x, axis)
      let all = g.emit("Range", [g.int(0), size, g.int(1)])
      let start = call.has("start") ? try call.intList("start") : g.ints([0])
      let end = call.has("end") ? try call.intList("end") : g.ints([.max])
      let places = g.slice(all, start, end, axes: [0], steps: g.ints([step]))
      let index = g.expand(g.reshape(places, (0..<rank).map { $0 == axis ? -1 : 1 }), g.shape(source))
      return g.emit("ScatterElements", [x, index, source], ["axis": .int(axis)])
    }

    private static func selectScatter(_ call: RuleCall) throws -> Wire {
      let (g, axis, rank) = (call.graph, try call.axis("dim"), try call.rank("self"))
      let source = g.unsqueeze(try call.operand("src", try call.dtype(of: "self")), [axis])
      let place = g.reshape(try call.intWire("index"), Array(repeating: 1, count: rank))
      return g.emit(
        "ScatterElements", [try call["self"], g.expand(place, g.shape(source)), source], ["axis": .int(axis)])
    }

    private static func diagonalScatter(_ call: RuleCall) throws -> Wire {
      let (g, rank, offset) = (call.graph, try call.rank("self"), try call.int("offset"))
      let (a, b) = (try call.axis("dim1"), try call.axis("dim2"))
      let (rows, columns) = (try call.fixedSize("self", a), try call.fixedSize("self", b))
      let places = (0..<rows).filter { (0..<columns).contains($0 + offset) }.flatMap { [$0, $0 + offset] }
      let order = [a, b] + (0..<rank).filter { $0 != a && $0 != b }
      let moved = g.transpose(try call["self"], order)
      let source = g.transpose(try call.operand("src", try call.dtype(of: "self")), [rank - 2] + Array(0..<rank - 2))
      let index = g.reshape(g.ints(places), [places.count / 2, 2])
      return g.transpose(g.emit("ScatterND", [moved, index, source]), IndexingRules.inverse(order))
    }

    /// Rows of a table, added up for each bag. A bag's number is that of offsets that are not above an index's place.
    private static func embeddingBag(_ call: RuleCall) throws -> Wire {
      let (g, dtype) = (call.graph, try call.dtype(of: "weight"))
      let (indices, mode) = (try call.operand("indices", .int64), try call.int("mode"))
      var rows = g.gather(try call["weight"], indices, axis: 0)
      var offsets = try call.operand("offsets", .int64)
      if try call.bool("include_last_offset") { offsets = g.slice(offsets, axis: 0, 0, -1) }
      let count = g.size(indices, 0)
      let places = g.emit("Range", [g.int(0), count, g.int(1)])
      let begun = g.cast(g.emit("LessOrEqual", [g.unsqueeze(offsets, [0]), g.unsqueeze(places, [1])]), to: .int64)
      // (indices, 1)
      let bags = g.sub(g.reduce("ReduceSum", begun, [1], keep: true), g.int(1))
      let width = g.sizeList(try call["weight"], 1)
      let sizes = g.concat([g.sizeList(offsets, 0), width], axis: 0)
      let padding = try call.optionalInt("padding_idx") ?? -1
      var isCounted: Wire?
      if padding >= 0 { isCounted = g.not(g.emit("Equal", [indices, g.int(padding)])) }
      if call.has("per_sample_weights") { rows = g.mul(rows, g.unsqueeze(try call["per_sample_weights"], [1])) }
      let zeros = g.expand(try g.scalar(0, dtype), sizes)
      if mode == 2 {
        try call.require(opset: 18, "the mode 'max'")
        let least = try g.scalar(.double(-.infinity), dtype)
        if let isCounted { rows = g.select(g.unsqueeze(isCounted, [1]), rows, least) }
        let peaks = g.emit("ScatterND", [g.expand(least, sizes), bags, rows], ["reduction": "max"])
        // An empty bag gives zeros.
        return g.select(g.emit("IsInf", [peaks], ["detect_positive": 0]), zeros, peaks)
      }
      if let isCounted { rows = g.select(g.unsqueeze(isCounted, [1]), rows, try g.scalar(0, dtype)) }
      let sums = g.emit("ScatterND", [zeros, bags, rows], ["reduction": "add"])
      if mode == 0 { return sums }
      let one = try g.scalar(1, dtype)
      var ones = g.expand(one, g.shape(bags))
      if let isCounted { ones = g.cast(g.unsqueeze(isCounted, [1]), to: dtype) }
      let empty = g.expand(try g.scalar(0, dtype), g.concat([g.sizeList(offsets, 0), g.ints([1])], axis: 0))
      let counts = g.emit("ScatterND", [empty, bags, ones], ["reduction": "add"])
      return g.div(sums, g.emit("Max", [counts, one]))
    }

    static let rules: [ExportRule] = [
      .one("scatter.src", as: ["ScatterElements"]) { try elements($0, try source($0)) },
      .one("scatter.value", as: ["ScatterElements"]) { try elements($0, try number($0)) },
      .one("scatter.reduce", as: ["ScatterElements"]) {
        try elements($0, try source($0), reduction: try reduction($0))
      },
      .one("scatter.value_reduce", as: ["ScatterElements"]) {
        try elements($0, try number($0), reduction: try reduction($0))
      },
      .one("scatter_add", as: ["ScatterElements"]) { try elements($0, try source($0), reduction: "add") },
      .one("scatter_reduce.two", as: ["ScatterElements"]) { call in
        guard try call.bool("include_self") else { throw call.unsupported("'include_self' is false") }
        return try elements(call, try source(call), reduction: try reduction(call))
      },
      .one("index_add", as: ["ScatterElements"]) { call in
        let dtype = try call.dtype(of: "self")
        var source = try call.operand("source", dtype)
        if call.find("alpha")?.constant?.double != 1 {
          source = call.graph.mul(source, try call.operand("alpha", dtype))
        }
        return try alongIndex(call, source, reduction: "add")
      },
      .one("index_copy", as: ["ScatterElements"]) { try alongIndex($0, try $0["source"]) },
      .one("index_fill", as: ["ScatterElements"]) { call in
        let (g, axis, dtype) = (call.graph, try call.axis("dim"), try call.dtype(of: "self"))
        let rank = try call.rank("self")
        let parts = (0..<rank).map {
          $0 == axis ? g.sizeList((try? call["index"]) ?? "", 0) : g.sizeList((try? call["self"]) ?? "", $0)
        }
        return try alongIndex(call, g.expand(try call.operand("value", dtype), g.concat(parts, axis: 0)))
      },
      .one("slice_scatter", as: ["ScatterElements", "Range"], sliceScatter),
      .one("select_scatter", as: ["ScatterElements"], selectScatter),
      .one("diagonal_scatter", as: ["ScatterND"], diagonalScatter),
      .many("embedding_bag", "_embedding_bag", "_embedding_bag_forward_only", as: ["Gather", "ScatterND"]) {
        [try embeddingBag($0)]
      },
    ]
  }
}
