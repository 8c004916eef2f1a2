// `if`, loops, and the values of variables where paths meet.

extension JIT.Emitter {
  /// An `if`. The statements after it are done here too, in the branch that goes on, where the other one leaves.
  func conditional(
    _ test: Syntax.Expression, _ then: [Syntax.Statement], _ otherwise: [Syntax.Statement], _ rest: ArraySlice<Step>,
    _ position: Syntax.Position
  ) throws -> (Flow, isRestDone: Bool) {
    let condition = try self.condition(test)
    if let fixed = condition.fixed {
      // The other branch may not even make sense.
      try refine(fixed ? condition.whenTrue : condition.whenFalse)
      let chosen = (fixed ? then : otherwise).map { Step.statement($0) }
      return (try emit((chosen + rest)[...]), true)
    }
    let (thenFlow, otherwiseFlow) = (then.flow, otherwise.flow)
    let nests = (thenFlow.leaves || otherwiseFlow.leaves) && thenFlow.falls != otherwiseFlow.falls
    func branch(_ statements: [Syntax.Statement], _ flow: Flow, _ refinements: [Refinement]) throws -> Flow {
      try refine(refinements)
      let steps = statements.map { Step.statement($0) }
      return try emit((nests && flow.falls ? steps + [.continuation] + rest : steps)[...])
    }
    let flow = try branches(
      condition.value, position, { try branch(then, thenFlow, condition.whenTrue) },
      { try branch(otherwise, otherwiseFlow, condition.whenFalse) })
    return (flow, nests || !flow.falls)
  }

  /// A `prim::If` whose branches are what `then` and `otherwise` emit, and the variables that they change.
  func branches(
    _ condition: GraphValue, _ position: Syntax.Position, _ then: @escaping () throws -> Flow,
    _ otherwise: @escaping () throws -> Flow
  ) throws -> Flow {
    self.position = position
    let node = add(Node("prim::If", [condition]))
    let (outerBlock, outerFrame) = (block, frame)
    var frames: [Frame] = []
    var flows: [Flow] = []
    for body in [then, otherwise] {
      block = node.addBlock()
      frame = Frame(outerFrame)
      flows.append(try body())
      frames.append(frame)
    }
    (block, frame) = (outerBlock, outerFrame)
    self.position = position
    try join(node, frames, flows, position)
    return flows[0].joined(flows[1])
  }

  private func join(_ node: Node, _ frames: [Frame], _ flows: [Flow], _ position: Syntax.Position) throws {
    let joint = flows[0].joined(flows[1])
    var names = frames[0].order
    names += frames[1].order.filter { !names.contains($0) }
    if joint.falls, joint.leaves {
      let flags = zip(frames, flows).map { frame, flow -> GraphValue in
        if flow.falls, flow.leaves, case .value(let value)? = frame.find("$left") { return value }
        return constant(!flow.falls && flow.leaves)
      }
      setResult("$left", node, flags, .bool)
    }
    for name in names where name != "$left" {
      try join(name, node, frames, flows, joint, position)
    }
  }

