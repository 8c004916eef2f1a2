// Which values of a graph may share memory, and what is written to.
//
// Values that may share memory, as elements of one another too, are in one set; sets only grow (Steensgaard 1996). It
// tells less than it could and never too little. One set is the outside: what the caller or other functions can reach.
// Attributes of modules have a set each, because a model's parameters are not its inputs.

extension JIT {
  /// The memory that values of a graph share.
  struct AliasAnalysis {
    private var numbers: [GraphValue: Int] = [:]
    private var parents: [Int] = []
    private var attributes: [String: Int] = [:]
    private var written: Set<Int> = []
    private var returned: Set<Int> = []
    /// Names of attributes that the graph sets.
    let setAttributes: Set<String>
    /// Whether there are calls of functions that the analysis does not look into.
    let hasCalls: Bool
    private let place: (Node) -> String?

    /// - Parameter place: Names the memory of the attribute that a `prim::GetAttr` reads; the same for two that may share
    ///   it. Nil where it is not known. Left out, all attributes may share memory.
    init(_ graph: Graph, place: ((Node) -> String?)? = nil) {
      self.place = place ?? { _ in "" }
      outside = 0
      parents = [0]
      let all = graph.allNodes
      setAttributes = Set(all.filter { $0.kind == "prim::SetAttr" }.compactMap(\.attributeName))
      hasCalls = all.contains(where: \.isCall)
      for input in graph.inputs where input.type.isMutable { join(number(input), outside) }
      visit(graph.block)
      // A set that was joined into another counts there.
      written = Set(written.map { find($0) })
      returned = Set(graph.outputs.filter(\.type.isMutable).map { find(number($0)) })
    }

    // MARK: Questions

    func mayAlias(_ a: GraphValue, _ b: GraphValue) -> Bool {
      guard let a = set(a), let b = set(b) else { return false }
      return a == b
    }

    /// Whether any node of the graph writes to memory that `value` may share.
    func isWritten(_ value: GraphValue) -> Bool { set(value).map(written.contains) ?? false }

    /// Whether the memory can be reached from outside of the graph, now or once it has returned.
    func escapes(_ value: GraphValue) -> Bool {
      guard let set = set(value) else { return false }
      return set == root(outside) || returned.contains(set) || attributes.values.contains { root($0) == set }
    }

    /// The set of a value of mutable type, as a number.
    func set(_ value: GraphValue) -> Int? { numbers[value].map(root) }

    /// Whether `node` writes, and the values whose memory it writes to.
    static func writes(_ node: Node) -> [GraphValue] {
      switch node.target {
      case .operator(let op):
        let effects = OperatorEffects.of(op)
        if node.argument("training")?.constant?.bool == false
          || node.argument("use_input_stats")?.constant?.bool == false
        {
          return op.schema.parameters.indices.filter { op.schema.parameters[$0].isWritten }.map { node.inputs[$0] }
        }
        return effects.written.filter { $0 < node.inputs.count }.map { node.inputs[$0] }
      case .builtin(let builtin):
        if builtin.isPure { return [] }
        let list = zip(builtin.schema.parameters, node.inputs).filter { $0.0.isWritten }.map(\.1)
        return list.isEmpty ? node.inputs.filter(\.type.isMutable) : list
      case .function, .none: return []
      }
    }

    // MARK: Sets

    private let outside: Int

    private func root(_ i: Int) -> Int {
      var i = i
      while parents[i] != i { i = parents[i] }
      return i
    }

    private mutating func find(_ i: Int) -> Int {
      var i = i
      while parents[i] != i {
        parents[i] = parents[parents[i]]
        i = parents[i]
      }
      return i
    }

    private mutating func join(_ a: Int, _ b: Int) {
      let (a, b) = (find(a), find(b))
      if a != b { parents[max(a, b)] = min(a, b) }
    }

