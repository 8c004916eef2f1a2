// Swift types as arguments and results of builtins.

import ComplexModule
import RealModule

extension JIT {
  /// A Swift type that values of TorchScript are read as.
  protocol BuiltinValue {
    /// - Throws: `TorchError` of kind `.type` where `value` is of another type.
    static func read(_ value: IValue) throws -> Self
    var ivalue: IValue { get }
  }

  /// A Swift type that stands for one type of TorchScript.
  protocol BuiltinElement: BuiltinValue {
    static var scriptType: ScriptType { get }
    /// Its name in schemas.
    static var schemaName: String { get }
  }
}

extension JIT.IValue {
  init(_ scalar: Scalar) {
    switch scalar {
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .bool(let value): self = .bool(value)
    case .complex(let value): self = .complex(value)
    }
  }

  /// The number of an int, a float, a bool or a complex.
  var scalar: Scalar? {
    switch self {
    case .int(let value): .int(value)
    case .double(let value): .double(value)
    case .bool(let value): .bool(value)
    case .complex(let value): .complex(value)
    default: nil
    }
  }
}

extension JIT.IValue: JIT.BuiltinValue {
  static func read(_ value: JIT.IValue) -> JIT.IValue { value }
  var ivalue: JIT.IValue { self }
}

extension Int: JIT.BuiltinElement {
  static let scriptType = JIT.ScriptType.int
  static let schemaName = "int"
  static func read(_ value: JIT.IValue) throws -> Int {
    if case .int(let number) = value { return number }
    guard let number = value.int else { throw value.mismatch("int") }
    return number
  }
  var ivalue: JIT.IValue { .int(self) }
}

extension Double: JIT.BuiltinElement {
  static let scriptType = JIT.ScriptType.float
  static let schemaName = "float"
  static func read(_ value: JIT.IValue) throws -> Double {
    if case .double(let number) = value { return number }
    guard let number = value.double else { throw value.mismatch("float") }
    return number
  }
  var ivalue: JIT.IValue { .double(self) }
}

extension Bool: JIT.BuiltinElement {
  static let scriptType = JIT.ScriptType.bool
  static let schemaName = "bool"
  static func read(_ value: JIT.IValue) throws -> Bool {
    guard case .bool(let flag) = value else { throw value.mismatch("bool") }
    return flag
  }
  var ivalue: JIT.IValue { .bool(self) }
}

extension Complex<Double>: JIT.BuiltinElement, JIT.BuiltinValue {
  static var scriptType: JIT.ScriptType { .complex }
  static var schemaName: String { "complex" }
  static func read(_ value: JIT.IValue) throws -> Complex<Double> {
    guard let number = value.scalar else { throw value.mismatch("complex") }
    return number.complexValue
  }
  var ivalue: JIT.IValue { .complex(self) }
}

extension String: JIT.BuiltinElement {
  static let scriptType = JIT.ScriptType.string
  static let schemaName = "str"
  static func read(_ value: JIT.IValue) throws -> String {
    guard case .string(let text) = value else { throw value.mismatch("str") }
    return text
  }
  var ivalue: JIT.IValue { .string(self) }
}

extension Tensor: JIT.BuiltinElement {
  static var scriptType: JIT.ScriptType { .tensor }
  static var schemaName: String { "Tensor" }
  static func read(_ value: JIT.IValue) throws -> Self {
    guard case .tensor(let tensor) = value, let tensor = tensor as? Self else { throw value.mismatch("Tensor") }
    return tensor
  }
  var ivalue: JIT.IValue { .tensor(self) }
}

extension Scalar: JIT.BuiltinElement {
  static let scriptType = JIT.ScriptType.number
  static let schemaName = "Scalar"
  static func read(_ value: JIT.IValue) throws -> Scalar {
    guard let number = value.scalar else { throw value.mismatch("number") }
    return number
  }
  var ivalue: JIT.IValue { JIT.IValue(self) }
}

extension Device: JIT.BuiltinElement {
  static let scriptType = JIT.ScriptType.device
  static let schemaName = "Device"
  static func read(_ value: JIT.IValue) throws -> Device {
    guard case .device(let device) = value else { throw value.mismatch("Device") }
    return device
  }
  var ivalue: JIT.IValue { .device(self) }
}

extension Generator: JIT.BuiltinElement {
  static let scriptType = JIT.ScriptType.generator
  static let schemaName = "Generator"
  static func read(_ value: JIT.IValue) throws -> Self {
    guard case .generator(let generator) = value, let generator = generator as? Self else {
      throw value.mismatch("Generator")
    }
    return generator
  }
  var ivalue: JIT.IValue { .generator(self) }
}

extension DType: JIT.BuiltinElement {
  static let scriptType = JIT.ScriptType.int
  static let schemaName = "ScalarType"
  static func read(_ value: JIT.IValue) throws -> DType {
    let code = try Int.read(value)
    guard let dtype = UInt8(exactly: code).flatMap({ DType(rawValue: .init($0)) }) else {
      throw TorchError(.dtype, "a dtype with the code \(code) is not supported")
    }
    return dtype
  }
  var ivalue: JIT.IValue { .int(Int(rawValue)) }
}

extension JIT.ListObject: JIT.BuiltinValue {
  static func read(_ value: JIT.IValue) throws -> JIT.ListObject {
    guard case .list(let list) = value else { throw value.mismatch("list") }
    return list
  }
  var ivalue: JIT.IValue { .list(self) }
}

extension JIT.DictObject: JIT.BuiltinValue {
  static func read(_ value: JIT.IValue) throws -> JIT.DictObject {
    guard case .dict(let dict) = value else { throw value.mismatch("dict") }
    return dict
  }
  var ivalue: JIT.IValue { .dict(self) }
}

extension Optional: JIT.BuiltinValue where Wrapped: JIT.BuiltinValue {
  static func read(_ value: JIT.IValue) throws -> Wrapped? { value.isNone ? nil : try Wrapped.read(value) }
  var ivalue: JIT.IValue { self?.ivalue ?? .none }
}

extension Optional: JIT.BuiltinElement where Wrapped: JIT.BuiltinElement {
  static var scriptType: JIT.ScriptType { .optional(Wrapped.scriptType) }
  static var schemaName: String { Wrapped.schemaName + "?" }
}

extension Array: JIT.BuiltinValue where Element: JIT.BuiltinElement {
  static func read(_ value: JIT.IValue) throws -> [Element] {
    guard let elements = value.elements else { throw value.mismatch("List[\(Element.scriptType)]") }
    return try elements.map(Element.read)
  }
  var ivalue: JIT.IValue { .list(JIT.ListObject(Element.scriptType, map(\.ivalue))) }
}
