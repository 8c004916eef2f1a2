// Functions of one element.

import TorchCore

extension ONNX {
  enum Pointwise {
    private static func unary(
      _ name: String, type: Int? = 0, _ function: @escaping @Sendable (Tensor) -> Tensor
    ) -> OperatorDeclaration {
      .tensor(name, type: type) { call in function(try call[0]) }
    }

    static let operators: [OperatorDeclaration] = [
      unary("Abs") { $0.abs() },
      unary("Neg") { $0.neg() },
      unary("Ceil") { $0.ceil() },
      unary("Floor") { $0.floor() },
      unary("Round") { $0.round() },
      unary("Sqrt") { $0.sqrt() },
      unary("Exp") { $0.exp() },
      unary("Log") { $0.log() },
      unary("Sin") { $0.sin() },
      unary("Cos") { $0.cos() },
      unary("Tan") { $0.tan() },
      unary("Asin") { $0.asin() },
      unary("Acos") { $0.acos() },
      unary("Atan") { $0.atan() },
      unary("Sinh") { $0.sinh() },
      unary("Cosh") { $0.cosh() },
      unary("Asinh") { $0.asinh() },
      unary("Acosh") { $0.acosh() },
      unary("Atanh") { $0.atanh() },
      unary("Erf") { $0.erf() },
      unary("Sign") { $0.sign() },
      unary("Reciprocal") { $0.reciprocal() },
      unary("Not", type: nil) { $0.logicalNot() },
      unary("BitwiseNot") { $0.bitwiseNot() },
      unary("IsNaN", type: nil) { $0.isnan() },
      .tensor("IsInf", type: nil) { call in
        let x = try call[0]
        let infinite = x.isinf()
        switch (call.bool("detect_negative", true), call.bool("detect_positive", true)) {
        case (true, true): return infinite
        case (true, false): return infinite.logicalAnd(x < 0)
        case (false, true): return infinite.logicalAnd(x > 0)
        case (false, false): return Tensor.zeros(like: infinite)
        }
      },
    ]
  }
}
