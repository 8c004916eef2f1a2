// Values as text: `str`, `format`, `%`.

import ComplexModule

extension JIT.Builtins {
  static let textFormatting = family {
    JIT.Builtin("aten::str(t elem) -> str") { (value: JIT.IValue) in value.printedText }
    JIT.Builtin("aten::format(str self, ...) -> str") { (arguments: [JIT.IValue]) -> JIT.IValue in
      .string(try format(String.read(arguments[0]), arguments.dropFirst()))
    }
    JIT.Builtin("aten::percentFormat(str self, ...) -> str") { (arguments: [JIT.IValue]) -> JIT.IValue in
      let values: [JIT.IValue] =
        if arguments.count == 2, case .tuple(let tuple) = arguments[1] { tuple.items } else {
          Array(arguments.dropFirst().prefix(1))
        }
      return .string(try percentFormat(String.read(arguments[0]), values))
    }
  }

  /// Only `{}` is replaced: PyTorch leaves `{0}` and `{:.2f}` as they are.
  private static func format(_ text: String, _ arguments: ArraySlice<JIT.IValue>) throws -> String {
    let pieces = JIT.Builtins.pieces(of: text, between: "{}")
    guard pieces.count - 1 <= arguments.count else {
      throw TorchError(.value, "Too few arguments for format string: \(text)")
    }
    return zip(pieces.dropFirst(), arguments).reduce(pieces[0]) { $0 + $1.1.printedText + $1.0 }
  }

  private static func pieces(of text: String, between separator: String) -> [String] {
    var (bytes, result) = (JIT.Bytes(text), [String]())
    while let place = bytes.find(JIT.Bytes(separator)) {
      result.append(Array(bytes[..<place]).text)
      bytes.removeFirst(place + separator.utf8.count)
    }
    return result + [bytes.text]
  }

  /// One letter follows each `%`; widths and precisions are not known.
  private static func percentFormat(_ text: String, _ arguments: [JIT.IValue]) throws -> String {
    var (result, rest, used) = (JIT.Bytes(), JIT.Bytes(text)[...], 0)
    while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
      result += rest[..<percent]
      guard percent + 1 < rest.endIndex else { throw TorchError(.value, "Incomplete format specifier") }
      let key = rest[percent + 1]
      rest = rest[(percent + 2)...]
      if key == UInt8(ascii: "%") {
        result.append(key)
        continue
      }
      guard used < arguments.count else { throw TorchError(.value, "Too few arguments for format string") }
      result += try percentText(arguments[used], Character(UnicodeScalar(key))).utf8
      used += 1
    }
    guard used == arguments.count else { throw TorchError(.value, "Too many arguments for format string") }
    return (result + rest).text
  }

  private static func percentText(_ value: JIT.IValue, _ key: Character) throws -> String {
    func number() throws -> Double {
      switch value {
      case .int, .double, .bool: return value.double!
      default: throw TorchError(.value, "%\(key) requires a number for formatting, but got \(value.tagKind)")
      }
    }
    switch key {
    case "d", "i":
      let number = try number()
      if case .int(let int) = value { return String(int) }
      return String(Int32(exactly: number.rounded(.towardZero)) ?? .min)
    // PyTorch writes a float of 32 bits.
    case "e", "E":
      let text = "\(Double(Float(try number())), format: ".6e")"
      return key == "E" ? text.uppercased() : text
    case "f", "F": return "\(Double(Float(try number())), format: ".6f")"
    case "c":
      if case .int(let code) = value { return [UInt8(truncatingIfNeeded: code)].text }
      if case .string(let text) = value, text.utf8.count == 1 { return text }
      throw TorchError(.value, "%\(key) requires an int or char for formatting, but got \(value.tagKind)")
    case "s": return value.printedText
    default: throw TorchError(.value, "The specifier %\(key) is not supported in TorchScript format strings")
    }
  }
}

extension JIT.IValue {
  /// What PyTorch calls the kind of the value.
  var tagKind: String {
    switch self {
    case .none: "None"
    case .tensor, .quantized: "Tensor"
    case .int: "Int"
    case .double: "Double"
    case .bool: "Bool"
    case .complex: "ComplexDouble"
    case .string: "String"
    case .device: "Device"
    case .generator: "Generator"
    case .tuple: "Tuple"
    case .dict: "GenericDict"
    case .object: "Object"
    case .enumeration: "Enum"
    case .function: "Object"
    case .future: "Future"
    case .list: "GenericList"
    }
  }
}
