// Constant pooling: each constant once, at the top of the graph.

extension JIT.Graph {
  /// Moves all constants to the top and leaves one of each value.
  public func poolConstants() {
    let aliases = JIT.AliasAnalysis(self)
    var known: [JIT.NodeKey: JIT.GraphValue] = [:]
    var pooled: [JIT.Node] = []
    func visit(_ block: JIT.Block) {
      var doubled: [JIT.Node] = []
      for node in block.nodes {
        for inner in node.blocks { visit(inner) }
        guard node.kind == "prim::Constant" else { continue }
        // Two lists with the same elements are two lists to whoever writes to one.
        let isShared =
          !aliases.isWritten(node.output) && (node.output.type.isTensorOrPlain || !aliases.escapes(node.output))
        if isShared, let key = JIT.NodeKey(node) {
          if let first = known[key] {
            node.output.replaceAllUses(with: first)
            doubled.append(node)
            continue
          }
          known[key] = node.output
        }
        pooled.append(node)
      }
      block.remove(doubled)
    }
    visit(block)
    for node in pooled { node.owningBlock?.detach(node) }
    block.prepend(contentsOf: pooled)
  }
}

extension JIT.ScriptType {
  /// Constants of these types are the same if they are equal: numbers and text, and tensors, which are compared by
  /// identity.
  fileprivate var isTensorOrPlain: Bool { self == .tensor || !isMutable }
}
