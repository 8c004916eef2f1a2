// Values of running TorchScript programs.
//
// Lists, dictionaries and objects are references, as in Python. What operators take and give is the core's `Value`, of
// which this is a superset: dtypes, layouts and memory formats are ints here.

import ComplexModule
import RealModule

extension JIT {
  /// A value of TorchScript (PyTorch's IValue).
  public enum IValue: @unchecked Sendable {
    // Unchecked: references in it are shared as Python's are; ordering writes is the caller's, as with tensors.
    case none
    case tensor(Tensor)
    /// Of static type Tensor too.
    case quantized(QuantizedTensor)
    case int(Int)
    case double(Double)
    case bool(Bool)
    case complex(Complex<Double>)
    case string(String)
    case device(Device)
    case generator(Generator)
    case list(ListObject)
    case tuple(TupleObject)
    case dict(DictObject)
    case object(ScriptObject)
    case enumeration(EnumType, String)
    case function(Function)
    case future(FutureObject)
  }

  /// A list; its elements are of one type.
  public final class ListObject {
    public let elementType: ScriptType
    public var items: [IValue]

    public init(_ elementType: ScriptType, _ items: [IValue] = []) {
      self.elementType = elementType
      self.items = items
    }
  }

  /// A tuple, which does not change.
  public final class TupleObject {
    public let items: [IValue]
    /// The class of a named tuple.
    public let type: NamedTupleType?

    public init(_ items: [IValue], type: NamedTupleType? = nil) {
      self.items = items
      self.type = type
    }
  }

  /// What `fork` gives: work that has been done by the time anybody waits for it.
  public final class FutureObject {
    public let type: ScriptType
    public let value: IValue

    public init(_ type: ScriptType, _ value: IValue) {
      self.type = type
      self.value = value
    }
  }
}

extension JIT.IValue {
  public static func ints(_ values: some Sequence<Int>) -> JIT.IValue {
    .list(JIT.ListObject(.int, values.map { .int($0) }))
  }

  public static func tensors(_ values: some Sequence<Tensor>) -> JIT.IValue {
    .list(JIT.ListObject(.tensor, values.map { .tensor($0) }))
  }

  public static func tuple(_ items: [JIT.IValue]) -> JIT.IValue { .tuple(JIT.TupleObject(items)) }

  public var isNone: Bool { if case .none = self { true } else { false } }
  public var tensor: Tensor? { if case .tensor(let value) = self { value } else { nil } }
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var list: JIT.ListObject? { if case .list(let value) = self { value } else { nil } }
  public var dict: JIT.DictObject? { if case .dict(let value) = self { value } else { nil } }
  public var object: JIT.ScriptObject? { if case .object(let value) = self { value } else { nil } }

  /// The elements of a list or tuple.
  public var elements: [JIT.IValue]? {
    switch self {
    case .list(let list): list.items
    case .tuple(let tuple): tuple.items
    default: nil
    }
  }

  /// The number of an int or a bool.
  public var int: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  /// The number of a float, an int or a bool.
  public var double: Double? {
    switch self {
    case .double(let value): value
    default: int.map(Double.init)
    }
  }

  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The most exact static type of the value.
  public var type: JIT.ScriptType {
    switch self {
    case .none: .none
    case .tensor, .quantized: .tensor
    case .int: .int
    case .double: .float
    case .bool: .bool
    case .complex: .complex
    case .string: .string
    case .device: .device
    case .generator: .generator
    case .list(let list): .list(list.elementType)
    case .tuple(let tuple): tuple.type.map { .namedTuple($0) } ?? .tuple(tuple.items.map(\.type))
    case .dict(let dict): .dict(dict.keyType, dict.valueType)
    case .object(let object): .object(object.type)
    case .enumeration(let type, _): .enumeration(type)
    case .function: .function
    case .future(let future): .future(future.type)
    }
  }
}

// MARK: - Operators' values

extension JIT.IValue {
  /// The value as an operator's argument.
  /// - Throws: `TorchError` of kind `.type` for a dictionary, an object and what else no operator takes.
  public func boxed() throws -> Value {
    switch self {
    case .none: return .none
    case .tensor(let tensor): return .tensor(tensor)
    case .int(let value): return .scalar(.int(value))
    case .double(let value): return .scalar(.double(value))
    case .bool(let value): return .scalar(.bool(value))
    case .complex(let value): return .scalar(.complex(value))
    case .string(let value): return .string(value)
    case .device(let device): return .device(device)
    case .generator(let generator): return .generator(generator)
    case .list(let list): return .list(try list.items.map { try $0.boxed() })
    case .tuple(let tuple): return .list(try tuple.items.map { try $0.boxed() })
    case .quantized, .dict, .object, .enumeration, .function, .future:
      throw TorchError(.type, "an operator cannot take a value of type \(type)")
    }
  }

  /// What an operator has returned. `type` is the schema's: an empty list tells nothing of its elements.
  public init(_ value: Value, _ type: JIT.ScriptType? = nil) {
    switch value {
    case .none: self = .none
    case .tensor(let tensor): self = .tensor(tensor)
    case .scalar(.int(let value)): self = .int(value)
    case .scalar(.double(let value)): self = .double(value)
    case .scalar(.bool(let value)): self = .bool(value)
    case .scalar(.complex(let value)): self = .complex(value)
    case .string(let value): self = .string(value)
    case .dtype(let dtype): self = .int(Int(dtype.rawValue))
    case .device(let device): self = .device(device)
    case .generator(let generator): self = .generator(generator)
    case .memoryFormat(let format):
      let order: [MemoryFormat] = [.contiguous, .preserve, .channelsLast, .channelsLast3d]
      self = .int(order.firstIndex(of: format)!)
    case .list(let values):
      let element: JIT.ScriptType? = if case .list(let element)? = type { element } else { nil }
      let items = values.map { JIT.IValue($0, element) }
      self = .list(JIT.ListObject(element ?? items.first?.type ?? .any, items))
    }
  }
}
