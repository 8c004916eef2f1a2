// Sums, means, extremes, norms, and running sums.

import TorchCore

extension ONNX {
  enum ReductionRules {
    /// A reduction over `dim`, of the argument in the result's type.
    private static func reduction(_ onnx: String, _ operators: String...) -> ExportRule {
      ExportRule(operators: operators, onnx: [onnx], since: 17) { call in
        let dtype = try call.resultType()
        let x = try call.operand("self", dtype)
        return [call.graph.reduce(onnx, x, try call.axes("dim"), keep: try call.bool("keepdim"))]
      }
    }

    /// The greatest or least values along a dimension, and where they are.
    private static func extreme(_ name: String, _ onnx: String, _ index: String) -> ExportRule {
      .many("\(name).dim", as: [onnx, index]) { call in
        let (g, axis, keep) = (call.graph, try call.axis("dim"), try call.bool("keepdim"))
        let x = try call["self"]
        if try call.rank("self") == 0 { return [x, g.int(0)] }
        return [
          g.reduce(onnx, x, [axis], keep: keep),
          g.emit(index, [x], ["axis": .int(axis), "keepdims": .int(keep ? 1 : 0)]),
        ]
      }
    }

    private static func position(_ name: String, _ onnx: String) -> ExportRule {
      .one(name, as: [onnx]) { call in
        let (g, x) = (call.graph, try call["self"])
        let keep = try call.bool("keepdim")
        guard call.has("dim") else {
          let flat = g.reshape(x, [-1])
          let place = g.emit(onnx, [flat], ["axis": 0, "keepdims": 0])
          return keep ? g.reshape(place, Array(repeating: 1, count: try call.rank("self"))) : place
        }
        if try call.rank("self") == 0 { return g.int(0) }
        return g.emit(onnx, [x], ["axis": .int(try call.axis("dim")), "keepdims": .int(keep ? 1 : 0)])
      }
    }

    /// Whether all, or any, elements are true.
    private static func truth(_ name: String, _ onnx: String) -> ExportRule {
      .one(name, as: [onnx]) { call in
        let g = call.graph
        let x = g.cast(try call.operand("self", .bool), to: .int32)
        return g.cast(g.reduce(onnx, x, try call.axes("dim"), keep: try call.bool("keepdim")), to: .bool)
      }
    }

    /// The variance: the mean of squared differences, times n / (n - correction).
    private static func variance(_ call: RuleCall) throws -> (variance: Wire, mean: Wire) {
      let (g, dtype) = (call.graph, try call.resultType())
      let x = try call.operand("self", dtype)
      let axes = try call.axes("dim") ?? Array(0..<(try call.rank("self")))
      let keep = try call.bool("keepdim")
      var correction = 1.0
      if call.find("correction") != nil { correction = try call.optionalDouble("correction") ?? 1 }
      if call.find("unbiased") != nil { correction = try call.bool("unbiased") ? 1 : 0 }
      let mean = g.reduce("ReduceMean", x, axes, keep: true)
      let difference = g.sub(x, mean)
      var variance = g.reduce("ReduceMean", g.mul(difference, difference), axes, keep: keep)
      if correction != 0 {
        let sizes = try call.sizes(of: "self")
        let count: Wire
        if axes.allSatisfy({ sizes[$0] != nil }) {
          count = try g.scalar(.double(Double(axes.reduce(1) { $0 * sizes[$1]! })), dtype)
        } else {
          let list = g.gather(g.shape(x), g.ints(axes), axis: 0)
          count = g.cast(g.reduce("ReduceProd", list, nil, keep: false), to: dtype)
        }
        variance = g.div(g.mul(variance, count), g.sub(count, try g.scalar(.double(correction), dtype)))
      }
      return (variance, keep ? mean : g.squeeze(mean, axes))
    }

    private static func vectorNorm(_ call: RuleCall, _ order: Double) throws -> Wire {
      let (g, dtype) = (call.graph, try call.resultType())
      let (axes, keep) = (try call.axes("dim"), try call.bool("keepdim"))
      let x = try call.operand("self", dtype)
      switch order {
      case 1: return g.reduce("ReduceL1", x, axes, keep: keep)
      case 2: return g.reduce("ReduceL2", x, axes, keep: keep)
      case .infinity: return g.reduce("ReduceMax", g.emit("Abs", [x]), axes, keep: keep)
      case -.infinity: return g.reduce("ReduceMin", g.emit("Abs", [x]), axes, keep: keep)
      case 0:
        let isSet = g.cast(g.not(g.emit("Equal", [x, try g.scalar(0, dtype)])), to: dtype)
        return g.reduce("ReduceSum", isSet, axes, keep: keep)
      default:
        let powers = g.pow(g.emit("Abs", [x]), try g.scalar(.double(order), dtype))
        return g.pow(g.reduce("ReduceSum", powers, axes, keep: keep), try g.scalar(.double(1 / order), dtype))
      }
    }

