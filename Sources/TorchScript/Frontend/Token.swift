// What the lexer makes of source text.

extension JIT.Syntax {
  struct Token {
    enum Kind: Equatable {
      case name, number, string
      /// An f-string, whose text is still to be read.
      case formatted
      /// An operator, bracket or keyword; its text says which.
      case symbol
      case newline, indent, dedent, end
    }

    let kind: Kind
    /// The text as it stands in the source; of a string what it means.
    let text: String
    let position: Position

    /// What messages call it.
    var name: String {
      switch kind {
      case .name: "ident"
      case .number: "number"
      case .string, .formatted: "string_literal"
      case .symbol: text
      case .newline: "newline"
      case .indent: "indent"
      case .dedent: "dedent"
      case .end: "eof"
      }
    }
  }
}
