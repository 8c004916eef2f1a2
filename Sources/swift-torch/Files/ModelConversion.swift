// From a TorchScript archive to an ONNX model.

import OrderedCollections
import Torch
import TorchONNX
import TorchSerialization

struct ModelConversion {
  private let input: String
  private let output: String
  private let example: String
  private let dynamicAxes: [String: ONNX.DynamicAxes]
  private let opset: Int

  init(_ input: String, _ output: String, example: String?, dynamic: [String], opset: Int) throws {
    let format = try FileFormat(contentsOf: input)
    guard format == .torchScript else {
      throw TorchError(.value, "\(input) is a \(format.title): only a TorchScript archive becomes an ONNX model")
    }
    guard let example else {
      throw TorchError(.value, "an ONNX model is written as it runs on example arguments: name their file with --example")
    }
    (self.input, self.output, self.example, self.opset) = (input, output, example, opset)
    dynamicAxes = try ModelConversion.axes(dynamic)
  }

  /// Writes the output; says what was done.
  func run() throws -> String {
    let module = try JIT.load(input, device: .cpu).eval()
    let arguments = try ScriptRunnable(module, method: "forward").positional(TensorBundle.read(example))
    try ONNX.export(module, arguments, to: output, dynamicAxes: dynamicAxes, opset: opset)
    let model = try ONNX.load(output)
    return "\(output): \(model.nodeCount) nodes, opset \(model.opset), inputs \(model.inputs.map(\.name).joined(separator: ", "))"
  }

  /// `x:0`, `x:1=length`
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
