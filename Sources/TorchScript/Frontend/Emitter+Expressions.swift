// Expressions.

extension JIT.Emitter {
  /// The value of an expression. `hint` is the type that an annotation gives to `[]` and the like.
  func value(_ expression: Syntax.Expression, hint: ScriptType? = nil) throws -> GraphValue {
    let meaning = try meaning(expression, hint: hint)
    return try value(of: meaning, expression.position)
  }

  func value(of meaning: Meaning, _ position: Syntax.Position) throws -> GraphValue {
    switch meaning {
    case .value(let value): return value
    case .tuple(let items): return tuple(try items.map { try value(of: $0, position) })
    case .function(let function): return constant(.function(function))
    case .iterable(.fixed(let items)): return tuple(try items.map { try value(of: $0, position) })
    case .operators(let name, let receiver?):
      let attribute = name.split(separator: ":").last ?? ""
      throw position.error("'\(receiver.type)' object has no attribute or method '\(attribute)'.", .type)
    default: throw position.error("\(meaning.name) cannot be used as a value")
    }
  }

  func meaning(_ expression: Syntax.Expression, hint: ScriptType? = nil) throws -> Meaning {
    let position = expression.position
    defer { self.position = position }
    self.position = position
    switch expression.kind {
    case .name(let name): return try lookUp(name, at: position)
    case .int(let value):
      if hint?.withoutOptional == .float { return .value(constant(.int(value))) }
      return .value(constant(value))
    case .float(let value): return .value(constant(.double(value)))
    case .imaginary(let value): return .value(constant(.complex(.init(0, value))))
    case .string(let text): return .value(constant(.string(text)))
    case .bool(let value): return .value(constant(value))
    case .none:
      if let hint, case .optional = hint { return .value(constant(.none, hint)) }
      return .value(none)
    case .attribute(let base, let name):
      // Names with dots that archives use for functions and classes are looked up as a whole.
      return try attribute(try meaning(base), name, position)
    case .call(let callee, let arguments): return try call(callee, arguments, hint, position)
    case .subscript(let base, let indices): return try element(of: try meaning(base), indices, position)
    case .tuple(let items): return try tupleLiteral(items, hint)
    case .list(let items): return .value(try listLiteral(items, hint, position))
    case .dict(let pairs): return .value(try dictLiteral(pairs, hint, position))
    case .listComprehension(let item, let comprehension):
      return .value(try listComprehension(item, comprehension, hint, position))
    case .dictComprehension(let key, let item, let comprehension):
      return .value(try dictComprehension(key, item, comprehension, hint, position))
    case .unary(let op, let operand): return .value(try unary(op, operand, position))
    case .binary(let op, let a, let b): return .value(try binary(op, a, b, position))
    case .comparison(let op, let a, let b): return .value(try comparison(op, a, b, expression))
    case .and, .or: return .value(try condition(expression).value)
    case .conditional(let test, let then, let otherwise): return try ternary(test, then, otherwise, hint, position)
    case .formatted(let pieces): return .value(try formatted(pieces, position))
    case .slice: throw position.error("slices are only allowed between brackets")
    case .starred: throw position.error("starred expressions are only allowed in calls, tuples and targets")
    case .ellipsis: throw position.error("... is only allowed between brackets")
    }
  }

  // MARK: Operators

  private func unary(
    _ op: Syntax.UnaryOperator, _ operand: Syntax.Expression, _ position: Syntax.Position
  ) throws -> GraphValue {
    if op == .not { return try condition(.init(.unary(.not, operand), position)).value }
    let value = try value(operand)
    if op == .negate, let number = value.constant, !operand.isName {
      switch number {
      case .int(let number): return constant(-number)
      case .double(let number): return constant(.double(-number))
      case .complex(let number): return constant(.complex(-number))
      default: break
      }
    }
    if case .object = value.type { return try callMethod(value, "__\(op.rawValue)__", [], at: position) }
    switch op {
    case .negate: return try callOperators("aten::neg", [.init(value)], at: position)
    case .invert: return try callOperators("aten::bitwise_not", [.init(value)], at: position)
    case .positive, .not: return value
    }
  }

