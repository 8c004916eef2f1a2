// Statements, one after the other, and what they leave to do.

extension JIT.Emitter {
  typealias Flow = JIT.Flow
  typealias Frame = JIT.Frame
  typealias Node = JIT.Node
  typealias GraphValue = JIT.GraphValue
  typealias ScriptType = JIT.ScriptType
  typealias Meaning = JIT.Meaning
  typealias IValue = JIT.IValue

  /// Does the steps in order, each followed by what comes after it on the paths that get there.
  func emit(_ steps: ArraySlice<Step>) throws -> Flow {
    var rest = steps
    while let step = rest.popFirst() {
      let flow: Flow
      switch step {
      case .continuation:
        frame.isContinuation = true
        continue
      case .endOfUnrolled:
        unrolledDepth -= 1
        continue
      case .assign(let target, let meaning):
        try assign(target, meaning)
        continue
      case .endOfFunction: flow = try endFunction()
      case .statement(let statement):
        position = statement.position
        switch statement.kind {
        case .if(let test, let then, let otherwise):
          let (result, isRestDone) = try conditional(test, then, otherwise, rest, statement.position)
          if isRestDone { return result }
          flow = result
        case .for(let target, let iterable, let body):
          if let unrolled = try loop(over: iterable, target, body, statement.position, &rest) {
            flow = unrolled
          } else {
            continue
          }
        default: flow = try emit(statement)
        }
      }
      if !flow.falls { return flow }
      if flow.leaves { return try guarded(rest) }
    }
    return .next
  }

  func emit(_ statements: [Syntax.Statement]) throws -> Flow { try emit(statements.map { .statement($0) }[...]) }

  /// What remains to be done only where nothing has left yet.
  private func guarded(_ rest: ArraySlice<Step>) throws -> Flow {
    guard !rest.isEmpty else { return Flow(falls: true, leaves: true) }
    guard case .value(let left)? = frame.find("$left") else { preconditionFailure("a path that may leave says so") }
    return try branches(
      left, position, { .left },
      {
        self.frame.isContinuation = true
        return try self.emit(rest)
      })
  }

  private func emit(_ statement: Syntax.Statement) throws -> Flow {
    switch statement.kind {
    case .if, .for: preconditionFailure("done by the caller")
    case .expression(let expression):
      if case .string = expression.kind { return .next }
      if case .ellipsis = expression.kind { return .next }
      _ = try meaning(expression)
    case .assign(let targets, let annotation, let value):
      try emitAssignment(targets, annotation, value, statement.position)
    case .augmentedAssign(let target, let op, let value): try augmentedAssign(target, op, value)
    case .while(let test, let body): return try loop(while: test, body, statement.position)
    case .with(let contexts, let body): return try with(contexts[...], body)
    case .break, .continue: return try leaveRound(statement)
    case .return(let value): return try emitReturn(value, statement.position)
    case .raise(let expression): return try raise(expression, statement.position)
    case .assert(let test, let message): return try assertion(test, message, statement.position)
    case .delete(let targets): for target in targets { try delete(target) }
    case .function(let definition): frame[definition.name] = .closure(definition)
    case .pass, .import: break
    case .classDefinition:
      throw statement.position.error("class definitions inside of functions aren't supported")
    }
    return .next
  }

  // MARK: Leaving

  private func endFunction() throws -> Flow {
    if isReturnDeclared, let returnType, returnType != .none {
      throw body.definition.position.error(
        "Function was not annotated as having type None, but does not return along all paths")
    }
    return try emitReturn(nil, position)
  }

  private func emitReturn(_ expression: Syntax.Expression?, _ position: Syntax.Position) throws -> Flow {
    var value = try expression.map { try self.value($0, hint: isReturnDeclared ? returnType : nil) } ?? none
    if let type = returnType {
      let unified = isReturnDeclared ? nil : value.type.unified(with: type)
      if let fitting = convert(value, to: type) {
        value = fitting
      } else if let unified {
        returnType = unified
      } else if isReturnDeclared {
        throw position.error("Return value was annotated as having type \(type) but is actually of type \(value.type)")
      } else {
        throw position.error(
          "Previous return statement returned a value of type \(type) but this return statement returns a value of "
            + "type \(value.type)")
      }
    } else {
      returnType = value.type
    }
    frame["$value"] = .value(value)
    if loopDepth > 0 {
      frame["$returned"] = .value(constant(true))
      frame["$stop"] = .value(constant(true))
    }
    return .left
  }

