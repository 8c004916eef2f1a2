// Tests, what is known of variables where they hold, and which of them are known before anything runs.

extension JIT.Emitter {
  /// A variable's narrower type.
  struct Refinement {
    let name: String
    let type: ScriptType
  }

  struct Condition {
    var value: GraphValue
    /// Known without running anything.
    var fixed: Bool?
    var whenTrue: [Refinement] = []
    var whenFalse: [Refinement] = []
  }

  func refine(_ refinements: [Refinement]) throws {
    for refinement in refinements {
      guard case .value(let value)? = frame.find(refinement.name), value.type != refinement.type else { continue }
      frame[refinement.name] = .value(cast(value, to: refinement.type))
      frame.refined.insert(refinement.name)
    }
  }

  func condition(_ test: Syntax.Expression) throws -> Condition {
    switch test.kind {
    case .unary(.not, let operand):
      let inner = try condition(operand)
      let value =
        try inner.fixed.map { constant(!$0) } ?? callOperators("aten::__not__", [.init(inner.value)], at: test.position)
      return Condition(
        value: value, fixed: inner.fixed.map { !$0 }, whenTrue: inner.whenFalse, whenFalse: inner.whenTrue)
    case .and(let a, let b): return try both(a, b, stoppingAt: false, test.position)
    case .or(let a, let b): return try both(a, b, stoppingAt: true, test.position)
    case .comparison(.is, let a, let b): return try identity(a, b, isNegated: false, test.position)
    case .comparison(.isNot, let a, let b): return try identity(a, b, isNegated: true, test.position)
    case .call(let callee, let arguments):
      if case .form(let form) = try meaning(callee) {
        switch form {
        case "isinstance" where arguments.count == 2:
          return try isInstance(arguments[0].value, arguments[1].value, test.position)
        case "hasattr" where arguments.count == 2:
          return fixed(try hasAttribute(arguments[0].value, arguments[1].value))
        case "is_scripting": return fixed(true)
        case "is_tracing": return fixed(false)
        case "is_exporting", "is_compiling", "is_dynamo_compiling": return fixed(false)
        default: break
        }
      }
    default: break
    }
    let value = try bool(of: try value(test), test.position)
    return Condition(value: value, fixed: value.constant?.bool)
  }

  private func fixed(_ value: Bool) -> Condition { Condition(value: constant(value), fixed: value) }

  /// `and` and `or`: the second part is only evaluated where the first one is not `stop`.
  private func both(
    _ a: Syntax.Expression, _ b: Syntax.Expression, stoppingAt stop: Bool, _ position: Syntax.Position
  ) throws -> Condition {
    let first = try condition(a)
    if let known = first.fixed {
      if known == stop { return fixed(stop) }
      try refine(stop ? first.whenFalse : first.whenTrue)
      var second = try condition(b)
      if stop { second.whenFalse += first.whenFalse } else { second.whenTrue += first.whenTrue }
      return second
    }
    var second: Condition?
    let evaluate = { () throws -> GraphValue in
      try self.refine(stop ? first.whenFalse : first.whenTrue)
      let inner = try self.condition(b)
      second = inner
      return inner.value
    }
    let value = try choose(
      first.value, position, { stop ? self.constant(true) : try evaluate() },
      { stop ? try evaluate() : self.constant(false) })
    var result = Condition(value: value)
    // Where the whole is the other thing, both parts are.
    if stop {
      result.whenFalse = first.whenFalse + second!.whenFalse
    } else {
      result.whenTrue = first.whenTrue + second!.whenTrue
    }
    return result
  }

  /// A `prim::If` for one value of one type.
  func choose(
    _ condition: GraphValue, _ position: Syntax.Position, hint: ScriptType? = nil,
    _ then: @escaping () throws -> GraphValue,
    _ otherwise: @escaping () throws -> GraphValue
  ) throws -> GraphValue {
    self.position = position
    let node = add(Node("prim::If", [condition]))
    let (outerBlock, outerFrame) = (block, frame)
    var values: [GraphValue] = []
    for body in [then, otherwise] {
      block = node.addBlock()
      frame = Frame(outerFrame)
      values.append(try body())
    }
    let (a, b) = (values[0].type, values[1].type)
    let type = hint ?? a.unified(with: b) ?? (a.isUnknown || b.isUnknown ? .unknown : nil)
    for (i, value) in values.enumerated() {
      block = node.blocks[i]
      guard let type, let fitting = convert(value, to: type) else {
        throw position.error(
          "if-expression's true branch has type \(a) but false branch has type \(b)")
      }
      block.addOutput(fitting)
    }
    (block, frame) = (outerBlock, outerFrame)
    return node.addOutput(type!)
  }

  /// The truth of a value.
  func bool(of value: GraphValue, _ position: Syntax.Position) throws -> GraphValue {
    switch value.type {
    case .bool: return value
    case .none: return constant(false)
    case .tensor, .int, .float, .complex, .number: return try callOperators("aten::Bool", [.init(value)], at: position)
    case .object(let type) where type.method("__bool__") != nil:
      return try callMethod(value, "__bool__", [], at: position)
    case .string, .list, .dict:
      let count = try callOperators("aten::len", [.init(value)], at: position)
      return try callOperators("aten::gt", [.init(count), .init(constant(0))], at: position)
    case let type where type.isUnknown: return value
    default: throw position.error("Could not cast value of type \(value.type) to bool")
    }
  }

