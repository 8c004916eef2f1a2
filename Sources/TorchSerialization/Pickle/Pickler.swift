// Python pickles, writing: protocol 2, in the instructions and the names that PyTorch's restricted unpickler knows.
//
// Storages go into persistent identifiers, as `torch.save` has it: `("storage", torch.FloatStorage, "0", "cpu", 6)`.
// Departure: containers of a `StateTree` are not memoised, so a list that stands in two places comes back as two lists.
// Writers of other values (TorchScript's objects) compose the same instructions, and may memoise what they write.

import OrderedCollections
import TorchCore

package struct Pickler {
  private var bytes: [UInt8]
  /// Where repeated strings and globals are in the reader's memo.
  private var memo: [String: Int] = [:]
  /// The storages met, in the order of their keys.
  package private(set) var storages: [StoredStorage] = []
  private var storageKeys: [ObjectIdentifier: (key: Int, dtype: DType)] = [:]

  /// The pickle of `value` and the storages it refers to by number.
  package static func pickle(
    _ value: StateTree<StoredTensor>
  ) throws -> (bytes: [UInt8], storages: [StoredStorage]) {
    var pickler = Pickler()
    try pickler.write(value)
    return (pickler.finished(), pickler.storages)
  }

  /// A pickle that is still to be filled: write one value, then take `finished()`.
  package init() { bytes = [0x80, 2] }

  /// The whole pickle.
  package mutating func finished() -> [UInt8] {
    emit(".")
    return bytes
  }

  package mutating func write(_ value: Bool) { bytes.append(value ? 0x88 : 0x89) }

  /// An instruction that is no printable character.
  package mutating func emit(_ opcode: UInt8) { bytes.append(opcode) }

  private mutating func write(_ value: StateTree<StoredTensor>) throws {
    switch value {
    case .none: emit("N")
    case .bool(let value): bytes.append(value ? 0x88 : 0x89)
    case .int(let value): write(value)
    case .bigInt(let digits):
      guard let magnitude = BigDecimal.bytes(digits), magnitude.count < 256 else {
        throw TorchError(.serialization, "cannot save the integer '\(digits)'")
      }
      bytes += [0x8A, UInt8(magnitude.count)] + magnitude
    case .double(let value): write(value)
    case .complex(let real, let imaginary):
      global("__builtin__", "complex")
      write(real)
      write(imaginary)
      bytes.append(0x86)
      emit("R")
    case .string(let text): try write(text)
    case .bytes(let data):
      // Protocol 2 has no bytes; Python writes them as Latin-1 text.
      global("_codecs", "encode")
      try write(String(String.UnicodeScalarView(data.map { UnicodeScalar($0) })))
      try write("latin1")
      bytes.append(0x86)
      emit("R")
    case .list(let items): try list(items)
    case .tuple(let items): try tuple(items.count) { try $0.write(items[$1]) }
    case .set(let items):
      global("__builtin__", "set")
      try list(items)
      bytes.append(0x85)
      emit("R")
    case .dict(let dictionary): try write(dictionary)
    case .size(let sizes):
      global("torch", "Size")
      try tuple(sizes.count) { $0.write(sizes[$1]) }
      bytes.append(0x85)
      emit("R")
    case .dtype(let dtype): global("torch", dtype.name)
    case .device(let name):
      let parts = name.split(separator: ":")
      global("torch", "device")
      try write(String(parts.first ?? "cpu"))
      if parts.count == 2, let index = Int(parts[1]) {
        write(index)
        bytes.append(0x86)
      } else {
        bytes.append(0x85)
      }
      emit("R")
    case .tensor(let tensor): try write(tensor)
    case .object(let name, _, _):
      throw TorchError(.serialization, "cannot save an object of class \(name): only values, containers and tensors")
    }
  }

  package mutating func write(_ tensor: StoredTensor) throws {
    if tensor.isParameter { global("torch._utils", "_rebuild_parameter") }
    global("torch._utils", "_rebuild_tensor_v2")
    emit("(")
    let key = try self.key(of: tensor)
    try tuple(5) { pickler, index in
      switch index {
      case 0: try pickler.write("storage")
      case 1: pickler.global("torch", StorageClass.name(tensor.dtype))
      case 2: try pickler.write(String(key))
      case 3: try pickler.write("cpu")
      default: pickler.write(tensor.storage.byteCount / tensor.dtype.itemSize)
      }
    }
    emit("Q")
    write(tensor.storageOffset)
    try tuple(tensor.shape.count) { $0.write(tensor.shape[$1]) }
    try tuple(tensor.strides.count) { $0.write(tensor.strides[$1]) }
    bytes.append(tensor.requiresGrad && !tensor.isParameter ? 0x88 : 0x89)
    hooks()
    emit("t")
    emit("R")
    if tensor.isParameter {
      bytes.append(tensor.requiresGrad ? 0x88 : 0x89)
      hooks()
      bytes.append(0x87)
      emit("R")
    }
  }

  /// The (always empty) dictionary of backward hooks.
  private mutating func hooks() {
    global("collections", "OrderedDict")
    emit(")")
    emit("R")
  }

  private mutating func key(of tensor: StoredTensor) throws -> Int {
    let id = ObjectIdentifier(tensor.storage)
    if let known = storageKeys[id] {
      guard known.dtype == tensor.dtype else {
        throw TorchError(
          .serialization,
          "Cannot save multiple tensors or storages that view the same data as different types")
      }
      return known.key
    }
    storageKeys[id] = (storages.count, tensor.dtype)
    storages.append(tensor.storage)
    return storages.count - 1
  }

  // MARK: Containers

  private mutating func write(_ dictionary: StateDictionary<StoredTensor>) throws {
    if dictionary.isOrdered {
      hooks()  // an empty OrderedDict
    } else {
      emit("}")
    }
    try entries(dictionary.entries)
    guard dictionary.isOrdered, !dictionary.attributes.isEmpty else { return }
    emit("}")
    try entries(dictionary.attributes)
    emit("b")
  }

  private mutating func entries(_ entries: OrderedDictionary<StateKey, StateTree<StoredTensor>>) throws {
    guard !entries.isEmpty else { return }
    emit("(")
    for (key, value) in entries {
      try write(key)
      try write(value)
    }
    emit("u")
  }

  private mutating func write(_ key: StateKey) throws {
    switch key {
    case .none: emit("N")
    case .bool(let value): bytes.append(value ? 0x88 : 0x89)
    case .int(let value): write(value)
    case .double(let value): write(value)
    case .string(let text): try write(text)
    case .bytes(let data): try write(StateTree.bytes(data))
    case .tuple(let keys): try tuple(keys.count) { try $0.write(keys[$1]) }
    }
  }

  private mutating func list(_ items: [StateTree<StoredTensor>]) throws {
    emit("]")
    guard !items.isEmpty else { return }
    emit("(")
    for item in items { try write(item) }
    emit("e")
  }

  package mutating func tuple(_ count: Int, _ write: (inout Pickler, Int) throws -> Void) throws {
    switch count {
    case 0: emit(")")
    case 1...3:
      for i in 0..<count { try write(&self, i) }
      bytes.append(0x84 + UInt8(count))
    default:
      emit("(")
      for i in 0..<count { try write(&self, i) }
      emit("t")
    }
  }

  // MARK: Atoms

  package mutating func emit(_ opcode: Character) { bytes.append(opcode.asciiValue!) }

  package mutating func write(_ value: Int) {
    if let small = UInt8(exactly: value) {
      bytes += [UInt8(ascii: "K"), small]
    } else if let short = UInt16(exactly: value) {
      emit("M")
      bytes.append(short)
    } else if let word = Int32(exactly: value) {
      emit("J")
      bytes.append(UInt32(bitPattern: word))
    } else {
      bytes += [0x8A, 8]
      bytes.append(UInt64(bitPattern: Int64(value)))
    }
  }

  package mutating func write(_ value: Double) {
    emit("G")
    bytes.append(value.bitPattern.byteSwapped)
  }

  package mutating func write(_ text: String) throws {
    if recalled("s" + text) { return }
    guard let length = UInt32(exactly: text.utf8.count) else {
      throw TorchError(.serialization, "cannot save a string of more than 4 GiB")
    }
    emit("X")
    bytes.append(length)
    bytes += Array(text.utf8)
    memoise("s" + text)
  }

  package mutating func global(_ module: String, _ name: String) {
    let key = "g\(module) \(name)"
    if recalled(key) { return }
    bytes += Array("c\(module)\n\(name)\n".utf8)
    memoise(key)
  }

  /// Refers to what was memoised under `key`; false where nothing was.
  package mutating func recalled(_ key: String) -> Bool {
    guard let index = memo[key] else { return false }
    if let short = UInt8(exactly: index) {
      bytes += [UInt8(ascii: "h"), short]
    } else {
      emit("j")
      bytes.append(UInt32(index))
    }
    return true
  }

  /// Remembers the value just written under `key`.
  package mutating func memoise(_ key: String) {
    let index = memo.count
    memo[key] = index
    if let short = UInt8(exactly: index) {
      bytes += [UInt8(ascii: "q"), short]
    } else {
      emit("r")
      bytes.append(UInt32(index))
    }
  }
}