    private static func norm(_ operators: String..., order: String) -> ExportRule {
      ExportRule(operators: operators, onnx: ["ReduceL1", "ReduceL2", "ReduceMax", "Pow"], since: 17) { call in
        [try vectorNorm(call, try call.optionalDouble(order) ?? 2)]
      }
    }

    static let rules: [ExportRule] = [
      reduction("ReduceSum", "sum"), reduction("ReduceMean", "mean"),
      reduction("ReduceMax", "amax", "max"), reduction("ReduceMin", "amin", "min"),
      reduction("ReduceProd", "prod"), reduction("ReduceLogSumExp", "logsumexp", "special_logsumexp"),
      extreme("max", "ReduceMax", "ArgMax"), extreme("min", "ReduceMin", "ArgMin"),
      position("argmax", "ArgMax"), position("argmin", "ArgMin"),
      truth("all", "ReduceMin"), truth("any", "ReduceMax"),
      .many("aminmax", as: ["ReduceMin", "ReduceMax"]) { call in
        let (x, axes, keep) = (
          try call["self"], call.has("dim") ? [try call.axis("dim")] : nil, try call.bool("keepdim")
        )
        return [
          call.graph.reduce("ReduceMin", x, axes, keep: keep), call.graph.reduce("ReduceMax", x, axes, keep: keep),
        ]
      },
      .one("var", as: ["ReduceMean", "Mul"]) { try variance($0).variance },
      .one("std", as: ["ReduceMean", "Mul", "Sqrt"]) { $0.graph.emit("Sqrt", [try variance($0).variance]) },
      .many("var_mean", as: ["ReduceMean", "Mul"]) { call in
        let (variance, mean) = try variance(call)
        return [variance, mean]
      },
      .many("std_mean", as: ["ReduceMean", "Mul", "Sqrt"]) { call in
        let (variance, mean) = try variance(call)
        return [call.graph.emit("Sqrt", [variance]), mean]
      },
      norm("norm", order: "p"), norm("linalg_vector_norm", order: "ord"),
      .one("frobenius_norm", as: ["ReduceL2"]) { try vectorNorm($0, 2) },
      .one("dist", as: ["Sub", "ReduceL2"]) { call in
        let (g, dtype, order) = (call.graph, try call.resultType(), try call.double("p"))
        guard order == 2 || order == 1 else { throw call.unsupported("'p' is \(order)") }
        let difference = g.sub(try call.operand("self", dtype), try call.operand("other", dtype))
        return g.reduce(order == 2 ? "ReduceL2" : "ReduceL1", difference, nil, keep: false)
      },
      .one("count_nonzero", as: ["ReduceSum"]) { call in
        let g = call.graph
        return g.reduce(
          "ReduceSum", g.cast(try call.operand("self", .bool), to: .int64), try call.axes("dim"), keep: false)
      },
      .one("nansum", as: ["IsNaN", "Where", "ReduceSum"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        var x = try call.operand("self", dtype)
        if dtype.isFloatingPoint { x = g.select(g.emit("IsNaN", [x]), try g.scalar(0, dtype), x) }
        return g.reduce("ReduceSum", x, try call.axes("dim"), keep: try call.bool("keepdim"))
      },
      .one("nanmean", as: ["IsNaN", "Where", "ReduceSum", "Div"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let x = try call.operand("self", dtype)
        let (axes, keep, isNaN) = (try call.axes("dim"), try call.bool("keepdim"), g.emit("IsNaN", [x]))
        let sum = g.reduce("ReduceSum", g.select(isNaN, try g.scalar(0, dtype), x), axes, keep: keep)
        return g.div(sum, g.reduce("ReduceSum", g.cast(g.not(isNaN), to: dtype), axes, keep: keep))
      },
      .one("cumsum", as: ["CumSum"]) { call in
        let x = try call.operand("self", call.resultType())
        if try call.rank("self") == 0 { return x }
        return call.graph.emit("CumSum", [x, call.graph.int(try call.axis("dim"))])
      },
      .one("logcumsumexp", as: ["ReduceMax", "Exp", "CumSum", "Log"]) { call in
        let (g, axis) = (call.graph, try call.axis("dim"))
        let x = try call["self"]
        let peak = g.reduce("ReduceMax", x, [axis], keep: true)
        let sums = g.emit("CumSum", [g.emit("Exp", [g.sub(x, peak)]), g.int(axis)])
        return g.add(g.emit("Log", [sums]), peak)
      },
      .one("trace", as: ["EyeLike", "Mul", "ReduceSum"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let x = try call.operand("self", dtype)
        return g.reduce("ReduceSum", g.mul(x, g.emit("EyeLike", [x])), nil, keep: false)
      },
    ]
  }
}
