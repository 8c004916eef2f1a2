// Values of boxed calls: what TorchScript, archives, tracers and the conformance runner pass to operators.

/// An argument or result of a boxed operator call (PyTorch's IValue).
public enum Value: Sendable {
  case none
  case tensor(Tensor)
  case scalar(Scalar)
  case string(String)
  case dtype(DType)
  case device(Device)
  case memoryFormat(MemoryFormat)
  case generator(Generator)
  case list([Value])

  public static func int(_ value: Int) -> Value { .scalar(.int(value)) }
  public static func double(_ value: Double) -> Value { .scalar(.double(value)) }
  public static func bool(_ value: Bool) -> Value { .scalar(.bool(value)) }
  public static func ints(_ values: some Sequence<Int>) -> Value { .list(values.map { .int($0) }) }
  public static func tensors(_ values: [Tensor]) -> Value { .list(values.map { .tensor($0) }) }

  public var tensor: Tensor? { if case .tensor(let t) = self { t } else { nil } }

  /// Whether a tensor in it is a view of the same storage as `other`.
  func sharesStorage(with other: Tensor) -> Bool {
    switch self {
    case .tensor(let tensor): tensor.sharesStorage(with: other)
    case .list(let values): values.contains { $0.sharesStorage(with: other) }
    default: false
    }
  }

  /// What it is, for messages.
  var typeName: String {
    switch self {
    case .none: "None"
    case .tensor: "Tensor"
    case .scalar(.int): "int"
    case .scalar(.double): "float"
    case .scalar(.bool): "bool"
    case .scalar(.complex): "complex"
    case .string: "str"
    case .dtype: "ScalarType"
    case .device: "Device"
    case .memoryFormat: "MemoryFormat"
    case .generator: "Generator"
    case .list: "list"
    }
  }
}

/// The order in which dimensions lie in memory.
public enum MemoryFormat: String, Sendable {
  case contiguous, preserve, channelsLast = "channels_last", channelsLast3d = "channels_last_3d"
}
