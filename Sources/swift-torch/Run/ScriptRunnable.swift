// TorchScript modules.

import OrderedCollections
import Torch

struct ScriptRunnable: Runnable {
  private let method: JIT.ScriptMethod

  init(_ module: JIT.ScriptModule, method: String) throws { self.method = try module.method(method) }

  func call(with inputs: OrderedDictionary<String, Tensor>) throws -> () throws -> [Tensor] {
    let (method, keywords) = (method, Dictionary(uniqueKeysWithValues: try arguments(inputs).map { ($0.name, $0.value) }))
    return {
      let result = try torch.noGrad { try method(keywords: keywords) }
      var tensors: [Tensor] = []
      try ScriptRunnable.flatten(result, &tensors)
      return tensors
    }
  }

  /// The arguments in order; those that are left out have their defaults.
  func positional(_ inputs: OrderedDictionary<String, Tensor>) throws -> [JIT.IValue] {
    let given = Dictionary(uniqueKeysWithValues: try arguments(inputs).map { ($0.name, $0.value) })
    return try method.function.signature.parameters.dropFirst().map { parameter in
      guard let value = given[parameter.name] ?? parameter.defaultValue else {
        throw TorchError(.value, "the argument '\(parameter.name)' is missing")
      }
      return value
    }
  }

  private func arguments(
    _ inputs: OrderedDictionary<String, Tensor>
  ) throws -> [(name: String, value: JIT.IValue)] {
    let parameters = Array(method.function.signature.parameters.dropFirst())
    do {
      return try arguments(inputs, parameters)
    } catch {
      // Tensors in order may also be the items of the one list that a model asks for: a detector's images.
      let open = parameters.filter { $0.defaultValue == nil }
      guard open.count == 1, open[0].name == parameters[0].name, case .list(.tensor) = open[0].type.withoutOptional,
        !inputs.isEmpty, (0..<inputs.count).allSatisfy({ inputs[String($0)] != nil })
      else { throw error }
      let items = OrderedDictionary(uniqueKeysWithValues: inputs.map { ("0." + $0.key, $0.value) })
      return try arguments(items, parameters)
    }
  }

  private func arguments(
    _ inputs: OrderedDictionary<String, Tensor>, _ parameters: [JIT.Signature.Parameter]
  ) throws -> [(name: String, value: JIT.IValue)] {
    let given = try ScriptRunnable.flattened(inputs, parameters).map { NamedInputs($0) }
      ?? NamedInputs(inputs, for: parameters.map(\.name))
    return try parameters.indices.compactMap { index in
      let parameter = parameters[index]
      guard let item = given[index] else {
        // No file of tensors can say None.
        if parameter.defaultValue == nil, case .optional = parameter.type { return (parameter.name, .none) }
        return nil
      }
      return (parameter.name, try ScriptRunnable.value(item, parameter.type, parameter.name))
    }
  }

  /// The items of each argument where the tensors called 0, 1, … are those of nested arguments one after another, as
  /// results are written: there are more of them than arguments, tuples take as many as they have elements, and one list
  /// takes the rest.
  private static func flattened(
    _ inputs: OrderedDictionary<String, Tensor>, _ parameters: [JIT.Signature.Parameter]
  ) -> [NamedInputs.Item?]? {
    let tensors = (0..<inputs.count).compactMap { inputs[String($0)] }
    guard tensors.count == inputs.count, tensors.count > parameters.count else { return nil }
    let sizes: [Int?] = parameters.map { parameter in
      switch parameter.type.withoutOptional {
      case .list: nil
      case .tuple(let types): types.count
      default: 1
      }
    }
    let rest = tensors.count - sizes.reduce(0) { $0 + ($1 ?? 0) }
    let lists = sizes.count { $0 == nil }
    guard lists == 1 && rest >= 0 || lists == 0 && rest == 0 else { return nil }
    var next = tensors[...]
    return zip(parameters, sizes).map { parameter, size in
      let part = Array(next.prefix(size ?? rest))
      next = next.dropFirst(part.count)
      if case .tuple = parameter.type.withoutOptional {} else if size != nil { return .tensor(part[0]) }
      return .items(OrderedDictionary(uniqueKeysWithValues: part.enumerated().map { (String($0), $1) }))
    }
  }

