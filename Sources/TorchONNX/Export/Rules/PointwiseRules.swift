// Functions of one number, element by element.

import TorchCore

extension ONNX {
  enum PointwiseRules {
    /// An ONNX operator of the same meaning; integers become the result's type first.
    private static func same(_ onnx: String, _ operators: String...) -> ExportRule {
      ExportRule(operators: operators, onnx: [onnx], since: 17) { call in
        [call.graph.emit(onnx, [try call.operand("self", call.resultType())])]
      }
    }

    /// A function written with others; the closure gets the argument in the result's type, and that type.
    private static func made(
      _ operators: String..., as onnx: [String],
      _ body: @escaping @Sendable (RuleCall, _ x: Wire, _ dtype: DType) throws -> Wire
    ) -> ExportRule {
      ExportRule(operators: operators, onnx: onnx, since: 17) { call in
        let dtype = try call.resultType()
        return [try body(call, try call.operand("self", dtype), dtype)]
      }
    }

    /// Rounding, which integers do not need.
    private static func rounding(_ onnx: String, _ operators: String...) -> ExportRule {
      ExportRule(operators: operators, onnx: [onnx], since: 17) { call in
        let x = try call["self"]
        return [try call.dtype(of: "self").isFloatingPoint ? call.graph.emit(onnx, [x]) : x]
      }
    }

    /// A predicate that integers answer without being looked at.
    private static func predicate(
      _ name: String, as onnx: [String], ofIntegers: Bool,
      _ body: @escaping @Sendable (RuleCall, _ x: Wire, _ dtype: DType) throws -> Wire
    ) -> ExportRule {
      .one(name, as: onnx) { call in
        let dtype = try call.dtype(of: "self")
        let x = try call["self"]
        guard !dtype.isFloatingPoint else { return try body(call, x, dtype) }
        let all = try call.graph.scalar(.bool(ofIntegers), .bool)
        return call.graph.expand(all, call.graph.shape(x))
      }
    }

    /// `log(x) / log(base)`
    private static func logarithm(_ name: String, base: Double) -> ExportRule {
      made(name, as: ["Log", "Div"]) { call, x, dtype in
        let g = call.graph
        return g.div(g.emit("Log", [x]), try g.scalar(.double(_log(base)), dtype))
      }
    }

    private static func _log(_ x: Double) -> Double { x == 2 ? 0.693147180559945309417 : 2.302585092994045684018 }

