// The instructions of nodes, by what they call or by their kind.

extension JIT.CodeBuilder {
  mutating func emit(_ node: JIT.Node) throws {
    switch node.target {
    case .operator(let op): return emitOperator(op, node)
    case .builtin(let builtin): return compute(node, JIT.QuantizedOperators.accepting(builtin))
    case .function(let function) where node.kind == "prim::CallFunction" || node.kind == "prim::CallMethod":
      // The function is the first input where a constant names it.
      let inputs = node.kind == "prim::CallFunction" && node.inputs.first?.type == .function
        ? Array(node.inputs.dropFirst()) : node.inputs
      return call(.function(function), inputs, node)
    case .function, .none: break
    }
    switch node.kind {
    case "prim::CallFunction":
      if case .function(let function)? = node.inputs.first?.constant {
        return call(.function(function), Array(node.inputs.dropFirst()), node)
      }
      call(.argument, node.inputs, node)
    case "prim::CallMethod":
      guard let name = node.attributeName else { throw malformed(node) }
      if case .object(let type)? = node.inputs.first?.type, let method = type.method(name) {
        return call(.function(method), node.inputs, node)
      }
      call(.method(name), node.inputs, node)
    case "prim::Enter": call(.method("__enter__"), node.inputs, node, scope: .enter)
    case "prim::Exit": call(.method("__exit__"), node.inputs, node, scope: .exit)
    case "prim::GetAttr": try getAttribute(node)
    case "prim::SetAttr": try setAttribute(node)
    case "prim::ListConstruct":
      guard case .list(let element) = node.output.type else { throw malformed(node) }
      let items = operands(node.inputs, at: node)
      if let result = define(node.outputs)[0] { append(.list(element, items, to: result)) }
    case "prim::TupleConstruct":
      let type: JIT.NamedTupleType? = if case .namedTuple(let type) = node.output.type { type } else { nil }
      let items = operands(node.inputs, at: node)
      if let result = define(node.outputs)[0] { append(.tuple(type, items, to: result)) }
    case "prim::TupleUnpack", "prim::ListUnpack":
      let packed = operand(node.inputs[0], at: node)
      append(.unpack(packed, to: define(node.outputs)))
    case "prim::unchecked_cast", "prim::unchecked_unwrap_optional":
      let value = operand(node.inputs[0], at: node)
      if let result = define(node.outputs)[0] { append(.move([value], to: [result])) }
    default: try compute(node)
    }
  }

  func malformed(_ node: JIT.Node) -> TorchError {
    TorchError(.state, "a node that cannot run: \(node.kind)" + (node.source.map { " (\($0))" } ?? ""))
  }

  // MARK: Calls

  private mutating func call(
    _ callee: JIT.FunctionCall.Callee, _ inputs: [JIT.GraphValue], _ node: JIT.Node, scope: JIT.FunctionCall.Scope? = nil
  ) {
    let arguments = operands(inputs, at: node)
    append(.callFunction(JIT.FunctionCall(callee, arguments, define(node.outputs), scope: scope)))
  }

  mutating func compute(_ node: JIT.Node, _ body: @escaping JIT.Computation.Body) {
    let arguments = operands(node.inputs, at: node)
    append(.compute(JIT.Computation(arguments, define(node.outputs), body)))
  }

  // MARK: Attributes

  private mutating func getAttribute(_ node: JIT.Node) throws {
    guard let name = node.attributeName else { throw malformed(node) }
    if case .object(let type) = node.inputs[0].type, let slot = type.slot(name) {
      let object = operand(node.inputs[0], at: node)
      if let result = define(node.outputs)[0] { append(.getAttribute(slot: slot, of: object, to: result)) }
      return
    }
    compute(node) { arguments in
      guard let object = arguments[0].object, let value = object[name] ?? object.type.constants[name] else {
        throw TorchError(.state, "'\(arguments[0].type)' object has no attribute '\(name)'")
      }
      return value
    }
  }

  private mutating func setAttribute(_ node: JIT.Node) throws {
    guard let name = node.attributeName else { throw malformed(node) }
    if case .object(let type) = node.inputs[0].type, let slot = type.slot(name) {
      let operands = operands(node.inputs, at: node)
      return append(.setAttribute(slot: slot, of: operands[0], operands[1]))
    }
    compute(node) { arguments in
      guard let object = arguments[0].object, object.type.slot(name) != nil else {
        throw TorchError(.state, "'\(arguments[0].type)' object has no attribute '\(name)'")
      }
      object[name] = arguments[1]
      return .none
    }
  }
}
