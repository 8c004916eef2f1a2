// Operator schemas in PyTorch's notation, the common language of TorchScript, ONNX and the conformance cases.
//
// `add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor`
// Reference: aten/src/ATen/native/README.md of PyTorch describes the notation.

/// A parsed schema.
public struct Schema: Sendable {
  public struct Parameter: Sendable {
    public let name: String
    /// The type as written, annotations of aliasing removed: `Tensor?`, `int[2]`, `Scalar`.
    public let type: String
    public let defaultText: String?
    public let isKeywordOnly: Bool
    /// `Tensor(a!)`: the operator writes to it.
    public let isWritten: Bool
  }

  /// The text, with the `aten::` prefix.
  public let text: String
  /// `aten::add`
  public let name: String
  /// `Tensor`; empty for the default overload.
  public let overload: String
  public let parameters: [Parameter]
  /// Types of the returns, annotations of aliasing removed.
  public let returns: [String]
  /// `str self, ...`: any number of arguments more, of any type.
  public let isVariadic: Bool

  /// `aten::add.Tensor`, under which it is registered.
  public let qualifiedName: String

  /// `add` of `aten::add`.
  public var baseName: String { String(name.drop { $0 != ":" }.dropFirst(2)) }

  /// The parameters as written, between the brackets.
  var parameterText: String { SchemaText(text.utf8).parameters }

  /// Parses `text`; a schema is written by us, so a malformed one is a programmer's error.
  public init(_ text: String) {
    var bytes = Array(text.utf8)
    if bytes.prefix(while: { $0 != .open }).contains(.colon) {
      self.text = text
    } else {
      self.text = "aten::" + text
      bytes = Array(self.text.utf8)
    }
    let parts = SchemaText(bytes[...])
    qualifiedName = String(parts.name)
    let dot = parts.name.firstIndex(of: .dot)
    name = String(parts.name[..<(dot ?? parts.name.endIndex)])
    overload = dot.map { String(parts.name[($0 + 1)...]) } ?? ""
    var keywordOnly = false
    var variadic = false
    parameters = SchemaText.split(parts.parameterBytes).compactMap { piece in
      if piece.first == .star {
        keywordOnly = true
        return nil
      }
      if piece.first == .dot {
        variadic = true
        return nil
      }
      let equals = piece.firstIndex(of: .equals)
      let typeAndName = piece[..<(equals ?? piece.endIndex)]
      let space = typeAndName.lastIndex(of: .space)!
      let written = typeAndName[..<space]
      return Parameter(
        name: String(typeAndName[(space + 1)...]), type: String(SchemaText.withoutAliasing(written)),
        defaultText: equals.map { String(piece[($0 + 1)...]) }, isKeywordOnly: keywordOnly,
        isWritten: written.contains(.exclamation))
    }
    isVariadic = variadic
    var result = parts.returnBytes
    if result.first == .open, result.last == .close { result = result.dropFirst().dropLast() }
    returns = SchemaText.split(result).map { piece in
      // A return may carry a name: `Tensor values`.
      let type = SchemaText.withoutAliasing(piece)
      let name = type.lastIndex(of: .space).flatMap { i in type[i...].contains { $0 == .close || $0 == .closeList } ? nil : i }
      return String(type[..<(name ?? type.endIndex)])
    }
  }
}

/// The parts of a schema's text. Bytes, because thousands of schemas are read when a program starts.
private struct SchemaText {
  typealias Bytes = ArraySlice<UInt8>

  let name: Bytes
  let parameterBytes: Bytes
  let returnBytes: Bytes

  init(_ bytes: Bytes) {
    let open = bytes.firstIndex(of: .open)!
    // The bracket before the last arrow: types of functions have arrows, too.
    let arrow: [UInt8] = [.close, .space, .minus, .greater, .space]
    var close = bytes.endIndex - arrow.count
    while !bytes[close...].starts(with: arrow) { close -= 1 }
    name = bytes[..<open]
    parameterBytes = bytes[(open + 1)..<close]
    returnBytes = bytes[(close + arrow.count)...]
  }

  init(_ text: String.UTF8View) { self.init(Array(text)[...]) }

  var parameters: String { String(parameterBytes) }

  /// The text between commas that stand outside brackets, without spaces around it.
  static func split(_ text: Bytes) -> [Bytes] {
    var pieces: [Bytes] = []
    var depth = 0
    var start = text.startIndex
    func add(_ piece: Bytes) {
      guard let first = piece.firstIndex(where: { $0 != .space }) else { return }
      pieces.append(piece[first...piece.lastIndex { $0 != .space }!])
    }
    for i in text.indices {
      switch text[i] {
      case .open, .openList: depth += 1
      case .close, .closeList: depth -= 1
      case .comma where depth == 0:
        add(text[start..<i])
        start = i + 1
      default: break
      }
    }
    add(text[start...])
    return pieces
  }

  /// `Tensor(a!)?` without its annotation: `Tensor?`. Brackets that make a type, as in `Dict(str, t)`, stay.
  static func withoutAliasing(_ type: Bytes) -> Bytes {
    guard type.contains(.open) else { return type }
    var text: Bytes = []
    var word = ""
    var rest = type
    while let byte = rest.popFirst() {
      if byte == .open, !word.isEmpty, !["Dict", "Future", "RRef", "Union"].contains(word) {
        var depth = 1
        while depth > 0, let inner = rest.popFirst() { depth += inner == .open ? 1 : inner == .close ? -1 : 0 }
        continue
      }
      let character = Character(Unicode.Scalar(byte))
      word = character.isLetter || character.isNumber || "[]?)".contains(character) ? word + String(character) : ""
      text.append(byte)
    }
    return text
  }
}

extension String {
  fileprivate init(_ bytes: ArraySlice<UInt8>) { self.init(decoding: bytes, as: UTF8.self) }
}

extension UInt8 {
  fileprivate static let open = UInt8(ascii: "("), close = UInt8(ascii: ")")
  fileprivate static let openList = UInt8(ascii: "["), closeList = UInt8(ascii: "]")
  fileprivate static let colon = UInt8(ascii: ":"), comma = UInt8(ascii: ","), dot = UInt8(ascii: ".")
  fileprivate static let equals = UInt8(ascii: "="), star = UInt8(ascii: "*"), exclamation = UInt8(ascii: "!")
  fileprivate static let minus = UInt8(ascii: "-"), greater = UInt8(ascii: ">"), space = UInt8(ascii: " ")
}
