// Reads the printed form of graphs back, so that tests can say what they mean.
//
// Operators are found by their names and the types of their arguments; an overload may be named, `aten::add.Tensor`,
// where that is not enough. What the printed form does not hold cannot be read: constants that print as `<…>`.

extension JIT.Graph {
  /// The graph that `text` is the printed form of.
  ///
  /// ```swift
  /// let graph = try JIT.Graph(parsing: """
  ///   graph(%x : Tensor):
  ///     %1 : int = prim::Constant[value=1]()
  ///     %y : Tensor = aten::add(%x, %x, %1)
  ///     return (%y)
  ///   """)
  /// ```
  /// - Parameter classes: The classes that may be named as types.
  /// - Throws: `TorchError` of kind `.value` with the line that cannot be read.
  public convenience init(parsing text: String, classes: [JIT.ClassType] = []) throws {
    self.init()
    var parser = JIT.GraphParser(text, classes)
    try parser.parse(into: self)
  }
}

extension JIT {
  private struct GraphParser {
    private var text: [Character]
    private var position = 0
    private var values: [String: GraphValue] = [:]
    private let classes: [String: ClassType]

    init(_ text: String, _ classes: [ClassType]) {
      self.text = Array(text)
      self.classes = Dictionary(classes.map { ($0.qualifiedName, $0) }, uniquingKeysWith: { a, _ in a })
    }

    // MARK: Structure

    mutating func parse(into graph: Graph) throws {
      try expect("graph")
      try parameters(of: graph.block)
      try expect(":")
      try nodes(of: graph.block)
      try expect("return")
      for value in try valueList() { graph.block.addOutput(value) }
      skipSpace()
      if position != text.count { throw failure("the end of the graph") }
    }

    private mutating func parameters(of block: Block) throws {
      try expect("(")
      while !take(")") {
        let name = try valueName()
        try expect(":")
        values[name] = block.addInput(plain(name), try type())
        _ = take(",")
      }
    }

    private mutating func nodes(of block: Block) throws {
      while !isAt("return"), !isAt("->") { try node(in: block) }
    }

    private mutating func node(in block: Block) throws {
      var results: [(String, ScriptType)] = []
      while !take("=") {
        let name = try valueName()
        try expect(":")
        results.append((name, try type()))
        _ = take(",")
      }
      let kind = word { $0.isLetter || $0.isNumber || $0 == "_" || $0 == ":" || $0 == "." }
      guard !kind.isEmpty else { throw failure("the kind of a node") }
      var attributes: [String: Node.Attribute] = [:]
      if take("[") {
        while !take("]") {
          let key = word { $0.isLetter || $0 == "_" }
          try expect("=")
          attributes[key] = try attribute(key, results.first?.1)
          _ = take(",")
        }
      }
      let inputs = try valueList()
      let (base, target) = try resolve(kind, inputs)
      let node = Node(base, inputs, target: target)
      node.attributes = attributes
      if base == "prim::Constant", attributes.isEmpty { node.attributes["value"] = .value(.none) }
      for (name, type) in results { values[name] = node.addOutput(type, name: plain(name)) }
      block.append(node)
      while isAt("block") {
        _ = word { !"(".contains($0) }
        let inner = node.addBlock()
        try parameters(of: inner)
        try expect(":")
        try nodes(of: inner)
        try expect("->")
        for value in try valueList() { inner.addOutput(value) }
      }
    }

    private func resolve(_ kind: String, _ inputs: [GraphValue]) throws -> (String, Node.Target) {
      if kind.hasPrefix("prim::") { return (kind, .none) }
      let candidates = OperatorRegistry.all.filter { $0.name == kind || $0.schema.name == kind }
      for op in candidates {
        let signature = Signature.cached(op)
        var variables: [String: ScriptType] = [:]
        guard signature.parameters.count == inputs.count,
          zip(inputs, signature.parameters).allSatisfy({ $0.type.matches($1.type, &variables) })
        else { continue }
        return (op.schema.name, .operator(op))
      }
      throw failure("an operator '\(kind)' for (\(inputs.map(\.type.description).joined(separator: ", ")))")
    }

