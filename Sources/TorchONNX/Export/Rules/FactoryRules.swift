// Tensors made of sizes and numbers, and random draws.

import TorchCore

extension ONNX {
  enum FactoryRules {
    /// A tensor of the sizes in `sizes`, filled with one number.
    private static func filled(_ call: RuleCall, _ sizes: Wire, _ value: Exported, _ dtype: DType) throws -> Wire {
      if let (scalar, _) = value.constant?.scalar {
        let one = try withErrors { Tensor.full([1], scalar, dtype: dtype) }
        return call.graph.emit("ConstantOfShape", [sizes], ["value": .tensor(try TensorCodec.proto(one))])
      }
      return call.graph.expand(try call.operand(value, dtype, "fill_value"), sizes)
    }

    private static func sized(_ value: Int, _ operators: String...) -> ExportRule {
      ExportRule(operators: operators, onnx: ["ConstantOfShape"], since: 17) { call in
        [try filled(call, try call.sizeList("size"), .constant(.int(value)), try call.resultType())]
      }
    }

    private static func like(_ value: Int, _ operators: String...) -> ExportRule {
      ExportRule(operators: operators, onnx: ["Shape", "ConstantOfShape"], since: 17) { call in
        [try filled(call, try call.sizeList(of: "self"), .constant(.int(value)), try call.resultType())]
      }
    }

    private static func arange(_ call: RuleCall) throws -> Wire {
      let (g, dtype) = (call.graph, try call.resultType())
      // Range knows no types but the common ones.
      let own: DType = [.float32, .float64, .int16, .int32, .int64].contains(dtype) ? dtype : .int64
      func bound(_ name: String, _ fallback: Scalar) throws -> Wire {
        call.has(name) ? try call.operand(name, own) : try g.scalar(fallback, own)
      }
      let range = g.emit("Range", [try bound("start", 0), try call.operand("end", own), try bound("step", 1)])
      return own == dtype ? range : g.cast(range, to: dtype)
    }

    private static func linspace(_ call: RuleCall) throws -> Wire {
      let (g, dtype) = (call.graph, try call.resultType())
      let steps = try call.intWire("steps")
      let (start, end) = (try call.operand("start", .float64), try call.operand("end", .float64))
      let places = g.cast(g.emit("Range", [g.int(0), steps, g.int(1)]), to: .float64)
      let gaps = g.cast(g.emit("Max", [g.sub(steps, g.int(1)), g.int(1)]), to: .float64)
      return g.cast(g.add(start, g.mul(places, g.div(g.sub(end, start), gaps))), to: dtype)
    }

    private static func eye(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      let rows = try call.intList("n")
      let sizes = g.concat([rows, call.has("m") ? try call.intList("m") : rows], axis: 0)
      let zeros = try filled(call, sizes, .constant(.int(0)), try call.resultType())
      return g.emit("EyeLike", [zeros])
    }

    // MARK: Random draws

    /// Draws of the sizes and type of `like`.
    private static func drawn(
      _ call: RuleCall, _ onnx: String, like: Wire, _ attributes: [String: NodeAttribute], _ dtype: DType
    ) -> Wire {
      var attributes = attributes
      attributes["dtype"] = .int(Int(ElementType(dtype).rawValue))
      return call.graph.emit(onnx, [like], attributes, outputs: 1, isPure: false)[0]
    }

    private static func random(
      _ operators: String..., as onnx: String,
      _ attributes: @escaping @Sendable (RuleCall) throws -> [String: NodeAttribute]
    ) -> ExportRule {
      ExportRule(operators: operators, onnx: [onnx], since: 17) { call in
        let dtype = try call.resultType()
        let like: Wire
        if call.find("size") != nil {
          like = try filled(call, try call.sizeList("size"), .constant(.int(0)), dtype)
        } else {
          like = try call["self"]
        }
        return [drawn(call, onnx, like: like, try attributes(call), dtype)]
      }
    }

