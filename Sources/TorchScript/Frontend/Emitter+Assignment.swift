// Assignments to variables, tuples of them, attributes and elements.

extension JIT.Emitter {
  func emitAssignment(
    _ targets: [Syntax.Expression], _ annotation: Syntax.Expression?, _ expression: Syntax.Expression?,
    _ position: Syntax.Position
  ) throws {
    let type = try annotation.map { try unit.type($0, file) }
    guard let expression else {
      // `x: T` alone says nothing that the first assignment does not say again.
      return
    }
    var hint = type
    if hint == nil, targets.count == 1, case .attribute(let base, let name) = targets[0].kind {
      if case .value(let object)? = try? meaning(base), case .object(let classType) = object.type {
        hint = classType.attribute(name)?.type
      }
    }
    var meaning = try meaning(expression, hint: hint)
    if let type {
      self.position = position
      meaning = .value(try annotated(try value(of: meaning, position), type, position))
    }
    for target in targets {
      self.position = position
      if case .name(let name) = target.kind {
        try assign(name, meaning, annotation: type, at: target.position)
      } else {
        try assign(target, meaning, annotation: type)
      }
    }
  }

  func assign(
    _ target: Syntax.Expression, _ meaning: Meaning, annotation: ScriptType? = nil, isLocal: Bool = false
  ) throws {
    switch target.kind {
    case .name(let name):
      // The variables of a comprehension are its own.
      if isLocal { frame[name] = meaning } else { try assign(name, meaning, at: target.position) }
    case .tuple(let items), .list(let items): try unpack(meaning, into: items, target.position, isLocal)
    case .attribute(let base, let name):
      try setAttribute(try value(base), name, try value(of: meaning, target.position), annotation, target.position)
    case .subscript(let base, let indices):
      try assign(to: base, indices, try value(of: meaning, target.position), target.position)
    default: throw target.position.error("unexpected expression on left-hand side of assignment")
    }
  }

  private func unpack(
    _ meaning: Meaning, into targets: [Syntax.Expression], _ position: Syntax.Position, _ isLocal: Bool
  ) throws {
    let star = targets.firstIndex { if case .starred = $0.kind { true } else { false } }
    var items: [Meaning]
    if case .value(let value) = meaning, value.type.isUnknown {
      items = targets.map { _ in .value(unknown([value])) }
    } else if case .value(let value) = meaning, value.type == .tensor || value.type.isListOrString {
      guard star == nil else {
        throw position.error(
          "cannot statically infer the expected size of a list in this context")
      }
      items = try unpackList(value, targets.count, position).map { .value($0) }
    } else {
      items = try elements(of: meaning, position)
    }
    guard let star else {
      guard items.count == targets.count else {
        throw position.error(
          items.count > targets.count
            ? "too many values to unpack: need \(targets.count) but found \(items.count)"
            : "need \(targets.count) values to unpack but found only \(items.count)")
      }
      for (target, item) in zip(targets, items) { try assign(target, item, isLocal: isLocal) }
      return
    }
    let after = targets.count - star - 1
    guard items.count >= targets.count - 1, case .starred(let rest) = targets[star].kind else {
      throw position.error("need at least \(targets.count - 1) values to unpack but found only \(items.count)")
    }
    for (target, item) in zip(targets[..<star], items) { try assign(target, item, isLocal: isLocal) }
    let middle = Array(items[star..<(items.count - after)])
    let values = middle.compactMap { if case .value(let value) = $0 { value } else { nil } }
    try assign(rest, values.count == middle.count ? .value(tuple(values)) : .tuple(middle), isLocal: isLocal)
    for (target, item) in zip(targets[(star + 1)...], items.suffix(after)) {
      try assign(target, item, isLocal: isLocal)
    }
  }

