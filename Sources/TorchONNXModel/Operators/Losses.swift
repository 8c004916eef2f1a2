// Losses.

import TorchCore

extension ONNX {
  enum Losses {
    /// The negative log likelihood of `target` (N, d…) under `x` (N, C, d…).
    private static func likelihood(_ call: Call, _ x: Tensor, _ target: Tensor, _ weight: Tensor?) throws -> Tensor {
      try call.check(x.ndim >= 2 && target.ndim == x.ndim - 1, "scores \(x.shape) with targets \(target.shape)")
      let index = target.long()
      let ignored = call.has("ignore_index") ? index .== call.int("ignore_index", 0) : nil
      // An index that is ignored may be out of range.
      let safe = ignored.map { index.maskedFill($0, 0) } ?? index
      var loss = x.gather(1, safe.unsqueeze(1)).squeeze(1).neg()
      var share = weight.map { $0.indexSelect(0, safe.reshape([-1])).reshape(like: safe) }
      if let ignored {
        let counted = ignored.logicalNot().to(x.dtype)
        share = share.map { $0 * counted } ?? counted
      }
      if let share { loss = loss * share }
      switch call.string("reduction", "mean") {
      case "none": return loss
      case "sum": return loss.sum()
      case "mean": return share.map { loss.sum() / $0.sum() } ?? loss.mean()
      case let name: throw TorchError(.value, "unknown reduction '\(name)'")
      }
    }

    static let operators: [OperatorDeclaration] = [
      .tensor("NegativeLogLikelihoodLoss") { call in
        try likelihood(call, try call[0], try call[1], try call.optional(2))
      },
      .values("SoftmaxCrossEntropyLoss") { call in
        let logProbabilities = try call[0].logSoftmax(dim: 1)
        let loss = try likelihood(call, logProbabilities, try call[1], try call.optional(2))
        return [Value(loss), Value(logProbabilities)]
      },
    ]
  }
}
