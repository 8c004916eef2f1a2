// Dead code elimination: what nobody can notice goes.
//
// A node stays if a result of it is needed, if it has side effects (printing, raising, setting attributes, calls, random
// draws), or if it writes to memory that something needed or the outside may share.

extension JIT.Graph {
  /// Removes nodes without effect on the graph's results, and what loops and ifs carry for nothing.
  public func eliminateDeadCode() {
    var pass = JIT.DeadCode(self)
    pass.run()
  }
}

extension JIT {
  private struct DeadCode {
    let graph: Graph
    let aliases: AliasAnalysis
    private var liveNodes: Set<ObjectIdentifier> = []
    private var liveValues: Set<GraphValue> = []
    private var liveSets: Set<Int> = []
    private var changed = true

    init(_ graph: Graph) {
      self.graph = graph
      aliases = AliasAnalysis(graph)
    }

    mutating func run() {
      for output in graph.outputs { need(output) }
      while changed {
        changed = false
        mark(graph.block)
      }
      sweep(graph.block)
    }

    // MARK: Marking

    private mutating func need(_ value: GraphValue) {
      guard liveValues.insert(value).inserted else { return }
      changed = true
      if let set = aliases.set(value) { liveSets.insert(set) }
    }

    private mutating func mark(_ block: Block) {
      for node in block.nodes.reversed() { mark(node) }
    }

    private mutating func mark(_ node: Node) {
      for inner in node.blocks { mark(inner) }
      guard isNeeded(node) else { return }
      if liveNodes.insert(ObjectIdentifier(node)).inserted { changed = true }
      switch node.kind {
      case "prim::If":
        need(node.inputs[0])
        for (i, output) in node.outputs.enumerated() where liveValues.contains(output) {
          for inner in node.blocks { need(inner.outputs[i]) }
        }
      case "prim::Loop":
        let body = node.blocks[0]
        need(node.inputs[0])
        need(node.inputs[1])
        need(body.outputs[0])
        for (i, output) in node.outputs.enumerated()
        where liveValues.contains(output) || liveValues.contains(body.inputs[i + 1]) {
          need(node.inputs[i + 2])
          need(body.outputs[i + 1])
        }
      default:
        for input in node.inputs { need(input) }
        for inner in node.blocks { for output in inner.outputs { need(output) } }
      }
    }

    private func isNeeded(_ node: Node) -> Bool {
      if node.hasSideEffects || node.outputs.contains(where: liveValues.contains) { return true }
      for inner in node.blocks where inner.nodes.contains(where: { liveNodes.contains(ObjectIdentifier($0)) }) {
        return true
      }
      // A loop that runs on for ever is an effect, but nobody relies on it.
      return AliasAnalysis.writes(node).contains {
        aliases.escapes($0) || aliases.set($0).map(liveSets.contains) == true
      }
    }

    // MARK: Sweeping

    private func sweep(_ block: Block) {
      let dead = block.nodes.filter { !liveNodes.contains(ObjectIdentifier($0)) }
      for node in block.nodes where liveNodes.contains(ObjectIdentifier(node)) {
        if node.kind == "prim::If" { dropResults(ofIf: node) }
        if node.kind == "prim::Loop" { dropResults(ofLoop: node) }
        for inner in node.blocks { sweep(inner) }
      }
      // A dead node may be used by what is dead further on only.
      for node in dead { for output in node.outputs { output.uses = [] } }
      block.remove(dead)
    }

    private func dropResults(ofIf node: Node) {
      for i in node.outputs.indices.reversed() where !liveValues.contains(node.outputs[i]) {
        for inner in node.blocks { inner.removeOutput(at: i) }
        node.outputs[i].uses = []
        node.removeOutput(at: i)
      }
    }

    private func dropResults(ofLoop node: Node) {
      let body = node.blocks[0]
      for i in node.outputs.indices.reversed()
      where !liveValues.contains(node.outputs[i]) && !liveValues.contains(body.inputs[i + 1]) {
        body.removeOutput(at: i + 1)
        body.inputs[i + 1].uses = []
        body.removeInput(at: i + 1)
        node.outputs[i].uses = []
        node.removeOutput(at: i)
        node.removeInput(at: i + 2)
      }
    }
  }
}
