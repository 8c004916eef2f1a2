// safetensors: a JSON header and the elements behind it.
//
// Bytes 0..<8 are the header's length, then the header
// `{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"format": "pt"}}`, then the
// elements. The checks are the reference implementation's: offsets without holes or overlaps, sizes that agree.
// Reference: https://huggingface.co/docs/safetensors, safetensors/src/tensor.rs. Departure: tensors that share
// memory or are not contiguous are written out each, where the reference refuses them.

import Foundation
import OrderedCollections
import TorchCore

package enum SafetensorsFile {
  /// The reference implementation's limit.
  private static let maximumHeader = 100_000_000

  private static let names: [(dtype: DType, name: String)] = [
    // In the reference's order: its files hold larger alignments first, then names in order.
    (.bool, "BOOL"), (.uint8, "U8"), (.int8, "I8"), (.int16, "I16"), (.float16, "F16"), (.bfloat16, "BF16"),
    (.int32, "I32"), (.float32, "F32"), (.complex64, "C64"), (.float64, "F64"), (.int64, "I64"),
  ]

  /// The format's types that tensors here do not have, with their bits and PyTorch's names.
  private static func foreign(_ name: String) -> (name: String, bits: Int, advice: String)? {
    if name == "F4" { return ("float4_e2m1fn", 4, "in Python, save it as `.to(torch.float32)`") }
    let names = [
      "F6_E2M3": "float6_e2m3fn", "F6_E3M2": "float6_e3m2fn", "F8_E5M2": "float8_e5m2", "F8_E4M3": "float8_e4m3fn",
      "F8_E8M0": "float8_e8m0fnu", "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz",
      "U16": "uint16", "U32": "uint32", "U64": "uint64",
    ]
    return names[name].flatMap { ForeignType(name: $0) }.map { ($0.name, $0.bits, $0.advice) }
  }

  // MARK: Reading

  /// The tensors in the order of their bytes, and the metadata.
  package static func read(
    _ file: ByteRegion
  ) throws -> (tensors: OrderedDictionary<String, StoredTensor>, metadata: [String: String]) {
    let (tensors, metadata) = try contents(file)
    return (try tensors.stored(), metadata)
  }

  /// The same with tensors of types that there are none of here.
  package static func contents(
    _ file: ByteRegion
  ) throws -> (tensors: OrderedDictionary<String, FileTensor>, metadata: [String: String]) {
    let length = try file.integer(UInt64.self, at: 0)
    guard length <= maximumHeader else { throw refuse("HeaderTooLarge") }
    guard Int(length) <= file.count - 8 else { throw refuse("InvalidHeaderLength") }
    let text = try file.slice(8, Int(length))
    guard text.starts(with: [UInt8(ascii: "{")]) else { throw refuse("InvalidHeaderStart") }
    let header: Header
    do {
      header = try JSONDecoder().decode(Header.self, from: Data(text.array))
    } catch {
      throw refuse("InvalidHeaderDeserialization: \(explain(error))")
    }
    // Two readers could see different tensors; a decoder keeps one of two equal names.
    guard topLevelKeys(text) == header.entries.count + (header.hasMetadata ? 1 : 0) else {
      throw refuse("InvalidHeaderDeserialization: two tensors have the same name")
    }
    let data = try file.slice(8 + Int(length), file.count - 8 - Int(length))
    return (try tensors(header, data), header.metadata)
  }

  /// How many names the object that `json` is has.
  private static func topLevelKeys(_ json: ByteRegion) -> Int {
    json.withBytes { bytes in
      var (keys, depth) = (0, 0)
      var (inString, isEscaped) = (false, false)
      for byte in bytes {
        if inString {
          if isEscaped {
            isEscaped = false
          } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
          } else if byte == UInt8(ascii: "\"") {
            inString = false
          }
          continue
        }
        switch byte {
        case UInt8(ascii: "\""): inString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        case UInt8(ascii: ":") where depth == 1: keys += 1
        default: break
        }
      }
      return keys
    }
  }

  private static func tensors(_ header: Header, _ data: ByteRegion) throws -> OrderedDictionary<String, FileTensor> {
    var tensors: OrderedDictionary<String, FileTensor> = [:]
    var end = 0
    for (name, entry) in header.entries.sorted(by: {
      ($0.value.begin, $0.value.end, $0.key) < ($1.value.begin, $1.value.end, $1.key)
    }) {
      let dtype = names.first { $0.name == entry.dtype }?.dtype
      guard let bits = dtype.map({ 8 * $0.itemSize }) ?? foreign(entry.dtype)?.bits else {
        throw refuse("tensor '\(name)' has type \(entry.dtype), which is not known")
      }
      guard entry.begin == end, entry.end >= entry.begin else { throw refuse("InvalidOffset(\"\(name)\")") }
      let size = entry.end - entry.begin
      guard entry.shape.allSatisfy({ $0 >= 0 }), let numel = StoredTensor.product(entry.shape),
        case let (sizeInBits, overflow) = numel.multipliedReportingOverflow(by: bits), !overflow,
        sizeInBits % 8 == 0, sizeInBits / 8 == size
      else { throw refuse("TensorInvalidInfo: '\(name)' of shape \(entry.shape) has \(size) bytes") }
      let bytes = try data.slice(entry.begin, size)
      if let dtype {
        tensors[name] = .tensor(try StoredTensor(bytes, dtype: dtype, shape: entry.shape))
      } else if let type = foreign(entry.dtype) {
        tensors[name] = .foreign(ForeignTensor(type.name, shape: entry.shape, byteCount: size, advice: type.advice))
      }
      end = entry.end
    }
    guard end == data.count else { throw refuse("MetadataIncompleteBuffer") }
    return tensors
  }

  // MARK: Writing

  package static func write(
    _ tensors: [(name: String, tensor: StoredTensor)], metadata: [String: String], to path: String
  ) throws {
    let body = try writer(tensors, metadata: metadata)
    try AtomicFile.write(to: path, body)
  }

  /// What writes a file of these tensors, once everything is known to be possible.
  static func writer(
    _ tensors: [(name: String, tensor: StoredTensor)], metadata: [String: String]
  ) throws -> (inout FileSink) throws -> Void {
    var ordered: [(rank: Int, name: String, dtypeName: String, tensor: StoredTensor)] = []
    for (name, tensor) in tensors {
      guard let rank = names.firstIndex(where: { $0.dtype == tensor.dtype }) else {
        throw TorchError(
          .serialization,
          "'\(name)' is \(tensor.dtype.name), which safetensors does not have: save it as two real tensors "
            + "(`torch.viewAsReal`) or in a .pt file")
      }
      guard name != "__metadata__" else {
        throw TorchError(.serialization, "no tensor in a safetensors file can be called __metadata__")
      }
      ordered.append((rank, name, names[rank].name, tensor))
    }
    ordered.sort { $0.rank != $1.rank ? $0.rank > $1.rank : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }

    var fields: [String] = []
    if !metadata.isEmpty {
      let pairs = try metadata.sorted { $0.key < $1.key }.map { "\(try quote($0.key)):\(try quote($0.value))" }
      fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for (_, name, dtypeName, tensor) in ordered {
      let end = offset + tensor.numel * tensor.dtype.itemSize
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      fields.append(
        "\(try quote(name)):{\"dtype\":\"\(dtypeName)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(fields.joined(separator: ","))}".utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    guard header.count <= maximumHeader else {
      throw TorchError(.serialization, "the header of the safetensors file would take \(header.count) bytes")
    }

    return { [header] sink in
      var length: [UInt8] = []
      length.append(UInt64(header.count))
      try sink.write(length + header)
      for (_, _, _, tensor) in ordered { try sink.write(tensor.contiguousBytes()) }
    }
  }

  static func quote(_ text: String) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return String(decoding: try encoder.encode(text), as: UTF8.self)
  }

  // MARK: Errors

  static func refuse(_ why: String) -> TorchError {
    TorchError(.serialization, "Error while deserializing header: \(why)")
  }

  static func explain(_ error: any Error) -> String {
    switch error {
    case DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
      DecodingError.valueNotFound(_, let context), DecodingError.keyNotFound(_, let context):
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
    default: return "\(error)"
    }
  }
}

/// The JSON header.
private struct Header: Decodable {
  var entries: [String: Entry] = [:]
  var metadata: [String: String] = [:]
  var hasMetadata = false

  struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let begin: Int
    let end: Int

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      dtype = try container.decode(String.self, forKey: .dtype)
      shape = try container.decode([Int].self, forKey: .shape)
      let offsets = try container.decode([Int].self, forKey: .offsets)
      guard offsets.count == 2, offsets[0] >= 0, offsets[1] >= 0 else {
        throw DecodingError.dataCorruptedError(forKey: .offsets, in: container, debugDescription: "bad data_offsets")
      }
      (begin, end) = (offsets[0], offsets[1])
    }
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    for key in container.allKeys {
      if key.stringValue == "__metadata__" {
        hasMetadata = true
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
      }
    }
  }
}
