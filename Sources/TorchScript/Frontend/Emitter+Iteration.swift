// What a `for` goes through: how many rounds there are, and what each of them gets.

extension JIT.Emitter {
  func iterable(_ meaning: Meaning, _ position: Syntax.Position) throws -> JIT.Iterable {
    switch meaning {
    case .iterable(let iterable): return iterable
    case .tuple(let items): return .fixed(items)
    case .value(let value):
      switch value.type {
      case .list, .string, .tensor: return .indexed(value)
      case .dict: return .indexed(try callOperators("aten::keys", [.init(value)], at: position))
      case .tuple, .namedTuple: return .fixed(unpacked(value).map { .value($0) })
      case .object(let type):
        if let modules = try modules(of: value, type) { return .fixed(modules) }
        if type.method("__iter__") != nil {
          return try iterable(.value(try callMethod(value, "__iter__", [], at: position)), position)
        }
        if type.method("__len__") != nil, type.method("__getitem__") != nil { return .indexed(value) }
      default: if value.type.isUnknown { return .fixed([]) }
      }
      throw position.error("'\(value.type)' object is not iterable")
    default: throw position.error("'\(meaning.name)' object is not iterable")
    }
  }

  /// The items one by one, where they are known.
  func fixedItems(_ iterable: JIT.Iterable) throws -> [Meaning]? {
    switch iterable {
    case .fixed(let items): return items
    case .indexed, .range: return nil
    case .enumerate(let inner, let start):
      guard let items = try fixedItems(inner) else { return nil }
      guard let first = start.map({ $0.constant?.int }) ?? 0 else { return nil }
      return items.enumerated().map { .tuple([.value(constant($0.offset + first)), $0.element]) }
    case .zip(let parts):
      let lists = try parts.map { try fixedItems($0) }
      let known = lists.compactMap { $0 }
      guard let count = known.map(\.count).min() else { return nil }
      // Lists beside modules are gone through by number.
      return try (0..<count).map { i in
        .tuple(try zip(parts, lists).map { part, list in try list?[i] ?? item(of: part, at: constant(i)) })
      }
    }
  }

  func range(_ values: [GraphValue], _ position: Syntax.Position) throws -> JIT.Iterable {
    let integers = try values.map { value -> GraphValue in
      guard let integer = convert(value, to: .int) else {
        throw position.error("range() expected an int but got \(value.type)")
      }
      return integer
    }
    switch integers.count {
    case 1: return .range(start: nil, stop: integers[0], step: nil)
    case 2: return .range(start: integers[0], stop: integers[1], step: constant(1))
    case 3: return .range(start: integers[0], stop: integers[1], step: integers[2])
    default: throw position.error("range expected 1 to 3 arguments, got \(values.count)")
    }
  }

  func length(of iterable: JIT.Iterable) throws -> GraphValue {
    guard let length = try finiteLength(of: iterable) else {
      throw position.error("iteration over what has no end")
    }
    return length
  }

  private func finiteLength(of iterable: JIT.Iterable) throws -> GraphValue? {
    switch iterable {
    case .indexed(let value):
      if case .object = value.type { return try callMethod(value, "__len__", [], at: position) }
      return try callOperators("aten::len", [.init(value)], at: position)
    case .range(nil, let stop, _): return stop
    case .range(let start?, let stop, let step):
      let arguments = [start, stop, step ?? constant(1)].map { CallArgument($0) }
      return try callOperators("aten::__range_length", arguments, at: position)
    case .enumerate(let inner, _): return try finiteLength(of: inner)
    case .zip(let parts):
      let lengths = try parts.compactMap { try finiteLength(of: $0) }
      if lengths.count < 2 { return lengths.first }
      return try callOperators("prim::min", [.init(try list(lengths, .int, position))], at: position)
    case .fixed(let items): return constant(items.count)
    }
  }

