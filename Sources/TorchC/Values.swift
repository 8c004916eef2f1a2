// From the header's tagged values to the core's.

import CTorch
import ComplexModule
import Torch

/// Reads values that a caller has laid out in memory.
struct ValueReader {
  /// The block that relative addresses count from, and its size.
  let block: UnsafeRawPointer
  let blockBytes: Int

  /// Lists in lists beyond this are refused.
  static let maxDepth = 256

  init(_ block: UnsafePointer<st_value>, _ blockBytes: Int64) throws {
    guard blockBytes >= 0 else { throw FaceError.argument("a block of \(blockBytes) bytes") }
    self.block = UnsafeRawPointer(block)
    self.blockBytes = Int(blockBytes)
  }

  /// The value as an operator's argument.
  func boxed(_ value: st_value, depth: Int = 0) throws -> Value {
    switch value.kind {
    case ST_NONE.rawValue: return .none
    case ST_TENSOR.rawValue: return .tensor(try tensor(value.handle))
    case ST_INT.rawValue: return .int(Int(value.i))
    case ST_DOUBLE.rawValue: return .double(value.d)
    case ST_BOOL.rawValue: return .bool(value.i != 0)
    case ST_COMPLEX.rawValue: return .scalar(.complex(Complex(value.d, value.im)))
    case ST_STRING.rawValue: return .string(try text(value))
    case ST_DTYPE.rawValue: return .dtype(try dtype(value.i))
    case ST_DEVICE.rawValue: return .device(try Device(try text(value)))
    case ST_MEMORY_FORMAT.rawValue:
      let formats: [MemoryFormat] = [.contiguous, .preserve, .channelsLast, .channelsLast3d]
      guard formats.indices.contains(Int(value.i)) else { throw FaceError.argument("memory format \(value.i)") }
      return .memoryFormat(formats[Int(value.i)])
    case ST_GENERATOR.rawValue: return .generator(try object(value.handle, Generator.self))
    case ST_LIST.rawValue, ST_TUPLE.rawValue, ST_SIZE.rawValue:
      return .list(try items(value, depth).map { try boxed($0, depth: depth + 1) })
    default: throw FaceError.argument("an operator cannot take a value of kind \(value.kind)")
    }
  }

  /// The elements of a list, or the keys and values of a dictionary.
  func items(_ value: st_value, _ depth: Int) throws -> UnsafeBufferPointer<st_value> {
    guard depth < ValueReader.maxDepth else { throw FaceError.argument("values are nested too deeply") }
    let bytes = try bytes(value, stride: MemoryLayout<st_value>.stride)
    return bytes.bindMemory(to: st_value.self)
  }

  func text(_ value: st_value) throws -> String {
    let bytes = try bytes(value, stride: 1)
    guard let text = String(validating: bytes, as: UTF8.self) else { throw FaceError.argument("a text is not UTF-8") }
    return text
  }

  /// The `count` things of `stride` bytes that the value points at.
  func bytes(_ value: st_value, stride: Int) throws -> UnsafeRawBufferPointer {
    guard value.count > 0 else {
      guard value.count == 0 else { throw FaceError.argument("a list of \(value.count) elements") }
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    let (count, overflow) = Int(value.count).multipliedReportingOverflow(by: stride)
    if value.flags & ST_RELATIVE.rawValue != 0 {
      guard !overflow, value.word <= UInt64(blockBytes), count <= blockBytes - Int(value.word),
        stride == 1 || value.word % 8 == 0
      else { throw FaceError.argument("a list of \(value.count) elements at \(value.word) reaches out of its block") }
      return UnsafeRawBufferPointer(start: block + Int(value.word), count: count)
    }
    guard !overflow, let address = UnsafeRawPointer(bitPattern: UInt(value.word)) else {
      throw FaceError.argument("a list of \(value.count) elements at NULL")
    }
    return UnsafeRawBufferPointer(start: address, count: count)
  }
}

func dtype(_ code: Int64) throws -> DType {
  guard let dtype = Int32(exactly: code).flatMap(DType.init(rawValue:)) else {
    throw FaceError.argument("\(code) is no dtype's code")
  }
  return dtype
}