  // MARK: Arguments

  private static func value(_ item: NamedInputs.Item, _ type: JIT.ScriptType, _ name: String) throws -> JIT.IValue {
    switch (item, type.withoutOptional) {
    case (.tensor(let tensor), let type): return try value(tensor, type, name)
    case (.items(let items), .list(let element)):
      return .list(JIT.ListObject(element, try ordered(items, name).map { try value($0, element, name) }))
    case (.items(let items), .tuple(let types)):
      let tensors = try ordered(items, name)
      guard tensors.count == types.count else { throw mismatch(name, type) }
      return .tuple(try zip(tensors, types).map { try value($0, $1, name) })
    case (.items(let items), .dict(let keyType, let valueType)):
      let dict = JIT.DictObject(keyType, valueType)
      for (key, tensor) in items {
        switch (keyType, Int(key)) {
        case (.string, _): dict[.string(key)] = try value(tensor, valueType, name)
        case (.int, let number?): dict[.int(number)] = try value(tensor, valueType, name)
        default: throw mismatch(name, type)
        }
      }
      return .dict(dict)
    default: throw mismatch(name, type)
    }
  }

  /// A tensor of dimension 0 stands for a number, one of more dimensions also for the list of its parts: of numbers, or
  /// of images.
  private static func value(_ tensor: Tensor, _ type: JIT.ScriptType, _ name: String) throws -> JIT.IValue {
    switch type.withoutOptional {
    case .tensor, .any: return .tensor(tensor)
    case .list(let element) where tensor.ndim >= 1:
      let items = try (0..<tensor.shape[0]).map { try value(tensor.select(0, $0), element, name) }
      return .list(JIT.ListObject(element, items))
    case .float where tensor.ndim == 0: return .double(try tensor.item().doubleValue)
    case .int where tensor.ndim == 0 && !tensor.dtype.isDifferentiable: return .int(try tensor.item().intValue)
    case .bool where tensor.ndim == 0 && !tensor.dtype.isDifferentiable: return .bool(try tensor.item().intValue != 0)
    case .number where tensor.ndim == 0: return JIT.IValue(.scalar(try tensor.item()))
    default: throw mismatch(name, type, tensor)
    }
  }

  /// The items called 0, 1, … in that order.
  private static func ordered(_ items: OrderedDictionary<String, Tensor>, _ name: String) throws -> [Tensor] {
    try (0..<items.count).map { index in
      guard let tensor = items[String(index)] else {
        throw TorchError(.value, "the argument '\(name)' has \(items.count) items, but none called '\(name).\(index)'")
      }
      return tensor
    }
  }

  private static func mismatch(_ name: String, _ type: JIT.ScriptType, _ tensor: Tensor? = nil) -> TorchError {
    let given = tensor.map { "a \($0.dtype.name) tensor of shape \($0.shape.listDescription)" } ?? "several tensors"
    return TorchError(.type, "the argument '\(name)' is of type \(type), which \(given) cannot fill")
  }

  // MARK: Results

  private static func flatten(_ value: JIT.IValue, _ tensors: inout [Tensor]) throws {
    switch value {
    case .none: break
    case .tensor(let tensor): tensors.append(tensor)
    case .int(let number): tensors.append(Tensor(number))
    case .double(let number): tensors.append(Tensor(number))
    case .bool(let flag): tensors.append(Tensor(flag))
    case .list, .tuple: for item in value.elements ?? [] { try flatten(item, &tensors) }
    case .dict(let dict): for item in dict.table.values { try flatten(item, &tensors) }
    default: throw TorchError(.type, "the result has a value of type \(value.type), which no file of tensors holds")
    }
  }
}
