// Tensors of a model file: in the message itself, or in a file beside it.
//
// A file beside the model must lie in the model's folder: a location that leads out of it is refused.
// Reference: https://onnx.ai/onnx/repo-docs/ExternalData.html

import Foundation
import SwiftProtobuf
import TorchCore
import TorchSerialization

extension ONNX {
  /// Reads the tensors of one model.
  struct TensorReader {
    /// The folder of the model's file; nil where the model came as bytes.
    let folder: URL?

    func value(_ proto: Onnx_TensorProto) throws -> Value {
      let name = proto.name
      guard let type = ElementType(rawValue: proto.dataType) else {
        throw TensorCodec.refuse(name, "unknown element type \(proto.dataType)")
      }
      let dims = proto.dims.map(Int.init)
      if proto.dataLocation == .external {
        let region = try external(proto)
        return try region.withBytes { try TensorCodec.decode($0, type, dims, name) }
      }
      if type == .string {
        let shape = try TensorCodec.shape(dims, name)
        guard shape.checkedNumel == proto.stringData.count else {
          throw TensorCodec.refuse(name, "sizes \(dims) with \(proto.stringData.count) strings")
        }
        return .strings(StringTensor(proto.stringData.map { String(decoding: $0, as: UTF8.self) }, shape: dims))
      }
      if proto.hasRawData {
        return try proto.rawData.withUnsafeBytes { try TensorCodec.decode($0, type, dims, name) }
      }
      return try fields(proto, type).withUnsafeBytes { try TensorCodec.decode($0, type, dims, name) }
    }

    /// The bytes that the typed fields of a tensor stand for.
    private func fields(_ proto: Onnx_TensorProto, _ type: ElementType) -> [UInt8] {
      func bytes<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes(Array.init) }
      switch type {
      case .float32, .complex64: return bytes(proto.floatData)
      case .float64, .complex128: return bytes(proto.doubleData)
      case .int64: return bytes(proto.int64Data)
      case .uint64: return bytes(proto.uint64Data)
      case .uint32: return bytes(proto.uint64Data.map { UInt32(truncatingIfNeeded: $0) })
      case .int32: return bytes(proto.int32Data)
      case .int16, .uint16, .float16, .bfloat16: return bytes(proto.int32Data.map { Int16(truncatingIfNeeded: $0) })
      default: return proto.int32Data.map { UInt8(truncatingIfNeeded: $0) }
      }
    }

    private func external(_ proto: Onnx_TensorProto) throws -> ByteRegion {
      var entries: [String: String] = [:]
      for entry in proto.externalData { entries[entry.key] = entry.value }
      func number(_ key: String) throws -> Int? {
        guard let text = entries[key] else { return nil }
        guard let value = Int(text), value >= 0 else {
          throw TensorCodec.refuse(proto.name, "bad \(key) '\(text)' of external data")
        }
        return value
      }
      guard let location = entries["location"], !location.isEmpty else {
        throw TensorCodec.refuse(proto.name, "external data without a location")
      }
      guard let folder else {
        throw TensorCodec.refuse(proto.name, "external data '\(location)' needs the model's folder: load the model by path")
      }
      let root = folder.resolvingSymlinksInPath().path
      let file = folder.appendingPathComponent(location).standardizedFileURL.resolvingSymlinksInPath()
      guard !location.hasPrefix("/"), !location.split(separator: "/").contains(".."), file.path.hasPrefix(root + "/") else {
        throw TensorCodec.refuse(proto.name, "external data '\(location)' lies outside the model's folder")
      }
      let region = try ByteRegion(mapping: file.path)
      let offset = try number("offset") ?? 0
      return try region.slice(offset, number("length") ?? max(region.count - offset, 0))
    }

    /// A sparse tensor as a dense one.
    func value(_ proto: Onnx_SparseTensorProto) throws -> Value {
      let name = proto.values.name
      guard case .tensor(let values, let type) = try value(proto.values),
        let indices = try value(proto.indices).tensor, indices.dtype == .int64
      else { throw TensorCodec.refuse(name, "bad sparse tensor") }
      let dims = proto.dims.map(Int.init)
      let shape = try TensorCodec.shape(dims, name)
      guard let count = shape.checkedNumel, values.ndim == 1 else { throw TensorCodec.refuse(name, "bad sparse tensor") }
      let linear: [Int]
      let given = try indices.toArray(Int.self)
      if indices.ndim == 2, indices.shape[1] == dims.count {
        let strides = Array(shape.contiguousStrides)
        linear = (0..<indices.shape[0]).map { row in
          (0..<dims.count).reduce(0) { $0 &+ given[row * dims.count + $1] &* strides[$1] }
        }
      } else {
        linear = given
      }
      guard linear.count == values.numel, linear.allSatisfy({ $0 >= 0 && $0 < count }) else {
        throw TensorCodec.refuse(name, "indices outside of \(dims)")
      }
      let dense = try withErrors {
        Tensor.zeros([count], dtype: values.dtype).scatter(0, Tensor(linear, dtype: .int64), values).reshape(dims)
      }
      return .tensor(dense, type)
    }
  }
}
