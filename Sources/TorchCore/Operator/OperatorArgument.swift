// Swift types that operators take and return, and how boxed values become them.

/// A type of operator arguments. The boxed call of an operator is derived from these.
public protocol OperatorArgument {
  /// Whether a schema's parameter of type `type` is of this Swift type; checked when an operator is declared.
  static func matches(schemaType type: String) -> Bool
  /// The argument `value` stands for; tensors and generators come through as the same object.
  static func unbox(_ value: Value) throws -> Self
  var boxed: Value { get }
  /// Calls `body` for each tensor slot: once for a `Tensor?` too, with nil where there is none.
  func forEachTensor(_ body: (Tensor?) -> Void)
}

extension OperatorArgument {
  @inline(__always)
  public func forEachTensor(_ body: (Tensor?) -> Void) {}

  static func mismatch(_ value: Value) -> TorchError {
    TorchError(.type, "expected a value of type \(Self.self) but got \(value.typeName)")
  }
}

extension Tensor: OperatorArgument {
  public static func matches(schemaType type: String) -> Bool { type == "Tensor" }

  /// The tensor itself; a number where a tensor is expected becomes a wrapped number.
  public static func unbox(_ value: Value) throws -> Tensor {
    switch value {
    case .tensor(let tensor): return tensor
    case .scalar(let scalar): return Tensor(wrapping: scalar)
    default: throw mismatch(value)
    }
  }

  public var boxed: Value { .tensor(self) }

  @inline(__always)
  public func forEachTensor(_ body: (Tensor?) -> Void) { body(self) }
}

extension Int: OperatorArgument {
  public static func matches(schemaType type: String) -> Bool { type == "int" || type == "SymInt" }
  public static func unbox(_ value: Value) throws -> Self {
    switch value {
    case .scalar(.int(let v)): return v
    case .scalar(.bool(let v)): return v ? 1 : 0
    default: throw Int.mismatch(value)
    }
  }
  public var boxed: Value { .int(self) }
}

extension Double: OperatorArgument {
  public static func matches(schemaType type: String) -> Bool { type == "float" }
  public static func unbox(_ value: Value) throws -> Self {
    guard case .scalar(let scalar) = value else { throw Double.mismatch(value) }
    return scalar.doubleValue
  }
  public var boxed: Value { .double(self) }
}

extension Bool: OperatorArgument {
  public static func matches(schemaType type: String) -> Bool { type == "bool" }
  public static func unbox(_ value: Value) throws -> Self {
    guard case .scalar(let scalar) = value else { throw Bool.mismatch(value) }
    return scalar.boolValue
  }
  public var boxed: Value { .bool(self) }
}

extension Scalar: OperatorArgument {
  public static func matches(schemaType type: String) -> Bool { type == "Scalar" }
  public static func unbox(_ value: Value) throws -> Self {
    switch value {
    case .scalar(let scalar): return scalar
    case .tensor(let tensor) where tensor.ndim == 0: return try tensor.item()
    default: throw Scalar.mismatch(value)
    }
  }
  public var boxed: Value { .scalar(self) }
}

extension String: OperatorArgument {
  public static func matches(schemaType type: String) -> Bool { type == "str" }
  public static func unbox(_ value: Value) throws -> Self {
    guard case .string(let text) = value else { throw String.mismatch(value) }
    return text
  }
  public var boxed: Value { .string(self) }
}

extension DType: OperatorArgument {
  public static func matches(schemaType type: String) -> Bool { type == "ScalarType" }
  public static func unbox(_ value: Value) throws -> Self {
    switch value {
    case .dtype(let dtype): return dtype
    case .scalar(.int(let code)):  // TorchScript passes dtypes as their codes
      guard let dtype = DType(rawValue: Int32(truncatingIfNeeded: code)) else { throw DType.mismatch(value) }
      return dtype
    default: throw DType.mismatch(value)
    }
  }
  public var boxed: Value { .dtype(self) }
}

extension Device: OperatorArgument {
  public static func matches(schemaType type: String) -> Bool { type == "Device" }
  public static func unbox(_ value: Value) throws -> Self {
    switch value {
    case .device(let device): return device
    case .string(let text): return try Device(text)
    default: throw Device.mismatch(value)
    }
  }
  public var boxed: Value { .device(self) }
}

extension MemoryFormat: OperatorArgument {
  public static func matches(schemaType type: String) -> Bool { type == "MemoryFormat" }
  public static func unbox(_ value: Value) throws -> Self {
    switch value {
    case .memoryFormat(let format): return format
    case .scalar(.int(let code)) where (0...3).contains(code):
      return [.contiguous, .preserve, .channelsLast, .channelsLast3d][code]
    default: throw MemoryFormat.mismatch(value)
    }
  }
  public var boxed: Value { .memoryFormat(self) }
}

extension Generator: OperatorArgument {
  public static func matches(schemaType type: String) -> Bool { type == "Generator" }
  public static func unbox(_ value: Value) throws -> Generator {
    guard case .generator(let generator) = value else { throw Generator.mismatch(value) }
    return generator
  }
  public var boxed: Value { .generator(self) }
}

