// Optimizer steps as operators (the training domain).

import Foundation
import TorchCore

extension ONNX {
  enum Optimizers {
    /// An operator that gets a rate, a step number, and then for each tensor its value, its gradient and its states, all
    /// values first; it gives new values, then new states.
    private static func optimizer(
      _ name: String, states: Int,
      _ update: @escaping @Sendable (_ call: Call, _ rate: Tensor, _ t: Double, _ x: Tensor, _ g: Tensor, _ s: [Tensor]) throws -> [Tensor]
    ) -> OperatorDeclaration {
      .values(name, domain: "ai.onnx.preview.training") { call in
        let (rate, t) = (try call[0], try call[1].item(Double.self))
        let count = (call.inputs.count - 2) / (2 + states)
        try call.check(count > 0 && call.inputs.count == 2 + count * (2 + states), "\(call.inputs.count) inputs")
        let results = try (0..<count).map { i -> [Tensor] in
          let parts = try (0..<2 + states).map { try call[2 + $0 * count + i] }
          return try update(call, rate, t, parts[0], parts[1] + parts[0] * call.float("norm_coefficient", 0), Array(parts[2...]))
        }
        return (0...states).flatMap { k in results.map { Value($0[k]) } }
      }
    }

    static let operators: [OperatorDeclaration] = [
      optimizer("Adagrad", states: 1) { call, rate, t, x, g, s in
        let sum = s[0] + g * g
        return [x - rate / (1 + t * call.float("decay_factor", 0)) * g / (sum.sqrt() + call.float("epsilon", 1e-6)), sum]
      },
      optimizer("Adam", states: 2) { call, rate, t, x, g, s in
        let (alpha, beta) = (call.float("alpha", 0.9), call.float("beta", 0.999))
        let mean = s[0] * alpha + g * (1 - alpha), square = s[1] * beta + g * g * (1 - beta)
        let adjusted = t > 0 ? rate * ((1 - pow(beta, t)).squareRoot() / (1 - pow(alpha, t))) : rate
        let moved = x - adjusted * (mean / (square.sqrt() + call.float("epsilon", 1e-6)))
        return [moved * (1 - call.float("norm_coefficient_post", 0)), mean, square]
      },
      optimizer("Momentum", states: 1) { call, rate, t, x, g, s in
        let alpha = call.float("alpha", 0)
        let velocity = s[0] * alpha + g * (t > 0 ? call.float("beta", 0) : 1)
        let nesterov = call.string("mode", "standard") == "nesterov"
        return [x - rate * (nesterov ? g + velocity * alpha : velocity), velocity]
      },
    ]
  }
}
