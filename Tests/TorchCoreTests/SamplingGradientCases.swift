// Gradient checks of segment reductions, floating point parts and draws around parameters (see GradientTests.swift).

import Torch

private func x(_ sizes: Int..., seed: UInt64 = 1) -> Value {
  .tensor(torch.randn(Shape(sizes), dtype: .float64, generator: Generator(seed: seed), requiresGrad: true))
}

private func indexed(_ reduce: String) -> GradientCase {
  GradientCase("index_reduce", reduce) {
    [x(3, 4), .int(1), .tensor(Tensor([1, 3, 1])), x(3, 3, seed: 5), .string(reduce), .bool(true)]
  }
}

private func segments(_ reduce: String) -> GradientCase {
  GradientCase("segment_reduce", reduce) {
    [x(5, 2), .string(reduce), .tensor(Tensor([2, 0, 3])), .none, .none, .int(0), .bool(false), .double(0.5)]
  }
}

let samplingGradientCases: [GradientCase] =
  ["sum", "mean", "prod", "max", "min"].map(segments) + ["prod", "mean", "amax", "amin"].map(indexed) + [
    GradientCase("nextafter") { [x(2, 3), x(2, 3, seed: 5)] },
    GradientCase("_safe_softmax") { [x(2, 3), .int(1), .none] },
    GradientCase("frexp.Tensor") { [x(2, 3)] },
    GradientCase("segment_reduce", "offsets") {
      [x(2, 5), .string("sum"), .none, .none, .tensor(Tensor([[0, 2, 5], [1, 1, 4]])), .int(1), .bool(false), .none]
    }
  ]
