import Foundation
import OrderedCollections
import TestSupport
import TorchCore
import TorchSerialization

/// The files that `Fixtures/serialization/make.py` makes.
enum Fixture {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/serialization").path(percentEncoded: false)

  static func path(_ name: String) -> String { folder + "/" + name }

  static func bytes(_ name: String) throws -> [UInt8] { try ByteRegion(mapping: path(name)).array }

  /// What PyTorch says the file holds.
  static func description(_ name: String) throws -> String {
    try String(contentsOfFile: path(name + ".txt"), encoding: .utf8)
  }
}

/// The canonical description that `make.py` writes beside each fixture.
struct Describer {
  private var lines: [String] = []
  private var storages: [ObjectIdentifier: Int] = [:]

  static func describe(_ value: StateTree<StoredTensor>) throws -> String {
    var describer = Describer()
    try describer.add(value, 0)
    return describer.lines.joined(separator: "\n") + "\n"
  }

  private mutating func put(_ depth: Int, _ text: String) {
    lines.append(String(repeating: "  ", count: depth) + text)
  }

  private func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  private func bits(_ value: Double) -> String { hex(withUnsafeBytes(of: value.bitPattern.bigEndian) { Array($0) }) }

  private func key(_ key: StateKey) -> String {
    switch key {
    case .none: "None"
    case .bool(let value): "bool " + (value ? "True" : "False")
    case .int(let value): "int \(value)"
    case .double(let value): "float \(bits(value))"
    case .string(let text): "str " + hex(text.utf8)
    case .bytes(let bytes): "bytes " + hex(bytes)
    case .tuple(let keys): "tuple(" + keys.map { self.key($0) }.joined(separator: ", ") + ")"
    }
  }

  private mutating func add(_ value: StateTree<StoredTensor>, _ depth: Int) throws {
    switch value {
    case .none: put(depth, "None")
    case .bool(let value): put(depth, value ? "True" : "False")
    case .int(let value): put(depth, "int \(value)")
    case .bigInt(let digits): put(depth, "int \(digits)")
    case .double(let value): put(depth, "float " + bits(value))
    case .complex(let real, let imaginary): put(depth, "complex \(bits(real)) \(bits(imaginary))")
    case .string(let text): put(depth, "str " + hex(text.utf8))
    case .bytes(let bytes): put(depth, "bytes " + hex(bytes))
    case .size(let sizes): put(depth, "size \(sizes)")
    case .dtype(let dtype): put(depth, "torch.\(dtype.name)")
    case .device(let name): put(depth, "device \(name)")
    case .list(let items), .tuple(let items), .set(let items):
      let name = if case .list = value { "list" } else if case .tuple = value { "tuple" } else { "set" }
      put(depth, name)
      for item in items { try add(item, depth + 1) }
    case .dict(let dictionary):
      put(depth, dictionary.isOrdered ? "OrderedDict" : "dict")
      for (name, item) in dictionary.entries {
        put(depth + 1, key(name) + ":")
        try add(item, depth + 2)
      }
      for (name, item) in dictionary.attributes {
        put(depth + 1, "attribute " + key(name) + ":")
        try add(item, depth + 2)
      }
    case .tensor(let tensor):
      let id = ObjectIdentifier(tensor.storage)
      let storage = storages[id] ?? storages.count
      storages[id] = storage
      put(
        depth,
        "\(tensor.isParameter ? "parameter" : "tensor") torch.\(tensor.dtype.name) \(tensor.shape) \(tensor.strides) "
          + "offset \(tensor.storageOffset) storage \(storage) grad \(tensor.requiresGrad ? "True" : "False") "
          + hex(try tensor.contiguousBytes().array))
    case .object(let name, _, let state):
      put(depth, "object " + name)
      try add(state, depth + 1)
    }
  }
}

/// The message with which `body` fails; empty where it does not, or not with a `TorchError`.
func message(_ body: () throws -> Void) -> String {
  do { try body() } catch let error as TorchError { return error.message } catch { return "" }
  return ""
}

/// A `StateTree` dictionary of named tensors, sorted as `make.py` sorts them.
func tree(_ tensors: OrderedDictionary<String, StoredTensor>) -> StateTree<StoredTensor> {
  var result = StateDictionary<StoredTensor>()
  for name in tensors.keys.sorted(by: { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }) {
    result.entries[.string(name)] = .tensor(tensors[name]!)
  }
  return .dict(result)
}
