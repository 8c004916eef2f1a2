// Sorting and searching.

import TorchCore

extension ONNX {
  enum SortingRules {
    /// All elements of a dimension in order; ONNX takes equal ones from the lowest place on.
    private static func sorted(_ call: RuleCall) throws -> [Wire] {
      let (g, x) = (call.graph, try call["self"])
      if try call.rank("self") == 0 { return [x, g.int(0)] }
      let axis = call.find("dim") == nil ? 0 : try call.axis("dim")
      let count = try call.sizes(of: "self")[axis].map { g.ints([$0]) } ?? g.sizeList(x, axis)
      let descending = try call.bool("descending")
      return g.emit("TopK", [x, count], ["axis": .int(axis), "largest": .int(descending ? 1 : 0)], outputs: 2)
    }

    /// The element at place `k` (from 0) of the sorted dimension, and where it is.
    private static func ranked(_ call: RuleCall, _ k: Int) throws -> [Wire] {
      let (g, axis, keep) = (call.graph, try call.axis("dim"), try call.bool("keepdim"))
      let lowest = g.emit(
        "TopK", [try call["self"], g.ints([k + 1])], ["axis": .int(axis), "largest": 0], outputs: 2)
      return lowest.map { g.gather($0, keep ? g.ints([k]) : g.int(k), axis: axis) }
    }

    private static func unique(_ call: RuleCall, axis: Int?) throws -> [Wire] {
      let (g, x) = (call.graph, try call["self"])
      var attributes: [String: NodeAttribute] = [
        "sorted": .int(try call.find("sorted") == nil || call.bool("sorted") ? 1 : 0)
      ]
      if let axis { attributes["axis"] = .int(axis) }
      let results = g.emit("Unique", [x], attributes, outputs: 4)
      let inverse = try axis == nil ? g.reshape(results[2], call.sizeList(of: "self")) : results[2]
      return [results[0], inverse, results[3]]
    }

    /// How many boundaries lie below each value.
    private static func search(_ call: RuleCall, _ boundaries: String, _ values: String) throws -> Wire {
      guard try call.rank(boundaries) == 1, !call.has("sorter") else {
        throw call.unsupported("boundaries of several dimensions, or a sorter")
      }
      let g = call.graph
      let dtype = DType.promote(try call.dtype(of: boundaries), try call.dtype(of: values))
      let right = try call.bool("right") || (call.optionalString("side") == "right")
      let x = g.unsqueeze(try call.operand(values, dtype), [try call.rank(values)])
      let isBelow = g.emit(right ? "LessOrEqual" : "Less", [try call.operand(boundaries, dtype), x])
      let count = g.reduce("ReduceSum", g.cast(isBelow, to: .int64), [try call.rank(values)], keep: false)
      return try call.bool("out_int32") ? g.cast(count, to: .int32) : count
    }

    static let rules: [ExportRule] = [
      .many("sort", as: ["TopK"], sorted),
      .one("argsort", as: ["TopK"]) { try sorted($0)[1] },
      .one("msort", as: ["TopK"]) { try sorted($0)[0] },
      .many("topk", as: ["TopK"]) { call in
        let attributes: [String: NodeAttribute] = [
          "axis": .int(try call.axis("dim")), "largest": .int(try call.bool("largest") ? 1 : 0),
          "sorted": .int(try call.bool("sorted") ? 1 : 0),
        ]
        return call.graph.emit("TopK", [try call["self"], try call.intList("k")], attributes, outputs: 2)
      },
      .many("kthvalue", as: ["TopK", "Gather"]) { try ranked($0, try $0.int("k") - 1) },
      .many("median.dim", as: ["TopK", "Gather"]) { call in
        try ranked(call, (try call.fixedSize("self", try call.axis("dim")) - 1) / 2)
      },
      .one("median", as: ["TopK", "Gather"]) { call in
        let g = call.graph
        let sizes = try call.sizes(of: "self").compactMap { $0 }
        guard sizes.count == (try call.rank("self")) else { throw call.unsupported("a tensor without fixed sizes") }
        let k = (sizes.reduce(1, *) - 1) / 2
        let flat = g.reshape(try call["self"], [-1])
        return g.gather(g.emit("TopK", [flat, g.ints([k + 1])], ["largest": 0], outputs: 2)[0], g.int(k), axis: 0)
      },
      .many("_unique2", as: ["Unique"]) { try unique($0, axis: nil) },
      .many("unique_dim", as: ["Unique"]) { try unique($0, axis: try $0.axis("dim")) },
      .one("bucketize.Tensor", as: ["Less", "ReduceSum"]) { try search($0, "boundaries", "self") },
      .one("searchsorted.Tensor", as: ["Less", "ReduceSum"]) { try search($0, "sorted_sequence", "self") },
      .one("isin.Tensor_Tensor", as: ["Equal", "ReduceMax"]) { call in
        let g = call.graph
        let dtype = try ComparisonRules.common(call, "elements", "test_elements")
        let x = g.unsqueeze(try call.operand("elements", dtype), [try call.rank("elements")])
        let tests = g.reshape(try call.operand("test_elements", dtype), [-1])
        let found = g.reduce(
          "ReduceMax", g.cast(g.emit("Equal", [x, tests]), to: .int32), [try call.rank("elements")], keep: false)
        let result = g.cast(found, to: .bool)
        return try call.bool("invert") ? g.not(result) : result
      },
    ]
  }
}
