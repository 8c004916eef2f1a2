// The `.pt` archive: what `torch.save` writes since PyTorch 1.6.
//
// A zip of stored entries under one folder of any name: `data.pkl` (the values), `data/0`, `data/1`, … (the bytes of
// each storage), `byteorder`, `version`. Storages are slices of the mapped file until they are used.
// Reference: caffe2/serialize/inline_container.h, torch/serialization.py.

import TorchCore

/// An archive of records under one folder, as `PyTorchStreamReader` sees it.
package struct TorchArchive {
  package let zip: ZipReader
  /// The folder that every record is in, with its slash.
  package let folder: String
  package let isBigEndian: Bool
  /// The version of the format, which for programs is that of their operators.
  package let version: Int
  private let verifies: Bool

  /// - Parameter verifyingChecksums: Whether bytes are checked against their CRC when read; without it a mapped
  ///   archive stays unread until its elements are used.
  package init(_ file: ByteRegion, verifyingChecksums: Bool) throws {
    zip = try ZipReader(file)
    verifies = verifyingChecksums
    guard let first = zip.entries.first, let slash = first.name.firstIndex(of: "/") else {
      throw TorchError(
        .serialization, "PytorchStreamReader failed: the archive has no folder, so it is no PyTorch file")
    }
    folder = String(first.name[...slash])
    var order = "little"
    var version = "3"
    if let entry = zip[folder + "byteorder"], entry.size <= 16 { order = try zip.read(entry).text ?? "" }
    if let entry = zip[folder + "version"] ?? zip[folder + ".data/version"], entry.size <= 16 {
      version = try zip.read(entry).text ?? ""
    }
    guard order == "little" || order == "big" else {
      throw TorchError(.serialization, "Unknown endianness type: \(order)")
    }
    isBigEndian = order == "big"
    self.version = Int(String(version.prefix { $0.isNumber })) ?? 0
    guard (1...10).contains(self.version) else {
      throw TorchError(
        .serialization,
        "Attempted to read a PyTorch file with version \(self.version), but the versions supported for reading are 1 to 10")
    }
  }

  package func contains(_ record: String) -> Bool { zip[folder + record] != nil }

  /// The bytes of `record`, for example `data.pkl`.
  package func record(_ name: String) throws -> ByteRegion {
    guard let entry = zip[folder + name] else {
      throw TorchError(.serialization, "PytorchStreamReader failed locating file \(name): file not found")
    }
    return try zip.read(entry)
  }

  /// The storage that a persistent id `("storage", class, key, location, numel)` names, its bytes unread.
  package func storage(_ id: PickleValue, folder data: String = "data/") throws -> (key: String, storage: StoredStorage)
  {
    guard let parts = id.sequence, parts.count >= 5, parts[0].string == "storage", let key = parts[2].string,
      let numel = parts[4].int, numel >= 0
    else { throw TorchError(.serialization, "a storage that is not understood") }
    let type = try StorageClass(parts[1])
    guard let entry = zip[folder + data + key] else {
      throw TorchError(.serialization, "PytorchStreamReader failed locating file \(data)\(key): file not found")
    }
    let (byteCount, overflow) = numel.multipliedReportingOverflow(by: type.itemSize)
    guard !overflow, byteCount <= entry.size else {
      throw TorchError(.serialization, "storage \(key) of \(numel) elements has only \(entry.size) bytes in the file")
    }
    let swap = isBigEndian ? type.dtype?.swapWidth ?? 1 : 1
    let storage = StoredStorage(
      byteCount: byteCount, dtype: type.dtype, foreignType: type.foreignType, location: parts[3].string ?? "cpu"
    ) { [zip, verifies] in
      try zip.read(entry, checkingSum: verifies).slice(0, byteCount).byteSwapped(width: swap)
    }
    return (key, storage)
  }

  /// What the persistent ids of a pickle stand for: the storages in the folder `data`, each made once.
  package func storages(in data: String = "data/") -> (PickleValue) throws -> PickleValue {
    var storages: [String: StoredStorage] = [:]
    return { id in
      let (key, fresh) = try storage(id, folder: data)
      guard let known = storages[key] else {
        storages[key] = fresh
        return .storage(fresh)
      }
      guard known.dtype == fresh.dtype, known.byteCount == fresh.byteCount else {
        throw TorchError(.serialization, "storage \(key) is described in two ways")
      }
      return .storage(known)
    }
  }
}

// MARK: - Checkpoints in archives

extension TorchArchive {
  /// What a checkpoint holds.
  package func checkpoint(safe: Set<String>) throws -> CheckpointContents {
    guard !contains("constants.pkl") else {
      throw TorchError(
        .serialization, "This is a TorchScript archive, not a checkpoint: load it with `JIT.load`")
    }
    return try contents(safe: safe)
  }

  /// The values of `data.pkl`; the modules of a TorchScript archive are objects in it.
  package func contents(safe: Set<String>) throws -> CheckpointContents {
    let pickle = try record("data.pkl")
    return try CheckpointContents.read(pickle.count, safe: safe, { try Unpickler.read(pickle, $0) }, persistent: storages())
  }

  /// Writes `value` as `torch.save` does.
  package static func write(_ value: StateTree<StoredTensor>, to path: String) throws {
    let (pickle, storages) = try Pickler.pickle(value)
    try AtomicFile.write(to: path) { sink in
      var zip = ZipWriter()
      let folder = "archive/"
      try zip.add(folder + "data.pkl", ByteRegion(pickle), to: &sink)
      try zip.add(folder + ".format_version", ByteRegion("1".utf8), to: &sink)
      try zip.add(folder + ".storage_alignment", ByteRegion("\(ZipWriter.alignment)".utf8), to: &sink)
      try zip.add(folder + "byteorder", ByteRegion("little".utf8), to: &sink)
      for (key, storage) in storages.enumerated() {
        try zip.add("\(folder)data/\(key)", storage.bytes(), to: &sink)
      }
      try zip.add(folder + "version", ByteRegion("3\n".utf8), to: &sink)
      try zip.finish(folder, &sink)
    }
  }
}

extension ZipWriter {
  /// Ends a PyTorch archive whose records are in `folder`: its identity, then the directory.
  package mutating func finish(_ folder: String, _ sink: inout FileSink) throws {
    func padded(_ number: UInt64) -> String {
      let digits = String(number)
      return String(repeating: "0", count: 20 - digits.count) + digits
    }
    let identity = identity
    try add(
      folder + ".data/serialization_id", ByteRegion((padded(identity.names) + padded(identity.contents)).utf8),
      to: &sink)
    try finish(&sink)
  }
}
