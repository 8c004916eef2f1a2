// Functions that the compiler carries out: `len` of a tuple is a number, `annotate` only says a type.

extension JIT.Emitter {
  func callForm(
    _ name: String, _ arguments: [Syntax.Argument], _ hint: ScriptType?, _ position: Syntax.Position
  ) throws -> Meaning {
    self.position = position
    let expressions = arguments.map(\.value)
    func require(_ counts: ClosedRange<Int>) throws {
      guard counts.contains(expressions.count) else {
        throw position.error("\(name) expected \(counts.lowerBound) arguments but got \(expressions.count)")
      }
    }
    switch name {
    case "annotate":
      try require(2...2)
      let type = try unit.type(expressions[0], file)
      return .value(try annotated(try value(expressions[1], hint: type), type, position))
    case "unchecked_cast":
      try require(2...2)
      let value = try value(expressions[1])
      return .value(cast(value, to: try unit.type(expressions[0], file)))
    case "uninitialized":
      try require(1...1)
      return .value(uninitialized(try unit.type(expressions[0], file)))
    case "isinstance", "hasattr", "is_scripting", "is_tracing", "is_compiling", "is_exporting":
      return .value(try condition(.init(.call(.init(.name(name), position), arguments), position)).value)
    case "getattr": return try getAttribute(expressions, position)
    case "print":
      let values = try evaluate(arguments.filter { $0.name == nil }).map(\.value)
      self.position = position
      add(Node("prim::Print", values))
      return .value(none)
    case "static_assert": return .value(none)
    case "len":
      try require(1...1)
      return .value(try length(of: expressions[0], position))
    case "range":
      let values = try evaluate(arguments).map(\.value)
      return .iterable(try range(values, position))
    case "enumerate":
      try require(1...2)
      let items = try iterable(try meaning(expressions[0]), expressions[0].position)
      let start = try expressions.count == 2 ? value(expressions[1]) : nil
      return .iterable(.enumerate(items, start: start))
    case "zip":
      return .iterable(.zip(try expressions.map { try iterable(try meaning($0), $0.position) }))
    case "reversed", "iter":
      try require(1...1)
      let items = try iterable(try meaning(expressions[0]), expressions[0].position)
      if name == "iter" { return .iterable(items) }
      if let fixed = try fixedItems(items) { return .tuple(fixed.reversed()) }
      throw position.error("reversed is only supported of what has a known length")
    case "tuple":
      if expressions.isEmpty { return .value(tuple([])) }
      try require(1...1)
      return .value(try value(of: .tuple(try elements(of: try meaning(expressions[0]), position)), position))
    case "list": return .value(try makeList(expressions, hint, position))
    case "dict": return .value(try makeDict(arguments, hint, position))
    case "fork": return .value(try fork(arguments, position))
    case "super": throw position.error("super() is not supported")
    case _ where name.hasPrefix("__new__ "):
      return .value(add("prim::CreateObject", [], try unit.type(named: String(name.dropFirst(8)))))
    default: throw position.error("'\(name)' cannot be called")
    }
  }

  /// `value` as what an annotation says that it is.
  func annotated(_ value: GraphValue, _ type: ScriptType, _ position: Syntax.Position) throws -> GraphValue {
    if value.type == type { return value }
    // The annotation makes a wider type of it.
    if value.type == .none, case .optional = type { return constant(.none, type) }
    guard let fitting = convert(value, to: type) else {
      throw position.error(
        "expected an expression of type \(type) but found an expression of type \(value.type)", .type)
    }
    if fitting.type != type, fitting.constant == nil, type != .any, !fitting.type.isUnknown {
      return cast(fitting, to: type)
    }
    return fitting
  }

  private func getAttribute(_ expressions: [Syntax.Expression], _ position: Syntax.Position) throws -> Meaning {
    guard expressions.count >= 2, case .string(let name) = expressions[1].kind else {
      throw position.error("getattr's second argument must be a string literal")
    }
    let object = try meaning(expressions[0])
    if expressions.count == 3 {
      // Only asked for where the attribute is not there.
      let test = Syntax.Expression(
        .call(
          .init(.name("hasattr"), position),
          [
            .init(name: nil, value: expressions[0]), .init(name: nil, value: expressions[1]),
          ]), position)
      if try condition(test).fixed == false { return try meaning(expressions[2]) }
    }
    return try attribute(object, name, position)
  }

