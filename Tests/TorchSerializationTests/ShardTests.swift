import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import TorchSerialization

@Suite struct ShardTests {
  private let tensors: OrderedDictionary<String, Tensor> = [
    "a": Tensor.arange(10, dtype: .float32), "b": Tensor.ones([20], dtype: .float32),
    "c": Tensor.zeros([2], dtype: .int64),
    "d": Tensor.ones([3], dtype: .float16),
  ]

  @Test func shardsAreFilledInOrder() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors.index.json"
      let names = try Safetensors.saveSharded(tensors, to: path, maxShardSize: 60)
      #expect(names == (1...3).map { "model-0000\($0)-of-00003.safetensors" })
      let sizes = try names.map { try Safetensors.load(folder + "/" + $0).keys.map { $0 } }
      #expect(sizes == [["a"], ["b"], ["c", "d"]])
      let loaded = try Safetensors.load(path)
      #expect(loaded.count == 4)
      for (name, tensor) in tensors {
        #expect(
          try loaded[name]!.toArray(Double.self) == tensor.toArray(Double.self) && loaded[name]!.dtype == tensor.dtype)
      }
      struct Index: Decodable { let metadata: [String: Int] }
      let index = try JSONDecoder().decode(Index.self, from: Data(contentsOf: URL(filePath: path)))
      #expect(index.metadata == ["total_size": 142])
    }
  }

  /// Reading one tensor of an index opens the file it is in, no other.
  @Test func shardsAreOpenedWhenTheyAreNeeded() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors.index.json"
      try Safetensors.saveSharded(tensors, to: path, maxShardSize: 60)
      try FileManager.default.removeItem(atPath: folder + "/model-00002-of-00003.safetensors")
      let file = try Safetensors.open(path)
      #expect(file.keys == ["a", "b", "c", "d"])
      #expect(try file.tensor("d").toArray(Float.self) == [1, 1, 1])
      #expect(message { _ = try file.tensor("b") }.contains("No such file"))
      #expect(message { _ = try Safetensors.load(path) }.contains("No such file"))
    }
  }

  @Test func allFilesAreReplacedOrNone() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors.index.json"
      try Safetensors.saveSharded(["a": tensors["a"]!], to: path)
      let before = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      let old = try Data(contentsOf: URL(filePath: path))
      // The last file cannot be written: its name is taken by a folder.
      try FileManager.default.createDirectory(
        atPath: folder + "/model-00002-of-00002.safetensors", withIntermediateDirectories: false)
      let pair: OrderedDictionary<String, Tensor> = ["a": tensors["a"]!, "b": tensors["b"]!]
      #expect(message { try Safetensors.saveSharded(pair, to: path, maxShardSize: 80) }.contains("Is a directory"))
      try FileManager.default.removeItem(atPath: folder + "/model-00002-of-00002.safetensors")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == before)
      #expect(try Data(contentsOf: URL(filePath: path)) == old)
      #expect(message { try Safetensors.saveSharded(pair, to: folder + "/x.json") }.contains(".index.json"))
      #expect(message { try Safetensors.saveSharded(pair, to: path, maxShardSize: 0) }.contains("0 bytes"))
    }
  }

  /// Several threads save to one path: whoever is last, the file is one of theirs, whole.
  @Test func threadsDoNotMixTheirFiles() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "torch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.path + "/t.pt"
    try await withThrowingTaskGroup(of: Void.self) { group in
      for value in 0..<8 {
        group.addTask {
          for _ in 0..<5 {
            try torch.save(Tensor.full([5000], .int(value)), to: path)
            let seen = try torch.load(path).tensor!.toArray(Int.self)
            #expect(Set(seen).count == 1 && seen.count == 5000)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["t.pt"])
  }
}
