// Gradient checks of interpolation, pooling and what else neural networks are made of (see GradientTests.swift).

import Torch

private func x(_ sizes: Int..., seed: UInt64 = 1) -> Value {
  .tensor(torch.randn(Shape(sizes), dtype: .float64, generator: Generator(seed: seed), requiresGrad: true))
}

private let resampling: [GradientCase] =
  ["upsample_nearest", "_upsample_nearest_exact"].flatMap { name in
    [
      GradientCase("\(name)1d") { [x(1, 2, 4), .ints([7]), .none] },
      GradientCase("\(name)2d") { [x(1, 2, 4, 3), .ints([3, 5]), .none, .none] },
      GradientCase("\(name)3d") { [x(1, 1, 2, 3, 2), .ints([3, 2, 3]), .none, .none, .none] },
      GradientCase("\(name)1d_backward") { [x(1, 2, 7), .ints([7]), .ints([1, 2, 4]), .none] },
      GradientCase("\(name)2d_backward") { [x(1, 2, 3, 5), .ints([3, 5]), .ints([1, 2, 4, 3]), .none, .none] },
      GradientCase("\(name)3d_backward") {
        [x(1, 1, 3, 2, 3), .ints([3, 2, 3]), .ints([1, 1, 2, 3, 2]), .none, .none, .none]
      },
    ]
  }
  + [
    "upsample_bilinear2d", "upsample_bicubic2d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa",
    "_upsample_lanczos2d_aa",
  ]
  .flatMap { name in
    [
      GradientCase(name) { [x(1, 2, 4, 3), .ints([3, 5]), .bool(false), .none, .none] },
      GradientCase(name, "corners") { [x(1, 2, 4, 3), .ints([3, 5]), .bool(true), .none, .none] },
      GradientCase("\(name)_backward") {
        [x(1, 2, 3, 5), .ints([3, 5]), .ints([1, 2, 4, 3]), .bool(false), .none, .none]
      },
    ]
  }
  + [
    GradientCase("upsample_linear1d") { [x(1, 2, 4), .ints([7]), .bool(false), .none] },
    GradientCase("upsample_linear1d_backward") { [x(1, 2, 7), .ints([7]), .ints([1, 2, 4]), .bool(false), .none] },
    GradientCase("upsample_trilinear3d") { [x(1, 1, 2, 3, 2), .ints([3, 2, 3]), .bool(true), .none, .none, .none] },
    GradientCase("upsample_trilinear3d_backward") {
      [x(1, 1, 3, 2, 3), .ints([3, 2, 3]), .ints([1, 1, 2, 3, 2]), .bool(false), .none, .none, .none]
    },
  ]

private let gridSampling: [GradientCase] = (0..<3).flatMap { padding in
  [
    GradientCase("grid_sampler_2d", "bilinear, padding \(padding)") {
      [x(1, 2, 4, 5), x(1, 2, 3, 2, seed: 3), .int(0), .int(padding), .bool(false)]
    },
    GradientCase("grid_sampler_2d", "bicubic, padding \(padding)") {
      [x(1, 2, 4, 5), x(1, 2, 3, 2, seed: 3), .int(2), .int(padding), .bool(true)]
    },
    GradientCase("grid_sampler_3d", "padding \(padding)") {
      [x(1, 2, 2, 3, 4), x(1, 1, 2, 2, 3, seed: 3), .int(0), .int(padding), .bool(false)]
    },
    GradientCase("grid_sampler_2d_backward", "bicubic, padding \(padding)", second: false) {
      [
        x(1, 2, 2, 3, seed: 5), x(1, 2, 4, 5), x(1, 2, 3, 2, seed: 3), .int(2), .int(padding), .bool(true),
        .list([.bool(true), .bool(true)]),
      ]
    },
    GradientCase("grid_sampler_3d_backward", "padding \(padding)", second: false) {
      [
        x(1, 2, 1, 2, 2, seed: 5), x(1, 2, 2, 3, 4), x(1, 1, 2, 2, 3, seed: 3), .int(0), .int(padding), .bool(false),
        .list([.bool(true), .bool(true)]),
      ]
    },
  ]
}

private func distinct(_ sizes: Int...) -> Value {
  let shape = Shape(sizes)
  let order = torch.randperm(shape.numel, generator: Generator(seed: 4)).to(.float64)
  return .tensor((order * 0.37 - 2).reshape(sizes).detach().requiresGrad_())
}

/// The flat positions of maxima of 2×2 windows of an image of 4×4.
private func corners(_ rank: Int) -> Value {
  let flat = Tensor([[0, 3, 9, 14], [5, 6, 12, 11]])
  return .tensor(flat.reshape(rank == 2 ? [1, 2, 2, 2] : [1, 2, 1, 2, 2]))
}

