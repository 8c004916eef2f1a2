// `swift-torch convert`: tensors from one format to another, without losing any silently.

import ArgumentParser
import OrderedCollections
import TorchCore
import TorchSerialization

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Convert tensors between file formats.",
    discussion: """
      The input may be any format of tensors, found by content. The output's name decides its format: .pt, .pth or \
      .bin (torch.load), .safetensors, .safetensors.index.json (several files), .npz, .npy (one tensor). Nested \
      dictionaries become names with dots. What the output cannot hold is an error, and nothing is written then. A \
      TorchScript archive also becomes an ONNX model (.onnx), as it runs on the tensors of --example; without it, on \
      arguments that its weights suggest, with those axes free that it runs with in several sizes.
      """)

  @Argument(help: "The file to read.", completion: .file())
  var input: String

  @Argument(help: "The file to write, replaced if it is there.", completion: .file())
  var output: String

  @Option(help: "Convert only the part of a checkpoint under this key, such as model or optimizer.state.")
  var key: String?

  @Option(help: "Convert floating point tensors to this type: float32, float16, bfloat16, float64.")
  var dtype: String?

  @Flag(help: "Leave out values that are no tensors where the output cannot hold them.")
  var tensorsOnly = false

  @Option(help: "The most bytes of tensors in one file of an index, such as 500MB or 5GB.")
  var maxShardSize = "5GB"

  @Option(help: "For an ONNX model: the file of example arguments, named as for `run`.", completion: .file())
  var example: String?

  @Option(help: "For an ONNX model: an axis whose size each run chooses, as NAME:AXIS or NAME:AXIS=LABEL. Repeatable.")
  var dynamic: [String] = []

  @Option(help: "For an ONNX model: the version of ONNX's operators, 17 to 21.")
  var opset = 20

  func run() throws {
    if output.lowercased().hasSuffix(".onnx") {
      return print(try ModelConversion(input, output, example: example, dynamic: dynamic, opset: opset).run())
    }
    let conversion = try Conversion(
      input: input, output: output, key: key, dtype: dtype, tensorsOnly: tensorsOnly, maxShardSize: maxShardSize)
    print(try conversion.run())
  }
}
