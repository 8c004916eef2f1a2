// Normalization.

import TorchCore

extension ONNX {
  enum NormalizationRules {
    private static func batchNorm(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      let x = try call["input"]
      guard try !call.bool("training"), call.has("running_mean"), call.has("running_var") else {
        return try channelNorm(call, acrossBatch: true)
      }
      let (mean, variance) = (try call["running_mean"], try call["running_var"])
      let dtype = try call.dtype(of: "running_mean")
      let sizes = g.shape(mean)
      let weight = try call.optional("weight") ?? g.expand(try g.scalar(1, dtype), sizes)
      let bias = try call.optional("bias") ?? g.expand(try g.scalar(0, dtype), sizes)
      let attributes: [String: NodeAttribute] = ["epsilon": .float(try call.double("eps"))]
      // BatchNormalization wants a channel dimension.
      return g.emit("BatchNormalization", [x, weight, bias, mean, variance], attributes)
    }

    /// Each channel normalized by its own statistics, of one sample or of the batch.
    private static func channelNorm(_ call: RuleCall, acrossBatch: Bool) throws -> Wire {
      let (g, rank, dtype) = (call.graph, try call.rank("input"), try call.dtype(of: "input"))
      let axes = (acrossBatch ? [0] : []) + Array(2..<rank)
      let y = try standardized(call, try call["input"], axes, try call.double("eps"), dtype)
      func along(_ name: String) throws -> Wire? {
        try call.optional(name).map { g.reshape($0, [1, -1] + Array(repeating: 1, count: rank - 2)) }
      }
      let scaled = try along("weight").map { g.mul(y, $0) } ?? y
      return try along("bias").map { g.add(scaled, $0) } ?? scaled
    }

    /// (x - mean) / √(variance + eps) over `axes`.
    private static func standardized(
      _ call: RuleCall, _ x: Wire, _ axes: [Int], _ eps: Double, _ dtype: DType
    ) throws -> Wire {
      let g = call.graph
      let difference = g.sub(x, g.reduce("ReduceMean", x, axes, keep: true))
      let variance = g.reduce("ReduceMean", g.mul(difference, difference), axes, keep: true)
      return g.div(difference, g.emit("Sqrt", [g.add(variance, try g.scalar(.double(eps), dtype))]))
    }

    private static func instanceNorm(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      if try !call.bool("use_input_stats") { return try batchNorm(call) }
      guard let channels = try call.sizes(of: "input")[1] else { return try channelNorm(call, acrossBatch: false) }
      let dtype = try call.dtype(of: "input")
      let sizes = g.ints([channels])
      let weight = try call.optional("weight") ?? g.expand(try g.scalar(1, dtype), sizes)
      let bias = try call.optional("bias") ?? g.expand(try g.scalar(0, dtype), sizes)
      return g.emit(
        "InstanceNormalization", [try call["input"], weight, bias], ["epsilon": .float(try call.double("eps"))])
    }

    private static func layerNorm(_ call: RuleCall) throws -> [Wire] {
      let (g, dtype) = (call.graph, try call.dtype(of: "input"))
      let count = try call.ints("normalized_shape").count
      let rank = try call.rank("input")
      let sizes = g.ints(try call.ints("normalized_shape"))
      let weight = try call.optional("weight") ?? g.expand(try g.scalar(1, dtype), sizes)
      return [
        g.emit(
          "LayerNormalization", [try call["input"], weight, try call.optional("bias")],
          ["axis": .int(rank - count), "epsilon": .float(try call.double("eps"))])
      ]
    }

    private static func rmsNorm(_ call: RuleCall) throws -> Wire {
      let (g, dtype, rank) = (call.graph, try call.dtype(of: "input"), try call.rank("input"))
      let axes = Array((rank - (try call.ints("normalized_shape").count))..<rank)
      let x = try call["input"]
      let eps = try call.optionalDouble("eps") ?? (dtype == .float64 ? 2.220446049250313e-16 : 1.1920928955078125e-07)
      let mean = g.reduce("ReduceMean", g.mul(x, x), axes, keep: true)
      let y = g.div(x, g.emit("Sqrt", [g.add(mean, try g.scalar(.double(eps), dtype))]))
      return try call.optional("weight").map { g.mul(y, $0) } ?? y
    }

    /// GroupNormalization takes a number for each channel from opset 21 on; before, groups are instances.
    private static func groupNorm(_ call: RuleCall) throws -> Wire {
      let (g, dtype, rank) = (call.graph, try call.dtype(of: "input"), try call.rank("input"))
      let groups = try call.int("num_groups")
      let channels = try call.fixedSize("input", 1)
      let x = try call["input"]
      let eps = try call.double("eps")
      if call.opset >= 21 {
        let sizes = g.ints([channels])
        let weight = try call.optional("weight") ?? g.expand(try g.scalar(1, dtype), sizes)
        let bias = try call.optional("bias") ?? g.expand(try g.scalar(0, dtype), sizes)
        return g.emit("GroupNormalization", [x, weight, bias], ["num_groups": .int(groups), "epsilon": .float(eps)])
      }
      let split = g.reshape(x, [0, groups, -1])
      let (one, zero) = (
        g.expand(try g.scalar(1, dtype), g.ints([groups])), g.expand(try g.scalar(0, dtype), g.ints([groups]))
      )
      let normal = g.emit("InstanceNormalization", [split, one, zero], ["epsilon": .float(eps)])
      let y = try call.reshape(normal, (0..<rank).map { .same($0) }, of: "input", leading: 1)
      let rest = Array(repeating: 1, count: rank - 2)
      let scaled = try call.optional("weight").map { g.mul(y, g.reshape($0, [channels] + rest)) } ?? y
      return try call.optional("bias").map { g.add(scaled, g.reshape($0, [channels] + rest)) } ?? scaled
    }

    static let rules: [ExportRule] = [
      .many(
        "batch_norm", "native_batch_norm", "_native_batch_norm_legit_no_training", "_batch_norm_no_update",
        as: ["BatchNormalization"]
      ) { [try batchNorm($0)] },
      .one("instance_norm", as: ["InstanceNormalization"], instanceNorm),
      .many("layer_norm", "native_layer_norm", as: ["LayerNormalization"], layerNorm),
      .one("rms_norm", as: ["ReduceMean", "Sqrt", "Div"], rmsNorm),
      .one("group_norm", as: ["GroupNormalization", "InstanceNormalization"], groupNorm),
    ]
  }
}
