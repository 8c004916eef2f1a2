// Numbers of a program: sizes, and arithmetic with them. What is known while exporting never gets here.

import TorchCore

extension ONNX {
  enum NumberRules {
    /// Reads an element of a tensor.
    private static func item(_ dtype: DType?, _ operators: String...) -> ExportRule {
      ExportRule(operators: operators, onnx: ["Reshape", "Cast"], since: 17) { call in
        let value = call.arguments[0]
        let own = try call.dtype(of: value)
        let wanted = dtype ?? (own == .bool ? .bool : own.isFloatingPoint ? .float64 : .int64)
        let wire = try call.operand(value, wanted)
        return [try call.rank(of: value) == 0 ? wire : call.graph.reshape(wire, [])]
      }
    }

    private static let rounding: [(String, String)] = [("ceil", "Ceil"), ("floor", "Floor"), ("round", "Round")]

    static let rules: [ExportRule] = [
      .many("size", "sym_size", "prim::shape", as: ["Shape", "Gather"]) { call in
        let g = call.graph
        let name = call.find("self") == nil ? "t" : "self"
        let rank = try call.rank(name)
        if call.find("dim") != nil { return [g.size(try call[name], call.axis(try call.int("dim"), rank))] }
        return try (0..<rank).map { g.size(try call[name], $0) }
      },
      .one("len", as: ["Shape", "Gather"]) { call in call.graph.size(try call.wire(call.arguments[0]), 0) },
      .one("numel", "sym_numel", as: ["Size"]) { call in call.graph.emit("Size", [try call.wire(call.arguments[0])]) },
      item(nil, "item", "_local_scalar_dense", "ScalarImplicit"), item(.int64, "Int", "IntImplicit"),
      item(.float64, "Float", "FloatImplicit"), item(.bool, "Bool", "is_nonzero"),
    ]
  }
}
