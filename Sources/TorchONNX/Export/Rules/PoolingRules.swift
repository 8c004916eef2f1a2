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
      if withIndices { return try largest(call, known, output) }
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

    /// Maxima of windows of different sizes with their places: shorter windows have their last element more than once.
    private static func largest(_ call: RuleCall, _ sizes: [Int], _ output: [Int]) throws -> [Wire] {
      let (g, rank) = (call.graph, try call.rank("self"))
      let lead = rank - sizes.count
      var (x, places, kernel) = (try call["self"], g.int(0), [Int]())
      for (i, (size, count)) in zip(sizes, output).enumerated() {
        let windows = (0..<count).map { $0 * size / count..<(($0 + 1) * size + count - 1) / count }
        let length = windows.map(\.count).max() ?? 0
        let elements = windows.flatMap { window in
          (0..<length).map { min(window.lowerBound + $0, window.upperBound - 1) }
        }
        kernel.append(length)
        x = g.gather(x, g.ints(elements), axis: lead + i)
        let stride = sizes[(i + 1)...].reduce(1, *)
        let apart = Array(repeating: 1, count: lead) + sizes.indices.flatMap { $0 == i ? [count, length] : [1, 1] }
        places = g.add(places, g.reshape(g.ints(elements.map { $0 * stride }), apart))
      }
      return try largest(call, x, places, output, kernel)
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

    /// Maxima of windows whose places are computed from random numbers, and where they are.
    private static func fractional(_ call: RuleCall) throws -> [Wire] {
      let (g, count, rank) = (call.graph, spatial(call), try call.rank("self"))
      let (lead, dtype) = (rank - count, try call.dtype(of: "self"))
      let (kernel, output) = (try call.extents("kernel_size", count), try call.extents("output_size", count))
      let sizes = try call.sizes(of: "self").suffix(count).compactMap { $0 }
      guard sizes.count == count else { throw call.unsupported("pooled dimensions must have fixed sizes") }
      var (x, samples) = (try call["self"], try call["random_samples"])
      // There may be more samples than the batch has examples.
      let batch = lead == 2 ? g.sizeList(x, 0) : g.ints([1])
      samples = g.slice(samples, g.ints([0]), batch, axes: [0])
      if lead == 1 { samples = g.squeeze(samples, [0]) }

      let ahead = Array(repeating: 0, count: lead)
      var places: Wire?
      for i in 0..<count {
        let (n, size, k) = (sizes[i], output[i], kernel[i])
        // Over an image the samples are (width, height), over a volume (time, height, width).
        let sample = g.gather(samples, g.ints([count == 2 ? 1 - i : i]), axis: lead)
        let step = try g.scalar(.double(size > 1 ? Double(n - k) / Double(size - 1) : 0), dtype)
        let inner = g.cast(g.emit("Range", [g.int(0), g.int(size - 1), g.int(1)]), to: dtype)
        let start = g.sub(
          g.cast(g.mul(g.add(inner, sample), step), to: .int64), g.cast(g.mul(sample, step), to: .int64))
        let last = g.add(g.cast(g.mul(sample, try g.scalar(0, dtype)), to: .int64), g.int(n - k))
        let starts = g.unsqueeze(g.concat([start, last], axis: lead), [lead + 1])
        // (lead, size, k)
        let window = g.add(starts, g.emit("Range", [g.int(0), g.int(k), g.int(1)]))

        let others = (0..<count).map { j in j == i ? -1 : 1 }
        let index = g.reshape(window, ahead + others)
        let spread = g.concat(
          [g.slice(g.shape(x), axis: 0, 0, lead + i), g.ints([1])]
            + (i + 1 < count ? [g.slice(g.shape(x), axis: 0, lead + i + 1, rank)] : []), axis: 0)
        x = g.emit("GatherElements", [x, g.expand(index, spread)], ["axis": .int(lead + i)])
        let stride = sizes[(i + 1)...].reduce(1, *)
        let apart = ahead + (0..<2 * count).map { $0 == 2 * i ? size : $0 == 2 * i + 1 ? k : 1 }
        let offsets = g.mul(g.reshape(window, apart), g.int(stride))
        places = places.map { g.add($0, offsets) } ?? offsets
      }
      return try largest(call, x, places!, output, kernel)
    }

    /// The largest element of each window, and its place: `x` and `places` have `kernel[i]` elements in a row for each of
    /// the `output[i]` windows of a pooled dimension. Places may have dimensions of size 1.
    private static func largest(
      _ call: RuleCall, _ x: Wire, _ places: Wire, _ output: [Int], _ kernel: [Int]
    ) throws -> [Wire] {
      let (g, rank, count) = (call.graph, try call.rank("self"), output.count)
      let lead = rank - count
      let pairs = zip(output, kernel).flatMap { [$0, $1] }
      let order = Array(0..<lead) + (0..<count).map { lead + 2 * $0 } + (0..<count).map { lead + 2 * $0 + 1 }
      let ahead = Array(repeating: 0, count: lead)
      func windows(_ x: Wire) -> Wire { g.reshape(g.transpose(x, order), ahead + output + [-1]) }
      let values = windows(g.reshape(x, ahead + pairs))
      let best = g.emit("ArgMax", [values], ["axis": .int(rank), "keepdims": 1])
      let all = g.expand(windows(places), g.shape(values))
      let found = g.emit("GatherElements", [all, best], ["axis": .int(rank)])
      return [g.reduce("ReduceMax", values, [rank], keep: false), g.squeeze(found, [rank])]
    }

    static let rules: [ExportRule] = [
      .many("fractional_max_pool2d", "fractional_max_pool3d", as: ["GatherElements", "ReduceMax"], fractional),
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
