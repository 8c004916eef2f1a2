// The LU decomposition A = P L U with partial pivoting, and solving with it.
//
// Derivatives: S. D. Axen, "Differentiating the LU decomposition" (https://sethaxen.com/blog/2021/02/differentiating-the-lu-decomposition).
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.lu_factor.html

enum LU {
  // MARK: Factors in one matrix

  /// A (…, m, n) -> LU (…, m, n), int32 pivots (…, min(m, n)), LAPACK's verdicts (…); outside the graph
  static func factored(_ a: Tensor) throws -> (factors: Tensor, pivots: Tensor, info: Tensor) {
    try MatrixChecks.implemented(a, "lu_cpu")
    let factor = try ColumnMajor(copying: a)
    var sizes = a.batchShape
    let info = Tensor.verdicts(sizes)
    sizes.append(Swift.min(a.shape[-1], a.shape[-2]))
    let pivots = try Tensor.uninitialized(sizes, .int32)
    a.backend.lu(factor, pivots: pivots, info: info)
    return (factor.tensor, pivots, info)
  }

  private static func checkPivoting(_ pivot: Bool) throws {
    guard pivot else {
      throw TorchError(.notImplemented, "linalg.lu_factor: LU without pivoting is not implemented on the CPU")
    }
  }

  private static func checkRank(_ a: Tensor, _ name: String) throws {
    guard a.ndim >= 2 else {
      throw TorchError(
        .shape, "\(name): Expected tensor with 2 or more dimensions. Got size: \(a.shape.listDescription) instead")
    }
  }

  static let luFactorEx = Operator(
    "linalg_lu_factor_ex(Tensor A, *, bool pivot=True, bool check_errors=False) -> (Tensor LU, Tensor pivots, Tensor info)",
    twins: .out("out", names: ["LU", "pivots", "info"]),
    kernel: { (a: Tensor, pivot: Bool, checkErrors: Bool) in
      try checkRank(a, "torch.lu_factor")
      try MatrixChecks.implemented(a, "lu_cpu")
      try checkPivoting(pivot)
      let found = try factored(a)
      if checkErrors { try MatrixChecks.info(found.info, "torch.linalg.lu_factor_ex", MatrixChecks.singularFactor) }
      return [found.factors, found.pivots, found.info]
    },
    derivative: { record, y, _, _, _ in
      let (factors, pivots) = (record.save(result: y[0], index: 0), y[1])
      return { g in
        let parts = luUnpack(try factors.value, pivots, true, true)
        let k = parts[1].shape[-1]
        return [gradient(g[0].narrow(-1, 0, k), g[0].narrow(-2, 0, k), parts)]
      }
    })

  static let luFactor = Operator(
    composite: "linalg_lu_factor(Tensor A, *, bool pivot=True) -> (Tensor LU, Tensor pivots)",
    twins: .out("out", names: ["LU", "pivots"])
  ) { (a: Tensor, pivot: Bool) in
    let found = try luFactorEx.call(a, pivot, false)
    try MatrixChecks.info(found[2], "torch.linalg.lu_factor", MatrixChecks.singularFactor)
    return [found[0], found[1]]
  }

  private static let luWithInfo = Operator(
    composite: "_lu_with_info(Tensor self, bool pivot=True, bool check_errors=True) -> (Tensor LU, Tensor pivots, Tensor info)"
  ) { (a: Tensor, pivot: Bool, _: Bool) in try luFactorEx.call(a, pivot, false) }

  // MARK: Factors apart

