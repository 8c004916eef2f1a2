// The rules that every graph keeps, for the tests of passes and for graphs made by hand.

extension JIT.Graph {
  /// Checks that each value is defined before it is used, that uses and definitions agree, and that operators get
  /// what their schemas ask for.
  /// - Throws: `TorchError` of kind `.state` that names the first node that breaks a rule.
  public func check() throws {
    try JIT.GraphCheck().check(block, visible: [])
  }
}

extension JIT {
  private struct GraphCheck {
    func check(_ block: Block, visible outer: Set<GraphValue>) throws {
      var visible = outer
      for input in block.inputs {
        try require(input.parameterOf === block && input.definition == nil, "an input of a block has another owner")
        try checkUses(of: input)
        visible.insert(input)
      }
      for node in block.nodes {
        try require(node.owningBlock === block, "\(node.kind) does not know its block")
        for (i, input) in node.inputs.enumerated() {
          try require(visible.contains(input), "input \(i) of \(describe(node)) is not defined before it")
          try require(
            input.uses.contains { $0.isNode(node) && $0.index == i }, "input \(i) of \(describe(node)) misses its use")
        }
        try checkArguments(of: node)
        for inner in node.blocks {
          try require(inner.owner === node, "a block of \(describe(node)) has another owner")
          try check(inner, visible: visible)
        }
        try checkControlFlow(node)
        for output in node.outputs {
          try require(output.definition === node, "a result of \(describe(node)) has another definition")
          try require(visible.insert(output).inserted, "a result of \(describe(node)) is defined twice")
          try checkUses(of: output)
        }
      }
      for (i, output) in block.outputs.enumerated() {
        try require(visible.contains(output), "result \(i) of a block is not defined in it")
        try require(
          output.uses.contains { $0.isBlock(block) && $0.index == i }, "result \(i) of a block misses its use")
      }
    }

    private func checkUses(of value: GraphValue) throws {
      for use in value.uses {
        switch use.user {
        case .node(let node):
          try require(
            use.index < node.inputs.count && node.inputs[use.index] === value && node.owningBlock != nil,
            "%\(value.name) has a use by \(node.kind) that is gone")
        case .block(let block):
          try require(
            use.index < block.outputs.count && block.outputs[use.index] === value,
            "%\(value.name) is no longer a result")
        }
      }
    }

    private func checkArguments(of node: Node) throws {
      guard let signature = node.signature else { return }
      try require(
        node.inputs.count == signature.parameters.count
          || (signature.isVariadic && node.inputs.count > signature.parameters.count),
        "\(describe(node)) has \(node.inputs.count) inputs for \(signature.parameters.count) parameters")
      for (input, parameter) in zip(node.inputs, signature.parameters) {
        var variables: [String: ScriptType] = [:]
        try require(
          input.type.matches(parameter.type, &variables),
          "\(describe(node)): '\(parameter.name)' is \(parameter.type), but gets \(input.type)")
      }
    }

    private func checkControlFlow(_ node: Node) throws {
      switch node.kind {
      case "prim::If":
        try require(node.inputs.count == 1 && node.inputs[0].type == .bool, "prim::If takes one bool")
        try require(node.blocks.count == 2, "prim::If has two blocks")
        for block in node.blocks {
          try require(
            block.inputs.isEmpty && block.outputs.count == node.outputs.count, "a branch has other results than its if")
          for (value, output) in zip(block.outputs, node.outputs) {
            try require(
              value.type.isSubtype(of: output.type), "a branch gives \(value.type) for a result of type \(output.type)")
          }
        }
      case "prim::Loop":
        try require(
          node.blocks.count == 1 && node.inputs.count >= 2 && node.inputs[0].type == .int
            && node.inputs[1].type == .bool,
          "prim::Loop takes an int, a bool and what it carries, and has one block")
        let carried = node.inputs.count - 2
        try require(
          node.outputs.count == carried && node.blocks[0].inputs.count == carried + 1
            && node.blocks[0].outputs.count == carried + 1, "a loop's block carries something else than the loop")
      default: break
      }
    }

    private func describe(_ node: Node) -> String { node.source.map { "\(node.kind) (\($0))" } ?? node.kind }

    private func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
      if !condition { throw TorchError(.state, "invalid graph: \(message())") }
    }
  }
}

extension JIT.Node {
  /// The parameters of the operator or builtin that it calls.
  var signature: JIT.Signature? {
    switch target {
    case .operator(let op): JIT.Signature.cached(op)
    case .builtin(let builtin): builtin.signature
    case .function, .none: nil
    }
  }
}
