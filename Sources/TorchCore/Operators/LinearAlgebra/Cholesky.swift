// The Cholesky decomposition A = L Lᴴ, and solving and inverting with it.
//
// Derivatives: S. F. Walter, L. Lehmann, "Algorithmic differentiation of linear algebra functions" (2010); I. Murray,
// "Differentiation of the Cholesky decomposition" (2016).
// The gradient of a factor that is given is dense, as PyTorch's: its other triangle is whatever it is that the formula
// says, though the kernels read one triangle only.
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.cholesky.html

enum Cholesky {
  /// (…, n, n) -> L (…, n, n) and LAPACK's verdicts (…)
  static let choleskyEx = Operator(
    "linalg_cholesky_ex(Tensor self, *, bool upper=False, bool check_errors=False) -> (Tensor L, Tensor info)",
    twins: .out("L", names: ["L", "info"]),
    kernel: { (a: Tensor, upper: Bool, checkErrors: Bool) in
      try MatrixChecks.square(a, "linalg.cholesky")
      try MatrixChecks.floating(a, "linalg.cholesky")
      try MatrixChecks.implemented(a, "cholesky_cpu")
      let factor = try ColumnMajor(copying: a)
      let info = Tensor.verdicts(a.batchShape)
      a.backend.cholesky(factor, upper: upper, info: info)
      if checkErrors { try MatrixChecks.info(info, "linalg.cholesky_ex", MatrixChecks.notPositive) }
      return [upper ? factor.tensor.triu() : factor.tensor.tril(), info]
    },
    derivative: { record, y, _, upper, _ in
      let saved = record.save(result: y[0])
      return { g in [gradient(g[0], try saved.value, upper)] }
    })

  /// L⁻ᴴ Φ(Lᴴ g) L⁻¹ with Φ the Hermitian part of the lower triangle.
  private static func gradient(_ g: Tensor, _ factor: Tensor, _ upper: Bool) -> Tensor {
    let l = upper ? factor.mH : factor
    let lower = l.mH.matmul(upper ? g.mH : g).tril()
    let symmetric = (lower + lower.tril(-1).mH) * 0.5
    let half = TriangularSolve.solve(l.mH, symmetric, upper: true)
    return TriangularSolve.solve(l, half, upper: false, left: false)
  }

  static let cholesky = Operator(composite: "linalg_cholesky(Tensor self, *, bool upper=False) -> Tensor", twins: .out) {
    (a: Tensor, upper: Bool) in
    let found = try choleskyEx.call(a, upper, false)
    try MatrixChecks.info(found[1], "linalg.cholesky", MatrixChecks.notPositive)
    return found[0]
  }

  /// B (…, n, k), factor (…, n, n) -> A⁻¹ B
  static let choleskySolve: Operator<Tensor, Tensor, Bool, Tensor> = Operator(
    "cholesky_solve(Tensor self, Tensor input2, bool upper=False) -> Tensor",
    kernel: { (b: Tensor, factor: Tensor, upper: Bool) in
      for (x, name) in [(b, "b"), (factor, "u")] where x.ndim < 2 {
        throw TorchError(.shape, "\(name) should have at least 2 dimensions, but has \(x.ndim) dimensions instead")
      }
      try MatrixChecks.olderSolver(b, factor, "cholesky_solve")
      try MatrixChecks.implemented(b, "cholesky_solve_cpu")
      let batch = try Shape.broadcast(b.batchShape, factor.batchShape)
      let x = try ColumnMajor(copying: try b.spreadMatrices(over: batch))
      let a = try ColumnMajor(reading: try factor.spreadMatrices(over: batch))
      b.backend.choleskySolve(a, upper: upper, into: x)
      return x.tensor
    },
    derivative: { record, x, _, factor, upper in
      let (sf, sx) = (record.save(factor), record.needs(1) ? record.save(result: x) : nil)
      return { g in
        let factor = try sf.value
        let gb = choleskySolve(g[0], factor, upper)
        guard let sx else { return [gb, nil] }
        let product = gb.matmul(try sx.value.mH)
        let symmetric = product + product.mH
        return [gb, -(upper ? factor.matmul(symmetric) : symmetric.matmul(factor))]
      }
    })

  /// The inverse of the matrices with these Cholesky factors.
  static let choleskyInverse = Operator(
    "cholesky_inverse(Tensor self, bool upper=False) -> Tensor",
    kernel: { (factor: Tensor, upper: Bool) in
      try MatrixChecks.square(factor, "cholesky_inverse")
      try MatrixChecks.implemented(factor, "cholesky_inverse_out_cpu")
      let a = try ColumnMajor(copying: factor)
      let info = Tensor.verdicts(factor.batchShape)
      factor.backend.choleskyInverse(a, upper: upper, info: info)
      try MatrixChecks.info(info, "cholesky_inverse", MatrixChecks.singularInverse)
      // LAPACK fills one triangle.
      let half = upper ? a.tensor.triu() : a.tensor.tril()
      return half + (upper ? half.triu(1) : half.tril(-1)).mH
    },
    derivative: { record, y, factor, upper in
      let (sf, sy) = (record.save(factor), record.save(result: y))
      return { g in
        let (factor, inverse) = (try sf.value, try sy.value)
        let middle = inverse.matmul(g[0] + g[0].mH).matmul(inverse)
        return [-(upper ? factor.matmul(middle) : middle.matmul(factor))]
      }
    })

  static let operators: [AnyOperator] = [choleskyEx, cholesky, choleskySolve, choleskyInverse]
}
