// From a TorchScript archive to an ONNX model.

import OrderedCollections
import Torch
import TorchONNX
import TorchSerialization

struct ModelConversion {
  private let input: String
  private let output: String
  private let example: String?
  private let dynamicAxes: [String: ONNX.DynamicAxes]
  private let opset: Int

  init(_ input: String, _ output: String, example: String?, dynamic: [String], opset: Int) throws {
    let format = try naming(input) { try FileFormat(contentsOf: input) }
    guard format == .torchScript else {
      throw TorchError(.value, "\(input) holds no TorchScript program (\(format.title)): only such a one becomes an ONNX model")
    }
    (self.input, self.output, self.example, self.opset) = (input, output, example, opset)
    dynamicAxes = try ModelConversion.axes(dynamic)
    try OutputFile.check(output)
  }

  /// Writes the output; says what was done.
  func run() throws -> String {
    let note = try example.map(export(onArgumentsOf:)) ?? exportOnFoundExample()
    let model = try ONNX.load(output)
    let inputs = model.inputs.map(\.name).joined(separator: ", ")
    return "\(output): \(model.nodeCount) nodes, opset \(model.opset), inputs \(inputs)" + note
  }

  private func export(onArgumentsOf example: String) throws -> String {
    let module = try naming(input) { try JIT.load(input, device: .cpu) }.eval()
    let tensors = try naming(example) { try TensorBundle.read(example) }
    let arguments = try ScriptRunnable(module, method: "forward").positional(tensors)
    let dynamicAxes = try named(dynamicAxes, module)
    try ONNX.export(module, arguments, to: output, dynamicAxes: dynamicAxes, opset: opset)
    return ""
  }

  /// Exports as the module runs on arguments that are likely for it, with as many free axes as can be expressed.
  private func exportOnFoundExample() throws -> String {
    var found = try naming(input) { try ExampleSearch(input) }.run()
    let all = found.dynamic
    let batch = all.mapValues { $0.filter { $0.value == "batch" } }.filter { !$0.value.isEmpty }
    var failure: Error?
    for axes in dynamicAxes.isEmpty ? [all, batch, [:]] : [[:]] {
      do {
        let module = try JIT.load(input, device: .cpu).eval()
        let dynamic = try dynamicAxes.isEmpty ? axes.mapValues { ONNX.DynamicAxes($0) } : named(dynamicAxes, module)
        try ONNX.export(module, found.arguments, to: output, dynamicAxes: dynamic, opset: opset)
        found.dynamic = axes
        return "; without --example it is as the model runs on \(found.description)"
      } catch let error as TorchError where error.kind == .notImplemented {
        // What ONNX cannot say in general it may with fixed sizes.
        failure = failure ?? error
      } catch let error as TorchError where error.kind != .io {
        failure = failure ?? error
      }
    }
    throw failure!
  }

  /// Axes by the names of arguments, where they are given by their place.
  private func named(
    _ axes: [String: ONNX.DynamicAxes], _ module: JIT.ScriptModule
  ) throws -> [String: ONNX.DynamicAxes] {
    let names = try module.method("forward").function.signature.parameters.dropFirst().map(\.name)
    return Dictionary(uniqueKeysWithValues: axes.map { name, axes in
      let index = names.contains(name) ? nil : Int(name)
      return (index.flatMap { names.indices.contains($0) ? names[$0] : nil } ?? name, axes)
    })
  }

  /// `x:0`, `x:1=length`, `0:0`
  private static func axes(_ texts: [String]) throws -> [String: ONNX.DynamicAxes] {
    var axes: [String: [Int: String]] = [:]
    for text in texts {
      let parts = text.split(separator: ":", maxSplits: 1)
      let place = (parts.last ?? "").split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let axis = place.first.flatMap({ Int($0) }) else {
        throw TorchError(.value, "'\(text)' names no axis: write NAME:AXIS or NAME:AXIS=LABEL")
      }
      axes[String(parts[0]), default: [:]][axis] = place.count == 2 ? String(place[1]) : "\(parts[0])_\(axis)"
    }
    return axes.mapValues { ONNX.DynamicAxes($0) }
  }
}
