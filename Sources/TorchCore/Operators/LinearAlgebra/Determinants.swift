// Determinants, by the LU decomposition.
//
// The derivative at a singular matrix is its adjugate, by the singular value decomposition
// (N. Higham, https://nhigham.com/2020/06/16/what-is-the-adjugate-of-a-matrix). PyTorch has it so for second derivatives
// alone; its first derivative there is zero.
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.det.html

enum Determinants {
  /// -1 where the exchanges of rows are odd in number, else 1.
  private static func parity(_ pivots: Tensor, _ dtype: DType) -> Tensor {
    let places = torch.arange(1, .int(pivots.shape[-1] + 1), dtype: .int32)
    let odd = (pivots .!= places).sum(dim: [-1]) % 2
    return 1 - 2 * odd.to(dtype)
  }

  /// (…, n, n) -> determinants (…), LU factors and pivots
  static let detWithFactors: Operator<Tensor, [Tensor]> = Operator(
    "_linalg_det(Tensor A) -> (Tensor result, Tensor LU, Tensor pivots)",
    twins: .out("result", names: ["result", "LU", "pivots"]),
    kernel: { (a: Tensor) in
      try MatrixChecks.square(a, "linalg.det")
      try MatrixChecks.floating(a, "linalg.det")
      let found = try LU.factored(a)
      let product = found.factors.matrixDiagonal.prod(dim: -1)
      return [product * parity(found.pivots, a.dtype), found.factors, found.pivots]
    },
    derivative: { record, y, a in
      record.attachOnly(1)
      let (sa, sy, factors, pivots) = (record.save(a), record.save(result: y[0]), y[1].alias(), y[2])
      return { g in
        let (a, det) = (try sa.value, try sy.value)
        if a.numel == 0 { return [Tensor.zeros(like: a)] }
        // A matrix of one element is its determinant.
        if a.shape[-1] == 1 { return [g[0].reshape(Array(a.shape))] }
        let isSingular = try (det.detach() .== 0).any().item(Bool.self)
        if isSingular || Modes.current.contains(.createGraph) { return [try differentiableGradient(g[0], a, det)] }
        // g det̄ A⁻ᴴ
        let right = (g[0] * det.conj()).unsqueeze(-1).expand(Array(a.shape.dropLast())).diagEmbed()
        return [LU.luSolve(factors, pivots, right, true, true)]
      }
    })

  private static func differentiableGradient(_ g: Tensor, _ a: Tensor, _ det: Tensor) throws -> Tensor {
    let singular = det.detach() .== 0
    func regular(_ a: Tensor) -> Tensor {
      let right = (g * det.conj()).unsqueeze(-1).expand(Array(a.shape.dropLast())).diagEmbed()
      return LinearSystems.solveEx(a.mH, right, true, false)[0]
    }
    func adjugate(_ a: Tensor) -> Tensor {
      let parts = SingularValues.linalgSvd(a, true, nil)
      let (u, s, vh) = (parts[0], parts[1], parts[2])
      let phase = (det_(u) * det_(vh)).conj() * g
      // The product of the other singular values, for each.
      let n = s.shape[-1]
      let others = s.unsqueeze(-2).expand(Array(s.shape) + [n])
        .maskedFill(torch.eye(n, dtype: .bool), 1).prod(dim: -1)
      return (u * (phase.unsqueeze(-1) * others).unsqueeze(-2)).matmul(vh)
    }
    if try singular.any().item(Bool.self) == false { return regular(a) }
    if try singular.all().item(Bool.self) { return adjugate(a) }
    // Both kinds in a batch: each formula sees harmless matrices in the other's places.
    let (n, mask) = (a.shape[-1], singular.unsqueeze(-1).unsqueeze(-1))
    let harmless = torch.arange(1, .int(n + 1), dtype: a.dtype).diagEmbed()
    return torch.where(mask, adjugate(torch.where(mask, a, harmless)), regular(torch.where(mask, harmless, a)))
  }

  private static func det_(_ a: Tensor) -> Tensor { detWithFactors(a)[0] }

  static let linalgDet = Operator(composite: "linalg_det(Tensor A) -> Tensor", twins: .out) { (a: Tensor) in
    try detWithFactors.call(a)[0]
  }
  private static let olderDet = Operator(composite: "det(Tensor self) -> Tensor") { (a: Tensor) in
    try detWithFactors.call(a)[0]
  }

  // MARK: Signs and logarithms

  static let slogdetWithFactors: Operator<Tensor, [Tensor]> = Operator(
    "_linalg_slogdet(Tensor A) -> (Tensor sign, Tensor logabsdet, Tensor LU, Tensor pivots)",
    twins: .out("sign", names: ["sign", "logabsdet", "LU", "pivots"]),
    kernel: { (a: Tensor) in
      try MatrixChecks.square(a, "linalg.slogdet")
      try MatrixChecks.floating(a, "linalg.slogdet")
      let found = try LU.factored(a)
      let diagonal = found.factors.matrixDiagonal
      let sign = diagonal.sgn().prod(dim: -1) * parity(found.pivots, a.dtype)
      return [sign, diagonal.abs().log().sum(dim: [-1]), found.factors, found.pivots]
    },
    derivative: { record, y, a in
      record.attachOnly(2)
      let (sa, factors, pivots) = (record.save(a), y[2].alias(), y[3])
      let sign = a.dtype.isComplex ? record.save(result: y[0]) : nil
      return { g in
        let a = try sa.value
        if a.numel == 0 { return [Tensor.zeros(like: a)] }
        var factor = g[1].to(a.dtype)
        // Of a complex determinant the phase moves too: d sign = i sign Im tr(A⁻¹ dA).
        if let sign = try sign?.value, let gs = g.ifPresent(0) {
          factor = factor - (gs.conj() * sign).imag.to(a.dtype) * Scalar.complex(.init(0, 1))
        }
        let right = factor.unsqueeze(-1).expand(Array(a.shape.dropLast())).diagEmbed()
        if Modes.current.contains(.createGraph) { return [LinearSystems.solveEx(a.mH, right, true, false)[0]] }
        return [LU.luSolve(factors, pivots, right, true, true)]
      }
    })

  static let linalgSlogdet = Operator(
    composite: "linalg_slogdet(Tensor A) -> (Tensor sign, Tensor logabsdet)",
    twins: .out("out", names: ["sign", "logabsdet"])
  ) { (a: Tensor) in Array(try slogdetWithFactors.call(a).prefix(2)) }
  private static let olderSlogdet = Operator(
    composite: "slogdet(Tensor self) -> (Tensor sign, Tensor logabsdet)",
    twins: .out("out", names: ["sign", "logabsdet"])
  ) { (a: Tensor) in Array(try slogdetWithFactors.call(a).prefix(2)) }

  static let logdet = Operator(composite: "logdet(Tensor self) -> Tensor") { (a: Tensor) in
    try MatrixChecks.square(a, "logdet")
    try MatrixChecks.floating(a, "logdet")
    let found = try slogdetWithFactors.call(a)
    if a.dtype.isComplex { return found[0].log() + found[1] }
    return torch.where(found[0] .== -1, .double(.nan), found[1])
  }

  static let operators: [AnyOperator] = [
    detWithFactors, linalgDet, olderDet, slogdetWithFactors, linalgSlogdet, olderSlogdet, logdet,
  ]
}
