// Peephole optimizations: calls that do nothing, and questions whose answers the types give.

extension JIT.Graph {
  /// Removes casts to the type a value has, transpositions that undo each other, dropout outside of training, questions
  /// for None that the types answer, and the like.
  public func peephole() {
    JIT.Peephole(aliases: JIT.AliasAnalysis(self)).run(block)
  }
}

extension JIT {
  private struct Peephole {
    let aliases: AliasAnalysis

    func run(_ block: Block) {
      for node in block.nodes {
        for inner in node.blocks { run(inner) }
        guard node.outputs.count == 1 else { continue }
        if let same = passedThrough(node) {
          node.output.replaceAllUses(with: same)
          block.remove(node)
        } else if let answer = answer(node) {
          let constant = Graph.constant(.bool(answer), .bool)
          block.insert(constant, before: node)
          node.output.replaceAllUses(with: constant.output)
          block.remove(node)
        }
      }
    }

    // MARK: Nothing done

    /// The input that the node's result is.
    private func passedThrough(_ node: Node) -> GraphValue? {
      guard let input = node.inputs.first else { return nil }
      switch node.kind {
      case "aten::dropout", "aten::alpha_dropout", "aten::feature_dropout", "aten::feature_alpha_dropout",
        "aten::dropout_", "aten::alpha_dropout_", "aten::feature_dropout_", "aten::feature_alpha_dropout_":
        return node.argument("train")?.constant?.bool == false ? input : nil
      case "aten::Int", "aten::Float", "aten::Bool", "aten::str", "aten::Complex", "prim::unchecked_cast",
        "prim::unchecked_unwrap_optional", "aten::_unwrap_optional":
        return input.type == node.output.type ? input : nil
      case "aten::t", "aten::transpose", "aten::permute": return undone(node, input)
      case "aten::contiguous", "aten::detach", "aten::relu", "aten::to":
        return isRepeated(node, input) ? input : nil
      case "aten::expand_as", "aten::type_as", "aten::view_as", "aten::reshape_as":
        return node.inputs.count == 2 && input === node.inputs[1] ? input : nil
      case "aten::__not__":
        guard let inner = input.definition, inner.kind == node.kind else { return nil }
        return inner.inputs[0]
      case "prim::If": return nil
      default: return nil
      }
    }

    /// Where a transposition comes right after its inverse, what the first one got. Nothing may write to it in between,
    /// which a view would show all the same: views of views are views of the first.
    private func undone(_ node: Node, _ input: GraphValue) -> GraphValue? {
      guard let inner = input.definition, inner.kind == node.kind, let source = inner.inputs.first else { return nil }
      switch node.kind {
      case "aten::t": return source
      case "aten::transpose":
        let (a, b) = (dims(of: node), dims(of: inner))
        guard let a, let b else { return nil }
        return a == b || a == b.reversed() ? source : nil
      default:
        guard let outer = node.inputs.dropFirst().first?.constant?.elements?.compactMap(\.int),
          let first = inner.inputs.dropFirst().first?.constant?.elements?.compactMap(\.int), outer.count == first.count
        else { return nil }
        let rank = outer.count
        let composed = outer.map { first[($0 + rank) % rank] }
        return composed.indices.allSatisfy { (composed[$0] + rank) % rank == $0 } ? source : nil
      }
    }

    private func dims(of node: Node) -> [Int]? {
      guard node.inputs.count == 3, let a = node.inputs[1].constant?.int, let b = node.inputs[2].constant?.int else {
        return nil
      }
      return [a, b]
    }

    /// Whether the same has just been done to the input: doing it again gives the same tensor.
    private func isRepeated(_ node: Node, _ input: GraphValue) -> Bool {
      guard let inner = input.definition, inner.qualifiedKind == node.qualifiedKind else { return false }
      if node.kind == "aten::to" {
        // A copy that was asked for is one.
        guard node.argument("copy")?.constant?.bool == false else { return false }
      }
      // ReLU gives new memory, which a write would tell apart.
      if node.kind == "aten::relu", aliases.isWritten(input) || aliases.isWritten(node.output) { return false }
      if node.kind == "aten::relu", aliases.escapes(input) && aliases.escapes(node.output) { return false }
      return zip(node.inputs, inner.inputs).dropFirst().allSatisfy {
        $0 === $1 || ($0.definition.flatMap(NodeKey.init) != nil && isSameConstant($0, $1))
      } && node.inputs.count == inner.inputs.count
    }

    private func isSameConstant(_ a: GraphValue, _ b: GraphValue) -> Bool {
      guard let a = a.definition, let b = b.definition, a.kind == "prim::Constant", b.kind == "prim::Constant" else {
        return false
      }
      return NodeKey(a) == NodeKey(b)
    }

    // MARK: Known answers

    /// `x is None` and `x is not None` where the type of x says it.
    private func answer(_ node: Node) -> Bool? {
      guard node.kind == "aten::__is__" || node.kind == "aten::__isnot__", node.inputs.count == 2 else { return nil }
      let types = node.inputs.map(\.type)
      guard let other = types[0] == .none ? types[1] : types[1] == .none ? types[0] : nil, let isNone = other.isNone
      else {
        return nil
      }
      return (node.kind == "aten::__is__") == isNone
    }
  }
}

extension JIT.ScriptType {
  /// Whether values of the type are None; nil where they may be.
  fileprivate var isNone: Bool? {
    switch self {
    case .none: true
    case .optional, .any, .variable: nil
    case .union(let members): members.contains(.none) ? nil : false
    default: false
    }
  }
}
