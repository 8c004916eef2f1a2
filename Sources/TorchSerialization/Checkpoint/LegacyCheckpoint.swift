// What `torch.save` wrote before PyTorch 1.6, and still does with `_use_new_zipfile_serialization=False`.
//
// Five pickles in a row (magic number, protocol, system, values, storage keys), then for each key the number of
// elements as a 64-bit integer and the elements. Storages are known to the pickle before their bytes are.
// Reference: `_legacy_save` and `_legacy_load` in torch/serialization.py.

import TorchCore

package enum LegacyCheckpoint {
  private static let magicNumber = "119547037146038801333356"
  private static let protocolVersion = 1001

  /// Whether `file` begins as these files do: a protocol 2 pickle of a ten-byte integer.
  package static func looksLegacy(_ file: ByteRegion) -> Bool {
    file.starts(with: [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19])
  }

  package static func checkpoint(_ file: ByteRegion, safe: Set<String>) throws -> CheckpointContents {
    let storages = Storages(limit: file.count)
    return try CheckpointContents.read(file.count, safe: safe) { rules in
      try read(file, rules, storages)
    } persistent: { id in
      try storages.value(id)
    }
  }

  /// A file inside of a pickle: storages pickled by themselves hold whole files.
  /// - Parameter nesting: How many files deep it is.
  static func read(_ file: ByteRegion, nesting: Int) throws -> PickleGraph {
    let storages = Storages(limit: file.count)
    return try read(file, TorchGlobals.rules(nesting: nesting) { try storages.value($0) }, storages)
  }

  private static func read(_ file: ByteRegion, _ rules: PickleRules, _ storages: Storages) throws -> PickleGraph {
    var reader = ByteReader(file)
    let plain = PickleRules { _ in nil }
    guard case .bigInt(magicNumber) = try Unpickler.read(&reader, plain).root else {
      throw TorchError(.serialization, "Invalid magic number; corrupt file?")
    }
    guard case .int(protocolVersion) = try Unpickler.read(&reader, plain).root else {
      throw TorchError(.serialization, "Invalid protocol version")
    }
    let isBigEndian = try isBigEndian(Unpickler.read(&reader, plain))

    let graph = try Unpickler.read(&reader, rules)
    let keys = try Unpickler.read(&reader, plain)
    for key in keys.root.sequence ?? [] {
      guard let name = StorageKey(key), let storage = storages.roots[name] else {
        throw TorchError(.serialization, "storage key not found in the file's values")
      }
      let count = try reader.integer(UInt64.self)
      let numel = isBigEndian ? count.byteSwapped : count
      guard numel == UInt64(storage.byteCount / storage.itemSize) else {
        throw TorchError(.serialization, "a storage of \(storage.byteCount) bytes has \(numel) elements in the file")
      }
      let bytes = try reader.bytes(storage.byteCount)
      try storage.supply(isBigEndian ? try bytes.byteSwapped(width: storage.dtype?.swapWidth ?? 1) : bytes)
    }
    try storages.checkComplete()
    return graph
  }

  private static func isBigEndian(_ system: PickleGraph) throws -> Bool {
    guard let little = system.root.pairs?.first(where: { $0.key.string == "little_endian" })?.value.bool else {
      throw TorchError(.serialization, "the file does not say its byte order")
    }
    return !little
  }
}

/// Old files number their storages, newer ones name them.
private struct StorageKey: Hashable {
  let text: String

  init?(_ value: PickleValue) {
    guard let text = value.string ?? value.int.map(String.init) else { return nil }
    self.text = text
  }
}

/// The storages of a file, as its persistent ids mention them.
private final class Storages {
  private(set) var roots: [StorageKey: StoredStorage] = [:]
  /// Parts of another storage that have a key of their own (before PyTorch 0.4).
  private var views: [StorageKey: StoredStorage] = [:]
  let limit: Int

  init(limit: Int) { self.limit = limit }

  /// What a persistent id stands for: `("storage", class, key, location, numel, view)` a storage, and
  /// `("module", class, source file, source)` the class.
  func value(_ id: PickleValue) throws -> PickleValue {
    let parts = id.sequence ?? []
    if parts.count == 4, parts[0].string == "module" { return parts[1] }
    guard parts.count >= 5, parts[0].string == "storage" else {
      throw TorchError(.serialization, "a persistent id that is not understood")
    }
    return .storage(try storage(parts))
  }

  private func storage(_ parts: [PickleValue]) throws -> StoredStorage {
    let type = try StorageClass(parts[1])
    guard let key = StorageKey(parts[2]), let numel = parts[4].int, numel >= 0, numel <= limit / type.itemSize else {
      throw TorchError(.serialization, "a storage larger than the file")
    }
    let byteCount = numel * type.itemSize
    let root: StoredStorage
    if let known = roots[key] {
      guard known.byteCount == byteCount, known.dtype == type.dtype else {
        throw TorchError(.serialization, "storage \(key.text) is described in two ways")
      }
      root = known
    } else {
      root = StoredStorage(
        byteCount: byteCount, dtype: type.dtype, foreignType: type.foreignType, location: parts[3].string ?? "cpu"
      ) {
        throw TorchError(.serialization, "the file has no bytes for storage \(key.text)")
      }
      roots[key] = root
    }
    guard parts.count > 5, !parts[5].isNone else { return root }
    guard let view = parts[5].sequence, view.count == 3, let viewKey = StorageKey(view[0]), let offset = view[1].int,
      let size = view[2].int, offset >= 0, size >= 0, offset <= numel, size <= numel - offset
    else { throw TorchError(.serialization, "a view of a storage that is not understood") }
    if let known = views[viewKey] { return known }
    let part = StoredStorage(
      byteCount: size * type.itemSize, dtype: type.dtype, foreignType: type.foreignType, location: root.location
    ) {
      try root.bytes().slice(offset * type.itemSize, size * type.itemSize)
    }
    views[viewKey] = part
    return part
  }

  /// Every storage the values mention must have come with bytes.
  func checkComplete() throws {
    for storage in roots.values { _ = try storage.bytes() }
  }
}