    private static func randint(_ call: RuleCall) throws -> Wire {
      let (g, dtype) = (call.graph, try call.resultType())
      let sizes = try call.find("size") != nil ? call.sizeList("size") : call.sizeList(of: "self")
      let like = try filled(call, sizes, .constant(.int(0)), .float32)
      let low = Double(try call.optionalInt("low") ?? 0), high = Double(try call.int("high"))
      let uniform = drawn(call, "RandomUniformLike", like: like, ["low": .float(low), "high": .float(high)], .float32)
      return g.cast(g.emit("Floor", [uniform]), to: dtype)
    }

    static let rules: [ExportRule] = [
      sized(0, "zeros", "empty", "new_zeros", "new_empty"), sized(1, "ones", "new_ones"),
      like(0, "zeros_like", "empty_like", "zero"), like(1, "ones_like"),
      .one("full", "new_full", as: ["ConstantOfShape", "Expand"]) { call in
        try filled(call, try call.sizeList("size"), try call.argument("fill_value"), try call.resultType())
      },
      .one("full_like", as: ["Shape", "ConstantOfShape", "Expand"]) { call in
        try filled(call, try call.sizeList(of: "self"), try call.argument("fill_value"), try call.resultType())
      },
      .one("fill", as: ["Shape", "ConstantOfShape", "Expand"]) { call in
        try filled(call, try call.sizeList(of: "self"), try call.argument("value"), try call.resultType())
      },
      .one("scalar_tensor", as: ["Cast"]) { try $0.operand("s", $0.resultType()) },
      .one("tensor", "as_tensor", as: ["Cast", "Concat"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        guard let items = try call.argument("data").elements else { return try call.operand("data", dtype) }
        guard try items.allSatisfy({ try call.rank(of: $0) == 0 }) else {
          throw call.unsupported("nested lists that are not constant")
        }
        return g.concat(try items.map { g.unsqueeze(try call.operand($0, dtype), [0]) }, axis: 0)
      },
      .one("arange", as: ["Range"], arange), .one("linspace", as: ["Range"], linspace),
      .one("eye", as: ["EyeLike"], eye),
      random("rand", "rand_like", as: "RandomUniformLike") { _ in [:] },
      random("randn", "randn_like", as: "RandomNormalLike") { _ in [:] },
      random("uniform", as: "RandomUniformLike") { call in
        ["low": .float(try call.double("from")), "high": .float(try call.double("to"))]
      },
      random("normal_functional", as: "RandomNormalLike") { call in
        ["mean": .float(try call.double("mean")), "scale": .float(try call.double("std"))]
      },
      .one("randint", "randint_like", as: ["RandomUniformLike", "Floor"], randint),
      .one("bernoulli", as: ["Bernoulli"]) { call in
        let g = call.graph
        var p = try call["self"]
        if call.has("p") {
          let dtype: DType = try call.dtype(of: "self").isFloatingPoint ? try call.dtype(of: "self") : .float32
          p = g.expand(try call.operand("p", dtype), g.shape(p))
        }
        let dtype = Int(ElementType(try call.resultType()).rawValue)
        return g.emit("Bernoulli", [p], ["dtype": .int(dtype)], outputs: 1, isPure: false)[0]
      },
      .one("multinomial", as: ["Log", "Multinomial"]) { call in
        let (g, rank) = (call.graph, try call.rank("self"))
        guard try call.bool("replacement") || call.int("num_samples") == 1 else {
          throw call.unsupported("draws without replacement")
        }
        var p = g.emit("Log", [try call["self"]])
        if rank == 1 { p = g.unsqueeze(p, [0]) }
        let count = NodeAttribute.int(try call.int("num_samples"))
        let draws = g.emit("Multinomial", [p], ["dtype": 7, "sample_size": count], outputs: 1, isPure: false)[0]
        return rank == 1 ? g.squeeze(draws, [0]) : draws
      },
    ]
  }
}
