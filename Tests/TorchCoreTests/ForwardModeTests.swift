// Forward mode of every operator that has a gradient case: ⟨w, J v⟩ by `jvp` against ⟨Jᵀ w, v⟩ by `vjp`.

import Testing
import Torch

@Suite struct ForwardModeTests {
  /// Operators whose results are draws.
  private static let undetermined: Set<String> = ["bernoulli"]

  @Test(arguments: GradientTests.cases) func productsWithTheJacobianAgree(_ test: GradientCase) throws {
    let op = try #require(OperatorRegistry.find(test.op))
    guard !Self.undetermined.contains(test.op) else { return }
    let arguments = test.arguments()
    let leaves = arguments.flatMap(GradientTests.tensors).filter(\.requiresGrad).map { $0.detach() }
    guard !leaves.isEmpty, leaves.allSatisfy({ !$0.dtype.isComplex }) else { return }
    // All differentiable results in one vector.
    func function(_ tensors: [Tensor]) -> Tensor {
      var rest = tensors[...]
      do {
        let called = try op.callBoxed(arguments.map { GradientTests.replace($0, &rest) })
        let outputs = called.flatMap(GradientTests.tensors)
        let parts = outputs.filter(\.dtype.isDifferentiable).map { y in
          (y.dtype.isComplex ? torch.viewAsReal(y.clone()) : y).to(.float64).reshape([-1])
        }
        return torch.cat(parts)
      } catch { return .invalid(error as! TorchError) }
    }
    try withErrors {
      torch.manualSeed(3)
      let tangents = leaves.map { torch.randn($0.shape, dtype: $0.dtype) }
      let (value, tangent) = torch.func.jvp(function, leaves, tangents)
      let weight = torch.randn(value.shape, dtype: .float64)
      let (_, pull) = torch.func.vjp(function, leaves)
      let forward = try (tangent * weight).sum().item(Double.self)
      let reverse = try zip(pull(weight), tangents).reduce(0.0) { try $0 + ($1.0 * $1.1).sum().item(Double.self) }
      let scale = try (tangent.abs() * weight.abs()).sum().item(Double.self) + 1e-30
      let isClose = abs(forward - reverse) <= 1e-9 * Swift.max(scale, abs(reverse))
      #expect(isClose || forward.isNaN && reverse.isNaN)
    }
  }
}
