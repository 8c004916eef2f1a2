import Testing
import TorchCore
import TorchSerialization

/// Files with tensors of types or kinds that there are none of here: they are named, and the others can be read.
@Suite struct ForeignTensorTests {
  @Test(arguments: ["foreign.pt", "foreign-legacy.pt"])
  func checkpointsNameThem(_ name: String) throws {
    let file = try ByteRegion(mapping: Fixture.path(name))
    let said = message { _ = try torch.load(Fixture.path(name), mapLocation: .cpu) }
    #expect(said.hasPrefix("'float8' is a float8_e4m3fn tensor (and "), "\(said)")
    #expect(said.contains("`.to(torch.float32)`"))
    let tree = try CheckpointFile.contents(file, verifyingChecksums: true).tree
    let kinds = Dictionary(uniqueKeysWithValues: tree.tensors.map { ($0.path, $0.tensor.typeName) })
    let shapes = Dictionary(uniqueKeysWithValues: tree.tensors.map { ($0.path, $0.tensor.shape ?? []) })
    var expected = [
      "good": "int64", "float8": "float8_e4m3fn", "float8_e5m2": "float8_e5m2", "uint16": "uint16", "uint32": "uint32",
      "uint64": "uint64", "complex32": "complex32", "quantized": "quantized quint8", "sparse": "sparse",
      "csr": "sparse CSR", "meta": "meta",
    ]
    if name == "foreign-legacy.pt" { expected["complex32"] = nil }
    #expect(kinds == expected)
    #expect(shapes["float8"] == [2, 3] && shapes["quantized"] == [2, 2] && shapes["meta"] == [2, 5])
    #expect(shapes["sparse"] == [3, 3] && shapes["csr"] == [3, 3])
    let good = try tree["good"].tensor!.stored("good")
    #expect(
      try good.contiguousBytes().array.enumerated().allSatisfy {
        $0.element == ($0.offset % 8 == 0 ? $0.offset / 8 : 0)
      })
  }

  @Test func safetensorsReadTheOthers() throws {
    let path = Fixture.path("foreign.safetensors")
    #expect(message { _ = try Safetensors.load(path) }.contains("tensor (and 1 more), which is not supported"))
    let file = try Safetensors.open(path)
    #expect(Set(file.keys) == ["scale", "weight", "id"])
    #expect(try file.tensor("scale").toArray(Float.self) == [0.5])
    #expect(try file.typeName("weight") == "float8_e4m3fn" && file.shape("weight") == [2, 4])
    #expect(message { _ = try file.tensor("weight") }.hasPrefix("'weight' is a float8_e4m3fn tensor"))
    #expect(message { _ = try file.tensor("nothing") } == "File does not contain tensor nothing")
  }

  @Test func arraysAreNamed() throws {
    let said = message { _ = try NumPy.loadArchive(Fixture.path("foreign.npz")) }
    #expect(said.hasPrefix("'count' is a uint32 tensor (and 2 more)"), "\(said)")
    let arrays = try NumPyFile.readArchive(ByteRegion(mapping: Fixture.path("foreign.npz")))
    #expect(arrays["good"]?.typeName == "float32" && arrays["rows"]?.typeName.hasPrefix("NumPy '[") == true)
  }

  @Test(arguments: [
    ("refused-net.pt", "__main__.Net", "at 'net'", "`torch.save(model.state_dict(), \"state.pt\")`"),
    ("refused-module.pt", "torch.nn.modules.linear.Linear", "class Linear,", "torch.save(model.state_dict()"),
    ("refused-module-legacy.pt", "torch.nn.modules.linear.Linear", "class Linear,", "torch.save(model.state_dict()"),
    ("refused-namespace.pt", "argparse.Namespace", "at 'args'", "`vars(args)`"),
    ("refused-namedtuple.pt", "__main__.Point", "at 'point.0'", "`value._asdict()`"),
  ])
  func objectsAreRefusedWithTheirPlace(_ name: String, _ type: String, _ place: String, _ advice: String) {
    let said = message { _ = try torch.load(Fixture.path(name)) }
    #expect(said.hasPrefix("Unsupported global: GLOBAL \(type) was not an allowed global by default."), "\(said)")
    #expect(said.contains(place) && said.contains(advice), "\(said)")
  }

  @Test func tensorsOfAGPUNeedALocation() throws {
    let path = Fixture.path("state-cuda.pt")
    #expect(message { _ = try torch.load(path) }.hasPrefix("Attempting to deserialize object on a CUDA device but"))
    let state = try torch.load(path, mapLocation: .cpu).stateDict()
    let plain = try torch.load(Fixture.path("state.pt")).stateDict()
    #expect(try state["fc.bias"]!.toArray(Float.self) == plain["fc.bias"]!.toArray(Float.self))
  }
}
