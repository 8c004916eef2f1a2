// Loaded modules are modules of nn: parameters, modes, state dicts, training, printing.

import TestSupport
import Testing
import Torch

@Suite struct ScriptModuleTests {
  private func load(_ name: String) throws -> JIT.ScriptModule {
    try JIT.load(bytes: ScriptFixtures("programs.zip").bytes(name + ".pt"))
  }

  @Test func partsAreListedOnce() throws {
    let module = try load("values")
    // Under its own name and that of whoever shares it, as in PyTorch.
    #expect(module.namedParameters().map(\.name) == ["weight", "frozen", "linear.weight", "linear.bias"])
    #expect(module.parameters().map(\.requiresGrad) == [true, false, true, true])
    #expect(module.namedBuffers().map(\.name) == ["table_buffer", "temporary"])
    #expect(
      Array(module.stateDict().keys) == [
        "weight", "tied", "frozen", "table_buffer", "temporary", "linear.weight", "linear.bias", "again.weight",
        "again.bias",
      ])
    // PyTorch writes a submodule that stands in two places twice, with the same tensors.
    let (linear, again) = (try module.submodule("linear"), try module.submodule("again"))
    #expect(linear.parameters()[0] === again.parameters()[0])
  }

  @Test func tiedParametersStayTied() throws {
    let module = try load("values")
    torch.noGrad { _ = module.parameters()[0].fill_(7) }
    #expect(try #require(module["tied"]?.tensor).toArray(Float.self) == [7, 7])
    let encoder = try load("encoder")
    let names = encoder.namedParameters().map(\.name)
    #expect(names.contains("embedding.weight") && !names.contains("decoder.weight"))
  }

  @Test func printedFormIsPyTorchs() throws {
    #expect(
      try load("forked").description == """
        RecursiveScriptModule(
          original_name=Forked
          (layers): RecursiveScriptModule(
            original_name=ModuleList
            (0): RecursiveScriptModule(original_name=Linear)
            (1): RecursiveScriptModule(original_name=Linear)
            (2): RecursiveScriptModule(original_name=Linear)
          )
        )
        """)
  }

  @Test func attributesAreReadAndSet() throws {
    let module = try load("values")
    #expect(module["big"]?.int == 1 << 40)
    #expect(module["text"]?.string == "quo\"te\n")
    #expect(module["nothing_of_the_kind"] == nil)
    module["maybe"] = .int(4)
    #expect(try module.method("attributes")().elements?[6].int == 4)
    #expect(throws: TorchError.self) { try withErrors { module["words"] = .int(1) } }
    #expect(throws: TorchError.self) { try withErrors { module["unknown"] = .int(1) } }
    #expect(throws: TorchError.self) { try module.method("unknown") }
  }

  @Test func modeReachesTheScript() throws {
    let module = try load("classifier")
    #expect(module.training && module["training"]?.bool == true)
    module.eval()
    #expect(module["training"]?.bool == false)
    #expect(try module.submodule("norm").training == false)
    let norm = try #require(try module.submodule("norm") as? JIT.ScriptModule)
    #expect(norm["training"]?.bool == false)
    module["training"] = .bool(true)
    #expect(module.training)
  }

  @Test func trainingIsPyTorchs() throws {
    let expected = try torch.load(repository("Fixtures/torchscript/training.pt").path)
    let call = try ScriptFixtures("programs.zip").calls("classifier")[0]
    let module = try load("classifier")
    let optimizer = optim.SGD(module.parameters(), lr: 0.1, momentum: 0.9)
    var losses: [Double] = []
    for _ in 0..<3 {
      optimizer.zeroGrad()
      let loss = module(try #require(call.arguments[0].tensor), try #require(call.arguments[1].tensor))
      try loss.backward()
      try optimizer.step()
      losses.append(try loss.item().doubleValue)
    }
    let wanted = try #require(expected["losses"].array).compactMap(\.double)
    for (loss, value) in zip(losses, wanted) { #expect(abs(loss - value) < 1e-5) }
    let state = try expected["state"].stateDict()
    #expect(Array(module.stateDict().keys) == Array(state.keys))
    for (key, tensor) in module.stateDict() {
      #expect(try tensor.difference(from: #require(state[key]), key) == nil)
    }

    // What was trained is saved, and does the same.
    var extra = ["labels.txt": "", "other.txt": "as it was"]
    let again = try withTemporaryFolder { folder in
      try module.eval().save(to: folder + "/trained.pt", extraFiles: ["labels.txt": "zero one"])
      return try JIT.load(folder + "/trained.pt", extraFiles: &extra)
    }
    #expect(extra == ["labels.txt": "zero one", "other.txt": "as it was"])
    #expect(!again.training)
    let (a, b) = (try module.forward(call.arguments).tensor, try again.forward(call.arguments).tensor)
    #expect(try #require(a).item() == #require(b).item())
  }

  @Test func extraFilesAreBytesOrText() throws {
    let module = try JIT.trace(nn.Linear(2, 2), torch.randn(1, 2))
    try withTemporaryFolder { folder in
      let path = folder + "/extra.pt"
      try module.save(to: path, extraFiles: ["image.bin": [0, 255, 128, 10], "sub/note.txt": Array("né".utf8)])
      var files: [String: [UInt8]] = ["image.bin": [], "sub/note.txt": [], "other": [7]]
      _ = try JIT.load(path, extraFiles: &files)
      #expect(files == ["image.bin": [0, 255, 128, 10], "sub/note.txt": [110, 195, 169], "other": [7]])
      var texts = ["sub/note.txt": ""]
      _ = try JIT.load(path, extraFiles: &texts)
      #expect(texts == ["sub/note.txt": "né"])
      var wrong = ["image.bin": ""]
      #expect(throws: TorchError.self) { _ = try JIT.load(path, extraFiles: &wrong) }
    }
  }

  @Test func statesAndTypesAreConverted() throws {
    let (module, other) = (try load("resnet"), try load("resnet"))
    torch.noGrad { for parameter in other.parameters() { _ = parameter.mul_(2) } }
    try module.loadStateDict(other.stateDict())
    let x = torch.ones(1, 3, 32, 32)
    #expect(try module(x).toArray(Float.self) == other(x).toArray(Float.self))
    module.to(.float64)
    #expect(module(x.to(.float64)).dtype == .float64)
  }

  @Test func aTensorCallTellsItsErrors() throws {
    let module = try load("classifier")
    #expect(throws: TorchError.self) { try withErrors { _ = module(torch.ones(2)) } }
    let values = try load("values")
    do {
      try values.forward([.tensor(torch.ones(2, 2)), .string("x")])
      Issue.record("no error")
    } catch let error as TorchError {
      #expect(error.message.hasPrefix("forward() Expected a value of type 'float' for argument 'scale' but instead found type 'str'.\nPosition: 2"))
    }
    do {
      try values.forward([])
      Issue.record("no error")
    } catch let error as TorchError {
      #expect(error.message == "forward() is missing value for argument 'x'. Declaration: forward(__torch__.programs.Values self, Tensor x, float scale=1., str name=\"plain\") -> ((Tensor, Tensor, int))")
    }
    #expect(try values.forward([.tensor(torch.ones(2, 2))], keywords: ["scale": .int(2), "name": .string("n")]).elements?.count == 3)
    #expect(try values.code.hasPrefix("def forward(self"))
    #expect(try values.graph.description.contains("prim::CallMethod[name=\"forward\"]"))
  }
}
