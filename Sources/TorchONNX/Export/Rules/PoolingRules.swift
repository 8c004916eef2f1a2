// Pooling: maxima and means of windows.

import TorchCore

extension ONNX {
  enum PoolingRules {
    /// The number of pooled dimensions, from the operator's name.
    private static func spatial(_ call: RuleCall) -> Int {
      call.schema.name.contains("1d") ? 1 : call.schema.name.contains("2d") ? 2 : 3
    }

    private static func batched(_ call: RuleCall, _ body: (Wire) throws -> [Wire]) throws -> [Wire] {
      let g = call.graph
      if try call.rank("self") == spatial(call) + 2 { return try body(try call["self"]) }
      return try body(g.unsqueeze(try call["self"], [0])).map { g.squeeze($0, [0]) }
    }

    private static func window(_ call: RuleCall) throws -> [String: NodeAttribute] {
      let count = spatial(call)
      let kernel = try call.extents("kernel_size", count)
      let stride = try call.optionalInts("stride") ?? []
      let padding = try call.extents("padding", count)
      return [
        "kernel_shape": .ints(kernel),
        "strides": .ints(
          stride.isEmpty ? kernel : stride.count == 1 ? Array(repeating: stride[0], count: count) : stride),
        "pads": .ints(padding + padding), "ceil_mode": .int(try call.bool("ceil_mode") ? 1 : 0),
      ]
    }

    private static func maxPool(_ call: RuleCall) throws -> [Wire] {
      let g = call.graph
      var attributes = try window(call)
      attributes["dilations"] = .ints(try call.extents("dilation", spatial(call)))
      let withIndices = call.schema.returns.count == 2
      return try batched(call) { x in
        guard withIndices else { return [g.emit("MaxPool", [x], attributes)] }
        let results = g.emit("MaxPool", [x], attributes, outputs: 2)
        // ONNX counts through the whole tensor, PyTorch within each plane.
        let count = spatial(call)
        let plane = g.reduce("ReduceProd", g.slice(g.shape(x), axis: 0, -count, .max), [0], keep: true)
        return [results[0], g.emit("Mod", [results[1], plane])]
      }
    }

    private static func averagePool(_ call: RuleCall) throws -> [Wire] {
      let g = call.graph
      var attributes = try window(call)
      let dtype = try call.dtype(of: "self")
      let includesPadding = try call.bool("count_include_pad")
      attributes["count_include_pad"] = .int(includesPadding ? 1 : 0)
      let divisor = try call.optionalInt("divisor_override")
      let kernel = try call.extents("kernel_size", spatial(call))
      if let divisor {
        // The mean that counts padding, as a sum.
        guard try !call.bool("ceil_mode") else { throw call.unsupported("'divisor_override' with 'ceil_mode'") }
        attributes["count_include_pad"] = 1
        let factor = try g.scalar(.double(Double(kernel.reduce(1, *)) / Double(divisor)), dtype)
        return try batched(call) { [g.mul(g.emit("AveragePool", [$0], attributes), factor)] }
      }
      return try batched(call) { [g.emit("AveragePool", [$0], attributes)] }
    }

    private static func adaptive(_ call: RuleCall, _ pool: String, _ global: String) throws -> [Wire] {
      let (g, count, rank) = (call.graph, spatial(call), try call.rank("self"))
      let output = try call.extents("output_size", count)
      let withIndices = call.schema.returns.count == 2
      if output.allSatisfy({ $0 == 1 }), !withIndices {
        return try batched(call) { [g.emit(global, [$0])] }
      }
      let sizes = try call.sizes(of: "self").suffix(count)
      if output.allSatisfy({ $0 == 1 }), withIndices {
        return try batched(call) { x in
          let values = g.emit("GlobalMaxPool", [x])
          let flat = g.reshape(x, [0, 0, -1])
          let places = g.emit("ArgMax", [flat], ["axis": 2, "keepdims": 1])
          return [values, count == 1 ? places : g.unsqueeze(places, Array(3..<count + 2))]
        }
      }
      let known = sizes.compactMap { $0 }
      guard known.count == count else { throw call.unsupported("pooled dimensions must have fixed sizes") }
      if zip(known, output).allSatisfy({ $0 % $1 == 0 }) {
        let kernel = zip(known, output).map { $0 / $1 }
        let attributes: [String: NodeAttribute] = ["kernel_shape": .ints(kernel), "strides": .ints(kernel)]
        return try batched(call) { x in
          guard withIndices else { return [g.emit(pool, [x], attributes)] }
          let results = g.emit(pool, [x], attributes, outputs: 2)
          return [results[0], g.emit("Mod", [results[1], g.int(known.reduce(1, *))])]
        }
      }
      guard !withIndices else { return [try windows(call, known, output, rank, pool), ""] }
      return [try windows(call, known, output, rank, pool)]
    }

    /// Windows of different sizes, one dimension after the other: slices reduced and joined.
    private static func windows(
      _ call: RuleCall, _ sizes: [Int], _ output: [Int], _ rank: Int, _ pool: String
    ) throws -> Wire {
      let g = call.graph
      var x = try call["self"]
      for (i, (size, count)) in zip(sizes, output).enumerated() where size != count {
        let axis = rank - sizes.count + i
        let parts = (0..<count).map { k in
          let (start, end) = (k * size / count, ((k + 1) * size + count - 1) / count)
          return g.reduce(
            pool == "AveragePool" ? "ReduceMean" : "ReduceMax", g.slice(x, axis: axis, start, end), [axis], keep: true)
        }
        x = g.concat(parts, axis: axis)
      }
      return x
    }

    /// Maxima back at their places, zeros elsewhere.
    private static func unpool(_ call: RuleCall) throws -> Wire {
      let (g, count, rank) = (call.graph, spatial(call), try call.rank("self"))
      let dtype = try call.dtype(of: "self")
      let output = try call.list("output_size")
      let lead = rank - count
      let planes: [SizePiece] = (0..<lead).map { .same($0) } + [.rest]
      let (x, places) = (try call.reshape(try call["self"], planes), try call.reshape(try call["indices"], planes))
      let leadSizes = g.slice(g.shape(try call["self"]), axis: 0, 0, lead)
      let spatialSizes = try call.sizeList(output, "output_size")
      let flat = g.concat([leadSizes, g.reduce("ReduceProd", spatialSizes, [0], keep: true)], axis: 0)
      let zeros = g.expand(try g.scalar(0, dtype), flat)
      let filled = g.emit("ScatterElements", [zeros, places, x], ["axis": .int(lead)])
      return g.reshape(filled, g.concat([leadSizes, spatialSizes], axis: 0))
    }

    static let rules: [ExportRule] = [
      .many(
        "max_pool1d", "max_pool2d", "max_pool3d", "max_pool1d_with_indices", "max_pool2d_with_indices",
        "max_pool3d_with_indices", as: ["MaxPool"], maxPool),
      .many("avg_pool1d", "avg_pool2d", "avg_pool3d", as: ["AveragePool"], averagePool),
      .many(
        "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "_adaptive_avg_pool2d",
        "_adaptive_avg_pool3d", as: ["GlobalAveragePool", "AveragePool"]
      ) { try adaptive($0, "AveragePool", "GlobalAveragePool") },
      .many("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", as: ["GlobalMaxPool", "MaxPool"]) {
        try adaptive($0, "MaxPool", "GlobalMaxPool")
      },
      .one("max_unpool2d", "max_unpool3d", as: ["ScatterElements"], unpool),
    ]
  }
}
