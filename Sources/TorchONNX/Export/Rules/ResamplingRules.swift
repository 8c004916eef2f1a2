// Images at other sizes and positions, and padding by what the border suggests.

import TorchCore

extension ONNX {
  enum ResamplingRules {
    private static func upsample(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      let name = call.schema.baseName
      let x = try call[call.find("self") == nil ? "input" : "self"]
      let rank = try call.rank(call.find("self") == nil ? "input" : "self")
      let spatial = rank - 2
      var attributes: [String: NodeAttribute] = [:]
      let alignsCorners = try call.bool("align_corners")
      if name.contains("nearest") {
        attributes["mode"] = "nearest"
        let isExact = name.contains("exact")
        attributes["coordinate_transformation_mode"] = isExact ? "half_pixel" : "asymmetric"
        attributes["nearest_mode"] = isExact ? "round_prefer_ceil" : "floor"
      } else {
        attributes["mode"] = name.contains("bicubic") ? "cubic" : "linear"
        attributes["coordinate_transformation_mode"] = alignsCorners ? "align_corners" : "pytorch_half_pixel"
        if name.contains("bicubic") { attributes["cubic_coeff_a"] = -0.75 }
        if name.hasSuffix("_aa") {
          if name.contains("lanczos") { throw call.unsupported("the filter 'lanczos'") }
          try call.require(opset: 18, "antialiasing")
          attributes["antialias"] = 1
          if name.contains("bicubic") { attributes["cubic_coeff_a"] = -0.5 }
        }
      }
      let sizeName = call.find("output_size") == nil ? "size" : "output_size"
      // Scales decide where values are taken, so they go on where they are given.
      if let scales = try scales(call, spatial) {
        let all = try withErrors { Tensor([1, 1] + scales, dtype: .float32) }
        return g.emit("Resize", [x, nil, try g.constant(all)], attributes)
      }
      let sizes = g.concat([g.slice(g.shape(x), axis: 0, 0, 2), try call.sizeList(sizeName)], axis: 0)
      return g.emit("Resize", [x, nil, nil, sizes], attributes)
    }

    /// The scale of each spatial dimension; nil where the sizes are given.
    private static func scales(_ call: RuleCall, _ spatial: Int) throws -> [Double]? {
      if call.has("scale_factors") {
        return try call.list("scale_factors").map { item in
          guard let value = item.constant?.double else { throw call.unsupported("scales that are not constant") }
          return value
        }
      }
      if call.has("scales"), spatial == 1 { return [try call.double("scales")] }
      let names = ["scales_d", "scales_h", "scales_w"].suffix(spatial)
      guard names.allSatisfy({ call.has($0) }) else { return nil }
      return try names.map { try call.double($0) }
    }

    private static func gridSample(_ call: RuleCall) throws -> Wire {
      let mode = try call.int("interpolation_mode")
      let rank = try call.rank("input")
      if rank == 5 { try call.require(opset: 20, "grid_sampler of volumes") }
      let names = call.opset >= 20 ? ["linear", "nearest", "cubic"] : ["bilinear", "nearest", "bicubic"]
      return call.graph.emit(
        "GridSample", [try call["input"], try call["grid"]],
        [
          "mode": .string(names[mode]),
          "padding_mode": .string(["zeros", "border", "reflection"][try call.int("padding_mode")]),
          "align_corners": .int(try call.bool("align_corners") ? 1 : 0),
        ])
    }

    private static func affineGrid(_ call: RuleCall) throws -> Wire {
      call.graph.emit(
        "AffineGrid", [try call["theta"], try call.sizeList("size")],
        ["align_corners": .int(try call.bool("align_corners") ? 1 : 0)])
    }

    /// (left, right) of the last dimension first becomes all the beginnings, then all the ends.
    static func padAmounts(_ call: RuleCall, _ name: String, _ rank: Int) throws -> (
      begins: [Exported], ends: [Exported]
    ) {
      let items = try call.list(name)
      var begins = Array(repeating: Exported.constant(.int(0)), count: rank)
      var ends = begins
      for i in 0..<items.count / 2 {
        begins[rank - 1 - i] = items[2 * i]
        ends[rank - 1 - i] = items[2 * i + 1]
      }
      return (begins, ends)
    }

    private static func pad(_ call: RuleCall, name: String = "pad", mode: String, value: String? = nil) throws -> Wire {
      let g = call.graph
      let (rank, dtype) = (try call.rank("self"), try call.dtype(of: "self"))
      let (begins, ends) = try padAmounts(call, name, rank)
      let amounts = try call.sizeList(begins + ends)
      let x = try call["self"]
      if mode == "wrap" {
        if call.opset >= 19 { return g.pad(x, amounts, mode: mode) }
        return try wrapped(call, x, begins, ends)
      }
      var fill: Wire?
      if let value, call.has(value), mode == "constant" { fill = try call.operand(value, dtype) }
      // ONNX has no padding of Booleans.
      if dtype == .bool {
        let padded = g.pad(
          g.cast(x, to: .int32), amounts, try fill.map { _ in try call.operand(value!, .int32) }, mode: mode)
        return g.cast(padded, to: .bool)
      }
      return g.pad(x, amounts, fill, mode: mode)
    }

    /// Circular padding before opset 19: what lies at the other end, joined.
    private static func wrapped(_ call: RuleCall, _ x: Wire, _ begins: [Exported], _ ends: [Exported]) throws -> Wire {
      let g = call.graph
      var x = x
      for axis in begins.indices {
        guard let before = begins[axis].constant?.int, let after = ends[axis].constant?.int, before >= 0, after >= 0
        else {
          throw call.unsupported("circular padding by amounts that are not constant")
        }
        var parts: [Wire] = []
        if before > 0 { parts.append(g.slice(x, axis: axis, -before, .max)) }
        parts.append(x)
        if after > 0 { parts.append(g.slice(x, axis: axis, 0, after)) }
        x = g.concat(parts, axis: axis)
      }
      return x
    }

    static let rules: [ExportRule] = [
      .one(
        "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "_upsample_nearest_exact1d",
        "_upsample_nearest_exact2d", "_upsample_nearest_exact3d", "upsample_linear1d", "upsample_bilinear2d",
        "upsample_trilinear3d", "upsample_bicubic2d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa",
        as: ["Resize"], upsample),
      .one("grid_sampler", "grid_sampler_2d", "grid_sampler_3d", as: ["GridSample"], gridSample),
      .one("affine_grid_generator", as: ["AffineGrid"], since: 20, affineGrid),
      .one("constant_pad_nd", as: ["Pad"]) { try pad($0, mode: "constant", value: "value") },
      .one("reflection_pad1d", "reflection_pad2d", "reflection_pad3d", as: ["Pad"]) {
        try pad($0, name: "padding", mode: "reflect")
      },
      .one("replication_pad1d", "replication_pad2d", "replication_pad3d", as: ["Pad"]) {
        try pad($0, name: "padding", mode: "edge")
      },
      .one("pad", as: ["Pad"]) { call in
        switch try call.string("mode") {
        case "constant": return try pad(call, mode: "constant", value: "value")
        case "reflect": return try pad(call, mode: "reflect")
        case "replicate": return try pad(call, mode: "edge")
        default: return try pad(call, mode: "wrap")
        }
      },
    ]
  }
}
