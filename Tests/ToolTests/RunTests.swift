// `swift-torch run` on TorchScript and ONNX models: Fixtures/tool/make.py made them, with what PyTorch and NumPy say.

import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch

@Suite struct RunTests {
  static func fixture(_ name: String) -> String { repository("Fixtures/tool/\(name)").path }

  private let script = fixture("model.pt"), network = fixture("network.onnx")

  private static func inputs() throws -> OrderedDictionary<String, Tensor> {
    let tensors = try Safetensors.load(fixture("in.safetensors"))
    return OrderedDictionary(
      uniqueKeysWithValues: ["image", "scale", "times", "flip", "bias"].map { ($0, tensors[$0]!) })
  }

  /// The tensors of a file, whatever its format.
  private func read(_ path: String) throws -> OrderedDictionary<String, Tensor> {
    path.hasSuffix(".npz") ? try NumPy.loadArchive(path) : try Safetensors.load(path)
  }

  private func expectEqual(_ path: String, _ expected: OrderedDictionary<String, Tensor>) throws {
    let results = try read(path)
    #expect(Set(results.keys) == Set(expected.keys))
    for (name, tensor) in expected {
      let result = try #require(results[name])
      #expect(result.dtype == tensor.dtype && result.shape == tensor.shape, "\(name)")
      #expect(try distance(result.double(), tensor.toArray(Double.self)) < 1e-6, "\(name)")
    }
  }

  // MARK: TorchScript

