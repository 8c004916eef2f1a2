// The syntax tree of TorchScript's source text: the part of Python that TorchScript knows.
//
// Reference: https://docs.python.org/3/reference/grammar.html

extension JIT {
  /// What the parser makes of source text; nothing in it has a type yet.
  enum Syntax {}
}

extension JIT.Syntax {
  /// Source text with its name.
  final class Source: Sendable {
    /// `code/__torch__/model.py`
    let file: String
    let bytes: [UInt8]

    init(_ text: String, file: String) {
      self.file = file
      bytes = Array(text.utf8)
    }
  }

  /// Where something stands in the source: `code/__torch__/model.py:12`.
  struct Position: CustomStringConvertible, Sendable {
    let source: Source
    /// From 1.
    let line: Int
    /// The bytes of the source that are meant.
    let start: Int
    let end: Int

    var description: String { "\(source.file):\(line)" }

    /// From this place to the end of `other`.
    func through(_ other: Position) -> Position {
      Position(source: source, line: line, start: start, end: max(end, other.end))
    }

    /// The line of the source with the place underlined, as PyTorch's messages show it.
    var excerpt: String {
      let bytes = source.bytes
      let newline = UInt8(ascii: "\n")
      var first = min(start, bytes.count)
      while first > 0, bytes[first - 1] != newline { first -= 1 }
      let last = bytes[first...].firstIndex(of: newline) ?? bytes.count
      let text = String(decoding: bytes[first..<last], as: UTF8.self)
      let width = max(1, min(end, last) - min(start, last))
      let mark = String(repeating: " ", count: min(start, last) - first) + String(repeating: "~", count: width)
      return "  File \"\(source.file)\", line \(line)\n\(text)\n\(mark) <--- HERE"
    }

    /// An error in the program, with the line where it is.
    func error(_ message: String, _ kind: TorchError.Kind = .value) -> TorchError {
      TorchError(kind, "\(message):\n\(excerpt)")
    }
  }

  struct Expression {
    let kind: Kind
    let position: Position

    init(_ kind: Kind, _ position: Position) {
      self.kind = kind
      self.position = position
    }

    indirect enum Kind {
      case name(String)
      case int(Int)
      case float(Double)
      /// The imaginary part of `2j`.
      case imaginary(Double)
      case string(String)
      case bool(Bool)
      case none
      case ellipsis
      case attribute(Expression, String)
      case call(Expression, [Argument])
      /// `x[1, ..., 2:3]`; the expressions may be slices.
      case `subscript`(Expression, [Expression])
      /// `a:b:c` between brackets.
      case slice(Expression?, Expression?, Expression?)
      case tuple([Expression])
      case list([Expression])
      case dict([(key: Expression, value: Expression)])
      case listComprehension(Expression, Comprehension)
      case dictComprehension(key: Expression, value: Expression, Comprehension)
      case unary(UnaryOperator, Expression)
      case binary(BinaryOperator, Expression, Expression)
      /// `a < b`; a chain `a < b < c` is `and` of its parts.
      case comparison(ComparisonOperator, Expression, Expression)
      case and(Expression, Expression)
      case or(Expression, Expression)
      /// `a if test else b`.
      case conditional(test: Expression, then: Expression, otherwise: Expression)
      /// `*xs` in a call or a target.
      case starred(Expression)
      /// `f"{x:.2f}"`; pieces are text or values.
      case formatted([FormattedPiece])
    }
  }

  /// `for target in iterable if condition` of a comprehension.
  struct Comprehension {
    let target: Expression
    let iterable: Expression
    let condition: Expression?
  }

  enum FormattedPiece {
    case text(String)
    case value(Expression, format: String)
  }

  struct Argument {
    /// Of a keyword argument.
    let name: String?
    let value: Expression
  }

  /// The names are those of the operators' methods: `__neg__`.
  enum UnaryOperator: String {
    case negate = "neg"
    case positive = "pos"
    case invert = "invert"
    case not
  }

  /// The names are those of the operators' methods: `__add__`, `__radd__`, `__iadd__`.
  enum BinaryOperator: String {
    case add, sub, mul, matmul, floordiv, mod, pow, lshift, rshift, and, or, xor
    case divide = "truediv"
  }

  enum ComparisonOperator: String {
    case equal = "eq"
    case notEqual = "ne"
    case less = "lt"
    case lessOrEqual = "le"
    case greater = "gt"
    case greaterOrEqual = "ge"
    case `is`, isNot, `in`, notIn
  }

  struct Statement {
    let kind: Kind
    let position: Position

    init(_ kind: Kind, _ position: Position) {
      self.kind = kind
      self.position = position
    }

    indirect enum Kind {
      case expression(Expression)
      /// `a = b = value`, `a: T = value`, `a: T`. An annotation comes with one target.
      case assign([Expression], annotation: Expression?, value: Expression?)
      case augmentedAssign(Expression, BinaryOperator, Expression)
      case `if`(test: Expression, then: [Statement], otherwise: [Statement])
      case `while`(test: Expression, body: [Statement])
      case `for`(target: Expression, iterable: Expression, body: [Statement])
      case with([(context: Expression, target: Expression?)], body: [Statement])
      case `break`, `continue`, pass
      case `return`(Expression?)
      case raise(Expression?)
      case assert(test: Expression, message: Expression?)
      case delete([Expression])
      case function(FunctionDefinition)
      case classDefinition(ClassDefinition)
      /// `import torch`, `from typing import List`: names that TorchScript knows anyway.
      case `import`
    }
  }

  struct FunctionDefinition {
    let name: String
    let parameters: [Parameter]
    let returns: Expression?
    let body: [Statement]
    /// `@torch.jit.ignore`, without the `@`.
    let decorators: [Expression]
    let position: Position
  }

  struct Parameter {
    let name: String
    let annotation: Expression?
    let defaultValue: Expression?
    let isKeywordOnly: Bool
    let position: Position
  }

  struct ClassDefinition {
    let name: String
    let bases: [Expression]
    let body: [Statement]
    let decorators: [Expression]
    let position: Position
  }
}
