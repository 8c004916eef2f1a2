// The body of a function as TorchScript's source text.
//
// Each node becomes a statement, or is written where its only result is used: where that is the next thing to happen
// anyway, so that the order of evaluation stays (Note [Inlined expressions]). Constants stand where they are used.
//
// Note [Inlined expressions]: the inputs of a node are evaluated from left to right. Going through them from the last to the
// first, a node that stands right before the point reached so far, and whose only result is used here and nowhere else,
// is evaluated there in either form; its own inputs are gone through in the same way. Reading an attribute is not inlined,
// as in PyTorch: the same name read twice stays readable.

extension JIT {
  struct FunctionPrinter {
    private unowned let printer: PythonPrinter
    private var lines: [String] = []
    private var indent = ""
    /// Names of values, and the text of inlined ones.
    private var texts: [GraphValue: String] = [:]
    private var taken: Set<String> = []
    private var inlined: Set<ObjectIdentifier> = []

    init(_ printer: PythonPrinter) { self.printer = printer }

    mutating func print(_ graph: Graph, _ name: String, _ signature: Signature, indent: String) throws -> String {
      markInlined(in: graph.block)
      let parameters = graph.inputs.enumerated().map { i, input in
        let given = i < signature.parameters.count ? signature.parameters[i] : nil
        let parameter = fresh(given?.name ?? (input.name.isEmpty ? "argument_\(i)" : input.name))
        texts[input] = parameter
        let standard = given?.defaultValue.map { "=" + (printer.literal($0) ?? printer.constant($0)) } ?? ""
        return "\(parameter): \(printer.type(input.type))\(standard)"
      }
      let results = graph.outputs.map { printer.type($0.type) }
      let result = signature.returns.count == 1 ? printer.type(signature.returns[0]) : results.first ?? "NoneType"
      lines = ["\(indent)def \(name)(\(parameters.joined(separator: ",\n\(indent)  "))) -> \(result):"]
      self.indent = indent + "  "
      try statements(of: graph.block)
      try add("return " + (graph.outputs.isEmpty ? "None" : list(graph.outputs)))
      return lines.joined(separator: "\n") + "\n"
    }

    private mutating func add(_ line: String) { lines.append(indent + line) }

    private mutating func indented(_ body: (inout FunctionPrinter) throws -> Void) rethrows {
      let outer = indent
      indent += "  "
      let start = lines.count
      try body(&self)
      if lines.count == start { add("pass") }
      indent = outer
    }

    // MARK: Inlining

    private mutating func markInlined(in block: Block) {
      // Where each node stands among those that are no constants.
      let nodes = block.nodes.filter { $0.kind != "prim::Constant" }
      var place: [ObjectIdentifier: Int] = [:]
      for (i, node) in nodes.enumerated() { place[ObjectIdentifier(node)] = i }
      /// Goes through `values` from the last to the first, `point` being the place where they are evaluated.
      func scan(_ values: [GraphValue], _ point: Int) -> Int {
        var point = point
        for value in values.reversed() {
          guard let node = value.definition, node.owningBlock === block, node.kind != "prim::Constant",
            place[ObjectIdentifier(node)] == point - 1, canInline(value, node)
          else { continue }
          inlined.insert(ObjectIdentifier(node))
          point = scan(node.inputs, point - 1)
        }
        return point
      }
      var point = scan(block.outputs, nodes.count)
      while point > 0 {
        let node = nodes[point - 1]
        for inner in node.blocks { markInlined(in: inner) }
        point = scan(node.inputs, point - 1)
      }
    }

    private func canInline(_ value: GraphValue, _ node: Node) -> Bool {
      guard node.outputs.count == 1, value.uses.count == 1, node.blocks.isEmpty else { return false }
      switch node.kind {
      case "prim::GetAttr", "prim::Uninitialized", "prim::TupleUnpack", "prim::ListUnpack", "prim::unchecked_cast",
        "prim::CreateObject", "prim::fork", "prim::awaitable", "prim::Enter", "prim::Exit":
        return false
      default: break
      }
      // A loop's first values, the next ones and its condition are assigned in an order of their own.
      switch value.uses[0].user {
      case .node(let user): return user.kind != "prim::Loop" && !(user.kind == "prim::SetAttr" && value.uses[0].index == 0)
      case .block(let block): return block.owner?.kind != "prim::Loop"
      }
    }

    // MARK: Values