  func item(of iterable: JIT.Iterable, at index: GraphValue) throws -> Meaning {
    switch iterable {
    case .indexed(let value):
      if value.type == .tensor {
        return .value(
          try callOperators("aten::select", [.init(value), .init(constant(0)), .init(index)], at: position))
      }
      if case .object = value.type { return .value(try callMethod(value, "__getitem__", [.init(index)], at: position)) }
      return .value(try callOperators("aten::__getitem__", [.init(value), .init(index)], at: position))
    case .range(nil, _, _): return .value(index)
    case .range(let start?, _, let step):
      let arguments = [index, start, step ?? constant(1)].map { CallArgument($0) }
      return .value(try callOperators("aten::__derive_index", arguments, at: position))
    case .enumerate(let inner, let start):
      let number = try start.map { try callOperators("aten::add", [.init(index), .init($0)], at: position) } ?? index
      return .tuple([.value(number), try item(of: inner, at: index)])
    case .zip(let parts): return .tuple(try parts.map { try item(of: $0, at: index) })
    case .fixed(let items):
      let values = try items.map { try value(of: $0, position) }
      return .value(
        try callOperators("aten::__getitem__", [.init(try list(values, nil, position)), .init(index)], at: position))
    }
  }

  // MARK: len

  func length(of expression: Syntax.Expression, _ position: Syntax.Position) throws -> GraphValue {
    let meaning = try meaning(expression)
    switch meaning {
    case .tuple(let items): return constant(items.count)
    case .iterable(let iterable): return try length(of: iterable)
    case .value(let value):
      switch value.type {
      case .tuple(let types): return constant(types.count)
      case .namedTuple(let named): return constant(named.fields.count)
      case .object(let type):
        if type.method("__len__") != nil { return try callMethod(value, "__len__", [], at: position) }
        if type.isModule { return constant(type.moduleNames.count) }
      default: break
      }
      return try callOperators("aten::len", [.init(value)], at: position)
    default: throw position.error("object of type '\(meaning.name)' has no len()")
    }
  }

  // MARK: Containers of modules

  /// The modules of a container, in order; nil for other modules.
  private func modules(of object: GraphValue, _ type: JIT.ClassType) throws -> [Meaning]? {
    guard type.isModule, type.isContainer else { return nil }
    if type.simpleName == "ModuleDict" { return type.moduleNames.map { .value(constant(.string($0))) } }
    return try type.moduleNames.map { try attribute(of: object, $0, position) }
  }

  /// `items()` and the like of a module.
  func moduleItems(of object: GraphValue, _ name: String, _ position: Syntax.Position) throws -> Meaning {
    guard case .object(let type) = object.type else { throw position.error("'\(object.type)' has no '\(name)'") }
    let modules = try type.moduleNames.map { (key: $0, value: try attribute(of: object, $0, position)) }
    switch name {
    case "keys": return .tuple(modules.map { .value(constant(.string($0.key))) })
    case "items", "named_children":
      return .tuple(modules.map { .tuple([.value(constant(.string($0.key))), $0.value]) })
    default: return .tuple(modules.map(\.value))
    }
  }

  /// A `Sequential` without code of its own calls its modules in order.
  func callContainer(
    _ target: Meaning, _ arguments: [Syntax.Argument], _ position: Syntax.Position
  ) throws -> Meaning? {
    let object: GraphValue
    switch target {
    case .value(let value), .method(let value, "forward"), .method(let value, "__call__"): object = value
    default: return nil
    }
    guard case .object(let type) = object.type, type.simpleName == "Sequential", type.method("forward") == nil,
      let modules = try modules(of: object, type)
    else { return nil }
    var values = try evaluate(arguments)
    for module in modules { values = [CallArgument(try value(of: try call(module, values, position), position))] }
    return .value(values.first?.value ?? none)
  }
}

extension JIT.ClassType {
  /// Attributes that are modules.
  var moduleNames: [String] {
    attributes.filter { attribute in
      switch attribute.type {
      case .object(let type): type.isModule
      case .interface(let type): type.isModule
      default: false
      }
    }.map(\.name)
  }

  fileprivate var isContainer: Bool { ["Sequential", "ModuleList", "ModuleDict"].contains(simpleName) }
}
