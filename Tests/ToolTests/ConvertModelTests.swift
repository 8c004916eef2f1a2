// `swift-torch convert` from TorchScript to ONNX, with an example and without.

import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import TorchONNX

@Suite struct ConvertModelTests {
  private let script = RunTests.fixture("model.pt")

  private func run(_ model: ONNX.Model, _ inputs: [String: Tensor]) throws -> [Tensor] {
    let results = try model.run(inputs.mapValues { ONNX.Value($0) })
    return try model.outputs.map { port in
      guard case .tensor(let tensor, _)? = results[port.name] else { throw TorchError(.type, port.name) }
      return tensor
    }
  }

  /// Arguments that are no tensors are built in, those left out with their defaults.
  @Test func numbersAreBuiltIn() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model.onnx"
      var inputs = try Safetensors.load(RunTests.fixture("in.safetensors"))
      try Safetensors.save(
        ["image": inputs["image"]!, "flip": Tensor(true), "scale": Tensor(Float(0.5)), "times": Tensor(3)],
        to: folder + "/in.safetensors")
      let outcome = try Tool.run(
        "convert", script, path, "--example", folder + "/in.safetensors", "--dynamic", "image:0=n", "--opset", "17")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let model = try ONNX.load(path)
      #expect(model.inputs.map(\.name) == ["image"] && model.opset == 17)
      #expect(model.inputs[0].shape == [.named("n"), .fixed(3)])
      inputs["image"] = torch.randn(5, 3)
      let expected = try JIT.load(script).forward([.tensor(inputs["image"]!), .double(0.5), .int(3), .bool(true)])
      let y = try #require(expected.elements?[0].tensor)
      #expect(try distance(run(model, ["image": inputs["image"]!])[0], y.toArray(Double.self)) < 1e-6)
    }
  }

  private static var cases: [String: (module: nn.Module, input: Tensor)] { [
    "linear": (nn.Sequential(nn.Linear(7, 4), nn.ReLU()), torch.randn(3, 7)),
    "convolution": (
      nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)),
      torch.randn(2, 3, 40, 50)
    ),
    "flattened": (nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), torch.randn(4, 784)),
    "fixed": (nn.Sequential(nn.Conv2d(1, 4, 5), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(576, 10)), torch.randn(4, 1, 28, 28)),
    "embedding": (nn.Sequential(nn.Embedding(11, 6), nn.Linear(6, 2)), torch.randint(0, 11, [2, 5])),
  ] }

  /// Without an example, the weights say what the model takes; the axes that may vary do.
  @Test(arguments: ["linear", "convolution", "flattened", "fixed", "embedding"])
  func withoutAnExample(_ name: String) throws {
    try withTemporaryFolder { folder in
      let (module, x) = try #require(Self.cases[name])
      let script = try JIT.script(module.eval())
      try script.save(to: folder + "/model.pt")
      let outcome = try Tool.run("convert", folder + "/model.pt", folder + "/model.onnx")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("without --example it is as the model runs on"))
      let model = try ONNX.load(folder + "/model.onnx")
      let y = try run(model, [model.inputs[0].name: x])[0]
      #expect(try distance(y, script(x).toArray(Double.self)) < 1e-5)
    }
  }

  @Test(arguments: [
    (["--dynamic", "image"], "'image' names no axis"), (["--dynamic", "nobody:0"], "dynamic axes are given for 'nobody'"),
    (["--dynamic", "image:7"], "dynamic axis 7 of 'image' is out of range"),
    (["--opset", "30"], "Unsupported ONNX opset version: 30; supported are 17 to 21"),
  ])
  func settingsAreChecked(_ arguments: [String], _ message: String) throws {
    try withTemporaryFolder { folder in
      let outcome = try Tool.run(
        ["convert", script, folder + "/m.onnx", "--example", RunTests.fixture("in.safetensors")] + arguments)
      #expect(outcome.isOneLineError && outcome.errors.contains(message), "\(outcome)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  /// All operators that ONNX does not have are named at once.
  @Test func operatorsWithoutARule() throws {
    try withTemporaryFolder { folder in
      let traced = try JIT.trace(nn.Sequential(), torch.randn(3, 3)) { (_: nn.Sequential, x: Tensor) in
        torch.linalg.svdvals(x).sum() + x.erfinv().sum()
      }
      try traced.save(to: folder + "/model.pt")
      try Safetensors.save(["0": torch.randn(3, 3)], to: folder + "/in.safetensors")
      let outcome = try Tool.run(
        "convert", folder + "/model.pt", folder + "/m.onnx", "--example", folder + "/in.safetensors")
      #expect(outcome.isOneLineError, "\(outcome)")
      #expect(outcome.errors.contains("'aten::erfinv'") && outcome.errors.contains("'aten::linalg_svdvals'"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/m.onnx"))
    }
  }
}
