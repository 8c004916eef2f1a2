// Attention in terms of products and softmax.

import TorchCore

extension ONNX {
  enum AttentionRules {
    private static func attention(_ call: RuleCall) throws -> Wire {
      let (g, dtype, rank) = (call.graph, try call.dtype(of: "query"), try call.rank("query"))
      guard try call.optionalDouble("dropout_p") ?? 0 == 0 else {
        throw call.unsupported("it draws random numbers in training")
      }
      let query = try call["query"]
      var (key, value) = (try call["key"], try call["value"])
      if try call.bool("enable_gqa") {
        let (heads, keyHeads) = (try call.fixedSize("query", rank - 3), try call.fixedSize("key", rank - 3))
        func spread(_ x: Wire, _ name: String) throws -> Wire {
          var repeats = Array(repeating: 1, count: rank + 1)
          repeats[rank - 2] = heads / keyHeads
          let tiled = g.emit("Tile", [g.unsqueeze(x, [rank - 2]), g.ints(repeats)])
          let pieces: [SizePiece] = (0..<rank).map { $0 == rank - 3 ? .fixed(heads) : .same($0) }
          return try call.reshape(tiled, pieces, of: name, leading: rank - 3)
        }
        if heads != keyHeads { (key, value) = (try spread(key, "key"), try spread(value, "value")) }
      }
      // Both sides get the root of the scale, as PyTorch's composite has it.
      let root: Wire
      if let scale = try call.optionalDouble("scale") {
        root = try g.scalar(.double(scale.magnitude.squareRoot()), dtype)
      } else if let size = try call.sizes(of: "query")[rank - 1] {
        root = try g.scalar(.double((1 / Double(size).squareRoot()).squareRoot()), dtype)
      } else {
        let size = g.cast(g.size(query, rank - 1), to: dtype)
        root = g.emit("Sqrt", [g.emit("Reciprocal", [g.emit("Sqrt", [size])])])
      }
      var order = Array(0..<rank)
      order.swapAt(rank - 1, rank - 2)
      var scores = g.matmul(g.mul(query, root), g.mul(g.transpose(key, order), root))
      if let scale = try call.optionalDouble("scale"), scale < 0 { scores = g.emit("Neg", [scores]) }
      let lowest = try g.scalar(.double(-.infinity), dtype)
      var mayForbidAll = false
      if try call.bool("is_causal") {
        let sizes = g.slice(g.shape(scores), axis: 0, -2, .max)
        let ones = g.expand(try g.scalar(true, .bool), sizes)
        let isSeen = g.cast(g.emit("Trilu", [g.cast(ones, to: .int64)], ["upper": 0]), to: .bool)
        scores = g.select(isSeen, scores, lowest)
      }
      if call.has("attn_mask") {
        mayForbidAll = true
        if try call.dtype(of: "attn_mask") == .bool {
          scores = g.select(try call["attn_mask"], scores, lowest)
        } else {
          scores = g.add(scores, try call.operand("attn_mask", dtype))
        }
      }
      var weights = g.emit("Softmax", [scores], ["axis": -1])
      if mayForbidAll {
        // A query that may attend to nothing gives zeros.
        weights = g.select(g.emit("IsNaN", [weights]), try g.scalar(0, dtype), weights)
      }
      return g.matmul(weights, value)
    }

    static let rules: [ExportRule] = [
      .many(
        "scaled_dot_product_attention", "_scaled_dot_product_attention_math",
        "_scaled_dot_product_flash_attention_for_cpu", as: ["MatMul", "Softmax"]
      ) { [try attention($0)] },
      .one("_safe_softmax", as: ["Softmax", "IsNaN", "Where"]) { call in
        let g = call.graph
        let x = try call.operand("self", call.resultType())
        let weights = g.emit("Softmax", [x], ["axis": .int(try call.axis("dim"))])
        return g.select(g.emit("IsNaN", [weights]), try g.scalar(0, try call.resultType()), weights)
      },
    ]
  }
}
