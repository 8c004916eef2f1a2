// The nested values that state dicts and checkpoints are made of: dictionaries, lists and numbers around tensors.
//
// Users, optimizers and schedulers see trees of `Tensor` (`StateValue`); TorchSerialization's readers and writers work
// on trees of what lies in a file.

import OrderedCollections

/// A value of a state dict or checkpoint, around tensors.
public typealias StateValue = StateTree<Tensor>

/// A value of a checkpoint: what `torch.save` writes and `torch.load` reads.
///
/// Subscripts go down without ceremony; what is not there reads as `.none`:
///
/// ```swift
/// let checkpoint = try torch.load("checkpoint.pt")
/// let weight = checkpoint["model"]["conv1.weight"].tensor
/// let rate = checkpoint["optimizer"]["param_groups"][0]["lr"].double
/// ```
///
/// Literals make values: `["epoch": 3, "loss": 0.25, "tags": ["a", "b"]]`.
public indirect enum StateTree<Leaf> {
  /// Python's `None`.
  case none
  case bool(Bool)
  case int(Int)
  /// An integer beyond 64 bits, in decimal digits.
  case bigInt(String)
  case double(Double)
  case complex(real: Double, imaginary: Double)
  case string(String)
  case bytes([UInt8])
  case list([StateTree])
  case tuple([StateTree])
  case set([StateTree])
  case dict(StateDictionary<Leaf>)
  /// A `torch.Size`.
  case size([Int])
  case dtype(DType)
  /// A `torch.device` by name.
  case device(String)
  case tensor(Leaf)
  /// An object of a class the caller declared safe, kept as data; it cannot be saved again.
  case object(name: String, arguments: [StateTree], state: StateTree)
}

/// A Python dictionary: entries in order, with what an `OrderedDict` carries besides.
public struct StateDictionary<Leaf> {
  public var entries: OrderedDictionary<StateKey, StateTree<Leaf>>
  /// Whether it is a `collections.OrderedDict`, as state dicts of modules are.
  public var isOrdered: Bool
  /// Attributes of the object itself: modules keep their versions in `_metadata`.
  public var attributes: OrderedDictionary<StateKey, StateTree<Leaf>>

  public init(
    _ entries: OrderedDictionary<StateKey, StateTree<Leaf>> = [:], isOrdered: Bool = false,
    attributes: OrderedDictionary<StateKey, StateTree<Leaf>> = [:]
  ) {
    self.entries = entries
    self.isOrdered = isOrdered
    self.attributes = attributes
  }
}

/// A key of a dictionary: any hashable Python value that is not an object.
public enum StateKey: Hashable, Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case tuple([StateKey])

  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var int: Int? { if case .int(let value) = self { value } else { nil } }
}

extension StateKey: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
}

extension StateKey: CustomStringConvertible {
  public var description: String {
    switch self {
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): String(value)
    case .double(let value): String(value)
    case .string(let value): value
    case .bytes(let value): "\(value.count) bytes"
    case .tuple(let keys): "(" + keys.map(\.description).joined(separator: ", ") + ")"
    }
  }
}

extension StateTree: Sendable where Leaf: Sendable {}
extension StateDictionary: Sendable where Leaf: Sendable {}

// MARK: - Going down

extension StateTree {
  /// The value under `key` of a dictionary; `.none` where there is none. Setting makes an empty value a dictionary.
  public subscript(key: String) -> StateTree {
    get { self[key: .string(key)] }
    set { self[key: .string(key)] = newValue }
  }

  /// Element `index` of a list or tuple, or the value under that integer key of a dictionary.
  public subscript(index: Int) -> StateTree {
    switch self {
    case .list(let items), .tuple(let items): items.indices.contains(index) ? items[index] : .none
    default: self[key: .int(index)]
    }
  }

  /// The value under `key` of a dictionary.
  public subscript(key key: StateKey) -> StateTree {
    get { dictionary?.entries[key] ?? .none }
    set {
      var dictionary = self.dictionary ?? StateDictionary()
      dictionary.entries[key] = newValue
      self = .dict(dictionary)
    }
  }

  public var dictionary: StateDictionary<Leaf>? { if case .dict(let value) = self { value } else { nil } }
  public var tensor: Leaf? { if case .tensor(let value) = self { value } else { nil } }
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var int: Int? { if case .int(let value) = self { value } else { nil } }
  public var isNone: Bool { if case .none = self { true } else { false } }

  /// A floating point number or an integer.
  public var double: Double? {
    switch self {
    case .double(let value): value
    case .int(let value): Double(value)
    default: nil
    }
  }

  /// The elements of a list, tuple or set.
  public var array: [StateTree]? {
    switch self {
    case .list(let items), .tuple(let items), .set(let items): items
    case .size(let sizes): sizes.map { .int($0) }
    default: nil
    }
  }

  /// The keys of a dictionary, in order.
  public var keys: [StateKey] { dictionary.map { Array($0.entries.keys) } ?? [] }

  /// Every tensor with its path from the root: `model.conv1.weight`, `optimizer.state.0.exp_avg`.
  public var tensors: [(path: String, tensor: Leaf)] {
    var found: [(path: String, tensor: Leaf)] = []
    func visit(_ value: StateTree, _ path: String) {
      func down(_ key: String) -> String { path.isEmpty ? key : path + "." + key }
      switch value {
      case .tensor(let tensor): found.append((path, tensor))
      case .dict(let dictionary): for (key, value) in dictionary.entries { visit(value, down(key.description)) }
      case .list(let items), .tuple(let items), .set(let items):
        for (index, value) in items.enumerated() { visit(value, down(String(index))) }
      case .object(_, let arguments, let state):
        for (index, value) in arguments.enumerated() { visit(value, down(String(index))) }
        visit(state, path)
      default: break
      }
    }
    visit(self, "")
    return found
  }

  /// The same tree with other leaves.
  public func map<Other>(_ transform: (Leaf) throws -> Other) rethrows -> StateTree<Other> {
    switch self {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .bigInt(let value): return .bigInt(value)
    case .double(let value): return .double(value)
    case .complex(let real, let imaginary): return .complex(real: real, imaginary: imaginary)
    case .string(let value): return .string(value)
    case .bytes(let value): return .bytes(value)
    case .list(let items): return .list(try items.map { try $0.map(transform) })
    case .tuple(let items): return .tuple(try items.map { try $0.map(transform) })
    case .set(let items): return .set(try items.map { try $0.map(transform) })
    case .dict(let dictionary):
      return .dict(
        StateDictionary(
          try dictionary.entries.mapValues { try $0.map(transform) }, isOrdered: dictionary.isOrdered,
          attributes: try dictionary.attributes.mapValues { try $0.map(transform) }))
    case .size(let sizes): return .size(sizes)
    case .dtype(let dtype): return .dtype(dtype)
    case .device(let name): return .device(name)
    case .tensor(let leaf): return .tensor(try transform(leaf))
    case .object(let name, let arguments, let state):
      return .object(
        name: name, arguments: try arguments.map { try $0.map(transform) }, state: try state.map(transform))
    }
  }
}

// MARK: - Literals

extension StateTree: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
  public init(dictionaryLiteral entries: (StateKey, StateTree)...) {
    self = .dict(StateDictionary(OrderedDictionary(entries, uniquingKeysWith: { $1 })))
  }
  public init(arrayLiteral items: StateTree...) { self = .list(items) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(nilLiteral: ()) { self = .none }
}
