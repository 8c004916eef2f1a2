// The singular value decomposition A = U diag(S) Vᴴ.
//
// Derivatives: J. Townsend, "Differentiating the singular value decomposition" (2016); for complex matrices
// S.-Q. Li, https://re-ra.xyz/Gauge-Problem-in-Automatic-Differentiation.
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.svd.html

enum SingularValues {
  /// A (…, m, n) -> U (…, m, k or m), S (…, k) descending, Vᴴ (…, k or n, n), with k = min(m, n)
  static let decomposition: Operator<Tensor, Bool, Bool, String?, [Tensor]> = Operator(
    "_linalg_svd(Tensor A, bool full_matrices=False, bool compute_uv=True, *, str? driver=None) -> (Tensor U, Tensor S, Tensor Vh)",
    twins: .out("U", names: ["U", "S", "Vh"]),
    kernel: { (a: Tensor, full: Bool, vectors: Bool, driver: String?) in
      try MatrixChecks.matrix(a, "linalg.svd")
      try MatrixChecks.floating(a, "linalg.svd")
      guard driver == nil else {
        throw TorchError(
          .value,
          "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend.")
      }
      try MatrixChecks.implemented(a, "linalg_svd_cpu")
      let (batch, m, n) = (a.batchShape, a.shape[-2], a.shape[-1])
      let k = Swift.min(m, n)
      let s = try Tensor.uninitialized(Shape(Array(batch) + [k]), a.dtype.realType)
      let u = vectors ? try ColumnMajor(batch, rows: m, columns: full ? m : k, a.dtype) : nil
      let vh = vectors ? try ColumnMajor(batch, rows: full ? n : k, columns: n, a.dtype) : nil
      if let u, let vh, a.numel == 0 {
        // Of no matrix at all, any orthogonal bases do.
        for basis in [u, vh] { basis.tensor.copy_(torch.eye(basis.rows, basis.columns, dtype: a.dtype)) }
      }
      let info = Tensor.verdicts(batch)
      a.backend.svd(try ColumnMajor(copying: a), s: s, u: u, vh: vh, full: full, info: info)
      // What LAPACK says of NaN differs from version to version.
      let finite = a.numel == 0 ? true : try a.isfinite().all().item(Bool.self)
      try MatrixChecks.info(finite ? info : info.fill_(1), "linalg.svd") {
        finite
          ? MatrixChecks.repeatedSingularValues($0)
          : "The algorithm failed to converge because the input matrix contained non-finite values."
      }
      guard let u, let vh else { return [Tensor.empty([0], dtype: a.dtype), s, Tensor.empty([0], dtype: a.dtype)] }
      return [u.tensor, s, vh.tensor]
    },
    derivative: { record, y, _, full, vectors, _ in
      guard vectors else {
        throw TorchError(
          .autograd,
          "linalg_svd: the derivative needs the singular vectors, which were not computed")
      }
      let (su, ss, sv) = (
        record.save(result: y[0], index: 0), record.save(result: y[1], index: 1), record.save(result: y[2], index: 2)
      )
      let k = y[1].shape[-1]
      return { g in
        // Of the full bases, what goes beyond the rank's has no derivative.
        func columns(_ x: Tensor) -> Tensor { full ? x.narrow(-1, 0, k) : x }
        func rows(_ x: Tensor) -> Tensor { full ? x.narrow(-2, 0, k) : x }
        return [
          try gradient(
            g.ifPresent(0).map(columns), g.ifPresent(1), g.ifPresent(2).map(rows), columns(try su.value), try ss.value,
            rows(try sv.value))
        ]
      }
    })