  /// P (…, m, m), L (…, m, k), U (…, k, n) with k = min(m, n), from what `luFactorEx` gives
  static let luUnpack: Operator<Tensor, Tensor, Bool, Bool, [Tensor]> = Operator(
    "lu_unpack(Tensor LU_data, Tensor LU_pivots, bool unpack_data=True, bool unpack_pivots=True) -> (Tensor P, Tensor L, Tensor U)",
    twins: .out("out", names: ["P", "L", "U"]),
    kernel: { (factors: Tensor, pivots: Tensor, unpackData: Bool, unpackPivots: Bool) in
      try checkRank(factors, "torch.lu_unpack")
      if unpackPivots {
        guard pivots.dtype == .int32 else {
          throw TorchError(
            .dtype,
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\nNote: this function is intended to be used with the output produced by torch.linalg.lu_factor")
        }
        var expected = factors.batchShape
        expected.append(Swift.min(factors.shape[-1], factors.shape[-2]))
        guard pivots.shape == expected else {
          throw TorchError(
            .value,
            "Expected LU_pivots to have shape \(expected.listDescription) but got \(pivots.shape.listDescription) instead.")
        }
      }
      let p = unpackPivots ? try permutation(pivots, factors) : Tensor.empty([0], dtype: factors.dtype)
      guard unpackData else { return [p, Tensor.empty([0], dtype: factors.dtype), Tensor.empty([0], dtype: factors.dtype)] }
      return [p, lower(factors), factors.narrow(-2, 0, Swift.min(factors.shape[-1], factors.shape[-2])).triu()]
    },
    derivative: { record, _, factors, _, _, _ in
      record.attachOnly(1..<3)
      let (m, n) = (factors.shape[-2], factors.shape[-1])
      return { g in
        guard g.ifPresent(1) != nil || g.ifPresent(2) != nil else { return [nil, nil] }
        let (gl, gu) = (g[1].tril(-1), g[2].triu())
        if m == n { return [gl + gu, nil] }
        // What one of the factors has beyond the square, stands beside it.
        let k = Swift.min(m, n)
        let sum = gl.narrow(-2, 0, k) + gu.narrow(-1, 0, k)
        let rest = m < n ? gu.narrow(-1, k, n - k) : gl.narrow(-2, k, m - k)
        return [torch.cat([sum, rest], dim: m < n ? -1 : -2), nil]
      }
    })

  /// The unit lower triangle.
  private static func lower(_ factors: Tensor) -> Tensor {
    let (m, k) = (factors.shape[-2], Swift.min(factors.shape[-1], factors.shape[-2]))
    return factors.narrow(-1, 0, k).tril(-1) + torch.eye(m, k, dtype: factors.dtype)
  }

  /// The permutation matrices that LAPACK's exchanges of rows amount to.
  private static func permutation(_ pivots: Tensor, _ like: Tensor) throws -> Tensor {
    let (m, k) = (like.shape[-2], pivots.shape[-1])
    let rows = try pivots.rowMajor()
    var order: [Int64] = []
    for i in 0..<like.batchShape.numel {
      let exchanges = rows.int32Row(i)
      var row = Array(0..<Int64(m))
      for j in 0..<k {
        let other = Int(exchanges[j])
        guard (1...m).contains(other) else {
          throw TorchError(
            .value,
            "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive.Did you properly pass the result of lu_factor?")
        }
        row.swapAt(j, other - 1)
      }
      order += row
    }
    let batch = Array(like.batchShape)
    let index = try Tensor.from(order, shape: Shape(batch + [1, m]))
    return Tensor.zeros(Shape(batch + [m, m]), dtype: like.dtype).scatter(-2, index, 1)
  }

  static let lu = Operator(
    "linalg_lu(Tensor A, *, bool pivot=True) -> (Tensor P, Tensor L, Tensor U)",
    twins: .out("out", names: ["P", "L", "U"]),
    kernel: { (a: Tensor, pivot: Bool) in
      try checkRank(a, "linalg.lu")
      try MatrixChecks.implemented(a, "lu_cpu")
      try checkPivoting(pivot)
      let found = try factored(a)
      return luUnpack(found.factors, found.pivots, true, true)
    },
    derivative: { record, y, _, _ in
      record.attachOnly(1..<3)
      let saved = [y[0], y[1], y[2]].enumerated().map { record.save(result: $1, index: $0) }
      return { g in [gradient(g[1], g[2], try saved.map { try $0.value })] }
    })

  /// The gradient of A from those of L and U; `parts` are P, L and U.
  private static func gradient(_ gl: Tensor, _ gu: Tensor, _ parts: [Tensor]) -> Tensor {
    let (p, l, u) = (parts[0], parts[1], parts[2])
    let (m, n, k) = (p.shape[-1], u.shape[-1], l.shape[-1])
    let (l1, u1) = (l.narrow(-2, 0, k), u.narrow(-1, 0, k))
    // Inside the square: L⁻ᴴ [tril(Lᴴ gL, -1) + triu(gU Uᴴ)] U⁻ᴴ, less what the parts outside have taken.
    var below = l1.mH.matmul(gl.narrow(-2, 0, k))
    var above = gu.narrow(-1, 0, k).matmul(u1.mH)
    if m < n {
      below = below - gu.narrow(-1, k, n - k).matmul(u.narrow(-1, k, n - k).mH)
    } else if m > n {
      above = above - l.narrow(-2, k, m - k).mH.matmul(gl.narrow(-2, k, m - k))
    }
    func byL(_ x: Tensor) -> Tensor { TriangularSolve.solve(l1.mH, x, upper: true, unit: true) }
    func byU(_ x: Tensor) -> Tensor { TriangularSolve.solve(u1.mH, x, upper: false, left: false) }
    let square = byL(byU(below.tril(-1) + above.triu()))
    if m == n { return p.matmul(square) }
    return m < n
      ? p.matmul(torch.cat([square, byL(gu.narrow(-1, k, n - k))], dim: -1))
      : p.matmul(torch.cat([square, byU(gl.narrow(-2, k, m - k))], dim: -2))
  }

  // MARK: Solving

  /// The X of `A X = B` (`Aᴴ X = B`, `X A = B`, `X Aᴴ = B`) by the factors of A; outside the graph.
  static func solved(
    _ factors: Tensor, _ pivots: Tensor, _ b: Tensor, left: Bool = true, adjoint: Bool = false
  ) throws -> Tensor {
    guard left else { return try solved(factors, pivots, b.swappedMatrices.conj(), adjoint: !adjoint).swappedMatrices.conj() }
    let batch = try Shape.broadcast(factors.batchShape, b.batchShape)
    let x = try ColumnMajor(copying: try b.spreadMatrices(over: batch))
    let matrix = try ColumnMajor(reading: try factors.spreadMatrices(over: batch))
    var rows = batch
    rows.append(pivots.shape[-1])
    b.backend.luSolve(matrix, pivots: try pivots.spread(to: rows).rowMajor(), into: x, adjoint: adjoint)
    return x.tensor
  }

  static let luSolve: Operator<Tensor, Tensor, Tensor, Bool, Bool, Tensor> = Operator(
    "linalg_lu_solve(Tensor LU, Tensor pivots, Tensor B, *, bool left=True, bool adjoint=False) -> Tensor",
    kernel: { (factors: Tensor, pivots: Tensor, b: Tensor, left: Bool, adjoint: Bool) in
      try MatrixChecks.floating(factors, "torch.linalg.lu_solve")
      guard pivots.dtype == .int32 else {
        throw TorchError(.dtype, "linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32")
      }
      try MatrixChecks.square(factors, "torch.linalg.lu_solve")
      try MatrixChecks.sameType(factors, b, "linalg.lu_solve", "LU")
      try MatrixChecks.solver(factors, b, left: left, "linalg.lu_solve")
      guard pivots.ndim > 0, factors.shape[-1] == pivots.shape[-1] else {
        throw TorchError(
          .shape, "linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix")
      }
      guard Array(factors.shape.dropLast(2)) == Array(pivots.shape.dropLast()) else {
        throw TorchError(
          .shape,
          "linalg.lu_solve: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape \(pivots.shape.listDescription) instead")
      }
      try MatrixChecks.implemented(factors, "lu_solve_cpu")
      return try solved(factors, pivots, b, left: left, adjoint: adjoint)
    },
    derivative: { record, x, factors, pivots, _, left, adjoint in
      let (sf, sx) = (record.save(factors), record.needs(0) ? record.save(result: x) : nil)
      return { g in
        let factors = try sf.value
        let gb = luSolve(factors, pivots, g[0], left, !adjoint)
        guard let x = try sx?.value else { return [nil, nil, gb] }
        // The gradient of A, and by A = P L U those of L and U.
        let ga: Tensor
        switch (left, adjoint) {
        case (true, false): ga = gb.matmul(x.mH)
        case (false, false): ga = x.mH.matmul(gb)
        case (true, true): ga = x.matmul(gb.mH)
        case (false, true): ga = gb.mH.matmul(x)
        }
        let parts = luUnpack(factors, pivots, true, true)
        let turned = parts[0].mT.matmul(ga)
        let (gl, gu) = (turned.matmul(parts[2].mH).tril(-1), parts[1].mH.matmul(turned).triu())
        return [-(gl + gu), nil, gb]
      }
    })

  private static let olderSolve = Operator(
    composite: "lu_solve(Tensor self, Tensor LU_data, Tensor LU_pivots) -> Tensor", twins: .out
  ) { (b: Tensor, factors: Tensor, pivots: Tensor) in try luSolve.call(factors, pivots, b, true, false) }

  static let operators: [AnyOperator] = [luFactorEx, luFactor, luWithInfo, luUnpack, lu, luSolve, olderSolve]
}
