// Where the values of a graph are used for the last time.
//
// Known per branch: a value that one branch of an if uses and the other does not is dropped at the start of the other.
// What a loop's body uses from outside stays until the loop has ended.

extension JIT {
  struct Liveness {
    /// Nodes that are part of their only user (see `CodeBuilder.inlined`): their inputs are used where it runs.
    private let inlined: Set<ObjectIdentifier>
    /// Values that the node, or the end of the block, uses last.
    private var lastUses: [ObjectIdentifier: Set<GraphValue>] = [:]
    /// Values that nobody reads in the block, but that are there when it starts.
    private var unread: [ObjectIdentifier: [GraphValue]] = [:]
    /// Values from outside that live until the node, an if or a loop, has ended.
    private var endOfLife: [ObjectIdentifier: [GraphValue]] = [:]

    init(_ graph: Graph, inlined: Set<ObjectIdentifier>) {
      self.inlined = inlined
      var live: Set<GraphValue> = []
      use(graph.outputs, at: graph.block, &live)
      scan(graph.block, &live)
      unread[ObjectIdentifier(graph.block)] = graph.inputs.filter { !live.contains($0) }
    }

    func isLastUse(of value: GraphValue, at user: AnyObject) -> Bool {
      lastUses[ObjectIdentifier(user)]?.contains(value) ?? false
    }

    func unread(in block: Block) -> [GraphValue] { unread[ObjectIdentifier(block)] ?? [] }
    func endOfLife(at node: Node) -> [GraphValue] { endOfLife[ObjectIdentifier(node)] ?? [] }

    // MARK: Backwards through a block

    /// `live`: what is used after the block when called, what is used in it or after it on return.
    private mutating func scan(_ block: Block, _ live: inout Set<GraphValue>) {
      for node in block.nodes.reversed() where node.kind != "prim::Constant" && !inlined.contains(ObjectIdentifier(node)) {
        for output in node.outputs { live.remove(output) }
        switch node.kind {
        case "prim::If": scanIf(node, &live)
        case "prim::Loop": scanLoop(node, &live)
        default: break
        }
        use(arguments(of: node), at: node, &live)
      }
    }

    /// The inputs of the node, and those of the nodes that are part of it.
    private func arguments(of node: Node) -> [GraphValue] {
      node.inputs.flatMap { input in
        if let maker = input.definition, inlined.contains(ObjectIdentifier(maker)) { return arguments(of: maker) }
        return [input]
      }
    }

    private mutating func use(_ values: [GraphValue], at user: AnyObject, _ live: inout Set<GraphValue>) {
      let last = values.filter { $0.isRegister && !live.contains($0) }
      if !last.isEmpty { lastUses[ObjectIdentifier(user), default: []].formUnion(last) }
      live.formUnion(values.filter(\.isRegister))
    }

    private mutating func scanIf(_ node: Node, _ live: inout Set<GraphValue>) {
      let after = live
      var before: [Set<GraphValue>] = []
      for block in node.blocks {
        var inside = after
        use(zip(block.outputs, node.outputs).filter { !$1.uses.isEmpty }.map { $0.0 }, at: block, &inside)
        scan(block, &inside)
        before.append(inside)
        live.formUnion(inside)
      }
      for (block, inside) in zip(node.blocks, before) {
        unread[ObjectIdentifier(block)] = Array(live.subtracting(inside))
      }
      endOfLife[ObjectIdentifier(node)] = Array(live.subtracting(after))
    }

    private mutating func scanLoop(_ node: Node, _ live: inout Set<GraphValue>) {
      let after = live
      let body = node.blocks[0]
      // The next round reads them again.
      live.formUnion(body.valuesFromOutside)
      var inside = live
      use(body.outputs, at: body, &inside)
      scan(body, &inside)
      unread[ObjectIdentifier(body)] = body.inputs.dropFirst().filter { !inside.contains($0) }
      endOfLife[ObjectIdentifier(node)] = Array(live.subtracting(after))
    }
  }
}

extension JIT.GraphValue {
  /// Constants have no register.
  var isRegister: Bool { definition?.kind != "prim::Constant" }
}

extension JIT.Block {
  /// What the block uses and does not define, constants left out.
  fileprivate var valuesFromOutside: Set<JIT.GraphValue> {
    var used: Set<JIT.GraphValue> = []
    var defined = Set(inputs)
    for node in nodes {
      used.formUnion(node.inputs)
      for block in node.blocks { used.formUnion(block.valuesFromOutside) }
      defined.formUnion(node.outputs)
    }
    used.formUnion(outputs)
    return used.subtracting(defined).filter(\.isRegister)
  }
}
