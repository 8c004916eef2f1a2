// Gradient checks of special functions, scans, sorting, norms and activation functions (see GradientTests.swift).

import Torch

private func x(_ sizes: Int..., seed: UInt64 = 1) -> Value {
  .tensor(torch.randn(Shape(sizes), dtype: .float64, generator: Generator(seed: seed), requiresGrad: true))
}

/// Values between 0.25 and 1.75.
private func positive(_ sizes: Int..., seed: UInt64 = 2) -> Value {
  let values = torch.rand(Shape(sizes), dtype: .float64, generator: Generator(seed: seed))
  return .tensor((values * 1.5 + 0.25).detach().requiresGrad_())
}

/// Values between 0.05 and 0.95.
private func share(_ sizes: Int..., seed: UInt64 = 3) -> Value {
  let values = torch.rand(Shape(sizes), dtype: .float64, generator: Generator(seed: seed))
  return .tensor((values * 0.9 + 0.05).detach().requiresGrad_())
}

/// Values well above 1.
private func large(_ sizes: Int..., seed: UInt64 = 5) -> Value {
  let values = torch.rand(Shape(sizes), dtype: .float64, generator: Generator(seed: seed))
  return .tensor((values + 1.5).detach().requiresGrad_())
}

/// Distinct values, so that order has no ties.
private func distinct(_ sizes: Int...) -> Value {
  let shape = Shape(sizes)
  let order = torch.randperm(shape.numel, generator: Generator(seed: 4)).to(.float64)
  return .tensor((order * 0.37 - 2).reshape(sizes).detach().requiresGrad_())
}

private func constant(_ sizes: Int..., seed: UInt64 = 7) -> Value {
  .tensor(torch.rand(Shape(sizes), dtype: .float64, generator: Generator(seed: seed)) + 0.5)
}

private let special: [GradientCase] =
  [
    "asinh", "deg2rad", "rad2deg", "angle", "special_erfcx", "special_ndtr", "special_log_ndtr", "i0", "special_i0e",
    "special_i1", "special_i1e", "sinc", "special_bessel_j0", "special_bessel_j1",
    "special_modified_bessel_i0", "special_modified_bessel_i1", "hardsigmoid", "hardswish", "mish",
    "log_sigmoid",
  ].map { name in GradientCase(name) { [x(2, 3)] } }
  + [
    "lgamma", "digamma", "special_entr", "special_bessel_y0", "special_bessel_y1", "special_modified_bessel_k0",
    "special_modified_bessel_k1",
  ].map { name in GradientCase(name) { [positive(2, 3)] } }
  + ["erfinv", "atanh", "special_ndtri"].map { name in GradientCase(name) { [share(2, 3)] } }
  + [
    GradientCase("acosh") { [large(2, 3)] },
    GradientCase("polygamma") { [.int(2), positive(2, 3)] },
    GradientCase("special_zeta") { [.tensor(Tensor([2.5, 3, 4], dtype: .float64)), large(2, 3)] },
    GradientCase("igamma") { [constant(2, 3), positive(2, 3)] },
    GradientCase("igammac") { [constant(2, 3), positive(2, 3)] },
    GradientCase("logit") { [share(2, 3), .none] },
    GradientCase("xlogy.Tensor", "broadcast") { [x(2, 3), positive(3)] },
    GradientCase("special_xlog1py") { [x(2, 3), positive(3)] },
    GradientCase("nan_to_num") { [x(2, 3), .none, .none, .none] },
    GradientCase("round.decimals") { [x(2, 3), .int(1)] },
  ]

