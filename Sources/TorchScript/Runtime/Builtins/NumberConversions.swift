// Numbers made of other numbers, of strings and of tensors; strings made of ints.

import ComplexModule
import RealModule

extension JIT.Builtins {
  static let numberConversions = family {
    forwarding("aten::Bool.Tensor(Tensor a) -> bool", to: "aten::is_nonzero")
    JIT.Builtin("aten::Bool.int(int a) -> bool") { (a: Int) in a != 0 }
    JIT.Builtin("aten::Bool.float(float a) -> bool") { (a: Double) in a != 0 }
    JIT.Builtin("aten::Int.Tensor(Tensor a) -> int") { (a: Tensor) in try integer(a.item()) }
    JIT.Builtin("aten::Int.bool(bool a) -> int") { (a: Bool) in a ? 1 : 0 }
    JIT.Builtin("aten::Int.float(float a) -> int") { (a: Double) in truncated(a) }
    JIT.Builtin("aten::Int.Scalar(Scalar a) -> int") { (a: Scalar) in try integer(a) }
    JIT.Builtin("aten::Int.str(str a) -> int", parseInt)
    JIT.Builtin("aten::Float.Tensor(Tensor a) -> float") { (a: Tensor) in try float(a.item()) }
    JIT.Builtin("aten::Float.Scalar(Scalar a) -> float") { (a: Scalar) in a.doubleValue }
    // PyTorch goes through a float of 32 bits here.
    JIT.Builtin("aten::Float.int(int a) -> float") { (a: Int) in Double(Float(a)) }
    JIT.Builtin("aten::Float.bool(bool a) -> float") { (a: Bool) in a ? 1.0 : 0.0 }
    JIT.Builtin("aten::Float.str(str a) -> float", parseFloat)
    JIT.Builtin("aten::Complex.Scalar(Scalar a) -> complex") { (a: Scalar) in a.complexValue }
    JIT.Builtin("aten::Complex.Tensor_Tensor(Tensor a, Tensor b) -> complex") { (a: Tensor, b: Tensor) in
      C(try float(a.item()), try float(b.item()))
    }
    for pair in [
      "int_bool", "bool_int", "float_bool", "bool_float", "float_int", "int_float", "int_int", "bool_bool",
      "float_float",
    ] {
      JIT.Builtin("aten::Complex.\(pair)(\(types(pair).0) x, \(types(pair).1) y) -> complex") {
        (x: Double, y: Double) in C(x, y)
      }
    }
    for type in ["float", "int", "bool"] {
      JIT.Builtin("aten::Complex.Tensor_\(type)(Tensor x, \(type) y) -> complex") { (x: Tensor, y: Double) in
        C(try float(x.item()), y)
      }
      JIT.Builtin("aten::Complex.\(type)_Tensor(\(type) x, Tensor y) -> complex") { (x: Double, y: Tensor) in
        C(x, try float(y.item()))
      }
    }
    JIT.Builtin("aten::IntImplicit(Tensor a) -> int") { (a: Tensor) in try integer(implicit(a, toInt: true)) }
    JIT.Builtin("aten::FloatImplicit(Tensor a) -> float") { (a: Tensor) in try float(implicit(a)) }
    JIT.Builtin("aten::ComplexImplicit(Tensor a) -> complex") { (a: Tensor) in try implicit(a).complexValue }
    JIT.Builtin("aten::ScalarImplicit(Tensor a) -> Scalar") { (a: Tensor) in try implicit(a) }
    JIT.Builtin("aten::hex(int i) -> str") { (i: Int) in digits(i, "0x", 16) }
    JIT.Builtin("aten::oct(int i) -> str") { (i: Int) in digits(i, "0o", 8) }
    JIT.Builtin("aten::bin(int i) -> str") { (i: Int) in digits(i, "0b", 2) }
  }

  private static func types(_ pair: String) -> (Substring, Substring) {
    let parts = pair.split(separator: "_")
    return (parts[0], parts[1])
  }

  private static func digits(_ value: Int, _ prefix: String, _ radix: Int) -> String {
    (value < 0 ? "-" : "") + prefix + String(value.magnitude, radix: radix)
  }

  // MARK: Checked conversions

  /// - Throws: where it has an imaginary part or is too large.
  private static func integer(_ value: Scalar) throws -> Int {
    switch value {
    case .int, .bool: return value.intValue
    case .double, .complex:
      let number = try float(value)
      guard let result = Int(exactly: number.rounded(.towardZero)) else {
        throw TorchError(.value, "value cannot be converted to type int64_t without overflow")
      }
      return result
    }
  }

  private static func float(_ value: Scalar) throws -> Double {
    if case .complex(let number) = value, number.rawStorage.y != 0 {
      throw TorchError(.value, "value cannot be converted to type double without overflow")
    }
    return value.doubleValue
  }

  /// The number of a tensor that stands where a number is expected.
  private static func implicit(_ tensor: Tensor, toInt: Bool = false) throws -> Scalar {
    if tensor.requiresGrad {
      throw TorchError(.autograd, "Cannot input a tensor that requires grad as a scalar argument")
    }
    if tensor.ndim != 0 {
      throw TorchError(.shape, "Cannot input a tensor of dimension other than 0 as a scalar argument")
    }
    if toInt, tensor.dtype.isFloatingPoint || tensor.dtype.isComplex || tensor.dtype == .bool {
      throw TorchError(.dtype, "Cannot input a tensor of type \(tensor.dtype.scalarTypeName) as an integral argument")
    }
    return try tensor.item()
  }

  // MARK: Numbers of strings

  private static func parseInt(_ text: String) throws -> Int {
    var rest = text.drop(while: isSpace)
    let isNegative = rest.first == "-"
    if isNegative || rest.first == "+" { rest = rest.dropFirst() }
    let digits = rest.prefix { ("0"..."9").contains($0) }
    guard let value = Int((isNegative ? "-" : "") + digits) else { throw TorchError(.value, "stoll") }
    guard digits.endIndex == rest.endIndex else {
      throw TorchError(.value, "invalid literal for int() with base 10: '\(text)'")
    }
    return value
  }

  private static func parseFloat(_ text: String) throws -> Double {
    let trimmed = text.drop(while: isSpace)
    if let value = Double(trimmed), !trimmed.isEmpty { return value }
    // The longest beginning that is a number tells which of the two messages PyTorch gives.
    let hasNumber = trimmed.indices.contains { Double(trimmed[...$0]) != nil }
    throw TorchError(.value, hasNumber ? "could not convert string to float: '\(text)'" : "stod")
  }

  private static func isSpace(_ character: Character) -> Bool { " \t\n\u{0B}\u{0C}\r\r\n".contains(character) }
}
