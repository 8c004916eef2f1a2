// Calls: of operators and builtins, of functions and methods, of classes.

extension JIT.Emitter {
  typealias CallArgument = JIT.CallArgument

  func call(
    _ callee: Syntax.Expression, _ arguments: [Syntax.Argument], _ hint: ScriptType?, _ position: Syntax.Position
  ) throws -> Meaning {
    let target = try meaning(callee)
    if case .form(let name) = target {
      return try callForm(name, arguments, hint, position)
    }
    if let result = try callContainer(target, arguments, position) { return result }
    if case .operators(let name, let receiver) = target,
      let result = try callSpecial(name, receiver, arguments, hint, position)
    {
      return result
    }
    let values = try evaluate(arguments)
    self.position = position
    return try call(target, values, position)
  }

  func evaluate(_ arguments: [Syntax.Argument]) throws -> [CallArgument] {
    var values: [CallArgument] = []
    for argument in arguments {
      if case .starred(let inner) = argument.value.kind {
        for item in try elements(of: try meaning(inner), inner.position) {
          values.append(CallArgument(try value(of: item, inner.position)))
        }
      } else {
        values.append(CallArgument(try value(argument.value), name: argument.name))
      }
    }
    return values
  }

  func call(_ target: Meaning, _ arguments: [CallArgument], _ position: Syntax.Position) throws -> Meaning {
    switch target {
    case .operators(let name, let receiver):
      return .value(try callOperators(name, receiver: receiver, arguments, at: position))
    case .function(let function): return .value(try callFunction(function, arguments, at: position))
    case .partial(let function, let first):
      return .value(try callFunction(function, [CallArgument(first)] + arguments, at: position))
    case .method(let object, let name): return .value(try callMethod(object, name, arguments, at: position))
    case .type(let type): return .value(try construct(type, arguments, position))
    case .cast(let tensor, let dtype):
      let inputs = [CallArgument(constant(Int(dtype.rawValue)))] + arguments
      return .value(try callOperators("aten::to", receiver: tensor, inputs, at: position))
    case .moduleItems(let container, let name): return try moduleItems(of: container, name, position)
    case .closure(let definition): return .value(try callClosure(definition, arguments, position))
    case .value(let value):
      switch value.type {
      case .object(let type):
        let name = type.method("__call__") != nil ? "__call__" : "forward"
        return .value(try callMethod(value, name, arguments, at: position))
      case .interface: return .value(try callMethod(value, "forward", arguments, at: position))
      case let type where type.isUnknown: return .value(unknown(arguments.map(\.value)))
      default: break
      }
      throw position.error("cannot call a value of type \(value.type)")
    default: throw position.error("cannot call a \(target.name)")
    }
  }

  // MARK: Operators

  /// Calls the operator or builtin called `name` whose signature the arguments fit.
  @discardableResult
  func callOperators(
    _ name: String, receiver: GraphValue? = nil, _ arguments: [CallArgument], at position: Syntax.Position
  ) throws -> GraphValue {
    let candidates = JIT.Candidate.named(name, version: unit.operatorVersion)
    let values = (receiver.map { [$0] } ?? []) + arguments.map(\.value)
    if candidates.isEmpty {
      missing(name)
      return unknown(values)
    }
    let hasUnknown = values.contains { $0.type.isUnknown }
    for converting in [false, true] {
      for candidate in candidates {
        let matching = candidate.signature.matching(arguments, receiver: receiver, converting: converting)
        if case .match(let match) = matching, candidate.accepts(match) {
          if hasUnknown, candidates.count > 1 { return unknown(values) }
          return try emit(candidate, match, position)
        }
      }
    }
    if hasUnknown { return unknown(values) }
    let failures = candidates.map { candidate -> String in
      guard case .failure(let reason) = candidate.signature.matching(arguments, receiver: receiver, converting: true)
      else {
        return ""
      }
      return "  \n  \(candidate.text):\n  \(reason)\n"
    }
    throw position.error(
      "\nArguments for call are not valid.\nThe following variants are available:\n\(failures.joined())\n"
        + "The original call is", .type)
  }

  private func emit(_ candidate: JIT.Candidate, _ match: JIT.Match, _ position: Syntax.Position) throws -> GraphValue {
    let inputs = match.fits.map { realize($0) }
    self.position = position
    switch candidate.rewrite {
    case .swapped(let name):
      return try callOperators(name, [.init(inputs[1]), .init(inputs[0])], at: position)
    case .through(let function, let name):
      let value = try callOperators(function, [.init(inputs[1])], at: position)
      return try callOperators(name, [.init(value), .init(inputs[0])], at: position)
    case nil: break
    }
    let node = add(Node(candidate.kind, inputs, target: candidate.target))
    return results(of: node, match.returns)
  }

  /// One result as it is, several as a tuple, none as None.
  private func results(of node: Node, _ types: [ScriptType]) -> GraphValue {
    if types.isEmpty { return none }
    let values = types.map { node.addOutput($0) }
    return values.count == 1 ? values[0] : tuple(values)
  }

