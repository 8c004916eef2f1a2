// What the interpreter itself knows how to do with values, by the kinds of PyTorch's nodes.

extension JIT.CodeBuilder {
  /// A node without a target.
  mutating func compute(_ node: JIT.Node) throws {
    switch node.kind {
    case "prim::DictConstruct":
      guard case .dict(let key, let value) = node.output.type else { throw malformed(node) }
      compute(node) { arguments in
        let dict = JIT.DictObject(key, value)
        for i in stride(from: 0, to: arguments.count - 1, by: 2) { dict[try arguments[i].key()] = arguments[i + 1] }
        return .dict(dict)
      }
    case "prim::TupleIndex":
      compute(node) { arguments in
        let (items, index) = (arguments[0].elements ?? [], arguments[1].int ?? 0)
        guard let item = items.element(index) else { throw TorchError(.index, "Tuple index out of range") }
        return item
      }
    case "prim::TupleSlice":
      guard let begin = node.attributes["beg"]?.int, let end = node.attributes["end"]?.int else { throw malformed(node) }
      compute(node) { .tuple(($0[0].elements ?? []).slice(begin, end)) }
    case "prim::CreateObject":
      guard case .object(let type) = node.output.type else { throw malformed(node) }
      compute(node) { _ in .object(JIT.ScriptObject(type)) }
    case "prim::isinstance":
      guard case .types(let types)? = node.attributes["types"] else { throw malformed(node) }
      compute(node) { arguments in
        let type = arguments[0].type
        return .bool(types.contains { type.isSubtype(of: $0) })
      }
    case "prim::Uninitialized": compute(node) { _ in .none }
    case "prim::RaiseException":
      compute(node) { throw TorchError(scriptException: $0[0].string ?? "", class: $0.count > 1 ? $0[1].string : nil) }
    case "prim::EnumName":
      compute(node) { arguments in
        guard case .enumeration(_, let name) = arguments[0] else { throw arguments[0].mismatch("Enum") }
        return .string(name)
      }
    case "prim::EnumValue":
      compute(node) { arguments in
        guard case .enumeration(let type, let name) = arguments[0] else { throw arguments[0].mismatch("Enum") }
        return try type.value(of: name)
      }
    case "prim::Print":
      compute(node) { arguments in
        print(arguments.map(\.printedText).joined(separator: " "))
        return .none
      }
    case "prim::tolist":
      let type = node.output.type
      compute(node) { arguments in
        guard let tensor = arguments[0].tensor else { throw arguments[0].mismatch("Tensor") }
        return try tensor.nestedList(type)
      }
    case "prim::fork": try fork(node)
    case "prim::awaitable":
      guard case .future(let type) = node.output.type else { throw malformed(node) }
      compute(node) { .future(JIT.FutureObject(type, $0[0])) }
    case "aten::wait":
      compute(node) { arguments in
        guard case .future(let future) = arguments[0] else { throw arguments[0].mismatch("Future") }
        return future.value
      }
    default:
      throw TorchError(.notImplemented, "nothing is known to run \(node.kind)" + (node.source.map { " (\($0))" } ?? ""))
    }
  }

  /// Work that may run at the same time as what follows. Operators use all cores already, so it runs at once.
  private mutating func fork(_ node: JIT.Node) throws {
    guard case .future(let type) = node.output.type else { throw malformed(node) }
    let code: () throws -> JIT.Code
    switch (node.attributes["Subgraph"], node.target) {
    case (.graph(let graph)?, _):
      let made = try JIT.CodeBuilder.code(of: graph, name: "<forked function>")
      code = { made }
    case (_, .function(let function)): code = { try function.code() }
    default: throw malformed(node)
    }
    compute(node) { .future(JIT.FutureObject(type, try JIT.Interpreter.run(code(), $0))) }
  }
}

extension JIT.Node.Attribute {
  fileprivate var int: Int? {
    switch self {
    case .int(let value): value
    case .value(let value): value.int
    default: nil
    }
  }
}

extension [JIT.IValue] {
  /// Element `index`, counted from the end where it is negative.
  fileprivate func element(_ index: Int) -> JIT.IValue? {
    let i = index < 0 ? index + count : index
    return indices.contains(i) ? self[i] : nil
  }

  /// Python's `[begin:end]`.
  fileprivate func slice(_ begin: Int, _ end: Int) -> [JIT.IValue] {
    let clamp = { (i: Int) in Swift.min(Swift.max(i < 0 ? i + count : i, 0), count) }
    let (first, last) = (clamp(begin), clamp(end))
    return first < last ? Array(self[first..<last]) : []
  }
}

extension JIT.IValue {
  func mismatch(_ expected: String) -> TorchError {
    TorchError(.type, "expected a value of type '\(expected)' but got one of type '\(type)'")
  }
}

extension JIT.EnumType {
  func value(of name: String) throws -> JIT.IValue {
    guard let member = members.first(where: { $0.name == name }) else {
      throw TorchError(.value, "'\(qualifiedName)' has no member '\(name)'")
    }
    return member.text.map { .string($0) } ?? member.value.map { JIT.IValue(.scalar($0)) } ?? .none
  }
}

extension Tensor {
  /// The elements as lists in lists, of which `type` says how deep they are and what is in them.
  fileprivate func nestedList(_ type: JIT.ScriptType) throws -> JIT.IValue {
    guard case .list(let element) = type else {
      guard ndim == 0 else {
        throw TorchError(.type, "Output annotation list dimension and runtime tensor dimension must match for tolist()")
      }
      return JIT.IValue(.scalar(try item()))
    }
    guard ndim > 0 else {
      throw TorchError(.type, "Output annotation list dimension and runtime tensor dimension must match for tolist()")
    }
    return .list(JIT.ListObject(element, try unbind().map { try $0.nestedList(element) }))
  }
}
