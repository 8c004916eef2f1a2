// Gradients and second gradients of every differentiable operator against finite differences, in float64.
//
// A case is an operator's name and boxed arguments; tensors among them that require gradients are checked. The last
// test finds differentiable operators without a case.

import Testing
import Torch

/// One call of an operator for the gradient checks.
struct GradientCase: CustomTestStringConvertible, Sendable {
  let op: String
  let label: String
  let arguments: @Sendable () -> [Value]
  /// Second derivatives that finite differences cannot check (kinks, randomness).
  let checksSecond: Bool

  init(_ op: String, _ label: String = "", second: Bool = true, _ arguments: @escaping @Sendable () -> [Value]) {
    self.op = op
    self.label = label
    checksSecond = second
    self.arguments = arguments
  }

  var testDescription: String { label.isEmpty ? op : "\(op) (\(label))" }
}

/// A float64 leaf with normally distributed values.
private func x(_ sizes: Int..., seed: UInt64 = 1) -> Value {
  .tensor(torch.randn(Shape(sizes), dtype: .float64, generator: Generator(seed: seed), requiresGrad: true))
}

/// A float64 leaf with values between 0.25 and 1.75 (for logarithms, roots, divisors).
private func positive(_ sizes: Int..., seed: UInt64 = 2) -> Value {
  let values = torch.rand(Shape(sizes), dtype: .float64, generator: Generator(seed: seed))
  return .tensor((values * 1.5 + 0.25).detach().requiresGrad_())
}

/// A float64 leaf with values between -0.9 and 0.9.
private func inner(_ sizes: Int..., seed: UInt64 = 3) -> Value {
  let values = torch.rand(Shape(sizes), dtype: .float64, generator: Generator(seed: seed))
  return .tensor((values * 1.8 - 0.9).detach().requiresGrad_())
}

/// A float64 leaf of distinct values well apart (for extremes).
private func distinct(_ sizes: Int...) -> Value {
  let shape = Shape(sizes)
  let order = torch.randperm(shape.numel, generator: Generator(seed: 4)).to(.float64)
  return .tensor((order * 0.37 - 2).reshape(sizes).detach().requiresGrad_())
}

/// A constant.
private func c(_ values: [Int]) -> Value { .tensor(Tensor(values)) }

private func unaries() -> [GradientCase] {
  let anywhere = [
    "exp", "exp2", "expm1", "sin", "cos", "sinh", "cosh", "tanh", "atan", "erf", "erfc", "sigmoid", "silu", "neg",
    "square", "floor", "ceil", "trunc", "round", "sign", "sgn", "frac", "abs", "relu",
  ]
  let positives = ["log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal"]
  let inners = ["tan", "asin", "acos"]
  return anywhere.map { GradientCase($0) { [x(2, 3)] } } + positives.map { GradientCase($0) { [positive(2, 3)] } }
    + inners.map { GradientCase($0) { [inner(2, 3)] } }
}

