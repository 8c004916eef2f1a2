import Foundation
import TestSupport
import Testing
import TorchCore
import TorchSerialization

@Suite struct SafetensorsTests {
  @Test func readsWhatTheReferenceWrote() throws {
    let (tensors, metadata) = try SafetensorsFile.read(ByteRegion(mapping: Fixture.path("every.safetensors")))
    #expect(metadata == ["format": "pt"])
    #expect(try Describer.describe(tree(tensors)) == Fixture.description("every.safetensors"))
  }

  @Test func readsShards() throws {
    let path = Fixture.path("model.safetensors.index.json")
    let tensors = try SafetensorsIndex(contentsOf: path).tensors(beside: path)
    #expect(try Describer.describe(tree(tensors.stored())) == Fixture.description("model.safetensors.index.json"))
  }

  @Test func writesTheSameBytesAsTheReference() throws {
    let original = try ByteRegion(mapping: Fixture.path("every.safetensors"))
    let (tensors, metadata) = try SafetensorsFile.read(original)
    try withTemporaryFolder { folder in
      try SafetensorsFile.write(
        tensors.map { ($0.key, $0.value) }.reversed(), metadata: metadata, to: folder + "/copy.safetensors")
      #expect(try ByteRegion(mapping: folder + "/copy.safetensors").array == original.array)
    }
  }

  @Test func writesViewsContiguously() throws {
    let views = try CheckpointTests.read(Fixture.path("views.pt"))
    let names = ["columns", "step", "expanded", "tail"]
    try withTemporaryFolder { folder in
      let path = folder + "/views.safetensors"
      try SafetensorsFile.write(names.map { ($0, views[$0].tensor!) }, metadata: [:], to: path)
      let copies = try SafetensorsFile.read(ByteRegion(mapping: path)).tensors
      for name in names {
        let view = views[name].tensor!
        #expect(copies[name]?.shape == view.shape)
        #expect(try copies[name]?.storage.bytes().array == view.contiguousBytes().array)
      }
    }
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "InvalidOffset"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, "TensorInvalidInfo"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "MetadataIncompleteBuffer"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      "InvalidOffset"
    ),
    (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,8]}}"#, "TensorInvalidInfo"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "TensorInvalidInfo"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,80000]}}"#, "TensorInvalidInfo"),
    (#"{"a":{"dtype":"F8","shape":[8],"data_offsets":[0,8]}}"#, "F8"),
    (#"{"a":7}"#, "InvalidHeaderDeserialization"),
    (#"{"#, "InvalidHeaderDeserialization"),
    ("[]", "InvalidHeaderStart"),
  ])
  func refusesBadHeaders(_ header: String, _ reason: String) throws {
    var file: [UInt8] = []
    file.append(UInt64(header.utf8.count))
    file += Array(header.utf8) + [UInt8](repeating: 0, count: 8)
    let said = message { _ = try SafetensorsFile.read(ByteRegion(file)) }
    #expect(said.contains(reason), "\(said)")
  }

  @Test func anIndexCannotReachOutOfItsFolder() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors.index.json"
      for target in ["../secret", "/etc/passwd", ".."] {
        try #"{"weight_map":{"a":"\#(target)"}}"#.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(message { _ = try SafetensorsIndex(contentsOf: path).tensors(beside: path) }.contains("not beside it"))
      }
    }
  }
}
