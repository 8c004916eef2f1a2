import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import TorchSerialization

/// The public face: real tensors through files.
@Suite struct SaveLoadTests {
  @Test(arguments: [false, true]) func valuesGoThroughFiles(_ mmap: Bool) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/checkpoint.pt"
      let base = try Tensor.from([0, 1, 2, 3, 4, 5] as [Float], shape: [2, 3])
      let value: StateValue = [
        "epoch": 3, "base": .tensor(base), "columns": .tensor(base.t()), "nested": [1, nil, ["x": "y"]],
        "leaf": .tensor(try Tensor.from([1.5] as [Double], shape: [1]).requiresGrad_()),
      ]
      try torch.save(value, to: path)
      let loaded = try torch.load(path, mmap: mmap)
      let columns = loaded["columns"].tensor!
      #expect(columns.shape == [3, 2] && columns.strides == [1, 3])
      #expect(try columns.toArray(Float.self) == [0, 3, 1, 4, 2, 5])
      #expect(columns.sharesStorage(with: loaded["base"].tensor!))
      #expect(loaded["leaf"].tensor!.requiresGrad && loaded["epoch"].int == 3)
      #expect(loaded["nested"][2]["x"].string == "y")
      // Saving over the file that the tensors are mapped from leaves them as they are.
      try torch.save("something else", to: path)
      #expect(try columns.toArray(Float.self) == [0, 3, 1, 4, 2, 5])
    }
  }

  @Test func everyTypeLoads() throws {
    for name in ["every.pt", "every-legacy.pt", "every-big.pt"] {
      let state = try torch.load(Fixture.path(name)).stateDict()
      for dtype in DType.allCases { #expect(state["torch.\(dtype.name)"]?.dtype == dtype) }
      #expect(try state["torch.int16"]!.toArray(Int.self) == [0, 1, 100, 1])
      #expect(try state["torch.float64"]!.toArray(Double.self) == [1.5, -2.25, .infinity, 0])
      #expect(try state["scalar"]!.item(Double.self) == 3.5 && state["empty"]!.shape == [0, 3])
    }
  }

  @Test func stateDictsOfPyTorchLoad() throws {
    let state = try torch.load(Fixture.path("state.pt")).stateDict()
    #expect(state.keys.first == "conv.weight" && state["norm.running_var"]!.shape == [2])
    let checkpoint = try torch.load(Fixture.path("checkpoint.pt"))
    #expect(message { _ = try checkpoint.stateDict() }.contains("epoch, model, optimizer"))
    #expect(try checkpoint["model"].stateDict().count == state.count)
    let views = try torch.load(Fixture.path("views.pt"))
    #expect(views["parameter"].tensor!.requiresGrad && !views["frozen"].tensor!.requiresGrad)
    #expect(views["parameter"].tensor!.sharesStorage(with: views["tied"].tensor!))
  }

  @Test func namedTensorsInEveryFormat() throws {
    let tensors: OrderedDictionary<String, Tensor> = [
      "b": try .from([1, 2, 3, 4] as [Int], shape: [2, 2]).t(), "a": try .from([1.5, -2] as [Float], shape: [2]),
    ]
    try withTemporaryFolder { folder in
      try torch.save(tensors, to: folder + "/t.pt")
      try Safetensors.save(tensors, to: folder + "/t.safetensors", metadata: ["format": "pt"])
      try NumPy.saveArchive(tensors, to: folder + "/t.npz")
      try NumPy.save(tensors["b"]!, to: folder + "/t.npy")
      let copies = [
        try torch.load(folder + "/t.pt").stateDict(), try Safetensors.load(folder + "/t.safetensors"),
        try NumPy.loadArchive(folder + "/t.npz"), ["a": tensors["a"]!, "b": try NumPy.load(folder + "/t.npy")],
      ]
      for copy in copies {
        #expect(try copy["a"]!.toArray(Float.self) == [1.5, -2])
        #expect(try copy["b"]!.toArray(Int.self) == [1, 3, 2, 4])
        #expect(copy["b"]!.dtype == .int64 && copy.count == 2)
      }
      #expect(copies[0].keys == ["b", "a"])
      #expect(try Safetensors.metadata(folder + "/t.safetensors") == ["format": "pt"])
    }
  }

  @Test func mappedTensorsCanBeWrittenAndTheFileStays() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/t.safetensors"
      try Safetensors.save(["a": try Tensor.from([1, 2] as [Float], shape: [2])], to: path)
      let loaded = try Safetensors.load(path)["a"]!
      loaded.storage.pointer.storeBytes(of: 7, as: Float.self)
      #expect(try loaded.toArray(Float.self) == [7, 2])
      #expect(try Safetensors.load(path)["a"]!.toArray(Float.self) == [1, 2])
    }
  }

  @Test func integersThatClaimGradientsAreRefused() throws {
    var stored = try StoredTensor(ByteRegion([1, 0, 0, 0]), dtype: .int32, shape: [1])
    stored.requiresGrad = true
    var importer = TensorImporter(mapped: false)
    #expect(message { _ = try importer.tensor(stored) }.contains("can require gradients"))
  }

  /// Writes a file of each kind into the folder `SWIFT_TORCH_SAVED`, for `Fixtures/serialization/check_saved.py`.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["SWIFT_TORCH_SAVED"] != nil))
  func filesForPython() throws {
    let folder = ProcessInfo.processInfo.environment["SWIFT_TORCH_SAVED"]!
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for name in CheckpointTests.files {
      try torch.save(torch.load(Fixture.path(name), mmap: true), to: "\(folder)/\(name)")
    }
    let path = Fixture.path("every.safetensors")
    try Safetensors.save(
      Safetensors.load(path), to: folder + "/every.safetensors", metadata: Safetensors.metadata(path))
    try NumPy.saveArchive(NumPy.loadArchive(Fixture.path("every.npz")), to: folder + "/every.npz")
    for name in NumPyTests.arrays { try NumPy.save(NumPy.load(Fixture.path(name)), to: "\(folder)/\(name)") }
  }
}