  private func join(
    _ name: String, _ node: Node, _ frames: [Frame], _ flows: [Flow], _ joint: Flow, _ position: Syntax.Position
  ) throws {
    let outside = frame.find(name)
    let meanings = frames.map { $0[name] ?? outside }
    if name == "$stop" || name == "$returned" {
      let values = meanings.map { meaning -> GraphValue in
        if case .value(let value)? = meaning { value } else { constant(false) }
      }
      return setResult(name, node, values, .bool)
    }
    // What only one branch can tell is known after it where the other does not get there.
    if !joint.falls, outside == nil, !name.hasPrefix("$") { return }
    var values = meanings.map { meaning -> GraphValue? in
      if case .value(let value)? = meaning { value } else { nil }
    }
    if values.allSatisfy({ $0 == nil }) {
      // Functions, types and the like.
      if let only = flows.indices.first(where: { flows[$0].falls && !flows[1 - $0].falls }),
        let meaning = frames[only][name]
      {
        frame[name] = meaning
      }
      return
    }
    // A test alone: what it has told of the path that goes on is still known, and no more than that.
    if frames.allSatisfy({ $0[name] == nil || $0.refined.contains(name) }), case .value(let outer)? = outside {
      let known = flows.indices.filter { flows[$0].falls }.compactMap { values[$0]?.type }
      if let first = known.first, first != outer.type, known.allSatisfy({ $0 == first }) {
        frame[name] = .value(cast(outer, to: first))
        frame.refined.insert(name)
      }
      return
    }
    // What a path that ends here has made of it, nobody sees.
    for i in 0..<2 where !flows[i].falls && (!flows[i].leaves || loopDepth == 0) && name != "$value" { values[i] = nil }
    if values.allSatisfy({ $0 == nil }) { return }
    let labels = ["true", "false"]
    for i in 0..<2 where values[i] == nil {
      let other = values[1 - i]!
      guard !flows[i].falls || name == "$value" else {
        frame.failures[name] = position.error("\(name) is not defined in the \(labels[i]) branch").message
        return
      }
      values[i] = uninitialized(other.type)
      if name == "$value" { awaitingReturnType.append(values[i]!) }
    }
    let (a, b) = (values[0]!, values[1]!)
    if a === b {
      if case .value(let outer)? = outside, outer === a { return }
      frame[name] = .value(a)
      return
    }
    let wanted: ScriptType? = if case .value(let outer)? = outside { outer.type } else { nil }
    if name == "$value" {
      setResult(name, node, [a, b], returnType ?? a.type)
      if case .value(let value)? = frame[name] { awaitingReturnType.append(value) }
      return
    }
    if let type = a.type.unified(with: b.type) ?? (a.type.isUnknown || b.type.isUnknown ? .unknown : nil) {
      setResult(name, node, [a, b], type)
      return
    }
    // A branch that does not get here has no say, unless the variable lives on outside of a loop.
    for i in 0..<2 where !flows[i].falls {
      let type = values[1 - i]!.type
      if !flows[1 - i].falls, let wanted, wanted != type { continue }
      var both = [a, b]
      both[i] = uninitialized(type)
      return setResult(name, node, both, type)
    }
    frame.failures[name] =
      position.error(
        "Type mismatch: \(name) is set to type \(a.type) in the true branch and type \(b.type) in the false branch"
      ).message
    frame.remove(name)
  }

  /// Makes `values` of the two branches a result of the node, and the variable's value.
  private func setResult(_ name: String, _ node: Node, _ values: [GraphValue], _ type: ScriptType) {
    if values[0] === values[1] {
      frame[name] = .value(values[0])
      return
    }
    for (inner, value) in zip(node.blocks, values) { inner.addOutput(value) }
    frame[name] = .value(node.addOutput(type, name: name.hasPrefix("$") ? "" : name))
  }

  // MARK: Loops

  func loop(while test: Syntax.Expression, _ body: [Syntax.Statement], _ position: Syntax.Position) throws -> Flow {
    let first = try condition(test)
    let count = constant(Int.max)
    return try loop(
      count, first.value, body, [], position,
      start: { _ in try self.refine(first.whenTrue) },
      again: { try self.condition(test).value })
  }

  /// Emits a loop over what `iterable` gives. Over what is known one by one it is unrolled into `rest`, and nil is returned.
  func loop(
    over iterable: Syntax.Expression, _ target: Syntax.Expression, _ body: [Syntax.Statement],
    _ position: Syntax.Position,
    _ rest: inout ArraySlice<Step>
  ) throws -> Flow? {
    let items = try self.iterable(try meaning(iterable), iterable.position)
    if let fixed = try fixedItems(items) {
      unrolledDepth += 1
      let rounds = fixed.flatMap { [Step.assign(target, $0)] + body.map { .statement($0) } }
      rest = (rounds + [.endOfUnrolled] + rest)[...]
      return nil
    }
    var names: [String] = []
    Syntax.Statement(.for(target: target, iterable: iterable, body: []), position).collectAssigned(&names)
    let count = try length(of: items)
    self.position = position
    return try loop(
      count, constant(true), body, names, position,
      start: { index in try self.assign(target, try self.item(of: items, at: index)) }, again: nil)
  }

