// From a file of tensors to another.

import OrderedCollections
import TorchCore
import TorchSerialization

struct Conversion {
  private enum Target {
    case checkpoint, safetensors, index, npz, npy

    init(_ path: String) throws {
      let name = path.lowercased()
      if name.hasSuffix(".index.json") {
        self = .index
      } else if name.hasSuffix(".safetensors") {
        self = .safetensors
      } else if name.hasSuffix(".npz") {
        self = .npz
      } else if name.hasSuffix(".npy") {
        self = .npy
      } else if [".pt", ".pth", ".bin", ".ckpt"].contains(where: name.hasSuffix) {
        self = .checkpoint
      } else if name.hasSuffix(".gguf") {
        throw TorchError(.value, "GGUF files can be read, not written")
      } else {
        throw TorchError(
          .value, "the format of '\(path)' is not known by its name: use .pt, .safetensors, .index.json, .npz or .npy")
      }
    }
  }

  private let output: String
  private let target: Target
  private let contents: FileContents
  private let tree: StateTree<FileTensor>
  private let dtype: DType?
  private let tensorsOnly: Bool
  private let maximumShard: Int

  init(
    input: String, output: String, key: String?, dtype: String?, tensorsOnly: Bool, maxShardSize: String
  ) throws {
    self.output = output
    self.tensorsOnly = tensorsOnly
    target = try Target(output)
    maximumShard = try Conversion.bytes(maxShardSize)
    self.dtype = try dtype.map { name in
      guard let type = DType(name: name), type.isFloatingPoint else {
        throw TorchError(.value, "'\(name)' is no floating point type: use float32, float16, bfloat16 or float64")
      }
      return type
    }
    try OutputFile.check(output)
    contents = try naming(input) { try FileContents(input) }
    if let key {
      guard let part = Conversion.part(contents.tree, key) else {
        let keys = contents.tree.keys.prefix(12).map { "'\($0)'" }.joined(separator: ", ")
        throw TorchError(.value, "\(input) has nothing under '\(key)'" + (keys.isEmpty ? "" : "; it has \(keys)"))
      }
      tree = part
    } else {
      tree = contents.tree
    }
  }

  /// Writes the output; says what was done.
  func run() throws -> String {
    let isScript = contents.format == .torchScript
    if let refusal = contents.refusal { throw refusal }
    if target == .checkpoint, contents.format == .checkpoint || contents.format == .legacyCheckpoint, !tensorsOnly {
      // The whole tree, its values and shared storages too.
      let values = try tree.stored()
      try TorchArchive.write(try converted(values), to: output)
      return summary(values.tensors.map(\.tensor))
    }
    let tensors = try flattened(complaining: !isScript && !tensorsOnly)
    switch target {
    case .checkpoint:
      var state = StateDictionary<StoredTensor>(isOrdered: true)
      for (name, tensor) in tensors { state.entries[.string(name)] = .tensor(tensor) }
      try TorchArchive.write(.dict(state), to: output)
    case .safetensors: try SafetensorsFile.write(tensors, metadata: textMetadata, to: output)
    case .index: _ = try SafetensorsIndex.write(tensors, maximum: maximumShard, metadata: textMetadata, to: output)
    case .npz:
      try checkNumPy(tensors)
      try NumPyFile.writeArchive(tensors, to: output)
    case .npy:
      guard tensors.count == 1 else {
        throw TorchError(.value, "an .npy file holds one array, not \(tensors.count): write .npz, or choose with --key")
      }
      try checkNumPy(tensors)
      try NumPyFile.write(tensors[0].tensor, to: output)
    }
    return summary(tensors.map(\.tensor))
  }

  private func summary(_ tensors: [StoredTensor]) -> String {
    let bytes = tensors.reduce(0) { $0 + $1.numel * $1.dtype.itemSize }
    let lost = target == .safetensors || target == .index ? 0 : contents.metadata.keys.count { $0 != "format" }
    return "\(output): \(tensors.count) tensor\(tensors.count == 1 ? "" : "s"), \(FileReport.human(bytes))"
      + (lost == 0 ? "" : "; \(lost) entries of metadata stay behind")
  }

  // MARK: - What to write

