// Source text becomes tokens.
//
// Lines end where a bracket is not open; what a line is indented by becomes tokens `indent` and `dedent`.
// Reference: https://docs.python.org/3/reference/lexical_analysis.html
// Departure, as in PyTorch: `\342` in a string is a byte of its UTF-8 text.

extension JIT.Syntax {
  struct Lexer {
    private let source: Source
    private var bytes: [UInt8] { source.bytes }
    private var offset = 0
    private var line = 1
    private var openBrackets = 0
    private var indents = [0]
    private var tokens: [Token] = []

    private init(_ source: Source) { self.source = source }

    /// - Throws: `TorchError` of kind `.value` that shows the line that cannot be read.
    static func tokens(of source: Source) throws -> [Token] {
      var lexer = Lexer(source)
      try lexer.run()
      return lexer.tokens
    }

    private static let keywords: Set<String> = [
      "and", "as", "assert", "break", "class", "continue", "def", "del", "elif", "else", "except", "finally", "for", "from",
      "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
      "with", "yield", "None", "True", "False",
    ]

    /// Longer ones first.
    private static let operators: [[UInt8]] = [
      "**=", "//=", ">>=", "<<=", "...", "->", "**", "//", ">>", "<<", "<=", ">=", "==", "!=", "+=", "-=", "*=", "/=", "%=",
      "&=", "|=", "^=", "@=", ":=", "+", "-", "*", "/", "%", "@", "&", "|", "^", "~", "<", ">", "(", ")", "[", "]", "{", "}",
      ",", ":", ".", ";", "=",
    ].map { Array($0.utf8) }

    private func peek(_ ahead: Int = 0) -> UInt8? { offset + ahead < bytes.count ? bytes[offset + ahead] : nil }

    private func position(_ start: Int, line: Int? = nil) -> Position {
      Position(source: source, line: line ?? self.line, start: start, end: max(offset, start + 1))
    }

    private mutating func add(_ kind: Token.Kind, _ text: String, from start: Int, line: Int? = nil) {
      tokens.append(Token(kind: kind, text: text, position: position(start, line: line)))
    }

    private mutating func run() throws {
      var isLineStart = true
      while true {
        if isLineStart, openBrackets == 0 {
          guard try indentation() else { break }
          isLineStart = false
        }
        skipSpace()
        guard let byte = peek() else { break }
        switch byte {
        case UInt8(ascii: "#"): while let byte = peek(), byte != UInt8(ascii: "\n") { offset += 1 }
        case UInt8(ascii: "\n"):
          if openBrackets == 0 {
            add(.newline, "", from: offset)
            isLineStart = true
          }
          offset += 1
          line += 1
        default: try token(byte)
        }
      }
      if let last = tokens.last, last.kind != .newline, last.kind != .dedent { add(.newline, "", from: offset) }
      for _ in indents.dropFirst() { add(.dedent, "", from: offset) }
      add(.end, "", from: offset)
    }

    private mutating func skipSpace() {
      while let byte = peek() {
        if byte == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "\n") {
          offset += 2
          line += 1
        } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == 0x0C || byte == UInt8(ascii: "\r") {
          offset += 1
        } else {
          return
        }
      }
    }

    /// Goes to the first line that holds something, and says how far it is indented. False at the end of the text.
    private mutating func indentation() throws -> Bool {
      var width = 0
      scan: while let byte = peek() {
        switch byte {
        case UInt8(ascii: " "): width += 1
        case UInt8(ascii: "\t"): width = (width / 8 + 1) * 8
        case UInt8(ascii: "\r"), 0x0C: break
        case UInt8(ascii: "\n"):
          width = 0
          line += 1
        case UInt8(ascii: "#"):
          while let byte = peek(), byte != UInt8(ascii: "\n") { offset += 1 }
          continue scan
        default: break scan
        }
        offset += 1
      }
      guard peek() != nil else { return false }
      if width > indents.last! {
        indents.append(width)
        add(.indent, "", from: offset)
      }
      while width < indents.last! {
        indents.removeLast()
        add(.dedent, "", from: offset)
      }
      guard width == indents.last! else { throw position(offset).error("invalid indent level \(width)") }
      return true
    }

