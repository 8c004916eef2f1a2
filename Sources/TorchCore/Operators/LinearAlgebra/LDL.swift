// The LDL decomposition of symmetric and Hermitian matrices, indefinite ones too (Bunch and Kaufman).
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.ldl_factor.html

enum LDL {
  /// A (…, n, n), of which the lower triangle is read -> LD (…, n, n), int32 pivots (…, n), LAPACK's verdicts (…)
  static let ldlFactorEx = Operator(
    underivable:
      "linalg_ldl_factor_ex(Tensor self, *, bool hermitian=False, bool check_errors=False) -> (Tensor LD, Tensor pivots, Tensor info)",
    twins: .out("out", names: ["LD", "pivots", "info"]), attached: 1,
    kernel: { (a: Tensor, hermitian: Bool, checkErrors: Bool) in
      try MatrixChecks.square(a, "torch.linalg.ldl_factor_ex")
      try MatrixChecks.floating(a, "torch.linalg.ldl_factor_ex")
      try MatrixChecks.implemented(a, "ldl_factor_kernel_cpu")
      let (factor, info) = (try ColumnMajor(copying: a.tril()), Tensor.verdicts(a.batchShape))
      let pivots = try Tensor.uninitialized(Shape(a.shape.dropLast()), .int32)
      a.backend.ldl(factor, hermitian: hermitian && a.dtype.isComplex, pivots: pivots, info: info)
      if checkErrors { try MatrixChecks.info(info, "torch.linalg.ldl_factor_ex", meaning) }
      return [factor.tensor, pivots, info]
    })

  private static func meaning(_ verdict: Int32) -> String { "Unknown error code: \(verdict)." }

  static let ldlFactor = Operator(
    composite: "linalg_ldl_factor(Tensor self, *, bool hermitian=False) -> (Tensor LD, Tensor pivots)",
    twins: .out("out", names: ["LD", "pivots"])
  ) { (a: Tensor, hermitian: Bool) in
    let found = try ldlFactorEx.call(a, hermitian, false)
    try MatrixChecks.info(found[2], "torch.linalg.ldl_factor", meaning)
    return [found[0], found[1]]
  }

  static let ldlSolve = Operator(
    "linalg_ldl_solve(Tensor LD, Tensor pivots, Tensor B, *, bool hermitian=False) -> Tensor",
    kernel: { (factor: Tensor, pivots: Tensor, b: Tensor, hermitian: Bool) in
      let name = "torch.linalg.ldl_solve"
      try MatrixChecks.square(factor, name)
      try MatrixChecks.floating(factor, name)
      try MatrixChecks.matrix(b, name, "B")
      try MatrixChecks.olderSolver(b, factor, name)
      guard Array(pivots.shape) == Array(factor.shape.dropLast()) else {
        throw TorchError(
          .shape,
          "\(name): Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape \(pivots.shape.listDescription) instead")
      }
      guard pivots.dtype.isInteger else {
        throw TorchError(.dtype, "\(name): Expected pivots to be integers. Got \(pivots.dtype.scalarTypeName)")
      }
      try MatrixChecks.implemented(factor, "ldl_solve_kernel_cpu")
      let batch = try Shape.broadcast(factor.batchShape, b.batchShape)
      let x = try ColumnMajor(copying: try b.spreadMatrices(over: batch))
      let rows = try pivots.to(.int32).spread(to: Shape(Array(batch) + [pivots.shape[-1]])).rowMajor()
      b.backend.ldlSolve(
        try ColumnMajor(reading: try factor.spreadMatrices(over: batch)), pivots: rows, into: x,
        hermitian: hermitian && b.dtype.isComplex)
      return x.tensor
    })

  static let operators: [AnyOperator] = [ldlFactorEx, ldlFactor, ldlSolve]
}