private let arithmetic: [GradientCase] = [
  GradientCase("add.Tensor", "broadcast") { [x(2, 3), x(3, seed: 5), .double(0.5)] },
  GradientCase("sub.Tensor", "broadcast") { [x(2, 1, 3), x(4, 1, seed: 5), .double(2)] },
  GradientCase("mul.Tensor", "broadcast") { [x(2, 3), x(2, 1, seed: 5)] },
  GradientCase("div.Tensor") { [x(2, 3), positive(3)] },
  GradientCase("div.Tensor_mode") { [x(2, 3), positive(3), .none] },
  GradientCase("div.Tensor_mode", "floor") { [x(2, 3), positive(3), .string("floor")] },
  GradientCase("remainder.Tensor") { [x(2, 3), positive(3)] },
  GradientCase("fmod.Tensor") { [x(2, 3), positive(3)] },
  GradientCase("pow.Tensor_Tensor") { [positive(2, 3), x(3)] },
  GradientCase("pow.Tensor_Scalar", "square") { [x(2, 3), .int(2)] },
  GradientCase("pow.Tensor_Scalar", "cube") { [x(2, 3), .int(3)] },
  GradientCase("pow.Scalar") { [.double(2.5), x(2, 3)] },
  GradientCase("maximum") { [x(2, 3), x(2, 3, seed: 6)] },
  GradientCase("minimum") { [x(2, 3), x(3, seed: 6)] },
  GradientCase("clamp") { [x(3, 4), .double(-0.5), .double(0.7)] },
  GradientCase("tanh_backward") { [x(2, 3), inner(2, 3)] },
  GradientCase("sigmoid_backward") { [x(2, 3), inner(2, 3)] },
  GradientCase("threshold_backward") { [x(2, 3), x(2, 3, seed: 7), .double(0)] },
  GradientCase("gelu") { [x(2, 3), .string("none")] },
  GradientCase("gelu", "tanh") { [x(2, 3), .string("tanh")] },
  GradientCase("leaky_relu") { [x(2, 3), .double(0.1)] },
  GradientCase("elu") { [x(2, 3), .double(1.5), .int(1), .int(1)] },
  GradientCase("softplus") { [x(2, 3), .double(2), .double(20)] },
  GradientCase("hardtanh") { [x(3, 4), .double(-0.5), .double(0.5)] },
]

private let products: [GradientCase] = [
  GradientCase("mm") { [x(2, 3), x(3, 4, seed: 8)] },
  GradientCase("bmm") { [x(2, 2, 3), x(2, 3, 2, seed: 8)] },
  GradientCase("addmm") { [x(4), x(2, 3, seed: 9), x(3, 4, seed: 8), .double(0.5), .double(2)] },
  GradientCase("matmul", "batched") { [x(2, 1, 2, 3), x(3, 3, 2, seed: 8)] },
  GradientCase("matmul", "vector") { [x(3), x(3, 2, seed: 8)] },
]

private let views: [GradientCase] = [
  GradientCase("alias") { [x(2, 3)] },
  GradientCase("view") { [x(2, 3), .ints([3, 2])] },
  GradientCase("_unsafe_view") { [x(2, 3), .ints([3, 2])] },
  GradientCase("reshape") { [x(2, 3), .ints([-1])] },
  GradientCase("expand") { [x(2, 1), .ints([3, 2, 4]), .bool(false)] },
  GradientCase("permute") { [x(2, 3, 2), .ints([2, 0, 1])] },
  GradientCase("transpose.int") { [x(2, 3), .int(0), .int(-1)] },
  GradientCase("t") { [x(2, 3)] },
  GradientCase("select.int") { [x(2, 3), .int(1), .int(-1)] },
  GradientCase("select_backward") { [x(2), .ints([2, 3]), .int(1), .int(1)] },
  GradientCase("slice.Tensor") { [x(5, 2), .int(0), .int(1), .none, .int(2)] },
  GradientCase("slice_backward") { [x(2, 2), .ints([5, 2]), .int(0), .int(1), .int(5), .int(2)] },
  GradientCase("squeeze") { [x(1, 2, 1)] },
  GradientCase("squeeze.dim") { [x(1, 2, 1), .int(0)] },
  GradientCase("squeeze.dims") { [x(1, 2, 1), .ints([0, 2])] },
  GradientCase("unsqueeze") { [x(2, 3), .int(1)] },
  GradientCase("diagonal") { [x(3, 4), .int(1), .int(0), .int(1)] },
  GradientCase("diagonal_backward") { [x(3), .ints([3, 4]), .int(1), .int(0), .int(1)] },
  GradientCase("unfold") { [x(7), .int(0), .int(3), .int(2)] },
  GradientCase("as_strided", "overlapping") { [x(5), .ints([3, 2]), .ints([1, 1]), .none] },
  GradientCase("clone") { [x(2, 3), .none] },
  GradientCase("contiguous") { [x(2, 3), .memoryFormat(.contiguous)] },
  GradientCase("_to_copy") { [x(2, 3), .dtype(.float64), .none, .none, .none, .bool(false), .none] },
  GradientCase("cat") { [.list([x(2, 3), x(1, 3, seed: 5)]), .int(0)] },
  GradientCase("stack") { [.list([x(2), x(2, seed: 5)]), .int(1)] },
  GradientCase("constant_pad_nd") { [x(2, 3), .ints([1, 2, -1, 1]), .double(3)] },
]

