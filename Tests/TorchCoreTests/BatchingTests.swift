// vmap of every operator that has a gradient case: what it gives for a batch against what the operator gives for each
// sample.

import Testing
import Torch

@Suite struct BatchingTests {
  /// Operators whose results are draws, or not determined by their arguments.
  private static let undetermined: Set<String> = [
    "bernoulli",
    // They write to running statistics that the samples share, which vmap refuses.
    "_native_batch_norm_legit", "_batch_norm_with_update",
  ]

  /// Gradients taken inside of vmap against those of each sample.
  @Test(arguments: GradientTests.cases) func gradientsInsideAreTheSamples(_ test: GradientCase) throws {
    let op = try #require(OperatorRegistry.find(test.op))
    guard !Self.undetermined.contains(test.op) else { return }
    let arguments = test.arguments()
    let leaves = arguments.flatMap(GradientTests.tensors).filter(\.requiresGrad).map { $0.detach() }
    guard !leaves.isEmpty else { return }
    func loss(_ tensors: [Tensor]) -> Tensor {
      var rest = tensors[...]
      do {
        let outputs = try op.callBoxed(arguments.map { GradientTests.replace($0, &rest) }).flatMap(GradientTests.tensors)
        let parts = outputs.filter(\.dtype.isDifferentiable).map { y -> Tensor in
          let real = y.dtype.isComplex ? torch.viewAsReal(y.clone()) : y
          return (real * real).sum()
        }
        return parts.dropFirst().reduce(parts[0]) { $0 + $1.to(.float64) }
      } catch { return .invalid(error as! TorchError) }
    }
    let gradient = torch.func.grad(loss, argnums: Array(leaves.indices))
    // As a second sample half of the first: in the domain of every operator here but few.
    let halves = leaves.map { $0 * 0.5 }
    let expected = try withErrors { gradient(leaves) }
    let second = try? withErrors { gradient(halves) }
    let batches = zip(leaves, second == nil ? leaves : halves).map { torch.stack([$0, $1]) }
    let actual = try withErrors { torch.func.vmap(gradient, inDims: batches.map { _ in 0 })(batches) }
    for (i, batch) in actual.enumerated() {
      for (s, wanted) in [expected[i], (second ?? expected)[i]].enumerated() {
        let same = try torch.allclose(batch.select(0, s), wanted.detach(), rtol: 1e-8, atol: 1e-10, equalNaN: true)
        #expect(same, "argument \(i), sample \(s)")
      }
    }
  }

  @Test(arguments: GradientTests.cases) func batchesGiveWhatSamplesGive(_ test: GradientCase) throws {
    let op = try #require(OperatorRegistry.find(test.op))
    guard !Self.undetermined.contains(test.op) else { return }
    let arguments = test.arguments()
    let first = arguments.flatMap(GradientTests.tensors).filter(\.requiresGrad).map { $0.detach() }
    guard !first.isEmpty else { return }
    // The second sample has the first one's values in another order, where the operator takes them.
    func results(_ tensors: [Tensor]) throws -> [Tensor] {
      var rest = tensors[...]
      let called = try op.callBoxed(arguments.map { GradientTests.replace($0, &rest) })
      return called.flatMap(GradientTests.tensors)
    }
    var samples = [first, first.map { $0.ndim == 0 ? $0 * 0.9 : $0.flip(Array(0..<$0.ndim)).contiguous() }]
    let expectedFirst = try results(first).map { $0.clone() }
    var expected = [expectedFirst]
    if let second = try? results(samples[1]), second.map(\.shape) == expectedFirst.map(\.shape) {
      expected.append(second.map { $0.clone() })
    } else {
      samples[1] = first
      expected.append(expectedFirst)
    }
    let batches = first.indices.map { i in torch.stack(samples.map { $0[i] }) }
    let mapped = torch.func.vmap(
      { all in
        do { return try results(all) } catch { return [.invalid(error as! TorchError)] }
      }, inDims: batches.map { _ in 0 })
    let actual = try withErrors { mapped(batches) }
    #expect(actual.count == expectedFirst.count)
    for (i, batch) in actual.enumerated() where i < expectedFirst.count {
      for s in 0..<2 {
        let (mine, wanted) = (batch.select(0, s), expected[s][i])
        #expect(mine.shape == wanted.shape && mine.dtype == wanted.dtype)
        guard mine.shape == wanted.shape, mine.dtype == wanted.dtype else { continue }
        #expect(try torch.allclose(mine, wanted.detach(), rtol: 1e-9, atol: 1e-11, equalNaN: true), "sample \(s)")
      }
    }
  }

  @Test func samplesArePrintedAsTheirBatch() throws {
    var text = ""
    _ = torch.func.vmap { x in
      text = "\(x)"
      return x
    }(Tensor([[0.0, 1], [2, 3]]))
    #expect(text == "BatchedTensor(lvl=1, bdim=0, value=\n    tensor([[0., 1.],\n            [2., 3.]])\n)")
  }
}
