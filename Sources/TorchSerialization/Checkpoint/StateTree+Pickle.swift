// From the nodes of a pickle to a tree of values.
//
// A pickle is a graph: one list may stand in a thousand places, even inside itself. A tree cannot hold a cycle, and
// walking one costs its full size, so cycles and graphs that unfold to far more than the file holds are refused.

import OrderedCollections
import TorchCore

extension StateTree where Leaf == StoredTensor {
  /// The tree of `graph`'s value, where all its tensors can be read.
  /// - Parameter size: The bytes the pickle takes, which bound the tree.
  package init(_ graph: PickleGraph, pickleSize size: Int) throws {
    self = try StateTree<FileTensor>(graph, pickleSize: size).stored()
  }
}

extension StateTree where Leaf == FileTensor {
  /// The tree of `graph`'s value.
  package init(_ graph: PickleGraph, pickleSize size: Int) throws {
    var builder = TreeBuilder(limit: max(1 << 20, 16 * size))
    self = try builder.tree(graph.root, depth: 0).value
  }
}

private struct TreeBuilder {
  /// Deep enough for everything that is not made to harm, and far from the end of the smallest thread's stack.
  private static let maximumDepth = 200

  let limit: Int
  private var done: [ObjectIdentifier: (value: StateTree<FileTensor>, size: Int)] = [:]
  private var open: Set<ObjectIdentifier> = []

  init(limit: Int) { self.limit = limit }

  /// The tree of `value`, and how many values it unfolds to.
  mutating func tree(_ value: PickleValue, depth: Int) throws -> (value: StateTree<FileTensor>, size: Int) {
    switch value {
    case .none: return (.none, 1)
    case .bool(let value): return (.bool(value), 1)
    case .int(let value): return (.int(value), 1)
    case .bigInt(let digits): return (.bigInt(digits), 1)
    case .float(let value): return (.double(value), 1)
    case .complex(let real, let imaginary): return (.complex(real: real, imaginary: imaginary), 1)
    case .string(let text): return (.string(text), 1)
    case .bytes(let bytes): return (.bytes(bytes.array), 1 + bytes.count)
    case .dtype(let dtype): return (.dtype(dtype), 1)
    case .device(let name): return (.device(name), 1)
    case .tensor(let tensor): return (.tensor(.tensor(tensor)), 1)
    case .foreign(let tensor): return (.tensor(.foreign(tensor)), 1)
    case .storage(let storage):
      // A bare storage is a tensor of its elements.
      let shape = [storage.byteCount / storage.itemSize]
      if let type = storage.foreignType { return (.tensor(.foreign(ForeignTensor(type, shape: shape))), 1) }
      let tensor = try StoredTensor(
        storage: storage, dtype: storage.dtype ?? .uint8, shape: shape, strides: [1], storageOffset: 0)
      return (.tensor(.tensor(tensor)), 1)
    case .global(let global):
      if let dtype = value.elementType { return (.dtype(dtype), 1) }
      return (.object(name: global.name, arguments: [], state: .none), 1)
    case .node(let node): return try tree(node, depth: depth)
    }
  }

  private mutating func tree(_ node: PickleNode, depth: Int) throws -> (value: StateTree<FileTensor>, size: Int) {
    let id = ObjectIdentifier(node)
    if let built = done[id] { return built }
    guard depth < TreeBuilder.maximumDepth else {
      throw TorchError(.serialization, "pickle: values nested more than \(TreeBuilder.maximumDepth) deep")
    }
    guard open.insert(id).inserted else { throw TorchError(.serialization, "pickle: a value that contains itself") }
    defer { open.remove(id) }
    var built = try children(of: node, depth: depth + 1)
    built.size += 1
    guard built.size <= limit else {
      throw TorchError(.serialization, "pickle: shared values unfold to more than \(limit) values")
    }
    done[id] = built
    return built
  }

  private mutating func children(
    of node: PickleNode, depth: Int
  ) throws -> (value: StateTree<FileTensor>, size: Int) {
    switch node.kind {
    case .list: return try sequence(node, depth) { .list($0) }
    case .tuple: return try sequence(node, depth) { .tuple($0) }
    case .set: return try sequence(node, depth) { .set($0) }
    case .size:
      let sizes = node.items.compactMap(\.int)
      guard sizes.count == node.items.count else { throw TorchError(.serialization, "pickle: bad torch.Size") }
      return (.size(sizes), sizes.count)
    case .dict, .orderedDict:
      let (entries, size) = try entries(node.items, depth)
      var dictionary = StateDictionary(entries, isOrdered: node.kind == .orderedDict)
      guard case .node(let state)? = node.state, state.kind == .dict else { return (.dict(dictionary), size) }
      let (attributes, more) = try self.entries(state.items, depth)
      dictionary.attributes = attributes
      return (.dict(dictionary), size + more)
    case .object("numpy.ndarray"): return (.tensor(try NumPyPickle.array(node)), 1)
    case .object(let name):
      var size = 0
      var arguments: [StateTree<FileTensor>] = []
      for item in node.items {
        let built = try tree(item, depth: depth)
        arguments.append(built.value)
        size = try sum(size, built.size)
      }
      let state = try tree(node.state ?? .none, depth: depth)
      return (.object(name: name, arguments: arguments, state: state.value), try sum(size, state.size))
    }
  }

  private mutating func sequence(
    _ node: PickleNode, _ depth: Int, _ make: ([StateTree<FileTensor>]) -> StateTree<FileTensor>
  ) throws -> (value: StateTree<FileTensor>, size: Int) {
    var size = 0
    var items: [StateTree<FileTensor>] = []
    items.reserveCapacity(node.items.count)
    for item in node.items {
      let built = try tree(item, depth: depth)
      items.append(built.value)
      size = try sum(size, built.size)
    }
    return (make(items), size)
  }

  private mutating func entries(
    _ items: [PickleValue], _ depth: Int
  ) throws -> (entries: OrderedDictionary<StateKey, StateTree<FileTensor>>, size: Int) {
    var entries: OrderedDictionary<StateKey, StateTree<FileTensor>> = [:]
    var size = 0
    for i in stride(from: 0, to: items.count - 1, by: 2) {
      let key = try TreeBuilder.key(items[i], depth: depth)
      let built = try tree(items[i + 1], depth: depth)
      entries[key] = built.value
      size = try sum(size, built.size + 1)
    }
    return (entries, size)
  }

  /// Checked at every step, so that it cannot overflow and a bomb is noticed early.
  private func sum(_ a: Int, _ b: Int) throws -> Int {
    guard a + b <= limit else {
      throw TorchError(.serialization, "pickle: shared values unfold to more than \(limit) values")
    }
    return a + b
  }

  /// Tuples as keys are short and flat; a bound on both keeps a hostile one from unfolding.
  private static func key(_ value: PickleValue, depth: Int) throws -> StateKey {
    switch value {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .float(let value): return .double(value)
    case .string(let text): return .string(text)
    case .bytes(let bytes) where bytes.count <= 256: return .bytes(bytes.array)
    case .node(let node) where node.kind == .tuple && node.items.count <= 16:
      return .tuple(
        try node.items.map { item in
          if case .node = item { throw TorchError(.serialization, "pickle: a tuple in a tuple as a dictionary key") }
          return try key(item, depth: depth)
        })
    default: throw TorchError(.serialization, "pickle: \(value.kindName) as a dictionary key is not supported")
    }
  }
}