private let reductions: [GradientCase] = [
  GradientCase("sum") { [x(2, 3), .none] },
  GradientCase("sum.dim_IntList") { [x(2, 3), .ints([1]), .bool(false), .none] },
  GradientCase("mean") { [x(2, 3), .none] },
  GradientCase("mean.dim") { [x(2, 3, 2), .ints([0, 2]), .bool(true), .none] },
  GradientCase("prod") { [x(2, 2), .none] },
  GradientCase("prod.dim_int") { [x(2, 3), .int(1), .bool(false), .none] },
  GradientCase("max") { [distinct(2, 3)] },
  GradientCase("min") { [distinct(2, 3)] },
  GradientCase("max.dim") { [distinct(2, 3), .int(1), .bool(false)] },
  GradientCase("min.dim") { [distinct(2, 3), .int(0), .bool(true)] },
  GradientCase("amax") { [distinct(2, 3), .ints([0, 1]), .bool(false)] },
  GradientCase("amin") { [distinct(2, 3), .ints([1]), .bool(true)] },
  GradientCase("var.correction") { [x(2, 4), .ints([1]), .int(1), .bool(false)] },
  GradientCase("std.correction") { [x(2, 4), .none, .int(0), .bool(false)] },
  GradientCase("_softmax") { [x(2, 3), .int(1), .bool(false)] },
  GradientCase("_log_softmax") { [x(2, 3), .int(0), .bool(false)] },
  GradientCase("_softmax_backward_data") { [x(2, 3), x(2, 3, seed: 5), .int(1), .dtype(.float64)] },
  GradientCase("nll_loss_nd", "weighted") {
    [x(3, 4), c([1, 0, 3]), .tensor(Tensor([0.5, 1, 2, 1.5], dtype: .float64)), .int(1), .int(-100)]
  },
  GradientCase("nll_loss_nd", "spatial") { [x(2, 3, 2), .tensor(Tensor([[0, 2], [1, -100]])), .none, .int(2), .int(-100)] },
]

private func convolution(_ sizes: [Int], _ weight: [Int], bias: Int, stride: Int, padding: Int, dilation: Int, transposed: Bool, groups: Int) -> [Value] {
  func leaf(_ sizes: [Int], _ seed: UInt64) -> Value {
    .tensor(torch.randn(Shape(sizes), dtype: .float64, generator: Generator(seed: seed), requiresGrad: true))
  }
  let rank = sizes.count - 2
  func all(_ n: Int) -> Value { .ints(Array(repeating: n, count: rank)) }
  return [
    leaf(sizes, 1), leaf(weight, 2), leaf([bias], 3), all(stride), all(padding), all(dilation), .bool(transposed),
    all(0), .int(groups),
  ]
}

