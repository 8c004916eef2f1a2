// Arithmetic of two or three tensors, or of tensors and numbers, which ONNX wants in one type.

import TorchCore

extension ONNX {
  enum ArithmeticRules {
    /// An ONNX operator of two operands in the result's type.
    private static func binary(
      _ onnx: String, _ operators: String..., boolean: String? = nil
    ) -> ExportRule {
      ExportRule(operators: operators, onnx: [onnx] + (boolean.map { [$0] } ?? []), since: 17) { call in
        let dtype = try call.resultType()
        let (a, b) = (try call.operand("self", dtype), try call.operand("other", dtype))
        if dtype == .bool, let boolean { return [call.graph.emit(boolean, [a, b])] }
        return [call.graph.emit(onnx, [a, b])]
      }
    }

    /// `self + alpha * other`, or `other` first.
    private static func sum(_ onnx: String, _ operators: String..., reversed: Bool = false) -> ExportRule {
      ExportRule(operators: operators, onnx: [onnx, "Mul"], since: 17) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        var (a, b) = (try call.operand("self", dtype), try call.operand("other", dtype))
        if reversed { swap(&a, &b) }
        if dtype == .bool { return [g.emit("Or", [a, b])] }
        if call.has("alpha"), !isOne(try call.argument("alpha").constant) {
          b = g.mul(try call.operand("alpha", dtype), b)
          if reversed {
            (a, b) = (
              try call.operand("other", dtype), g.mul(try call.operand("alpha", dtype), try call.operand("self", dtype))
            )
          }
        }
        return [g.emit(onnx, [a, b])]
      }
    }

    private static func isOne(_ value: JIT.IValue?) -> Bool { value?.double == 1 }

    /// Bitwise for integers, logical for Booleans.
    private static func bitwise(_ onnx: String, _ logical: String, _ operators: String...) -> ExportRule {
      ExportRule(operators: operators, onnx: [onnx, logical], since: 17) { call in
        let dtype = try call.resultType()
        let operands = [try call.operand("self", dtype), try call.operand("other", dtype)]
        if dtype == .bool { return [call.graph.emit(logical, operands)] }
        try call.require(opset: 18, onnx)
        return [call.graph.emit(onnx, operands)]
      }
    }

    private static func logical(_ onnx: String, _ name: String) -> ExportRule {
      .one(name, as: [onnx]) { call in
        call.graph.emit(onnx, [try call.operand("self", .bool), try call.operand("other", .bool)])
      }
    }

    /// A quotient of numbers rounded down: ONNX divides integers toward zero.
    static func floorDivide(_ call: RuleCall, _ a: Wire, _ b: Wire, _ dtype: DType) throws -> Wire {
      let g = call.graph
      if dtype.isFloatingPoint { return g.emit("Floor", [g.div(a, b)]) }
      // The remainder with the divisor's sign is what is left over.
      return g.div(g.sub(a, g.emit("Mod", [a, b])), b)
    }

