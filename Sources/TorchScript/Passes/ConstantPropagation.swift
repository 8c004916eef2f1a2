// Constant propagation: what depends on constants alone is computed now, and control flow that is decided goes.
//
// Folded are calls without effects whose results nothing writes to and the caller cannot reach (each call of the graph
// must give it a tensor of its own). A call that fails is left to fail when the graph runs.

extension JIT.Graph {
  /// Computes what depends on constants alone; ifs and loops with a known condition, packed and unpacked tuples and
  /// lists go too.
  public func propagateConstants() {
    // Each round may make more constant: a branch that is taken, an element that is known.
    while JIT.ConstantPropagation(aliases: JIT.AliasAnalysis(self)).run(block) {}
  }
}

extension JIT {
  private struct ConstantPropagation {
    let aliases: AliasAnalysis

    /// Whether something has changed.
    func run(_ block: Block) -> Bool {
      var changed = false
      for node in block.nodes where node.owningBlock === block {
        if fold(node, in: block) || forward(node, in: block) || decide(node, in: block) {
          changed = true
          continue
        }
        for inner in node.blocks where run(inner) { changed = true }
      }
      return changed
    }

    // MARK: Calls

    private func fold(_ node: Node, in block: Block) -> Bool {
      guard node.blocks.isEmpty, !node.outputs.isEmpty, !node.hasSideEffects, AliasAnalysis.writes(node).isEmpty,
        !node.outputs.contains(where: {
          $0.uses.isEmpty || aliases.isWritten($0) || ($0.type.isMutable && aliases.escapes($0))
        }),
        !node.inputs.contains(where: aliases.isWritten)
      else { return false }
      var arguments: [IValue] = []
      for input in node.inputs {
        guard let value = input.constant else { return false }
        if let tensor = value.tensor, tensor.requiresGrad { return false }
        arguments.append(value)
      }
      guard let results = evaluate(node, arguments), results.count == node.outputs.count,
        zip(node.outputs, results).allSatisfy({
          $1.isFoldable && size($1) <= max(1 << 20, arguments.map(size).reduce(0, +))
        })
      else { return false }
      for (output, value) in zip(node.outputs, results) {
        let constant = Graph.constant(value, output.type, name: output.name)
        constant.source = node.source
        block.insert(constant, before: node)
        output.replaceAllUses(with: constant.output)
      }
      block.remove(node)
      return true
    }

    /// Bytes of tensors.
    private func size(_ value: IValue) -> Int {
      if let tensor = value.tensor { return tensor.numel * tensor.dtype.itemSize }
      return value.elements?.map(size).reduce(0, +) ?? 0
    }

    private func evaluate(_ node: Node, _ arguments: [IValue]) -> [IValue]? {
      switch node.target {
      case .operator(let op):
        return try? torch.noGrad {
          let types = Signature.cached(op).returns
          let values = try withErrors { try op.callBoxed(try arguments.map { try $0.boxed() }) }
          return zip(values, types).map { IValue($0, $1) }
        }
      case .builtin(let builtin):
        guard let result = try? torch.noGrad({ try withErrors { try builtin.body(arguments) } }) else { return nil }
        if builtin.signature.returns.count == 1 { return [result] }
        return builtin.signature.returns.isEmpty ? [] : result.elements
      case .function: return nil
      case .none:
        switch (node.kind, node.output.type) {
        case ("prim::ListConstruct", .list(let element)): return [.list(ListObject(element, arguments))]
        case ("prim::TupleConstruct", .namedTuple(let type)): return [.tuple(TupleObject(arguments, type: type))]
        case ("prim::TupleConstruct", _): return [.tuple(arguments)]
        case ("prim::TupleUnpack", _), ("prim::ListUnpack", _): return arguments[0].elements
        default: return nil
        }
      }
    }

    // MARK: Packing and unpacking

    /// Elements of a tuple or list that is made in the graph are what was put in.
    private func forward(_ node: Node, in block: Block) -> Bool {
      guard let packed = node.inputs.first, let maker = packed.definition,
        maker.kind == "prim::TupleConstruct" || (maker.kind == "prim::ListConstruct" && !isListWritten(packed))
      else { return false }
      let elements = maker.inputs
      func element(_ index: GraphValue?) -> GraphValue? {
        guard let index = index?.constant?.int else { return nil }
        let i = index < 0 ? index + elements.count : index
        return elements.indices.contains(i) ? elements[i] : nil
      }
      let replacements: [GraphValue]
      switch node.qualifiedKind {
      case "prim::TupleUnpack", "prim::ListUnpack":
        guard node.outputs.count == elements.count else { return false }
        replacements = elements
      case "prim::TupleIndex", "aten::__getitem__.t":
        guard let value = element(node.inputs.dropFirst().first) else { return false }
        replacements = [value]
      case "aten::len.t":
        let constant = Graph.constant(.int(elements.count), .int)
        block.insert(constant, before: node)
        replacements = [constant.output]
      default: return false
      }
      for (output, value) in zip(node.outputs, replacements) where !value.type.isSubtype(of: output.type) {
        return false
      }
      for (output, value) in zip(node.outputs, replacements) { output.replaceAllUses(with: value) }
      block.remove(node)
      return true
    }

    /// Whether somebody else than operators and readers of elements gets the list: it may grow or change then.
    private func isListWritten(_ list: GraphValue) -> Bool {
      list.uses.contains { use in
        guard case .node(let node) = use.user else { return true }
        if case .operator = node.target { return false }
        return !["prim::ListUnpack", "aten::__getitem__.t", "aten::len.t"].contains(node.qualifiedKind)
      }
    }

    // MARK: Control flow

    private func decide(_ node: Node, in block: Block) -> Bool {
      switch node.kind {
      case "prim::If":
        guard let condition = node.inputs[0].constant?.bool else { return shareResults(ofIf: node) }
        let taken = node.blocks[condition ? 0 : 1]
        for (output, value) in zip(node.outputs, taken.outputs) { output.replaceAllUses(with: value) }
        block.insert(taken.detachAll(), before: node)
        block.remove(node)
        return true
      case "prim::Loop":
        let never = node.inputs[0].constant?.int.map { $0 <= 0 } == true || node.inputs[1].constant?.bool == false
        guard never else { return false }
        for (i, output) in node.outputs.enumerated() { output.replaceAllUses(with: node.inputs[i + 2]) }
        block.remove(node)
        return true
      default: return false
      }
    }

    /// A result that both branches give is that value.
    private func shareResults(ofIf node: Node) -> Bool {
      var changed = false
      for (i, output) in node.outputs.enumerated() where !output.uses.isEmpty {
        let (a, b) = (node.blocks[0].outputs[i], node.blocks[1].outputs[i])
        guard a === b else { continue }
        output.replaceAllUses(with: a)
        changed = true
      }
      return changed
    }
  }
}

extension JIT.IValue {
  /// Whether a constant can hold it: values, and lists and tuples of values.
  var isFoldable: Bool {
    switch self {
    case .none, .int, .double, .bool, .complex, .string, .device, .enumeration, .function: true
    case .tensor(let tensor): !tensor.requiresGrad
    case .list(let list): list.items.allSatisfy(\.isFoldable)
    case .tuple(let tuple): tuple.items.allSatisfy(\.isFoldable)
    case .quantized, .generator, .dict, .object, .future: false
    }
  }
}
