// Types as text outside of source files: the tags that pickles put on lists and dictionaries.

extension JIT {
  /// Reads `Dict[str, List[__torch__.Point]]`.
  struct TypeReader {
    private var rest: Substring
    private let named: (String) throws -> ScriptType

    static func type(_ text: String, named: @escaping (String) throws -> ScriptType) throws -> ScriptType {
      var reader = TypeReader(rest: text[...], named: named)
      let type = try reader.type(depth: 0)
      guard reader.rest.isEmpty else { throw reader.refusal() }
      return type
    }

    private func refusal() -> TorchError {
      TorchError(.serialization, "a type that is not understood (at '\(rest.prefix(40))')")
    }

    private mutating func type(depth: Int) throws -> ScriptType {
      guard depth < 64 else { throw TorchError(.serialization, "a type nested too deeply") }
      let name = String(rest.prefix { $0 != "[" && $0 != "]" && $0 != "," && $0 != " " && $0 != "(" })
      rest = rest.dropFirst(name.count)
      guard rest.first == "[" else { return try plain(name) }
      rest = rest.dropFirst()
      if rest.hasPrefix("()]"), name == "Tuple" {
        rest = rest.dropFirst(3)
        return .tuple([])
      }
      var arguments: [ScriptType] = []
      repeat {
        arguments.append(try type(depth: depth + 1))
        if rest.first == "," {
          rest = rest.dropFirst().drop { $0 == " " }
        } else {
          guard rest.first == "]" else { throw refusal() }
          rest = rest.dropFirst()
          break
        }
      } while true
      switch (name, arguments.count) {
      case ("List", 1): return .list(arguments[0])
      case ("Optional", 1): return .optional(arguments[0])
      case ("Future", 1): return .future(arguments[0])
      case ("Dict", 2): return .dict(arguments[0], arguments[1])
      case ("Tuple", _): return .tuple(arguments)
      case ("Union", _): return .union(arguments)
      default: throw TorchError(.serialization, "\(name)[…] is no type with \(arguments.count) arguments")
      }
    }

    private func plain(_ name: String) throws -> ScriptType {
      switch name {
      case "Tensor": .tensor
      case "int": .int
      case "float": .float
      case "complex": .complex
      case "bool": .bool
      case "str": .string
      case "None", "NoneType": .none
      case "Device": .device
      case "number", "Scalar": .number
      case "Any": .any
      default:
        if name.hasPrefix("__torch__.") { try named(name) } else { throw TorchError(.serialization, "'\(name)' is no type") }
      }
    }
  }
}