  /// The operators that binary operators of Python stand for.
  private static let binaryNames: [Syntax.BinaryOperator: String] = [
    .add: "add", .sub: "sub", .mul: "mul", .divide: "div", .matmul: "matmul", .floordiv: "floordiv", .mod: "remainder",
    .pow: "pow", .lshift: "__lshift__", .rshift: "__rshift__", .and: "__and__", .or: "__or__", .xor: "__xor__",
  ]

  private func binary(
    _ op: Syntax.BinaryOperator, _ a: Syntax.Expression, _ b: Syntax.Expression, _ position: Syntax.Position
  ) throws -> GraphValue {
    let first = try value(a)
    if op == .mod, first.type == .string {
      return try callVariadic("aten::percentFormat", [first, try value(b)], position)
    }
    return try binary(op, first, try value(b), position)
  }

  func binary(
    _ op: Syntax.BinaryOperator, _ a: GraphValue, _ b: GraphValue, _ position: Syntax.Position
  ) throws -> GraphValue {
    if case .object(let type) = a.type, type.method("__\(op.rawValue)__") != nil {
      return try callMethod(a, "__\(op.rawValue)__", [.init(b)], at: position)
    }
    if op == .floordiv, a.type == .tensor || b.type == .tensor {
      return try callOperators("aten::floor_divide", [.init(a), .init(b)], at: position)
    }
    return try callOperators("aten::" + JIT.Emitter.binaryNames[op]!, [.init(a), .init(b)], at: position)
  }

  private func comparison(
    _ op: Syntax.ComparisonOperator, _ a: Syntax.Expression, _ b: Syntax.Expression, _ whole: Syntax.Expression
  ) throws -> GraphValue {
    let position = whole.position
    switch op {
    case .is, .isNot: return try condition(whole).value
    case .in, .notIn:
      let item = try value(a)
      let found = try contains(try meaning(b), item, position)
      return op == .in ? found : try callOperators("aten::__not__", [.init(found)], at: position)
    default:
      let (first, second) = (try value(a), try value(b))
      if case .object(let type) = first.type, type.method("__\(op.rawValue)__") != nil {
        return try callMethod(first, "__\(op.rawValue)__", [.init(second)], at: position)
      }
      return try callOperators("aten::" + op.rawValue, [.init(first), .init(second)], at: position)
    }
  }

  private func contains(_ container: Meaning, _ item: GraphValue, _ position: Syntax.Position) throws -> GraphValue {
    if case .value(let value) = container, case .object(let type) = value.type {
      if type.method("__contains__") != nil {
        return try callMethod(value, "__contains__", [.init(item)], at: position)
      }
      if type.isModule, let key = item.constant?.string { return constant(type.attribute(key) != nil) }
    }
    let value = try value(of: container, position)
    return try callOperators("aten::__contains__", [.init(value), .init(item)], at: position)
  }

  private func ternary(
    _ test: Syntax.Expression, _ then: Syntax.Expression, _ otherwise: Syntax.Expression, _ hint: ScriptType?,
    _ position: Syntax.Position
  ) throws -> Meaning {
    let condition = try self.condition(test)
    if let fixed = condition.fixed {
      let outer = frame
      defer { frame = outer }
      frame = Frame(outer)
      try refine(fixed ? condition.whenTrue : condition.whenFalse)
      return try meaning(fixed ? then : otherwise, hint: hint)
    }
    return .value(
      try choose(
        condition.value, position, hint: hint,
        {
          try self.refine(condition.whenTrue)
          return try self.value(then, hint: hint)
        },
        {
          try self.refine(condition.whenFalse)
          return try self.value(otherwise, hint: hint)
        }))
  }

  private func formatted(_ pieces: [Syntax.FormattedPiece], _ position: Syntax.Position) throws -> GraphValue {
    var text = ""
    var values: [GraphValue] = []
    for piece in pieces {
      switch piece {
      case .text(let part): text += part
      case .value(let expression, let format):
        text += format.isEmpty ? "{}" : "{:\(format)}"
        values.append(try value(expression))
      }
    }
    return try callVariadic("aten::format", [constant(.string(text))] + values, position)
  }

  // MARK: Literals

