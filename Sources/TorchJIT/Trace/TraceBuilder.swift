// From the record of a program's runs to a graph.
//
// The first run is the program; the others tell which of its integers are sizes (Note [Sizes in traces]).

extension JIT {
  /// Builds the flat graph of a trace. Parameters and buffers are inputs of it, after those of the program.
  struct TraceBuilder {
    let graph = Graph()
    let root: TraceFrame
    /// The parameters and buffers among the graph's inputs.
    private(set) var attributes: [GraphValue: Tensor] = [:]
    /// The inputs of the program.
    private(set) var inputs: [GraphValue] = []
    private let runs: [TraceRun]
    private let tree: ModuleTree?
    private var sizes: TraceSizes
    private var values: [Int: GraphValue] = [:]
    private var frame: TraceFrame
    /// For each call that was entered, the frame to go back to.
    private var entered: [TraceFrame] = []
    /// Numbers that differ between the runs and have no explanation.
    private var unexplained: Set<String> = []

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

    // MARK: Inputs and outputs

    private mutating func addInputs(_ arguments: [TraceTree], _ names: [String]) throws {
      var next = 0
      var trees: [(GraphValue, TraceTree)] = []
      for (i, argument) in arguments.enumerated() where argument.holdsTensors {
        let input = graph.block.addInput(names[i], try TraceBuilder.type(of: argument))
        inputs.append(input)
        trees.append((input, argument))
      }
      for (input, argument) in trees { try unpack(input, argument, &next) }
    }

    private mutating func unpack(_ value: GraphValue, _ tree: TraceTree, _ next: inout Int) throws {
      switch tree {
      case .tensor:
        values[next] = value
        next += 1
      case .tuple(let items), .list(let items):
        let isTuple = if case .tuple = tree { true } else { false }
        let node = Node(isTuple ? "prim::TupleUnpack" : "prim::ListUnpack", [value])
        for item in items { node.addOutput(try TraceBuilder.type(of: item)) }
        add(node)
        for (item, output) in zip(items, node.outputs) { try unpack(output, item, &next) }
      case .dict(let pairs):
        for (key, item) in pairs {
          let output = try add("aten::__getitem__.Dict_str", [value, constant(.string(key))], try TraceBuilder.type(of: item))
          try unpack(output, item, &next)
        }
      case .none, .number, .string: break
      case .other(let type): throw TraceBuilder.cannotBeTraced(type)
      }
    }

    private static func type(of tree: TraceTree) throws -> ScriptType {
      switch tree {
      case .none: return .none
      case .tensor: return .tensor
      case .number(.int): return .int
      case .number(.double): return .float
      case .number(.bool): return .bool
      case .number(.complex): return .complex
      case .string: return .string
      case .tuple(let items): return .tuple(try items.map { try type(of: $0) })
      case .list(let items): return .list(try items.first.map { try type(of: $0) } ?? .tensor)
      case .dict(let pairs): return .dict(.string, try pairs.first.map { try type(of: $0.value) } ?? .tensor)
      case .other(let type): throw cannotBeTraced(type)
      }
    }

    private static func cannotBeTraced(_ type: String) -> TorchError {
      TorchError(
        .type,
        "Type '\(type)' cannot be traced. Only Tensors and (possibly nested) Lists, Dicts, and Tuples of Tensors can be traced")
    }

    private mutating func addOutput() throws {
      graph.block.addOutput(try pack(runs[0].result))
    }

    private mutating func pack(_ tree: TraceTree) throws -> GraphValue {
      switch tree {
      case .none: return constant(.none)
      case .number(let number): return constant(IValue(.scalar(number)))
      case .string(let text): return constant(.string(text))
      case .tensor(let tensor):
        let number = runs[0].values.lastIndex { $0.tensor === tensor }!
        return try self.tensor(number)
      case .tuple(let items), .list(let items):
        let isTuple = if case .tuple = tree { true } else { false }
        let node = Node(isTuple ? "prim::TupleConstruct" : "prim::ListConstruct", try items.map { try pack($0) })
        node.addOutput(isTuple ? .tuple(node.inputs.map(\.type)) : .list(node.inputs.first?.type ?? .tensor))
        return add(node)
      case .dict(let pairs):
        let node = Node("prim::DictConstruct", try pairs.flatMap { [constant(.string($0.key)), try pack($0.value)] })
        node.addOutput(.dict(.string, node.inputs.last?.type ?? .tensor))
        return add(node)
      case .other(let type): throw TraceBuilder.cannotBeTraced(type)
      }
    }