  private func makeList(
    _ expressions: [Syntax.Expression], _ hint: ScriptType?, _ position: Syntax.Position
  ) throws -> GraphValue {
    let element: ScriptType? = if case .list(let element)? = hint?.withoutOptional { element } else { nil }
    guard let first = expressions.first else { return try list([], element, position) }
    let source = try meaning(first)
    if case .value(let value) = source {
      switch value.type {
      case .list, .string: return try callOperators("aten::list", [.init(value)], at: position)
      default: break
      }
    }
    let items = try iterable(source, first.position)
    if let fixed = try fixedItems(items) {
      return try list(try fixed.map { try value(of: $0, position) }, element, position)
    }
    let count = try length(of: items)
    let node = add(Node("prim::ListConstruct"))
    let result = node.addOutput(.list(element ?? .unknown))
    _ = try loop(
      count, constant(true), [], [], position,
      start: { index in
        let item = try self.value(of: try self.item(of: items, at: index), position)
        if case .list(.variable) = result.type { result.type = .list(item.type) }
        try self.callOperators("aten::append", [.init(result), .init(item)], at: position)
      }, again: nil)
    return result
  }

  private func makeDict(
    _ arguments: [Syntax.Argument], _ hint: ScriptType?, _ position: Syntax.Position
  ) throws -> GraphValue {
    var (key, value): (ScriptType?, ScriptType?) = (nil, nil)
    if case .dict(let k, let v)? = hint?.withoutOptional { (key, value) = (k, v) }
    let named = arguments.filter { $0.name != nil }
    if let first = arguments.first, first.name == nil {
      let source = try self.value(first.value)
      let copy = try callOperators("aten::dict", [.init(source)], at: position)
      for argument in named {
        let item = try self.value(argument.value)
        try callOperators(
          "aten::_set_item", [.init(copy), .init(constant(.string(argument.name!))), .init(item)], at: position)
      }
      return copy
    }
    let keys = named.map { constant(.string($0.name!)) }
    let values = try named.map { try self.value($0.value, hint: value) }
    return try dict(keys, values, key, value, position)
  }

  /// Runs a function beside this one.
  private func fork(_ arguments: [Syntax.Argument], _ position: Syntax.Position) throws -> GraphValue {
    guard let first = arguments.first else { throw position.error("fork needs a function") }
    let target = try meaning(first.value)
    let values = try evaluate(Array(arguments.dropFirst()))
    let (function, inputs): (JIT.Function, [GraphValue])
    switch target {
    case .function(let callee):
      try unit.prepareCall(of: callee, from: file, at: position)
      (function, inputs) = (callee, try match(callee.signature, values, callee.name, position).fits.map { realize($0) })
    case .method(let object, let name):
      guard case .object(let type) = object.type, let method = type.method(name) else { fallthrough }
      try unit.prepareCall(of: method, from: file, at: position)
      var signature = method.signature
      signature.parameters.removeFirst()
      (function, inputs) = (method, [object] + (try match(signature, values, name, position).fits.map { realize($0) }))
    case .value(let object):
      guard case .object(let type) = object.type, let method = type.method("forward") ?? type.method("__call__") else {
        throw position.error("cannot fork a value of type \(object.type)")
      }
      try unit.prepareCall(of: method, from: file, at: position)
      var signature = method.signature
      signature.parameters.removeFirst()
      (function, inputs) = (
        method, [object] + (try match(signature, values, method.name, position).fits.map { realize($0) })
      )
    case .closure(let definition):
      // What it does happens at once, where it could wait.
      let result = try callClosure(definition, values, position)
      let given = JIT.Graph()
      given.block.addOutput(given.block.addInput("", result.type))
      let node = add(Node("prim::fork", [result]))
      node.attributes["Subgraph"] = .graph(given)
      return node.addOutput(.future(result.type))
    default: throw position.error("cannot fork a \(target.name)")
    }
    self.position = position
    let node = add(Node("prim::fork", inputs, target: .function(function)))
    return node.addOutput(.future(function.signature.returns.first ?? .none))
  }

  // MARK: Operators with a form of their own

  /// Calls that are more than the call of an operator; nil for all others.
  func callSpecial(
    _ name: String, _ receiver: GraphValue?, _ arguments: [Syntax.Argument], _ hint: ScriptType?,
    _ position: Syntax.Position
  ) throws -> Meaning? {
    switch name {
    case "aten::format", "aten::percentFormat":
      let values = (receiver.map { [$0] } ?? []) + (try evaluate(arguments).map(\.value))
      return .value(try callVariadic(name, values, position))
    case "prim::Print":
      add(Node("prim::Print", try evaluate(arguments).map(\.value)))
      return .value(none)
    case "prim::RaiseException":
      let values = try evaluate(arguments).map(\.value)
      self.position = position
      add(Node("prim::RaiseException", values.count == 1 ? values + [none] : values))
      return .value(none)
    case "aten::tolist", "prim::tolist":
      guard let hint, let tensor = try receiver ?? evaluate(arguments).first?.value else {
        throw position.error(
          "Expected type hint for result of tolist()")
      }
      self.position = position
      return .value(add("prim::tolist", [tensor], hint))
    case "aten::warn":
      let values = try evaluate(arguments)
      // The category and the like say nothing to the run time.
      let kept = values.filter { $0.name == nil || $0.name == "stacklevel" }
      self.position = position
      return .value(try callOperators(name, kept, at: position))
    default: return nil
    }
  }
}
