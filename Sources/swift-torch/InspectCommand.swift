// `swift-torch inspect`: what a file of tensors or a model holds.

import ArgumentParser

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show what a file holds: tensors, values, metadata, code.",
    discussion: """
      Reads checkpoints (.pt, also from before PyTorch 1.6), TorchScript archives, ONNX models, safetensors and their \
      index, npy, npz and GGUF; the format is found by content. Only headers are read, so large files take no longer than small \
      ones, and files that torch.load would refuse are shown too.
      """)

  @Argument(help: "The file.", completion: .file())
  var file: String

  @Flag(help: "Print JSON: tensors and values by their full names.")
  var json = false

  @Flag(help: "Also print the code of a TorchScript archive, or the graph of an ONNX model.")
  var code = false

  func run() throws {
    let report = FileReport(contents: try naming(file) { try FileContents(file) })
    print(json ? try report.json() : report.text(showsCode: code))
  }
}
