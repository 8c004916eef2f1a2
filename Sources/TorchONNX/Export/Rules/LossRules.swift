// Losses: those that ONNX has an operator for, and those of single elements.

import TorchCore

extension ONNX {
  enum LossRules {
    private static func reduction(_ call: RuleCall) throws -> String {
      ["none", "mean", "sum"][try call.int("reduction")]
    }

    private static func negativeLikelihood(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      let isSingle = try call.rank("self") == 1
      var (x, target) = (try call["self"], try call["target"])
      if isSingle { (x, target) = (g.unsqueeze(x, [0]), g.unsqueeze(target, [0])) }
      let y = g.emit(
        "NegativeLogLikelihoodLoss", [x, target, try call.optional("weight")],
        ["reduction": .string(try reduction(call)), "ignore_index": .int(try call.int("ignore_index"))])
      return try isSingle && reduction(call) == "none" ? g.squeeze(y, [0]) : y
    }

    private static func crossEntropy(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      guard try !call.dtype(of: "target").isFloatingPoint, try call.double("label_smoothing") == 0,
        try call.rank("self") > 1
      else { throw call.unsupported("targets that are probabilities, or label smoothing") }
      return g.emit(
        "SoftmaxCrossEntropyLoss", [try call["self"], try call["target"], try call.optional("weight")],
        ["reduction": .string(try reduction(call)), "ignore_index": .int(try call.int("ignore_index"))])
    }

    /// A loss of single elements, then reduced.
    private static func elementwise(
      _ name: String, as onnx: [String],
      _ body: @escaping @Sendable (RuleCall, _ x: Wire, _ y: Wire, _ dtype: DType) throws -> Wire
    ) -> ExportRule {
      .one(name, as: onnx) { call in
        let (g, dtype) = (call.graph, try call.resultType())
        let loss = try body(call, try call.operand("self", dtype), try call.operand("target", dtype), dtype)
        switch try reduction(call) {
        case "mean": return g.reduce("ReduceMean", loss, nil, keep: false)
        case "sum": return g.reduce("ReduceSum", loss, nil, keep: false)
        default: return loss
        }
      }
    }

    /// Quadratic up to `bound`, linear beyond: `scale` is what the slope there is divided by.
    private static func smooth(_ call: RuleCall, _ x: Wire, _ y: Wire, _ bound: Double, scale: Double, _ dtype: DType)
      throws -> Wire
    {
      let g = call.graph
      let distance = g.emit("Abs", [g.sub(x, y)])
      func number(_ value: Double) throws -> Wire { try g.scalar(.double(value), dtype) }
      let near = g.mul(try number(0.5 / scale), g.mul(distance, distance))
      let far = g.mul(try number(bound / scale), g.sub(distance, try number(0.5 * bound)))
      return g.select(g.emit("Less", [distance, try number(bound)]), near, far)
    }

    static let rules: [ExportRule] = [
      elementwise("soft_margin_loss", as: ["Softplus"]) { call, x, y, _ in
        call.graph.emit("Softplus", [call.graph.emit("Neg", [call.graph.mul(y, x)])])
      },
      elementwise("mse_loss", as: ["Sub", "Mul", "ReduceMean"]) { call, x, y, _ in
        let difference = call.graph.sub(x, y)
        return call.graph.mul(difference, difference)
      },
      elementwise("l1_loss", as: ["Sub", "Abs", "ReduceMean"]) { call, x, y, _ in
        call.graph.emit("Abs", [call.graph.sub(x, y)])
      },
      elementwise("smooth_l1_loss", as: ["Sub", "Abs", "Where"]) { call, x, y, dtype in
        let beta = try call.double("beta")
        if beta == 0 { return call.graph.emit("Abs", [call.graph.sub(x, y)]) }
        return try smooth(call, x, y, beta, scale: beta, dtype)
      },
      elementwise("huber_loss", as: ["Sub", "Abs", "Where"]) { call, x, y, dtype in
        try smooth(call, x, y, try call.double("delta"), scale: 1, dtype)
      },
      .one("nll_loss_nd", "nll_loss", "nll_loss2d", as: ["NegativeLogLikelihoodLoss"], negativeLikelihood),
      .one("cross_entropy_loss", as: ["SoftmaxCrossEntropyLoss"], crossEntropy),
    ]
  }
}
