// GGUF for users; the format is in GGUFFile.swift.

import OrderedCollections
import TorchCore

/// Models of llama.cpp: metadata and tensors, most of them in packed number formats.
///
/// Read only. Plain types (F32, F16, BF16, F64, integers) come as they are; Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K to
/// Q6_K, IQ4_NL, IQ4_XS and MXFP4 are unpacked to float32 or float16. Shapes are PyTorch's: a matrix that llama.cpp
/// lists as 4096 × 32000 is `[32000, 4096]`.
///
/// Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
public enum GGUF {
  /// Opens a file to read single tensors and its metadata.
  ///
  /// ```swift
  /// let file = try GGUF.open("llama.gguf")
  /// print(file.metadata["general.architecture"]!.string!)   // llama
  /// let embedding = try file.tensor("token_embd.weight")    // unpacked now, not before
  /// ```
  /// - Parameter dtype: What packed numbers unpack to: float32 or float16.
  /// - Throws: `TorchError` of kind `.io` or `.serialization`.
  public static func open(_ path: String, dtype: DType = .float32) throws -> TensorFile {
    let file = try GGUFFile(ByteRegion(mapping: path), dtype: dtype)
    return TensorFile(keys: Array(file.tensors.keys), metadata: file.metadata, isMapped: true) {
      file.tensors[$0]
    }
  }

  /// All tensors of the file.
  /// - Throws: `TorchError` of kind `.io`, or `.serialization` naming tensors in formats that are not supported.
  public static func load(_ path: String, dtype: DType = .float32) throws -> OrderedDictionary<String, Tensor> {
    try TensorImporter.named(GGUFFile(ByteRegion(mapping: path), dtype: dtype).tensors.stored(), mapped: true)
  }
}
