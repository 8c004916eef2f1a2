// safetensors for users; the format is in SafetensorsFile.swift.

import OrderedCollections
import TorchCore

/// Files of named tensors in the safetensors format.
///
/// Source: https://huggingface.co/docs/safetensors
public enum Safetensors {
  /// The tensors of the file at `path`, in the order of their bytes.
  ///
  /// A `.json` path is an index of several files (`model.safetensors.index.json`), which must lie beside it.
  /// - Parameter mmap: Leaves the elements in the file until they are used, as the reference does. The file must not be
  ///   shortened meanwhile; replacing it is harmless.
  /// - Throws: `TorchError` of kind `.io` or `.serialization`.
  public static func load(_ path: String, mmap: Bool = true) throws -> OrderedDictionary<String, Tensor> {
    let tensors =
      SafetensorsIndex.isIndex(path)
      ? try SafetensorsIndex(contentsOf: path).tensors(beside: path)
      : try SafetensorsFile.contents(ByteRegion(mapping: path)).tensors
    return try TensorImporter.named(tensors.stored(), mapped: mmap)
  }

  /// Opens a file or an index to read single tensors: `safe_open` in Python.
  ///
  /// ```swift
  /// let file = try Safetensors.open("model.safetensors")
  /// let bias = try file.tensor("fc.bias")
  /// ```
  /// - Parameter mmap: As for `load`.
  public static func open(_ path: String, mmap: Bool = true) throws -> TensorFile {
    guard SafetensorsIndex.isIndex(path) else {
      let (tensors, metadata) = try SafetensorsFile.contents(ByteRegion(mapping: path))
      return TensorFile(keys: Array(tensors.keys), metadata: values(metadata), isMapped: mmap) { tensors[$0] }
    }
    let index = try SafetensorsIndex(contentsOf: path)
    var shards: [String: OrderedDictionary<String, FileTensor>] = [:]
    return TensorFile(keys: index.weightMap.keys.sorted(), metadata: [:], isMapped: mmap) { name in
      guard let file = index.weightMap[name] else { return nil }
      let shard = try shards[file] ?? index.tensors(of: file, beside: path).tensors
      shards[file] = shard
      guard let tensor = shard[name] else { throw SafetensorsFile.refuse("'\(name)' is missing in '\(file)'") }
      return tensor
    }
  }

  private static func values(_ metadata: [String: String]) -> OrderedDictionary<String, StateValue> {
    OrderedDictionary(uniqueKeysWithValues: metadata.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
  }

  /// The texts the file keeps beside its tensors, such as `format: pt`.
  public static func metadata(_ path: String) throws -> [String: String] {
    try SafetensorsFile.contents(ByteRegion(mapping: path)).metadata
  }

  /// Writes the tensors as the reference does: larger element types first, then by name.
  ///
  /// Each tensor is written row-major and whole, so tensors that shared memory do not after loading.
  public static func save(
    _ tensors: OrderedDictionary<String, Tensor>, to path: String, metadata: [String: String] = [:]
  ) throws {
    try SafetensorsFile.write(TensorExporter.named(tensors.elements), metadata: metadata, to: path)
  }

  public static func save(_ tensors: [String: Tensor], to path: String, metadata: [String: String] = [:]) throws {
    try SafetensorsFile.write(TensorExporter.named(tensors), metadata: metadata, to: path)
  }

  /// Writes the tensors to several files of limited size and an index of them, as Hugging Face keeps large models.
  ///
  /// Beside `model.safetensors.index.json` come `model-00001-of-00003.safetensors` and so on. Either all files are
  /// replaced, or, when anything fails, none.
  ///
  /// ```swift
  /// try Safetensors.saveSharded(model.stateDict(), to: "model.safetensors.index.json", maxShardSize: 2_000_000_000)
  /// ```
  /// - Parameter maxShardSize: The most bytes of elements in one file; a larger tensor gets a file of its own.
  /// - Returns: The names of the files.
  @discardableResult
  public static func saveSharded(
    _ tensors: OrderedDictionary<String, Tensor>, to path: String, maxShardSize: Int = 5_000_000_000,
    metadata: [String: String] = ["format": "pt"]
  ) throws -> [String] {
    try SafetensorsIndex.write(
      TensorExporter.named(tensors.elements), maximum: maxShardSize, metadata: metadata, to: path)
  }
}