private let pooling: [GradientCase] = [
  GradientCase("avg_pool2d") {
    [x(1, 2, 4, 5), .ints([2, 3]), .ints([]), .ints([1]), .bool(true), .bool(false), .none]
  },
  GradientCase("avg_pool2d", "padding") {
    [x(1, 2, 4, 5), .ints([3]), .ints([2]), .ints([1]), .bool(true), .bool(true), .none]
  },
  GradientCase("avg_pool3d") {
    [x(1, 1, 2, 3, 4), .ints([2]), .ints([1]), .ints([1]), .bool(false), .bool(true), .int(3)]
  },
  GradientCase("avg_pool2d_backward") {
    [x(1, 2, 3, 4, seed: 3), x(1, 2, 4, 5), .ints([2]), .ints([1]), .ints([0]), .bool(false), .bool(true), .none]
  },
  GradientCase("avg_pool3d_backward") {
    [x(1, 1, 1, 2, 3, seed: 3), x(1, 1, 2, 3, 4), .ints([2]), .ints([1]), .ints([0]), .bool(false), .bool(true), .none]
  },
  GradientCase("_adaptive_avg_pool2d") { [x(1, 2, 4, 5), .ints([3, 2])] },
  GradientCase("_adaptive_avg_pool3d") { [x(1, 1, 2, 3, 4), .ints([1, 2, 3])] },
  GradientCase("_adaptive_avg_pool2d_backward") { [x(1, 2, 3, 2, seed: 3), x(1, 2, 4, 5)] },
  GradientCase("_adaptive_avg_pool3d_backward") { [x(1, 1, 1, 2, 3, seed: 3), x(1, 1, 2, 3, 4)] },
  GradientCase("adaptive_max_pool2d") { [distinct(1, 2, 4, 5), .ints([3, 2])] },
  GradientCase("adaptive_max_pool3d") { [distinct(1, 1, 2, 3, 4), .ints([1, 2, 3])] },
  GradientCase("adaptive_max_pool2d_backward") { [x(1, 2, 2, 2, seed: 3), x(1, 2, 4, 4), corners(2)] },
  GradientCase("adaptive_max_pool3d_backward") { [x(1, 2, 1, 2, 2, seed: 3), x(1, 2, 1, 4, 4), corners(3)] },
  GradientCase("fractional_max_pool2d") {
    [
      distinct(1, 2, 5, 6), .ints([2, 2]), .ints([3, 3]),
      .tensor(Tensor([[[0.3, 0.8], [0.1, 0.6]]], dtype: .float64)),
    ]
  },
  GradientCase("fractional_max_pool3d") {
    [
      distinct(1, 1, 3, 4, 5), .ints([2, 2, 2]), .ints([2, 2, 3]),
      .tensor(Tensor([[[0.3, 0.8, 0.4]]], dtype: .float64)),
    ]
  },
  GradientCase("fractional_max_pool2d_backward") {
    [x(1, 2, 2, 2, seed: 3), x(1, 2, 4, 4), .ints([2, 2]), .ints([2, 2]), corners(2)]
  },
  GradientCase("fractional_max_pool3d_backward") {
    [x(1, 2, 1, 2, 2, seed: 3), x(1, 2, 1, 4, 4), .ints([1, 2, 2]), .ints([1, 2, 2]), corners(3)]
  },
  GradientCase("max_unpool2d") { [x(1, 2, 2, 2), corners(2), .ints([4, 4])] },
  GradientCase("max_unpool3d") {
    [x(1, 2, 1, 2, 2), corners(3), .ints([1, 4, 4]), .ints([1, 2, 2]), .ints([0, 0, 0])]
  },
]

private func positive(_ sizes: Int..., seed: UInt64 = 2) -> Value {
  let values = torch.rand(Shape(sizes), dtype: .float64, generator: Generator(seed: seed))
  return .tensor((values * 1.5 + 0.25).detach().requiresGrad_())
}

private func constant(_ sizes: Int...) -> Value {
  .tensor(torch.rand(Shape(sizes), dtype: .float64, generator: Generator(seed: 7)) + 0.5)
}

private let all = Value.list([.bool(true), .bool(true), .bool(true)])

