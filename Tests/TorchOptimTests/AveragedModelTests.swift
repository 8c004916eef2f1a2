// Weight averaging, against what PyTorch's AveragedModel gives by its definition.

import TestSupport
import Testing
import TorchCore
import TorchOptim

private func model(_ value: Double) -> nn.Linear {
  let layer = nn.Linear(2, 1)
  torch.noGrad { for p in layer.parameters() { p.copy_(Tensor.full(like: p, Scalar(value))) } }
  return layer
}

private func set(_ layer: nn.Linear, _ value: Double) {
  torch.noGrad { for p in layer.parameters() { p.copy_(Tensor.full(like: p, Scalar(value))) } }
}

@Test func equalAveragesCountAllValuesAlike() throws {
  let layer = model(1)
  let averaged = optim.swa_utils.AveragedModel(layer) { nn.Linear(2, 1) }
  #expect(Array(averaged.stateDict().keys) == ["n_averaged", "module.weight", "module.bias"])
  for value in [1.0, 2, 6] {
    set(layer, value)
    averaged.updateParameters(layer)
  }
  #expect(try distance(averaged.module.weight.detach(), [3, 3]) < 1e-6)
  #expect(try averaged.nAveraged.item(Int.self) == 3)
}

@Test func exponentialAveragesDecay() throws {
  let layer = model(1)
  let averaged = optim.swa_utils.AveragedModel(layer, average: .exponential(decay: 0.75)) { nn.Linear(2, 1) }
  for value in [1.0, 2, 6] {
    set(layer, value)
    averaged.updateParameters(layer)
  }
  // 0.75 (0.75 + 0.25 · 2) + 0.25 · 6
  #expect(try distance(averaged.module.weight.detach(), [2.4375, 2.4375]) < 1e-6)
  #expect(throws: TorchError.self) {
    try withErrors {
      _ = optim.swa_utils.AveragedModel(layer, average: .exponential(decay: 2)) { nn.Linear(2, 1) }
    }
  }
}

@Test func batchStatisticsAreComputedAnew() throws {
  let net = nn.Sequential(nn.BatchNorm1d(2))
  let norm = net.modules().compactMap { $0 as? nn.BatchNorm1d }[0]
  let batches = [Tensor([[1.0, 2], [3, 6]]), Tensor([[5.0, 4], [7, 8]])]
  net.eval()
  optim.swa_utils.updateBN(batches, net)
  // The plain average of the batches' means and unbiased variances.
  #expect(try distance(norm.runningMean!, [4, 5]) < 1e-6)
  #expect(try distance(norm.runningVar!, [2, 8]) < 1e-6)
  #expect(norm.momentum == 0.1)
  #expect(!net.training)
}
