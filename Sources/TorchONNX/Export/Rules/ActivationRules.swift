// Activation functions, softmax, dropout.

import TorchCore

extension ONNX {
  enum ActivationRules {
    private static func softmax(_ onnx: String, _ operators: String...) -> ExportRule {
      ExportRule(operators: operators, onnx: [onnx], since: 17) { call in
        let x = try call.operand("self", call.resultType())
        if try call.rank("self") == 0 {
          let one = call.graph.unsqueeze(x, [0])
          return [call.graph.squeeze(call.graph.emit(onnx, [one], ["axis": 0]), [0])]
        }
        return [call.graph.emit(onnx, [x], ["axis": .int(try call.axis("dim"))])]
      }
    }

    /// Dropout draws in training only.
    private static func dropout(_ operators: String...) -> ExportRule {
      ExportRule(operators: operators, onnx: ["Dropout"], since: 17) { call in
        let flag = call.find("train") == nil ? "training" : "train"
        guard try call.bool(flag), try call.double("p") > 0 else { return [try call["input"]] }
        guard call.schema.name == "aten::dropout" else { throw call.unsupported("it draws random numbers in training") }
        let p = try call.graph.scalar(.double(try call.double("p")), .float32)
        return [
          call.graph.emit(
            "Dropout", [try call["input"], p, try call.graph.scalar(true, .bool)], [:], outputs: 1, isPure: false)[0]
        ]
      }
    }

    private static func gelu(_ call: RuleCall) throws -> Wire {
      let (g, x, dtype) = (call.graph, try call["self"], try call.dtype(of: "self"))
      let mode = try call.optionalString("approximate") ?? "none"
      if call.opset >= 20 { return g.emit("Gelu", [x], ["approximate": .string(mode)]) }
      let (half, one) = (try g.scalar(0.5, dtype), try g.scalar(1, dtype))
      let inner: Wire
      if mode == "tanh" {
        let cubic = g.mul(try g.scalar(0.044715, dtype), g.mul(x, g.mul(x, x)))
        inner = g.emit("Tanh", [g.mul(try g.scalar(.double((2 / Double.pi).squareRoot()), dtype), g.add(x, cubic))])
      } else {
        inner = g.emit("Erf", [g.mul(x, try g.scalar(.double(0.5.squareRoot()), dtype))])
      }
      return g.mul(g.mul(half, x), g.add(one, inner))
    }

