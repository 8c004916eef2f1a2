import Foundation
import TestSupport
import Testing
import Torch
import TorchSerialization

/// The tool as it is built, run on files: what it prints, where, and its exit status.
@Suite struct ToolTests {
  private func run(_ arguments: String...) throws -> Tool.Outcome { try Tool.run(arguments) }

  private func lines(_ outcome: Tool.Outcome) -> [String] { outcome.lines }

  @Test func inspectShowsTheTree() throws {
    let outcome = try run("inspect", Fixture.path("checkpoint.pt"))
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    let lines = lines(outcome)
    #expect(lines[0].hasSuffix("checkpoint.pt: PyTorch checkpoint (zip), 9.05 KiB"))
    #expect(lines.contains("  conv.weight                 float32  [2, 1, 3, 3]  72 B"))
    #expect(lines.contains("      exp_avg                 float32  [2]            8 B"))
    #expect(lines.contains("      betas: (0.9, 0.999)") && lines.contains("arch: 'tiny'"))
    #expect(lines.last == "27 tensors, 164 elements, 660 B of memory in the file")
  }

  @Test func inspectShowsViews() throws {
    let lines = lines(try run("inspect", Fixture.path("views.pt")))
    #expect(lines.contains("columns    float32    [4, 3]  48 B  strides [1, 4], shares base"))
    #expect(lines.contains("tied       float32    [2, 2]  16 B  parameter, requires grad, shares parameter"))
  }

  @Test(arguments: [
    ("every.safetensors", "format  'pt'"), ("every.npz", "NumPy archive (npz)"), ("fortran.npy", "strides [1, 2]"),
    ("model.safetensors.index.json", "files: model-00001-of-00002.safetensors, model-00002-of-00002.safetensors"),
    ("checkpoint-legacy.pt", "PyTorch checkpoint (before 1.6)"),
    ("../gguf/types.gguf", "a.string              'grüße'"),
    ("../gguf/types.gguf", "Q4_K     Q4_K      [3, 512]     864 B"), ("script.pt", "code in "),
    ("refused-net.pt", "whole module of class Net at 'net'"), ("foreign.pt", "float8_e4m3fn"),
  ])
  func inspectKnowsEveryFormat(_ name: String, _ expected: String) throws {
    let outcome = try run("inspect", Fixture.path(name))
    #expect(outcome.status == 0 && outcome.output.contains(expected), "\(outcome.output)\(outcome.errors)")
  }

  @Test func inspectShowsCode() throws {
    let outcome = try run("inspect", "--code", Fixture.path("script.pt"))
    #expect(outcome.output.contains("class Sequential(Module):") && outcome.output.contains("def forward"))
  }