    /// A name that no other value has.
    private mutating func fresh(_ wish: String) -> String {
      let base = PythonText.identifier(wish)
      var name = base
      var number = 0
      while name.isEmpty || name == "_" || taken.contains(name) {
        name = base + (base.isEmpty ? "_\(number)" : "\(number)")
        number += 1
      }
      taken.insert(name)
      return name
    }

    private mutating func define(_ value: GraphValue) -> String {
      let name = fresh(value.name.isEmpty ? "" : value.name)
      texts[value] = name
      return name
    }

    private func text(_ value: GraphValue) throws -> String {
      if let text = texts[value] { return text }
      if let node = value.definition, node.kind == "prim::Constant" { return constant(node, value.type) }
      if let node = value.definition, inlined.contains(ObjectIdentifier(node)) { return try expression(node) }
      throw TorchError(.state, "a graph uses a value before it is defined: %\(value.name)")
    }

    private func constant(_ node: Node, _ type: ScriptType) -> String {
      guard let value = node.constantValue else { return "None" }
      if value.isNone {
        // A bare None does not say what it is none of.
        return type == .none ? "None" : "annotate(\(printer.type(type)), None)"
      }
      return printer.literal(value) ?? printer.constant(value)
    }

    private func list(_ values: [GraphValue]) throws -> String { try values.map(text).joined(separator: ", ") }

    /// The value before a dot: anything but a name needs brackets.
    private func object(_ value: GraphValue) throws -> String {
      let text = try text(value)
      return PythonText.isIdentifier(text) ? text : "(\(text))"
    }

    // MARK: Statements

    private mutating func statements(of block: Block) throws {
      for node in block.nodes where node.kind != "prim::Constant" && !inlined.contains(ObjectIdentifier(node)) {
        try statement(node)
      }
    }

    private mutating func statement(_ node: Node) throws {
      switch node.kind {
      case "prim::If": try conditional(node)
      case "prim::Loop": try loop(node)
      case "prim::SetAttr":
        guard let name = node.attributeName else { throw malformed(node) }
        // There is no text for assigning to a name that is no identifier; PyTorch's classes have none.
        guard PythonText.isAttribute(name) else { throw malformed(node) }
        try add("\(object(node.inputs[0])).\(name) = \(text(node.inputs[1]))")
      case "prim::TupleUnpack", "prim::ListUnpack":
        let source = try text(node.inputs[0])
        guard !node.outputs.isEmpty else { return }
        add(node.outputs.map { define($0) + ", " }.joined() + "= " + source)
      case "prim::Enter":
        let head = "with " + (try text(node.inputs[0]))
        add(node.output.uses.isEmpty ? head + ":" : "\(head) as \(define(node.output)):")
        indent += "  "
      case "prim::Exit":
        if lines.last?.drop(while: { $0 == " " }).hasPrefix("with ") == true { add("pass") }
        indent.removeLast(2)
      case "prim::fork", "prim::awaitable": try fork(node)
      default:
        let text = try expression(node)
        if node.outputs.isEmpty { return add(text) }
        add(node.outputs.map { define($0) }.joined(separator: ", ") + " = " + text)
      }
    }

    /// What runs by itself is a function without parameters, which sees the names around it.
    private mutating func fork(_ node: Node) throws {
      let name = fresh("__forked_function")
      add("def \(name)():")
      try indented { printer in
        switch (node.attributes["Subgraph"], node.target) {
        case (.graph(let graph)?, _):
          for (input, outer) in zip(graph.inputs, node.inputs) { printer.texts[input] = try printer.text(outer) }
          printer.markInlined(in: graph.block)
          try printer.statements(of: graph.block)
          try printer.add("return " + printer.list(graph.outputs))
        case (_, .function(let function)):
          if case .object(let type)? = node.inputs.first?.type, type.method(function.name) === function {
            let arguments = try printer.arguments(node.inputs.dropFirst())
            try printer.add("return (\(printer.text(node.inputs[0]))).\(function.name)(\(arguments))")
          } else {
            try printer.add("return \(printer.printer.name(.function(function)))(\(printer.arguments(node.inputs[...])))")
          }
        // The value of a function that has run already.
        default: try printer.add("return \(printer.list(node.inputs))")
        }
      }
      add("\(define(node.output)) = fork(\(name))")
    }

    private mutating func conditional(_ node: Node) throws {
      let condition = try text(node.inputs[0])
      let names = node.outputs.map { define($0) }
      for (block, head) in zip(node.blocks, ["if \(condition):", "else:"]) {
        add(head)
        try indented { printer in
          try printer.statements(of: block)
          for (name, value) in zip(names, block.outputs) { try printer.add("\(name) = \(printer.text(value))") }
        }
      }
    }

