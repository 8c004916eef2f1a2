// Functions of square matrices: powers, the exponential, the square root, and the polar decomposition.
//
// The exponential is scaled, summed and squared (N. Higham, "The scaling and squaring method for the matrix exponential
// revisited", 2005), with Taylor's polynomial in place of Padé's quotient, as PyTorch has it (P. Bader, S. Blanes,
// F. Casas, 2019). Its derivative is a block of the exponential of a larger matrix (R. Mathias, 1996).
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.matrix_exp.html

enum MatrixFunctions {
  // MARK: Powers

  private static func power(_ schema: String) -> Operator<Tensor, Int, Tensor> {
    Operator(composite: schema, twins: .out) { (a: Tensor, n: Int) in
      try MatrixChecks.square(a, "linalg.matrix_power")
      // A⁰ takes no gradient from A, yet stays in its graph.
      if n == 0 { return a.clone().copy_(torch.eye(a.shape[-1], dtype: a.dtype)) }
      var square = n < 0 ? try LinearSystems.inv.call(a) : a
      var rest = n.magnitude
      if rest == 1 { return n < 0 ? square : square.clone() }
      var result: Tensor?
      while true {
        if rest & 1 == 1 { result = result.map { $0.matmul(square) } ?? square }
        rest >>= 1
        if rest == 0 { return result! }
        square = square.matmul(square)
      }
    }
  }
  static let matrixPower = power("linalg_matrix_power(Tensor self, int n) -> Tensor")
  private static let olderPower = power("matrix_power(Tensor self, int n) -> Tensor")

  // MARK: The exponential

  static let matrixExp: Operator<Tensor, Tensor> = Operator(
    "linalg_matrix_exp(Tensor self) -> Tensor",
    kernel: { (a: Tensor) in
      try MatrixChecks.square(a, "linalg.matrix_exp")
      try MatrixChecks.floating(a, "linalg.matrix_exp")
      return a.numel == 0 ? try a.packed() : try exponential(a)
    },
    derivative: { record, _, a in
      let saved = record.save(a)
      return { g in
        // exp [[Aᴴ, G], [0, Aᴴ]] has the derivative in the upper right.
        let adjoint = try saved.value.mH
        let n = adjoint.shape[-1]
        if adjoint.numel == 0 { return [Tensor.zeros(like: adjoint)] }
        let upper = torch.cat([adjoint, g[0]], dim: -1)
        let lower = torch.cat([Tensor.zeros(adjoint.shape, dtype: adjoint.dtype), adjoint], dim: -1)
        return [matrixExp(torch.cat([upper, lower], dim: -2)).narrow(-2, 0, n).narrow(-1, n, n)]
      }
    })

  private static let olderExp = Operator(composite: "matrix_exp(Tensor self) -> Tensor") { (a: Tensor) in
    try matrixExp.call(a)
  }

  /// Taylor's polynomial of degree 17 in blocks of three powers, whose error is below the rounding for norms up to one.
  private static func exponential(_ a: Tensor) throws -> Tensor {
    let norms = a.abs().sum(dim: [-2]).amax(dim: [-1], keepdim: true).unsqueeze(-1)
    let halvings = norms.log2().ceil().clamp(min: 0)
    let bounded = torch.where(halvings.isfinite(), halvings, Tensor.zeros(like: halvings))
    let x = a / bounded.exp2().to(a.dtype)
    let x2 = x.matmul(x)
    let x3 = x2.matmul(x)
    let identity = torch.eye(a.shape[-1], dtype: a.dtype)
    var factorials: [Double] = [1]
    for i in 1...17 { factorials.append(factorials[i - 1] * Double(i)) }
    func block(_ i: Int) -> Tensor {
      let linear = identity * (1 / factorials[3 * i]) + x * (1 / factorials[3 * i + 1])
      return linear + x2 * (1 / factorials[3 * i + 2])
    }
    var y = block(5)
    for i in (0..<5).reversed() { y = y.matmul(x3) + block(i) }
    let most = try bounded.amax().item(Double.self)
    var done = 0.0
    while done < most {
      y = torch.where(bounded > done, y.matmul(y), y)
      done += 1
    }
    return y
  }

