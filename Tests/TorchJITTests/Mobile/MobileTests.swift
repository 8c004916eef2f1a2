// Models for deployment: what `Mobile.optimize` and `JIT.optimizeForInference` take out, and that the rest stays the same.
// Expected values of int8 networks come from PyTorch's dynamic quantization (Fixtures/mobile).

import Foundation
import TestSupport
import Testing
import Torch

private final class Residual: nn.Module, nn.Layer {
  let conv1 = nn.Conv2d(4, 4, 3, padding: 1, bias: false)
  let bn1 = nn.BatchNorm2d(4)
  let drop = nn.Dropout2d(0.5)
  let conv2 = nn.Conv2d(4, 4, 3, padding: 1, groups: 2)
  let bn2 = nn.BatchNorm2d(4)
  func forward(_ x: Tensor) -> Tensor {
    let y = drop(nn.functional.relu(bn1(conv1(x))))
    return nn.functional.relu(bn2(conv2(y)) + x)
  }
}

private final class Net: nn.Module, nn.Layer {
  let stem = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
  let block = Residual()
  let up = nn.Sequential(nn.ConvTranspose2d(4, 6, 2, stride: 2, groups: 2), nn.BatchNorm2d(6))
  let pool = nn.AdaptiveAvgPool2d(2)
  let head = nn.Sequential(nn.Flatten(), nn.Linear(24, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))
  func forward(_ x: Tensor) -> Tensor { head(pool(up(block(stem(x))))) }
}

/// A network in evaluation mode whose normalizations have statistics of their own.
private func trained() throws -> Net {
  torch.manualSeed(1)
  let net = Net()
  try withErrors { torch.noGrad { for _ in 0..<3 { _ = net(torch.randn(4, 3, 10, 10) * 2 + 1) } } }
  return net.eval()
}

@Suite struct MobileTests {
  private func kinds(_ module: JIT.ScriptModule) throws -> Set<String> {
    Set(try module.graph.description.matches(of: /= (\w+::\w+)[\[(]/).map { String($0.1) })
  }

  @Test(arguments: [false, true])
  func foldedNetworksGiveTheSame(isMobile: Bool) throws {
    let net = try trained()
    let traced = try JIT.trace(net, torch.randn(2, 3, 10, 10))
    let before = traced.stateDict()
    let optimized = try isMobile ? Mobile.optimize(traced) : JIT.optimizeForInference(traced)
    #expect(try kinds(optimized).isDisjoint(with: ["aten::batch_norm", "aten::dropout", "aten::feature_dropout", "prim::CallMethod"]))
    #expect(try kinds(traced).contains("prim::CallMethod"))
    for (key, value) in before { #expect(try value.equal(traced.stateDict()[key]!)) }
    try withTemporaryFolder { folder in
      try optimized.save(to: folder + "/net.pt")
      let reread = try JIT.load(folder + "/net.pt")
      for sizes in [[2, 3, 10, 10], [1, 3, 10, 10], [3, 3, 14, 12]] {
        let x = torch.randn(Shape(sizes))
        let expected = try withErrors { torch.noGrad { net(x) } }
        for module in [optimized, reread] {
          let actual = try withErrors { torch.inferenceMode { module(x) } }
          #expect(try torch.allclose(actual, expected, rtol: 1e-5, atol: 1e-5))
        }
      }
    }
  }

  @Test func quantizedNetworksGiveWhatPyTorchGives() throws {
    let networks = try torch.load(repository("Fixtures/mobile/networks.pt").path)
    let entries = try #require(networks.dictionary).entries
    #expect(entries.count == 4)
    for (name, network) in entries {
      let model = try JIT.load(bytes: #require(network["model"].tensor).toArray(UInt8.self))
      let small = try Mobile.optimize(model, quantizing: true)
      let kinds = try kinds(small)
      #expect(kinds.contains("swift_torch::linear_dynamic_int8"))
      #expect(kinds.isDisjoint(with: ["aten::linear", "aten::lstm"]))
      try withTemporaryFolder { folder in
        try small.save(to: folder + "/small.pt")
        let reread = try JIT.load(folder + "/small.pt")
        for (i, input) in try #require(network["inputs"].array).enumerated() {
          let x = try #require(input.tensor)
          let float = try #require(network["float"].array?[i].tensor), int8 = try #require(network["int8"].array?[i].tensor)
          #expect(try torch.allclose(withErrors { model(x) }, float, rtol: 1e-5, atol: 1e-6), "\(name.string!)")
          for module in [small, reread] {
            let actual = try withErrors { torch.inferenceMode { module(x) } }
            let difference = try (actual - int8).abs().max().item(Double.self)
            #expect(difference < 1e-5, "\(name.string!), input \(i): \(difference)")
          }
        }
      }
    }
  }

  @Test func quantizedFilesAreSmall() throws {
    let model = nn.Sequential(nn.Linear(400, 300), nn.ReLU(), nn.Linear(300, 100)).eval()
    let traced = try JIT.trace(model, torch.randn(1, 400))
    try withTemporaryFolder { folder in
      func size(_ module: JIT.ScriptModule, _ name: String) throws -> Int {
        try module.save(to: folder + name)
        return try #require(FileManager.default.attributesOfItem(atPath: folder + name)[.size] as? Int)
      }
      let (float, int8) = try (size(traced, "/float.pt"), size(Mobile.optimize(traced, quantizing: true), "/int8.pt"))
      #expect(float > 600_000)
      #expect(int8 < float * 3 / 10, "\(int8) bytes of \(float)")
    }
  }

  @Test func methodsAndAttributesAreKeptWhereNamed() throws {
    let unit = try JIT.script(nn.Sequential(nn.Linear(3, 3), nn.ReLU()).eval())
    #expect(throws: TorchError.self) { _ = try Mobile.optimize(unit, preserving: ["nothing"]) }
    let kept = try Mobile.optimize(unit, preserving: ["training"])
    #expect(kept.object["training"]?.bool == false)
  }

  @Test func whatCannotBeOptimizedIsRefused() throws {
    let model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    let scripted = try JIT.script(model.train())
    #expect {
      _ = try Mobile.optimize(scripted)
    } throws: {
      ($0 as? TorchError)?.message.contains("only implemented for modules in eval mode") == true
    }
    #expect {
      _ = try Mobile.optimize(scripted.eval(), quantizing: true)
    } throws: {
      ($0 as? TorchError)?.message == "there is no linear layer or LSTM with float32 weights to quantize"
    }
  }
}
