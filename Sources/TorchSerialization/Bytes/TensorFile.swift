// A file of named tensors that are read one at a time.

import OrderedCollections
import TorchCore

/// The tensors of an open file, each read when it is asked for.
///
/// A file of many gigabytes opens at once: its names, types and sizes are known from its header, and only the elements
/// that are used come into memory. A tensor of a type that there is none of here (`float8_e4m3fn`) is an error where
/// it is asked for, and not before.
///
/// ```swift
/// let file = try Safetensors.open("model.safetensors.index.json")
/// print(file.keys.count, try file.shape("lm_head.weight"))   // 291 torch.Size([32000, 4096])
/// let weight = try file.tensor("lm_head.weight")
/// ```
public final class TensorFile {
  /// The tensors' names.
  public let keys: [String]
  /// What the file says besides: texts in safetensors; numbers, texts and lists in GGUF.
  public let metadata: OrderedDictionary<String, StateValue>
  private let find: (String) throws -> FileTensor?
  private let isMapped: Bool

  init(
    keys: [String], metadata: OrderedDictionary<String, StateValue>, isMapped: Bool,
    find: @escaping (String) throws -> FileTensor?
  ) {
    self.keys = keys
    self.metadata = metadata
    self.isMapped = isMapped
    self.find = find
  }

  /// - Throws: `TorchError` of kind `.index` where there is no such tensor, of kind `.serialization` where it cannot be
  ///   read.
  public func tensor(_ name: String) throws -> Tensor {
    var importer = TensorImporter(mapped: isMapped)
    return try importer.tensor(entry(name).stored(name))
  }

  /// The sizes of a tensor, without reading it.
  public func shape(_ name: String) throws -> Shape { try Shape(checking: entry(name).shape ?? []) }

  /// The element type of a tensor in the file, also of one that cannot be read here: `float32`, `float8_e4m3fn`, `Q4_K`.
  public func typeName(_ name: String) throws -> String { try entry(name).typeName }

  package func entry(_ name: String) throws -> FileTensor {
    guard let found = try find(name) else { throw TorchError(.index, "File does not contain tensor \(name)") }
    return found
  }
}