  private func tupleLiteral(_ items: [Syntax.Expression], _ hint: ScriptType?) throws -> Meaning {
    var hints: [ScriptType?] = items.map { _ in nil }
    var elementHint: ScriptType?
    switch hint?.withoutOptional {
    case .tuple(let types)? where types.count == items.count: hints = types
    case .list(let element)?: elementHint = element
    default: break
    }
    var meanings: [Meaning] = []
    for (item, hint) in zip(items, hints) {
      if case .starred(let inner) = item.kind {
        meanings += try elements(of: try meaning(inner), inner.position)
      } else {
        meanings.append(try meaning(item, hint: hint ?? elementHint))
      }
    }
    let values = meanings.compactMap { if case .value(let value) = $0 { value } else { nil } }
    guard values.count == meanings.count else { return .tuple(meanings) }
    var fitting = values
    for (i, hint) in hints.enumerated() where hints.count == values.count {
      if let hint, let value = convert(values[i], to: hint) { fitting[i] = value }
    }
    return .value(tuple(fitting))
  }

  /// What a tuple, or something else whose length is known, consists of.
  func elements(of meaning: Meaning, _ position: Syntax.Position) throws -> [Meaning] {
    switch meaning {
    case .tuple(let items): return items
    case .value(let value):
      switch value.type {
      case .tuple, .namedTuple: return unpacked(value).map { .value($0) }
      default: break
      }
      if let fixed = try fixedItems(try iterable(meaning, position)) { return fixed }
    case .iterable(let iterable): if let fixed = try fixedItems(iterable) { return fixed }
    default: break
    }
    throw position.error("Only tuples and the like, whose length is known, can be expanded here")
  }

  private func listLiteral(
    _ items: [Syntax.Expression], _ hint: ScriptType?, _ position: Syntax.Position
  ) throws -> GraphValue {
    let element: ScriptType? = if case .list(let element)? = hint?.withoutOptional { element } else { nil }
    var values: [GraphValue] = []
    for item in items {
      if case .starred(let inner) = item.kind {
        values += try elements(of: try meaning(inner), inner.position).map { try value(of: $0, inner.position) }
      } else {
        values.append(try value(item, hint: element))
      }
    }
    self.position = position
    return try list(values, element, position)
  }

  /// A list of values, whose elements are of one type.
  func list(_ values: [GraphValue], _ element: ScriptType?, _ position: Syntax.Position) throws -> GraphValue {
    guard !values.isEmpty else {
      let node = add(Node("prim::ListConstruct"))
      if element == nil {
        node.attributes["untyped"] = .int(1)
        untyped.append(node)
      }
      return node.addOutput(.list(element ?? .tensor))
    }
    let type = element ?? commonType(values)
    let fitting = try values.map { value -> GraphValue in
      guard let fit = convert(value, to: type) else {
        throw position.error(
          "List type annotation `List[\(type)]` did not match the types of the given list elements, which were unified to \(value.type)"
        )
      }
      return fit
    }
    return add("prim::ListConstruct", fitting, .list(type))
  }

  private func commonType(_ values: [GraphValue]) -> ScriptType {
    var type = values[0].type
    for value in values.dropFirst() where value.type != type {
      type = type.unified(with: value.type) ?? ScriptType.union(of: [type, value.type])
    }
    return type
  }

  private func dictLiteral(
    _ pairs: [(key: Syntax.Expression, value: Syntax.Expression)], _ hint: ScriptType?, _ position: Syntax.Position
  ) throws -> GraphValue {
    var (keyHint, valueHint): (ScriptType?, ScriptType?) = (nil, nil)
    if case .dict(let key, let value)? = hint?.withoutOptional { (keyHint, valueHint) = (key, value) }
    var keys: [GraphValue] = []
    var values: [GraphValue] = []
    for pair in pairs {
      keys.append(try value(pair.key, hint: keyHint))
      values.append(try value(pair.value, hint: valueHint))
    }
    self.position = position
    return try dict(keys, values, keyHint, valueHint, position)
  }

