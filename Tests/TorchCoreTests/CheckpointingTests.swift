// Checkpointed functions: same values, gradients and second gradients as without, and less memory.

import TestSupport
import Testing
import TorchCore

private func block(_ x: Tensor, _ w: Tensor) -> Tensor { (x.matmul(w).sigmoid() * x).exp().tanh() }

@Test func checkpointsGiveTheSameGradients() throws {
  let x = (torch.rand(3, 3, dtype: .float64)).requiresGrad_()
  let w = (torch.rand(3, 3, dtype: .float64)).requiresGrad_()
  func gradients(_ run: (Tensor) -> Tensor) throws -> [Tensor] {
    let y = run(run(x)).sum()
    let first = try torch.autograd.grad([y], [x, w], createGraph: true).map { $0! }
    let second = try torch.autograd.grad([(first[0] * first[0]).sum() + first[1].sum()], [x, w]).map { $0! }
    return [y.detach()] + first.map { $0.detach() } + second
  }
  let plain = try gradients { block($0, w) }
  let checkpointed = try gradients { torch.utils.checkpoint($0) { block($0, w) } }
  let nested = try gradients { torch.utils.checkpoint($0) { x in torch.utils.checkpoint(x) { block($0, w) } } }
  for (a, b) in zip(plain + plain, checkpointed + nested) { #expect(try torch.allclose(a, b)) }
}

@Test func checkpointsRepeatTheirDraws() throws {
  torch.manualSeed(5)
  let x = Tensor.ones([64], dtype: .float64).requiresGrad_()
  let y = torch.utils.checkpoint(x) { torch.dropout($0 * $0, p: 0.5, train: true) * $0 }
  let next = try torch.rand(1).toArray(Float.self)
  y.sum().backward()
  // d(2x³)/dx where kept; the generator goes on as if nothing had been drawn again.
  #expect(try x.grad!.toArray(Double.self) == y.toArray(Double.self).map { $0 * 3 })
  torch.manualSeed(5)
  _ = torch.dropout(x, p: 0.5, train: true)
  #expect(try torch.rand(1).toArray(Float.self) == next)
}

@Test func checkpointsWorkWithoutInputsThatNeedGradients() throws {
  let w = Tensor([2.0], dtype: .float64).requiresGrad_()
  let y = torch.utils.checkpoint(Tensor([3.0], dtype: .float64)) { ($0 * w).exp() }
  y.backward()
  #expect(try abs(w.grad!.item(Double.self) - 3 * y.item(Double.self)) < 1e-9)
}

@Test func aSecondRunThatDiffersIsAnError() throws {
  var runs = 0
  let x = Tensor([2.0]).requiresGrad_()
  #expect {
    try withErrors {
      let y = torch.utils.checkpoint(x) { x in
        runs += 1
        return runs == 1 ? x.exp().sin() : x.exp()
      }
      y.backward()
    }
  } throws: { "\($0)".contains("A different number of tensors was saved during the original forward and recomputation.") }
}

@Test func checkpointsKeepLess() throws {
  func heldBytes(_ run: (Tensor) -> Tensor) -> Int {
    let x = torch.rand(256, 1024).requiresGrad_()
    let before = Allocator.statistics.inUse
    let y = run(x)
    return withExtendedLifetime(y) { Allocator.statistics.inUse - before }
  }
  let body = { (x: Tensor) in (0..<8).reduce(x) { x, _ in x.sigmoid().exp() } }
  let plain = heldBytes(body)
  let checkpointed = heldBytes { torch.utils.checkpoint($0, body) }
  #expect(checkpointed < plain / 4, "\(checkpointed) of \(plain)")
}