    /// `for i in range(n)` where the number of rounds alone ends the loop, `while` otherwise.
    private mutating func loop(_ node: Node) throws {
      let body = node.blocks[0]
      let carried = body.inputs.dropFirst()
      // Values that the loop carries are variables: set before it, and at the end of every round.
      for (variable, start) in zip(carried, node.inputs.dropFirst(2)) {
        let first = try text(start)
        try add("\(define(variable)) = \(annotated(first, start, as: variable.type))")
      }
      let isTrue = { (value: GraphValue) in value.constant?.bool == true }
      let isFor = isTrue(node.inputs[1]) && isTrue(body.outputs[0])
      let isEndless = node.inputs[0].constant?.int == Int.max
      let counter = define(body.inputs[0])
      var condition: String?
      if isFor {
        try add("for \(counter) in range(\(text(node.inputs[0]))):")
      } else {
        let flag = fresh("")
        condition = flag
        try add("\(flag) = \(text(node.inputs[1]))")
        let counts = !isEndless || !body.inputs[0].uses.isEmpty
        if counts { add("\(counter) = 0") }
        if isEndless {
          add("while \(flag):")
        } else {
          let limit = fresh("")
          try add("\(limit) = \(text(node.inputs[0]))")
          add("while torch.__and__(torch.lt(\(counter), \(limit)), \(flag)):")
        }
      }
      try indented { printer in
        try printer.statements(of: body)
        var targets = carried.map { printer.texts[$0]! }
        var sources = try body.outputs.dropFirst().map { try printer.text($0) }
        if let condition {
          targets.append(condition)
          sources.append(try printer.text(body.outputs[0]))
          if !isEndless || !body.inputs[0].uses.isEmpty {
            targets.append(counter)
            sources.append("torch.add(\(counter), 1)")
          }
        }
        let changed = zip(targets, sources).filter { $0 != $1 }
        if !changed.isEmpty {
          printer.add("\(changed.map(\.0).joined(separator: ", ")) = \(changed.map(\.1).joined(separator: ", "))")
        }
      }
      for (variable, output) in zip(carried, node.outputs) { texts[output] = texts[variable] }
    }

    /// A variable whose first value is of a narrower type than it.
    private func annotated(_ text: String, _ value: GraphValue, as type: ScriptType) -> String {
      value.type == type || text.hasPrefix("annotate(") ? text : "annotate(\(printer.type(type)), \(text))"
    }

    // MARK: Expressions

