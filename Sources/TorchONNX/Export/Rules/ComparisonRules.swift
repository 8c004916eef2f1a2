// Comparisons and choices.

import TorchCore

extension ONNX {
  enum ComparisonRules {
    /// The type in which two operands are compared: numbers take part only where their category is greater.
    static func common(_ call: RuleCall, _ a: String = "self", _ b: String = "other") throws -> DType {
      func group(_ name: String) throws -> (rank: Int, dtype: DType) {
        let value = try call.argument(name)
        let dtype = try call.dtype(of: value, name)
        switch value {
        case .constant(.tensor(let tensor)): return (tensor.ndim > 0 ? 2 : 1, dtype)
        case .constant, .number: return (0, dtype.isFloatingPoint ? .default : dtype)
        default: return (try call.rank(of: value, name) > 0 ? 2 : 1, dtype)
        }
      }
      let (first, second) = (try group(a), try group(b))
      if first.rank == second.rank { return .promote(first.dtype, second.dtype) }
      let (high, low) = first.rank > second.rank ? (first.dtype, second.dtype) : (second.dtype, first.dtype)
      return category(low) > category(high) ? low : high
    }

    /// Booleans, integers, floating point numbers.
    private static func category(_ dtype: DType) -> Int { dtype == .bool ? 0 : dtype.isFloatingPoint ? 2 : 1 }

    private static func comparison(_ onnx: String, negated: Bool = false, _ operators: String...) -> ExportRule {
      ExportRule(operators: operators, onnx: [onnx] + (negated ? ["Not"] : []), since: 17) { call in
        var dtype = try common(call)
        // Order is not defined for Booleans in ONNX.
        if dtype == .bool, onnx != "Equal" { dtype = .int32 }
        let result = call.graph.emit(onnx, [try call.operand("self", dtype), try call.operand("other", dtype)])
        return [negated ? call.graph.not(result) : result]
      }
    }

    static let rules: [ExportRule] = [
      comparison("Equal", "eq"), comparison("Equal", negated: true, "ne", "not_equal"),
      comparison("Greater", "gt", "greater"), comparison("GreaterOrEqual", "ge", "greater_equal"),
      comparison("Less", "lt", "less"), comparison("LessOrEqual", "le", "less_equal"),
      .one("where.self", "where.ScalarSelf", "where.ScalarOther", "where.Scalar", as: ["Where"]) { call in
        let dtype = try call.resultType()
        return call.graph.select(
          try call.operand("condition", .bool), try call.operand("self", dtype), try call.operand("other", dtype))
      },
      .one("isclose", as: ["Sub", "Abs", "LessOrEqual"]) { call in
        let (g, dtype) = (call.graph, try common(call))
        guard dtype.isFloatingPoint else { throw call.unsupported("isclose of integers") }
        let (a, b) = (try call.operand("self", dtype), try call.operand("other", dtype))
        let allowed = g.add(
          try g.scalar(.double(try call.double("atol")), dtype),
          g.mul(try g.scalar(.double(try call.double("rtol")), dtype), g.emit("Abs", [b])))
        var result = g.emit(
          "Or", [g.emit("Equal", [a, b]), g.emit("LessOrEqual", [g.emit("Abs", [g.sub(a, b)]), allowed])])
        // Infinities are close to themselves only.
        result = g.emit("And", [result, g.emit("Or", [g.emit("Equal", [a, b]), g.not(g.emit("IsInf", [b]))])])
        if try call.bool("equal_nan") {
          result = g.emit("Or", [result, g.emit("And", [g.emit("IsNaN", [a]), g.emit("IsNaN", [b])])])
        }
        return result
      },
      .one("equal", as: ["Equal", "ReduceMin"]) { call in
        let (g, dtype) = (call.graph, try common(call))
        guard try call.sizes(of: "self") == call.sizes(of: "other") else {
          throw call.unsupported("equal of tensors whose sizes may differ")
        }
        let same = g.emit("Equal", [try call.operand("self", dtype), try call.operand("other", dtype)])
        return g.cast(g.reduce("ReduceMin", g.cast(same, to: .int32), nil, keep: false), to: .bool)
      },
    ]
  }
}
