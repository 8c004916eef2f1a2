// Solving linear systems, and inverting.
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.solve.html

enum LinearSystems {
  /// Whether `b` is a vector, or a batch of them, rather than of matrices.
  static func isVector(_ b: Tensor, for a: Tensor) -> Bool {
    b.ndim == 1 || (a.ndim == b.ndim + 1 && a.shape.dropLast().elementsEqual(b.shape))
  }

  /// Matrices of one column as vectors, in memory of their own.
  static func withoutColumns(_ x: Tensor) throws -> Tensor {
    let shape = Shape(x.shape.dropLast())
    return try x.packed().alias(shape: shape, strides: shape.contiguousStrides, offset: 0)
  }

  /// A (…, n, n), B (…, n, k), (…, k, n) or (…, n) -> X of B's sizes; A's factors, pivots and LAPACK's verdicts
  static let solveWithFactors: Operator<Tensor, Tensor, Bool, Bool, [Tensor]> = Operator(
    "_linalg_solve_ex(Tensor A, Tensor B, *, bool left=True, bool check_errors=False) -> (Tensor result, Tensor LU, Tensor pivots, Tensor info)",
    twins: .out("result", names: ["result", "LU", "pivots", "info"]),
    kernel: { (a: Tensor, b: Tensor, left: Bool, checkErrors: Bool) in
      try MatrixChecks.floating(a, "linalg.solve")
      guard a.dtype == b.dtype else {
        throw TorchError(
          .dtype,
          "linalg.solve: Expected A and B to have the same dtype, but found A of type \(a.dtype.scalarTypeName) and B of type \(b.dtype.scalarTypeName) instead")
      }
      try MatrixChecks.matrix(a, "linalg.solve")
      let vector = isVector(b, for: a)
      let columns = vector ? b.alias(shape: b.shape + [1], strides: b.strides + [1], offset: b.storageOffset) : b
      try MatrixChecks.solver(a, columns, left: left, "linalg.solve")
      guard left || !vector else {
        throw TorchError(
          .value,
          "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this case linalg.solve is equivalent to B / A.squeeze(-1)")
      }
      let found = try LU.factored(a)
      if checkErrors { try MatrixChecks.info(found.info, "torch.linalg.solve_ex", MatrixChecks.singularSystem) }
      let x = try LU.solved(found.factors, found.pivots, columns, left: left)
      let result = vector ? try withoutColumns(x) : x
      return [result, found.factors, found.pivots, found.info]
    },
    derivative: { record, y, a, b, left, _ in
      record.attachOnly(1)
      let vector = isVector(b, for: a)
      let (sa, factors, pivots) = (record.save(a), y[1].alias(), y[2])
      let sx = record.needs(0) ? record.save(result: y[0]) : nil
      return { g in
        let gx = vector ? g[0].unsqueeze(-1) : g[0]
        // For second derivatives the solution has to depend on A itself.
        let gb = Modes.current.contains(.createGraph)
          ? solveEx(try sa.value.mH, gx, left, false)[0] : LU.luSolve(factors, pivots, gx, left, true)
        let result = vector ? gb.squeeze(-1) : gb
        guard let solution = try sx?.value else { return [nil, result] }
        let x = vector ? solution.unsqueeze(-1) : solution
        return [-(left ? gb.matmul(x.mH) : x.mH.matmul(gb)), result]
      }
    })

  static let solveEx: Operator<Tensor, Tensor, Bool, Bool, [Tensor]> = Operator(
    composite: "linalg_solve_ex(Tensor A, Tensor B, *, bool left=True, bool check_errors=False) -> (Tensor result, Tensor info)",
    twins: .out("out", names: ["result", "info"])
  ) { (a: Tensor, b: Tensor, left: Bool, checkErrors: Bool) in
    let found = try solveWithFactors.call(a, b, left, checkErrors)
    return [found[0], found[3]]
  }

  static let solve = Operator(
    composite: "linalg_solve(Tensor A, Tensor B, *, bool left=True) -> Tensor", twins: .out
  ) { (a: Tensor, b: Tensor, left: Bool) in
    let found = try solveWithFactors.call(a, b, left, false)
    try MatrixChecks.info(found[3], "torch.linalg.solve", MatrixChecks.singularSystem)
    return found[0]
  }

  // MARK: Inverses

  static let invEx = Operator(
    "linalg_inv_ex(Tensor A, *, bool check_errors=False) -> (Tensor inverse, Tensor info)",
    twins: .out("inverse", names: ["inverse", "info"]),
    kernel: { (a: Tensor, checkErrors: Bool) in
      try MatrixChecks.square(a, "linalg.inv")
      try MatrixChecks.floating(a, "linalg.inv")
      guard a.dtype != .float16, a.dtype != .bfloat16 else {
        throw TorchError(.dtype, "linalg.inv: Low precision dtypes not supported. Got \(a.dtype.scalarTypeName)")
      }
      let found = try LU.factored(a)
      if checkErrors { try MatrixChecks.info(found.info, "linalg.inv_ex", MatrixChecks.singularInverse) }
      return [try LU.solved(found.factors, found.pivots, torch.eye(a.shape[-1], dtype: a.dtype)), found.info]
    },
    derivative: { record, y, _, _ in
      let saved = record.save(result: y[0])
      return { g in
        let adjoint = try saved.value.mH
        return [-(adjoint.matmul(g[0].matmul(adjoint)))]
      }
    })

  private static func inverse(_ name: String) -> Operator<Tensor, Tensor> {
    Operator(composite: name, twins: .out) { (a: Tensor) in
      let found = try invEx.call(a, false)
      try MatrixChecks.info(found[1], "linalg.inv", MatrixChecks.singularInverse)
      return found[0]
    }
  }
  static let inv = inverse("linalg_inv(Tensor A) -> Tensor")
  private static let olderInverse = inverse("inverse(Tensor self) -> Tensor")

  static let operators: [AnyOperator] = [solveWithFactors, solveEx, solve, invEx, inv, olderInverse]
}

extension Shape {
  fileprivate static func + (a: Shape, b: [Int]) -> Shape { Shape(Array(a) + b) }
}
