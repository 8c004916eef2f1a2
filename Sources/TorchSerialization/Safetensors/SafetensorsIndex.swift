// Checkpoints split over several safetensors files, as Hugging Face keeps large models.
//
// `model.safetensors.index.json` maps each tensor's name to its file: `{"weight_map": {"a.weight":
// "model-00001-of-00002.safetensors", …}}`. The files lie beside it.

import Foundation
import OrderedCollections
import TorchCore

package struct SafetensorsIndex: Decodable {
  package let weightMap: [String: String]

  package enum CodingKeys: String, CodingKey { case weightMap = "weight_map" }

  static func isIndex(_ path: String) -> Bool { path.hasSuffix(".json") }

  package init(contentsOf path: String) throws {
    let file = try ByteRegion(mapping: path)
    guard file.count <= 100_000_000 else { throw SafetensorsFile.refuse("the index is too large") }
    do {
      self = try JSONDecoder().decode(SafetensorsIndex.self, from: Data(file.array))
    } catch {
      throw SafetensorsFile.refuse("bad index: \(SafetensorsFile.explain(error))")
    }
  }

  /// The tensors of all files, those of one file together.
  package func tensors(beside path: String) throws -> OrderedDictionary<String, StoredTensor> {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    var tensors: OrderedDictionary<String, StoredTensor> = [:]
    for (file, names) in Dictionary(grouping: weightMap.keys, by: { weightMap[$0]! }).sorted(by: { $0.key < $1.key }) {
      // An index names files of its own folder only; anything else would read files the user did not hand over.
      guard !file.isEmpty, !file.contains("/"), !file.contains("\\"), file != "..", !file.utf8.contains(0) else {
        throw SafetensorsFile.refuse("the index names the file '\(file)', which is not beside it")
      }
      let shard = try SafetensorsFile.read(ByteRegion(mapping: folder + file)).tensors
      for name in names.sorted() {
        guard let tensor = shard[name] else { throw SafetensorsFile.refuse("'\(name)' is missing in '\(file)'") }
        tensors[name] = tensor
      }
    }
    return tensors
  }
}
