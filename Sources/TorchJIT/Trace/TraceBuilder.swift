// From the record of a program's runs to a graph.
//
// The first run is the program; the others tell which of its integers are sizes (Note [Sizes in traces]).

extension JIT {
  /// Builds the flat graph of a trace. Parameters and buffers are inputs of it, after those of the program.
  struct TraceBuilder {
    let graph = Graph()
    let root: TraceFrame
    /// The parameters and buffers among the graph's inputs.
    var attributes: [GraphValue: Tensor] = [:]
    /// The inputs of the program.
    var inputs: [GraphValue] = []
    let runs: [TraceRun]
    let tree: ModuleTree?
    var sizes: TraceSizes
    var values: [Int: GraphValue] = [:]
    var frame: TraceFrame
    /// For each call that was entered, the frame to go back to.
    private var entered: [TraceFrame] = []
    /// Numbers that differ between the runs and have no explanation.
    var unexplained: Set<String> = []

    /// - Parameters:
    ///   - runs: the program's run, and runs on inputs of other sizes in which it did the same.
    ///   - names: what the arguments are called.
    init(_ runs: [TraceRun], arguments: [TraceTree], names: [String], tree: ModuleTree?) throws {
      self.runs = runs
      self.tree = tree
      sizes = TraceSizes(runs)
      root = TraceFrame(tree, in: nil, scope: "", inputs: [])
      frame = root
      try addInputs(arguments, names)
      see(values.count - 1)
      try addSteps()
      try addOutput()
      addReplacedBuffers()
      graph.eliminateDeadCode()
      TraceBuilder.drop(removed: root)
      while graph.outputs.count > 1 { graph.block.removeOutput(at: graph.outputs.count - 1) }
    }

    private static func drop(removed frame: TraceFrame) {
      frame.items.removeAll { if case .node(let node) = $0 { node.owningBlock == nil } else { false } }
      for case .call(let inner) in frame.items { drop(removed: inner) }
    }

    // MARK: Steps

    private mutating func addSteps() throws {
      var i = 0
      let steps = runs[0].steps
      while i < steps.count {
        switch steps[i] {
        case .enter(let module, let inputs): enter(module, inputs)
        case .leave: frame = entered.removeLast()
        case .call(let op, let arguments, let results):
          let others = runs.dropFirst().map { run -> [TraceArgument] in
            if case .call(_, let arguments, _) = run.steps[i] { arguments } else { [] }
          }
          // `x.add_(y)` is recorded as an addition whose result is written over x.
          if i + 1 < steps.count, case .write(let target, let source, let written) = steps[i + 1],
            case .tensor(source)? = results.first, results.count == 1, case .tensor(let first)? = arguments.first,
            isSame(first, target), try addInPlace(op, arguments, others, written)
          {
            see(written)
            i += 1
          } else {
            try addCall(op, arguments, others, results)
          }
        case .write(let target, let source, let result):
          let copy = try operatorNode("aten::copy_", [tensor(target), tensor(source), constant(.bool(false))])
          values[result] = copy.addOutput(.tensor)
          add(copy)
          see(result)
        }
        i += 1
      }
    }

    mutating func see(_ number: Int) {
      sizes.see(through: number)
    }

    func isSame(_ a: Int, _ b: Int) -> Bool {
      guard a != b, let first = runs[0].values[a].tensor, let second = runs[0].values[b].tensor else { return a == b }
      return first.storageIdentity == second.storageIdentity && first.shape == second.shape
        && first.strides == second.strides && first.storageOffset == second.storageOffset && first.dtype == second.dtype
    }

    mutating func enter(_ module: nn.Module, _ inputs: [Int]) {
      entered.append(frame)
      // A module that is called from one that does not have it, or from itself, is taken as a part of the caller.
      guard let (keys, inner) = frame.tree?.path(to: module), !keys.isEmpty else { return }
      let scope = ([frame.scope] + keys).filter { !$0.isEmpty }.joined(separator: ".")
      let call = TraceFrame(inner, in: frame, scope: scope, inputs: inputs)
      call.given = inputs.compactMap { values[$0] }
      frame.items.append(.call(call))
      frame = call
    }

    // MARK: Calls

    mutating func addCall(
      _ op: AnyOperator, _ arguments: [TraceArgument], _ others: [[TraceArgument]], _ results: [TraceArgument]
    ) throws {
      let (op, arguments, others) = ScalarOverloads.choose(op, arguments, others)
      let node = try node(op, arguments, others)
      let types = Signature.cached(op).returns
      var lists: [(GraphValue, [TraceArgument])] = []
      for (result, type) in zip(results, types) {
        let output = node.addOutput(type)
        switch result {
        case .tensor(let number): values[number] = output
        case .list(let items): lists.append((output, items))
        case .plain: break
        }
      }
      add(node)
      for (list, items) in lists {
        let unpack = Node("prim::ListUnpack", [list])
        for case .tensor(let number) in items { values[number] = unpack.addOutput(.tensor) }
        add(unpack)
      }
      if let last = results.flatMap(\.tensors).max() { see(last) }
    }

    /// The call as one of the operator's in-place twin, where there is one.
    mutating func addInPlace(
      _ op: AnyOperator, _ arguments: [TraceArgument], _ others: [[TraceArgument]], _ result: Int
    ) throws -> Bool {
      let (op, arguments, others) = ScalarOverloads.choose(op, arguments, others)
      let overload = op.schema.overload.isEmpty ? "" : "." + op.schema.overload
      guard let twin = OperatorRegistry.find(op.schema.name + "_" + overload),
        twin.schema.parameters.count == op.schema.parameters.count, twin.schema.parameters.first?.isWritten == true
      else { return false }
      let node = try node(twin, arguments, others)
      values[result] = node.addOutput(.tensor)
      add(node)
      return true
    }

    mutating func node(_ op: AnyOperator, _ arguments: [TraceArgument], _ others: [[TraceArgument]]) throws -> Node {
      let signature = Signature.cached(op)
      let preferred = arguments.flatMap(\.tensors) + frame.inputs
      let inputs = try signature.parameters.enumerated().map { i, parameter in
        try value(arguments[i], others.map { $0[i] }, parameter.type, preferred, op)
      }
      if let layer = TraceBuilder.linear(op, inputs, biasRank: rank) {
        if layer.inputs.count == 2 { layer.addInput(constant(.none)) }
        return layer
      }
      return Node(op.schema.name, inputs, target: .operator(op))
    }

    /// How many dimensions a parameter, an input or a constant has.
    func rank(_ value: GraphValue) -> Int? {
      (attributes[value] ?? value.constant?.tensor)?.ndim
    }
  }
}
