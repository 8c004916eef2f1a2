// Listing 17: TorchScript. It prints nothing.

import Foundation
import Torch

@Sendable func torchScript(print: Printer) throws {
  let model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
  let path = FileManager.default.temporaryDirectory.appending(path: "model_scripted-\(UUID().uuidString).pt").path
  defer { try? FileManager.default.removeItem(atPath: path) }

  // Convert model to TorchScript
  let scriptedModel = try JIT.script(model)

  // Save the scripted model
  try scriptedModel.save(to: path)

  // Load the model, here or in Python or C++
  let loadedModel = try JIT.load(path)
  _ = loadedModel(torch.randn(1, 784))
}
