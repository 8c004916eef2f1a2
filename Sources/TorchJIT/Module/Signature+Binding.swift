// Arguments from outside, bound to the parameters of a function: by position and name, converted, with defaults.
// Reference: `checkAndNormalizeInputs` in aten/src/ATen/core/function_schema_inl.h of PyTorch, whose wording this is.

extension JIT.Signature {
  /// The values of all parameters of the function that is called `function`.
  func bound(
    _ arguments: [JIT.IValue], _ keywords: [String: JIT.IValue], function: String
  ) throws -> [JIT.IValue] {
    let declaration = text(function)
    let given = arguments.count + keywords.count
    guard given <= parameters.count else {
      throw TorchError(
        .value,
        "\(function)() expected at most \(parameters.count) argument(s) but received \(given) argument(s). "
          + "Declaration: \(declaration)")
    }
    var used = 0
    let values = try parameters.enumerated().map { position, parameter in
      let value: JIT.IValue
      if position < arguments.count {
        guard keywords[parameter.name] == nil else {
          throw TorchError(
            .value,
            "Argument '\(parameter.name)' specified both as positional and keyword argument. Schema: \(declaration)")
        }
        value = arguments[position]
      } else if let named = keywords[parameter.name] {
        used += 1
        value = named
      } else if let standard = parameter.defaultValue {
        return standard
      } else {
        throw TorchError(
          .value,
          "\(function)() is missing value for argument '\(parameter.name)'. Declaration: \(declaration)")
      }
      guard let converted = value.converted(to: parameter.type) else {
        throw TorchError(
          .type,
          "\(function)() Expected a value of type '\(parameter.type)' for argument '\(parameter.name)' but instead found "
            + "type '\(value.type)'.\nPosition: \(position)\nDeclaration: \(declaration)")
      }
      return converted
    }
    guard used == keywords.count else {
      let names = Set(parameters.map(\.name))
      let unknown = keywords.keys.filter { !names.contains($0) }.sorted().first ?? ""
      throw TorchError(
        .value, "Unknown keyword argument '\(unknown)' for operator '\(function)'. Schema: \(declaration)")
    }
    return values
  }

  /// The declaration in the form of schemas: `forward(__torch__.M self, Tensor x, int y=2) -> Tensor`.
  func text(_ function: String) -> String {
    let list = parameters.map { parameter in
      let standard = parameter.defaultValue.map { "=\($0.graphText)" } ?? ""
      return "\(parameter.type.graphText) \(parameter.name)\(standard)"
    }
    let results = returns.map(\.graphText)
    let result = results.count == 1 ? results[0] : "(\(results.joined(separator: ", ")))"
    return "\(function)(\(list.joined(separator: ", "))) -> \(result)"
  }
}

extension JIT.IValue {
  /// The value as one of `type`, converted as arguments from Python are; nil where it cannot be.
  func converted(to type: JIT.ScriptType) -> JIT.IValue? {
    switch (self, type) {
    case (.int(let value), .float): return .double(Double(value))
    case (.bool(let value), .int): return .int(value ? 1 : 0)
    case (.bool(let value), .float): return .double(value ? 1 : 0)
    case (.int(let value), .complex): return .complex(.init(Double(value)))
    case (.double(let value), .complex): return .complex(.init(value))
    case (.none, .optional): return self
    case (_, .optional(let wrapped)): return converted(to: wrapped)
    case (_, .union(let members)):
      if self.type.isSubtype(of: type) { return self }
      return members.lazy.compactMap { converted(to: $0) }.first
    case (.list(let list), .list(let element)):
      if list.elementType == element { return self }
      return JIT.IValue.converted(list.items, to: element).map { .list(JIT.ListObject(element, $0)) }
    case (.tuple(let tuple), .list(let element)):
      return JIT.IValue.converted(tuple.items, to: element).map { .list(JIT.ListObject(element, $0)) }
    case (.tuple(let tuple), .tuple(let types)) where tuple.items.count == types.count:
      return JIT.IValue.converted(tuple.items, to: types).map { .tuple(JIT.TupleObject($0, type: tuple.type)) }
    case (.tuple(let tuple), .namedTuple(let named))
    where tuple.items.count == named.fields.count && (tuple.type == nil || tuple.type == named):
      return JIT.IValue.converted(tuple.items, to: named.fields.map(\.type))
        .map { .tuple(JIT.TupleObject($0, type: named)) }
    case (.dict(let dict), .dict(let keyType, let valueType)):
      if dict.keyType == keyType, dict.valueType == valueType { return self }
      let copy = JIT.DictObject(keyType, valueType)
      for (key, value) in dict.table {
        guard let key = try? JIT.IValue(key).converted(to: keyType)?.key(), let value = value.converted(to: valueType)
        else { return nil }
        copy[key] = value
      }
      return .dict(copy)
    default: return fits(type) ? self : nil
    }
  }

  private static func converted(_ items: [JIT.IValue], to type: JIT.ScriptType) -> [JIT.IValue]? {
    converted(items, to: Array(repeating: type, count: items.count))
  }

  private static func converted(_ items: [JIT.IValue], to types: [JIT.ScriptType]) -> [JIT.IValue]? {
    let values = zip(items, types).compactMap { $0.converted(to: $1) }
    return values.count == items.count ? values : nil
  }
}