  /// The tensors by their full names.
  private func flattened(complaining: Bool) throws -> [(name: String, tensor: StoredTensor)] {
    if complaining {
      var lost: [String] = []
      FileReport.scalars(tree, "") { path, _ in lost.append(path) }
      if !lost.isEmpty {
        let names = lost.prefix(4).map { "'\($0)'" }.joined(separator: ", ") + (lost.count > 4 ? ", …" : "")
        throw TorchError(
          .value,
          "\(lost.count) values are no tensors and would be lost (\(names)): choose a part with --key, or leave them out "
            + "with --tensors-only")
      }
    }
    var found: OrderedDictionary<String, FileTensor> = [:]
    for (path, tensor) in tree.tensors {
      let name = path.isEmpty ? "tensor" : path
      guard found.updateValue(tensor, forKey: name) == nil else {
        throw TorchError(.value, "two tensors would be called '\(name)': choose a part with --key")
      }
    }
    guard !found.isEmpty else { throw TorchError(.value, "there are no tensors to convert") }
    // A view of few elements can stand for any number of them.
    let limit = max(1 << 30, 16 * contents.size)
    var total = 0
    for (name, tensor) in found {
      total += tensor.byteCount ?? 0
      guard total <= limit else {
        throw TorchError(
          .value, "with '\(name)', an expanded view, the tensors take more than \(FileReport.human(limit))")
      }
    }
    return try found.stored().map { ($0.key, try converted($0.value)) }
  }

  /// The tree in the type asked for.
  private func converted(_ values: StateTree<StoredTensor>) throws -> StateTree<StoredTensor> {
    guard dtype != nil else { return values }
    return try values.map { try converted($0) }
  }

  private func converted(_ tensor: StoredTensor) throws -> StoredTensor {
    guard let dtype, tensor.dtype.isFloatingPoint, tensor.dtype != dtype else { return tensor }
    // One at a time, when its turn to be written comes.
    var result = try StoredTensor(
      storage: StoredStorage(byteCount: tensor.numel * dtype.itemSize, dtype: dtype) {
        var importer = TensorImporter(mapped: true)
        var exporter = TensorExporter()
        let source = try importer.tensor(tensor)
        return try exporter.stored(withErrors { source.detach().to(dtype).contiguous() }).contiguousBytes()
      }, dtype: dtype, shape: tensor.shape, strides: StoredTensor.rowMajorStrides(tensor.shape), storageOffset: 0,
      requiresGrad: tensor.requiresGrad)
    result.isParameter = tensor.isParameter
    return result
  }

  /// Metadata as safetensors keeps it: texts.
  private var textMetadata: [String: String] {
    var texts: [String: String] = ["format": "pt"]
    for (key, value) in contents.metadata {
      if case .string(let text) = value { texts[key] = text } else if value.array == nil { texts[key] = value.text }
    }
    return texts
  }

  private func checkNumPy(_ tensors: [(name: String, tensor: StoredTensor)]) throws {
    for (name, tensor) in tensors where tensor.dtype == .bfloat16 {
      throw TorchError(
        .type, "'\(name)' is bfloat16, which NumPy does not have: convert it with --dtype float32")
    }
  }

  // MARK: - Arguments

  /// The value under a key with dots, of which some may belong to the keys themselves.
  private static func part(_ tree: StateTree<FileTensor>, _ path: String) -> StateTree<FileTensor>? {
    if path.isEmpty { return tree }
    var children: [(String, StateTree<FileTensor>)] = []
    switch tree {
    case .dict(let dictionary): children = dictionary.entries.map { ($0.key.description, $0.value) }
    case .list(let items), .tuple(let items): children = items.enumerated().map { (String($0.offset), $0.element) }
    case .object(_, _, let state): return part(state, path)
    default: return nil
    }
    for (key, item) in children {
      if key == path { return item }
      if path.hasPrefix(key + "."), let found = part(item, String(path.dropFirst(key.count + 1))) { return found }
    }
    return nil
  }

  /// `5GB`, `500MB`, `2GiB` or a number of bytes.
  private static func bytes(_ text: String) throws -> Int {
    let units = ["KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30]
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text.dropFirst(digits.count).uppercased()
    guard let number = Int(digits), number > 0, let factor = unit.isEmpty || unit == "B" ? 1 : units[unit],
      case let (bytes, overflow) = number.multipliedReportingOverflow(by: factor), !overflow
    else { throw TorchError(.value, "'\(text)' is no size: write 500MB or 5GB") }
    return bytes
  }
}
