// Layers after a convolution work on its blocked layout; here against the same layers on plain memory.

import Testing
import TorchCore
import TorchNN

@Suite struct BlockedLayoutTests {
  private static let layers: [(name: String, layer: @Sendable (Tensor, Tensor, Tensor) -> Tensor)] = [
    (
      "batch norm",
      { x, w, b in
        nn.functional.batchNorm(x, runningMean: nil, runningVar: nil, weight: w, bias: b, training: true)
      }
    ),
    ("batch norm, plain", { x, _, _ in nn.functional.batchNorm(x, runningMean: nil, runningVar: nil, training: true) }),
    (
      "batch norm, given",
      { x, w, b in
        nn.functional.batchNorm(
          x, runningMean: Tensor.full([16], 0.1), runningVar: Tensor.full([16], 0.7), weight: w, bias: b)
      }
    ),
    ("average pool", { x, _, _ in nn.functional.avgPool2d(x, 3, stride: 2, padding: 1) }),
    (
      "average pool, inside",
      { x, _, _ in nn.functional.avgPool2d(x, 3, stride: 2, padding: 1, countIncludePad: false) }
    ),
    ("adaptive pool", { x, _, _ in nn.functional.adaptiveAvgPool2d(x, 5) }),
    ("group norm", { x, w, b in nn.functional.groupNorm(x, 4, weight: w, bias: b) }),
    ("interpolation", { x, _, _ in nn.functional.interpolate(x, scaleFactor: 2, mode: .bilinear) }),
  ]

  @Test(arguments: layers.indices) func blockedAgreesWithPlain(_ index: Int) throws {
    let (name, layer) = BlockedLayoutTests.layers[index]
    torch.manualSeed(3)
    let image = torch.randn(4, 3, 12, 12)
    let conv = nn.Conv2d(3, 16, 3, padding: 1)
    let (w, b) = (torch.randn(16), torch.randn(16))

    func run(plain: Bool) throws -> [Tensor] {
      let (w, b) = (w.clone().requiresGrad_(), b.clone().requiresGrad_())
      let features = torch.noGrad { conv(image) }.requiresGrad_()
      // Reading makes the memory plain.
      if plain { _ = try features.toArray(Float.self) }
      let y = layer(features, w, b)
      let weights = torch.randn(y.shape, generator: Generator(seed: 5))
      (y * weights).sum().backward()
      return [y.detach(), features.grad, w.grad, b.grad].compactMap { $0 }
    }
    for (blocked, plain) in zip(try run(plain: false), try run(plain: true)) {
      #expect(blocked.shape == plain.shape, "\(name)")
      #expect(try (blocked - plain).abs().amax().item(Double.self) < 2e-4, "\(name)")
    }
  }
}