/// A parameter that carries nothing we act on: `Layout?`, `pin_memory`.
public struct Ignored: OperatorArgument {
  public init() {}
  public static func matches(schemaType type: String) -> Bool { ["Layout", "Layout?", "bool?"].contains(type) }
  public static func unbox(_ value: Value) -> Ignored { Ignored() }
  public var boxed: Value { .none }
}

extension Optional: OperatorArgument where Wrapped: OperatorArgument {
  public static func matches(schemaType type: String) -> Bool {
    type.last == "?" && Wrapped.matches(schemaType: String(type.dropLast()))
  }
  public static func unbox(_ value: Value) throws -> Self {
    if case .none = value { return nil } else { return try Wrapped.unbox(value) }
  }
  public var boxed: Value { self?.boxed ?? .none }
  @inline(__always)
  public func forEachTensor(_ body: (Tensor?) -> Void) {
    if let self { self.forEachTensor(body) } else if Wrapped.self == Tensor.self { body(nil) }
  }
}

extension Array: OperatorArgument where Element: OperatorArgument {
  public static func matches(schemaType type: String) -> Bool {
    guard type.last == "]", let open = type.lastIndex(of: "[") else { return false }
    return Element.matches(schemaType: String(type[..<open]))
  }
  public static func unbox(_ value: Value) throws -> Self {
    switch value {
    case .list(let values): return try values.map { try Element.unbox($0) }
    // A single number stands for a list of one where a schema says `int[1]`.
    case .scalar: return [try Element.unbox(value)]
    default: throw Self.mismatch(value)
    }
  }
  public var boxed: Value { .list(map(\.boxed)) }
  public func forEachTensor(_ body: (Tensor?) -> Void) {
    for element in self { element.forEachTensor(body) }
  }
}

/// A type of operator results.
public protocol OperatorResult {
  static func matches(returns: [String]) -> Bool
  /// The result of a failed call; nil for a type that cannot carry an error.
  static func invalid(_ error: TorchError, returns: [String]) -> Self?
  /// The results one by one, as boxed calls return them.
  func boxedResults(returns: [String]) -> [Value]
  /// What `boxedResults` came of.
  static func unboxResults(_ values: [Value], returns: [String]) throws -> Self
  func forEachTensor(_ body: (Tensor) -> Void)
}

extension OperatorResult where Self: OperatorArgument {
  public static func unboxResults(_ values: [Value], returns: [String]) throws -> Self { try unbox(values[0]) }
}

extension Tensor: OperatorResult {
  public static func matches(returns: [String]) -> Bool { returns == ["Tensor"] }
  public static func invalid(_ error: TorchError, returns: [String]) -> Tensor? { .invalid(error) }
  public func boxedResults(returns: [String]) -> [Value] { [.tensor(self)] }
  @inline(__always)
  public func forEachTensor(_ body: (Tensor) -> Void) { body(self) }
}

/// Several tensors: a schema's `(Tensor, Tensor)`, or its one `Tensor[]`.
extension Array: OperatorResult where Element == Tensor {
  public static func matches(returns: [String]) -> Bool {
    returns == ["Tensor[]"] || returns.allSatisfy { $0 == "Tensor" }
  }
  public static func invalid(_ error: TorchError, returns: [String]) -> [Tensor]? {
    let first = Tensor.invalid(error)
    return Array(repeating: first, count: returns.count)
  }
  public func boxedResults(returns: [String]) -> [Value] {
    returns == ["Tensor[]"] ? [.tensors(self)] : map { .tensor($0) }
  }
  public static func unboxResults(_ values: [Value], returns: [String]) throws -> [Tensor] {
    try unbox(returns == ["Tensor[]"] ? values[0] : .list(values))
  }
  public func forEachTensor(_ body: (Tensor) -> Void) { forEach(body) }
}

extension Bool: OperatorResult {
  public static func matches(returns: [String]) -> Bool { returns == ["bool"] }
  public static func invalid(_ error: TorchError, returns: [String]) -> Bool? { nil }
  public func boxedResults(returns: [String]) -> [Value] { [.bool(self)] }
  public func forEachTensor(_ body: (Tensor) -> Void) {}
}

extension Int: OperatorResult {
  public static func matches(returns: [String]) -> Bool { returns == ["int"] }
  public static func invalid(_ error: TorchError, returns: [String]) -> Int? { nil }
  public func boxedResults(returns: [String]) -> [Value] { [.int(self)] }
  public func forEachTensor(_ body: (Tensor) -> Void) {}
}

extension Scalar: OperatorResult {
  public static func matches(returns: [String]) -> Bool { returns == ["Scalar"] }
  public static func invalid(_ error: TorchError, returns: [String]) -> Scalar? { nil }
  public func boxedResults(returns: [String]) -> [Value] { [.scalar(self)] }
  public func forEachTensor(_ body: (Tensor) -> Void) {}
}