  private static func gradient(
    _ gu: Tensor?, _ gs: Tensor?, _ gvh: Tensor?, _ u: Tensor, _ s: Tensor, _ vh: Tensor
  ) throws -> Tensor? {
    if gu == nil, gvh == nil {
      guard let gs else { return nil }
      return u.shape[-2] >= vh.shape[-1]
        ? u.matmul(gs.unsqueeze(-1).to(u.dtype) * vh) : (u * gs.unsqueeze(-2).to(u.dtype)).matmul(vh)
    }
    let (m, n, k) = (u.shape[-2], vh.shape[-1], s.shape[-1])
    func skew(_ x: Tensor) -> Tensor { x - x.mH }
    let (uhgu, vhgv) = (gu.map { u.mH.matmul($0) }, gvh.map { vh.matmul($0.mH) })
    if u.dtype.isComplex { try checkPhases(uhgu, vhgv) }
    // Sⱼ² - Sᵢ², one on the diagonal.
    let squares = s * s
    let differences = (squares.unsqueeze(-2) - squares.unsqueeze(-1)).maskedFill(torch.eye(k, dtype: .bool), 1)
    var middle: Tensor?
    func add(_ part: Tensor) { middle = middle.map { $0 + part } ?? part }
    if let uhgu { add((skew(uhgu) / differences) * s.unsqueeze(-2)) }
    if let vhgv { add(s.unsqueeze(-1) * (skew(vhgv) / differences)) }
    if let gs { add(gs.to(u.dtype).diagEmbed()) }
    if u.dtype.isComplex, let uhgu, vhgv != nil { add((skew(uhgu).matrixDiagonal / (s * 2)).diagEmbed()) }
    var result = u.matmul(middle!)
    if m > k, let gu, let uhgu {
      // What U's derivative has outside the span of U.
      result = result + (gu - u.matmul(uhgu)) / s.unsqueeze(-2)
    }
    result = result.matmul(vh)
    if n > k, let gvh, let vhgv {
      result = result + u.matmul((gvh - vhgv.mH.matmul(vh)) / s.unsqueeze(-1))
    }
    return result
  }

  /// A loss must not depend on the phases of the singular vectors.
  private static func checkPhases(_ uhgu: Tensor?, _ vhgv: Tensor?) throws {
    let parts = [uhgu, vhgv].compactMap { $0?.detach().matrixDiagonal }
    let imaginary = (parts.count == 2 ? parts[0] + parts[1] : parts[0]).imag
    guard try (imaginary.abs() > 1e-2).any().item(Bool.self) == false else {
      throw TorchError(
        .autograd,
        "svd_backward: The singular vectors in the complex case are specified up to multiplication by e^{i phi}. The specified loss function depends on this phase term, making it ill-defined.")
    }
  }

  // MARK: Faces

  static let linalgSvd: Operator<Tensor, Bool, String?, [Tensor]> = Operator(
    composite:
      "linalg_svd(Tensor A, bool full_matrices=True, *, str? driver=None) -> (Tensor U, Tensor S, Tensor Vh)",
    twins: .out("U", names: ["U", "S", "Vh"])
  ) { (a: Tensor, full: Bool, driver: String?) in try decomposition.call(a, full, true, driver) }

  /// The vectors are needed for the derivative alone.
  static let svdvals = Operator(
    composite: "linalg_svdvals(Tensor A, *, str? driver=None) -> Tensor", twins: .out
  ) { (a: Tensor, driver: String?) in
    try decomposition.call(a, false, a.requiresGrad && Modes.current.recordsGradients, driver)[1]
  }

  private static let olderSvd = Operator(
    composite: "svd(Tensor self, bool some=True, bool compute_uv=True) -> (Tensor U, Tensor S, Tensor V)",
    twins: .out("U", names: ["U", "S", "V"])
  ) { (a: Tensor, some: Bool, vectors: Bool) in
    guard a.ndim >= 2 else {
      throw TorchError(.shape, "linalg.svd: input should have at least 2 dimensions, but has \(a.ndim) dimensions instead")
    }
    if vectors {
      let found = try decomposition.call(a, !some, true, nil)
      return [found[0], found[1], found[2].mH]
    }
    let (batch, m, n) = (Array(a.batchShape), a.shape[-2], a.shape[-1])
    return [
      Tensor.zeros(Shape(batch + [m, m]), dtype: a.dtype), try svdvals.call(a, nil),
      Tensor.zeros(Shape(batch + [n, n]), dtype: a.dtype),
    ]
  }

  static let operators: [AnyOperator] = [decomposition, linalgSvd, svdvals, olderSvd]
}