  /// A `prim::Loop`: `start` begins a round, `again` tells at its end whether there is another.
  func loop(
    _ count: GraphValue, _ first: GraphValue, _ body: [Syntax.Statement], _ targets: [String],
    _ position: Syntax.Position, start: (GraphValue) throws -> Void, again: (() throws -> GraphValue)?
  ) throws -> Flow {
    var names = targets
    body.forEach { $0.collectAssigned(&names) }
    var carried = names.compactMap { name -> (name: String, value: GraphValue)? in
      if case .value(let value)? = frame.find(name) { (name, value) } else { nil }
    }
    let returns = body.contains { $0.returns }
    if returns {
      carried.append(("$returned", constant(false)))
      let value = uninitialized(returnType ?? .none)
      awaitingReturnType.append(value)
      carried.append(("$value", value))
    }
    self.position = position
    let node = add(Node("prim::Loop", [count, first] + carried.map(\.value)))
    let (outerBlock, outerFrame, outerUnrolled) = (block, frame, unrolledDepth)
    block = node.addBlock()
    frame = Frame(outerFrame)
    loopDepth += 1
    unrolledDepth = 0
    let index = block.addInput("", .int)
    for (name, value) in carried {
      let input = block.addInput(name.hasPrefix("$") ? "" : name, value.type)
      if name == "$value" { awaitingReturnType.append(input) }
      frame[name] = .value(input)
    }
    // Those are variables of the source around, whose types the body has to keep.
    frame["$stop"] = .value(constant(false))
    let inner = Frame(frame)
    frame = inner
    try start(index)
    let flow = try emit(body)
    self.position = position
    let next = try nextRound(flow, again, position)
    block.addOutput(next)
    for (i, (name, _)) in carried.enumerated() {
      guard case .value(let value)? = frame.find(name) else { preconditionFailure("a carried variable has a value") }
      let input = block.inputs[i + 1]
      guard name == "$value" || value.type.isSubtype(of: input.type) || value.type.isUnknown || input.type.isUnknown
      else {
        throw position.error(
          "Variable '\(name)' previously had type \(input.type) but is now being assigned to a value of type \(value.type)"
        )
      }
      block.addOutput(value)
    }
    (block, frame, unrolledDepth) = (outerBlock, outerFrame, outerUnrolled)
    loopDepth -= 1
    finish(node, carried)
    guard returns else { return .next }
    if case .value(let returned)? = frame["$returned"] { frame["$left"] = .value(returned) }
    if loopDepth > 0 { try stopAfterReturn() }
    return Flow(falls: true, leaves: true)
  }

  /// A loop that has returned ends the loop around it.
  private func stopAfterReturn() throws {
    guard case .value(let returned)? = frame["$returned"] else { return }
    frame["$stop"] = .value(returned)
  }

  private func nextRound(
    _ flow: Flow, _ again: (() throws -> GraphValue)?, _ position: Syntax.Position
  ) throws -> GraphValue {
    guard case .value(let stop)? = frame.find("$stop") else { preconditionFailure("a loop knows whether it ends") }
    if let isStopped = stop.constant?.bool {
      if isStopped { return constant(false) }
      return try again?() ?? constant(true)
    }
    guard let again else { return try callOperators("aten::__not__", [.init(stop)], at: position) }
    // The test is not made any more where the loop has been left.
    let node = add(Node("prim::If", [stop]))
    node.addBlock().addOutput(constant(false))
    let outer = block
    block = node.addBlock()
    let value = try again()
    block.addOutput(value)
    block = outer
    return node.addOutput(.bool)
  }

  /// Takes out what the loop carries without changing it, and sets the variables to what it has made of them.
  private func finish(_ node: Node, _ carried: [(name: String, value: GraphValue)]) {
    let body = node.blocks[0]
    for (i, (name, value)) in carried.enumerated() {
      let output = node.addOutput(body.inputs[i + 1].type, name: name.hasPrefix("$") ? "" : name)
      if name == "$value" { awaitingReturnType.append(output) }
      if body.outputs[i + 1] !== body.inputs[i + 1] { frame[name] = .value(output) } else { _ = value }
    }
    for i in carried.indices.reversed() where body.outputs[i + 1] === body.inputs[i + 1] {
      body.removeOutput(at: i + 1)
      body.inputs[i + 1].replaceAllUses(with: carried[i].value)
      body.removeInput(at: i + 1)
      node.removeOutput(at: i)
      node.removeInput(at: i + 2)
    }
  }
}
