// The inputs and outputs of a traced program, which may be tuples, lists and dictionaries.

extension JIT.TraceBuilder {
  mutating func addInputs(_ arguments: [JIT.TraceTree], _ names: [String]) throws {
    var next = 0
    var trees: [(JIT.GraphValue, JIT.TraceTree)] = []
    for (i, argument) in arguments.enumerated() where argument.holdsTensors {
      let input = graph.block.addInput(names[i], try JIT.TraceBuilder.type(of: argument))
      inputs.append(input)
      trees.append((input, argument))
    }
    for (input, argument) in trees { try unpack(input, argument, &next) }
  }

  mutating func unpack(_ value: JIT.GraphValue, _ tree: JIT.TraceTree, _ next: inout Int) throws {
    switch tree {
    case .tensor:
      values[next] = value
      next += 1
    case .tuple(let items), .list(let items):
      let isTuple = if case .tuple = tree { true } else { false }
      let node = JIT.Node(isTuple ? "prim::TupleUnpack" : "prim::ListUnpack", [value])
      for item in items { node.addOutput(try JIT.TraceBuilder.type(of: item)) }
      add(node)
      for (item, output) in zip(items, node.outputs) { try unpack(output, item, &next) }
    case .dict(let pairs):
      for (key, item) in pairs {
        let output = try add("aten::__getitem__.Dict_str", [value, constant(.string(key))], try JIT.TraceBuilder.type(of: item))
        try unpack(output, item, &next)
      }
    case .none, .number, .string: break
    case .other(let type): throw JIT.TraceBuilder.cannotBeTraced(type)
    }
  }

  static func type(of tree: JIT.TraceTree) throws -> JIT.ScriptType {
    switch tree {
    case .none: return .none
    case .tensor: return .tensor
    case .number(.int): return .int
    case .number(.double): return .float
    case .number(.bool): return .bool
    case .number(.complex): return .complex
    case .string: return .string
    case .tuple(let items): return .tuple(try items.map { try type(of: $0) })
    case .list(let items): return .list(try items.first.map { try type(of: $0) } ?? .tensor)
    case .dict(let pairs): return .dict(.string, try pairs.first.map { try type(of: $0.value) } ?? .tensor)
    case .other(let type): throw cannotBeTraced(type)
    }
  }

  static func cannotBeTraced(_ type: String) -> TorchError {
    TorchError(
      .type,
      "Type '\(type)' cannot be traced. Only Tensors and (possibly nested) Lists, Dicts, and Tuples of Tensors can be traced")
  }

  mutating func addOutput() throws {
    graph.block.addOutput(try pack(runs[0].result))
  }

  mutating func pack(_ tree: JIT.TraceTree) throws -> JIT.GraphValue {
    switch tree {
    case .none: return constant(.none)
    case .number(let number): return constant(JIT.IValue(.scalar(number)))
    case .string(let text): return constant(.string(text))
    case .tensor(let tensor):
      let number = runs[0].values.lastIndex { $0.tensor === tensor }!
      return try self.tensor(number)
    case .tuple(let items), .list(let items):
      let isTuple = if case .tuple = tree { true } else { false }
      let node = JIT.Node(isTuple ? "prim::TupleConstruct" : "prim::ListConstruct", try items.map { try pack($0) })
      node.addOutput(isTuple ? .tuple(node.inputs.map(\.type)) : .list(node.inputs.first?.type ?? .tensor))
      return add(node)
    case .dict(let pairs):
      let node = JIT.Node("prim::DictConstruct", try pairs.flatMap { [constant(.string($0.key)), try pack($0.value)] })
      node.addOutput(.dict(.string, node.inputs.last?.type ?? .tensor))
      return add(node)
    case .other(let type): throw JIT.TraceBuilder.cannotBeTraced(type)
    }
  }

  /// Buffers that the program has replaced by what it computed.
  mutating func addReplacedBuffers() {
    for tree in tree?.all ?? [] {
      for (key, slot, old) in tree.tensors {
        guard let new = slot.tensor, new !== old,
          let number = runs[0].values.lastIndex(where: { $0.tensor === new }), let value = values[number]
        else { continue }
        root.items.append(.set(tree, key, value))
        // As an output nothing takes it for dead code.
        graph.block.addOutput(value)
      }
    }
  }
}
