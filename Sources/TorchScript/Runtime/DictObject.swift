// Dictionaries, which keep the order of insertion.

import OrderedCollections

extension JIT {
  /// A dictionary with keys of one type and values of one type.
  public final class DictObject {
    public let keyType: ScriptType
    public let valueType: ScriptType
    public private(set) var table: OrderedDictionary<Key, IValue> = [:]

    public init(_ keyType: ScriptType, _ valueType: ScriptType) {
      self.keyType = keyType
      self.valueType = valueType
    }

    /// What can be a key. Tensors are, by identity.
    public enum Key: Hashable {
      case int(Int)
      case double(Double)
      case bool(Bool)
      case complex(Double, Double)
      case string(String)
      case device(Device)
      case tensor(ObjectIdentifier, Held)
      case enumeration(EnumType, String)

      /// Keeps the tensor of a key alive, and takes no part in comparing.
      public struct Held: Hashable {
        let tensor: Tensor
        public static func == (a: Held, b: Held) -> Bool { true }
        public func hash(into hasher: inout Hasher) {}
      }
    }

    public subscript(key: Key) -> IValue? {
      get { table[key] }
      set { table[key] = newValue }
    }

    public var count: Int { table.count }
    public func removeAll() { table.removeAll() }
  }
}

extension JIT.IValue {
  /// The value as a dictionary's key.
  /// - Throws: `TorchError` of kind `.type` where it cannot be one.
  public func key() throws -> JIT.DictObject.Key {
    switch self {
    case .int(let value): return .int(value)
    case .double(let value): return .double(value)
    case .bool(let value): return .bool(value)
    case .complex(let value): return .complex(value.real, value.imaginary)
    case .string(let value): return .string(value)
    case .device(let device): return .device(device)
    case .tensor(let tensor): return .tensor(ObjectIdentifier(tensor), .init(tensor: tensor))
    case .enumeration(let type, let name): return .enumeration(type, name)
    default: throw TorchError(.type, "a value of type \(type) cannot be a dictionary's key")
    }
  }

  public init(_ key: JIT.DictObject.Key) {
    switch key {
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .bool(let value): self = .bool(value)
    case .complex(let real, let imaginary): self = .complex(.init(real, imaginary))
    case .string(let value): self = .string(value)
    case .device(let device): self = .device(device)
    case .tensor(_, let held): self = .tensor(held.tensor)
    case .enumeration(let type, let name): self = .enumeration(type, name)
    }
  }
}
