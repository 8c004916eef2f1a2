// Tokens become the syntax tree: statements and definitions. Expressions are in Parser+Expressions.swift.
//
// A parser by recursive descent. How deep a program may be nested is limited, so that a hostile file cannot exhaust the
// stack.

extension JIT {
  struct Parser {
    private let tokens: [Syntax.Token]
    private var index = 0
    private var depth = 0
    private static let maximalDepth = 200
    /// Links of long chains (`a + b + c`) in the statement so far: chains grow to the left, also in brackets in chains, and
    /// are walked by recursion.
    private var links = 0
    private static let maximalLinks = 2000

    /// The statements of a file.
    /// - Throws: `TorchError` of kind `.value` that shows what cannot be read, in PyTorch's words.
    static func parse(_ source: String, file: String) throws -> [Syntax.Statement] {
      var parser = Parser(try Syntax.Lexer.tokens(of: Syntax.Source(source, file: file)))
      var statements: [Syntax.Statement] = []
      while parser.next.kind != .end { statements += try parser.statement() }
      return statements
    }

    init(_ tokens: [Syntax.Token]) { self.tokens = tokens }

    // MARK: Tokens

    var next: Syntax.Token { tokens[index] }
    var following: Syntax.Token { tokens[min(index + 1, tokens.count - 1)] }
    /// The end of what has been read.
    private var last: Syntax.Position { tokens[max(index - 1, 0)].position }

    mutating func advance() -> Syntax.Token {
      let token = tokens[index]
      if index < tokens.count - 1 { index += 1 }
      return token
    }

    func at(_ symbol: String) -> Bool { next.kind == .symbol && next.text == symbol }

    mutating func take(_ symbol: String) -> Bool {
      guard at(symbol) else { return false }
      _ = advance()
      return true
    }

    @discardableResult
    mutating func expect(_ symbol: String) throws -> Syntax.Token {
      guard at(symbol) else { throw unexpected(symbol) }
      return advance()
    }

    mutating func expect(_ kind: Syntax.Token.Kind, _ name: String) throws -> Syntax.Token {
      guard next.kind == kind else { throw unexpected(name) }
      return advance()
    }

    mutating func identifier() throws -> String { try expect(.name, "ident").text }

    func unexpected(_ wanted: String) -> TorchError {
      next.position.error("expected \(wanted) but found '\(next.name)' here")
    }

    /// Counts a chain's link; short chains are as many as a program likes.
    mutating func link(_ length: Int) throws {
      guard length > 8 else { return }
      links += 1
      guard links <= Parser.maximalLinks else { throw next.position.error("the expression is too long") }
    }

    /// Whatever `body` reads is one level further in.
    mutating func nested<R>(_ body: (inout Parser) throws -> R) throws -> R {
      guard depth < Parser.maximalDepth else { throw next.position.error("the program is nested too deeply") }
      depth += 1
      defer { depth -= 1 }
      return try body(&self)
    }

    /// From `start` to the end of what has been read.
    func span(_ start: Syntax.Position) -> Syntax.Position { start.through(last) }

    /// Items up to the symbol `close`, which is read too; a comma may follow the last.
    mutating func list<Item>(until close: String, _ item: (inout Parser) throws -> Item) throws -> [Item] {
      var items: [Item] = []
      while !take(close) {
        items.append(try item(&self))
        if !take(",") {
          try expect(close)
          break
        }
      }
      return items
    }

    // MARK: Statements

    /// A line, which may hold several statements, or a compound statement.
    private mutating func statement() throws -> [Syntax.Statement] {
      links = 0
      let start = next.position
      if next.kind == .newline {
        _ = advance()
        return []
      }
      guard next.kind == .symbol else { return try simpleStatements() }
      let kind: Syntax.Statement.Kind
      switch next.text {
      case "if": kind = try conditional()
      case "while":
        _ = advance()
        let test = try expression()
        kind = .while(test: test, body: try block())
        if at("else") { throw next.position.error("else branches of while loops aren't supported") }
      case "for":
        _ = advance()
        let target = try targets()
        try expect("in")
        let iterable = try expressions()
        kind = .for(target: target, iterable: iterable, body: try block())
        if at("else") { throw next.position.error("else branches of for loops aren't supported") }
      case "with":
        _ = advance()
        var contexts: [(context: Syntax.Expression, target: Syntax.Expression?)] = []
        repeat {
          contexts.append((try expression(), take("as") ? try primary() : nil))
        } while take(",")
        kind = .with(contexts, body: try block())
      case "def", "class", "@": kind = try definition()
      case "try": throw start.error("try statements aren't supported")
      default: return try simpleStatements()
      }
      return [Syntax.Statement(kind, span(start))]
    }

    /// `if` or `elif` with all that belongs to it.
    private mutating func conditional() throws -> Syntax.Statement.Kind {
      _ = advance()
      let test = try expression()
      let then = try block()
      let start = next.position
      if at("elif") {
        let inner = try nested { try $0.conditional() }
        return .if(test: test, then: then, otherwise: [Syntax.Statement(inner, span(start))])
      }
      return .if(test: test, then: then, otherwise: take("else") ? try block() : [])
    }