  private func unpackList(_ value: GraphValue, _ count: Int, _ position: Syntax.Position) throws -> [GraphValue] {
    self.position = position
    if value.type == .tensor {
      let parts = try callOperators("aten::unbind", [.init(value), .init(constant(0))], at: position)
      return try unpackList(parts, count, position)
    }
    guard case .list(let element) = value.type else {
      throw position.error("Provided value of type \(value.type) cannot be unpacked")
    }
    let node = add(Node("prim::ListUnpack", [value]))
    return (0..<count).map { _ in node.addOutput(element) }
  }

  // MARK: Attributes

  private func setAttribute(
    _ object: GraphValue, _ name: String, _ value: GraphValue, _ annotation: ScriptType?, _ position: Syntax.Position
  ) throws {
    guard case .object(let type) = object.type else {
      if object.type.isUnknown { return }
      throw position.error(
        "Tried to set an attribute: \(name) on a non-class: \(object.type)", .type)
    }
    // A constructor's assignments say what attributes there are.
    if type.attribute(name) == nil, function.name == "__init__", body.owner === type, !file.isArchived {
      type.add(.init(name, annotation ?? value.type))
    }
    guard let attribute = type.attribute(name) else {
      if type.constants[name] != nil {
        throw position.error("Can't set constant '\(name)' of \(type.qualifiedName)", .type)
      }
      throw position.error(
        "Tried to set nonexistent attribute: \(name). Did you forget to initialize it in __init__()?", .type)
    }
    guard let fitting = convert(value, to: attribute.type) else {
      throw position.error(
        "Wrong type for attribute assignment. Expected \(attribute.type) but got \(value.type)", .type)
    }
    self.position = position
    let node = add(Node("prim::SetAttr", [object, fitting]))
    node.attributes["name"] = .string(name)
  }

  // MARK: op=

  func augmentedAssign(
    _ target: Syntax.Expression, _ op: Syntax.BinaryOperator, _ expression: Syntax.Expression
  ) throws {
    let position = self.position
    switch target.kind {
    case .name(let name):
      let old = try value(of: try lookUp(name, at: target.position), target.position)
      let new = try augmented(old, op, try value(expression), position)
      try assign(name, .value(new), at: target.position)
    case .attribute(let base, let name):
      let object = try value(base)
      let old = try value(of: try attribute(.value(object), name, target.position), target.position)
      let new = try augmented(old, op, try value(expression), position)
      // Tensors of modules are changed in place.
      if old.type == .tensor, case .object(let type) = object.type, type.isModule { return }
      try setAttribute(object, name, new, nil, target.position)
    case .subscript(let base, let indices): try augment(base, indices, op, expression, position)
    default: throw target.position.error("unexpected expression on left-hand side of assignment")
    }
  }

  /// Operators that change a tensor in place.
  private static let inPlaceNames: [Syntax.BinaryOperator: String] = [
    .add: "add_", .sub: "sub_", .mul: "mul_", .divide: "div_", .mod: "fmod_", .pow: "pow_", .lshift: "__ilshift__",
    .rshift: "__irshift__", .and: "__iand__", .or: "__ior__", .xor: "__ixor__", .floordiv: "floor_divide_",
  ]

  /// `old op= value`: tensors and lists change, others get a new value.
  func augmented(
    _ old: GraphValue, _ op: Syntax.BinaryOperator, _ value: GraphValue, _ position: Syntax.Position
  ) throws -> GraphValue {
    self.position = position
    if case .object(let type) = old.type, type.method("__i\(op.rawValue)__") != nil {
      return try callMethod(old, "__i\(op.rawValue)__", [.init(value)], at: position)
    }
    let isList = if case .list = old.type, op == .add { true } else { false }
    if old.type == .tensor || isList, let name = JIT.Emitter.inPlaceNames[op] {
      return try callOperators("aten::" + name, [.init(old), .init(value)], at: position)
    }
    // Python's `%` has the divisor's sign; PyTorch's `%=` has not, and gives floats.
    if op == .mod { return try callOperators("aten::fmod", [.init(old), .init(value)], at: position) }
    return try binary(op, old, value, position)
  }
}

extension JIT.ScriptType {
  fileprivate var isListOrString: Bool {
    switch self {
    case .list, .string: true
    default: false
    }
  }
}
