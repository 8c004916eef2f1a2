// ONNX models.

import OrderedCollections
import TorchCore
import TorchONNX

struct ONNXRunnable: Runnable {
  private let model: ONNX.Model

  init(_ path: String) throws { model = try ONNX.load(path) }

  func call(with inputs: OrderedDictionary<String, Tensor>) throws -> () throws -> [Tensor] {
    let names = model.inputs.map(\.name)
    let given = try NamedInputs(inputs, for: names)
    var arguments: [String: ONNX.Value] = [:]
    for (index, name) in names.enumerated() {
      switch given[index] {
      case nil: throw TorchError(.value, "the argument '\(name)' is missing")
      case .tensor(let tensor)?: arguments[name] = ONNX.Value(tensor)
      case .items(let items)?: arguments[name] = .sequence(items.values.map { ONNX.Value($0) })
      }
    }
    let (model, values) = (model, arguments)
    return {
      let results = try torch.noGrad { try model.run(values) }
      return try model.outputs.flatMap { try ONNXRunnable.tensors(results[$0.name]!, $0.name) }
    }
  }

  private static func tensors(_ value: ONNX.Value, _ name: String) throws -> [Tensor] {
    switch value {
    case .tensor(let tensor, _): [tensor]
    case .sequence(let values): try values.flatMap { try tensors($0, name) }
    case .none: []
    case .strings: throw TorchError(.type, "the result '\(name)' is text, which no file of tensors holds")
    }
  }
}
