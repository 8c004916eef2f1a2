// Matrix products.

import TorchCore

extension ONNX {
  enum Products {
    static func gemm(_ call: Call) throws -> Tensor {
      let a = call.bool("transA") ? try call[0].t() : try call[0]
      let b = call.bool("transB") ? try call[1].t() : try call[1]
      let (alpha, beta) = (call.float("alpha", 1), call.float("beta", 1))
      func scaled(_ x: Tensor, _ factor: Double) -> Tensor {
        factor == 1 ? x : x.dtype.isFloatingPoint ? x * factor : x * Int(factor)
      }
      let bias = try call.optional(2)
      if alpha == 1, beta == 1, let bias, bias.ndim == 1, bias.numel == b.shape[-1], a.ndim == 2, b.ndim == 2, a.dtype.isFloatingPoint {
        return bias.addmm(a, b)
      }
      let product = scaled(a.matmul(b), alpha)
      return bias.map { product + scaled($0, beta) } ?? product
    }

    static let operators: [OperatorDeclaration] = [
      .tensor("MatMul") { call in try call[0].matmul(try call[1]) },
      .tensor("Gemm", gemm),
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
