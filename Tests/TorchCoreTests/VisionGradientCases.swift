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
      GradientCase("\(name)3d_backward") { [x(1, 1, 3, 2, 3), .ints([3, 2, 3]), .ints([1, 1, 2, 3, 2]), .none, .none, .none] },
    ]
  }
  + ["upsample_bilinear2d", "upsample_bicubic2d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa", "_upsample_lanczos2d_aa"]
  .flatMap { name in
    [
      GradientCase(name) { [x(1, 2, 4, 3), .ints([3, 5]), .bool(false), .none, .none] },
      GradientCase(name, "corners") { [x(1, 2, 4, 3), .ints([3, 5]), .bool(true), .none, .none] },
      GradientCase("\(name)_backward") { [x(1, 2, 3, 5), .ints([3, 5]), .ints([1, 2, 4, 3]), .bool(false), .none, .none] },
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
    GradientCase("grid_sampler_2d", "bilinear, padding \(padding)", second: false) {
      [x(1, 2, 4, 5), x(1, 2, 3, 2, seed: 3), .int(0), .int(padding), .bool(false)]
    },
    GradientCase("grid_sampler_2d", "bicubic, padding \(padding)", second: false) {
      [x(1, 2, 4, 5), x(1, 2, 3, 2, seed: 3), .int(2), .int(padding), .bool(true)]
    },
    GradientCase("grid_sampler_3d", "padding \(padding)", second: false) {
      [x(1, 2, 2, 3, 4), x(1, 1, 2, 2, 3, seed: 3), .int(0), .int(padding), .bool(false)]
    },
  ]
}

let visionGradientCases = resampling + gridSampling
