// Reading and writing the state dicts of optimizers and schedulers.

extension StateTree where Leaf == Tensor {
  public static func strings(_ values: OrderedDictionary<String, StateValue>) -> StateValue {
    .dict(StateDictionary(OrderedDictionary(uniqueKeysWithValues: values.map { (.string($0.key), $0.value) })))
  }

  public static func doubles(_ values: [Double]) -> StateValue { .list(values.map { .double($0) }) }

  // MARK: Reading. A file may hold an integer where a number is meant, or a one-element tensor.

  public func asDouble() throws -> Double {
    switch self {
    case .double(let value): return value
    case .int(let value): return Double(value)
    case .bool(let value): return value ? 1 : 0
    case .tensor(let tensor): return try tensor.item().doubleValue
    default: throw StateValue.mismatch("a number", self)
    }
  }

  public func asInt() throws -> Int {
    switch self {
    case .int(let value): return value
    case .double(let value) where value == value.rounded() && abs(value) < 0x1p53: return Int(value)
    case .bool(let value): return value ? 1 : 0
    case .tensor(let tensor): return try tensor.item().intValue
    default: throw StateValue.mismatch("an integer", self)
    }
  }

  public func asBool() throws -> Bool {
    switch self {
    case .bool(let value): return value
    case .int(let value): return value != 0
    default: throw StateValue.mismatch("a Boolean", self)
    }
  }

  public func asString() throws -> String {
    if case .string(let value) = self { return value }
    throw StateValue.mismatch("a string", self)
  }

  public func asTensor() throws -> Tensor {
    if case .tensor(let value) = self { return value }
    throw StateValue.mismatch("a tensor", self)
  }

  public func asList() throws -> [StateValue] {
    switch self {
    case .list(let values), .tuple(let values): return values
    default: throw StateValue.mismatch("a list", self)
    }
  }

  public func asStrings() throws -> OrderedDictionary<String, StateValue> {
    guard let values = dictionary?.entries else { throw StateValue.mismatch("a dictionary", self) }
    var result: OrderedDictionary<String, StateValue> = [:]
    for (key, value) in values {
      guard case .string(let name) = key else { throw StateValue.mismatch("string keys", self) }
      result[name] = value
    }
    return result
  }

  private static func mismatch(_ expected: String, _ value: StateValue) -> TorchError {
    TorchError(.type, "expected \(expected) in the state dict, got \(value)".prefix(200).description)
  }
}

/// An entry of a state dict and the property it stands for: one declaration gives both directions.
public struct StateField<Root> {
  let name: String
  let get: (Root) -> StateValue?
  let set: (inout Root, StateValue) throws -> Void

  static func double(_ name: String, _ path: WritableKeyPath<Root, Double>) -> StateField {
    StateField(name: name, get: { .double($0[keyPath: path]) }, set: { $0[keyPath: path] = try $1.asDouble() })
  }

  /// A number that PyTorch's default gives as the integer 0; it is kept and printed so.
  static func amount(_ name: String, _ path: WritableKeyPath<Root, Double>) -> StateField {
    StateField(
      name: name, get: { $0[keyPath: path] == 0 ? .int(0) : .double($0[keyPath: path]) },
      set: { $0[keyPath: path] = try $1.asDouble() })
  }

  static func int(_ name: String, _ path: WritableKeyPath<Root, Int>) -> StateField {
    StateField(name: name, get: { .int($0[keyPath: path]) }, set: { $0[keyPath: path] = try $1.asInt() })
  }

  static func bool(_ name: String, _ path: WritableKeyPath<Root, Bool>) -> StateField {
    StateField(name: name, get: { .bool($0[keyPath: path]) }, set: { $0[keyPath: path] = try $1.asBool() })
  }

  /// A tuple of two numbers: Adam's `betas`.
  static func pair(
    _ name: String, _ first: WritableKeyPath<Root, Double>, _ second: WritableKeyPath<Root, Double>
  ) -> StateField {
    StateField(
      name: name, get: { .tuple([.double($0[keyPath: first]), .double($0[keyPath: second])]) },
      set: { root, value in
        let values = try value.asList()
        guard values.count == 2 else { throw TorchError(.value, "expected two numbers for '\(name)' in the state dict") }
        root[keyPath: first] = try values[0].asDouble()
        root[keyPath: second] = try values[1].asDouble()
      })
  }

  /// A count that PyTorch keeps in a zero-dimensional float32 tensor.
  static func step(_ name: String, _ path: WritableKeyPath<Root, Int>) -> StateField {
    StateField(
      name: name, get: { .tensor(Tensor.full([], Scalar($0[keyPath: path]), dtype: .float32)) },
      set: { $0[keyPath: path] = try $1.asInt() })
  }

  /// A number that PyTorch keeps in a zero-dimensional tensor of the default type.
  static func scalarTensor(_ name: String, _ path: WritableKeyPath<Root, Double>) -> StateField {
    StateField(
      name: name, get: { .tensor(Tensor.full([], Scalar($0[keyPath: path]), dtype: .default)) },
      set: { $0[keyPath: path] = try $1.asDouble() })
  }

  static func optionalScalarTensor(_ name: String, _ path: WritableKeyPath<Root, Double?>) -> StateField {
    StateField(
      name: name, get: { $0[keyPath: path].map { .tensor(Tensor.full([], Scalar($0), dtype: .default)) } },
      set: { $0[keyPath: path] = try $1.asDouble() })
  }

  /// A tensor that is not there before the first step, or without the option that needs it.
  static func tensor(_ name: String, _ path: WritableKeyPath<Root, Tensor?>) -> StateField {
    StateField(
      name: name, get: { $0[keyPath: path].map { .tensor($0) } },
      set: { $0[keyPath: path] = $1.isNone ? nil : try $1.asTensor() })
  }

  /// An option of PyTorch's that changes no result, or that we do not have: written so that PyTorch can load the file.
  static func constant(_ name: String, _ value: StateValue) -> StateField {
    StateField(name: name, get: { _ in value }, set: { _, _ in })
  }

  static func encode(_ fields: [StateField], _ root: Root) -> OrderedDictionary<String, StateValue> {
    var values: OrderedDictionary<String, StateValue> = [:]
    for field in fields { if let value = field.get(root) { values[field.name] = value } }
    return values
  }

  static func decode(
    _ fields: [StateField], _ values: OrderedDictionary<String, StateValue>, into root: inout Root
  ) throws {
    for field in fields { if let value = values[field.name] { try field.set(&root, value) } }
  }
}
