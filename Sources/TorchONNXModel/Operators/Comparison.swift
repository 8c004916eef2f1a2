// Comparisons and logic.

import TorchCore

extension ONNX {
  enum Comparison {
    /// A comparison of order, of unsigned numbers too.
    private static func ordered(
      _ name: String, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor
    ) -> OperatorDeclaration {
      .tensor(name, since: 7, type: nil) { call in
        let type = try call.type(0)
        return function(UnsignedOrder.flipped(try call[0], type), UnsignedOrder.flipped(try call[1], type))
      }
    }

    private static func logical(
      _ name: String, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor
    ) -> OperatorDeclaration {
      .tensor(name, since: 7, type: nil) { call in function(try call[0].bool(), try call[1].bool()) }
    }

    private static func old(_ name: String, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> OperatorDeclaration {
      .tensor(name, type: nil) { call in function(try call[0], try Arithmetic.aligned(call)) }
    }

    static let operators: [OperatorDeclaration] = [
      old("Equal") { $0.eq($1) }, old("Greater") { $0.gt($1) }, old("Less") { $0.lt($1) },
      old("And") { $0.logicalAnd($1) }, old("Or") { $0.logicalOr($1) }, old("Xor") { $0.bool().ne($1.bool()) },
      .moving("Equal", since: 7, type: nil) { call in try call[0].eq(call[1]) },
      ordered("Greater") { $0.gt($1) },
      ordered("GreaterOrEqual") { $0.ge($1) },
      ordered("Less") { $0.lt($1) },
      ordered("LessOrEqual") { $0.le($1) },
      logical("And") { $0.logicalAnd($1) },
      logical("Or") { $0.logicalOr($1) },
      logical("Xor") { $0.ne($1) },
      .moving("Where", since: 9, type: 1) { call in torch.where(try call[0].bool(), try call[1], try call[2]) },
    ]
  }
}
