// Functions under PyTorch's other names give what PyTorch does; the numbers are PyTorch's.

import Testing
import Torch

private func isClose(_ x: Tensor, _ expected: [Double], _ tolerance: Double = 1e-4) throws -> Bool {
  let values = try x.to(.float64).toArray(Double.self)
  return values.count == expected.count && zip(values, expected).allSatisfy { abs($0 - $1) <= tolerance }
}

@Suite struct NamesTests {
  private let a = Tensor([[4.0, 2], [2, 5]])
  private let b = Tensor([[1.0], [2]])

  @Test func matrixFunctionsAreMethods() throws {
    let (sign, log) = a.slogdet()
    #expect(try sign.item(Double.self) == 1)
    #expect(try isClose(log, [2.7726]))
    #expect(try isClose(b.choleskySolve(torch.linalg.cholesky(a)), [0.0625, 0.375]))
    let (lu, pivots) = a.lu()
    #expect(try isClose(b.luSolve(lu, pivots), [0.0625, 0.375]))
    #expect(try isClose(b.triangularSolve(a.triu()).solution, [0.05, 0.4]))
    #expect(try isClose(a.svd().s, [6.5616, 2.4384]))
    let (u, s, v) = a.svd(some: false)
    #expect(try torch.allclose((u * s).matmul(v.mT), a, atol: 1e-5))
    let (q, r) = torch.linalg.qr(a)
    let (reflectors, tau) = a.geqrf()
    #expect(try torch.allclose(reflectors.orgqr(tau), q, atol: 1e-5))
    #expect(try torch.allclose(reflectors.ormqr(tau, r), a, atol: 1e-5))
  }

  @Test func factorizationsOfLowRankAreClose() throws {
    // Of rank 2, so that two directions are all there are.
    let x = torch.arange(6.0, dtype: .float64).unsqueeze(1) + torch.arange(5.0, dtype: .float64).square()
    torch.manualSeed(5)
    let (u, s, v) = torch.svdLowrank(x, q: 2)
    #expect(u.shape == [6, 2] && s.shape == [2] && v.shape == [5, 2])
    #expect(try torch.allclose((u * s).matmul(v.mT), x, atol: 1e-8))
    let wide = torch.svdLowrank(x.mT, q: 2)
    #expect(try torch.allclose((wide.u * wide.s).matmul(wide.v.mT), x.mT, atol: 1e-8))
    let centered = x - x.mean(dim: [0], keepdim: true)
    let principal = torch.pcaLowrank(x, q: 1)
    #expect(try torch.allclose((principal.u * principal.s).matmul(principal.v.mT), centered, atol: 1e-8))
    let failure = #expect(throws: TorchError.self) { try withErrors { _ = torch.pcaLowrank(x, q: 7) } }
    #expect(failure?.message == "q(=7) must be non-negative integer and not greater than min(m, n)=5")
  }

  @Test func kindsAndConversions() throws {
    #expect(a.isFloatingPoint && !a.isComplex && a.isSigned && a.elementSize == 4)
    #expect(!a.byte().isSigned && a.byte().dtype == .uint8 && a.char().dtype == .int8 && a.short().dtype == .int16)
    #expect(a.cfloat().isComplex && a.cdouble().dtype == .complex128 && a.type(as: Tensor([1])).dtype == .int64)
    #expect(a.reshape(as: torch.zeros(4)).shape == [4])
    #expect(torch.resultType(Tensor([1]), 2.5) == .float32 && torch.promoteTypes(.int8, .uint8) == .int16)
    #expect(!torch.canCast(.float32, .int64) && torch.canCast(.int64, .float16) && !torch.canCast(.int8, .bool))
    #expect(try torch.isNonzero(Tensor([2])) && !torch.isNonzero(Tensor([0.0])))
    #expect(try a.isclose(a + 1).any().item(Bool.self) == false)
    #expect(try a.allclose(a + 1e-7))
    #expect(try torch.broadcastShapes([3, 1], [2], [4, 1, 1]) == [4, 3, 2])
    #expect(throws: TorchError.self) { try torch.broadcastShapes([3], [2]) }
  }

