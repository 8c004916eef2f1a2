// Which outputs of operators with several take gradients, against PyTorch (Fixtures/autograd/outputs.json).

import TestSupport
import Testing
import TorchCore

private enum Argument: Decodable {
  struct Values: Decodable {
    let shape: [Int]
    let dtype: String
    let values: [Double]
  }
  case none, bool(Bool), number(Double), ints([Int]), tensor(Values)

  init(from decoder: Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .none
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode([Int].self) {
      self = .ints(value)
    } else {
      self = .tensor(try container.decode(Values.self))
    }
  }

  func value(for type: String) throws -> Value {
    switch self {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .number(let value): return type.hasPrefix("float") ? .double(value) : .int(Int(value))
    case .ints(let values): return .ints(values)
    case .tensor(let values):
      let tensor = try Tensor.from(values.values, shape: Shape(values.shape))
      switch values.dtype {
      case "int64": return .tensor(tensor.to(.int64))
      case "int32": return .tensor(tensor.to(.int32))
      default: return .tensor(tensor.requiresGrad_())
      }
    }
  }
}

private struct Outputs: Decodable {
  let arguments: [Argument]
  let requires: [Bool]
}

/// A schema's default as a value.
private func defaultValue(_ text: String) -> Value {
  switch text {
  case "None": .none
  case "True": .bool(true)
  case "False": .bool(false)
  case "[]": .ints([])
  default: Int(text).map { .int($0) } ?? Double(text).map { .double($0) } ?? .string(String(text.dropFirst().dropLast()))
  }
}

@Test func outputsTakeGradientsWherePyTorchsDo() throws {
  for (name, expected) in try fixture("autograd/outputs.json", [String: Outputs].self).sorted(by: { $0.key < $1.key }) {
    let op = try #require(OperatorRegistry.find("aten::" + name), "\(name)")
    let parameters = op.schema.parameters
    do {
      let given = try zip(parameters, expected.arguments).map { try $1.value(for: "\($0.type)") }
      let rest = try parameters.dropFirst(given.count).map { defaultValue(try #require($0.defaultText, "\(name)")) }
      let outputs = try op.callBoxed(given + rest)
      #expect(outputs.map { $0.tensor?.requiresGrad ?? false } == expected.requires, "\(name)")
    } catch {
      Issue.record("\(name): \(error)")
    }
  }
}
