// Between tensors and the bytes of files, for every element type: lengths are checked before memory is taken.
// Reference: https://onnx.ai/onnx/api/classes.html#tensorproto

import Foundation
import TorchCore
import TorchSerialization

extension ONNX {
  package enum TensorCodec {
    /// The tensor whose elements `bytes` are, little-endian, types of less than 8 bits packed from the low end.
    package static func decode(_ bytes: UnsafeRawBufferPointer, _ type: ElementType, _ dims: [Int], _ name: String) throws -> Value {
      guard let bits = type.bitWidth else { throw refuse(name, "text cannot be raw data") }
      let shape = try shape(dims, name)
      guard let count = shape.checkedNumel, count <= Int.max / 64 else { throw refuse(name, "sizes \(dims) overflow") }
      let byteCount = (count * bits + 7) / 8
      guard bytes.count == byteCount else {
        throw refuse(name, "\(dims) of \(type.name) takes \(byteCount) bytes, there are \(bytes.count)")
      }
      if type.isNative { return .tensor(try copy(bytes, shape, type.carrier), type) }
      func load<T>(_ i: Int, _: T.Type) -> T { bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.size, as: T.self) }
      let tensor: Tensor
      switch type {
      case .uint16: tensor = try .from((0..<count).map { Int32(load($0, UInt16.self)) }, shape: shape)
      case .uint32: tensor = try .from((0..<count).map { Int(load($0, UInt32.self)) }, shape: shape)
      case .uint64: tensor = try copy(bytes, shape, .int64)
      case .float8e8m0: tensor = try .from(bytes.map { exponentOnly($0) }, shape: shape)
      default:
        let codes = (0..<count).map { i in bytes[i * bits / 8] >> (i * bits % 8) & UInt8(truncatingIfNeeded: 1 << bits - 1) }
        if let format = type.smallFloat {
          tensor = try .from(codes.map(format.decode), shape: shape)
        } else if type.isUnsigned {
          tensor = try .from(codes, shape: shape)
        } else {
          tensor = try .from(codes.map { Int8(bitPattern: $0 << (8 - bits)) >> (8 - bits) }, shape: shape)
        }
      }
      return .tensor(tensor, type)
    }

    /// The bytes of a tensor's elements.
    package static func encode(_ tensor: Tensor, _ type: ElementType) throws -> [UInt8] {
      func bytes<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes(Array.init) }
      switch type {
      case .uint16: return bytes(try tensor.toArray(Int32.self).map { UInt16(truncatingIfNeeded: $0) })
      case .uint32: return bytes(try tensor.toArray(Int.self).map { UInt32(truncatingIfNeeded: $0) })
      case .uint64: return bytes(try tensor.toArray(Int.self))
      case .float8e8m0: return try tensor.toArray(Float.self).map { $0.isNaN ? 255 : UInt8(clamping: Int($0.exponent) + 127) }
      case .string: throw TorchError(.type, "text has no raw data")
      default: break
      }
      if !type.isNative, let bits = type.bitWidth {
        let codes =
          if let format = type.smallFloat { try tensor.toArray(Float.self).map(format.encode) } else {
            try tensor.toArray(Int8.self).map { UInt8(bitPattern: $0) & UInt8(1 << bits - 1) }
          }
        var packed = [UInt8](repeating: 0, count: (codes.count * bits + 7) / 8)
        for (i, code) in codes.enumerated() { packed[i * bits / 8] |= code << (i * bits % 8) }
        return packed
      }
      if let failure = tensor.failure { throw failure }
      let plain = tensor.detach().contiguous()
      let start = plain.storage.pointer + plain.storageOffset * plain.dtype.itemSize
      return withExtendedLifetime(plain) { Array(UnsafeRawBufferPointer(start: start, count: plain.numel * plain.dtype.itemSize)) }
    }

    /// A power of two, 255 is NaN.
    private static func exponentOnly(_ code: UInt8) -> Float {
      code == 255 ? .nan : Float(sign: .plus, exponent: Int(code) - 127, significand: 1)
    }

    private static func copy(_ bytes: UnsafeRawBufferPointer, _ shape: Shape, _ dtype: DType) throws -> Tensor {
      let tensor = try withErrors { Tensor.empty(shape, dtype: dtype) }
      if let source = bytes.baseAddress { tensor.storage.pointer.copyMemory(from: source, byteCount: bytes.count) }
      return tensor
    }

    static func shape(_ dims: [Int], _ name: String) throws -> Shape {
      guard dims.allSatisfy({ $0 >= 0 }) else { throw refuse(name, "negative sizes \(dims)") }
      return try Shape(checking: dims)
    }

    static func refuse(_ name: String, _ why: String) -> TorchError {
      TorchError(.serialization, "tensor '\(name)': \(why)")
    }
  }
}
