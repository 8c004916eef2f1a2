// GGUF, the format of llama.cpp's models: metadata, then tensors in packed number formats.
//
// Layout: "GGUF", version, the numbers of tensors and of metadata entries, those entries (key, type, value), the
// tensors' names, sizes, types and offsets, and after padding the elements. All numbers are little-endian, strings are
// a 64-bit length and UTF-8, sizes are listed with the one that varies fastest first.
// Reference: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3.

import OrderedCollections
import TorchCore

package struct GGUFFile {
  package let version: Int
  package let metadata: OrderedDictionary<String, StateValue>
  package let tensors: OrderedDictionary<String, FileTensor>

  /// More than the largest vocabulary there is; each element of an array takes some 40 bytes here.
  private static let maximumElements = 1 << 22

  /// - Parameter dtype: What packed numbers unpack to: float32 or float16.
  package init(_ file: ByteRegion, dtype: DType = .float32) throws {
    guard dtype == .float32 || dtype == .float16 else {
      throw TorchError(.dtype, "packed numbers unpack to float32 or float16, not \(dtype.name)")
    }
    var reader = ByteReader(file)
    guard try reader.bytes(4).text == "GGUF" else { throw refuse("the magic number is wrong") }
    let version = try reader.integer(UInt32.self)
    guard version & 0xFFFF != 0 else { throw refuse("the file is for big-endian machines") }
    guard version == 2 || version == 3 else { throw refuse("version \(version) is not supported, only 2 and 3") }
    self.version = Int(version)
    // A tensor takes at least 24 bytes of the file, an entry 13, which bounds what is allocated for them.
    let tensorCount = try reader.count(UInt64.self, atLeast: 24)
    let entryCount = try reader.count(UInt64.self, atLeast: 13)

    var budget = GGUFFile.maximumElements
    var metadata: OrderedDictionary<String, StateValue> = [:]
    for _ in 0..<entryCount {
      let key = try reader.string()
      guard metadata[key] == nil else { throw refuse("the key '\(key)' stands twice") }
      metadata[key] = try GGUFFile.value(&reader, type: reader.integer(UInt32.self), depth: 0, &budget)
    }
    self.metadata = metadata

    let alignment = metadata["general.alignment"]?.int ?? 32
    guard alignment > 0, alignment <= 1 << 20, alignment % 8 == 0 else { throw refuse("an alignment of \(alignment)") }
    var infos: [Info] = []
    for _ in 0..<tensorCount { infos.append(try Info(&reader)) }
    let start = (reader.offset + alignment - 1) / alignment * alignment
    let data = try file.slice(min(start, file.count), max(0, file.count - start))
    tensors = try GGUFFile.tensors(infos, data, alignment: alignment, dtype)
  }

  // MARK: - Metadata

  private static func value(
    _ reader: inout ByteReader, type: UInt32, depth: Int, _ budget: inout Int
  ) throws -> StateValue {
    switch type {
    case 0: return .int(Int(try reader.integer(UInt8.self)))
    case 1: return .int(Int(try reader.integer(Int8.self)))
    case 2: return .int(Int(try reader.integer(UInt16.self)))
    case 3: return .int(Int(try reader.integer(Int16.self)))
    case 4: return .int(Int(try reader.integer(UInt32.self)))
    case 5: return .int(Int(try reader.integer(Int32.self)))
    case 6: return .double(Double(Float(bitPattern: try reader.integer(UInt32.self))))
    case 7:
      let byte = try reader.byte()
      guard byte < 2 else { throw refuse("a bool of \(byte)") }
      return .bool(byte == 1)
    case 8: return .string(try reader.string())
    case 9:
      guard depth < 4 else { throw refuse("arrays nested too deeply") }
      let element = try reader.integer(UInt32.self)
      guard let size = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8].element(at: Int(element)) else {
        throw refuse("a value of the unknown type \(element)")
      }
      let count = try reader.count(UInt64.self, atLeast: size)
      budget -= count
      guard budget >= 0 else { throw refuse("metadata of more than \(maximumElements) elements") }
      var items: [StateValue] = []
      items.reserveCapacity(count)
      for _ in 0..<count { items.append(try value(&reader, type: element, depth: depth + 1, &budget)) }
      return .list(items)
    case 10:
      let number = try reader.integer(UInt64.self)
      return Int(exactly: number).map { .int($0) } ?? .bigInt(String(number))
    case 11: return .int(Int(try reader.integer(Int64.self)))
    case 12: return .double(Double(bitPattern: try reader.integer(UInt64.self)))
    default: throw refuse("a value of the unknown type \(type)")
    }
  }

  // MARK: - Tensors

  /// What the file says of a tensor.
  private struct Info {
    let name: String
    let shape: [Int]
    let code: UInt32
    let offset: Int

    init(_ reader: inout ByteReader) throws {
      name = try reader.string()
      let rank = try reader.integer(UInt32.self)
      guard rank <= 4 else { throw refuse("tensor '\(name)' has \(rank) dimensions; the format has at most 4") }
      var sizes: [Int] = []
      for _ in 0..<rank {
        guard let size = Int(exactly: try reader.integer(UInt64.self)) else {
          throw refuse("tensor '\(name)' is impossibly large")
        }
        sizes.append(size)
      }
      shape = sizes.reversed()
      code = try reader.integer(UInt32.self)
      guard let offset = Int(exactly: try reader.integer(UInt64.self)) else {
        throw refuse("tensor '\(name)' lies outside the file")
      }
      self.offset = offset
    }
  }

  private static let plainTypes: [UInt32: (name: String, dtype: DType)] = [
    0: ("F32", .float32), 1: ("F16", .float16), 24: ("I8", .int8), 25: ("I16", .int16), 26: ("I32", .int32),
    27: ("I64", .int64), 28: ("F64", .float64), 30: ("BF16", .bfloat16),
  ]

  private static func tensors(
    _ infos: [Info], _ data: ByteRegion, alignment: Int, _ dtype: DType
  ) throws -> OrderedDictionary<String, FileTensor> {
    var tensors: OrderedDictionary<String, FileTensor> = [:]
    var ranges: [(start: Int, end: Int, name: String)] = []
    for info in infos {
      let plain = plainTypes[info.code]
      let blocks = GGUFBlocks(code: info.code)
      guard let elements = plain == nil ? blocks?.elements : 1, let bytes = plain?.dtype.itemSize ?? blocks?.bytes
      else { throw refuse("tensor '\(info.name)' has the unknown type \(info.code)") }
      guard let numel = StoredTensor.product(info.shape), (info.shape.last ?? 1) % elements == 0,
        case let (size, overflow) = (numel / elements).multipliedReportingOverflow(by: bytes), !overflow
      else { throw refuse("tensor '\(info.name)' of shape \(info.shape) is not possible in its type") }
      guard info.offset % alignment == 0, info.offset <= data.count, size <= data.count - info.offset else {
        throw refuse("tensor '\(info.name)' lies outside the file, which may be cut short")
      }
      guard tensors[info.name] == nil else { throw refuse("two tensors are called '\(info.name)'") }
      ranges.append((info.offset, info.offset + size, info.name))
      let region = try data.slice(info.offset, size)
      if let plain {
        tensors[info.name] = .tensor(try StoredTensor(region, dtype: plain.dtype, shape: info.shape))
      } else if let blocks {
        tensors[info.name] = try tensor(region, blocks, info.shape, dtype)
      }
    }
    ranges.sort { ($0.start, $0.end) < ($1.start, $1.end) }
    for (a, b) in zip(ranges, ranges.dropFirst()) where a.end > b.start {
      throw refuse("tensors '\(a.name)' and '\(b.name)' overlap")
    }
    return tensors
  }

  /// A tensor that is unpacked when its elements are asked for.
  private static func tensor(
    _ region: ByteRegion, _ blocks: GGUFBlocks, _ shape: [Int], _ dtype: DType
  ) throws -> FileTensor {
    guard blocks.unpack != nil else {
      return .foreign(
        ForeignTensor(
          blocks.name, shape: shape, byteCount: region.count, advice: "quantize the model to another type, such as Q4_K"
        ))
    }
    let count = region.count / blocks.bytes * blocks.elements
    let packing = StoredStorage.Packing(typeName: blocks.name, byteCount: region.count)
    let storage = StoredStorage(byteCount: count * dtype.itemSize, dtype: dtype, packing: packing) {
      let floats = try blocks.unpacked(region)
      return dtype == .float32 ? floats : try floats.roundedToHalf()
    }
    return .tensor(
      try StoredTensor(
        storage: storage, dtype: dtype, shape: shape, strides: StoredTensor.rowMajorStrides(shape), storageOffset: 0))
  }
}

private func refuse(_ why: String) -> TorchError { TorchError(.serialization, "GGUF: \(why)") }

extension ByteReader {
  /// How many things follow, each of which takes at least `size` bytes.
  fileprivate mutating func count<T: FixedWidthInteger>(_ type: T.Type, atLeast size: Int) throws -> Int {
    guard let count = Int(exactly: try integer(type)), count <= remaining / size else {
      throw refuse("a number of things that the file has no room for")
    }
    return count
  }

  fileprivate mutating func string() throws -> String {
    guard let text = try bytes(count(UInt64.self, atLeast: 1)).text else { throw refuse("text that is not UTF-8") }
    return text
  }
}

extension Array {
  fileprivate func element(at index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

extension ByteRegion {
  /// These float32 numbers as float16.
  fileprivate func roundedToHalf() throws -> ByteRegion {
    try ByteRegion(count: count / 2) { target in
      withBytes { source in
        let halves = target.bindMemory(to: Float16.self)
        for (i, value) in source.bindMemory(to: Float.self).enumerated() { halves[i] = Float16(value) }
      }
    }
  }
}