  @Test func placesAndParts() throws {
    let coordinates = torch.unravelIndex(Tensor([5, 11]), [3, 4])
    #expect(try coordinates.map { try $0.toArray(Int64.self) } == [[1, 2], [1, 3]])
    let failure = #expect(throws: TorchError.self) { try withErrors { _ = torch.unravelIndex(Tensor([5.0]), [3, 4]) } }
    #expect(failure?.kind == .dtype)
    let tall = torch.zeros(5, 2).fillDiagonal_(1, wrap: true)
    #expect(try tall.toArray(Float.self) == [1, 0, 0, 1, 0, 0, 1, 0, 0, 1])
    #expect(try torch.zeros(5, 2).fillDiagonal_(1).sum().item(Float.self) == 2)
    #expect(try torch.zeros(3, 3, 3).fillDiagonal_(2).sum().item(Float.self) == 6)
    #expect(throws: TorchError.self) { try withErrors { torch.zeros(3).fillDiagonal_(2) } }
    let copy = a.narrowCopy(0, 1, 1)
    copy.fill_(0)
    #expect(try a.select(0, 1).toArray(Float.self) == [2, 5])
    #expect(a.unsafeChunk(2).count == 2 && a.unsafeSplit(1, dim: 1)[1].shape == [2, 1])
    #expect(try Tensor([-1.0, 0.25]).hardshrink(lambda: 0.5).toArray(Float.self) == [-1, 0])
  }

  @Test func activationsInPlace() throws {
    func check(_ values: [Double], _ expected: [Double], _ function: (Tensor) -> Tensor) throws {
      let x = Tensor(values)
      let y = function(x)
      #expect(y === x)
      #expect(try isClose(x, expected), "\(x)")
    }
    try check([-1, 2], [-0.4323, 2]) { torch.celu_($0, alpha: 0.5) }
    try check([-1, 2], [-0.6321, 2]) { torch.elu_($0) }
    try check([-3, 2], [-1, 1]) { torch.hardtanh_($0) }
    try check([-3, 2], [-0.03, 2]) { torch.leakyRelu_($0) }
    try check([-1, 2], [-1.1113, 2.1014]) { torch.selu_($0) }
    try check([-1, 2], [9, 2]) { torch.threshold_($0, 0.5, 9) }
    try check([-1, 2], [-0.2292, 2]) { torch.rrelu_($0, lower: 0.125, upper: .double(1.0 / 3)) }
    try check([-1, 2], [-1, 2]) { torch.alphaDropout_($0, p: 0.5, train: false) }
    try check([-1, 2], [-1, 2]) { torch.featureAlphaDropout_($0, p: 0.5, train: false) }
  }

  @Test func convolutionOverTime() throws {
    let x = torch.arange(6.0).reshape(3, 1, 2)
    let y = torch.convTBC(x, torch.ones(2, 2, 1), Tensor([0.5]), pad: 1)
    #expect(y.shape == [4, 1, 1])
    #expect(try y.toArray(Float.self) == [1.5, 6.5, 14.5, 9.5])
  }

  @Test func generatorsOfTheWholeProgram() throws {
    torch.manualSeed(7)
    #expect(torch.initialSeed() == 7)
    let state = torch.getRNGState()
    let first = torch.rand(3)
    try torch.setRNGState(state)
    #expect(try torch.rand(3).equal(first))
    #expect(throws: TorchError.self) { try torch.setRNGState([1, 2]) }
    #expect(torch.seed() == torch.initialSeed())
  }

  @Test func softMarginLossKeepsItsSecondDerivative() throws {
    // Where e^z is large, z / (1 + e^-z) and its square root must not cancel.
    let x = Tensor([-7.3637743, 7.3718228], dtype: .float32).requiresGrad_()
    let y = Tensor([2.5, -7.7107115], dtype: .float32)
    let loss = try OperatorRegistry.call("aten::soft_margin_loss", [.tensor(x), .tensor(y), .int(2)])[0].tensor!
    let first = try torch.autograd.grad(loss, x, createGraph: true)
    #expect(try isClose(first.detach(), [-2.5, 7.7107]))
    #expect(try isClose(torch.autograd.grad(first.sum(), x), [0, 0], 1e-5))
  }
}
