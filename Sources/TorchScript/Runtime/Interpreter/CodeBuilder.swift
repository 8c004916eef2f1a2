// From a graph to code: registers, jumps, and operands that say where a value is used last.

extension JIT {
  struct CodeBuilder {
    private let liveness: Liveness
    /// Lists that are made for an operator alone.
    private let inlined: Set<ObjectIdentifier>
    private var instructions: [Instruction] = []
    private var sources: [String?] = []
    private var constants: [IValue] = []
    private var constantIndices: [GraphValue: Int] = [:]
    private var registers: [GraphValue: Register] = [:]
    /// Loops' round numbers, which the loop itself reads too.
    private var pinned: Set<GraphValue> = []
    private var free: [Register] = []
    private var registerCount = 0
    private var source: String?

    /// - Throws: `TorchError` of kind `.notImplemented` that names a node nobody knows how to run.
    static func code(of graph: Graph, name: String) throws -> Code {
      let inlined = inlinedLists(in: graph.block)
      var builder = CodeBuilder(liveness: Liveness(graph, inlined: inlined), inlined: inlined)
      try builder.build(graph)
      return Code(
        name: name, instructions: builder.instructions, sources: builder.sources, constants: builder.constants,
        parameterCount: graph.inputs.count, registerCount: builder.registerCount)
    }

    private init(liveness: Liveness, inlined: Set<ObjectIdentifier>) {
      self.liveness = liveness
      self.inlined = inlined
    }

    private mutating func build(_ graph: Graph) throws {
      for input in graph.inputs { _ = define(input) }
      drop(liveness.unread(in: graph.block))
      try emit(graph.block)
      append(.return(operands(graph.outputs, at: graph.block)))
    }

    /// A list whose only user is an operator of the same block: operators do not keep lists.
    private static func inlinedLists(in block: Block) -> Set<ObjectIdentifier> {
      var found: Set<ObjectIdentifier> = []
      for node in block.nodes {
        for inner in node.blocks { found.formUnion(inlinedLists(in: inner)) }
        guard node.kind == "prim::ListConstruct", node.output.uses.count == 1,
          case .node(let user) = node.output.uses[0].user, case .operator = user.target, user.owningBlock === block
        else { continue }
        found.insert(ObjectIdentifier(node))
      }
      return found
    }

    // MARK: Registers

    private mutating func allocate() -> Register {
      if let register = free.popLast() { return register }
      registerCount += 1
      return registerCount - 1
    }

    private mutating func define(_ value: GraphValue) -> Register {
      let register = allocate()
      registers[value] = register
      return register
    }

    /// Registers for the results that somebody reads.
    mutating func define(_ values: [GraphValue]) -> [Register?] {
      values.map { $0.uses.isEmpty ? nil : define($0) }
    }

    private mutating func drop(_ values: [GraphValue]) {
      let list = values.filter { !pinned.contains($0) }.map { registers[$0]! }
      guard !list.isEmpty else { return }
      append(.drop(list))
      free += list
    }

    // MARK: Operands

    mutating func operand(_ value: GraphValue, at user: AnyObject) -> Operand { operands([value], at: user)[0] }

    /// Where `user` finds the values. Registers that are read for the last time become free.
    mutating func operands(_ values: [GraphValue], at user: AnyObject) -> [Operand] {
      var dying: Set<GraphValue> = []
      let reversed = values.reversed().map { value -> Operand in
        guard value.isRegister else { return .constant(constant(value)) }
        let register = registers[value]!
        // A value that is there several times leaves its register with the last of them.
        let isLast = !pinned.contains(value) && liveness.isLastUse(of: value, at: user) && dying.insert(value).inserted
        return .register(register, isLastUse: isLast)
      }
      free += dying.map { registers[$0]! }
      return reversed.reversed()
    }

    private mutating func constant(_ value: GraphValue) -> Int {
      if let index = constantIndices[value] { return index }
      constants.append(value.constant ?? .none)
      constantIndices[value] = constants.count - 1
      return constants.count - 1
    }

    // MARK: Instructions

    mutating func append(_ instruction: Instruction) {
      instructions.append(instruction)
      sources.append(source)
    }

    private mutating func emit(_ block: Block) throws {
      for node in block.nodes where node.kind != "prim::Constant" && !inlined.contains(ObjectIdentifier(node)) {
        source = node.source ?? source
        switch node.kind {
        case "prim::If": try emitIf(node)
        case "prim::Loop": try emitLoop(node)
        default: try emit(node)
        }
      }
    }

    // MARK: Control flow

    /// Runs `body`, after which all registers are free that were so before or that it has added.
    private mutating func branch(_ body: (inout CodeBuilder) throws -> Void) rethrows {
      let (before, count) = (free, registerCount)
      try body(&self)
      free = before + Array(count..<registerCount)
    }

