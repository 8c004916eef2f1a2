// The values of a trace's graph: of tensors, constants, and integers that are sizes.

extension JIT.TraceBuilder {
  /// The value of an argument; `others` are those of the other runs.
  mutating func value(
    _ argument: JIT.TraceArgument, _ others: [JIT.TraceArgument], _ type: JIT.ScriptType, _ preferred: [Int], _ op: AnyOperator
  ) throws -> JIT.GraphValue {
    switch argument {
    case .tensor(let number): return try tensor(number)
    case .list(let items):
      let element: JIT.ScriptType = if case .list(let element) = type.withoutOptional { element } else { .any }
      let inputs = try items.enumerated().map { i, item in
        let same = others.compactMap { if case .list(let items) = $0, i < items.count { items[i] } else { nil } }
        return try value(item, same, element, preferred, op)
      }
      let node = JIT.Node("prim::ListConstruct", inputs)
      node.addOutput(.list(element == .number ? inputs.first?.type ?? .int : element))
      return add(node)
    case .plain(.tensor(let number)):
      // A number that stands for a tensor, and no overload takes it as a number.
      return constant(.tensor(number.to(number.dtype == .float64 ? .default : number.dtype)))
    case .plain(.generator(let generator)):
      guard generator === Generator.default else {
        throw TorchError(.state, "\(op.name) with a generator of its own cannot be traced; only the default generator can")
      }
      return constant(.none)
    case .plain(let value): return try plain(value, others, type, preferred, op)
    }
  }

  mutating func plain(
    _ value: Value, _ others: [JIT.TraceArgument], _ type: JIT.ScriptType, _ preferred: [Int], _ op: AnyOperator
  ) throws -> JIT.GraphValue {
    let all = [value] + others.compactMap { if case .plain(let other) = $0 { other } else { nil } }
    let numbers = all.compactMap { if case .scalar(let number) = $0 { number } else { nil } }
    if numbers.count == all.count, case .scalar(let first) = value {
      if case .int = first, type.withoutOptional != .float {
        let vector = numbers.map(\.intValue)
        if vector.contains(where: { $0 != vector[0] }) {
          if let found = sizes.solve(vector) { return try size(found, vector, preferred) }
          explain("\(vector[0])", op)
        }
      } else if case .double = first {
        let vector = numbers.map(\.doubleValue)
        if vector.contains(where: { $0 != vector[0] }) {
          if let found = sizes.solve(vector) { return try float(found, preferred) }
          explain("\(vector[0])", op)
        }
      }
      if type.withoutOptional == .float { return constant(.double(first.doubleValue)) }
    }
    return constant(JIT.IValue(value, type))
  }

  mutating func explain(_ number: String, _ op: AnyOperator) {
    guard unexplained.insert("\(number) \(op.name)").inserted else { return }
    torch.warn(
      "The number \(number), which \(op.name) is called with, depends on the sizes of the inputs in a way that could not be found, so the trace holds it as a constant. This means that the trace might not generalize to inputs of other sizes!",
      .tracer)
  }

  // MARK: Values

  /// The value of a tensor.
  mutating func tensor(_ number: Int) throws -> JIT.GraphValue {
    if let known = values[number] { return known }
    let seen = runs[0].values[number]
    guard let tensor = seen.tensor else { preconditionFailure("a traced tensor was let go of") }
    if seen.origin == .attribute {
      let keys = tree?.path(to: tensor) ?? []
      let input = graph.block.addInput(keys.joined(separator: "."), .tensor)
      attributes[input] = tensor
      values[number] = input
      return input
    }
    guard !tensor.requiresGrad else {
      throw TorchError(
        .state,
        "Cannot insert a Tensor that requires grad as a constant. Consider making it a parameter or input, or detaching the gradient")
    }
    if runs.dropFirst().contains(where: { !JIT.TraceBuilder.isEqual($0.values[number], seen) }) {
      torch.warn(
        "A tensor of sizes \(tensor.shape.listDescription) was made from numbers that depend on the sizes of the inputs; the trace holds it as a constant. This means that the trace might not generalize to inputs of other sizes!",
        .tracer)
    }
    let value = constant(.tensor(tensor))
    values[number] = value
    return value
  }

  static func isEqual(_ a: JIT.TraceValue, _ b: JIT.TraceValue) -> Bool {
    guard a.sizes == b.sizes, let first = a.tensor, let second = b.tensor else { return a.sizes == b.sizes }
    return first === second || first.dtype == second.dtype && ((try? torch.noGrad { try first.equal(second) }) ?? false)
  }

  mutating func constant(_ value: JIT.IValue) -> JIT.GraphValue {
    let node = JIT.Graph.constant(value)
    graph.block.append(node)
    return node.output
  }

  /// Puts a node into the graph and the frame; gives its first result.
  @discardableResult
  mutating func add(_ node: JIT.Node) -> JIT.GraphValue! {
    node.scope = frame.scope.isEmpty ? nil : frame.scope
    graph.block.append(node)
    frame.items.append(.node(node))
    return node.outputs.first
  }

  func operatorNode(_ name: String, _ inputs: [JIT.GraphValue]) throws -> JIT.Node {
    guard let op = OperatorRegistry.find(name) else { throw TorchError(.notImplemented, "there is no operator '\(name)'") }
    return JIT.Node(op.schema.name, inputs, target: .operator(op))
  }

  /// A call of a builtin or operator by its qualified name.
  mutating func add(_ name: String, _ inputs: [JIT.GraphValue], _ type: JIT.ScriptType) throws -> JIT.GraphValue {
    let kind = String(name.prefix { $0 != "." })
    let node: JIT.Node
    if let builtin = JIT.Builtins.named(kind).first(where: { $0.name == name }) {
      node = JIT.Node(kind, inputs, target: .builtin(builtin))
    } else {
      node = try operatorNode(name, inputs)
    }
    node.addOutput(type)
    return add(node)
  }

  // MARK: Sizes

  mutating func size(_ expression: JIT.SizeExpression, _ vector: [Int], _ preferred: [Int]) throws -> JIT.GraphValue {
    if let known = frame.sizes[vector] { return known }
    let value: JIT.GraphValue
    switch expression {
    case .constant(let number): return constant(.int(number))
    case .number(let number): value = try add("aten::Int.Tensor", [tensor(number)], .int)
    case .size(let vector):
      if let known = frame.sizes[vector] { return known }
      let place = sizes.place(of: vector, preferring: preferred)
      value = try add("aten::size.int", [tensor(place.value), constant(.int(place.dim))], .int)
      frame.sizes[vector] = value
      return value
    case .sum(let a, let b):
      value = try add("aten::add.int", [size(a, [], preferred), size(b, [], preferred)], .int)
    case .product(let a, let b):
      value = try add("aten::mul.int", [size(a, [], preferred), size(b, [], preferred)], .int)
    case .quotient(let a, let divisor):
      value = try add("aten::floordiv.int", [size(a, [], preferred), constant(.int(divisor))], .int)
    }
    if !vector.isEmpty { frame.sizes[vector] = value }
    return value
  }

  mutating func float(_ expression: JIT.FloatExpression, _ preferred: [Int]) throws -> JIT.GraphValue {
    guard case .power(let base, let exponent, let factor) = expression else { preconditionFailure() }
    var value = try add("aten::Float.Scalar", [size(base, [], preferred)], .float)
    if exponent.magnitude == 0.5 { value = try add("aten::sqrt.float", [value], .float) }
    let name = exponent < 0 ? "aten::div.float" : "aten::mul.float"
    return try add(name, [constant(.double(factor)), value], .float)
  }
}
