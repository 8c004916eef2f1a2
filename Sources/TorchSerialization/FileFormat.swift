// Which format a file is in, by what is in it and never by its name.
//
// The first bytes decide, the directory of a zip archive, or for ONNX (a Protocol Buffers message without a magic
// number) the fields of its outermost message. Nothing is read beyond what the decision needs.

import TorchCore

/// A format of tensors or models that the library reads.
package enum FileFormat: String, Sendable, CaseIterable {
  /// What `torch.save` writes since PyTorch 1.6.
  case checkpoint
  /// What `torch.save` wrote before.
  case legacyCheckpoint
  /// What `torch.jit.save` writes.
  case torchScript
  case safetensors
  /// `model.safetensors.index.json`: names and the files they are in.
  case safetensorsIndex
  case numpyArray
  case numpyArchive
  case gguf
  case onnx

  /// The format's name for people.
  package var title: String {
    switch self {
    case .checkpoint: "PyTorch checkpoint (zip)"
    case .legacyCheckpoint: "PyTorch checkpoint (before 1.6)"
    case .torchScript: "TorchScript archive"
    case .safetensors: "safetensors"
    case .safetensorsIndex: "safetensors, sharded"
    case .numpyArray: "NumPy array (npy)"
    case .numpyArchive: "NumPy archive (npz)"
    case .gguf: "GGUF"
    case .onnx: "ONNX model"
    }
  }

  /// What reads it.
  var loader: String {
    switch self {
    case .checkpoint, .legacyCheckpoint: "torch.load"
    case .torchScript: "JIT.load"
    case .safetensors, .safetensorsIndex: "Safetensors.load"
    case .numpyArray: "NumPy.load"
    case .numpyArchive: "NumPy.loadArchive"
    case .gguf: "GGUF.load"
    case .onnx: "ONNX.load"
    }
  }

  /// - Throws: `TorchError` of kind `.io` where the file cannot be opened, of kind `.serialization` that says what the
  ///   file may be instead.
  package init(contentsOf path: String) throws { try self.init(ByteRegion(mapping: path)) }

  package init(_ file: ByteRegion) throws {
    if ZipReader.looksLikeZip(file) {
      self = try FileFormat.archive(ZipReader(file))
    } else if LegacyCheckpoint.looksLegacy(file) {
      self = .legacyCheckpoint
    } else if file.starts(with: NumPyFile.magic) {
      self = .numpyArray
    } else if file.starts(with: Array("GGUF".utf8)) {
      self = .gguf
    } else if FileFormat.looksLikeSafetensors(file) {
      self = .safetensors
    } else if FileFormat.looksLikeIndex(file) {
      self = .safetensorsIndex
    } else if FileFormat.looksLikeONNX(file) {
      self = .onnx
    } else {
      throw TorchError(.serialization, "the file's format is not known. \(FileFormat.guess(file))")
    }
  }

  private static func archive(_ zip: ZipReader) throws -> FileFormat {
    if let first = zip.entries.first, let slash = first.name.firstIndex(of: "/") {
      let folder = first.name[...slash]
      if zip["\(folder)archive_format"] != nil {
        throw TorchError(
          .serialization,
          "It is a program of `torch.export`; save TorchScript (`torch.jit.save`), ONNX or a state dict instead.")
      }
      if zip["\(folder)data.pkl"] != nil { return zip["\(folder)constants.pkl"] == nil ? .checkpoint : .torchScript }
    }
    if zip.entries.isEmpty || zip.entries.contains(where: { $0.name.hasSuffix(".npy") }) { return .numpyArchive }
    throw TorchError(
      .serialization,
      "PytorchStreamReader failed: a zip archive that is neither PyTorch's (data.pkl) nor NumPy's (.npy)")
  }

  // MARK: - Formats without a magic number

  private static func looksLikeSafetensors(_ file: ByteRegion) -> Bool {
    guard let length = try? file.integer(UInt64.self, at: 0), length <= UInt64(max(0, file.count - 8)) else {
      return false
    }
    return (try? file.byte(8)) == UInt8(ascii: "{")
  }

  private static func looksLikeIndex(_ file: ByteRegion) -> Bool {
    let start = (try? file.slice(0, min(file.count, 64)))?.array ?? []
    guard start.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") else { return false }
    return SafetensorsIndex.mentionsWeightMap(file)
  }

  /// Whether `file` is a message with the fields of ONNX's `ModelProto` to its last byte, a graph among them.
  private static func looksLikeONNX(_ file: ByteRegion) -> Bool {
    // ir_version, producer_name, producer_version, domain, model_version, doc_string, graph, opset_import,
    // metadata_props, training_info, functions, configuration; of wire type 2 (bytes) but the two versions.
    let fields: Set<UInt64> = [1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26]
    var reader = ByteReader(file)
    var hasGraph = false
    do {
      while reader.remaining > 0 {
        let tag = try varint(&reader)
        let (field, wire) = (tag >> 3, tag & 7)
        guard fields.contains(field), wire == (field == 1 || field == 5 ? 0 : 2) else { return false }
        let value = try varint(&reader)
        if wire == 2 {
          guard let length = Int(exactly: value) else { return false }
          _ = try reader.bytes(length)
        }
        hasGraph = hasGraph || field == 7
      }
    } catch {
      return false
    }
    return hasGraph
  }

  private static func varint(_ reader: inout ByteReader) throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      let byte = try reader.byte()
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte & 0x80 == 0 { return value }
    }
    throw TorchError(.serialization, "a number of more than 64 bits")
  }

  /// What a file of no known format may be, for the message.
  private static func guess(_ file: ByteRegion) -> String {
    if file.count == 0 { return "The file is empty." }
    if file.starts(with: [0x89, 0x48, 0x44, 0x46]) { return "It is an HDF5 file, which Keras writes." }
    if let tar = try? file.slice(257, 5), tar.text == "ustar" {
      return "It is a tar archive, which PyTorch wrote before 0.2: load and save it again in Python."
    }
    if file.starts(with: [0x1F, 0x8B]) { return "It is compressed with gzip: unpack it first." }
    if let name = try? file.slice(4, 4), name.text == "TFL3" { return "It is a TensorFlow Lite model." }
    if file.starts(with: Array("version https://git-lfs".utf8)) {
      return "It is a Git LFS pointer: fetch the file itself with `git lfs pull`."
    }
    if let byte = try? file.byte(0), byte == 0x80 { return "It is a bare pickle, not written by `torch.save`." }
    return "It may be damaged or cut short."
  }
}
