// Values from outside as parameters take them: converted as PyTorch converts what comes from Python.

extension JIT.IValue {
  /// The value as one of `type`; nil where it cannot be.
  package func converted(to type: JIT.ScriptType) -> JIT.IValue? {
    switch (self, type) {
    case (.tensor, .tensor), (.int, .int), (.double, .float), (.bool, .bool), (.string, .string): return self
    case (.int(let value), .float): return .double(Double(value))
    case (.bool(let value), .int): return .int(value ? 1 : 0)
    case (.bool(let value), .float): return .double(value ? 1 : 0)
    case (.int(let value), .complex): return .complex(.init(Double(value)))
    case (.double(let value), .complex): return .complex(.init(value))
    case (.string(let name), .device): return (try? Device(name)).map { .device($0) }
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
      if self.type.isSubtype(of: type) { return self }
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

  /// Whether a value from outside can be where `type` was declared. A tensor or a module that is not there is none.
  package func fits(_ type: JIT.ScriptType) -> Bool {
    if isNone {
      switch type {
      case .tensor, .object: return true
      default: break
      }
    }
    return self.type.isSubtype(of: type)
  }
}
