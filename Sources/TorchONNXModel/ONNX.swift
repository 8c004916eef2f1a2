// The namespace of ONNX, and `ONNX.load`; `ONNX.export` is in TorchONNX, which needs TorchJIT for it.

import Foundation
import SwiftProtobuf
@_exported import TorchNN
import TorchSerialization

/// Models in the Open Neural Network Exchange format: written from modules here, and read to be run or fine-tuned.
///
/// Reference: https://onnx.ai/onnx/
public enum ONNX {}

extension ONNX {
  /// Reads the model in the file at `path`, with the files beside it that hold its large tensors.
  ///
  /// ```swift
  /// let model = try ONNX.load("model.onnx")
  /// print(model.inputs[0].name, model.inputs[0].type)   // x tensor(float)
  /// let y = model(x)[0]
  /// ```
  /// - Throws: `TorchError`: of kind `.io` where the file cannot be read, `.serialization` where it is damaged, and
  ///   `.notImplemented`, naming all of them, where operators are not known.
  public static func load(_ path: String) throws -> Model {
    let region = try ByteRegion(mapping: path)
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    return try region.withBytes { bytes in
      try Model(message(bytes), TensorReader(folder: folder))
    }
  }

  /// Reads the model whose file these bytes are.
  public static func load(bytes: [UInt8]) throws -> Model {
    try bytes.withUnsafeBytes { try Model(message($0), TensorReader(folder: nil)) }
  }

  static func message(_ bytes: UnsafeRawBufferPointer) throws -> Onnx_ModelProto {
    guard bytes.count <= Int(Int32.max) else {
      throw TorchError(
        .serialization, "an ONNX file is at most 2 GB; larger models keep their tensors in files beside it")
    }
    // The bytes outlive the parsing, which copies what it keeps.
    let data =
      bytes.baseAddress.map { Data(bytesNoCopy: UnsafeMutableRawPointer(mutating: $0), count: bytes.count, deallocator: .none) }
      ?? Data()
    do {
      let model = try Onnx_ModelProto(serializedBytes: data)
      guard model.hasGraph else { throw TorchError(.serialization, "this is not an ONNX model: it has no graph") }
      return model
    } catch let error as BinaryDecodingError {
      throw TorchError(.serialization, "this is not an ONNX model, or it is damaged (\(error))")
    }
  }

  /// Reads a tensor from the bytes of a `TensorProto` (`.pb` files beside test models).
  package static func value(tensorProto bytes: [UInt8]) throws -> Value {
    try TensorReader(folder: nil).value(Onnx_TensorProto(serializedBytes: bytes))
  }
}
