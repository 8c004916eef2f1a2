import Foundation
import TestSupport
import Testing
import TorchCore
import TorchSerialization

@Suite struct NumPyTests {
  static let arrays = [
    "c.npy", "fortran.npy", "big.npy", "bigc.npy", "v2.npy", "v3.npy", "scalar.npy", "empty.npy", "vector.npy",
  ]

  @Test(arguments: arrays) func readsWhatNumPyWrote(_ name: String) throws {
    let tensor = try NumPyFile.read(ByteRegion(mapping: Fixture.path(name)))
    #expect(try Describer.describe(.tensor(tensor)) == Fixture.description(name))
  }

  @Test(arguments: ["every.npz", "every-compressed.npz"]) func readsArchives(_ name: String) throws {
    let arrays = try NumPyFile.readArchive(ByteRegion(mapping: Fixture.path(name)))
    #expect(try Describer.describe(tree(arrays.stored())) == Fixture.description(name))
  }

  @Test(arguments: ["c.npy", "fortran.npy", "scalar.npy", "empty.npy", "vector.npy"])
  func writesTheSameBytesAsNumPy(_ name: String) throws {
    let original = try ByteRegion(mapping: Fixture.path(name))
    try withTemporaryFolder { folder in
      try NumPyFile.write(NumPyFile.read(original), to: folder + "/copy.npy")
      #expect(try ByteRegion(mapping: folder + "/copy.npy").array == original.array)
    }
  }

  @Test func writesArchives() throws {
    let arrays = try NumPyFile.readArchive(ByteRegion(mapping: Fixture.path("every.npz")))
    try withTemporaryFolder { folder in
      try NumPyFile.writeArchive(arrays.stored().map { ($0.key, $0.value) }, to: folder + "/copy.npz")
      let copy = try NumPyFile.readArchive(ByteRegion(mapping: folder + "/copy.npz"))
      #expect(try Describer.describe(tree(copy.stored())) == Fixture.description("every.npz"))
    }
  }

  @Test func refusesWhatTensorsCannotHold() throws {
    func refusal(_ name: String) -> String {
      message { _ = try NumPyFile.read(ByteRegion(mapping: Fixture.path(name))) }
    }
    #expect(refusal("refused-object.npy").contains("objects"))
    #expect(refusal("refused-fields.npy").contains("structured"))
    #expect(refusal("refused-uint64.npy").contains("uint64"))
    let half = try StoredTensor(ByteRegion([0, 0]), dtype: .bfloat16, shape: [1])
    #expect(message { try NumPyFile.write(half, to: "/dev/null") } == "Got unsupported ScalarType BFloat16")
  }

  @Test(arguments: [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, }",
    "{'descr': '<f4', 'descr': '<f4', 'shape': (2,), }",
    "{'descr': '<f4', 'fortran_order': False}", "{", "", "{'descr': 'f",
  ])
  func refusesBadHeaders(_ header: String) throws {
    let text = Array(header.utf8)
    var file: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
    file.append(UInt16(text.count))
    file += text + [UInt8](repeating: 0, count: 8)
    #expect(!message { _ = try NumPyFile.read(ByteRegion(file)) }.isEmpty)
  }
}
