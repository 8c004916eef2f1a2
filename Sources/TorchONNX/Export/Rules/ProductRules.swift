// Products of matrices and vectors.

import TorchCore

extension ONNX {
  enum ProductRules {
    private static func matmul(_ call: RuleCall, _ a: String, _ b: String) throws -> Wire {
      let dtype = try call.resultType()
      return call.graph.matmul(try call.operand(a, dtype), try call.operand(b, dtype))
    }

    private static func product(_ name: String, _ a: String, _ b: String) -> ExportRule {
      .one(name, as: ["MatMul"]) { try matmul($0, a, b) }
    }

    /// `beta * self + alpha * product`
    private static func added(_ call: RuleCall, _ product: Wire) throws -> Wire {
      let (g, dtype) = (call.graph, try call.resultType())
      func scaled(_ x: Wire, _ name: String) throws -> Wire {
        call.find(name)?.constant?.double ?? 1 == 1 ? x : g.mul(try call.operand(name, dtype), x)
      }
      let product = try scaled(product, "alpha")
      if call.find("beta")?.constant?.double == 0 { return product }
      return g.add(try scaled(try call.operand("self", dtype), "beta"), product)
    }

    private static func addmm(_ call: RuleCall) throws -> Wire {
      guard let alpha = call.find("alpha")?.constant?.double, let beta = call.find("beta")?.constant?.double,
        try call.resultType().isFloatingPoint
      else { return try added(call, try matmul(call, "mat1", "mat2")) }
      return call.graph.emit(
        "Gemm", [try call["mat1"], try call["mat2"], try call["self"]], ["alpha": .float(alpha), "beta": .float(beta)])
    }

    /// `x Wᵀ + b`: Gemm takes matrices only.
    private static func linear(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      let (x, weight, bias) = (try call["input"], try call["weight"], try call.optional("bias"))
      if try call.rank("weight") == 1 {
        let y = g.matmul(x, weight)
        return bias.map { g.add(y, $0) } ?? y
      }
      if try call.rank("input") == 2, bias != nil { return g.emit("Gemm", [x, weight, bias], ["transB": 1]) }
      let y = g.matmul(x, g.transpose(weight, [1, 0]))
      return bias.map { g.add(y, $0) } ?? y
    }

    private static func bilinear(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      // (…, i) (o, i, j) (…, j) gives (…, o)
      let y = g.emit(
        "Einsum", [try call["input1"], try call["weight"], try call["input2"]], ["equation": "...i,oij,...j->...o"])
      return try call.optional("bias").map { g.add(y, $0) } ?? y
    }

    private static func einsum(_ call: RuleCall) throws -> Wire {
      let dtype = try call.resultType()
      let operands = try call.list("tensors").map { try call.operand($0, dtype) }
      return call.graph.emit("Einsum", operands, ["equation": .string(try call.string("equation"))])
    }

    private static func tensordot(_ call: RuleCall) throws -> Wire {
      let (a, b) = (try call.rank("self"), try call.rank("other"))
      let (dimsA, dimsB) = (try call.axes("dims_self") ?? [], try call.axes("dims_other", of: "other") ?? [])
      var letters = (0..<26).map { String(UnicodeScalar(UInt8(97 + $0))) }[...]
      guard a + b <= letters.count else { throw call.unsupported("so many dimensions") }
      let first = (0..<a).map { _ in letters.removeFirst() }
      var second = (0..<b).map { _ in letters.removeFirst() }
      for (i, j) in zip(dimsA, dimsB) { second[j] = first[i] }
      let rest =
        (0..<a).filter { !dimsA.contains($0) }.map { first[$0] }
        + (0..<b).filter { !dimsB.contains($0) }.map { second[$0] }
      let equation = "\(first.joined()),\(second.joined())->\(rest.joined())"
      return call.graph.emit("Einsum", [try call["self"], try call["other"]], ["equation": .string(equation)])
    }

    private static func outer(_ call: RuleCall, _ a: String, _ b: String) throws -> Wire {
      let (g, dtype) = (call.graph, try call.resultType())
      return g.mul(g.unsqueeze(try call.operand(a, dtype), [1]), try call.operand(b, dtype))
    }

    /// The distance of each row of one matrix to each of another.
    private static func cdist(_ call: RuleCall) throws -> Wire {
      let (g, dtype, p) = (call.graph, try call.resultType(), try call.double("p"))
      let rank = try call.rank("x1")
      let a = g.unsqueeze(try call["x1"], [rank - 1]), b = g.unsqueeze(try call["x2"], [rank - 2])
      let difference = g.emit("Abs", [g.sub(a, b)])
      switch p {
      case 1: return g.reduce("ReduceSum", difference, [rank], keep: false)
      case 2: return g.reduce("ReduceL2", difference, [rank], keep: false)
      case .infinity: return g.reduce("ReduceMax", difference, [rank], keep: false)
      default:
        let power = try g.scalar(.double(p), dtype)
        let sum = g.reduce("ReduceSum", g.pow(difference, power), [rank], keep: false)
        return g.pow(sum, try g.scalar(.double(1 / p), dtype))
      }
    }