    private mutating func number(_ value: GraphValue) -> Int {
      if let number = numbers[value] { return number }
      parents.append(parents.count)
      numbers[value] = parents.count - 1
      return parents.count - 1
    }

    /// Puts all values of mutable types into one set.
    private mutating func join(_ values: [GraphValue]) {
      let mutable = values.filter(\.type.isMutable)
      guard let first = mutable.first else { return }
      for other in mutable.dropFirst() { join(number(first), number(other)) }
    }

    // MARK: Nodes

    private mutating func visit(_ block: Block) {
      for input in block.inputs where input.type.isMutable { _ = number(input) }
      for node in block.nodes { visit(node) }
    }

    private mutating func visit(_ node: Node) {
      for output in node.outputs where output.type.isMutable { _ = number(output) }
      for value in AliasAnalysis.writes(node) where value.type.isMutable { written.insert(number(value)) }
      switch node.target {
      case .operator(let op):
        join(OperatorEffects.of(op).shared.filter { $0 < node.inputs.count }.map { node.inputs[$0] } + node.outputs)
      case .builtin:
        // An element of a list comes out of it or goes into it.
        join(node.inputs + node.outputs)
      case .function: escape(node)
      case .none: visitControl(node)
      }
    }

    private mutating func visitControl(_ node: Node) {
      switch node.kind {
      case "prim::Constant": break
      case "prim::If":
        for block in node.blocks {
          visit(block)
          for (value, output) in zip(block.outputs, node.outputs) { join([value, output]) }
        }
      case "prim::Loop":
        let body = node.blocks[0]
        for (i, output) in node.outputs.enumerated() {
          join([node.inputs[i + 2], body.inputs[i + 1], body.outputs[i + 1], output])
        }
        visit(body)
      case "prim::GetAttr":
        guard node.output.type.isMutable else { return }
        let isSet = hasCalls || setAttributes.contains(node.attributeName ?? "")
        guard !isSet, let key = place(node) else { return join(number(node.output), outside) }
        if let known = attributes[key] {
          join(number(node.output), known)
        } else {
          attributes[key] = number(node.output)
        }
      case "prim::SetAttr":
        for value in node.inputs.dropFirst() where value.type.isMutable { join(number(value), outside) }
      default:
        if node.isCall { return escape(node) }
        join(node.inputs + node.outputs)
        for block in node.blocks { visit(block) }
      }
    }

    /// A call may keep and write whatever it gets.
    private mutating func escape(_ node: Node) {
      for value in node.inputs + node.outputs where value.type.isMutable && !value.type.isModule {
        join(number(value), outside)
      }
      written.insert(outside)
    }
  }
}

extension JIT.Node {
  /// Whether it runs code that the graph does not show.
  var isCall: Bool {
    if case .function = target { return true }
    return ["prim::CallMethod", "prim::CallFunction", "prim::fork", "aten::wait"].contains(kind)
  }
}

extension JIT.Graph {
  /// All nodes, those of inner blocks after the node whose blocks they are.
  package var allNodes: [JIT.Node] { block.allNodes }
}

extension JIT.Block {
  package var allNodes: [JIT.Node] { nodes.flatMap { [$0] + $0.blocks.flatMap(\.allNodes) } }
}

extension JIT.ScriptType {
  /// Whether values of this type can be written to.
  var isMutable: Bool {
    switch self {
    case .tensor, .list, .dict, .object, .interface, .future, .any, .storage, .variable: true
    case .optional(let wrapped): wrapped.isMutable
    case .tuple(let elements), .union(let elements): elements.contains(where: \.isMutable)
    case .namedTuple(let type): type.fields.contains { $0.type.isMutable }
    case .int, .float, .complex, .bool, .string, .none, .device, .generator, .number, .enumeration, .function: false
    }
  }

  var isModule: Bool {
    switch self {
    case .object(let type): type.isModule
    case .interface(let type): type.isModule
    default: false
    }
  }
}
