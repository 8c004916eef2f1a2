// Losses that ONNX has an operator for; the others are exported as what they are made of.

import TorchCore

extension ONNX {
  enum LossRules {
    private static func reduction(_ call: RuleCall) throws -> String { ["none", "mean", "sum"][try call.int("reduction")] }

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
      guard try !call.dtype(of: "target").isFloatingPoint, try call.double("label_smoothing") == 0, try call.rank("self") > 1
      else { throw call.unsupported("targets that are probabilities, or label smoothing") }
      return g.emit(
        "SoftmaxCrossEntropyLoss", [try call["self"], try call["target"], try call.optional("weight")],
        ["reduction": .string(try reduction(call)), "ignore_index": .int(try call.int("ignore_index"))])
    }

    static let rules: [ExportRule] = [
      .one("nll_loss_nd", "nll_loss", "nll_loss2d", as: ["NegativeLogLikelihoodLoss"], negativeLikelihood),
      .one("cross_entropy_loss", as: ["SoftmaxCrossEntropyLoss"], crossEntropy),
    ]
  }
}
