// A model to export: how it is made and called, and on what.
//
// Each case is exported from an example of batch 2 with a dynamic batch axis, read back and run with batch 3. With
// ONNX_EXPORT_DIR in the environment the files and what the model gives stay there, for Fixtures/onnx-export/verify.py.

import Foundation
import TestSupport
import Testing
import Torch
import TorchONNX

struct ExportCase: Sendable, CustomTestStringConvertible {
  let name: String
  /// The inputs for a batch.
  let inputs: @Sendable (Int) -> [Tensor]
  /// The dynamic axis of each input: the batch.
  let axes: [Int?]
  let make: @Sendable () -> nn.Module
  let call: @Sendable (nn.Module, [Tensor]) -> [Tensor]
  /// The first opset that can express it.
  var since = 17
  var tolerance = 1e-5

  var testDescription: String { name }

  /// A layer of one tensor of these sizes behind the batch.
  static func layer<Layer: nn.Layer>(
    _ name: String, _ sizes: Int..., since: Int = 17, tolerance: Double = 1e-5, _ make: @escaping @Sendable () -> Layer
  ) -> ExportCase where Layer.Input == Tensor, Layer.Output == Tensor {
    ExportCase(
      name: name, inputs: { [torch.randn(Shape([$0] + sizes))] }, axes: [0], make: make,
      call: { [($0 as! Layer)($1[0])] }, since: since, tolerance: tolerance)
  }

  /// A layer of two tensors.
  static func pair<Layer: nn.Layer>(
    _ name: String, since: Int = 17, _ inputs: @escaping @Sendable (Int) -> [Tensor],
    _ make: @escaping @Sendable () -> Layer
  ) -> ExportCase where Layer.Input == (Tensor, Tensor), Layer.Output == Tensor {
    ExportCase(
      name: name, inputs: inputs, axes: [0, 0], make: make, call: { [($0 as! Layer)($1[0], $1[1])] }, since: since)
  }

  static func triple<Layer: nn.Layer>(
    _ name: String, _ inputs: @escaping @Sendable (Int) -> [Tensor], _ make: @escaping @Sendable () -> Layer
  ) -> ExportCase where Layer.Input == (Tensor, Tensor, Tensor), Layer.Output == Tensor {
    ExportCase(
      name: name, inputs: inputs, axes: [0, 0, 0], make: make, call: { [($0 as! Layer)($1[0], $1[1], $1[2])] })
  }

  /// Any module of one class.
  static func module<Module: nn.Module>(
    _ name: String, axes: [Int?] = [0], since: Int = 17, tolerance: Double = 1e-5,
    inputs: @escaping @Sendable (Int) -> [Tensor], _ make: @escaping @Sendable () -> Module,
    _ call: @escaping @Sendable (Module, [Tensor]) -> [Tensor]
  ) -> ExportCase {
    ExportCase(
      name: name, inputs: inputs, axes: axes, make: make, call: { call($0 as! Module, $1) }, since: since,
      tolerance: tolerance)
  }

  /// A function without parameters.
  static func function(
    _ name: String, _ sizes: Int..., since: Int = 17, _ call: @escaping @Sendable (Tensor) -> Tensor
  ) -> ExportCase {
    ExportCase(
      name: name, inputs: { [torch.randn(Shape([$0] + sizes))] }, axes: [0], make: { nn.Module() },
      call: { [call($1[0])] }, since: since)
  }

  // MARK: Running

  var inputNames: [String] { axes.indices.map { "x\($0)" } }
  var dynamicAxes: [String: ONNX.DynamicAxes] {
    var all: [String: ONNX.DynamicAxes] = [:]
    for (name, axis) in zip(inputNames, axes) { if let axis { all[name] = ONNX.DynamicAxes([axis: "batch"]) } }
    return all
  }

  func check(opset: Int) throws {
    torch.manualSeed(0)
    let folder = ProcessInfo.processInfo.environment["ONNX_EXPORT_DIR"].map { URL(fileURLWithPath: $0) }
    let path = (folder ?? FileManager.default.temporaryDirectory)
      .appendingPathComponent(folder == nil ? "\(UUID().uuidString).onnx" : "\(name).\(opset).onnx").path
    defer { if folder == nil { try? FileManager.default.removeItem(atPath: path) } }
    let module = make()
    try ONNX.export(module, inputs(2), to: path, inputNames: inputNames, dynamicAxes: dynamicAxes, opset: opset) {
      module, x in call(module, x)
    }
    let x = inputs(3)
    module.eval()
    let expected = try withErrors { torch.noGrad { call(module, x) } }
    if folder != nil {
      var tensors = Dictionary(uniqueKeysWithValues: zip(inputNames, x))
      for (i, y) in expected.enumerated() { tensors["y\(i)"] = y }
      try NumPy.saveArchive(tensors, to: path + ".npz")
    }
    let model = try ONNX.load(path)
    #expect(model.producer.hasPrefix("SwiftTorch"))
    // Initializers have the keys of the state dict.
    let keys = Set(module.stateDict().keys)
    for key in model.stateDict().keys { #expect(keys.contains(key), "initializer \(key)") }
    let declared = Set(model.inputs.map(\.name))
    let given = Dictionary(uniqueKeysWithValues: zip(inputNames, x).filter { declared.contains($0.0) })
    let actual = try withErrors { model(given) }
    #expect(model.outputs.count == expected.count)
    for (port, y) in zip(model.outputs, expected) {
      let z = try #require(actual[port.name])
      #expect(z.shape == y.shape, "\(name), \(port.name)")
      #expect(z.dtype == y.dtype, "\(name), \(port.name)")
      let wrong = try distance(z, y.toArray(Double.self))
      #expect(wrong <= tolerance, "\(name), \(port.name): off by \(wrong)")
    }
  }
}
