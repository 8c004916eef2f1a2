// Copies of graphs and of their parts.

extension JIT.Graph {
  /// A graph of the same nodes, which shares nothing that can change with this one.
  public func copy() -> JIT.Graph {
    let copy = JIT.Graph()
    var map: [JIT.GraphValue: JIT.GraphValue] = [:]
    for input in inputs { map[input] = copy.block.addInput(input.name, input.type) }
    copy.block.append(contentsOf: block.copyNodes(&map))
    for output in outputs { copy.block.addOutput(map[output]!) }
    return copy
  }
}

extension JIT.Block {
  /// Copies of all nodes, without a place yet. `map` has a value for each input of the block and for whatever else
  /// shall be replaced; values that are not in it are used as they are. Results are added to it.
  func copyNodes(_ map: inout [JIT.GraphValue: JIT.GraphValue]) -> [JIT.Node] {
    nodes.map { $0.copy(&map) }
  }
}

extension JIT.Node {
  /// A copy of the node and its blocks, without a place yet; `map` as in `Block.copyNodes`.
  package func copy(_ map: inout [JIT.GraphValue: JIT.GraphValue]) -> JIT.Node {
    let copy = JIT.Node(kind, inputs.map { map[$0] ?? $0 }, target: target)
    copy.attributes = attributes.mapValues {
      if case .graph(let graph) = $0 { .graph(graph.copy()) } else { $0 }
    }
    copy.source = source
    copy.scope = scope
    for output in outputs { map[output] = copy.addOutput(output.type, name: output.name) }
    for block in blocks {
      let inner = copy.addBlock()
      for input in block.inputs { map[input] = inner.addInput(input.name, input.type) }
      inner.append(contentsOf: block.copyNodes(&map))
      for output in block.outputs { inner.addOutput(map[output] ?? output) }
    }
    return copy
  }
}