  private func leaveRound(_ statement: Syntax.Statement) throws -> Flow {
    let isBreak = if case .break = statement.kind { true } else { false }
    let word = isBreak ? "break" : "continue"
    if unrolledDepth > 0 {
      throw statement.position.error(
        "Because we emit iteration over Modulelists or Tuples as unrolled loops, we do not support break or continue "
          + "inside the body of these loops")
    }
    guard loopDepth > 0 else { throw statement.position.error("SyntaxError: '\(word)' outside loop") }
    if isBreak { frame["$stop"] = .value(constant(true)) }
    return .left
  }

  private func raise(_ expression: Syntax.Expression?, _ position: Syntax.Position) throws -> Flow {
    guard let expression else { throw position.error("a raise needs an exception") }
    var message = constant(.string(""))
    var kind: String?
    switch try meaning(expression.callee) {
    case .exception(let name):
      kind = "builtins.\(name)"
      if case .call(_, let arguments) = expression.kind, let first = arguments.first {
        let value = try self.value(first.value)
        message = value.type == .string ? value : try callOperators("aten::str", [.init(value)], at: position)
      }
    case .type(.object(let type)):
      kind = type.qualifiedName
      if case .call(_, let arguments) = expression.kind, let first = arguments.first {
        let value = try self.value(first.value)
        message = value.type == .string ? value : constant(.string(""))
      }
    default: throw position.error("exceptions must derive from BaseException")
    }
    self.position = position
    add(Node("prim::RaiseException", [message, kind.map { constant(.string($0)) } ?? none]))
    return .raised
  }

  private func assertion(
    _ test: Syntax.Expression, _ message: Syntax.Expression?, _ position: Syntax.Position
  ) throws -> Flow {
    let condition = try self.condition(test)
    if condition.fixed == true {
      try refine(condition.whenTrue)
      return .next
    }
    return try branches(
      condition.value, position,
      {
        try self.refine(condition.whenTrue)
        return .next
      },
      {
        try self.refine(condition.whenFalse)
        var text = self.constant(.string("AssertionError: "))
        if let message {
          if case .string(let literal) = message.kind {
            text = self.constant(.string("AssertionError: " + literal))
          } else {
            let value = try self.value(message)
            let words =
              value.type == .string ? value : try self.callOperators("aten::str", [.init(value)], at: position)
            text = try self.callOperators("aten::add", [.init(text), .init(words)], at: position)
          }
        }
        self.position = position
        self.add(Node("prim::RaiseException", [text, self.none]))
        return .raised
      })
  }

  // MARK: With, del

  private func with(
    _ contexts: ArraySlice<(context: Syntax.Expression, target: Syntax.Expression?)>, _ body: [Syntax.Statement]
  ) throws -> Flow {
    guard let (context, target) = contexts.first else { return try emit(body) }
    let object = try value(context)
    guard case .object(let type) = object.type, let enter = type.method("__enter__"), type.method("__exit__") != nil
    else {
      throw context.position.error("Object used in 'with' statement must define __enter__ and __exit__")
    }
    try unit.prepareCall(of: enter, from: file, at: context.position)
    let entered = add("prim::Enter", [object], enter.signature.returns.first ?? .none)
    if let target { try assign(target, .value(entered)) }
    let flow = try with(contexts.dropFirst(), body)
    _ = add("prim::Exit", [object], .none)
    return flow
  }

  private func delete(_ target: Syntax.Expression) throws {
    switch target.kind {
    case .name(let name):
      _ = try lookUp(name, at: target.position)
      frame.remove(name)
    case .subscript(let base, let indices) where indices.count == 1:
      let object = try value(base)
      if case .object(let type) = object.type, type.method("__delitem__") != nil {
        _ = try callMethod(object, "__delitem__", [.init(try value(indices[0]))], at: target.position)
        return
      }
      let arguments = [JIT.CallArgument(object), .init(try value(indices[0]))]
      _ = try callOperators("aten::Delete", arguments, at: target.position)
    default:
      throw target.position.error("Sorry, you can only delete single values; slices and attributes aren't supported")
    }
  }
}

extension JIT.Syntax.Expression {
  /// `f` of `f(x)`, other expressions as they are.
  var callee: JIT.Syntax.Expression { if case .call(let callee, _) = kind { callee } else { self } }
}