  /// Results of tuples, dictionaries and lists come flattened, in order, also numbers.
  @Test(arguments: ["out.safetensors", "out.npz", "OUT.NPZ"])
  func argumentsByName(_ output: String) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/" + output
      let outcome = try Tool.run("run", script, "--input", Self.fixture("in.safetensors"), "--output", path)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      #expect(
        outcome.lines == [
          "0: float32 [2, 4]", "1: float32 [4]", "2: float32 [1, 4]", "3: float32 []", "4: int64 []",
        ])
      try expectEqual(path.lowercased().hasSuffix(".npz") ? path.renamed() : path, Safetensors.load(Self.fixture("out.safetensors")))
    }
  }

  @Test func argumentsInOrder() throws {
    try withTemporaryFolder { folder in
      let inputs = try Self.inputs()
      let numbered = OrderedDictionary(
        uniqueKeysWithValues: inputs.values.enumerated().map { (String($0.offset), $0.element) }.reversed())
      try NumPy.saveArchive(numbered, to: folder + "/in.npz")
      let outcome = try Tool.run("run", script, "-i", folder + "/in.npz", "-o", folder + "/out.safetensors")
      #expect(outcome.status == 0, "\(outcome.errors)")
      try expectEqual(folder + "/out.safetensors", Safetensors.load(Self.fixture("out.safetensors")))
    }
  }

  /// Left out arguments have their defaults; a bool may come as a number, a float as an integer.
  @Test func defaultsAndNumbers() throws {
    try withTemporaryFolder { folder in
      var inputs = try Self.inputs()
      inputs["bias"] = nil
      inputs["flip"] = Tensor(1, dtype: .uint8)
      inputs["scale"] = Tensor(2, dtype: .int64)
      try Safetensors.save(inputs, to: folder + "/in.safetensors")
      let module = try JIT.load(script)
      let expected = try module.forward([
        .tensor(inputs["image"]!), .double(2), .int(3), .bool(true),
      ])
      let outcome = try Tool.run("run", script, "-i", folder + "/in.safetensors", "-o", folder + "/out.npz")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let first = try #require(expected.elements?.first?.tensor)
      #expect(try distance(NumPy.loadArchive(folder + "/out.npz")["0"]!, first.toArray(Double.self)) < 1e-6)
    }
  }

  /// A list of numbers is a tensor of one dimension.
  /// Lists and tuples come item by item, by name or one after another; an optional argument may be left out by name.
  @Test func nestedArguments() throws {
    let names = ["images.0", "images.1", "images.2", "pair.0", "pair.1", "note"]
    let tensors = try Safetensors.load(Self.fixture("nested.in.safetensors"))
    let expected = try Safetensors.load(Self.fixture("nested.out.safetensors"))
    func run(_ keys: [(key: String, name: String)], _ result: String) throws {
      try withTemporaryFolder { folder in
        let inputs = OrderedDictionary(uniqueKeysWithValues: keys.map { ($0.key, tensors[$0.name]!) })
        try Safetensors.save(inputs, to: folder + "/in.safetensors")
        let outcome = try Tool.run(
          "run", Self.fixture("nested.pt"), "-i", folder + "/in.safetensors", "-o", folder + "/out.safetensors")
        #expect(outcome.status == 0, "\(outcome.errors)")
        try expectEqual(folder + "/out.safetensors", ["0": expected[result]!])
      }
    }
    try run(names.map { ($0, $0) }, "with")
    try run(names.dropLast().map { ($0, $0) }, "without")
    try run(names.enumerated().map { (String($0.offset), $0.element) }, "with")
  }

  @Test func anotherMethod() throws {
    try withTemporaryFolder { folder in
      let x = torch.randn(2, 3)
      try Safetensors.save(["x": x, "by": Tensor([1.0, 2.0, 0.5])], to: folder + "/in.safetensors")
      let outcome = try Tool.run(
        "run", script, "--method", "scaled", "--input", folder + "/in.safetensors", "--output", folder + "/out.safetensors")
      #expect(outcome.status == 0, "\(outcome.errors)")
      try expectEqual(folder + "/out.safetensors", ["0": x, "1": x * 2, "2": x * 0.5])
    }
  }

  // MARK: ONNX

  @Test(arguments: [true, false])
  func network(_ isByName: Bool) throws {
    try withTemporaryFolder { folder in
      let given = try NumPy.loadArchive(Self.fixture("network.npz"))
      let inputs: OrderedDictionary<String, Tensor> =
        isByName ? given : ["0": given["image"]!, "1": given["factor"]!]
      try Safetensors.save(inputs, to: folder + "/in.safetensors")
      let outcome = try Tool.run("run", network, "--input", folder + "/in.safetensors", "--output", folder + "/out.npz")
      #expect(outcome.status == 0 && outcome.lines == ["0: float32 [2, 4]", "1: float32 [2, 4]"], "\(outcome.errors)")
      try expectEqual(folder + "/out.npz", NumPy.loadArchive(Self.fixture("network.out.npz")))
    }
  }

  // MARK: Options

  @Test func repetitionsPrintTheirTime() throws {
    let outcome = try Tool.run(
      "run", network, "--input", Self.fixture("network.npz"), "--threads", "1", "--repeat", "3")
    #expect(outcome.status == 0)
    let line = try #require(outcome.lines.last)
    #expect(
      line.wholeMatch(
        of: /3 runs: median [0-9.]+ ms, mean [0-9.]+ ms, min [0-9.]+ ms, p95 [0-9.]+ ms, max [0-9.]+ ms/) != nil, "\(line)")
  }

  // MARK: Errors

  /// What is wrong with each call, and what the one line says; `IN`, `DIR` stand for good inputs and an empty folder.
  static let mistakes: [(arguments: [String], message: String)] = [
    (["/no/such.pt"], "cannot open /no/such.pt: No such file or directory"),
    (["DIR/cut.pt", "--input", "IN"], "DIR/cut.pt: PytorchStreamReader failed reading zip archive"),
    (["DIR/cut.onnx", "--input", "IN"], "DIR/cut.onnx: the file's format is not known. It may be damaged or cut short."),
    (["DIR/empty", "--input", "IN"], "DIR/empty: the file's format is not known. The file is empty."),
    (["SCRIPT", "--input", "/no/such.npz"], "cannot open /no/such.npz: No such file or directory"),
    (["SCRIPT", "--input", "DIR/cut.safetensors"], "DIR/cut.safetensors: the file's format is not known"),
    (["SCRIPT", "--input", "SCRIPT"], "is no .safetensors, .npz or .npy file"),
    (["IN"], "holds no program to run (safetensors)"),
    (["SCRIPT"], "forward() is missing value for argument 'image'"),
    (["NETWORK"], "the argument 'image' is missing"),
    (["SCRIPT", "--input", "NETIN"], "the model has no argument 'factor'; its arguments are image, scale, times, flip, bias"),
    (["NETWORK", "--input", "IN"], "the model has no argument"),
    (["NETWORK", "--input", "DIR/wide.npz"], "input 'image' is a tensor(float)[2, 5], the model declares tensor(float)[batch, 3]"),
    (["NETWORK", "--input", "DIR/double.npz"], "input 'image' is a tensor(double)[2, 3]"),
    (["SCRIPT", "--input", "DIR/list.npz"], "the argument 'times' is of type int, which a int64 tensor of shape [2] cannot fill"),
    (["SCRIPT", "--input", "DIR/half.npz"], "the argument 'times' is of type int, which a float32 tensor of shape [] cannot fill"),
    (["SCRIPT", "--input", "DIR/shape.npz"], "mat1 and mat2 shapes cannot be multiplied (2x5 and 3x4)"),
    (["SCRIPT", "--input", "IN", "--method", "nope"], "object has no attribute 'nope'"),
    (["NETWORK", "--input", "NETIN", "--method", "nope"], "an ONNX model has no methods"),
    (["SCRIPT", "--input", "IN", "--output", "DIR/out.xyz"], "is not known by its name: use .safetensors, .npz or .npy"),
    (["SCRIPT", "--input", "IN", "--output", "DIR/none/out.npz"], "cannot write DIR/none/out.npz: No such file or directory"),
    (["SCRIPT", "--input", "IN", "--output", "DIR/empty/out.npz"], "cannot write DIR/empty/out.npz: Not a directory"),
    (["SCRIPT", "--input", "IN", "--output", "DIR/full.npz"], "cannot write DIR/full.npz: No space left on device"),
    (["SCRIPT", "--input", "IN", "--output", "DIR/out.npy"], "an .npy file holds one array, and the model gave 5"),
    (["SCRIPT", "--input", "IN", "--threads", "0"], "--threads is 0: at least one is needed"),
    (["SCRIPT", "--input", "IN", "--repeat", "many"], "The value 'many' is invalid for '--repeat <repeat>'"),
    (["SCRIPT", "--input", "IN", "--bogus"], "Unknown option '--bogus'"),
    ([], "Missing expected argument '<model>'"),
  ]

  @Test(arguments: mistakes.indices)
  func errorsAreOneLine(_ index: Int) throws {
    let (arguments, message) = Self.mistakes[index]
    try withTemporaryFolder { folder in
      for (name, source) in [("cut.pt", "model.pt"), ("cut.onnx", "network.onnx"), ("cut.safetensors", "in.safetensors")] {
        let bytes = try Data(contentsOf: URL(filePath: Self.fixture(source)))
        try bytes.prefix(bytes.count / 2).write(to: URL(filePath: folder + "/" + name))
      }
      try Data().write(to: URL(filePath: folder + "/empty"))
      try FileManager.default.createSymbolicLink(atPath: folder + "/full.npz", withDestinationPath: "/dev/full")
      let factor = Tensor(Float(1)), times = Tensor(1)
      try NumPy.saveArchive(["image": torch.zeros(2, 5), "factor": factor], to: folder + "/wide.npz")
      try NumPy.saveArchive(["image": torch.zeros(2, 3).double(), "factor": factor], to: folder + "/double.npz")
      try NumPy.saveArchive(["image": torch.zeros(2, 5), "scale": factor, "times": times], to: folder + "/shape.npz")
      try NumPy.saveArchive(["image": torch.zeros(2, 3), "scale": factor, "times": factor], to: folder + "/half.npz")
      try NumPy.saveArchive(
        ["image": torch.zeros(2, 3), "scale": factor, "times": Tensor([1, 2])], to: folder + "/list.npz")
      let before = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      let names = [
        "NETWORK": network, "SCRIPT": script, "NETIN": Self.fixture("network.npz"), "IN": Self.fixture("in.safetensors"),
      ]
      let outcome = try Tool.run(["run"] + arguments.map { names[$0] ?? $0.replacing("DIR", with: folder) })
      #expect(outcome.isOneLineError && outcome.output.isEmpty, "\(outcome)")
      #expect(outcome.errors.contains(message.replacing("DIR", with: folder)), "\(outcome.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == before, "nothing is left behind")
    }
  }

  @Test func outputThatCannotBePrinted() throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    let tool = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "swift-torch").path
    process.arguments = ["-c", "'\(tool)' inspect '\(network)' > /dev/full"]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 1 && text == "Error: cannot write to standard output: No space left on device\n")
  }
}

extension String {
  /// The same file under a name in lower case, by which the readers know its format.
  fileprivate func renamed() throws -> String {
    let path = lowercased() == self ? self : self + ".npz"
    if path != self { try FileManager.default.moveItem(atPath: self, toPath: path) }
    return path
  }
}