    private static func shift(_ name: String, _ direction: String) -> ExportRule {
      .one("bitwise_\(name)_shift", "__\(name.first!)shift__", as: ["Pow", "Mul", "Div"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let (a, b) = (try call.operand("self", dtype), try call.operand("other", dtype))
        // ONNX shifts unsigned numbers only.
        let factor = g.pow(try g.scalar(2, dtype), b)
        return direction == "left" ? g.mul(a, factor) : try floorDivide(call, a, factor, dtype)
      }
    }

    static let rules: [ExportRule] = [
      sum("Add", "add"), sum("Sub", "sub", "subtract"), sum("Sub", "rsub", reversed: true),
      binary("Mul", "mul", "multiply", boolean: "And"),
      .one("div", "divide", "true_divide", as: ["Div"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let (a, b) = (try call.operand("self", dtype), try call.operand("other", dtype))
        switch try call.optionalString("rounding_mode") {
        case nil: return g.div(a, b)
        case "floor": return try floorDivide(call, a, b, dtype)
        default:
          guard dtype.isFloatingPoint else { return g.div(a, b) }
          let quotient = g.div(a, b)
          return g.mul(g.emit("Sign", [quotient]), g.emit("Floor", [g.emit("Abs", [quotient])]))
        }
      },
      .one("floor_divide", "floordiv", as: ["Div", "Floor", "Mod"]) { call in
        let dtype = try call.resultType()
        return try floorDivide(call, try call.operand("self", dtype), try call.operand("other", dtype), dtype)
      },
      .one("remainder", as: ["Mod", "Div", "Floor", "Mul", "Sub"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let (a, b) = (try call.operand("self", dtype), try call.operand("other", dtype))
        if !dtype.isFloatingPoint { return g.emit("Mod", [a, b]) }
        return g.sub(a, g.mul(g.emit("Floor", [g.div(a, b)]), b))
      },
      .one("fmod", as: ["Mod"]) { call in
        let dtype = try call.resultType()
        return call.graph.emit("Mod", [try call.operand("self", dtype), try call.operand("other", dtype)], ["fmod": 1])
      },
      .one("pow", "float_power", as: ["Pow"]) { call in
        let dtype = try call.resultType()
        let exponent = call.find("exponent")?.constant?.double
        let x = try call.operand("self", dtype)
        if exponent == 2 { return call.graph.mul(x, x) }
        return call.graph.pow(x, try call.operand("exponent", dtype))
      },
      binary("Max", "maximum", "max.other", "fmax", "prim::max"),
      binary("Min", "minimum", "min.other", "fmin", "prim::min"),
      .one("clamp", "clip", as: ["Clip", "Max", "Min"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        var x = try call.operand("self", dtype)
        func isNumber(_ name: String) throws -> Bool { try !call.has(name) || call.rank(of: call.argument(name)) == 0 }
        func bound(_ name: String) throws -> Wire? { call.has(name) ? try call.operand(name, dtype) : nil }
        if try isNumber("min"), try isNumber("max") { return g.emit("Clip", [x, try bound("min"), try bound("max")]) }
        if let low = try bound("min") { x = g.emit("Max", [x, low]) }
        if let high = try bound("max") { x = g.emit("Min", [x, high]) }
        return x
      },
      .one("clamp_min", as: ["Max"]) { call in
        let dtype = try call.resultType()
        return call.graph.emit("Max", [try call.operand("self", dtype), try call.operand("min", dtype)])
      },
      .one("clamp_max", as: ["Min"]) { call in
        let dtype = try call.resultType()
        return call.graph.emit("Min", [try call.operand("self", dtype), try call.operand("max", dtype)])
      },
      .one("addcmul", as: ["Mul", "Add"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let product = g.mul(try call.operand("tensor1", dtype), try call.operand("tensor2", dtype))
        return g.add(try call.operand("self", dtype), g.mul(try call.operand("value", dtype), product))
      },
      .one("addcdiv", as: ["Div", "Mul", "Add"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let quotient = g.div(try call.operand("tensor1", dtype), try call.operand("tensor2", dtype))
        return g.add(try call.operand("self", dtype), g.mul(try call.operand("value", dtype), quotient))
      },
      .one("lerp", as: ["Sub", "Mul", "Add"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let a = try call.operand("self", dtype)
        return g.add(a, g.mul(try call.operand("weight", dtype), g.sub(try call.operand("end", dtype), a)))
      },
      .one("atan2", "arctan2", as: ["Atan", "Div", "Where"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let (y, x) = (try call.operand("self", dtype), try call.operand("other", dtype))
        let (zero, pi) = (try g.scalar(0, dtype), try g.scalar(.double(.pi), dtype))
        let slope = g.emit("Atan", [g.div(y, x)])
        let turned = g.select(g.emit("Less", [y, zero]), g.sub(slope, pi), g.add(slope, pi))
        let angle = g.select(g.emit("Less", [x, zero]), turned, slope)
        // 0 / 0 at the origin.
        let isOrigin = g.emit("And", [g.emit("Equal", [x, zero]), g.emit("Equal", [y, zero])])
        return g.select(isOrigin, zero, angle)
      },
      .one("hypot", as: ["Mul", "Add", "Sqrt"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let (a, b) = (try call.operand("self", dtype), try call.operand("other", dtype))
        return g.emit("Sqrt", [g.add(g.mul(a, a), g.mul(b, b))])
      },
      .one("copysign", as: ["Abs", "Less", "Where"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let size = g.emit("Abs", [try call.operand("self", dtype)])
        return g.select(
          g.emit("Less", [try call.operand("other", dtype), try g.scalar(0, dtype)]), g.emit("Neg", [size]), size)
      },
      .one("heaviside", as: ["Greater", "Equal", "Where"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let (x, zero) = (try call.operand("self", dtype), try g.scalar(0, dtype))
        let step = g.cast(g.emit("Greater", [x, zero]), to: dtype)
        return g.select(g.emit("Equal", [x, zero]), try call.operand("values", dtype), step)
      },
      .one("xlogy", "special_xlogy", as: ["Log", "Mul", "Where"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let (a, b) = (try call.operand("self", dtype), try call.operand("other", dtype))
        let product = g.mul(a, g.emit("Log", [b]))
        let zero = try g.scalar(0, dtype)
        return g.select(g.emit("And", [g.emit("Equal", [a, zero]), g.not(g.emit("IsNaN", [b]))]), zero, product)
      },
      .one("logaddexp", as: ["Max", "Exp", "Log"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let (a, b) = (try call.operand("self", dtype), try call.operand("other", dtype))
        let difference = g.emit("Neg", [g.emit("Abs", [g.sub(a, b)])])
        return g.add(
          g.emit("Max", [a, b]), g.emit("Log", [g.add(try g.scalar(1, dtype), g.emit("Exp", [difference]))]))
      },
      .one("ldexp", as: ["Pow", "Mul"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        return g.mul(
          try call.operand("self", dtype), g.pow(try g.scalar(2, dtype), try call.operand("other", dtype)))
      },
      bitwise("BitwiseAnd", "And", "bitwise_and", "__and__"), bitwise("BitwiseOr", "Or", "bitwise_or", "__or__"),
      bitwise("BitwiseXor", "Xor", "bitwise_xor", "__xor__"),
      shift("left", "left"), shift("right", "right"),
      logical("And", "logical_and"), logical("Or", "logical_or"), logical("Xor", "logical_xor"),
    ]
  }
}