    private mutating func block() throws -> [Syntax.Statement] {
      try expect(":")
      guard next.kind == .newline else { return try simpleStatements() }
      _ = advance()
      _ = try expect(.indent, "indent")
      return try nested { parser in
        var statements: [Syntax.Statement] = []
        while parser.next.kind != .dedent, parser.next.kind != .end { statements += try parser.statement() }
        if parser.next.kind == .dedent { _ = parser.advance() }
        return statements
      }
    }

    private mutating func simpleStatements() throws -> [Syntax.Statement] {
      var statements: [Syntax.Statement] = []
      repeat {
        if next.kind == .newline { break }
        let start = next.position
        let kind = try simpleStatement()
        statements.append(Syntax.Statement(kind, span(start)))
      } while take(";")
      if next.kind != .end { _ = try expect(.newline, "newline") }
      return statements
    }

    private mutating func simpleStatement() throws -> Syntax.Statement.Kind {
      guard next.kind == .symbol else { return try assignment() }
      switch next.text {
      case "return":
        _ = advance()
        return .return(isAtEndOfStatement ? nil : try expressions())
      case "raise":
        _ = advance()
        if isAtEndOfStatement { return .raise(nil) }
        let raised = try expression()
        if take("from") { _ = try expression() }
        return .raise(raised)
      case "assert":
        _ = advance()
        let test = try expression()
        return .assert(test: test, message: take(",") ? try expression() : nil)
      case "del":
        _ = advance()
        var deleted = [try primary()]
        while take(",") { deleted.append(try primary()) }
        return .delete(deleted)
      case "pass", "break", "continue":
        let word = advance().text
        return word == "pass" ? .pass : word == "break" ? .break : .continue
      case "import", "from":
        while !isAtEndOfStatement { _ = advance() }
        return .import
      case "global", "nonlocal", "yield":
        throw next.position.error("\(next.text) statements aren't supported")
      default: return try assignment()
      }
    }

    private var isAtEndOfStatement: Bool { next.kind == .newline || next.kind == .end || at(";") }

    private static let augmented: [String: Syntax.BinaryOperator] = [
      "+=": .add, "-=": .sub, "*=": .mul, "/=": .divide, "//=": .floordiv, "%=": .mod, "**=": .pow, "@=": .matmul,
      "&=": .and, "|=": .or, "^=": .xor, "<<=": .lshift, ">>=": .rshift,
    ]

    private mutating func assignment() throws -> Syntax.Statement.Kind {
      let first = try expressions()
      if take(":") {
        let annotation = try expression()
        return .assign([first], annotation: annotation, value: take("=") ? try expressions() : nil)
      }
      if next.kind == .symbol, let op = Parser.augmented[next.text] {
        _ = advance()
        return .augmentedAssign(first, op, try expressions())
      }
      guard at("=") else { return .expression(first) }
      var chain = [first]
      while take("=") { chain.append(try expressions()) }
      let value = chain.removeLast()
      return .assign(chain, annotation: nil, value: value)
    }

    // MARK: Definitions

    private mutating func definition() throws -> Syntax.Statement.Kind {
      var decorators: [Syntax.Expression] = []
      while take("@") {
        decorators.append(try expression())
        _ = try expect(.newline, "newline")
      }
      if at("class") { return .classDefinition(try classDefinition(decorators)) }
      return .function(try functionDefinition(decorators))
    }

    private mutating func classDefinition(_ decorators: [Syntax.Expression]) throws -> Syntax.ClassDefinition {
      let start = try expect("class").position
      let name = try identifier()
      var bases: [Syntax.Expression] = []
      if take("(") { bases = try list(until: ")") { try $0.expression() } }
      let position = span(start)
      return Syntax.ClassDefinition(
        name: name, bases: bases, body: try block(), decorators: decorators, position: position)
    }

    private mutating func functionDefinition(_ decorators: [Syntax.Expression]) throws -> Syntax.FunctionDefinition {
      let start = try expect("def").position
      let name = try identifier()
      try expect("(")
      var isKeywordOnly = false
      let parameters = try list(until: ")") { parser -> Syntax.Parameter? in
        if parser.at("**") { throw parser.next.position.error("functions with variable arguments aren't supported") }
        if parser.take("*") {
          guard parser.at(",") else {
            throw parser.next.position.error("functions with variable arguments aren't supported")
          }
          isKeywordOnly = true
          return nil
        }
        if parser.take("/") { return nil }
        let start = parser.next.position
        let name = try parser.identifier()
        let annotation = parser.take(":") ? try parser.expression() : nil
        let standard = parser.take("=") ? try parser.expression() : nil
        return Syntax.Parameter(
          name: name, annotation: annotation, defaultValue: standard, isKeywordOnly: isKeywordOnly,
          position: parser.span(start))
      }
      let returns = take("->") ? try expression() : nil
      let position = span(start)
      return Syntax.FunctionDefinition(
        name: name, parameters: parameters.compactMap { $0 }, returns: returns, body: try block(),
        decorators: decorators, position: position)
    }
  }
}
