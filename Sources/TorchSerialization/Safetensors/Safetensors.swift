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
      : try SafetensorsFile.read(ByteRegion(mapping: path)).tensors
    return try TensorImporter.named(tensors, mapped: mmap)
  }

  /// The texts the file keeps beside its tensors, such as `format: pt`.
  public static func metadata(_ path: String) throws -> [String: String] {
    try SafetensorsFile.read(ByteRegion(mapping: path)).metadata
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
}
