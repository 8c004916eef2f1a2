// Matrix products.

import TorchCore

extension ONNX {
  enum Products {
    static let operators: [OperatorDeclaration] = [
      .tensor("MatMul") { call in try call[0].matmul(try call[1]) },
      .tensor("Gemm") { call in
        let a = call.bool("transA") ? try call[0].t() : try call[0]
        let b = call.bool("transB") ? try call[1].t() : try call[1]
        let (alpha, beta) = (call.float("alpha", 1), call.float("beta", 1))
        func scaled(_ x: Tensor, _ factor: Double) -> Tensor {
          factor == 1 ? x : x.dtype.isFloatingPoint ? x * factor : x * Int(factor)
        }
        let product = scaled(a.matmul(b), alpha)
        guard let c = try call.optional(2) else { return product }
        return product + scaled(c, beta)
      },
      .tensor("Einsum") { call in
        let tensors = try call.tensors
        guard case .tensor(let result)? = try OperatorRegistry.call(
          "aten::einsum", [.string(call.string("equation", "")), .tensors(tensors), .none]).first
        else { throw TorchError(.value, "the equation has no result") }
        return result
      },
      .tensor("Det") { call in try call[0].det() },
    ]
  }
}