  @Test func inspectPrintsJSON() throws {
    struct Report: Decodable {
      struct Entry: Decodable {
        let name, dtype: String
        let shape: [Int]
        let strides: [Int]?
        let bytes: Int
      }
      let format: String
      let tensors: [Entry]
      let totals: [String: Int]
      let values: [String: Double]?
    }
    let views = try JSONDecoder().decode(
      Report.self, from: Data(run("inspect", "--json", Fixture.path("views.pt")).output.utf8))
    #expect(views.format == "checkpoint" && views.totals == ["tensors": 13, "elements": 95, "bytes": 144])
    let columns = views.tensors.first { $0.name == "columns" }
    #expect(
      columns?.shape == [4, 3] && columns?.strides == [1, 4] && columns?.dtype == "float32" && columns?.bytes == 48)
  }

  @Test func convertGoesThroughEveryFormat() throws {
    try withTemporaryFolder { folder in
      let state = try torch.load(Fixture.path("state.pt")).stateDict()
      var source = Fixture.path("checkpoint.pt")
      var key = ["--key", "model"]
      for target in ["a.safetensors", "b.npz", "c.pt", "d.safetensors.index.json", "e.pth"] {
        let path = folder + "/" + target
        let outcome =
          key.isEmpty ? try run("convert", source, path) : try run("convert", source, path, key[0], key[1])
        #expect(outcome.status == 0 && lines(outcome) == ["\(path): 9 tensors, 228 B"], "\(outcome.errors)")
        (source, key) = (path, [])
      }
      let end = try torch.load(source).stateDict()
      #expect(Set(end.keys) == Set(state.keys))
      for (name, tensor) in state {
        #expect(end[name]!.dtype == tensor.dtype && end[name]!.shape == tensor.shape)
        #expect(try end[name]!.toArray(Double.self) == tensor.toArray(Double.self))
      }
    }
  }

  @Test func convertKeepsWholeCheckpoints() throws {
    try withTemporaryFolder { folder in
      #expect(try run("convert", Fixture.path("checkpoint-legacy.pt"), folder + "/new.pt").status == 0)
      let copy = try CheckpointTests.read(folder + "/new.pt")
      #expect(try Describer.describe(copy) == Fixture.description("checkpoint-legacy.pt"))
    }
  }

  @Test func convertUnpacksAndChangesTypes() throws {
    try withTemporaryFolder { folder in
      let model = repository("Fixtures/gguf/small.gguf").path
      #expect(try run("convert", model, folder + "/m.safetensors").status == 0)
      let tensors = try Safetensors.load(folder + "/m.safetensors")
      #expect(try tensors["output.weight"]!.toArray(Float.self).prefix(2) == [-8, -7.5])
      #expect(try Safetensors.metadata(folder + "/m.safetensors")["general.architecture"] == "llama")
      #expect(try run("convert", Fixture.path("every.pt"), folder + "/e.npz", "--dtype", "float32").status == 0)
      #expect(
        try NumPy.loadArchive(folder + "/e.npz")["torch.bfloat16"]!.toArray(Float.self) == [1.5, -2.25, .infinity, 0])
      #expect(try run("convert", Fixture.path("script.pt"), folder + "/s.safetensors").status == 0)
      #expect(try Set(Safetensors.load(folder + "/s.safetensors").keys) == ["0.weight", "0.bias"])
    }
  }

  /// Errors are one line on standard error, with status 1, and nothing is written.
  @Test(arguments: [
    (["inspect", "/no/such/file"], "Error: cannot open /no/such/file: No such file or directory"),
    (["inspect"], "Error: Missing expected argument '<file>'"), (["inspect", "state.pt", "--nonsense"], "Error: Unknown option"),
    (["convert", "checkpoint.pt", "OUT.safetensors"], "23 values are no tensors and would be lost ('epoch', "),
    (["convert", "checkpoint.pt", "OUT.safetensors", "--key", "nope"], "it has 'epoch', 'model', 'optimizer'"),
    (
      ["convert", "every.pt", "OUT.npz"],
      "'torch.bfloat16' is bfloat16, which NumPy does not have: convert it with --dtype"
    ),
    (["convert", "every.pt", "OUT.safetensors"], "'torch.complex128' is complex128, which safetensors does not have"),
    (["convert", "foreign.pt", "OUT.safetensors"], "'float8' is a float8_e4m3fn tensor"),
    (["convert", "refused-net.pt", "OUT.pt"], "whole module of class Net at 'net'"),
    (["convert", "state.pt", "OUT.npy"], "an .npy file holds one array, not 9"),
    (["convert", "state.pt", "OUT.gguf"], "can be read, not written"),
    (["convert", "state.pt", "OUT.xyz"], "is not known by its name"),
    (["convert", "state.pt", "OUT.npz", "--dtype", "int8"], "no floating point type"),
    (["convert", "c.npy.txt", "OUT.npz"], "format is not known"),
  ])
  func errorsAreOneLine(_ arguments: [String], _ expected: String) throws {
    try withTemporaryFolder { folder in
      let outcome = try Tool.run(arguments.map { $0.replacing("OUT", with: folder + "/out") }, in: Fixture.folder)
      #expect(outcome.isOneLineError && outcome.errors.contains(expected), "\(outcome.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  /// A view of one element stands for terabytes.
  @Test func expandedViewsAreNotUnfolded() throws {
    try withTemporaryFolder { folder in
      try torch.save(Tensor.ones([1]).expand([1 << 40]), to: folder + "/bomb.pt")
      #expect(try run("inspect", folder + "/bomb.pt").output.contains("strides [0]"))
      let outcome = try run("convert", folder + "/bomb.pt", folder + "/bomb.safetensors")
      #expect(outcome.status == 1 && outcome.errors.contains("an expanded view"))
    }
  }
}
