// `swift-torch run`: a model run once on tensors of a file, its results written to another.

import ArgumentParser
import OrderedCollections
import TorchCore
import TorchSerialization

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a TorchScript or ONNX model on tensors of a file.",
    discussion: """
      The input's tensors are the model's arguments by name, or in order under the names 0, 1, …; a tensor of dimension \
      0 also stands for an int, float or bool, and NAME.0, NAME.1, … (or NAME.KEY) for the items of a list, tuple or \
      dictionary; if there are more tensors 0, 1, … than arguments, they fill tuples and a list in order. Optional \
      arguments may be left out. Results are written in order under the names 0, 1, …, nested ones flattened. Files are .safetensors, \
      .npz, or .npy for one tensor.
      """)

  @Argument(help: "The model, a TorchScript archive or an ONNX file.", completion: .file())
  var model: String

  @Option(name: .shortAndLong, help: "The file of arguments; a model without arguments needs none.", completion: .file())
  var input: String?

  @Option(name: .shortAndLong, help: "The file to write the results to, replaced if it is there.", completion: .file())
  var output: String?

  @Option(help: "The method of a TorchScript module to call.")
  var method = "forward"

  @Option(help: "How many threads operators use.")
  var threads: Int?

  @Option(name: .customLong("repeat"), help: "Run this many times more and print how long a run takes.")
  var repetitions = 0

  func run() throws {
    if let threads {
      guard threads > 0 else { throw TorchError(.value, "--threads is \(threads): at least one is needed") }
      torch.setNumThreads(threads)
    }
    guard repetitions >= 0 else { throw TorchError(.value, "--repeat is \(repetitions): it cannot be negative") }
    let target = try output.map { try TensorBundle.Target($0) }
    // Before a run that may take long.
    if let output { try OutputFile.check(output) }
    let runnable = try Runnables.load(model, method: method)
    let call = try runnable.call(with: try input.map { path in try naming(path) { try TensorBundle.read(path) } } ?? [:])
    let results = try call()
    if let target, let output {
      try target.write(TensorBundle.numbered(results), to: output)
    }
    for (index, tensor) in results.enumerated() {
      print("\(index): \(tensor.dtype.name) \(tensor.shape.listDescription)")
    }
    if repetitions > 0 { print(try Latency(repetitions) { _ = try call() }) }
  }
}
