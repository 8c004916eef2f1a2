// Linear algebra: that the factors multiply to the matrices, for every dtype, shape and batch; gradients where finite
// differences need care; errors in PyTorch's words.

import Testing
import Torch

private let dtypes: [DType] = [.float32, .float64, .complex64, .complex128]

private func random(_ shape: Shape, _ dtype: DType, seed: UInt64 = 1) -> Tensor {
  torch.randn(shape, dtype: dtype, generator: Generator(seed: seed))
}

/// Hermitian positive definite matrices.
private func definite(_ shape: Shape, _ dtype: DType) -> Tensor {
  let x = random(shape, dtype)
  return x.matmul(x.mH) + torch.eye(shape.last!, dtype: dtype)
}

/// A Cholesky factor's diagonal is real.
private func realDiagonal(_ x: Tensor) -> Tensor { x.diagonal().real.to(x.dtype).diag() }

private func same(_ a: Tensor, _ b: Tensor, _ location: SourceLocation = #_sourceLocation) {
  let tolerance = a.dtype == .float32 || a.dtype == .complex64 ? 2e-3 : 1e-9
  #expect(a.shape == b.shape, sourceLocation: location)
  #expect(a.dtype == b.dtype, sourceLocation: location)
  guard a.numel > 0, a.shape == b.shape else { return }
  let greatest = (try? (a - b).abs().max().item(Double.self)) ?? .nan
  #expect(greatest < tolerance, sourceLocation: location)
}

@Suite struct LinearAlgebraTests {
  @Test(arguments: dtypes) func factorsMultiplyToTheMatrix(_ dtype: DType) throws {
    try withErrors {
      for shape: Shape in [[3, 3], [2, 4, 3], [3, 5], [2, 1, 2, 4], [0, 3, 2], [3, 0], [0, 3]] {
        let a = random(shape, dtype)
        let (q, r) = torch.linalg.qr(a)
        same(q.matmul(r), a)
        same(torch.linalg.qr(a, mode: "complete").q.mH.matmul(torch.linalg.qr(a, mode: "complete").q),
          torch.eye(shape[-2], dtype: dtype).expand(Array(shape.dropLast(2)) + [shape[-2], shape[-2]]))
        let (u, s, vh) = torch.linalg.svd(a, fullMatrices: false)
        same(u.matmul(s.unsqueeze(-1).to(dtype) * vh), a)
        same(torch.linalg.svdvals(a), s)
        let (p, l, upper) = torch.linalg.lu(a)
        same(p.matmul(l).matmul(upper), a)
        let inverse = torch.linalg.pinv(a)
        same(a.matmul(inverse).matmul(a), a)
        // Read through other strides.
        same(torch.linalg.svdvals(a.mT), s)
      }
    }
  }

  @Test(arguments: dtypes) func squareMatrices(_ dtype: DType) throws {
    try withErrors {
      for shape: Shape in [[3, 3], [2, 4, 4], [2, 0, 3, 3], [0, 0], [1, 1]] {
        let (a, n) = (random(shape, dtype), shape.last!)
        let identity = torch.eye(n, dtype: dtype).expand(Array(shape))
        same(torch.linalg.inv(a).matmul(a), identity)
        let b = random(Shape(shape.dropLast() + [2]), dtype, seed: 2)
        same(a.matmul(torch.linalg.solve(a, b)), b)
        same(torch.linalg.solve(a, b.mT.contiguous(), left: false).matmul(a), b.mT)
        let vector = b.select(-1, 0)
        same(a.matmul(torch.linalg.solve(a, vector).unsqueeze(-1)).squeeze(-1), vector)
        let (lu, pivots) = torch.linalg.luFactor(a)
        same(a.mH.matmul(torch.linalg.luSolve(lu, pivots, b, adjoint: true)), b)
        same(torch.linalg.luSolve(lu, pivots, b.mT, left: false, adjoint: true).matmul(a.mH), b.mT)
        for upper in [true, false] {
          let triangle = upper ? a.triu() : a.tril()
          same(triangle.matmul(torch.linalg.solveTriangular(a, b, upper: upper)), b)
          same(torch.linalg.solveTriangular(a.mT, b.mT, upper: upper, left: false).matmul(upper ? a.mT.triu() : a.mT.tril()), b.mT)
        }
        let (values, vectors) = torch.linalg.eig(a)
        let complex = a.to(dtype.complexType)
        same(complex.matmul(vectors), vectors * values.unsqueeze(-2))
        let (sign, logarithm) = torch.linalg.slogdet(a)
        same(sign * logarithm.exp().to(dtype), torch.linalg.det(a))
        same(torch.linalg.matrixPower(a, 3), a.matmul(a).matmul(a))
      }
    }
  }