private let windows: [GradientCase] = [
  GradientCase("convolution", "1d") {
    convolution([2, 2, 6], [3, 2, 3], bias: 3, stride: 2, padding: 1, dilation: 1, transposed: false, groups: 1)
  },
  GradientCase("convolution", "2d, groups, dilation") {
    convolution([1, 2, 5, 5], [2, 1, 2, 2], bias: 2, stride: 1, padding: 1, dilation: 2, transposed: false, groups: 2)
  },
  GradientCase("convolution", "transposed") {
    convolution([1, 2, 3, 3], [2, 2, 2, 2], bias: 2, stride: 2, padding: 1, dilation: 1, transposed: true, groups: 1)
  },
  GradientCase("convolution", "3d") {
    convolution([1, 1, 3, 3, 3], [1, 1, 2, 2, 2], bias: 1, stride: 1, padding: 0, dilation: 1, transposed: false, groups: 1)
  },
  GradientCase("max_pool2d_with_indices") {
    [distinct(1, 1, 4, 4), .ints([2]), .ints([1]), .ints([1]), .ints([1]), .bool(false)]
  },
  GradientCase("max_pool3d_with_indices") {
    [distinct(1, 1, 2, 3, 3), .ints([2]), .ints([1]), .ints([0]), .ints([1]), .bool(false)]
  },
  GradientCase("avg_pool2d") {
    [x(1, 1, 4, 4), .ints([3]), .ints([2]), .ints([1]), .bool(true), .bool(false), .none]
  },
  GradientCase("adaptive_avg_pool2d") { [x(1, 1, 5, 4), .ints([2, 3])] },
  GradientCase("batch_norm", "training") {
    [x(3, 2, 2), positive(2), x(2, seed: 6), .none, .none, .bool(true), .double(0.1), .double(1e-5), .bool(false)]
  },
  GradientCase("layer_norm") { [x(2, 4), .ints([4]), positive(4), x(4, seed: 6), .double(1e-5), .bool(false)] },
  GradientCase("group_norm") { [x(2, 4, 2), .int(2), positive(4), x(4, seed: 6), .double(1e-5), .bool(false)] },
  GradientCase("instance_norm") {
    [x(2, 2, 3), positive(2), x(2, seed: 6), .none, .none, .bool(true), .double(0.1), .double(1e-5), .bool(false)]
  },
  GradientCase("rms_norm") { [x(2, 4), .ints([4]), positive(4), .double(1e-5)] },
]

/// Every cell, forwards over sequences of one length and backwards over packed ones.
private let recurrent: [GradientCase] = [("relu", 1, 1), ("tanh", 1, 1), ("lstm", 4, 2), ("gru", 3, 1)].enumerated()
  .flatMap { code, cell in
    let (name, gates, states) = cell
    let state = Value.list([x(2, 3, seed: 3), x(2, 3, seed: 4)].prefix(states).map { $0 })
    return [
      GradientCase("swift_torch::recurrent_scan", name) {
        [
          x(4, gates * 3), state, x(gates * 3, 3, seed: 5), x(gates * 3, seed: 6), .ints([2, 2]), .int(code), .bool(false),
          .bool(true),
        ]
      },
      GradientCase("swift_torch::recurrent_scan", "\(name), packed, backwards") {
        [
          x(4, gates * 3), state, x(gates * 3, 3, seed: 5), .none, .ints([2, 1, 1]), .int(code), .bool(true), .bool(true),
        ]
      },
      GradientCase("swift_torch::recurrent_scan", "\(name), without reserve") {
        [x(2, gates * 3), state, x(gates * 3, 3, seed: 5), .none, .ints([2]), .int(code), .bool(false), .bool(false)]
      },
    ]
  }

@Suite struct GradientTests {
  static let cases: [GradientCase] = [
    unaries(), arithmetic, products, views, reductions, windows, recurrent,
    fourierGradientCases,
    indexingGradientCases,
    linearAlgebraGradientCases,
    moreGradientCases,
    samplingGradientCases,
    detectionGradientCases,
    visionGradientCases,
  ].flatMap { $0 }

  /// Operators with outputs that take no gradient although they depend on the inputs, as in PyTorch.
  static let withByProducts: Set = [
    "native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit.no_stats",
    "_native_batch_norm_legit_no_training", "_batch_norm_with_update", "native_layer_norm",
    "_scaled_dot_product_flash_attention_for_cpu", "_linalg_det", "_linalg_slogdet", "_linalg_solve_ex",
    "log_sigmoid_forward", "swift_torch::recurrent_scan",
  ]

