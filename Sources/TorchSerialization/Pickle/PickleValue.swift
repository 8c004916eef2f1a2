// What a pickle holds, once read.
//
// Containers are nodes with identity: a pickle may fill a list after it was put elsewhere, and refer to one object
// from many places. The nodes belong to their `PickleGraph`, which takes them apart one by one when it goes, so that
// neither cycles nor a million nested lists can harm (releasing them recursively would overflow the stack).

import TorchCore

package enum PickleValue {
  case none
  case bool(Bool)
  case int(Int)
  /// An integer beyond 64 bits, in decimal.
  case bigInt(String)
  case float(Double)
  case complex(Double, Double)
  case string(String)
  case bytes(ByteRegion)
  case dtype(DType)
  case device(String)
  case storage(StoredStorage)
  case tensor(StoredTensor)
  /// A tensor of a kind or type that there is none of here.
  case foreign(ForeignTensor)
  /// A class or function by name, with what calling it does.
  case global(PickleGlobal)
  case node(PickleNode)
}

/// A container or an object of a pickle.
package final class PickleNode {
  package enum Kind: Equatable {
    case list, tuple, dict, orderedDict, set, size
    /// An object of a class that is kept as data: its constructor's arguments are `items`.
    case object(String)
  }

  package let kind: Kind
  /// Elements; for dictionaries keys and values in turn, a later value of an equal key replacing the earlier one.
  package var items: [PickleValue]
  /// What BUILD gave the object: its attributes.
  package var state: PickleValue?

  fileprivate init(_ kind: Kind, _ items: [PickleValue]) {
    self.kind = kind
    self.items = items
  }
}

/// The value of a pickle and the owner of its nodes.
package final class PickleGraph {
  package internal(set) var root: PickleValue = .none
  private var nodes: [PickleNode] = []
  private var budget: Int

  /// - Parameter budget: How many elements and bytes constructors may copy in all. What a constructor copies stands
  ///   in the pickle, so its length bounds every honest one; a hostile pickle copies one large value many times.
  package init(budget: Int = .max) { self.budget = budget }

  deinit {
    root = .none
    for node in nodes {
      node.items = []
      node.state = nil
    }
  }

  /// Takes `amount` from the budget.
  package func charge(_ amount: Int) throws {
    budget -= amount
    if budget < 0 { throw TorchError(.serialization, "pickle: constructors copy more than the pickle holds") }
  }

  package func make(_ kind: PickleNode.Kind, _ items: [PickleValue] = []) -> PickleValue {
    let node = PickleNode(kind, items)
    nodes.append(node)
    return .node(node)
  }
}

/// A class or function that a pickle may name.
package final class PickleGlobal {
  package typealias Call = (_ arguments: [PickleValue], _ graph: PickleGraph) throws -> PickleValue

  package let name: String
  private let body: Call?

  /// - Parameter call: What calling it makes; nil for names that only stand for themselves.
  package init(_ name: String, call: Call? = nil) {
    self.name = name
    body = call
  }

  package func call(_ arguments: [PickleValue], _ graph: PickleGraph) throws -> PickleValue {
    guard let body else { throw TorchError(.serialization, "pickle: \(name) cannot be called") }
    return try body(arguments, graph)
  }

  /// A class whose instances are kept as plain data.
  package static func opaque(_ name: String) -> PickleGlobal {
    PickleGlobal(name) { arguments, graph in graph.make(.object(name), arguments) }
  }
}

// MARK: - Reading values

extension PickleValue {
  package var isNone: Bool { if case .none = self { true } else { false } }

  package var int: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  package var bool: Bool? {
    switch self {
    case .bool(let value): value
    case .int(let value): value != 0
    default: nil
    }
  }

  package var double: Double? {
    if case .float(let value) = self { return value }
    return int.map(Double.init)
  }

  package var string: String? { if case .string(let value) = self { value } else { nil } }

  package var bytes: ByteRegion? { if case .bytes(let value) = self { value } else { nil } }

  package var node: PickleNode? { if case .node(let node) = self { node } else { nil } }

  /// The elements of a list or tuple (`torch.Size` is one).
  package var sequence: [PickleValue]? {
    guard case .node(let node) = self else { return nil }
    switch node.kind {
    case .list, .tuple, .size: return node.items
    default: return nil
    }
  }

  /// Sizes and strides are the lists of integers there are; PyTorch's tensors have at most 64 dimensions.
  package static let integersLimit = 64

  /// The numbers of a short list or tuple of integers.
  package var integers: [Int]? {
    guard let sequence, sequence.count <= PickleValue.integersLimit else { return nil }
    let numbers = sequence.compactMap(\.int)
    return numbers.count == sequence.count ? numbers : nil
  }

  /// The keys and values of a dictionary.
  package var pairs: [(key: PickleValue, value: PickleValue)]? {
    guard case .node(let node) = self, node.kind == .dict || node.kind == .orderedDict else { return nil }
    return stride(from: 0, to: node.items.count - 1, by: 2).map { (node.items[$0], node.items[$0 + 1]) }
  }

  /// For messages: what kind of value it is.
  package var kindName: String {
    switch self {
    case .none: "None"
    case .bool: "bool"
    case .int, .bigInt: "int"
    case .float: "float"
    case .complex: "complex"
    case .string: "str"
    case .bytes: "bytes"
    case .dtype: "torch.dtype"
    case .device: "torch.device"
    case .storage: "torch.Storage"
    case .tensor, .foreign: "torch.Tensor"
    case .global(let global): global.name
    case .node(let node):
      switch node.kind {
      case .list: "list"
      case .tuple: "tuple"
      case .dict: "dict"
      case .orderedDict: "OrderedDict"
      case .set: "set"
      case .size: "torch.Size"
      case .object(let name): name
      }
    }
  }
}
