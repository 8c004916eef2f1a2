import Foundation
import TestSupport
import Testing
import TorchCore
import TorchSerialization

@Suite struct CheckpointTests {
  static let files = [
    "state.pt", "every.pt", "views.pt", "nested.pt", "checkpoint.pt", "state-legacy.pt", "views-legacy.pt",
    "checkpoint-legacy.pt", "every-legacy.pt", "nested-protocol3.pt", "nested-protocol4.pt", "nested-protocol5.pt",
    "numpy-values.pt", "state-deflated.pt", "state-renamed.pt", "every-big.pt",
  ]

  static func read(_ path: String) throws -> StateTree<StoredTensor> {
    try CheckpointFile.read(ByteRegion(mapping: path), verifyingChecksums: true)
  }

  @Test(arguments: files) func readsWhatPyTorchWrote(_ name: String) throws {
    #expect(try Describer.describe(Self.read(Fixture.path(name))) == Fixture.description(name))
  }

  @Test(arguments: files) func writesWhatItReads(_ name: String) throws {
    try withTemporaryFolder { folder in
      try TorchArchive.write(Self.read(Fixture.path(name)), to: folder + "/copy.pt")
      #expect(try Describer.describe(Self.read(folder + "/copy.pt")) == Fixture.description(name))
    }
  }

  @Test func mappedStoragesAreSlicesOfTheFile() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/views.pt"
      try TorchArchive.write(Self.read(Fixture.path("views.pt")), to: path)
      let file = try ByteRegion(mapping: path)
      let base = try CheckpointFile.read(file, verifyingChecksums: false)["base"].tensor!.storage.bytes()
      let inside = file.base...(file.base + file.count)
      #expect(inside.contains(base.base) && base.isAligned(to: 64))
    }
  }

  @Test func savingIsReproducible() throws {
    try withTemporaryFolder { folder in
      let value = try Self.read(Fixture.path("checkpoint.pt"))
      try TorchArchive.write(value, to: folder + "/a.pt")
      try TorchArchive.write(value, to: folder + "/b.pt")
      #expect(
        try Data(contentsOf: URL(filePath: folder + "/a.pt")) == Data(contentsOf: URL(filePath: folder + "/b.pt")))
    }
  }

  @Test func refusesWhatNeedsPython() throws {
    func refusal(_ name: String) -> String { message { _ = try Self.read(Fixture.path(name)) } }
    for name in ["refused-module.pt", "refused-module-legacy.pt"] {
      #expect(refusal(name).contains("state_dict()"), "\(refusal(name))")
    }
    #expect(refusal("refused-module.pt").contains("torch.nn.modules.linear.Linear"))
    #expect(refusal("refused-sparse.pt").hasPrefix("'a' is a sparse tensor"))
    #expect(refusal("refused-uint16.pt").hasPrefix("'a' is a uint16 tensor"))
    #expect(refusal("refused-namespace.pt").contains("argparse.Namespace"))
    #expect(refusal("every.safetensors").contains("Safetensors.load"))
    #expect(refusal("c.npy").contains("NumPy.load"))
  }

  @Test func classesDeclaredSafeAreData() throws {
    let file = try ByteRegion(mapping: Fixture.path("refused-namespace.pt"))
    let value = try CheckpointFile.read(file, verifyingChecksums: true, safe: ["argparse.Namespace"])
    guard case .object("argparse.Namespace", _, let state) = value["args"] else {
      Issue.record("no object")
      return
    }
    #expect(state["lr"].double == 0.1 && state["name"].string == "x")
    #expect(message { try TorchArchive.write(value, to: "/dev/null") }.contains("argparse.Namespace"))
  }

  @Test func subscriptsGoDown() throws {
    let checkpoint = try Self.read(Fixture.path("checkpoint.pt"))
    #expect(checkpoint["epoch"].int == 3)
    #expect(checkpoint["model"]["conv.weight"].tensor?.shape == [2, 1, 3, 3])
    #expect(checkpoint["optimizer"]["param_groups"][0]["lr"].double == 1e-3)
    #expect(checkpoint["optimizer"]["state"][0]["step"].tensor?.shape == [])
    #expect(checkpoint["nothing"][3]["here"].isNone)
    #expect(checkpoint["model"].tensors.map(\.path).prefix(2) == ["conv.weight", "conv.bias"])
    #expect(checkpoint["model"].dictionary?.attributes["_metadata"]?["norm"]["version"].int == 2)
    var made: StateTree<StoredTensor> = ["epoch": 1, "list": [1, 2.5, "a", true, nil]]
    made["model"]["weight"] = checkpoint["model"]["fc.weight"]
    #expect(made["model"]["weight"].tensor?.shape == [3, 8] && made["list"][1].double == 2.5)
  }

  @Test func sharedMemorySeenAsTwoTypesIsRefused() throws {
    let storage = StoredStorage(ByteRegion([UInt8](repeating: 0, count: 8)), dtype: nil)
    func tensor(_ dtype: DType) throws -> StateTree<StoredTensor> {
      .tensor(try StoredTensor(storage: storage, dtype: dtype, shape: [1], strides: [1], storageOffset: 0))
    }
    let value = StateTree.list([try tensor(.float32), try tensor(.int32)])
    #expect(message { try TorchArchive.write(value, to: "/dev/null") }.contains("different types"))
  }
}
