// Listing 22: code structure. A model with its own initialisation; it prints nothing.

import Torch

final class MyModel: nn.Module, nn.Layer {
  let layers = nn.Sequential(
    nn.Linear(784, 256),
    nn.ReLU(),
    nn.Linear(256, 10))

  override init() {
    super.init()
    initializeWeights()
  }

  private func initializeWeights() {
    for case let linear as nn.Linear in modules() {
      nn.initializers.xavierNormal_(linear.weight)
      if let bias = linear.bias { nn.initializers.constant_(bias, 0) }
    }
  }

  func forward(_ x: Tensor) -> Tensor { layers(x) }
}

@Sendable func codeStructure(print: Printer) throws {
  _ = MyModel()
}
