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

  // MARK: Reading

  /// The tensors in the order of their bytes, and the metadata.
  package static func read(
    _ file: ByteRegion
  ) throws -> (tensors: OrderedDictionary<String, StoredTensor>, metadata: [String: String]) {
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
    let data = try file.slice(8 + Int(length), file.count - 8 - Int(length))
    return (try tensors(header, data), header.metadata)
  }

  private static func tensors(_ header: Header, _ data: ByteRegion) throws -> OrderedDictionary<String, StoredTensor> {
    var tensors: OrderedDictionary<String, StoredTensor> = [:]
    var end = 0
    for (name, entry) in header.entries.sorted(by: {
      ($0.value.begin, $0.value.end, $0.key) < ($1.value.begin, $1.value.end, $1.key)
    }) {
      guard let dtype = names.first(where: { $0.name == entry.dtype })?.dtype else {
        throw refuse("tensor '\(name)' has type \(entry.dtype), which is not supported")
      }
      guard entry.begin == end, entry.end >= entry.begin else { throw refuse("InvalidOffset(\"\(name)\")") }
      guard entry.shape.allSatisfy({ $0 >= 0 }), let numel = StoredTensor.product(entry.shape),
        case let (bytes, overflow) = numel.multipliedReportingOverflow(by: dtype.itemSize), !overflow,
        bytes == entry.end - entry.begin
      else { throw refuse("TensorInvalidInfo: '\(name)' of shape \(entry.shape) has \(entry.end - entry.begin) bytes") }
      tensors[name] = try StoredTensor(data.slice(entry.begin, bytes), dtype: dtype, shape: entry.shape)
      end = entry.end
    }
    guard end == data.count else { throw refuse("MetadataIncompleteBuffer") }
    return tensors
  }

  // MARK: Writing

  package static func write(
    _ tensors: [(name: String, tensor: StoredTensor)], metadata: [String: String], to path: String
  ) throws {
    var ordered: [(rank: Int, name: String, dtypeName: String, tensor: StoredTensor)] = []
    for (name, tensor) in tensors {
      guard let rank = names.firstIndex(where: { $0.dtype == tensor.dtype }) else {
        throw refuse("'\(name)' is \(tensor.dtype), which the format does not have")
      }
      guard name != "__metadata__" else { throw refuse("no tensor can be called __metadata__") }
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
    guard header.count <= maximumHeader else { throw refuse("HeaderTooLarge") }

    try AtomicFile.write(to: path) { sink in
      var length: [UInt8] = []
      length.append(UInt64(header.count))
      try sink.write(length + header)
      for (_, _, _, tensor) in ordered { try sink.write(tensor.contiguousBytes()) }
    }
  }

  private static func quote(_ text: String) throws -> String {
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
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
      }
    }
  }
}