  // MARK: is None

  private enum Nullness { case always, maybe, never }

  private func nullness(_ type: ScriptType) -> Nullness {
    switch type {
    case .none: .always
    case .optional, .any, .variable: .maybe
    case .union(let members): members.contains(.none) ? .maybe : .never
    default: .never
    }
  }

  private func identity(
    _ a: Syntax.Expression, _ b: Syntax.Expression, isNegated: Bool, _ position: Syntax.Position
  ) throws -> Condition {
    let values = (try value(a), try value(b))
    let isNone = (nullness(values.0.type), nullness(values.1.type))
    switch isNone {
    case (.always, .always): return fixed(!isNegated)
    case (.always, .never), (.never, .always): return fixed(isNegated)
    default: break
    }
    let name = isNegated ? "aten::__isnot__" : "aten::__is__"
    let value = try callOperators(name, [.init(values.0), .init(values.1)], at: position)
    var result = Condition(value: value)
    for (expression, given, other) in [(a, values.0, isNone.1), (b, values.1, isNone.0)] {
      guard case .name(let variable) = expression.kind, other == .always, given.type != .any, !given.type.isUnknown
      else {
        continue
      }
      let known = Refinement(name: variable, type: given.type.withoutNone)
      if isNegated { result.whenTrue.append(known) } else { result.whenFalse.append(known) }
    }
    return result
  }

  // MARK: isinstance, hasattr

  /// What `isinstance` asks for: a type, or any list, any tuple, any dictionary.
  private enum Kind {
    case type(ScriptType)
    case list, tuple, dict

    func contains(_ type: ScriptType) -> Bool {
      switch (self, type) {
      case (.list, .list), (.tuple, .tuple), (.tuple, .namedTuple), (.dict, .dict): true
      case (.type(let wanted), _): type.isSubtype(of: wanted)
      default: false
      }
    }
  }

  private func kinds(_ expression: Syntax.Expression) throws -> [Kind] {
    switch expression.kind {
    case .tuple(let items), .list(let items): return try items.flatMap { try kinds($0) }
    case .name("list"), .name("List"): return [.list]
    case .name("tuple"), .name("Tuple"): return [.tuple]
    case .name("dict"), .name("Dict"): return [.dict]
    default:
      // A number of Python may be any of these.
      return [.type(try unit.type(expression, file))]
    }
  }

  func isInstance(
    _ object: Syntax.Expression, _ types: Syntax.Expression, _ position: Syntax.Position
  ) throws -> Condition {
    let kinds = try kinds(types)
    let meaning = try meaning(object)
    guard case .value(let value) = meaning else {
      if case .tuple = meaning { return fixed(kinds.contains { if case .tuple = $0 { true } else { false } }) }
      return fixed(false)
    }
    let members: [ScriptType] =
      switch value.type {
      case .optional(let inner): [inner, .none]
      case .union(let members): members
      case .number: [.int, .float, .complex]
      default: [value.type]
      }
    let matching = members.filter { member in kinds.contains { $0.contains(member) } }
    let rest = members.filter { !matching.contains($0) }
    if value.type != .any, !value.type.isUnknown {
      if rest.isEmpty { return fixed(true) }
      if case .interface = value.type {} else if matching.isEmpty { return fixed(false) }
    }
    var wanted = kinds.compactMap { if case .type(let type) = $0 { type } else { nil } }
    if wanted.count < kinds.count {
      // Any list is one of those that the value may be.
      guard value.type != .any else {
        throw position.error("isinstance of a value of type \(value.type) needs the types of elements")
      }
      wanted = matching
    }
    let node = add(Node("prim::isinstance", [value]))
    node.attributes["types"] = .types(wanted)
    var result = Condition(value: node.addOutput(.bool))
    if case .name(let variable) = object.kind, value.type != .number, !value.type.isUnknown {
      let known = value.type == .any ? ScriptType.union(of: wanted) : ScriptType.union(of: matching)
      result.whenTrue = [Refinement(name: variable, type: known)]
      if value.type != .any, !rest.isEmpty {
        result.whenFalse = [Refinement(name: variable, type: ScriptType.union(of: rest))]
      }
    }
    return result
  }

  private func hasAttribute(_ object: Syntax.Expression, _ name: Syntax.Expression) throws -> Bool {
    guard case .string(let text) = name.kind else {
      throw name.position.error("hasattr's second argument must be a string literal")
    }
    switch try meaning(object) {
    case .value(let value):
      switch value.type {
      case .object(let type):
        return type.attribute(text) != nil || type.method(text) != nil || type.constants[text] != nil
          || unit.properties[type]?[text] != nil
      case .interface(let interface): return interface.methods[text] != nil
      case .namedTuple(let named): return named.fields.contains { $0.name == text }
      case .tensor: return JIT.Emitter.tensorProperties[text] != nil || JIT.Candidate.isKnown("aten::" + text)
      default: return false
      }
    case .namespace(let space): return (try? attribute(.namespace(space), text, name.position)) != nil
    default: return false
    }
  }
}

extension JIT.ScriptType {
  /// `T` of `Optional[T]`, and a union without None.
  var withoutNone: JIT.ScriptType {
    switch self {
    case .optional(let inner): inner
    case .union(let members): .union(of: members.filter { $0 != .none })
    default: self
    }
  }
}