    /// Buffers that the program has replaced by what it computed.
    private mutating func addReplacedBuffers() {
      for tree in tree?.all ?? [] {
        for (key, slot, old) in tree.tensors {
          guard let new = slot.tensor, new !== old,
            let number = runs[0].values.lastIndex(where: { $0.tensor === new }), let value = values[number]
          else { continue }
          root.items.append(.set(tree, key, value))
          // As an output nothing takes it for dead code.
          graph.block.addOutput(value)
        }
      }
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

    private mutating func see(_ number: Int) {
      sizes.see(through: number)
    }

    private func isSame(_ a: Int, _ b: Int) -> Bool {
      guard a != b, let first = runs[0].values[a].tensor, let second = runs[0].values[b].tensor else { return a == b }
      return first.storageIdentity == second.storageIdentity && first.shape == second.shape
        && first.strides == second.strides && first.storageOffset == second.storageOffset && first.dtype == second.dtype
    }

    private mutating func enter(_ module: nn.Module, _ inputs: [Int]) {
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

    private mutating func addCall(
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
    private mutating func addInPlace(
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

    private mutating func node(_ op: AnyOperator, _ arguments: [TraceArgument], _ others: [[TraceArgument]]) throws -> Node {
      let signature = Signature.cached(op)
      let preferred = arguments.flatMap(\.tensors) + frame.inputs
      let inputs = try signature.parameters.enumerated().map { i, parameter in
        try value(arguments[i], others.map { $0[i] }, parameter.type, preferred, op)
      }
      return Node(op.schema.name, inputs, target: .operator(op))
    }

    /// The value of an argument; `others` are those of the other runs.
    private mutating func value(
      _ argument: TraceArgument, _ others: [TraceArgument], _ type: ScriptType, _ preferred: [Int], _ op: AnyOperator
    ) throws -> GraphValue {
      switch argument {
      case .tensor(let number): return try tensor(number)
      case .list(let items):
        let element: ScriptType = if case .list(let element) = type.withoutOptional { element } else { .any }
        let inputs = try items.enumerated().map { i, item in
          let same = others.compactMap { if case .list(let items) = $0, i < items.count { items[i] } else { nil } }
          return try value(item, same, element, preferred, op)
        }
        let node = Node("prim::ListConstruct", inputs)
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

    private mutating func plain(
      _ value: Value, _ others: [TraceArgument], _ type: ScriptType, _ preferred: [Int], _ op: AnyOperator
    ) throws -> GraphValue {
      let all = [value] + others.compactMap { if case .plain(let other) = $0 { other } else { nil } }
      let numbers = all.compactMap { if case .scalar(let number) = $0 { number } else { nil } }
      if numbers.count == all.count, case .scalar(let first) = value {
        if case .int = first, type.withoutOptional != .float {
          let vector = numbers.map(\.intValue)
          if vector.contains(where: { $0 != vector[0] }) {
            if let found = sizes.solve(vector) { return try size(found, vector, preferred) }
            explain("\(vector[0])", op)
          }
        } else if first.category <= .floating {
          let vector = numbers.map(\.doubleValue)
          if vector.contains(where: { $0 != vector[0] }) {
            if let found = sizes.solve(vector) { return try float(found, preferred) }
            explain("\(vector[0])", op)
          }
        }
        if type.withoutOptional == .float { return constant(.double(first.doubleValue)) }
      }
      return constant(IValue(value, type))
    }

    private mutating func explain(_ number: String, _ op: AnyOperator) {
      guard unexplained.insert("\(number) \(op.name)").inserted else { return }
      torch.warn(
        "The number \(number), which \(op.name) is called with, depends on the sizes of the inputs in a way that could not be found, so the trace holds it as a constant. This means that the trace might not generalize to inputs of other sizes!",
        .tracer)
    }

    // MARK: Values

    /// The value of a tensor.
    private mutating func tensor(_ number: Int) throws -> GraphValue {
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
      if runs.dropFirst().contains(where: { !TraceBuilder.isEqual($0.values[number], seen) }) {
        torch.warn(
          "A tensor of sizes \(tensor.shape.listDescription) was made from numbers that depend on the sizes of the inputs; the trace holds it as a constant. This means that the trace might not generalize to inputs of other sizes!",
          .tracer)
      }
      let value = constant(.tensor(tensor))
      values[number] = value
      return value
    }

    private static func isEqual(_ a: TraceValue, _ b: TraceValue) -> Bool {
      guard a.sizes == b.sizes, let first = a.tensor, let second = b.tensor else { return a.sizes == b.sizes }
      return first === second || first.dtype == second.dtype && torch.noGrad { first.equal(second) }
    }

    private mutating func constant(_ value: IValue) -> GraphValue {
      let node = Graph.constant(value)
      graph.block.append(node)
      return node.output
    }

    /// Puts a node into the graph and the frame; gives its first result.
    @discardableResult
    private mutating func add(_ node: Node) -> GraphValue! {
      node.scope = frame.scope.isEmpty ? nil : frame.scope
      graph.block.append(node)
      frame.items.append(.node(node))
      return node.outputs.first
    }

    private func operatorNode(_ name: String, _ inputs: [GraphValue]) throws -> Node {
      guard let op = OperatorRegistry.find(name) else { throw TorchError(.notImplemented, "there is no operator '\(name)'") }
      return Node(op.schema.name, inputs, target: .operator(op))
    }

    /// A call of a builtin or operator by its qualified name.
    private mutating func add(_ name: String, _ inputs: [GraphValue], _ type: ScriptType) throws -> GraphValue {
      let kind = String(name.prefix { $0 != "." })
      let node: Node
      if let builtin = Builtins.named(kind).first(where: { $0.name == name }) {
        node = Node(kind, inputs, target: .builtin(builtin))
      } else {
        node = try operatorNode(name, inputs)
      }
      node.addOutput(type)
      return add(node)
    }

    // MARK: Sizes

    private mutating func size(_ expression: SizeExpression, _ vector: [Int], _ preferred: [Int]) throws -> GraphValue {
      if let known = frame.sizes[vector] { return known }
      let value: GraphValue
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

    private mutating func float(_ expression: FloatExpression, _ preferred: [Int]) throws -> GraphValue {
      guard case .power(let base, let exponent, let factor) = expression else { preconditionFailure() }
      var value = try add("aten::Float.Scalar", [size(base, [], preferred)], .float)
      if exponent.magnitude == 0.5 { value = try add("aten::sqrt.float", [value], .float) }
      let name = exponent < 0 ? "aten::div.float" : "aten::mul.float"
      return try add(name, [constant(.double(factor)), value], .float)
    }
  }

  /// Overloads that take a number where the recorded one got it as a tensor.
  private enum ScalarOverloads {
    private static let byName = Dictionary(grouping: OperatorRegistry.all, by: \.schema.name)

    static func choose(
      _ op: AnyOperator, _ arguments: [TraceArgument], _ others: [[TraceArgument]]
    ) -> (AnyOperator, [TraceArgument], [[TraceArgument]]) {
      guard arguments.contains(where: \.isNumber) else { return (op, arguments, others) }
      for other in byName[op.schema.name] ?? [] where other !== op {
        guard other.schema.parameters.count == arguments.count else { continue }
        let fits = arguments.indices.allSatisfy { i in
          let (own, new) = (op.schema.parameters[i].type, other.schema.parameters[i].type)
          return arguments[i].isNumber ? new == "Scalar" : new == own
        }
        if fits { return (other, arguments.map(\.unwrapped), others.map { $0.map(\.unwrapped) }) }
      }
      // `2 - x`
      if op.schema.name == "aten::sub", arguments[0].isNumber, !arguments[1].isNumber,
        let reversed = OperatorRegistry.find("aten::rsub.Scalar")
      {
        func turned(_ list: [TraceArgument]) -> [TraceArgument] { [list[1], list[0].unwrapped, list[2]] }
        return (reversed, turned(arguments), others.map(turned))
      }
      return (op, arguments, others)
    }
  }
}

extension JIT.TraceArgument {
  /// Whether it is a number that stands for a tensor.
  fileprivate var isNumber: Bool { if case .plain(.tensor) = self { true } else { false } }

  /// The number itself.
  fileprivate var unwrapped: JIT.TraceArgument {
    guard case .plain(.tensor(let tensor)) = self, let number = try? tensor.item() else { return self }
    return .plain(.scalar(number))
  }
}