private let binaries: [GradientCase] = [
  GradientCase("atan2") { [x(2, 3), positive(3)] },
  GradientCase("hypot") { [x(2, 3), positive(3)] },
  GradientCase("copysign.Tensor") { [x(2, 3), x(3, seed: 5)] },
  GradientCase("fmax") { [x(2, 3), x(2, 3, seed: 6)] },
  GradientCase("fmin") { [x(2, 3), x(3, seed: 6)] },
  GradientCase("clamp_min.Tensor") { [x(2, 3), x(3, seed: 6)] },
  GradientCase("clamp_max.Tensor") { [x(2, 3), x(3, seed: 6)] },
  GradientCase("clamp.Tensor") { [x(2, 3), x(2, 3, seed: 6), x(3, seed: 7)] },
  GradientCase("logaddexp") { [x(2, 3), x(3, seed: 6)] },
  GradientCase("soft_margin_loss") { [x(2, 3), constant(2, 3), .int(1)] },
  GradientCase("logaddexp2") { [x(2, 3), x(3, seed: 6)] },
  GradientCase("lerp.Tensor") { [x(2, 3), x(3, seed: 6), x(2, 1, seed: 7)] },
  GradientCase("lerp.Scalar") { [x(2, 3), x(3, seed: 6), .double(0.3)] },
  GradientCase("addcmul") { [x(2, 3), x(3, seed: 6), x(2, 1, seed: 7), .double(0.5)] },
  GradientCase("addcdiv") { [x(2, 3), x(3, seed: 6), positive(2, 1), .double(0.5)] },
  GradientCase("complex", second: false) { [x(2, 3), x(2, 3, seed: 6)] },
  GradientCase("polar", second: false) { [positive(2, 3), x(2, 3, seed: 6)] },
]

private let shrinking: [GradientCase] = [
  GradientCase("softshrink") { [x(3, 4), .double(0.3)] },
  GradientCase("hardshrink") { [x(3, 4), .double(0.3)] },
  GradientCase("softshrink_backward") { [x(3, 4, seed: 6), x(3, 4), .double(0.3)] },
  GradientCase("hardshrink_backward") { [x(3, 4, seed: 6), x(3, 4), .double(0.3)] },
  GradientCase("threshold") { [x(3, 4), .double(0.1), .double(2)] },
  GradientCase("_prelu_kernel") { [x(2, 3), positive(3)] },
  GradientCase("hardsigmoid_backward") { [x(2, 3, seed: 6), x(2, 3)] },
  GradientCase("hardswish_backward") { [x(2, 3, seed: 6), x(2, 3)] },
  GradientCase("silu_backward") { [x(2, 3, seed: 6), x(2, 3)] },
  GradientCase("mish_backward") { [x(2, 3, seed: 6), x(2, 3)] },
]

private let ordered: [GradientCase] = [
  GradientCase("cumsum") { [x(2, 3), .int(1), .none] },
  GradientCase("cumprod") { [positive(2, 3), .int(1), .none] },
  GradientCase("logcumsumexp") { [x(2, 3), .int(1)] },
  GradientCase("cummax") { [distinct(2, 4), .int(1)] },
  GradientCase("cummin") { [distinct(2, 4), .int(0)] },
  GradientCase("sort.stable") { [distinct(2, 4), .bool(true), .int(1), .bool(true)] },
  GradientCase("topk") { [distinct(2, 4), .int(2), .int(1), .bool(true), .bool(true)] },
  GradientCase("kthvalue") { [distinct(2, 4), .int(2), .int(1), .bool(false)] },
  GradientCase("median") { [distinct(2, 3)] },
  GradientCase("nanmedian") { [distinct(2, 3)] },
  GradientCase("median.dim") { [distinct(2, 3), .int(1), .bool(false)] },
  GradientCase("nanmedian.dim") { [distinct(2, 3), .int(1), .bool(true)] },
  GradientCase("mode") { [distinct(2, 3), .int(1), .bool(false)] },
  GradientCase("linalg_vector_norm", "2") { [x(2, 3), .int(2), .ints([1]), .bool(false), .none] },
  GradientCase("linalg_vector_norm", "3") { [x(2, 3), .int(3), .none, .bool(true), .none] },
  GradientCase("linalg_vector_norm", "1.5") { [x(2, 3), .double(1.5), .ints([0]), .bool(false), .none] },
  GradientCase("linalg_vector_norm", "infinity") { [distinct(2, 3), .double(.infinity), .ints([1]), .bool(false), .none] },
  GradientCase("logsumexp") { [x(2, 3), .ints([1]), .bool(false)] },
]

let moreGradientCases = special + binaries + shrinking + ordered