    private mutating func token(_ byte: UInt8) throws {
      let start = offset
      if byte.isLetter {
        while let byte = peek(), byte.isLetter || byte.isDigit { offset += 1 }
        let word = String(decoding: bytes[start..<offset], as: UTF8.self)
        if let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""), word.utf8.count <= 2,
          let prefix = Prefix(word)
        {
          return try string(prefix, from: start)
        }
        add(Lexer.keywords.contains(word) ? .symbol : .name, word, from: start)
      } else if byte.isDigit || (byte == UInt8(ascii: ".") && peek(1)?.isDigit == true) {
        number()
        add(.number, String(decoding: bytes[start..<offset], as: UTF8.self), from: start)
      } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
        try string(Prefix("")!, from: start)
      } else {
        guard let symbol = Lexer.operators.first(where: { bytes[offset...].starts(with: $0) }) else {
          throw position(start).error("expected a valid token but found '\(Character(Unicode.Scalar(byte)))' here")
        }
        offset += symbol.count
        let text = String(decoding: symbol, as: UTF8.self)
        switch text {
        case "(", "[", "{": openBrackets += 1
        case ")", "]", "}": openBrackets = max(0, openBrackets - 1)
        default: break
        }
        add(.symbol, text, from: start)
      }
    }

    private mutating func number() {
      if peek() == UInt8(ascii: "0"), let base = peek(1), [UInt8]("xXbBoO".utf8).contains(base) {
        offset += 2
        while let byte = peek(), byte.isLetter || byte.isDigit { offset += 1 }
        return
      }
      func digits() { while let byte = peek(), byte.isDigit || byte == UInt8(ascii: "_") { offset += 1 } }
      digits()
      if peek() == UInt8(ascii: ".") {
        offset += 1
        digits()
      }
      if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
        let sign = peek(1) == UInt8(ascii: "-") || peek(1) == UInt8(ascii: "+") ? 1 : 0
        if peek(1 + sign)?.isDigit == true {
          offset += 1 + sign
          digits()
        }
      }
      if let byte = peek(), byte | 0x20 == UInt8(ascii: "j") { offset += 1 }
    }

    // MARK: Strings

    /// `r`, `f`, … before a string.
    private struct Prefix {
      var isRaw = false
      var isFormatted = false

      init?(_ text: String) {
        for letter in text.lowercased() {
          switch letter {
          case "r": isRaw = true
          case "f": isFormatted = true
          case "u": break
          default: return nil
          }
        }
      }
    }

    private mutating func string(_ prefix: Prefix, from start: Int) throws {
      let (quote, firstLine) = (peek()!, line)
      let isLong = peek(1) == quote && peek(2) == quote
      offset += isLong ? 3 : 1
      var content: [UInt8] = []
      while true {
        guard let byte = peek(), isLong || byte != UInt8(ascii: "\n") else {
          throw position(start, line: firstLine).error("expected a valid token but found '\(Character(Unicode.Scalar(quote)))' here")
        }
        if byte == quote, !isLong || (peek(1) == quote && peek(2) == quote) {
          offset += isLong ? 3 : 1
          break
        }
        if byte == UInt8(ascii: "\\"), peek(1) != nil {
          try escape(prefix.isRaw, into: &content)
          continue
        }
        if byte == UInt8(ascii: "\n") { line += 1 }
        content.append(byte)
        offset += 1
      }
      let text = String(decoding: content, as: UTF8.self)
      add(prefix.isFormatted ? .formatted : .string, text, from: start, line: firstLine)
    }

    /// A backslash and what follows it.
    private mutating func escape(_ isRaw: Bool, into content: inout [UInt8]) throws {
      let start = offset
      let byte = peek(1)!
      offset += 2
      if byte == UInt8(ascii: "\n") { line += 1 }
      if isRaw {
        content += [UInt8(ascii: "\\"), byte]
        return
      }
      switch byte {
      case UInt8(ascii: "\n"): break
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): content.append(byte)
      case UInt8(ascii: "n"): content.append(0x0A)
      case UInt8(ascii: "t"): content.append(0x09)
      case UInt8(ascii: "r"): content.append(0x0D)
      case UInt8(ascii: "a"): content.append(0x07)
      case UInt8(ascii: "b"): content.append(0x08)
      case UInt8(ascii: "f"): content.append(0x0C)
      case UInt8(ascii: "v"): content.append(0x0B)
      case UInt8(ascii: "0")...UInt8(ascii: "7"):
        var value = Int(byte - UInt8(ascii: "0"))
        for _ in 0..<2 {
          guard let digit = peek(), (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { break }
          value = value * 8 + Int(digit - UInt8(ascii: "0"))
          offset += 1
        }
        content.append(UInt8(truncatingIfNeeded: value))
      case UInt8(ascii: "x"): try codePoint(2, from: start, into: &content)
      case UInt8(ascii: "u"): try codePoint(4, from: start, into: &content)
      case UInt8(ascii: "U"): try codePoint(8, from: start, into: &content)
      default: content += [UInt8(ascii: "\\"), byte]
      }
    }

    private mutating func codePoint(_ digits: Int, from start: Int, into content: inout [UInt8]) throws {
      let end = min(offset + digits, bytes.count)
      let text = String(decoding: bytes[offset..<end], as: UTF8.self)
      offset = end
      guard text.utf8.count == digits, let code = UInt32(text, radix: 16), let scalar = Unicode.Scalar(code) else {
        throw position(start).error("invalid escape in a string")
      }
      content += Array(String(Character(scalar)).utf8)
    }
  }
}

extension UInt8 {
  /// A letter, an underscore, or part of one outside of ASCII.
  fileprivate var isLetter: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...: true
    default: false
    }
  }

  fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
