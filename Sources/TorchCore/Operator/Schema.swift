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
  public var qualifiedName: String { overload.isEmpty ? name : name + "." + overload }

  /// `add` of `aten::add`.
  public var baseName: String { String(name.drop { $0 != ":" }.dropFirst(2)) }

  /// Parses `text`; a schema is written by us, so a malformed one is a programmer's error.
  public init(_ text: String) {
    let full = text.contains("::") ? text : "aten::" + text
    self.text = full
    let open = full.firstIndex(of: "(")!
    let arrow = full.range(of: ") -> ", options: .backwards)!
    let names = full[..<open].split(separator: ".", maxSplits: 1)
    name = String(names[0])
    overload = names.count > 1 ? String(names[1]) : ""
    var keywordOnly = false
    var variadic = false
    parameters = Schema.split(full[full.index(after: open)..<arrow.lowerBound]).compactMap { piece in
      if piece == "*" {
        keywordOnly = true
        return nil
      }
      if piece == "..." {
        variadic = true
        return nil
      }
      let halves = piece.split(separator: "=", maxSplits: 1)
      let typeAndName = halves[0]
      let space = typeAndName.lastIndex(of: " ")!
      let written = typeAndName[..<space]
      return Parameter(
        name: String(typeAndName[typeAndName.index(after: space)...]), type: Schema.withoutAliasing(written),
        defaultText: halves.count > 1 ? String(halves[1]) : nil, isKeywordOnly: keywordOnly,
        isWritten: written.contains("!"))
    }
    isVariadic = variadic
    var result = full[arrow.upperBound...]
    if result.first == "(", result.last == ")" { result = result.dropFirst().dropLast() }
    returns = Schema.split(result).map { piece in
      // A return may carry a name: `Tensor values`.
      let type = Schema.withoutAliasing(piece)
      let name = type.lastIndex(of: " ").flatMap { type[$0...].contains { ")]".contains($0) } ? nil : $0 }
      return String(name.map { type[..<$0] } ?? type[...])
    }
  }

  /// The text between commas that stand outside brackets.
  private static func split(_ text: Substring) -> [Substring] {
    var pieces: [Substring] = []
    var depth = 0
    var start = text.startIndex
    for i in text.indices {
      switch text[i] {
      case "(", "[": depth += 1
      case ")", "]": depth -= 1
      case "," where depth == 0:
        pieces.append(text[start..<i])
        start = text.index(after: i)
      default: break
      }
    }
    pieces.append(text[start...])
    return pieces.map { $0.trimmed }.filter { !$0.isEmpty }
  }

  /// `Tensor(a!)?` without its annotation: `Tensor?`. Brackets that make a type, as in `Dict(str, t)`, stay.
  private static func withoutAliasing(_ type: Substring) -> String {
    var text = ""
    var word = ""
    var rest = type[...]
    while let character = rest.popFirst() {
      if character == "(", !word.isEmpty, !["Dict", "Future", "RRef", "Union"].contains(word) {
        var depth = 1
        while depth > 0, let inner = rest.popFirst() { depth += inner == "(" ? 1 : inner == ")" ? -1 : 0 }
        continue
      }
      word = character.isLetter || character.isNumber || "[]?)".contains(character) ? word + String(character) : ""
      text.append(character)
    }
    return text
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }
}

extension StringProtocol {
  /// The last place of `needle`, without Foundation.
  fileprivate func range(of needle: String, options: BackwardsOnly) -> Range<Index>? {
    var end = endIndex
    while end >= startIndex {
      let tail = self[..<end]
      if tail.hasSuffix(needle) { return index(end, offsetBy: -needle.count)..<end }
      guard end > startIndex else { return nil }
      end = index(before: end)
    }
    return nil
  }
}

private enum BackwardsOnly { case backwards }