  /// A call with any number of arguments of any types, which gives a string.
  func callVariadic(_ name: String, _ values: [GraphValue], _ position: Syntax.Position) throws -> GraphValue {
    self.position = position
    return add(name, values, .string, target: JIT.Builtins.named(name).first.map { .builtin($0) } ?? .none)
  }

  /// What a missing operator would have given.
  func unknown(_ values: [GraphValue]) -> GraphValue {
    add("prim::Uninitialized", [], .unknown)
  }

  // MARK: Functions and methods

  func callFunction(
    _ function: JIT.Function, _ arguments: [CallArgument], at position: Syntax.Position
  ) throws -> GraphValue {
    let (function, fits) = try overload(of: function, arguments, position)
    self.position = position
    let inputs = fits.map { realize($0) }
    self.position = position
    let node = add(Node("prim::CallFunction", inputs, target: .function(function)))
    return results(of: node, function.signature.returns)
  }

  /// The function that is called by the name of `function`, and its arguments.
  private func overload(
    of function: JIT.Function, _ arguments: [CallArgument], _ position: Syntax.Position
  ) throws -> (JIT.Function, [JIT.Fit]) {
    var function = function
    if let flagged = JIT.Library.flagged[function.name], !file.isArchived,
      function.qualifiedName == "__torch__.torch.nn.functional." + function.name
    {
      let given = arguments.filter { $0.name == nil }.dropFirst(flagged.position).first
      if (arguments.first { $0.name == flagged.flag } ?? given)?.value.constant?.bool == true {
        function = try unit.function(named: "__torch__.torch.nn.functional." + flagged.function)
      }
    }
    try unit.prepareCall(of: function, from: file, at: position)
    do {
      return (function, try match(function.signature, arguments, function.name, position).fits)
    } catch {
      // Others of the same name, if there are any.
      var number = 1
      while case .function(let other)? = try unit.item("\(function.qualifiedName)__\(number)") {
        try unit.prepareCall(of: other, from: file, at: position)
        if case .match(let match) = other.signature.matching(
          arguments, receiver: nil, converting: true, isOperator: false)
        {
          return (other, match.fits)
        }
        number += 1
      }
      throw error
    }
  }

  func match(
    _ signature: JIT.Signature, _ arguments: [CallArgument], receiver: GraphValue? = nil, _ name: String,
    _ position: Syntax.Position
  ) throws -> JIT.Match {
    switch signature.matching(arguments, receiver: receiver, converting: true, isOperator: false) {
    case .match(let match): return match
    case .failure(let reason):
      let parameters = signature.parameters.map { parameter in
        "\(parameter.type) \(parameter.name)" + (parameter.defaultValue.map { "=\($0.defaultText)" } ?? "")
      }
      let returns = signature.returns.count == 1 ? "\(signature.returns[0])" : "NoneType"
      throw position.error(
        "\n\(name)(\(parameters.joined(separator: ", "))) -> \(returns):\n\(reason)", .type)
    }
  }

  @discardableResult
  func callMethod(
    _ object: GraphValue, _ name: String, _ arguments: [CallArgument], at position: Syntax.Position
  ) throws -> GraphValue {
    var signature: JIT.Signature
    switch object.type {
    case .object(let type):
      guard let method = type.method(name) else {
        if object.type.isUnknown { return unknown([object]) }
        throw position.error(
          "'\(type.qualifiedName)' object has no attribute or method '\(name)'", .type)
      }
      try unit.prepareCall(of: method, from: file, at: position)
      signature = method.signature
      signature.parameters.removeFirst()
      if type.isModule, name == "forward", !type.forwardPreHooks.isEmpty || !type.forwardHooks.isEmpty {
        return try callWithHooks(object, type, signature, arguments, position)
      }
    case .interface(let interface):
      guard let declared = interface.methods[name] else {
        throw position.error("'\(interface.qualifiedName)' object has no attribute or method '\(name)'", .type)
      }
      signature = declared
    default:
      if object.type.isUnknown { return unknown([object]) }
      throw position.error("'\(object.type)' object has no attribute or method '\(name)'", .type)
    }
    let match = try match(signature, arguments, name, position)
    return emitMethodCall(object, name, match.fits.map { realize($0) }, match.returns, position)
  }

  func emitMethodCall(
    _ object: GraphValue, _ name: String, _ inputs: [GraphValue], _ returns: [ScriptType], _ position: Syntax.Position
  ) -> GraphValue {
    self.position = position
    let node = add(Node("prim::CallMethod", [object] + inputs))
    node.attributes["name"] = .string(name)
    return results(of: node, returns)
  }