  @Test(arguments: dtypes) func hermitianMatrices(_ dtype: DType) throws {
    try withErrors {
      for shape: Shape in [[3, 3], [2, 4, 4], [0, 3, 3], [0, 0]] {
        let a = definite(shape, dtype)
        let l = torch.linalg.cholesky(a)
        same(l.matmul(l.mH), a)
        let u = torch.linalg.cholesky(a, upper: true)
        same(u.mH.matmul(u), a)
        let (values, vectors) = torch.linalg.eigh(a)
        same((vectors * values.unsqueeze(-2).to(dtype)).matmul(vectors.mH), a)
        same(torch.linalg.eigvalsh(a.triu(), uplo: "U"), values)
        let b = random(Shape(shape.dropLast() + [2]), dtype, seed: 2)
        same(a.matmul(torch.choleskySolve(b, l)), b)
        same(l.choleskyInverse(), torch.linalg.inv(a))
        same(u.choleskyInverse(upper: true), torch.linalg.inv(a))
        let (ld, pivots) = torch.linalg.ldlFactor(a, hermitian: true)
        same(a.matmul(torch.linalg.ldlSolve(ld, pivots, b, hermitian: true)), b)
        let root = torch.linalg.matrixSqrth(a)
        same(root.matmul(root), a)
        same(torch.linalg.pinv(a, hermitian: true), torch.linalg.inv(a))
        let (orthogonal, positive) = torch.linalg.polar(random(shape, dtype, seed: 4))
        same(orthogonal.matmul(positive), random(shape, dtype, seed: 4))
      }
    }
  }

  @Test func leastSquaresAgree() throws {
    try withErrors {
      let (a, b) = (random([5, 3], .float64), random([5, 2], .float64, seed: 2))
      let expected = torch.linalg.pinv(a).matmul(b)
      for driver in ["gels", "gelsy", "gelsd", "gelss"] {
        same(torch.linalg.lstsq(a, b, driver: driver).solution, expected)
      }
      let found = torch.linalg.lstsq(a, b, driver: "gelsd")
      same(found.residuals, (a.matmul(expected) - b).square().sum(dim: 0))
      same(found.singularValues, torch.linalg.svdvals(a))
      let rank = try found.rank.item(Int.self)
      #expect(rank == 3)
      let deficient = Tensor([[1.0, 2], [2, 4], [3, 6]], dtype: .float64)
      let one = try torch.linalg.matrixRank(deficient).item(Int.self)
      #expect(one == 1)
    }
  }

  @Test func exponentials() throws {
    try withErrors {
      let angle = Tensor([[0.0, -1], [1, 0]], dtype: .float64)
      let expected = Tensor([[0.5403023058681398, -0.8414709848078965], [0.8414709848078965, 0.5403023058681398]], dtype: .float64)
      same(angle.matrixExp(), expected)
      same((torch.eye(2, dtype: .float64) * 30).matrixExp() / 10686474581524.463, torch.eye(2, dtype: .float64))
    }
  }

  @Test func summation() throws {
    try withErrors {
      let (a, b) = (random([2, 3, 4], .float64), random([2, 4, 5], .float64, seed: 2))
      same(torch.einsum("bij,bjk->bik", a, b), a.matmul(b))
      same(torch.einsum("bij,bjk", a, b), a.matmul(b).sum(dim: 0))
      same(torch.einsum("bij->jb", a), a.sum(dim: 1).mT)
      same(torch.einsum("ii->i", random([3, 3], .float64)), random([3, 3], .float64).diagonal())
      same(torch.einsum("...j,bjk->...bk", a, b), torch.tensordot(a, b, dims: ([2], [1])))
      same(torch.einsum("ij,jk,kl->il", a[0], b[0], b[0].mT, path: [1, 2, 0, 1]), a[0].matmul(b[0]).matmul(b[0].mT))
      same(torch.linalg.multiDot([a[0], b[0], b[0].mT]), a[0].matmul(b[0]).matmul(b[0].mT))
      let (near, far) = (random([30, 3], .float64), random([4, 3], .float64, seed: 2))
      same(torch.cdist(near, far), (near.unsqueeze(1) - far.unsqueeze(0)).norm(p: 2, dim: [-1]))
    }
  }

  // MARK: Gradients