    static let rules: [ExportRule] = [
      .one("relu", as: ["Relu"]) { $0.graph.emit("Relu", [try $0["self"]]) },
      .one("relu6", as: ["Clip"]) { call in
        let dtype = try call.dtype(of: "self")
        return call.graph.emit(
          "Clip", [try call["self"], try call.graph.scalar(0, dtype), try call.graph.scalar(6, dtype)])
      },
      .one("hardtanh", as: ["Clip"]) { call in
        let dtype = try call.dtype(of: "self")
        return call.graph.emit(
          "Clip", [try call["self"], try call.operand("min_val", dtype), try call.operand("max_val", dtype)])
      },
      .one("leaky_relu", as: ["LeakyRelu"]) { call in
        call.graph.emit("LeakyRelu", [try call["self"]], ["alpha": .float(try call.double("negative_slope"))])
      },
      .one("elu", as: ["Elu", "Mul", "Where"]) { call in
        let (g, x, dtype) = (call.graph, try call["self"], try call.dtype(of: "self"))
        let (alpha, scale, inputScale) = (
          try call.double("alpha"), try call.double("scale"), try call.double("input_scale")
        )
        if scale == 1, inputScale == 1 { return g.emit("Elu", [x], ["alpha": .float(alpha)]) }
        let below = g.sub(g.emit("Exp", [g.mul(x, try g.scalar(.double(inputScale), dtype))]), try g.scalar(1, dtype))
        let zero = try g.scalar(0, dtype)
        return g.select(
          g.emit("Greater", [x, zero]), g.mul(x, try g.scalar(.double(scale), dtype)),
          g.mul(below, try g.scalar(.double(alpha * scale), dtype)))
      },
      .one("selu", as: ["Selu"]) { $0.graph.emit("Selu", [try $0["self"]]) },
      .one("celu", as: ["Celu"]) { call in
        call.graph.emit("Celu", [try call["self"]], ["alpha": .float(try call.double("alpha"))])
      },
      .one("gelu", as: ["Gelu", "Erf", "Tanh"], gelu),
      .one("silu", as: ["Sigmoid", "Mul"]) { call in
        let x = try call["self"]
        return call.graph.mul(x, call.graph.emit("Sigmoid", [x]))
      },
      .one("mish", as: ["Mish", "Softplus", "Tanh"]) { call in
        let (g, x) = (call.graph, try call["self"])
        return call.opset >= 18 ? g.emit("Mish", [x]) : g.mul(x, g.emit("Tanh", [g.emit("Softplus", [x])]))
      },
      .one("softplus", as: ["Softplus", "Where"]) { call in
        let (g, x, dtype) = (call.graph, try call["self"], try call.dtype(of: "self"))
        let (beta, threshold) = (try call.double("beta"), try call.double("threshold"))
        let scaled = beta == 1 ? x : g.mul(x, try g.scalar(.double(beta), dtype))
        var y = g.emit("Softplus", [scaled])
        if beta != 1 { y = g.div(y, try g.scalar(.double(beta), dtype)) }
        return g.select(g.emit("Greater", [scaled, try g.scalar(.double(threshold), dtype)]), x, y)
      },
      .one("log_sigmoid", as: ["Softplus", "Neg"]) { call in
        call.graph.emit("Neg", [call.graph.emit("Softplus", [call.graph.emit("Neg", [try call["self"]])])])
      },
      .one("threshold", as: ["Greater", "Where"]) { call in
        let (g, x, dtype) = (call.graph, try call["self"], try call.dtype(of: "self"))
        return g.select(
          g.emit("Greater", [x, try call.operand("threshold", dtype)]), x, try call.operand("value", dtype))
      },
      .one("hardsigmoid", as: ["HardSigmoid"]) { call in
        call.graph.emit("HardSigmoid", [try call["self"]], ["alpha": .float(1.0 / 6), "beta": 0.5])
      },
      .one("hardswish", as: ["HardSwish"]) { $0.graph.emit("HardSwish", [try $0["self"]]) },
      .one("hardshrink", as: ["Abs", "Greater", "Where"]) { call in
        let (g, x, dtype) = (call.graph, try call["self"], try call.dtype(of: "self"))
        return g.select(
          g.emit("Greater", [g.emit("Abs", [x]), try call.operand("lambd", dtype)]), x, try g.scalar(0, dtype))
      },
      .one("softshrink", as: ["Shrink"]) { call in
        let lambda = NodeAttribute.float(try call.double("lambd"))
        return call.graph.emit("Shrink", [try call["self"]], ["lambd": lambda, "bias": lambda])
      },
      .one("prelu", "_prelu_kernel", as: ["PRelu"]) { call in
        let (g, rank) = (call.graph, try call.rank("self"))
        var weight = try call["weight"]
        // A weight for each channel lies along dimension 1.
        if try call.rank("weight") == 1, rank > 2 { weight = g.unsqueeze(weight, Array(1...rank - 2)) }
        return g.emit("PRelu", [try call["self"], weight])
      },
      .one("rrelu", as: ["LeakyRelu"]) { call in
        guard try !call.bool("training") else { throw call.unsupported("it draws random numbers in training") }
        let slope = (try call.double("lower") + call.double("upper")) / 2
        return call.graph.emit("LeakyRelu", [try call["self"]], ["alpha": .float(slope)])
      },
      .one("glu", as: ["Split", "Sigmoid", "Mul"]) { call in
        let (g, axis) = (call.graph, try call.axis("dim"))
        let half = try call.fixedSize("self", axis) / 2
        let parts = g.split(try call["self"], [half, half], axis: axis)
        return g.mul(parts[0], g.emit("Sigmoid", [parts[1]]))
      },
      softmax("Softmax", "softmax", "_softmax", "special_softmax"),
      softmax("LogSoftmax", "log_softmax", "_log_softmax", "special_log_softmax"),
      dropout("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"),
    ]
  }
}
