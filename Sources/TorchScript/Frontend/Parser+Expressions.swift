// Tokens become the syntax tree: expressions, from those that bind least to those that bind most.
//
// Reference: https://docs.python.org/3/reference/expressions.html#operator-precedence

extension JIT.Parser {
  typealias Expression = JIT.Syntax.Expression

  /// `a, b, c`: a tuple where there is a comma.
  mutating func expressions() throws -> Expression {
    let start = next.position
    let first = try starred { try $0.expression() }
    guard at(",") else { return first }
    var items = [first]
    while take(",") {
      guard canStartExpression else { break }
      items.append(try starred { try $0.expression() })
    }
    return Expression(.tuple(items), span(start))
  }

  /// What `for` assigns to.
  mutating func targets() throws -> Expression {
    let start = next.position
    let first = try starred { try $0.primary() }
    guard at(",") else { return first }
    var items = [first]
    while take(","), !at("in") { items.append(try starred { try $0.primary() }) }
    return Expression(.tuple(items), span(start))
  }

  private mutating func starred(_ item: (inout JIT.Parser) throws -> Expression) throws -> Expression {
    let start = next.position
    guard take("*") else { return try item(&self) }
    return Expression(.starred(try item(&self)), span(start))
  }

  private var canStartExpression: Bool {
    switch next.kind {
    case .name, .number, .string, .formatted: true
    case .symbol: ["(", "[", "{", "-", "+", "~", "not", "None", "True", "False", "...", "*"].contains(next.text)
    case .newline, .indent, .dedent, .end: false
    }
  }

  mutating func expression() throws -> Expression {
    try nested { parser in
      let start = parser.next.position
      let value = try parser.disjunction()
      guard parser.take("if") else { return value }
      let test = try parser.disjunction()
      try parser.expect("else")
      let otherwise = try parser.expression()
      return Expression(.conditional(test: test, then: value, otherwise: otherwise), parser.span(start))
    }
  }

  private mutating func disjunction() throws -> Expression {
    try chain({ try $0.conjunction() }) { parser in
      parser.take("or") ? { .or($0, $1) } : nil
    }
  }

  private mutating func conjunction() throws -> Expression {
    try chain({ try $0.negation() }) { parser in
      parser.take("and") ? { .and($0, $1) } : nil
    }
  }

  private mutating func negation() throws -> Expression {
    let start = next.position
    guard take("not") else { return try comparison() }
    let operand = try nested { try $0.negation() }
    return Expression(.unary(.not, operand), span(start))
  }

  private mutating func comparison() throws -> Expression {
    let start = next.position
    var left = try bitwise(0)
    var result: Expression?
    var length = 0
    while let op = comparisonOperator() {
      length += 1
      try link(length)
      let right = try bitwise(0)
      let part = Expression(.comparison(op, left, right), left.position.through(right.position))
      result = result.map { Expression(.and($0, part), span(start)) } ?? part
      left = right
    }
    return result ?? left
  }

  private mutating func comparisonOperator() -> JIT.Syntax.ComparisonOperator? {
    guard next.kind == .symbol else { return nil }
    let op: JIT.Syntax.ComparisonOperator
    switch next.text {
    case "==": op = .equal
    case "!=": op = .notEqual
    case "<": op = .less
    case "<=": op = .lessOrEqual
    case ">": op = .greater
    case ">=": op = .greaterOrEqual
    case "in": op = .in
    case "is": op = .is
    case "not" where following.text == "in" && following.kind == .symbol:
      _ = advance()
      op = .notIn
    default: return nil
    }
    _ = advance()
    if op == .is, take("not") { return .isNot }
    return op
  }

  /// Binary operators, by how strongly they bind.
  private static let levels: [[String: JIT.Syntax.BinaryOperator]] = [
    ["|": .or], ["^": .xor], ["&": .and], ["<<": .lshift, ">>": .rshift], ["+": .add, "-": .sub],
    ["*": .mul, "/": .divide, "//": .floordiv, "%": .mod, "@": .matmul],
  ]

  private mutating func bitwise(_ level: Int) throws -> Expression {
    guard level < JIT.Parser.levels.count else { return try factor() }
    return try chain({ try $0.bitwise(level + 1) }) { parser in
      guard parser.next.kind == .symbol, let op = JIT.Parser.levels[level][parser.next.text] else { return nil }
      _ = parser.advance()
      return { .binary(op, $0, $1) }
    }
  }

  /// `a op b op c`, from left to right. `op` reads an operator, if there is one, and says what it makes.
  private mutating func chain(
    _ operand: (inout JIT.Parser) throws -> Expression,
    _ op: (inout JIT.Parser) -> ((Expression, Expression) -> Expression.Kind)?
  ) throws -> Expression {
    let start = next.position
    var left = try operand(&self)
    var length = 0
    while let make = op(&self) {
      length += 1
      try link(length)
      left = Expression(make(left, try operand(&self)), span(start))
    }
    return left
  }

