// Draws of gamma and Dirichlet variables, differentiable in their concentrations.
//
// A draw x of a distribution with cdf F(x; α) moves with α by -(∂F/∂α) / (∂F/∂x).
// Reference: Jankowiak and Obermeyer, https://arxiv.org/abs/1806.01851
// Departure from PyTorch: `_sample_dirichlet` is differentiable here; PyTorch's Dirichlet wraps it in a function that is.

import CTorchKernelHeaders

package enum GammaSampling {
  package static let standardGamma: Operator<Tensor, Generator?, Tensor> = Operator(
    "_standard_gamma(Tensor self, Generator? generator=None) -> Tensor",
    kernel: { (alpha: Tensor, generator: Generator?) in
      try check(alpha, "_standard_gamma")
      let plain = try alpha.rowMajor()
      let out = try Tensor.uninitialized(alpha.shape, alpha.dtype)
      _ = (generator ?? .default).draw {
        tk_random_gamma($0, alpha.dtype.kernel, out.pointer, Int64(out.numel), plain.pointer)
      }
      return out
    },
    derivative: { record, x, alpha, _ in
      let (saved, draw) = (record.save(alpha), record.save(result: x))
      return { g in [g[0] * standardGammaGrad(try saved.value, try draw.value)] }
    })

  static let standardGammaGrad = binary(
    "_standard_gamma_grad(Tensor self, Tensor output) -> Tensor", "standard_gamma_grad", twins: .out)

  /// (…, k) concentrations give (…, k) points of the simplex.
  package static let sampleDirichlet: Operator<Tensor, Generator?, Tensor> = Operator(
    "_sample_dirichlet(Tensor self, Generator? generator=None) -> Tensor",
    kernel: { (alpha: Tensor, generator: Generator?) in
      try check(alpha, "dirichlet")
      let plain = try alpha.rowMajor()
      let out = try Tensor.uninitialized(alpha.shape, alpha.dtype)
      let k = alpha.ndim == 0 ? 1 : alpha.shape[alpha.ndim - 1]
      guard out.numel > 0 else { return out }
      _ = (generator ?? .default).draw {
        tk_random_dirichlet($0, alpha.dtype.kernel, out.pointer, Int64(out.numel / k), Int64(k), plain.pointer)
      }
      return out
    },
    derivative: { record, x, alpha, _ in
      let (saved, draw) = (record.save(alpha), record.save(result: x))
      return { g in
        let (alpha, x) = (try saved.value, try draw.value)
        let total = alpha.sum(dim: -1, keepdim: true).expand(as: alpha)
        let mean = (x * g[0]).sum(dim: -1, keepdim: true)
        return [dirichletGrad(x, alpha, total) * (g[0] - mean)]
      }
    })

  static let dirichletGrad: TernaryOperator = Operator(
    "_dirichlet_grad(Tensor x, Tensor alpha, Tensor total) -> Tensor",
    kernel: { (x: Tensor, alpha: Tensor, total: Tensor) in
      try Elementwise.apply(dirichletGradFunction, .promoted, x, alpha, total)
    })
  private static let dirichletGradFunction = MapFunction("dirichlet_grad")

  private static func check(_ alpha: Tensor, _ name: String) throws {
    guard alpha.dtype.isFloatingPoint else {
      throw TorchError(.notImplemented, "\"\(name)\" not implemented for '\(alpha.dtype.scalarTypeName)'")
    }
  }

  static let operators: [AnyOperator] = [standardGamma, standardGammaGrad, sampleDirichlet, dirichletGrad]
}