  // MARK: Roots and polar factors

  private static func floating(_ a: Tensor, _ name: String) throws {
    try MatrixChecks.floating(a, name)
    guard a.dtype != .float16, a.dtype != .bfloat16 else {
      throw TorchError(.dtype, "\(name): Low precision dtypes not supported. Got \(a.dtype.scalarTypeName)")
    }
  }

  /// The root of a Hermitian matrix, negative eigenvalues taken as zero.
  static let matrixSqrth = Operator(
    "linalg_matrix_sqrth(Tensor self) -> Tensor",
    kernel: { (a: Tensor) in
      try MatrixChecks.square(a, "linalg.matrix_sqrth")
      try floating(a, "linalg.matrix_sqrth")
      let parts = try Eigenvalues.eigh.call(a, "L")
      let roots = parts[0].clamp(min: 0).sqrt().unsqueeze(-2).to(a.dtype)
      return (parts[1] * roots).matmul(parts[1].mH)
    },
    derivative: { record, y, _ in
      let saved = record.save(result: y)
      return { g in
        // R dR + dR R = dA, in the basis where R is diagonal.
        let parts = Eigenvalues.eigh(try saved.value, "L")
        let (roots, v) = (parts[0], parts[1])
        let sums = roots.unsqueeze(-1) + roots.unsqueeze(-2)
        let inside = v.mH.matmul((g[0] + g[0].mH) * 0.5).matmul(v)
        return [v.matmul(quotient(inside, sums)).matmul(v.mH)]
      }
    })

  /// `x / sums`, zero where the sum is.
  private static func quotient(_ x: Tensor, _ sums: Tensor) -> Tensor {
    let zero = sums .== 0
    return (x / sums.maskedFill(zero, 1)).maskedFill(zero, 0)
  }

  /// A (…, m, n), m ≥ n -> U (…, m, n) with orthonormal columns and H (…, n, n) Hermitian, A = U H
  static let polar = Operator(
    "linalg_polar(Tensor A) -> (Tensor U, Tensor H)", twins: .out("out", names: ["U", "H"]),
    kernel: { (a: Tensor) in
      try MatrixChecks.matrix(a, "linalg.polar")
      try floating(a, "linalg.polar")
      guard a.shape[-2] >= a.shape[-1] else {
        throw TorchError(
          .shape,
          "linalg.polar: input must have at least as many rows as columns, but got \(a.shape[-2]) by \(a.shape[-1]) matrices")
      }
      let parts = try SingularValues.linalgSvd.call(a, false, nil)
      let (values, vh) = (parts[1].unsqueeze(-1).to(a.dtype), parts[2])
      return [parts[0].matmul(vh), vh.mH.matmul(values * vh)]
    },
    derivative: { record, y, a in
      let (su, sh, isSquare) = (
        record.save(result: y[0], index: 0), record.save(result: y[1], index: 1), a.shape[-1] == a.shape[-2]
      )
      return { g in
        // Uᴴ dA = Ω H + dH with Ω = Uᴴ dU skew, in the basis where H is diagonal.
        let (u, h) = (try su.value, try sh.value)
        if u.numel == 0 { return [Tensor.zeros(like: u)] }
        let parts = Eigenvalues.eigh(h, "L")
        let (values, v) = (parts[0], parts[1])
        func inside(_ x: Tensor) -> Tensor { v.mH.matmul(x).matmul(v) }
        let (gu, gh) = (u.mH.matmul(g[0]), (g[1] + g[1].mH) * 0.5)
        let ofH = inside(gh)
        let rest = inside(gu) - ofH * values.unsqueeze(-2)
        let part = quotient(rest, values.unsqueeze(-1) + values.unsqueeze(-2))
        let middle = v.matmul(ofH + part - part.mH).matmul(v.mH)
        let result = u.matmul(middle)
        if isSquare { return [result] }
        // What dU has outside the span of U.
        let outside = g[0] - u.matmul(gu)
        return [result + LinearSystems.solveEx(h, outside, false, false)[0]]
      }
    })

  static let operators: [AnyOperator] = [matrixPower, olderPower, matrixExp, olderExp, matrixSqrth, polar]
}