  /// A module is called with what is registered to run before and after it.
  private func callWithHooks(
    _ object: GraphValue, _ type: JIT.ClassType, _ signature: JIT.Signature, _ arguments: [CallArgument],
    _ position: Syntax.Position
  ) throws -> GraphValue {
    let match = try match(signature, arguments, "forward", position)
    var inputs = match.fits.map { realize($0) }
    // Archives have the hooks' calls in their code.
    if file.isArchived { return emitMethodCall(object, "forward", inputs, match.returns, position) }
    for hook in type.forwardPreHooks {
      let result = try callMethod(object, hook, [.init(tuple(inputs))], at: position)
      if result.type != .none {
        inputs = if case .tuple = result.type { unpacked(result) } else { [result] }
      }
    }
    var output = emitMethodCall(object, "forward", inputs, match.returns, position)
    for hook in type.forwardHooks {
      let result = try callMethod(object, hook, [.init(tuple(inputs)), .init(output)], at: position)
      if result.type != .none { output = result }
    }
    return output
  }

  /// A function inside a function sees the variables around it.
  func callClosure(
    _ definition: Syntax.FunctionDefinition, _ arguments: [CallArgument], _ position: Syntax.Position
  ) throws -> GraphValue {
    let signature = try unit.signature(of: definition, file, owner: nil)
    let match = try match(signature, arguments, definition.name, position)
    let values = match.fits.map { realize($0) }
    // Its body stands here, with what it returns as this function would.
    let (outerFrame, outerType, outerDepth) = (frame, returnType, loopDepth)
    frame = Frame(outerFrame)
    frame.isContinuation = true
    for (parameter, value) in zip(signature.parameters, values) { frame[parameter.name] = .value(value) }
    returnType = signature.returns.first
    loopDepth = 0
    defer { (frame, returnType, loopDepth) = (outerFrame, outerType, outerDepth) }
    guard let last = definition.body.last, !definition.body.dropLast().contains(where: { $0.returns }) else {
      return none
    }
    _ = try emit(Array(definition.body.dropLast()))
    if case .return(let expression?) = last.kind { return try value(expression) }
    _ = try emit([last])
    return none
  }

  // MARK: Classes

  func construct(
    _ type: ScriptType, _ arguments: [CallArgument], _ position: Syntax.Position
  ) throws -> GraphValue {
    switch type {
    case .object(let classType):
      let object = add("prim::CreateObject", [], type)
      if classType.method("__init__") != nil {
        try callMethod(object, "__init__", arguments, at: position)
      } else if !arguments.isEmpty {
        throw position.error("\(classType.qualifiedName)() takes no arguments")
      }
      return object
    case .namedTuple(let named):
      let defaults = unit.fieldDefaults[named] ?? [:]
      let parameters = named.fields.map {
        JIT.Signature.Parameter($0.name, $0.type, default: defaults[$0.name])
      }
      let match = try match(.init(parameters, returns: [type]), arguments, named.qualifiedName, position)
      return add("prim::TupleConstruct", match.fits.map { realize($0) }, type)
    case .enumeration(let enumeration):
      guard let number = arguments.first?.value.constant,
        let member = enumeration.members.first(where: { member in
          switch number {
          case .string(let text): member.text == text
          default: member.value?.doubleValue == number.double
          }
        })
      else { throw position.error("\(enumeration.qualifiedName) has no such member") }
      return constant(.enumeration(enumeration, member.name))
    case .int, .float, .bool, .string, .complex: return try convert(arguments, to: type, position)
    case .device: return try callOperators("aten::device", arguments, at: position)
    default: throw position.error("cannot make a \(type) by calling it")
    }
  }

  /// `int(x)`, `str(x)`, …
  private func convert(
    _ arguments: [CallArgument], to type: ScriptType, _ position: Syntax.Position
  ) throws -> GraphValue {
    let names: [ScriptType: (String, String)] = [
      .int: ("aten::Int", "__int__"), .float: ("aten::Float", "__float__"), .bool: ("aten::Bool", "__bool__"),
      .string: ("aten::str", "__str__"), .complex: ("aten::Complex", "__complex__"),
    ]
    let (name, method) = names[type]!
    if arguments.count == 1 {
      let value = arguments[0].value
      if value.type == type { return value }
      if case .object(let classType) = value.type, classType.method(method) != nil {
        return try callMethod(value, method, [], at: position)
      }
      if type == .bool { return try bool(of: value, position) }
      // A literal stays one.
      switch (value.constant, type) {
      case (.string(let text)?, .float):
        if let number = Double(text) { return constant(.double(number)) }
      case (.int(let number)?, .float): return constant(.double(Double(number)))
      default: break
      }
    }
    if arguments.isEmpty {
      switch type {
      case .int: return constant(0)
      case .float: return constant(.double(0))
      case .bool: return constant(false)
      default: return constant(.string(""))
      }
    }
    return try callOperators(name, arguments, at: position)
  }
}

extension JIT.IValue {
  /// As a default in a signature.
  fileprivate var defaultText: String {
    switch self {
    case .bool(let value): value ? "True" : "False"
    default: graphText
    }
  }
}
