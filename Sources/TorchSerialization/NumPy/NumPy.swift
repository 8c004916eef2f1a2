// npy and npz for users; the formats are in NumPyFile.swift.

import OrderedCollections
import TorchCore

/// NumPy's files of arrays.
///
/// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
public enum NumPy {
  /// The array of an `.npy` file. A Fortran-ordered array becomes a tensor with such strides.
  /// - Throws: `TorchError` of kind `.io` or `.serialization`.
  public static func load(_ path: String, mmap: Bool = false) throws -> Tensor {
    var importer = TensorImporter(mapped: mmap)
    return try importer.tensor(NumPyFile.read(ByteRegion(mapping: path)))
  }

  /// The arrays of an `.npz` file by name (`numpy.savez`, `numpy.savez_compressed`).
  /// - Parameter inflationLimit: The most bytes that compressed arrays may take, at least 256 MiB and a hundred times
  ///   the file's size unless you say otherwise: a small file can be made to fill the memory.
  /// - Throws: `TorchError` of kind `.io`, or `.serialization` naming the array that cannot be read.
  public static func loadArchive(
    _ path: String, inflationLimit: Int? = nil
  ) throws -> OrderedDictionary<String, Tensor> {
    let arrays = try NumPyFile.readArchive(ByteRegion(mapping: path), inflationLimit: inflationLimit)
    return try TensorImporter.named(arrays.stored(), mapped: false)
  }

  /// Writes an `.npy` file, byte for byte as `numpy.save` does.
  public static func save(_ tensor: Tensor, to path: String) throws {
    var exporter = TensorExporter()
    try NumPyFile.write(exporter.stored(tensor), to: path)
  }

  /// Writes an `.npz` file.
  public static func saveArchive(_ tensors: OrderedDictionary<String, Tensor>, to path: String) throws {
    try NumPyFile.writeArchive(TensorExporter.named(tensors.elements), to: path)
  }

  public static func saveArchive(_ tensors: [String: Tensor], to path: String) throws {
    try NumPyFile.writeArchive(TensorExporter.named(tensors.sorted { $0.key < $1.key }), to: path)
  }
}
