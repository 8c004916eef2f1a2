// JSON of any form, for `--json`.

import OrderedCollections
import TorchCore

enum JSONValue: Encodable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object(OrderedDictionary<String, JSONValue>)

  func encode(to encoder: any Encoder) throws {
    var single = encoder.singleValueContainer()
    switch self {
    case .null: try single.encodeNil()
    case .bool(let value): try single.encode(value)
    case .int(let value): try single.encode(value)
    // JSON has no infinities and no NaN.
    case .double(let value): if value.isFinite { try single.encode(value) } else { try single.encode("\(value)") }
    case .string(let text): try single.encode(text)
    case .array(let items): try single.encode(items)
    case .object(let entries):
      try single.encode(Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) }))
    }
  }
}

extension StateTree {
  /// A value that is no container and no tensor, for JSON.
  var json: JSONValue {
    switch self {
    case .none: .null
    case .bool(let value): .bool(value)
    case .int(let value): .int(value)
    case .double(let value): .double(value)
    case .string(let text): .string(text)
    case .list(let items), .tuple(let items), .set(let items): .array(items.map(\.json))
    case .dict(let dictionary):
      .object(
        OrderedDictionary(
          dictionary.entries.map { ($0.key.description, $0.value.json) }, uniquingKeysWith: { $1 }))
    case .size(let sizes): .array(sizes.map { .int($0) })
    default: .string(text)
    }
  }

  /// A value in one line, long ones cut.
  var text: String {
    switch self {
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): String(value)
    case .bigInt(let digits): digits
    case .double(let value): String(value)
    case .complex(let real, let imaginary): "(\(real)\(imaginary < 0 ? "-" : "+")\(abs(imaginary))j)"
    case .string(let text): quoted(text)
    case .bytes(let bytes): "\(bytes.count) bytes"
    case .size(let sizes): "torch.Size(\(sizes))"
    case .dtype(let dtype): "torch.\(dtype.name)"
    case .device(let name): "device '\(name)'"
    case .list(let items): listed(items, "[", "]")
    case .tuple(let items): listed(items, "(", ")")
    case .set(let items): listed(items, "{", "}")
    case .dict(let dictionary): dictionary.entries.isEmpty ? "{}" : "dict of \(dictionary.entries.count)"
    case .tensor: "tensor"
    case .object(let name, _, _): name
    }
  }

  private func quoted(_ text: String) -> String {
    let plain = text.count > 200 ? text.prefix(200) + "…" : text[...]
    // Text from a file may hold control characters, which a terminal would obey.
    return "'"
      + plain.unicodeScalars.map { $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : String($0) }
      .joined() + "'"
  }

  private func listed(_ items: [StateTree], _ open: String, _ close: String) -> String {
    let shown = items.prefix(12).map(\.text).joined(separator: ", ")
    return open + shown + (items.count > 12 ? ", … \(items.count) in all" : "") + close
  }

  /// Whether the value takes one line: no tensors and no dictionaries in it.
  var isPlain: Bool {
    switch self {
    case .tensor, .object: false
    case .dict(let dictionary): dictionary.entries.isEmpty
    case .list(let items), .tuple(let items), .set(let items): items.allSatisfy { $0.isPlain }
    default: true
    }
  }
}
