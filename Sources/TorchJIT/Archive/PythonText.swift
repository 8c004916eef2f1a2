// Pieces of TorchScript's source text: names, strings, numbers, constants.
//
// Reference: torch/csrc/jit/frontend/lexer.h and strtod.h of PyTorch say what its parser reads.

import TorchSerialization

extension JIT {
  enum PythonText {
    private static let keywords: Set<String> = [
      "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
      "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or",
      "pass", "raise", "return", "try", "while", "with", "yield",
    ]
    /// Further words that cannot name a value: the parser gives them a meaning of its own.
    private static let reserved: Set<String> = [
      "print", "torch", "ops", "CONSTANTS", "__torch__", "annotate", "unchecked_cast", "uninitialized", "isinstance",
      "getattr", "hasattr", "int", "float", "bool", "str", "complex", "fork", "range", "len", "inf", "nan", "Tensor", "List",
      "Dict", "Tuple", "Optional", "Union", "Final", "Device", "number", "Any", "NoneType", "Future", "static_assert",
      "rpc_async", "zip", "enumerate", "super", "list", "dict", "tuple", "min", "max", "abs", "all", "any", "sum", "round",
      "sorted", "ord", "chr", "hex", "oct", "bin", "hash", "divmod", "pow", "id", "device", "infinity",
    ]

    /// Whether `name` can be a variable.
    static func isIdentifier(_ name: String) -> Bool { isAttribute(name) && !reserved.contains(name) }

    /// Whether `name` can stand behind a dot.
    static func isAttribute(_ name: String) -> Bool {
      guard let first = name.utf8.first, !keywords.contains(name) else { return false }
      func letter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
          || byte == UInt8(ascii: "_")
      }
      return letter(first)
        && name.utf8.allSatisfy { letter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// A variable's name made of a value's: `input.1` gives `input_1`.
    static func identifier(_ name: String) -> String {
      var text = String(String.UnicodeScalarView(name.unicodeScalars.map { scalar in
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)) ? scalar : "_"
      }))
      if let first = text.first, first.isNumber { text = "_" + text }
      return isIdentifier(text) || text.isEmpty ? text : text + "_"
    }

    /// A string literal. Bytes that are not printable ASCII are in octal, as PyTorch writes them.
    static func quoted(_ text: String) -> String {
      var result = "\""
      for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\\"): result += "\\\\"
        case UInt8(ascii: "\""): result += "\\\""
        case UInt8(ascii: "\n"): result += "\\n"
        case UInt8(ascii: "\t"): result += "\\t"
        case UInt8(ascii: "\r"): result += "\\r"
        case 0x20..<0x7F: result.unicodeScalars.append(UnicodeScalar(byte))
        default:
          let digits = String(byte, radix: 8)
          result += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
      }
      return result + "\""
    }

    /// A float literal that reads back as the same number.
    static func float(_ value: Double) -> String {
      if value.isNaN { return "float(\"nan\")" }
      if value.isInfinite { return value > 0 ? "float(\"inf\")" : "float(\"-inf\")" }
      if value == value.rounded(), value.magnitude < 1e10 {
        return (value.sign == .minus ? "-" : "") + "\(Int(value.magnitude))."
      }
      return "\(value)"
    }
  }
}