  private mutating func factor() throws -> Expression {
    let start = next.position
    guard next.kind == .symbol, let op = ["-": JIT.Syntax.UnaryOperator.negate, "+": .positive, "~": .invert][next.text]
    else { return try power() }
    _ = advance()
    // The smallest integer is one more than the largest, negated.
    if op == .negate, next.kind == .number, next.text == "9223372036854775808" {
      _ = advance()
      return Expression(.int(.min), span(start))
    }
    let operand = try nested { try $0.factor() }
    return Expression(.unary(op, operand), span(start))
  }

  private mutating func power() throws -> Expression {
    let start = next.position
    let base = try primary()
    guard take("**") else { return base }
    let exponent = try nested { try $0.factor() }
    return Expression(.binary(.pow, base, exponent), span(start))
  }

  /// An atom with what is attached: `a.b(c)[d]`.
  mutating func primary() throws -> Expression {
    let start = next.position
    var value = try atom()
    var length = 0
    while true {
      length += 1
      try link(length)
      if take(".") {
        // Attributes may be called as keywords are, in archives.
        guard next.kind == .name || next.kind == .symbol else { throw unexpected("ident") }
        value = Expression(.attribute(value, advance().text), span(start))
      } else if take("(") {
        value = Expression(.call(value, try arguments()), span(start))
      } else if take("[") {
        value = Expression(.subscript(value, try list(until: "]") { try $0.index() }), span(start))
      } else {
        return value
      }
    }
  }

  private mutating func arguments() throws -> [JIT.Syntax.Argument] {
    try list(until: ")") { parser in
      if parser.next.kind == .name, parser.following.kind == .symbol, parser.following.text == "=" {
        let name = parser.advance().text
        _ = parser.advance()
        return JIT.Syntax.Argument(name: name, value: try parser.expression())
      }
      if parser.at("**") { throw parser.next.position.error("keyword-arg expansion is not supported") }
      let value = try parser.starred { try $0.expression() }
      guard parser.at("for") else { return JIT.Syntax.Argument(name: nil, value: value) }
      // A generator is as good as the list, where TorchScript knows no generators.
      let comprehension = try parser.comprehension()
      return JIT.Syntax.Argument(
        name: nil, value: Expression(.listComprehension(value, comprehension), parser.span(value.position)))
    }
  }

  /// An index or a slice.
  private mutating func index() throws -> Expression {
    let start = next.position
    func bound(_ parser: inout JIT.Parser) throws -> Expression? {
      parser.at(":") || parser.at(",") || parser.at("]") ? nil : try parser.expression()
    }
    let first = try bound(&self)
    guard take(":") else {
      guard let first else { throw unexpected("an expression") }
      return first
    }
    let second = try bound(&self)
    let third = take(":") ? try bound(&self) : nil
    return Expression(.slice(first, second, third), span(start))
  }

  private mutating func comprehension() throws -> JIT.Syntax.Comprehension {
    try expect("for")
    let target = try targets()
    try expect("in")
    let iterable = try disjunction()
    let condition = take("if") ? try disjunction() : nil
    if at("for") || at("if") { throw next.position.error("comprehensions with several clauses aren't supported") }
    return JIT.Syntax.Comprehension(target: target, iterable: iterable, condition: condition)
  }

  // MARK: Atoms

  private mutating func atom() throws -> Expression {
    let token = next
    let start = token.position
    switch token.kind {
    case .name: return Expression(.name(advance().text), start)
    case .number: return Expression(try number(advance()), start)
    case .string, .formatted: return try strings()
    case .symbol: break
    case .newline, .indent, .dedent, .end: throw unexpected("an expression")
    }
    switch token.text {
    case "None", "True", "False", "...":
      _ = advance()
      let kind: Expression.Kind =
        switch token.text {
        case "None": .none
        case "...": .ellipsis
        default: .bool(token.text == "True")
        }
      return Expression(kind, start)
    case "(":
      _ = advance()
      return try parentheses(start)
    case "[":
      _ = advance()
      if take("]") { return Expression(.list([]), span(start)) }
      let first = try starred { try $0.expression() }
      if at("for") {
        let comprehension = try comprehension()
        try expect("]")
        return Expression(.listComprehension(first, comprehension), span(start))
      }
      let rest = take(",") ? try list(until: "]") { try $0.starred { try $0.expression() } } : try closed("]")
      return Expression(.list([first] + rest), span(start))
    case "{":
      _ = advance()
      return try braces(start)
    case "lambda", "await", "yield": throw start.error("\(token.text) expressions aren't supported")
    default: throw unexpected("an expression")
    }
  }

  /// Nothing more before the symbol `close`.
  private mutating func closed(_ close: String) throws -> [Expression] {
    try expect(close)
    return []
  }

