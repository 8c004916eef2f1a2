import OrderedCollections
import TestSupport
import Testing
import Torch
import TorchSerialization

/// A run that PyTorch began goes on here, through our own file too.
@Suite struct OptimizerCheckpointTests {
  private static let makers: [String: @Sendable ([Tensor], [Tensor]) -> optim.Optimizer] = [
    "SGD": { optim.SGD([.init($0), .init($1)], lr: 0.05, momentum: 0.9, nesterov: true) },
    "Adam": { optim.Adam([.init($0), .init($1)], lr: 0.02, amsgrad: true) },
    "AdamW": { optim.AdamW([.init($0), .init($1)], lr: 0.02) },
    "RMSprop": { optim.RMSprop([.init($0), .init($1)], lr: 0.01, momentum: 0.8, centered: true) },
    "Adagrad": { optim.Adagrad([.init($0), .init($1)], lr: 0.1) },
    "Adadelta": { optim.Adadelta([.init($0), .init($1)]) }, "Adamax": { optim.Adamax([.init($0), .init($1)]) },
    "NAdam": { optim.NAdam([.init($0), .init($1)]) }, "RAdam": { optim.RAdam([.init($0), .init($1)]) },
    "ASGD": { optim.ASGD([.init($0), .init($1)]) }, "Rprop": { optim.Rprop([.init($0), .init($1)]) },
    "Adafactor": { optim.Adafactor([.init($0), .init($1)]) },
  ]

  @Test(arguments: makers.keys.sorted()) func goesOn(_ name: String) throws {
    let run = try torch.load(Fixture.path("optimizers.pt"))[name]
    try withTemporaryFolder { folder in
      // What we write of PyTorch's state is read as well.
      try torch.save(run["state"], to: folder + "/state.pt")
      for state in [run["state"], try torch.load(folder + "/state.pt")] {
        let a = run["a"].tensor!.clone().requiresGrad_()
        let b = run["b"].tensor!.clone().requiresGrad_()
        let optimizer = Self.makers[name]!([a], [b])
        try optimizer.loadStateDict(optim.OptimizerState(nested: state))
        for _ in 0..<3 {
          optimizer.zeroGrad()
          ((a * a * a).sum() + (b * b).sum() * 2).backward()
          optimizer.step()
        }
        for (mine, key) in [(a, "a_end"), (b, "b_end")] {
          let expected = try #require(try run[key].tensor)
          #expect(try torch.allclose(mine.detach(), expected, rtol: 1.3e-6, atol: 1e-6), "\(name) \(key)")
        }
      }
    }
  }
}
