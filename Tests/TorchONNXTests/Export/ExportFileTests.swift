// What is in the files, and what is refused.

import Foundation
import TestSupport
import Testing
import Torch
import TorchONNX

@Suite struct ExportFileTests {
  @Test func namesAreThoseOfTheStateDict() throws {
    let file = TemporaryFile()
    let model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    try ONNX.export(
      model, torch.randn(2, 3), to: file.path, inputNames: ["x"], outputNames: ["y"], dynamicAxes: ["x": [0: "batch"]])
    #expect(model.training, "the mode is put back")
    let loaded = try ONNX.load(file.path)
    #expect(loaded.producer == "SwiftTorch 1.0")
    #expect(loaded.opset == 20)
    #expect(loaded.inputs[0].name == "x" && loaded.inputs[0].shape == [.named("batch"), .fixed(3)])
    #expect(loaded.outputs[0].name == "y" && loaded.outputs[0].shape == [.named("batch"), .fixed(4)])
    #expect(
      Set(loaded.stateDict().keys) == ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"])
  }

  @Test func resultsInADictionaryHaveTheirKeys() throws {
    let file = TemporaryFile()
    try ONNX.export(nn.Linear(3, 4), torch.randn(2, 3), to: file.path) { layer, x in
      ["logits": layer(x), "sum": layer(x).sum()]
    }
    #expect(try ONNX.load(file.path).outputs.map(\.name) == ["logits", "sum"])
  }

  @Test func parametersMayBeInputs() throws {
    let (file, model) = (TemporaryFile(), nn.Linear(3, 4))
    let x = torch.randn(2, 3)
    try ONNX.export(model, x, to: file.path, inputNames: ["x"], exportParams: false)
    let loaded = try ONNX.load(file.path)
    #expect(loaded.inputs.map(\.name) == ["x", "weight", "bias"])
    let y = loaded(["x": x, "weight": model.weight.detach(), "bias": model.bias!.detach()]).values.first!
    #expect(try distance(y, model(x).toArray(Double.self)) < 1e-6)
  }

  @Test func missingOperatorsAreNamedTogether() throws {
    let file = TemporaryFile()
    let error = #expect(throws: TorchError.self) {
      try ONNX.export(nn.Module(), torch.randn(3, 3), to: file.path, opset: 17) { _, x in
        torch.linalg.svdvals(x).sum() + x.erfinv().sum() + x.to(.int64).bitwiseNot().sum()
      }
    }
    #expect(error?.kind == .notImplemented)
    for name in [
      "'aten::linalg_svdvals'", "'aten::erfinv'", "'aten::bitwise_not' (BitwiseNot needs opset 18)", "opset version 17",
    ] {
      #expect(error!.message.contains(name), "\(error!.message)")
    }
    #expect(!FileManager.default.fileExists(atPath: file.path), "nothing is written")
  }

  @Test func badSettingsAreRefused() throws {
    let (file, model, x) = (TemporaryFile(), nn.Linear(3, 4), torch.randn(2, 3))
    #expect(throws: TorchError.self) { try ONNX.export(model, x, to: file.path, opset: 16) }
    #expect(throws: TorchError.self) { try ONNX.export(model, x, to: file.path, inputNames: ["a", "b"]) }
    #expect(throws: TorchError.self) { try ONNX.export(model, x, to: file.path, outputNames: ["a", "b"]) }
    #expect(throws: TorchError.self) { try ONNX.export(model, x, to: file.path, dynamicAxes: ["nobody": [0]]) }
    #expect(throws: TorchError.self) {
      try ONNX.export(model, x, to: file.path, inputNames: ["x"], dynamicAxes: ["x": [7]])
    }
    // The features are the layer's.
    #expect(throws: TorchError.self) {
      try ONNX.export(model, x, to: file.path, inputNames: ["x"], dynamicAxes: ["x": [1: "features"]])
    }
    #expect(!FileManager.default.fileExists(atPath: file.path))
  }

  @Test func unnamedAxesAndSharedParameters() throws {
    let file = TemporaryFile()
    try ONNX.export(Tied(), torch.randn(2, 3), to: file.path, inputNames: ["x"], dynamicAxes: ["x": [0]])
    let loaded = try ONNX.load(file.path)
    #expect(loaded.inputs[0].shape == [.named("x_dynamic_axes_1"), .fixed(3)])
    #expect(loaded.parameters().count == 1, "a shared parameter is stored once")
  }

  @Test func largeModelsHaveAFileBesideThem() throws {
    let (file, model) = (TemporaryFile(), nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64)))
    let x = torch.randn(2, 64)
    try ONNX.export(model, x, to: file.path, messageLimit: 4096)
    let size = try #require(FileManager.default.attributesOfItem(atPath: file.path + ".data")[.size] as? Int)
    #expect(size == 2 * 16384)
    #expect(try distance(ONNX.load(file.path)(x)[0], model(x).toArray(Double.self)) < 1e-5)
  }
}

private final class Tied: nn.Module, nn.Layer {
  let a = nn.Linear(3, 3, bias: false)
  let b = nn.Linear(3, 3, bias: false)

  override init() {
    super.init()
    b.weight = a.weight
  }

  func forward(_ x: Tensor) -> Tensor { b(a(x).relu()) }
}
