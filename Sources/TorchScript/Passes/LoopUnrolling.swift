// Loop unrolling: small loops with a known number of rounds become their rounds.

extension JIT.Graph {
  /// Unrolls loops that run a constant number of rounds, at most `rounds`, with at most `nodes` nodes in all.
  ///
  /// Only loops that always go on until their count is reached: a `for` without `break`.
  public func unrollLoops(rounds: Int = 8, nodes: Int = 128) {
    JIT.LoopUnrolling(rounds: rounds, nodes: nodes).run(block)
  }
}

extension JIT {
  private struct LoopUnrolling {
    let rounds: Int
    let nodes: Int

    func run(_ block: Block) {
      for node in block.nodes {
        for inner in node.blocks { run(inner) }
        if node.kind == "prim::Loop" { unroll(node, in: block) }
      }
    }

    private func unroll(_ node: Node, in block: Block) {
      let body = node.blocks[0]
      guard let count = node.inputs[0].constant?.int, (1...rounds).contains(count),
        node.inputs[1].constant?.bool == true, body.outputs[0].constant?.bool == true,
        body.allNodes.count * count <= nodes
      else { return }
      var carried = Array(node.inputs.dropFirst(2))
      for round in 0..<count {
        let number = Graph.constant(.int(round), .int)
        block.insert(number, before: node)
        var map: [GraphValue: GraphValue] = [body.inputs[0]: number.output]
        for (input, value) in zip(body.inputs.dropFirst(), carried) { map[input] = value }
        block.insert(body.copyNodes(&map), before: node)
        carried = body.outputs.dropFirst().map { map[$0] ?? $0 }
      }
      for (output, value) in zip(node.outputs, carried) { output.replaceAllUses(with: value) }
      block.remove(node)
    }
  }
}
