// Values as PyTorch's C++ streams write them: what `print`, `str` and `format` of TorchScript show.
//
// Reference: operator<< of IValue in aten/src/ATen/core/ivalue.cpp of PyTorch.

import ComplexModule

extension JIT.IValue {
  /// The value as text: `[1, 2]`, `1.`, `{a: True}`. Strings stand without quotes.
  public var printedText: String {
    switch self {
    case .none: "None"
    case .tensor(let tensor): (try? JIT.TensorText.text(tensor)) ?? "Tensor(invalid)"
    case .int(let value): String(value)
    case .double(let value): JIT.IValue.printedText(value)
    case .bool(let value): value ? "True" : "False"
    case .complex(let value): JIT.IValue.printedText(value)
    case .string(let value): value
    case .device(let device): device.description
    case .generator: "Generator"
    case .quantized(let tensor): JIT.IValue.tensor(tensor.dequantized()).printedText
    case .list(let list): "[" + list.items.map(\.printedText).joined(separator: ", ") + "]"
    case .tuple(let tuple):
      "(" + tuple.items.map(\.printedText).joined(separator: ", ") + (tuple.items.count == 1 ? ",)" : ")")
    case .dict(let dict):
      "{" + dict.table.map { "\(JIT.IValue($0).printedText): \($1.printedText)" }.joined(separator: ", ") + "}"
    case .object(let object): "<\(object.type.qualifiedName) object at \(JIT.IValue.address(object))>"
    case .enumeration(let type, let name): "Enum<\(type.qualifiedName.split(separator: ".").last ?? "").\(name)>"
    case .function: "Function"
    case .future: "Future"
    }
  }

  /// Whole numbers have a point and nothing behind it; others have 17 digits.
  static func printedText(_ value: Double) -> String {
    if let whole = Int(exactly: value) { return "\(whole)." }
    return "\(value, format: ".17g")"
  }

  private static func printedText(_ value: Complex<Double>) -> String {
    let (x, y) = value.rawStorage
    return printedText(x) + (y >= 0 ? "+" : "") + printedText(y) + "j"
  }

  private static func address(_ object: AnyObject) -> String {
    "0x" + String(UInt(bitPattern: Unmanaged.passUnretained(object).toOpaque()), radix: 16)
  }
}