  private mutating func parentheses(_ start: JIT.Syntax.Position) throws -> Expression {
    if take(")") { return Expression(.tuple([]), span(start)) }
    let first = try starred { try $0.expression() }
    if at("for") {
      let comprehension = try comprehension()
      try expect(")")
      return Expression(.listComprehension(first, comprehension), span(start))
    }
    if take(")") { return Expression(first.kind, span(start)) }
    try expect(",")
    let rest = try list(until: ")") { try $0.starred { try $0.expression() } }
    return Expression(.tuple([first] + rest), span(start))
  }

  private mutating func braces(_ start: JIT.Syntax.Position) throws -> Expression {
    if take("}") { return Expression(.dict([]), span(start)) }
    func entry(_ parser: inout JIT.Parser) throws -> (key: Expression, value: Expression) {
      let key = try parser.expression()
      guard parser.at(":") else { throw parser.next.position.error("sets aren't supported") }
      _ = parser.advance()
      return (key, try parser.expression())
    }
    let first = try entry(&self)
    if at("for") {
      let comprehension = try comprehension()
      try expect("}")
      return Expression(.dictComprehension(key: first.key, value: first.value, comprehension), span(start))
    }
    var entries = [first]
    if take(",") { entries += try list(until: "}", entry) } else { try expect("}") }
    return Expression(.dict(entries), span(start))
  }

  private func number(_ token: JIT.Syntax.Token) throws -> Expression.Kind {
    let text = token.text.replacing("_", with: "").lowercased()
    if let prefix = ["0x": 16, "0b": 2, "0o": 8][String(text.prefix(2))], let value = Int(text.dropFirst(2), radix: prefix) {
      return .int(value)
    }
    if text.last == "j", let value = Double(text.dropLast()) { return .imaginary(value) }
    if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
      if let value = Int(text) { return .int(value) }
      throw token.position.error("the number \(token.text) does not fit 64 bits")
    }
    if let value = Double(text) { return .float(value) }
    throw token.position.error("'\(token.text)' is not a number")
  }

  // MARK: Strings

  /// One string, or several that stand side by side.
  private mutating func strings() throws -> Expression {
    let start = next.position
    var pieces: [JIT.Syntax.FormattedPiece] = []
    var isFormatted = false
    while next.kind == .string || next.kind == .formatted {
      let token = advance()
      if token.kind == .string {
        pieces.append(.text(token.text))
      } else {
        isFormatted = true
        pieces += try formattedPieces(token)
      }
    }
    if isFormatted { return Expression(.formatted(pieces), span(start)) }
    let text = pieces.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    return Expression(.string(text), span(start))
  }

  /// `a{b:c}d` of an f-string.
  private mutating func formattedPieces(_ token: JIT.Syntax.Token) throws -> [JIT.Syntax.FormattedPiece] {
    var pieces: [JIT.Syntax.FormattedPiece] = []
    var text = ""
    var rest = token.text[...]
    while let character = rest.popFirst() {
      guard character == "{" || character == "}" else {
        text.append(character)
        continue
      }
      if rest.first == character {
        text.append(rest.removeFirst())
        continue
      }
      guard character == "{", let end = JIT.Parser.endOfField(rest) else {
        throw token.position.error("the braces of the f-string do not match")
      }
      if !text.isEmpty { pieces.append(.text(text)) }
      text = ""
      let (value, format) = JIT.Parser.fieldParts(rest[..<end])
      let source = JIT.Syntax.Source(String(value), file: token.position.source.file)
      var parser = JIT.Parser(try JIT.Syntax.Lexer.tokens(of: source))
      let expression = try parser.expressions()
      guard parser.next.kind == .newline || parser.next.kind == .end else { throw parser.unexpected("}") }
      pieces.append(.value(Expression(expression.kind, token.position), format: String(format)))
      rest = rest[rest.index(after: end)...]
    }
    if !text.isEmpty || pieces.isEmpty { pieces.append(.text(text)) }
    return pieces
  }

  /// Where the `}` is that belongs to a field's `{`.
  private static func endOfField(_ text: Substring) -> Substring.Index? {
    var depth = 0
    return text.indices.first { index in
      switch text[index] {
      case "(", "[", "{": depth += 1
      case ")", "]": depth -= 1
      case "}" where depth == 0: return true
      case "}": depth -= 1
      default: break
      }
      return false
    }
  }

  /// The value and the format of a field.
  private static func fieldParts(_ text: Substring) -> (value: Substring, format: Substring) {
    var depth = 0
    let colon = text.indices.first { index in
      switch text[index] {
      case "(", "[", "{": depth += 1
      case ")", "]", "}": depth -= 1
      case ":": return depth == 0
      default: break
      }
      return false
    }
    guard let colon else { return (text, "") }
    return (text[..<colon], text[text.index(after: colon)...])
  }
}
