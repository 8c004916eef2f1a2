// Checkpoints split over several safetensors files, as Hugging Face keeps large models.
//
// `model.safetensors.index.json` maps each tensor's name to its file: `{"metadata": {"total_size": 96}, "weight_map":
// {"a.weight": "model-00001-of-00002.safetensors", …}}`. The files lie beside it and are opened when one of their
// tensors is asked for.
// Reference: https://huggingface.co/docs/huggingface_hub/package_reference/serialization.

import Foundation
import OrderedCollections
import TorchCore

package struct SafetensorsIndex: Decodable {
  package let weightMap: [String: String]

  package enum CodingKeys: String, CodingKey { case weightMap = "weight_map" }

  static func isIndex(_ path: String) -> Bool { path.hasSuffix(".json") }

  /// Whether `file`, which is JSON, seems to be an index.
  static func mentionsWeightMap(_ file: ByteRegion) -> Bool {
    file.count <= maximumSize && file.withBytes { Data($0).range(of: Data("\"weight_map\"".utf8)) != nil }
  }

  private static let maximumSize = 100_000_000

  package init(contentsOf path: String) throws {
    let file = try ByteRegion(mapping: path)
    guard file.count <= SafetensorsIndex.maximumSize else { throw SafetensorsFile.refuse("the index is too large") }
    do {
      self = try JSONDecoder().decode(SafetensorsIndex.self, from: Data(file.array))
    } catch {
      throw SafetensorsFile.refuse("bad index: \(SafetensorsFile.explain(error))")
    }
  }

  /// The files and the names of their tensors, both in order.
  package var files: [(file: String, names: [String])] {
    Dictionary(grouping: weightMap.keys) { weightMap[$0]! }.sorted { $0.key < $1.key }
      .map { ($0.key, $0.value.sorted()) }
  }

  /// The tensors of `file`, which lies in the folder of the index at `path`.
  package func tensors(
    of file: String, beside path: String
  ) throws -> (tensors: OrderedDictionary<String, FileTensor>, metadata: [String: String]) {
    // An index names files of its own folder only; anything else would read files the user did not hand over.
    guard !file.isEmpty, !file.contains("/"), !file.contains("\\"), file != "..", !file.utf8.contains(0) else {
      throw SafetensorsFile.refuse("the index names the file '\(file)', which is not beside it")
    }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    return try SafetensorsFile.contents(ByteRegion(mapping: folder + file))
  }

  /// The tensors of all files, those of one file together.
  package func tensors(beside path: String) throws -> OrderedDictionary<String, FileTensor> {
    var tensors: OrderedDictionary<String, FileTensor> = [:]
    for (file, names) in files {
      let shard = try self.tensors(of: file, beside: path).tensors
      for name in names {
        guard let tensor = shard[name] else { throw SafetensorsFile.refuse("'\(name)' is missing in '\(file)'") }
        tensors[name] = tensor
      }
    }
    return tensors
  }

  // MARK: - Writing

  /// Writes the files and then the index at `path`, all of them or none; the files' names.
  ///
  /// Tensors stay in their order and fill one file after another; one that is larger than `maximum` gets its own.
  package static func write(
    _ tensors: [(name: String, tensor: StoredTensor)], maximum: Int, metadata: [String: String], to path: String
  ) throws -> [String] {
    guard path.hasSuffix(".index.json") else {
      throw TorchError(.value, "an index is called *.safetensors.index.json, not '\(path)'")
    }
    guard maximum > 0 else { throw TorchError(.value, "a shard of at most \(maximum) bytes cannot hold a tensor") }
    var shards: [[(name: String, tensor: StoredTensor)]] = [[]]
    var (size, total) = (0, 0)
    for (name, tensor) in tensors {
      let bytes = tensor.numel * tensor.dtype.itemSize
      if !shards[shards.count - 1].isEmpty, bytes > maximum - size {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append((name, tensor))
      size += bytes
      total += bytes
    }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    var stem = String(path.dropFirst(folder.count).dropLast(".index.json".count))
    if stem.hasSuffix(".safetensors") { stem.removeLast(".safetensors".count) }
    func number(_ n: Int) -> String { String(repeating: "0", count: max(0, 5 - String(n).count)) + String(n) }

    var files: [(path: String, body: (inout FileSink) throws -> Void)] = []
    var names: [String] = []
    var map: [String: String] = [:]
    for (index, shard) in shards.enumerated() {
      names.append("\(stem)-\(number(index + 1))-of-\(number(shards.count)).safetensors")
      files.append((folder + names[index], try SafetensorsFile.writer(shard, metadata: metadata)))
      for (name, _) in shard { map[name] = names[index] }
    }
    let entries = try map.sorted { $0.key < $1.key }.map {
      "    \(try SafetensorsFile.quote($0.key)): \(try SafetensorsFile.quote($0.value))"
    }
    let index = """
      {
        "metadata": {
          "total_size": \(total)
        },
        "weight_map": {
      \(entries.joined(separator: ",\n"))
        }
      }

      """
    files.append((path, { try $0.write(Array(index.utf8)) }))
    try AtomicFile.write(files)
    return names
  }
}