private let normalization: [GradientCase] = [
  GradientCase("native_batch_norm") {
    [x(3, 2, 4), x(2, seed: 3), x(2, seed: 4), .none, .none, .bool(true), .double(0.1), .double(0.01)]
  },
  GradientCase("native_batch_norm", "given") {
    [x(3, 2, 4), x(2, seed: 3), .none, constant(2), constant(2), .bool(false), .double(0.1), .double(0.01)]
  },
  GradientCase("native_batch_norm_backward") {
    [
      x(3, 2, 4), x(3, 2, 4, seed: 2), x(2, seed: 3), .none, .none, x(2, seed: 4), positive(2), .bool(true),
      .double(0.01), all,
    ]
  },
  GradientCase("_native_batch_norm_legit") {
    [x(3, 2), x(2, seed: 3), x(2, seed: 4), constant(2), constant(2), .bool(false), .double(0.1), .double(0.01)]
  },
  GradientCase("_native_batch_norm_legit.no_stats") {
    [x(3, 2), .none, x(2, seed: 4), .bool(true), .double(0.1), .double(0.01)]
  },
  GradientCase("_native_batch_norm_legit_no_training") {
    [x(3, 2), x(2, seed: 3), x(2, seed: 4), constant(2), constant(2), .double(0.1), .double(0.01)]
  },
  GradientCase("_batch_norm_with_update", second: false) {
    [x(3, 2, 2), x(2, seed: 3), x(2, seed: 4), constant(2), constant(2), .double(0.1), .double(0.01)]
  },
  GradientCase("_batch_norm_no_update", second: false) {
    [x(3, 2, 2), x(2, seed: 3), x(2, seed: 4), constant(2), constant(2), .double(0.1), .double(0.01)]
  },
  GradientCase("native_layer_norm") {
    [x(2, 3, 4), .ints([3, 4]), x(3, 4, seed: 3), x(3, 4, seed: 4), .double(0.01)]
  },
  GradientCase("native_layer_norm_backward") {
    [x(2, 4), x(2, 4, seed: 2), .ints([4]), x(2, 1, seed: 3), positive(2, 1), x(4, seed: 4), x(4, seed: 5), all]
  },
  GradientCase("native_group_norm") {
    [x(2, 4, 3), x(4, seed: 3), x(4, seed: 4), .int(2), .int(4), .int(3), .int(2), .double(0.01)]
  },
  GradientCase("native_group_norm_backward") {
    [
      x(2, 4, 3), x(2, 4, 3, seed: 2), x(2, 2, seed: 3), positive(2, 2), x(4, seed: 4), .int(2), .int(4), .int(3),
      .int(2), all,
    ]
  },
]

private func ids(_ values: [Int]) -> Value { .tensor(Tensor(values)) }

private let tables: [GradientCase] = [
  GradientCase("im2col") { [x(1, 2, 4, 5), .ints([2, 3]), .ints([1, 1]), .ints([1, 0]), .ints([2, 1])] },
  GradientCase("col2im") {
    [x(1, 12, 9), .ints([4, 4]), .ints([2, 2]), .ints([1, 1]), .ints([0, 0]), .ints([1, 1])]
  },
  GradientCase("_embedding_bag", "sum") {
    [
      x(4, 3), ids([0, 2, 1, 2]), ids([0, 3]), .bool(false), .int(0), .bool(false), x(4, seed: 5), .bool(false),
      .int(-1),
    ]
  },
  GradientCase("_embedding_bag", "mean, padded") {
    [x(4, 3), ids([0, 2, 1, 2]), ids([0, 3]), .bool(false), .int(1), .bool(false), .none, .bool(false), .int(1)]
  },
  GradientCase("_embedding_bag", "max") {
    [
      distinct(4, 3), ids([0, 2, 1, 2]), ids([0, 3]), .bool(false), .int(2), .bool(false), .none, .bool(false),
      .int(-1),
    ]
  },
  GradientCase("_embedding_bag_forward_only", "sum") {
    [x(4, 3), ids([0, 2, 1, 2]), ids([0, 3]), .bool(false), .int(0), .bool(false), .none, .bool(false), .int(-1)]
  },
]

private let mask = Value.tensor(Tensor([[true, false, true], [false, true, true]]))

private let losses: [GradientCase] = [
  GradientCase("_safe_softmax") { [x(2, 3), .int(1), .none] },
  GradientCase("_scaled_dot_product_flash_attention_for_cpu") {
    [x(1, 2, 3, 4), x(1, 2, 5, 4, seed: 2), x(1, 2, 5, 4, seed: 3), .double(0), .bool(true), .none, .none]
  },
  GradientCase("_scaled_dot_product_flash_attention_for_cpu", "mask") {
    [
      x(1, 2, 3, 4), x(1, 2, 5, 4, seed: 2), x(1, 2, 5, 4, seed: 3), .double(0), .bool(false), x(3, 5, seed: 4),
      .double(0.3),
    ]
  },
  GradientCase("native_dropout") { [x(2, 3), .double(0.5), .bool(false)] },
  GradientCase("native_dropout_backward") { [x(2, 3), mask, .double(2)] },
]

let visionGradientCases = resampling + gridSampling + pooling + normalization + tables + losses
