// Systems with triangular matrices.
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.solve_triangular.html

enum TriangularSolve {
  /// A (…, n, n), B (…, n, k) or (…, k, n) -> X of B's sizes, batches broadcast
  static let solveTriangular: Operator<Tensor, Tensor, Bool, Bool, Bool, Tensor> = Operator(
    "linalg_solve_triangular(Tensor self, Tensor B, *, bool upper, bool left=True, bool unitriangular=False) -> Tensor",
    kernel: { (a: Tensor, b: Tensor, upper: Bool, left: Bool, unit: Bool) in
      try MatrixChecks.solver(a, b, left: left, "linalg.solve_triangular")
      try MatrixChecks.implemented(a, "triangular_solve_cpu")
      try MatrixChecks.sameType(a, b, "linalg.solve_triangular")
      return try solved(a, b, upper: upper, left: left, transpose: false, unit: unit)
    },
    derivative: { record, x, a, _, upper, left, unit in
      let (sa, sx) = (record.save(a), record.needs(0) ? record.save(result: x) : nil)
      return { g in
        let gb = solve(try sa.value.mH, g[0], upper: !upper, left: left, unit: unit)
        guard let x = try sx?.value else { return [nil, gb] }
        let ga = -(left ? gb.matmul(x.mH) : x.mH.matmul(gb))
        return [upper ? ga.triu(unit ? 1 : 0) : ga.tril(unit ? -1 : 0), gb]
      }
    })

  /// The older form, with b first; gives a copy of A too.
  static let triangularSolve = Operator(
    "triangular_solve(Tensor self, Tensor A, bool upper=True, bool transpose=False, bool unitriangular=False) -> (Tensor solution, Tensor cloned_coefficient)",
    twins: .out("X", names: ["X", "M"]),
    kernel: { (b: Tensor, a: Tensor, upper: Bool, transpose: Bool, unit: Bool) in
      for (x, name) in [(b, "b"), (a, "A")] where x.ndim < 2 {
        throw TorchError(
          .shape,
          "torch.triangular_solve: Expected \(name) to have at least 2 dimensions, but it has \(x.ndim) dimensions instead")
      }
      try MatrixChecks.olderSolver(b, a, "triangular_solve")
      try MatrixChecks.implemented(a, "triangular_solve_cpu")
      let batch = try Shape.broadcast(a.batchShape, b.batchShape)
      let x = try solved(a, b, upper: upper, left: true, transpose: transpose, unit: unit)
      return [x, try a.spreadMatrices(over: batch).packed()]
    },
    derivative: { record, y, _, a, upper, transpose, unit in
      let (sa, sx) = (record.save(a), record.needs(1) ? record.save(result: y[0]) : nil)
      return { g in
        let a = try sa.value
        // (Aᵀ)ᴴ is the conjugate of A, so that the other triangle is solved with but once transposed.
        let adjoint = transpose ? a.conj() : a.mH
        let gb = solve(adjoint, g[0], upper: transpose ? upper : !upper, unit: unit)
        guard let x = try sx?.value else { return [gb, nil] }
        let ga = transpose ? -(x.conj().matmul(gb.mT)) : -(gb.matmul(x.mH))
        let ofSystem = upper ? ga.triu(unit ? 1 : 0) : ga.tril(unit ? -1 : 0)
        return [gb, g.ifPresent(1).map { ofSystem + $0 } ?? ofSystem]
      }
    })

  /// A row-major `a` is the transpose of a column-major one, which the solver can take as it is.
  private static func solved(
    _ a: Tensor, _ b: Tensor, upper: Bool, left: Bool, transpose: Bool, unit: Bool
  ) throws -> Tensor {
    let batch = try Shape.broadcast(a.batchShape, b.batchShape)
    let x = try ColumnMajor(copying: try b.spreadMatrices(over: batch))
    let spread = try a.spreadMatrices(over: batch)
    let flips = spread.isContiguous
    let matrix = try ColumnMajor(reading: flips ? spread.swappedMatrices : spread)
    a.backend.triangularSolve(
      matrix, x, left: left, upper: upper != flips, transpose: transpose != flips, unit: unit)
    return x.tensor
  }

  static func solve(_ a: Tensor, _ b: Tensor, upper: Bool, left: Bool = true, unit: Bool = false) -> Tensor {
    solveTriangular(a, b, upper, left, unit)
  }

  static let operators: [AnyOperator] = [solveTriangular, triangularSolve]
}
