// Gradient checks of the operators that index, gather, scatter and rearrange (see GradientTests.swift).

import Torch

private func x(_ sizes: Int..., seed: UInt64 = 1) -> Value {
  .tensor(torch.randn(Shape(sizes), dtype: .float64, generator: Generator(seed: seed), requiresGrad: true))
}

private func c<L: TensorLiteral>(_ values: L) -> Value { .tensor(Tensor(values)) }

/// Distinct values, so that extremes have no ties.
private func distinct(_ sizes: Int..., from start: Double) -> Value {
  let shape = Shape(sizes)
  let order = torch.randperm(shape.numel, generator: Generator(seed: 4)).to(.float64)
  return .tensor((order * 0.37 + start).reshape(sizes).detach().requiresGrad_())
}

private let places = [[0, 2, 1], [1, 0, 1]]

let indexingGradientCases: [GradientCase] = [
  GradientCase("index.Tensor", "one") { [x(3, 4), .list([c([0, 2, 0])])] },
  GradientCase("index.Tensor", "apart") { [x(3, 2, 4), .list([c([0, 2]), .none, c([[1], [-1]])])] },
  GradientCase("index.Tensor", "mask") { [x(2, 3), .list([c([[true, false, true], [false, true, true]])])] },
  GradientCase("index_put", "set") { [x(3, 4), .list([c([0, 2])]), x(2, 4, seed: 5), .bool(false)] },
  GradientCase("index_put", "add") { [x(3, 4), .list([c([0, 0, 2])]), x(4, seed: 5), .bool(true)] },
  GradientCase("masked_fill.Scalar") { [x(2, 3), c([true, false, true]), .double(2)] },
  GradientCase("masked_fill.Tensor") { [x(2, 3), c([true, false, true]), x(seed: 5)] },
  GradientCase("masked_select") { [x(2, 3), c([true, false, true])] },
  GradientCase("masked_scatter") { [x(2, 3), c([[true, false, true], [false, true, false]]), x(4, seed: 5)] },
  GradientCase("take") { [x(2, 3), c([[0, -1], [2, 2]])] },
  GradientCase("put", "set") { [x(2, 3), c([0, 4]), x(2, seed: 5), .bool(false)] },
  GradientCase("put", "add") { [x(2, 3), c([0, 4, 4]), x(3, seed: 5), .bool(true)] },
  GradientCase("where.self") { [c([true, false, true]), x(2, 3), x(2, 1, seed: 5)] },
  GradientCase("gather") { [x(2, 4), .int(1), c(places), .bool(false)] },
  GradientCase("scatter.src") { [x(3, 3), .int(0), c([[0, 2, 1], [1, 0, 2]]), x(2, 3, seed: 5)] },
  GradientCase("scatter.value") { [x(3, 3), .int(0), c(places), .double(2)] },
  GradientCase("scatter_add") { [x(3, 3), .int(0), c(places), x(2, 3, seed: 5)] },
  GradientCase("scatter_reduce.two", "sum") { [x(3, 3), .int(0), c(places), x(2, 3, seed: 5), .string("sum"), .bool(true)] },
  GradientCase("scatter_reduce.two", "sum alone") {
    [x(3, 3), .int(0), c(places), x(2, 3, seed: 5), .string("sum"), .bool(false)]
  },
  GradientCase("scatter_reduce.two", "mean") { [x(3, 3), .int(0), c(places), x(2, 3, seed: 5), .string("mean"), .bool(true)] },
  GradientCase("scatter_reduce.two", "prod") { [x(3, 3), .int(0), c(places), x(2, 3, seed: 5), .string("prod"), .bool(true)] },
  GradientCase("scatter_reduce.two", "amax") {
    [distinct(3, 3, from: 0), .int(0), c(places), distinct(2, 3, from: 0.2), .string("amax"), .bool(true)]
  },
  GradientCase("index_select") { [x(3, 4), .int(1), c([0, 3, 0])] },
  GradientCase("index_add") { [x(3, 4), .int(0), c([0, 2, 0]), x(3, 4, seed: 5), .double(0.5)] },
  GradientCase("index_copy") { [x(3, 4), .int(1), c([3, 1]), x(3, 2, seed: 5)] },
  GradientCase("index_fill.int_Scalar") { [x(3, 4), .int(1), c([3, 1]), .double(2)] },
  GradientCase("index_fill.int_Tensor") { [x(3, 4), .int(1), c([3, 1]), x(seed: 5)] },
  GradientCase("embedding") { [x(4, 3), c([[0, 2], [2, 3]]), .int(-1), .bool(false), .bool(false)] },
  GradientCase("fill.Scalar") { [x(2, 3), .double(2)] },
  GradientCase("fill.Tensor") { [x(2, 3), x(seed: 5)] },
  GradientCase("zero") { [x(2, 3)] },
  GradientCase("repeat") { [x(2, 3), .ints([2, 1, 3])] },
  GradientCase("flip") { [x(2, 3, 2), .ints([0, -1])] },
  GradientCase("roll") { [x(3, 4), .ints([1, -2]), .ints([0, 1])] },
  GradientCase("roll", "flat") { [x(3, 4), .ints([5]), .ints([])] },
  GradientCase("tril") { [x(2, 3, 4), .int(1)] },
  GradientCase("triu") { [x(3, 4), .int(-1)] },
]