  /// Functions of any square matrix that are smooth, through what makes it fit.
  private static let smooth: [(name: String, function: @Sendable (Tensor) -> [Tensor])] = [
    ("cholesky", { [torch.linalg.cholesky($0.matmul($0.mH) + torch.eye(3, dtype: $0.dtype))] }),
    ("cholesky, upper", { [torch.linalg.cholesky($0.matmul($0.mH) + torch.eye(3, dtype: $0.dtype), upper: true)] }),
    ("cholesky_solve", { [torch.choleskySolve($0, $0.tril())] }),
    ("cholesky_solve, upper", { [torch.choleskySolve($0, $0.triu(), upper: true)] }),
    ("cholesky_inverse", { [($0.tril(-1) + realDiagonal($0)).choleskyInverse()] }),
    ("cholesky_inverse, upper", { [($0.triu(1) + realDiagonal($0)).choleskyInverse(upper: true)] }),
    ("eigvalsh", { [torch.linalg.eigvalsh($0 + $0.mH)] }),
    ("eigh", { x in
      let (values, vectors) = torch.linalg.eigh(x + x.mH)
      return [values, (vectors * (values * values * values).unsqueeze(-2).to(x.dtype)).matmul(vectors.mH), vectors.abs()]
    }),
    ("eigvals", { [torch.linalg.eigvals($0).abs()] }),
    ("eig", { [torch.linalg.eig($0).eigenvectors.abs()] }),
    ("matrix_sqrth", { [torch.linalg.matrixSqrth($0.matmul($0.mH) + torch.eye(3, dtype: $0.dtype))] }),
    ("svd", { x in
      let (u, s, vh) = torch.linalg.svd(x)
      return [s, u.abs(), u.matmul(vh)]
    }),
    ("inv", { [torch.linalg.inv($0)] }),
    ("det", { [torch.linalg.det($0)] }),
    ("slogdet", { x in
      let (sign, logarithm) = torch.linalg.slogdet(x)
      return [sign, logarithm]
    }),
    ("qr", { x in
      let (q, r) = torch.linalg.qr(x)
      return [q.abs(), r.abs()]
    }),
    ("lu", { x in
      let (_, l, u) = torch.linalg.lu(x)
      return [l, u]
    }),
    ("pinv", { [torch.linalg.pinv($0)] }),
    ("matrix_exp", { [$0.matrixExp()] }),
    ("polar", { x in
      let (u, h) = torch.linalg.polar(x)
      return [u, h]
    }),
    ("lstsq", { x in
      let found = torch.linalg.lstsq(x.narrow(-1, 0, 2), x, driver: "gels")
      return [found.solution, found.residuals]
    }),
    ("lstsq, wide", { [torch.linalg.lstsq($0.narrow(-2, 0, 2), $0.select(-1, 0).narrow(0, 0, 2)).solution] }),
    ("nuclear norm", { [torch.linalg.matrixNorm($0, ord: "nuc")] }),
  ]

  @Test(arguments: smooth.map(\.name)) func gradients(_ name: String) throws {
    let function = LinearAlgebraTests.smooth.first { $0.name == name }!.function
    try withErrors {
      for dtype: DType in [.float64, .complex128] {
        let noise = torch.randn(3, 3, dtype: dtype, generator: Generator(seed: 11))
        let spread = Tensor([1.0, 2.5, 4], dtype: dtype).diag()
        let x = (noise * 0.4 + spread).detach().requiresGrad_()
        try torch.autograd.gradcheck({ function($0[0]) }, [x])
        try torch.autograd.gradgradcheck({ function($0[0]) }, [x], atol: 1e-4)
      }
    }
  }

  // MARK: Errors

  @Test func errorsSayWhatPyTorchSays() throws {
    func message(_ body: () -> Tensor) -> String {
      do {
        try withErrors { _ = body() }
        return "no error"
      } catch { return (error as? TorchError)?.message ?? "\(error)" }
    }
    let (wide, singular) = (Tensor.ones(2, 3), Tensor.zeros(2, 3, 3))
    #expect(
      message { torch.linalg.inv(wide) }
        == "linalg.inv: A must be batches of square matrices, but they are 2 by 3 matrices")
    #expect(
      message { torch.linalg.inv(singular) }
        == "linalg.inv: (Batch element 0): The diagonal element 1 is zero, the inversion could not be completed because the input matrix is singular."
    )
    #expect(
      message { torch.linalg.cholesky(-torch.eye(3)) }
        == "linalg.cholesky: The factorization could not be completed because the input is not positive-definite (the leading minor of order 1 is not positive-definite)."
    )
    #expect(
      message { torch.linalg.solve(singular[0], Tensor.ones(3)) }
        == "torch.linalg.solve: The solver failed because the input matrix is singular.")
    #expect(
      message { torch.einsum("ij,jk->ik", Tensor.ones(3, 3), Tensor.ones(4, 2)) }
        == "einsum(): subscript j has size 4 for operand 1 which does not broadcast with previously seen size 3")
    #expect(message { torch.linalg.det(Tensor([[1, 2], [3, 4]])) }
      == "linalg.det: Expected a floating point or complex tensor as input. Got Long")
  }
}
