// Gradient checks of Fourier transforms and of other functions of complex numbers (see GradientTests.swift).

import Torch

private func x(_ sizes: Int..., seed: UInt64 = 1) -> Value {
  .tensor(torch.randn(Shape(sizes), dtype: .float64, generator: Generator(seed: seed), requiresGrad: true))
}

private func z(_ sizes: Int..., seed: UInt64 = 1) -> Value {
  .tensor(torch.randn(Shape(sizes), dtype: .complex128, generator: Generator(seed: seed), requiresGrad: true))
}

let fourierGradientCases: [GradientCase] = [
  GradientCase("_fft_c2c") { [z(3, 5), .ints([0, 1]), .int(0), .bool(true)] },
  GradientCase("_fft_c2c", "backward") { [z(3, 4), .ints([1]), .int(1), .bool(false)] },
  GradientCase("_fft_r2c") { [x(3, 6), .ints([0, 1]), .int(0), .bool(true)] },
  GradientCase("_fft_r2c", "odd") { [x(3, 5), .ints([1]), .int(2), .bool(true)] },
  GradientCase("_fft_r2c", "whole") { [x(3, 5), .ints([0, 1]), .int(0), .bool(false)] },
  GradientCase("_fft_c2r") { [z(3, 4), .ints([0, 1]), .int(0), .int(6)] },
  GradientCase("_fft_c2r", "odd") { [z(3, 4), .ints([1]), .int(1), .int(7)] },
  GradientCase("view_as_real") { [z(2, 3)] },
  GradientCase("view_as_complex") { [x(2, 3, 2)] },
  GradientCase("convolution", "complex") {
    [
      z(2, 2, 5), z(3, 2, 3, seed: 4), z(3, seed: 5), .ints([2]), .ints([1]), .ints([1]), .bool(false), .ints([0]),
      .int(1),
    ]
  },
  GradientCase("convolution", "complex, transposed") {
    [
      z(2, 2, 4), z(2, 3, 3, seed: 4), z(3, seed: 5), .ints([2]), .ints([1]), .ints([1]), .bool(true), .ints([1]),
      .int(1),
    ]
  },
  GradientCase("logsumexp", "complex") { [z(2, 3), .ints([1]), .bool(false)] },
  GradientCase("logcumsumexp", "complex") { [z(2, 3), .int(1)] },
  GradientCase("logaddexp", "complex") { [z(2, 3), z(3, seed: 6)] },
  GradientCase("sinc", "complex") { [z(2, 3)] },
]
