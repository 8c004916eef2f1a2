// Listing 18: export to ONNX. The file is run here as well, on another batch size.

import Foundation
import Torch
import TorchONNX

/// The network of listing 13.
final class ConvNet: nn.Module, nn.Layer {
  let conv1 = nn.Conv2d(1, 32, 3, stride: 1)
  let conv2 = nn.Conv2d(32, 64, 3, stride: 1)
  let dropout1 = nn.Dropout2d(0.25)
  let dropout2 = nn.Dropout2d(0.5)
  let fc1 = nn.Linear(9216, 128)
  let fc2 = nn.Linear(128, 10)

  func forward(_ input: Tensor) -> Tensor {
    var x = conv1(input).relu()
    x = nn.functional.maxPool2d(conv2(x).relu(), 2)
    x = dropout1(x).flatten(1)
    x = dropout2(fc1(x).relu())
    return fc2(x).logSoftmax(dim: 1)
  }
}

@Sendable func onnxExport(print: Printer) throws {
  let model = ConvNet()
  let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).onnx").path
  defer { try? FileManager.default.removeItem(atPath: file) }

  // Export the model to ONNX
  let dummyInput = torch.randn(1, 1, 28, 28)  // Example input dimensions
  try ONNX.export(
    model, dummyInput, to: file, inputNames: ["input"], outputNames: ["output"],
    dynamicAxes: ["input": [0: "batch_size"], "output": [0: "batch_size"]])

  print("Model exported to ONNX format")

  let exported = try ONNX.load(file)
  let batch = torch.randn(3, 1, 28, 28)
  let difference = try (exported(batch)[0] - model.eval()(batch)).abs().max().item(Double.self)
  guard difference < 1e-5 else { throw TorchError(.value, "the exported model differs by \(difference)") }
}