    private mutating func emitIf(_ node: Node) throws {
      let condition = operand(node.inputs[0], at: node)
      let results = define(node.outputs)
      let start = instructions.count
      append(.jump(0))
      var ends: [Int] = []
      for (i, block) in node.blocks.enumerated() {
        try branch { builder in
          builder.drop(builder.liveness.unread(in: block))
          try builder.emit(block)
          builder.move(block.outputs, to: results, at: block)
        }
        guard i == 0 else { continue }
        ends.append(instructions.count)
        append(.jump(0))
        instructions[start] = .jumpUnless(condition, instructions.count)
      }
      for end in ends { instructions[end] = .jump(instructions.count) }
      free += liveness.endOfLife(at: node).filter { !pinned.contains($0) }.map { registers[$0]! }
    }

    private mutating func emitLoop(_ node: Node) throws {
      let body = node.blocks[0]
      let outside = liveness.endOfLife(at: node)
      let starts = operands(node.inputs, at: node)
      // The limit stays where it is for the whole loop; the other values are overwritten in each round.
      let limit = allocate()
      let round = define(body.inputs[0])
      pinned.insert(body.inputs[0])
      let isEndless = node.inputs[1].constant?.bool == true && body.outputs[0].constant?.bool == true
      let condition = isEndless ? nil : allocate()
      let carried = body.inputs.dropFirst().map { define($0) }
      constants.append(.int(0))
      append(
        .move(
          [starts[0], .constant(constants.count - 1)] + starts.dropFirst(condition == nil ? 2 : 1),
          to: [limit, round] + (condition.map { [$0] } ?? []) + carried))
      let top = instructions.count
      append(.jump(0))
      try branch { builder in
        builder.drop(builder.liveness.unread(in: body))
        try builder.emit(body)
        let outputs = condition == nil ? Array(body.outputs.dropFirst()) : body.outputs
        builder.move(outputs, to: (condition.map { [$0] } ?? []) + carried, at: body)
      }
      append(.nextRound(round, top))
      let test: Operand
      if let condition {
        test = .register(condition, isLastUse: false)
      } else {
        constants.append(.bool(true))
        test = .constant(constants.count - 1)
      }
      instructions[top] = .testLoop(
        round: round, limit: .register(limit, isLastUse: false), condition: test, end: instructions.count)
      for (register, output) in zip(carried, node.outputs) { registers[output] = register }
      drop(outside)
      let unused = zip(carried, node.outputs).filter { $1.uses.isEmpty }.map(\.0)
      if !unused.isEmpty { append(.drop(unused)) }
      free += unused + [limit, round] + (condition.map { [$0] } ?? [])
    }

    private mutating func move(_ values: [GraphValue], to results: [Register?], at user: AnyObject) {
      let pairs = zip(values, results).filter { $1 != nil }.map { ($0, $1!) }
      // What a loop carries unchanged stays where it is, even if it moves to another place as well.
      let (staying, moving) = (pairs.filter { registers[$0] == $1 }, pairs.filter { registers[$0] != $1 })
      let outer = pinned
      pinned.formUnion(staying.map(\.0))
      if !moving.isEmpty { append(.move(operands(moving.map(\.0), at: user), to: moving.map(\.1))) }
      pinned = outer
    }
  }
}

// MARK: - Calls of operators

extension JIT.CodeBuilder {
  mutating func emitOperator(_ op: AnyOperator, _ node: JIT.Node) {
    // All inputs first, those of inlined lists too: which of them is the last use is known for the node.
    var flat: [JIT.GraphValue] = []
    func collect(_ inputs: [JIT.GraphValue]) {
      for input in inputs {
        if let list = inlinedList(input) { collect(list) } else { flat.append(input) }
      }
    }
    collect(node.inputs)
    var operands = operands(flat, at: node)[...]
    func argument(_ input: JIT.GraphValue) -> (value: Value?, argument: JIT.OperatorCall.Argument) {
      guard let list = inlinedList(input) else {
        let operand = operands.removeFirst()
        return (operand.constant == nil ? nil : try? (input.constant ?? .none).boxed(), .value(operand))
      }
      let items = list.map(argument)
      let values = items.compactMap(\.value)
      return (values.count == items.count ? .list(values) : nil, .list(items.map(\.argument)))
    }
    var template: [Value] = []
    var holes: [(index: Int, argument: JIT.OperatorCall.Argument)] = []
    for (i, input) in node.inputs.enumerated() {
      let (value, argument) = argument(input)
      template.append(value ?? .none)
      if value == nil { holes.append((i, argument)) }
    }
    append(.callOperator(JIT.OperatorCall(op, template: template, holes: holes, results: define(node.outputs))))
  }

  private func inlinedList(_ value: JIT.GraphValue) -> [JIT.GraphValue]? {
    guard let maker = value.definition, inlined.contains(ObjectIdentifier(maker)) else { return nil }
    return maker.inputs
  }
}
