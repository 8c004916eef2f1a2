// Values as `print` and `str` of TorchScript write them.

extension JIT.IValue {
  /// The value as text: `[1., 2.5]`, `{a: 1}`. Strings are as they are, also within lists.
  public var printedText: String {
    switch self {
    case .none: "None"
    case .tensor(let tensor): tensor.description
    case .int(let value): String(value)
    case .double(let value): JIT.IValue.digits(value, 17)
    case .bool(let value): value ? "True" : "False"
    case .complex(let value): "\(JIT.IValue.digits(value.real, 17))+\(JIT.IValue.digits(value.imaginary, 17))j"
    case .string(let value): value
    case .device(let device): device.description
    case .list(let list): "[\(JIT.IValue.printed(list.items))]"
    case .tuple(let tuple): "(\(JIT.IValue.printed(tuple.items))\(tuple.items.count == 1 ? "," : ""))"
    case .dict(let dict):
      "{" + dict.table.map { "\(JIT.IValue($0).printedText): \($1.printedText)" }.joined(separator: ", ") + "}"
    case .enumeration(let type, let name): "Enum<\(type.qualifiedName).\(name)>"
    case .function(let function): function.qualifiedName
    case .object(let object): "<\(object.type.qualifiedName) object at \(ObjectIdentifier(object).hashValue)>"
    case .generator, .future: "<\(type)>"
    }
  }

  private static func printed(_ items: [JIT.IValue]) -> String { items.map(\.printedText).joined(separator: ", ") }
}