    // MARK: Parts

    private mutating func attribute(_ key: String, _ type: ScriptType?) throws -> Node.Attribute {
      let value = try literal(type)
      if key != "value", let text = value.string { return .string(text) }
      return .value(value)
    }

    private mutating func literal(_ type: ScriptType?) throws -> IValue {
      skipSpace()
      if take("\"") {
        var content = ""
        while position < text.count, text[position] != "\"" {
          content.append(text[position])
          position += 1
        }
        try expect("\"")
        return type == .device ? .device(try Device(content)) : .string(content)
      }
      if take("[") {
        let element: ScriptType = if case .list(let element)? = type { element } else { .int }
        var items: [IValue] = []
        while !take("]") {
          items.append(try literal(element))
          _ = take(",")
        }
        return .list(ListObject(element, items))
      }
      if take("{") {
        let number = try literal(.float)
        try expect("}")
        return .tensor(Tensor(number.double ?? 0))
      }
      let text = word { $0.isNumber || "+-.einfa".contains($0) }
      if text == "None" { return .none }
      if type == .bool, let number = Int(text) { return .bool(number != 0) }
      if type == .float, let number = Double(text) { return .double(number) }
      if let number = Int(text) { return .int(number) }
      if let number = Double(text) { return .double(number) }
      throw failure("a value")
    }

    private mutating func type() throws -> ScriptType {
      skipSpace()
      var written = ""
      var depth = 0
      while position < text.count {
        let character = text[position]
        if depth == 0, ",=)\n".contains(character) || character == " " { break }
        if "([".contains(character) { depth += 1 }
        if ")]".contains(character) { depth -= 1 }
        written.append(character)
        position += 1
      }
      // `Float(2, 3, strides=[3, 1])` is a tensor that a trace knows more of.
      if let open = written.firstIndex(of: "("),
        ["Float", "Double", "Long", "Int", "Half", "Bool"].contains(written[..<open])
      {
        return .tensor
      }
      return resolved(ScriptType(schemaType: written))
    }

    /// Names that schemas take for type variables are classes here.
    private func resolved(_ type: ScriptType) -> ScriptType {
      type.substituting(classes.mapValues { .object($0) })
    }

    private mutating func valueList() throws -> [GraphValue] {
      try expect("(")
      var list: [GraphValue] = []
      while !take(")") {
        let name = try valueName()
        guard let value = values[name] else { throw failure("a value that is defined, not %\(name)") }
        list.append(value)
        _ = take(",")
      }
      return list
    }

    private mutating func valueName() throws -> String {
      try expect("%")
      return word { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
    }

    /// Numbers stand for values without a name.
    private func plain(_ name: String) -> String { Int(name) == nil ? name : "" }

    // MARK: Characters

    private mutating func skipSpace() {
      while position < text.count {
        if text[position] == "#" {
          while position < text.count, text[position] != "\n" { position += 1 }
        } else if text[position].isWhitespace {
          position += 1
        } else {
          return
        }
      }
    }

    private mutating func isAt(_ token: String) -> Bool {
      skipSpace()
      return text[position...].starts(with: token)
    }

    private mutating func take(_ token: String) -> Bool {
      guard isAt(token) else { return false }
      position += token.count
      return true
    }

    private mutating func expect(_ token: String) throws {
      if !take(token) { throw failure("'\(token)'") }
    }

    private mutating func word(_ matches: (Character) -> Bool) -> String {
      skipSpace()
      let start = position
      while position < text.count, matches(text[position]) { position += 1 }
      return String(text[start..<position])
    }

    private func failure(_ wanted: String) -> TorchError {
      let line = text[..<position].count { $0 == "\n" } + 1
      return TorchError(.value, "graph, line \(line): expected \(wanted)")
    }
  }
}
