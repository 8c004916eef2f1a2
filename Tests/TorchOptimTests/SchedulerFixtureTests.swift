// Learning rates and momenta over 20 steps against PyTorch's (Fixtures/optim/schedulers.json).

import TestSupport
import Testing
import TorchCore
import TorchOptim

private struct Sequences: Decodable {
  struct Sequence: Decodable {
    let rates, momenta: [[Double]]
    let keys: [String]
  }
  let schedulers: [String: Sequence]
  let metrics: [Double]
}

private let makers: [String: @Sendable (optim.Optimizer) -> optim.LRScheduler] = [
  "StepLR": { optim.StepLR($0, stepSize: 3, gamma: 0.5) },
  "MultiStepLR": { optim.MultiStepLR($0, milestones: [2, 5, 5, 9], gamma: 0.3) },
  "ExponentialLR": { optim.ExponentialLR($0, gamma: 0.9) },
  "CosineAnnealingLR": { optim.CosineAnnealingLR($0, tMax: 7, etaMin: 0.001) },
  "CosineAnnealingWarmRestarts": { optim.CosineAnnealingWarmRestarts($0, t0: 4, tMult: 2, etaMin: 0.001) },
  "LinearLR": { optim.LinearLR($0, startFactor: 0.25, totalIters: 6) },
  "ConstantLR": { optim.ConstantLR($0, factor: 0.5, totalIters: 4) },
  "PolynomialLR": { optim.PolynomialLR($0, totalIters: 8, power: 2) },
  "LambdaLR": { optim.LambdaLR($0) { 1 / (1 + Double($0)) } },
  "MultiplicativeLR": { optim.MultiplicativeLR($0) { 0.95 - 0.01 * Double($0) } },
  "SequentialLR": {
    optim.SequentialLR(
      $0, schedulers: [optim.LinearLR($0, startFactor: 0.1, totalIters: 4), optim.ExponentialLR($0, gamma: 0.9)],
      milestones: [4])
  },
  "ChainedScheduler": {
    optim.ChainedScheduler([optim.ConstantLR($0, factor: 0.1, totalIters: 3), optim.ExponentialLR($0, gamma: 0.9)])
  },
  "OneCycleLR": { optim.OneCycleLR($0, maxLR: 0.4, totalSteps: 20) },
  "OneCycleLR_linear3": { optim.OneCycleLR($0, maxLR: 0.4, totalSteps: 20, anneal: .linear, threePhase: true) },
  "CyclicLR": { optim.CyclicLR($0, baseLR: 0.01, maxLR: 0.1, stepSizeUp: 4) },
  "CyclicLR_triangular2": {
    optim.CyclicLR($0, baseLR: 0.01, maxLR: 0.1, stepSizeUp: 3, stepSizeDown: 2, mode: .triangular2)
  },
  "CyclicLR_exp": { optim.CyclicLR($0, baseLR: 0.01, maxLR: 0.1, stepSizeUp: 4, mode: .expRange, gamma: 0.95) },
  "SWALR": { optim.swa_utils.SWALR($0, swaLRs: [0.05, 0.02], annealEpochs: 6) },
  "SWALR_linear": { optim.swa_utils.SWALR($0, swaLR: 0.05, annealEpochs: 4, anneal: .linear) },
]

private func optimizer() -> optim.SGD {
  optim.SGD(
    [.init([Tensor.zeros(1, requiresGrad: true)]), .init([Tensor.zeros(1, requiresGrad: true)]) { $0.lr = 0.5 }],
    lr: 0.1, momentum: 0.9)
}

private func near(_ a: [Double], _ b: [Double]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-14 + 1e-12 * abs($1) }
}

@Test(arguments: makers.keys.sorted())
func ratesArePyTorchs(_ name: String) throws {
  let expected = try #require(try fixture("optim/schedulers.json", Sequences.self).schedulers[name])
  let optimizer = optimizer()
  let scheduler = makers[name]!(optimizer)
  for step in 0..<20 {
    #expect(near(optimizer.learningRates, expected.rates[step]), "\(name) step \(step): \(optimizer.learningRates) \(expected.rates[step])")
    #expect(near(optimizer.groups.map(\.options.momentum), expected.momenta[step]), "\(name) step \(step)")
    optimizer.step()
    if step < 19 { scheduler.step() }
  }
}

@Test(arguments: makers.keys.sorted())
func schedulersContinueFromTheirState(_ name: String) throws {
  let (one, two) = (optimizer(), optimizer())
  let (first, second) = (makers[name]!(one), makers[name]!(two))
  for _ in 0..<7 { first.step() }
  try two.loadStateDict(one.stateDict())
  try second.loadStateDict(first.stateDict())
  for _ in 0..<7 {
    #expect(near(one.learningRates, two.learningRates), "\(name)")
    first.step()
    second.step()
  }
}

@Test func plateausArePyTorchs() throws {
  let sequences = try fixture("optim/schedulers.json", Sequences.self)
  let expected = sequences.schedulers["ReduceLROnPlateau"]!
  let optimizer = optimizer()
  let scheduler = optim.ReduceLROnPlateau(optimizer, factor: 0.5, patience: 2, cooldown: 1)
  for step in 0..<19 {
    #expect(near(optimizer.learningRates, expected.rates[step]), "step \(step)")
    scheduler.step(sequences.metrics[step])
  }
  #expect(Set(scheduler.stateDict().keys) == Set(expected.keys))
}