    static let rules: [ExportRule] = [
      same("Abs", "abs", "absolute"), same("Neg", "neg", "negative"),
      same("Acos", "acos", "arccos"), same("Asin", "asin", "arcsin"), same("Atan", "atan", "arctan"),
      same("Acosh", "acosh", "arccosh"), same("Asinh", "asinh", "arcsinh"), same("Atanh", "atanh", "arctanh"),
      same("Cos", "cos"), same("Cosh", "cosh"), same("Sin", "sin"), same("Sinh", "sinh"), same("Tan", "tan"),
      same("Tanh", "tanh"), same("Exp", "exp"), same("Log", "log"), same("Sqrt", "sqrt"),
      same("Erf", "erf", "special_erf"), same("Reciprocal", "reciprocal"), same("Sigmoid", "sigmoid", "special_expit"),
      same("Sign", "sign", "sgn"),
      rounding("Ceil", "ceil"), rounding("Floor", "floor"), rounding("Round", "round"),
      .one("round.decimals", "special_round", as: ["Round", "Mul", "Div"]) { call in
        let (g, dtype, decimals) = (call.graph, try call.dtype(of: "self"), try call.int("decimals"))
        let x = try call["self"]
        if decimals == 0 || !dtype.isFloatingPoint { return g.emit("Round", [x]) }
        var factor = 1.0
        for _ in 0..<decimals.magnitude { factor *= 10 }
        let scale = try g.scalar(.double(factor), dtype)
        return decimals > 0
          ? g.div(g.emit("Round", [g.mul(x, scale)]), scale) : g.mul(g.emit("Round", [g.div(x, scale)]), scale)
      },
      .one("trunc", "fix", as: ["Floor", "Abs", "Sign", "Mul"]) { call in
        let (g, x) = (call.graph, try call["self"])
        guard try call.dtype(of: "self").isFloatingPoint else { return x }
        return g.mul(g.emit("Sign", [x]), g.emit("Floor", [g.emit("Abs", [x])]))
      },
      .one("frac", as: ["Floor", "Abs", "Sign", "Mul", "Sub"]) { call in
        let (g, x) = (call.graph, try call["self"])
        return g.sub(x, g.mul(g.emit("Sign", [x]), g.emit("Floor", [g.emit("Abs", [x])])))
      },
      made("rsqrt", as: ["Sqrt", "Reciprocal"]) { call, x, _ in
        call.graph.emit("Reciprocal", [call.graph.emit("Sqrt", [x])])
      },
      made("square", as: ["Mul"]) { call, x, _ in call.graph.mul(x, x) },
      made("erfc", "special_erfc", as: ["Erf", "Sub"]) { call, x, dtype in
        call.graph.sub(try call.graph.scalar(1, dtype), call.graph.emit("Erf", [x]))
      },
      made("expm1", "special_expm1", as: ["Exp", "Sub"]) { call, x, dtype in
        call.graph.sub(call.graph.emit("Exp", [x]), try call.graph.scalar(1, dtype))
      },
      made("log1p", "special_log1p", as: ["Add", "Log"]) { call, x, dtype in
        call.graph.emit("Log", [call.graph.add(x, try call.graph.scalar(1, dtype))])
      },
      logarithm("log2", base: 2), logarithm("log10", base: 10),
      made("exp2", "special_exp2", as: ["Pow"]) { call, x, dtype in call.graph.pow(try call.graph.scalar(2, dtype), x)
      },
      made("deg2rad", as: ["Mul"]) { call, x, dtype in
        call.graph.mul(x, try call.graph.scalar(.double(.pi / 180), dtype))
      },
      made("rad2deg", as: ["Mul"]) { call, x, dtype in
        call.graph.mul(x, try call.graph.scalar(.double(180 / .pi), dtype))
      },
      made("logit", "special_logit", as: ["Clip", "Log", "Sub", "Div"]) { call, x, dtype in
        let g = call.graph
        let one = try g.scalar(1, dtype)
        var x = x
        if let eps = try call.optionalDouble("eps") {
          x = g.emit("Clip", [x, try g.scalar(.double(eps), dtype), try g.scalar(.double(1 - eps), dtype)])
        }
        return g.emit("Log", [g.div(x, g.sub(one, x))])
      },
      made("sinc", "special_sinc", as: ["Sin", "Where", "Div"]) { call, x, dtype in
        let g = call.graph
        let one = try g.scalar(1, dtype)
        let y = g.mul(x, try g.scalar(.double(.pi), dtype))
        return g.select(g.emit("Equal", [x, try g.scalar(0, dtype)]), one, g.div(g.emit("Sin", [y]), y))
      },
      made("special_ndtr", as: ["Erf", "Mul", "Add"]) { call, x, dtype in
        let g = call.graph
        let erf = g.emit("Erf", [g.mul(x, try g.scalar(.double(0.5.squareRoot()), dtype))])
        return g.mul(g.add(erf, try g.scalar(1, dtype)), try g.scalar(0.5, dtype))
      },
      made("special_entr", as: ["Log", "Mul", "Where"]) { call, x, dtype in
        let g = call.graph
        let zero = try g.scalar(0, dtype)
        let inside = g.emit("Neg", [g.mul(x, g.emit("Log", [x]))])
        let low = g.select(g.emit("Less", [x, zero]), try g.scalar(.double(-.infinity), dtype), inside)
        return g.select(g.emit("Equal", [x, zero]), zero, low)
      },
      .one("positive", "conj", "conj_physical", "resolve_conj", "resolve_neg", as: ["Identity"]) { try $0["self"] },
      .one("logical_not", "__not__", as: ["Not"]) { call in call.graph.not(try call.operand("self", .bool)) },
      .one("bitwise_not", as: ["BitwiseNot", "Not"]) { call in
        if try call.dtype(of: "self") == .bool { return call.graph.not(try call["self"]) }
        try call.require(opset: 18, "BitwiseNot")
        return call.graph.emit("BitwiseNot", [try call["self"]])
      },
      predicate("isnan", as: ["IsNaN"], ofIntegers: false) { call, x, _ in call.graph.emit("IsNaN", [x]) },
      predicate("isinf", as: ["IsInf"], ofIntegers: false) { call, x, _ in call.graph.emit("IsInf", [x]) },
      predicate("isposinf", as: ["IsInf"], ofIntegers: false) { call, x, _ in
        call.graph.emit("IsInf", [x], ["detect_negative": 0])
      },
      predicate("isneginf", as: ["IsInf"], ofIntegers: false) { call, x, _ in
        call.graph.emit("IsInf", [x], ["detect_positive": 0])
      },
      predicate("isfinite", as: ["IsInf", "IsNaN", "Or", "Not"], ofIntegers: true) { call, x, _ in
        let g = call.graph
        return g.not(g.emit("Or", [g.emit("IsInf", [x]), g.emit("IsNaN", [x])]))
      },
      .one("signbit", as: ["Less"]) { call in
        call.graph.emit("Less", [try call["self"], try call.graph.scalar(0, try call.dtype(of: "self"))])
      },
      .one("nan_to_num", as: ["IsNaN", "IsInf", "Where"]) { call in
        let (g, dtype) = (call.graph, try call.dtype(of: "self"))
        var x = try call["self"]
        guard dtype.isFloatingPoint else { return x }
        let greatest =
          dtype == .float64
          ? Double.greatestFiniteMagnitude
          : dtype == .float16 ? 65504 : Double(Float.greatestFiniteMagnitude)
        let input = x
        let nan = try g.scalar(.double(try call.optionalDouble("nan") ?? 0), dtype)
        x = g.select(g.emit("IsNaN", [input]), nan, x)
        let top = try g.scalar(.double(try call.optionalDouble("posinf") ?? greatest), dtype)
        x = g.select(g.emit("IsInf", [input], ["detect_negative": 0]), top, x)
        let bottom = try g.scalar(.double(try call.optionalDouble("neginf") ?? -greatest), dtype)
        return g.select(g.emit("IsInf", [input], ["detect_positive": 0]), bottom, x)
      },
    ]
  }
}
