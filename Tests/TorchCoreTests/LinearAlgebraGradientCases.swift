// Gradient checks of linear algebra (see GradientTests.swift).

import Torch

private func x(_ sizes: Int..., seed: UInt64 = 1) -> Value {
  .tensor(torch.randn(Shape(sizes), dtype: .float64, generator: Generator(seed: seed), requiresGrad: true))
}

/// Well-conditioned square matrices.
private func square(_ sizes: Int..., seed: UInt64 = 1) -> Value {
  let values = torch.randn(Shape(sizes), dtype: .float64, generator: Generator(seed: seed)) * 0.4
  return .tensor((values + torch.eye(sizes.last!, dtype: .float64) * 2).detach().requiresGrad_())
}

private func pivots(_ values: [Int32]) -> Value { .tensor(Tensor(values)) }

private let solvers: [GradientCase] = [
  GradientCase("linalg_solve", "batch") { [square(2, 3, 3), x(2, 3, 2), .bool(true)] },
  GradientCase("linalg_solve", "vector") { [square(3, 3), x(3), .bool(true)] },
  GradientCase("linalg_solve", "right, broadcast") { [square(3, 3), x(2, 2, 3), .bool(false)] },
  GradientCase("linalg_inv_ex") { [square(2, 3, 3), .bool(false)] },
  GradientCase("linalg_solve_triangular", "upper") { [square(3, 3), x(2, 3, 2), .bool(true), .bool(true), .bool(false)] },
  GradientCase("linalg_solve_triangular", "right, unit") { [square(3, 3), x(2, 3), .bool(false), .bool(false), .bool(true)] },
  GradientCase("triangular_solve") { [x(3, 2), square(3, 3), .bool(true), .bool(false), .bool(false)] },
  GradientCase("triangular_solve", "transposed") { [x(3, 2), square(3, 3), .bool(false), .bool(true), .bool(true)] },
  GradientCase("linalg_lu_factor_ex") { [square(3, 3), .bool(true), .bool(false)] },
  GradientCase("linalg_lu_factor_ex", "wide") { [x(2, 3), .bool(true), .bool(false)] },
  GradientCase("linalg_lu_factor_ex", "tall") { [x(4, 2), .bool(true), .bool(false)] },
  GradientCase("linalg_lu") { [x(2, 4, 2), .bool(true)] },
  GradientCase("lu_unpack", "wide") { [x(2, 3), pivots([2, 2]), .bool(true), .bool(true)] },
  GradientCase("lu_unpack", "tall") { [x(3, 2), pivots([1, 3]), .bool(true), .bool(true)] },
  GradientCase("linalg_lu_solve") { [square(3, 3), pivots([2, 3, 3]), x(3, 2), .bool(true), .bool(false)] },
  GradientCase("linalg_lu_solve", "right") { [square(3, 3), pivots([2, 3, 3]), x(2, 3), .bool(false), .bool(false)] },
  GradientCase("linalg_lu_solve", "adjoint") { [square(3, 3), pivots([2, 3, 3]), x(3, 2), .bool(true), .bool(true)] },
  GradientCase("linalg_lu_solve", "right, adjoint") { [square(3, 3), pivots([1, 3, 3]), x(2, 3), .bool(false), .bool(true)] },
  GradientCase("linalg_det", "batch") { [square(2, 3, 3)] },
  GradientCase("linalg_det", "singular and regular", second: false) {
    let regular = torch.randn(3, 3, dtype: .float64, generator: Generator(seed: 3))
    let singular = Tensor([[1.0, 2, 3], [2, 4, 6], [0, 1, 1]], dtype: .float64)
    return [.tensor(torch.stack([regular, singular]).requiresGrad_())]
  },
  GradientCase("linalg_slogdet") { [square(2, 3, 3)] },
]

private let decompositions: [GradientCase] = [
  GradientCase("linalg_qr", "tall") { [x(4, 3), .string("reduced")] },
  GradientCase("linalg_qr", "wide") { [x(2, 3, 4), .string("complete")] },
  GradientCase("linalg_householder_product") { [x(4, 3), x(2)] },
  GradientCase("ormqr") { [x(4, 2), x(2), x(4, 3, seed: 5), .bool(true), .bool(false)] },
  GradientCase("ormqr", "right, transposed") { [x(4, 2), x(2), x(3, 4, seed: 5), .bool(false), .bool(true)] },
  GradientCase("linalg_svd", "tall") { [x(4, 3), .bool(false), .none] },
  GradientCase("linalg_svd", "wide") { [x(2, 3), .bool(false), .none] },
  GradientCase("linalg_svdvals") { [x(2, 3, 3), .none] },
  GradientCase("linalg_pinv.atol_rtol_tensor", "tall") { [x(3, 2), .none, .none, .bool(false)] },
  GradientCase("linalg_pinv.atol_rtol_tensor", "wide") { [x(2, 3), .none, .none, .bool(false)] },
  GradientCase("linalg_matrix_exp") { [x(2, 3, 3)] },
  GradientCase("linalg_polar") { [x(3, 3)] },
  GradientCase("linalg_polar", "tall") { [x(2, 4, 3)] },
]

private let composites: [GradientCase] = [
  GradientCase("linalg_matrix_norm", "2") { [x(3, 4), .int(2), .ints([0, 1]), .bool(false), .none] },
  GradientCase("linalg_matrix_norm", "-1") { [x(3, 4), .int(-1), .ints([0, 1]), .bool(true), .none] },
  GradientCase("linalg_cond", "1") { [square(3, 3), .int(1)] },
  GradientCase("linalg_matrix_power", "-2") { [square(3, 3), .int(-2)] },
  GradientCase("einsum") { [.string("bij,bjk->bik"), .list([x(2, 3, 2), x(2, 2, 4)]), .none] },
  GradientCase("einsum", "ellipsis, diagonal") { [.string("...ii,i"), .list([x(2, 3, 3), x(3)]), .none] },
  GradientCase("_cdist_forward", "2") { [x(3, 2), x(2, 4, 2, seed: 5), .double(2), .none] },
  GradientCase("_cdist_forward", "3") { [x(3, 2), x(4, 2, seed: 5), .double(3), .none] },
  GradientCase("_cdist_forward", "1.5") { [x(3, 2), x(4, 2, seed: 5), .double(1.5), .none] },
  GradientCase("_cdist_forward", "infinity") { [x(3, 2), x(4, 2, seed: 5), .double(.infinity), .none] },
  GradientCase("_pdist_forward") { [x(4, 3), .double(2)] },
  GradientCase("cov") { [x(3, 4), .int(1), .none, .none] },
  GradientCase("corrcoef") { [x(3, 4)] },
]

let linearAlgebraGradientCases = solvers + decompositions + composites
