// Listing 19: a model for mobile devices. The file is run here as well.

import Foundation
import Torch

@Sendable func mobileDeployment(print: Printer) throws {
  let model = nn.Sequential(
    nn.Conv2d(1, 32, 3), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Dropout2d(0.25), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
    nn.LogSoftmax(dim: 1)
  ).eval()
  let path = FileManager.default.temporaryDirectory.appending(path: "model_mobile-\(UUID().uuidString).pt").path
  defer { try? FileManager.default.removeItem(atPath: path) }

  // Optimize the model for mobile
  let scriptedModel = try JIT.script(model)
  let optimizedModel = try Mobile.optimize(scriptedModel)
  try optimizedModel.save(to: path)

  print("Model optimized for mobile deployment")

  let deployed = try JIT.load(path)
  let batch = torch.randn(3, 1, 28, 28)
  let difference = try torch.inferenceMode { deployed(batch) - model(batch) }.abs().max().item(Double.self)
  guard difference < 1e-5 else { throw TorchError(.value, "the optimized model differs by \(difference)") }
}
