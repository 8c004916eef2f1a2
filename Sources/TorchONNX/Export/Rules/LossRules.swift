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

    /// Rows of scores and targets, and a way to reduce a loss for each row.
    private static func rows(_ call: RuleCall) throws -> (x: Wire, target: Wire, reduced: (Wire) throws -> Wire) {
      let g = call.graph
      let (x, target, isSingle) = (try call["self"], try call.operand("target", .int64), try call.rank("self") == 1)
      let kind = try reduction(call)
      func reduced(_ loss: Wire) -> Wire {
        switch kind {
        case "mean": g.reduce("ReduceMean", loss, nil, keep: false)
        case "sum": g.reduce("ReduceSum", loss, nil, keep: false)
        default: isSingle ? g.squeeze(loss, [0]) : loss
        }
      }
      return isSingle ? (g.unsqueeze(x, [0]), g.unsqueeze(target, [0]), reduced) : (x, target, reduced)
    }

    /// Σ max(0, margin - x[target] + x)ᵖ over the other classes, by the number of classes.
    private static func multiMargin(_ call: RuleCall) throws -> Wire {
      let (g, dtype) = (call.graph, try call.dtype(of: "self"))
      let (x, target, reduced) = try rows(call)
      let places = g.unsqueeze(target, [1])
      let own = g.emit("GatherElements", [x, places], ["axis": 1])
      let (zero, classes) = (try g.scalar(0, dtype), g.size(x, 1))
      var terms = g.emit("Max", [g.add(g.sub(try call.operand("margin", dtype), own), x), zero])
      if try call.double("p") == 2 { terms = g.mul(terms, terms) }
      if let weight = try call.optional("weight") { terms = g.mul(terms, g.gather(weight, places, axis: 0)) }
      let isOwn = g.emit("Equal", [g.emit("Range", [g.int(0), classes, g.int(1)]), places])
      let sum = g.reduce("ReduceSum", g.select(isOwn, zero, terms), [1], keep: false)
      return try reduced(g.div(sum, g.cast(classes, to: dtype)))
    }

    /// Σ max(0, 1 - x[target] + x) over the targets before the first -1 and all other classes, by the number of classes.
    private static func multiLabelMargin(_ call: RuleCall) throws -> Wire {
      let (g, dtype) = (call.graph, try call.dtype(of: "self"))
      let (x, target, reduced) = try rows(call)
      let (zero, one, classes) = (try g.scalar(0, dtype), try g.scalar(1, dtype), g.size(x, 1))
      let ends = g.cast(g.emit("Less", [target, g.int(0)]), to: .int64)
      let isTarget = g.emit("Equal", [g.emit("CumSum", [ends, g.int(1)]), g.int(0)])
      let own = g.emit("GatherElements", [x, g.emit("Max", [target, g.int(0)])], ["axis": 1])
      // (N, targets, classes)
      let isClass = g.emit(
        "And",
        [
          g.emit("Equal", [g.unsqueeze(target, [2]), g.emit("Range", [g.int(0), classes, g.int(1)])]),
          g.unsqueeze(isTarget, [2]),
        ])
      let isLabelled = g.cast(g.reduce("ReduceMax", g.cast(isClass, to: .int64), [1], keep: true), to: .bool)
      let terms = g.emit("Max", [g.add(g.sub(one, g.unsqueeze(own, [2])), g.unsqueeze(x, [1])), zero])
      let counts = g.emit("And", [g.unsqueeze(isTarget, [2]), g.not(isLabelled)])
      let sum = g.reduce("ReduceSum", g.select(counts, terms, zero), [1, 2], keep: false)
      return try reduced(g.div(sum, g.cast(classes, to: dtype)))
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
      .one("multi_margin_loss", as: ["GatherElements", "Max", "Where"], multiMargin),
      .one("multilabel_margin_loss", as: ["GatherElements", "CumSum", "Where"], multiLabelMargin),
    ]
  }
}