  func dict(
    _ keys: [GraphValue], _ values: [GraphValue], _ key: ScriptType?, _ value: ScriptType?, _ position: Syntax.Position
  ) throws -> GraphValue {
    let keyType = key ?? (keys.isEmpty ? .string : commonType(keys))
    let valueType = value ?? (values.isEmpty ? .tensor : commonType(values))
    var inputs: [GraphValue] = []
    for (k, v) in zip(keys, values) {
      guard let fittingKey = convert(k, to: keyType), let fittingValue = convert(v, to: valueType) else {
        throw position.error(
          "Dict type annotation `Dict[\(keyType), \(valueType)]` did not match the type of an actual entry, "
            + "`\(k.type)`: `\(v.type)`")
      }
      inputs += [fittingKey, fittingValue]
    }
    let node = add(Node("prim::DictConstruct", inputs))
    if keys.isEmpty, key == nil {
      node.attributes["untyped"] = .int(1)
      untyped.append(node)
    }
    return node.addOutput(.dict(keyType, valueType))
  }

  // MARK: Comprehensions

  private func listComprehension(
    _ item: Syntax.Expression, _ comprehension: Syntax.Comprehension, _ hint: ScriptType?, _ position: Syntax.Position
  ) throws -> GraphValue {
    let element: ScriptType? = if case .list(let element)? = hint?.withoutOptional { element } else { nil }
    let source = try iterable(try meaning(comprehension.iterable), comprehension.iterable.position)
    // The type of the list is that of what is put in first.
    let node = add(Node("prim::ListConstruct"))
    let list = node.addOutput(.list(element ?? .unknown))
    try comprehend(comprehension, source, position) {
      var value = try self.value(item, hint: element)
      if case .list(.variable) = list.type { list.type = .list(value.type) }
      guard case .list(let type) = list.type, let fitting = self.convert(value, to: type) else {
        throw item.position.error("a list of \(list.type) cannot hold \(value.type)")
      }
      value = fitting
      _ = try self.callOperators("aten::append", [.init(list), .init(value)], at: position)
    }
    if case .list(.variable) = list.type, !hasMissing { list.type = .list(.tensor) }
    return list
  }

  private func dictComprehension(
    _ key: Syntax.Expression, _ item: Syntax.Expression, _ comprehension: Syntax.Comprehension, _ hint: ScriptType?,
    _ position: Syntax.Position
  ) throws -> GraphValue {
    let source = try iterable(try meaning(comprehension.iterable), comprehension.iterable.position)
    let node = add(Node("prim::DictConstruct"))
    let dict = node.addOutput(hint?.withoutOptional ?? .unknown)
    try comprehend(comprehension, source, position) {
      let pair = (try self.value(key), try self.value(item))
      if dict.type.isUnknown { dict.type = .dict(pair.0.type, pair.1.type) }
      let arguments = [JIT.CallArgument(dict), .init(pair.0), .init(pair.1)]
      _ = try self.callOperators("aten::_set_item", arguments, at: position)
    }
    if dict.type.isUnknown, !hasMissing { dict.type = .dict(.string, .tensor) }
    return dict
  }

  /// Runs `body` for every item of the source that the comprehension's condition lets through.
  private func comprehend(
    _ comprehension: Syntax.Comprehension, _ source: JIT.Iterable, _ position: Syntax.Position,
    _ body: @escaping () throws -> Void
  ) throws {
    let filtered = {
      guard let condition = comprehension.condition else { return try body() }
      let test = try self.condition(condition)
      if let fixed = test.fixed {
        if fixed { try body() }
        return
      }
      _ = try self.branches(
        test.value, position,
        {
          try self.refine(test.whenTrue)
          try body()
          return .next
        }, { .next })
    }
    let outer = frame
    defer { frame = outer }
    if let fixed = try fixedItems(source) {
      for item in fixed {
        frame = Frame(outer)
        frame.isContinuation = true
        try assign(comprehension.target, item, isLocal: true)
        try filtered()
      }
      return
    }
    let count = try length(of: source)
    frame = Frame(outer)
    _ = try loop(
      count, constant(true), [], [], position,
      start: { index in
        try self.assign(comprehension.target, try self.item(of: source, at: index), isLocal: true)
        try filtered()
      }, again: nil)
  }
}

extension JIT.Syntax.Expression {
  fileprivate var isName: Bool { if case .name = kind { true } else { false } }
}