    /// The inner product over the last dimensions.
    private static func inner(_ call: RuleCall) throws -> Wire {
      let (g, dtype) = (call.graph, try call.resultType())
      let (a, b, rank) = (try call.operand("self", dtype), try call.operand("other", dtype), try call.rank("other"))
      if try call.rank("self") == 0 || rank == 0 { return g.mul(a, b) }
      if rank == 1 { return g.matmul(a, b) }
      guard rank == 2 else { throw call.unsupported("an inner product with a tensor of \(rank) dimensions") }
      return g.matmul(a, g.transpose(b, [1, 0]))
    }

    private static func cosine(_ call: RuleCall) throws -> Wire {
      let (g, dtype, axis) = (call.graph, try call.resultType(), try call.axis("dim", of: "x1"))
      let (a, b) = (try call.operand("x1", dtype), try call.operand("x2", dtype))
      let least = try g.scalar(.double(try call.double("eps")), dtype)
      func length(_ x: Wire) -> Wire { g.emit("Max", [g.reduce("ReduceL2", x, [axis], keep: false), least]) }
      return g.div(g.reduce("ReduceSum", g.mul(a, b), [axis], keep: false), g.mul(length(a), length(b)))
    }

    /// The vector product of tensors with three elements along a dimension.
    private static func cross(_ call: RuleCall) throws -> Wire {
      let (g, dtype) = (call.graph, try call.resultType())
      guard call.has("dim") else { throw call.unsupported("a dimension that is not named") }
      let axis = try call.axis("dim")
      let (a, b) = (try call.operand("self", dtype), try call.operand("other", dtype))
      func turned(_ x: Wire, _ places: [Int]) -> Wire { g.gather(x, g.ints(places), axis: axis) }
      return g.sub(
        g.mul(turned(a, [1, 2, 0]), turned(b, [2, 0, 1])), g.mul(turned(a, [2, 0, 1]), turned(b, [1, 2, 0])))
    }

    static let rules: [ExportRule] = [
      .one("inner", as: ["MatMul"], inner), .one("cosine_similarity", as: ["ReduceL2", "ReduceSum", "Div"], cosine),
      .one("cross", "linalg_cross", as: ["Gather", "Mul", "Sub"], cross),
      .one("linalg_vecdot", as: ["Mul", "ReduceSum"]) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let product = g.mul(try call.operand("x", dtype), try call.operand("y", dtype))
        return g.reduce("ReduceSum", product, [call.axis(try call.int("dim"), try call.rank("x"))], keep: false)
      },
      .one("pairwise_distance", as: ["Sub", "ReduceL2"]) { call in
        let (g, dtype, p) = (call.graph, try call.resultType(), try call.double("p"))
        guard p == 2 || p == 1 else { throw call.unsupported("'p' is \(p)") }
        let eps = try g.scalar(.double(try call.double("eps")), dtype)
        let difference = g.add(g.sub(try call.operand("x1", dtype), try call.operand("x2", dtype)), eps)
        let last = try max(call.rank("x1"), call.rank("x2")) - 1
        return g.reduce(p == 2 ? "ReduceL2" : "ReduceL1", difference, [last], keep: try call.bool("keepdim"))
      },
      product("mm", "self", "mat2"), product("bmm", "self", "mat2"), product("mv", "self", "vec"),
      product("dot", "self", "tensor"), product("vdot", "self", "other"), product("matmul", "self", "other"),
      product("linalg_matmul", "self", "other"),
      .one("addmm", as: ["Gemm"], addmm),
      .one("baddbmm", as: ["MatMul", "Add"]) { try added($0, try matmul($0, "batch1", "batch2")) },
      .one("addmv", as: ["MatMul", "Add"]) { try added($0, try matmul($0, "mat", "vec")) },
      .one("addr", as: ["Mul", "Add"]) { try added($0, try outer($0, "vec1", "vec2")) },
      .one("addbmm", as: ["MatMul", "ReduceSum", "Add"]) { call in
        let products = try matmul(call, "batch1", "batch2")
        return try added(call, call.graph.reduce("ReduceSum", products, [0], keep: false))
      },
      .one("outer", as: ["Mul"]) { try outer($0, "self", "vec2") },
      .one("ger", as: ["Mul"]) { try outer($0, "self", "vec2") },
      .one("linear", as: ["Gemm", "MatMul"], linear), .one("bilinear", as: ["Einsum"], bilinear),
      .one("einsum", as: ["Einsum"], einsum), .one("tensordot", as: ["Einsum"], tensordot),
      .one("cdist", "_cdist_forward", as: ["Sub", "ReduceL2"], cdist),
      .one("det", "linalg_det", as: ["Det"]) { $0.graph.emit("Det", [try $0[$0.find("self") == nil ? "A" : "self"]]) },
    ]
  }
}