    private func expression(_ node: Node) throws -> String {
      let inputs = node.inputs
      switch node.kind {
      case "prim::ListConstruct":
        guard case .list(let element) = node.output.type else { throw malformed(node) }
        let items = "[\(try list(inputs))]"
        let plain = !inputs.isEmpty && inputs.allSatisfy { $0.type == element }
        return plain ? items : "annotate(\(printer.type(node.output.type)), \(items))"
      case "prim::DictConstruct":
        let pairs = try stride(from: 0, to: inputs.count - 1, by: 2).map {
          "\(try text(inputs[$0])): \(try text(inputs[$0 + 1]))"
        }
        let table = "{\(pairs.joined(separator: ", "))}"
        guard case .dict(_, let value) = node.output.type else { throw malformed(node) }
        let plain =
          !pairs.isEmpty && stride(from: 1, to: inputs.count, by: 2).allSatisfy { inputs[$0].type == value }
        return plain ? table : "annotate(\(printer.type(node.output.type)), \(table))"
      case "prim::TupleConstruct":
        if case .namedTuple(let type) = node.output.type {
          return "\(printer.name(.namedTuple(type)))(\(try list(inputs)))"
        }
        return inputs.count == 1 ? "(\(try text(inputs[0])),)" : "(\(try list(inputs)))"
      case "prim::TupleIndex": return "(\(try text(inputs[0])))[\(try text(inputs[1]))]"
      case "prim::TupleSlice":
        guard case .int(let start)? = node.attributes["beg"], case .int(let end)? = node.attributes["end"] else {
          throw malformed(node)
        }
        return "(\(try text(inputs[0])))[\(start):\(end)]"
      case "prim::GetAttr":
        guard let name = node.attributeName else { throw malformed(node) }
        return PythonText.isAttribute(name)
          ? "\(try object(inputs[0])).\(name)" : "getattr(\(try text(inputs[0])), \(PythonText.quoted(name)))"
      case "prim::CallMethod":
        guard let name = node.attributeName else { throw malformed(node) }
        return "(\(try text(inputs[0]))).\(name)(\(try arguments(inputs.dropFirst())))"
      case "prim::CallFunction":
        guard case .function(let function) = node.target else {
          return "\(try text(inputs[0]))(\(try arguments(inputs.dropFirst())))"
        }
        // The function is the first input where a constant names it.
        let isNamed = inputs.first?.type == .function
        return "\(printer.name(.function(function)))(\(try arguments(isNamed ? inputs.dropFirst() : inputs[...])))"
      case "prim::CreateObject":
        let type = printer.type(node.output.type)
        return "\(type).__new__(\(type))"
      case "prim::isinstance":
        guard case .types(let types)? = node.attributes["types"] else { throw malformed(node) }
        let names = types.map { printer.type($0) }
        return "isinstance(\(try text(inputs[0])), \(names.count == 1 ? names[0] : "[\(names.joined(separator: ", "))]"))"
      case "prim::unchecked_cast": return "unchecked_cast(\(printer.type(node.output.type)), \(try text(inputs[0])))"
      case "prim::Uninitialized": return "uninitialized(\(printer.type(node.output.type)))"
      case "prim::EnumName": return "\(try object(inputs[0])).name"
      case "prim::EnumValue": return "\(try object(inputs[0])).value"
      case "prim::tolist": return "annotate(\(printer.type(node.output.type)), \(try object(inputs[0])).tolist())"
      case "prim::Print": return "print(\(try list(inputs)))"
      case "prim::rpc_async":
        throw TorchError(.serialization, "\(node.kind) cannot be saved")
      case "aten::IntImplicit": return "annotate(int, \(try text(inputs[0])))"
      case "aten::FloatImplicit": return "annotate(float, \(try text(inputs[0])))"
      case "aten::ScalarImplicit": return "annotate(number, \(try text(inputs[0])))"
      case "aten::Int", "aten::Float", "aten::Bool", "aten::Complex", "aten::str":
        if inputs.count == 1 { return "\(node.kind.dropFirst(6).lowercased())(\(try text(inputs[0])))" }
      case "aten::__getitem__": return "\(try object(inputs[0]))[\(try text(inputs[1]))]"
      default: break
      }
      return try call(node)
    }

    private func arguments(_ values: ArraySlice<GraphValue>) throws -> String {
      try values.map { try text($0) + ", " }.joined()
    }

    /// A call of an operator or builtin: `torch.add(x, y, alpha=2)`, `ops.prim.dtype(x)`.
    private func call(_ node: Node) throws -> String {
      let parts = node.kind.split(separator: ":", omittingEmptySubsequences: true)
      guard parts.count == 2 else { throw malformed(node) }
      let name = parts[0] == "aten" ? "torch.\(parts[1])" : "ops.\(parts[0]).\(parts[1])"
      printer.used(operator: node.kind)
      let signature: Signature? =
        switch node.target {
        case .operator(let op): Signature(op.schema)
        case .builtin(let builtin): builtin.signature
        case .function, .none: nil
        }
      guard let signature, signature.parameters.count == node.inputs.count else {
        return "\(name)(\(try list(node.inputs)))"
      }
      // A default that stands at the end need not be said; one in the middle must, except by keyword.
      var pieces: [String] = []
      var mayDrop = true
      for (parameter, input) in zip(signature.parameters, node.inputs).reversed() {
        let isDefault = parameter.defaultValue.map { same($0, input.constant) } ?? false
        if isDefault, mayDrop || parameter.isKeywordOnly { continue }
        if !parameter.isKeywordOnly { mayDrop = false }
        pieces.append((parameter.isKeywordOnly ? "\(parameter.name)=" : "") + (try text(input)))
      }
      return "\(name)(\(pieces.reversed().joined(separator: ", ")))"
    }

    private func same(_ standard: IValue, _ constant: IValue?) -> Bool {
      switch (standard, constant) {
      case (.none, .some(.none)): true
      case (.bool(let a), .bool(let b)?): a == b
      case (.int(let a), .int(let b)?): a == b
      case (.double(let a), .double(let b)?): a == b
      case (.string(let a), .string(let b)?): a == b
      default: false
      }
    }

    private func malformed(_ node: Node) -> TorchError {
      TorchError(.state, "a node that has no source text: \(node.kind)")
    }
  }
}