  @Test(arguments: cases) func gradientsAgreeWithDifferences(_ test: GradientCase) throws {
    let op = try #require(OperatorRegistry.find(test.op))
    let arguments = test.arguments()
    let leaves = arguments.flatMap(GradientTests.tensors).filter(\.requiresGrad)
    func call(_ inputs: [Tensor]) throws -> [Tensor] {
      var rest = inputs[...]
      return try op.callBoxed(arguments.map { GradientTests.replace($0, &rest) }).flatMap(GradientTests.tensors)
        .filter { $0.requiresGrad || !GradientTests.withByProducts.contains(test.op) }
    }
    try withErrors {
      try torch.autograd.gradcheck(call, leaves)
      if test.checksSecond { try torch.autograd.gradgradcheck(call, leaves) }
    }
  }

  /// Gradients are held against differences of the kernel above; here the kernel itself against the reference.
  @Test(arguments: cases.filter { OperatorRegistry.find($0.op)?.tier == .fused })
  func fusedKernelsAgreeWithTheirReferences(_ test: GradientCase) throws {
    let op = try #require(OperatorRegistry.find(test.op))
    let arguments = test.arguments()
    let reference = try #require(try op.callReference(arguments))
    let actual = try op.callBoxed(arguments)
    #expect(actual.count == reference.count)
    for (a, b) in zip(actual, reference) {
      guard let a = a.tensor, let b = b.tensor else { continue }
      #expect(a.shape == b.shape)
      #expect(try a.numel == 0 || (a - b).abs().amax().item(Double.self) < 1e-10)
    }
  }

  @Test func everyDifferentiableOperatorHasACase() {
    let covered = Set(GradientTests.cases.map { $0.op.contains("::") ? $0.op : "aten::" + $0.op })
    // Checked through the operators whose derivatives call them.
    let indirect: Set<String> = [
      "aten::convolution_backward", "aten::max_pool2d_with_indices_backward", "aten::max_pool3d_with_indices_backward",
      "aten::_log_softmax_backward_data", "aten::nll_loss_forward", "aten::nll_loss2d_forward", "aten::nll_loss_backward",
      "aten::nll_loss2d_backward", "aten::_conj_physical", "aten::bernoulli", "aten::embedding_dense_backward",
      "aten::log_sigmoid_forward",
      // PyTorch's gradient, which is not the derivative.
      "aten::as_strided_scatter",
      // Draws: their gradient is zero.
      "aten::poisson", "aten::binomial", "aten::normal.Tensor_Tensor", "aten::normal.Tensor_float",
      "aten::normal.float_Tensor",
      "aten::_linalg_solve_ex", "aten::_linalg_det", "aten::_linalg_slogdet",
      "aten::_linalg_svd",
      "aten::linalg_lstsq",
      // Of matrices of which one triangle is read, or whose results are unique up to a phase: LinearAlgebraTests.swift.
      "aten::linalg_cholesky_ex", "aten::cholesky_solve", "aten::cholesky_inverse", "aten::_linalg_eigh", "aten::linalg_eig",
      "aten::linalg_matrix_sqrth",
      // In CTCLossTests.
      "aten::_ctc_loss", "aten::_ctc_loss.Tensor",
      "aten::_standard_gamma", "aten::_sample_dirichlet",
    ]
    let missing = OperatorRegistry.all.filter { op in
      op.isDifferentiable && op.tier != .composite && !covered.contains(op.name) && !indirect.contains(op.name)
    }
    #expect(missing.map(\.name) == [])
  }

  /// The tensors in a boxed value, in order.
  static func tensors(_ value: Value) -> [Tensor] {
    switch value {
    case .tensor(let tensor): [tensor]
    case .list(let values): values.flatMap(tensors)
    default: []
    }
  }

  /// `value` with its leaves replaced by the next of `leaves`.
  static func replace(_ value: Value, _ leaves: inout ArraySlice<Tensor>) -> Value {
    switch value {
    case .tensor(let tensor): tensor.requiresGrad ? .tensor(leaves.removeFirst()) : value
    case .list(let values): .list(values.map { replace($0, &leaves) })
    default: value
    }
  }
}
