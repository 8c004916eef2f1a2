// Least squares, pseudo-inverses and ranks.
//
// Derivative of the pseudo-inverse: G. H. Golub, V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least
// squares problems whose variables separate" (1973).
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.lstsq.html

enum LeastSquares {
  // MARK: Least squares

  /// A (…, m, n), B (…, m, k) or (…, m) -> solution (…, n, k) or (…, n), residuals (…, k), rank (…), singular values
  static let lstsq = Operator(
    "linalg_lstsq(Tensor self, Tensor b, float? rcond=None, *, str? driver=None) -> (Tensor solution, Tensor residuals, Tensor rank, Tensor singular_values)",
    twins: .out("out", names: ["solution", "residuals", "rank", "singular_values"]),
    kernel: { (a: Tensor, b: Tensor, rcond: Double?, driverName: String?) in
      let name = "torch.linalg.lstsq"
      guard a.ndim >= 2 else { throw TorchError(.shape, "\(name): input must have at least 2 dimensions.") }
      guard b.ndim >= 1 else { throw TorchError(.shape, "\(name): other must have at least 1 dimension.") }
      guard a.dtype == b.dtype else {
        throw TorchError(
          .dtype,
          "\(name): Expected input and other to have the same dtype, but got input's dtype \(a.dtype.scalarTypeName) and other's dtype \(b.dtype.scalarTypeName)")
      }
      guard (0...1).contains(a.ndim - b.ndim) else {
        throw TorchError(
          .shape,
          "\(name): input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1")
      }
      let vector = LinearSystems.isVector(b, for: a)
      guard a.shape[-2] == b.shape[vector || b.ndim < a.ndim ? -1 : -2] else {
        throw TorchError(
          .shape, "\(name): input.size(-2) should match other.size(\(b.ndim < a.ndim ? -1 : -2))")
      }
      let epsilon = try Ranks.epsilon(a.dtype)
      guard let driver = LeastSquaresDriver(rawValue: driverName ?? "gelsy") else {
        throw TorchError(.value, "\(name): parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
      }
      let columns = vector ? b.unsqueeze(-1) : b
      let (m, n) = (a.shape[-2], a.shape[-1])
      let batch = try Shape.broadcast(a.batchShape, columns.batchShape)
      let (sizes, real) = (Array(batch), a.dtype.realType)
      let rank = driver == .gels ? nil : Tensor.zeros(batch, dtype: .int64)
      let values = driver == .gelsd || driver == .gelss ? Tensor.zeros(Shape(sizes + [Swift.min(m, n)]), dtype: real) : nil
      // B has room for the longer of B and X.
      let x = try ColumnMajor(batch, rows: Swift.max(m, n), columns: columns.shape[-1], a.dtype)
      x.memory.zero_()
      x.tensor.narrow(-2, 0, m).copy_(columns)
      let info = Tensor.verdicts(batch)
      try a.backend.leastSquares(
        try ColumnMajor(copying: try a.spreadMatrices(over: batch)), x, driver,
        rcond: rcond ?? epsilon * Double(Swift.max(m, n)), rank: rank, singularValues: values, info: info)
      try MatrixChecks.info(info, name, MatrixChecks.rankDeficient)
      let solution = x.tensor.narrow(-2, 0, n)
      // The residuals are known where the matrices have full rank and there is more to fit than to choose.
      var known = m > n && driver != .gelsy
      if known, let rank, rank.numel > 0 { known = try (rank .== n).all().item(Bool.self) }
      let residuals = known
        ? x.tensor.narrow(-2, n, m - n).abs().square().sum(dim: [-2]) : Tensor.empty([0], dtype: real)
      return [
        vector ? try LinearSystems.withoutColumns(solution) : try solution.packed(), residuals,
        rank ?? Tensor.empty([0], dtype: .int64), values ?? Tensor.empty([0], dtype: real),
      ]
    },
    derivative: { record, y, a, b, _, _ in
      record.attachOnly(2)
      let vector = LinearSystems.isVector(b, for: a)
      let (sa, sb, sx) = (record.save(a), record.save(b), record.save(result: y[0]))
      let hasResiduals = y[1].numel > 0
      return { g in
        func columns(_ x: Tensor) -> Tensor { vector ? x.unsqueeze(-1) : x }
        let (a, b, x) = (try sa.value, columns(try sb.value), columns(try sx.value))
        var (ga, gb): (Tensor?, Tensor?)
        if let gx = g.ifPresent(0).map(columns) {
          let inverse = PseudoInverse.pinv(a, nil, nil, false)
          ga = PseudoInverse.gradient(gx.matmul(b.mH), inverse, a)
          gb = inverse.mH.matmul(gx)
        }
        if hasResiduals, let gr = g.ifPresent(1) {
          let rest = (a.matmul(x) - b) * (gr.unsqueeze(-2) * 2)
          let part = rest.matmul(x.mH)
          ga = ga.map { $0 + part } ?? part
          gb = gb.map { $0 - rest } ?? -rest
        }
        return [ga, vector ? gb?.squeeze(-1) : gb]
      }
    })

  static let operators: [AnyOperator] = [lstsq]
}

// MARK: - Pseudo-inverses

enum PseudoInverse {
  /// (…, m, n) -> (…, n, m). Singular values up to max(atol, rtol · σ₁) count as zero.
  static let pinv: Operator<Tensor, Tensor?, Tensor?, Bool, Tensor> = Operator(
    "linalg_pinv.atol_rtol_tensor(Tensor self, *, Tensor? atol=None, Tensor? rtol=None, bool hermitian=False) -> Tensor",
    twins: .out("atol_rtol_tensor_out"),
    kernel: { (a: Tensor, atol: Tensor?, rtol: Tensor?, hermitian: Bool) in
      try check(a)
      let tolerance = try Ranks.Tolerance(a, atol, rtol, "torch.linalg.pinv")
      if a.numel == 0 {
        return Tensor.zeros(Shape(Array(a.batchShape) + [a.shape[-1], a.shape[-2]]), dtype: a.dtype)
      }
      if hermitian {
        let parts = try Eigenvalues.eigh.call(a, "L")
        let inverse = tolerance.inverted(parts[0], greatest: parts[0].abs().amax(dim: [-1], keepdim: true))
        return parts[1].matmul(inverse.unsqueeze(-1).to(a.dtype) * parts[1].mH)
      }
      let parts = try SingularValues.linalgSvd.call(a, false, nil)
      let inverse = tolerance.inverted(parts[1], greatest: parts[1].narrow(-1, 0, 1))
      return parts[2].mH.matmul(inverse.unsqueeze(-1).to(a.dtype) * parts[0].mH)
    },
    derivative: { record, y, a, _, _, _ in
      let (sa, sy) = (record.save(a), record.save(result: y))
      return { g in [gradient(g[0], try sy.value, try sa.value), nil, nil] }
    })

  private static func check(_ a: Tensor) throws {
    guard a.ndim >= 2 else {
      throw TorchError(
        .shape,
        "linalg.pinv(\(a.dtype.scalarTypeName){\(a.shape.listDescription)}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble types")
    }
  }

  static func gradient(_ g: Tensor, _ inverse: Tensor, _ a: Tensor) -> Tensor {
    let (m, n) = (a.shape[-2], a.shape[-1])
    let (inverseH, gh) = (inverse.mH, g.mH)
    if m <= n {
      let k = gh.matmul(inverse)
      let kInverseH = k.matmul(inverseH)
      let first = kInverseH - inverse.matmul(k).mH
      let second = a.matmul(inverse).matmul(kInverseH)
      return first - second + inverseH.matmul(inverse).matmul(gh - k.matmul(a))
    }
    let k = inverse.matmul(gh)
    let inverseHK = inverseH.matmul(k)
    let first = inverseHK - k.matmul(inverse).mH
    let second = inverseHK.matmul(inverse).matmul(a)
    return first - second + (gh - a.matmul(k)).matmul(inverse).matmul(inverseH)
  }

  static let pinvFloat = Operator(
    composite: "linalg_pinv.atol_rtol_float(Tensor self, *, float? atol=None, float? rtol=None, bool hermitian=False) -> Tensor",
    twins: .out("atol_rtol_float_out")
  ) { (a: Tensor, atol: Double?, rtol: Double?, hermitian: Bool) in
    try pinv.call(a, atol.map(Ranks.number), rtol.map(Ranks.number), hermitian)
  }

  private static let older: [AnyOperator] = [
    Operator(composite: "linalg_pinv(Tensor self, float rcond, bool hermitian=False) -> Tensor", twins: .out) {
      (a: Tensor, rcond: Double, hermitian: Bool) in
      try pinv.call(a, Ranks.number(0), Ranks.number(rcond), hermitian)
    },
    Operator(
      composite: "linalg_pinv.rcond_tensor(Tensor self, Tensor rcond, bool hermitian=False) -> Tensor",
      twins: .out("out_rcond_tensor")
    ) { (a: Tensor, rcond: Tensor, hermitian: Bool) in try pinv.call(a, Tensor.zeros(like: rcond), rcond, hermitian) },
    Operator(composite: "pinverse(Tensor self, float rcond=1.0000000000000001e-15) -> Tensor") {
      (a: Tensor, rcond: Double) in try pinv.call(a, Ranks.number(0), Ranks.number(rcond), false)
    },
  ]

  static let operators: [AnyOperator] = [pinv, pinvFloat] + older
}

// MARK: - Ranks

enum Ranks {
  static func number(_ value: Double) -> Tensor { Tensor.full([], .double(value), dtype: .float64) }

  static func epsilon(_ dtype: DType) throws -> Double {
    switch dtype.realType {
    case .float32: return Double(Float.ulpOfOne)
    case .float64: return Double.ulpOfOne
    default: throw TorchError(.dtype, "This function doesn't handle types other than float and double")
    }
  }

  /// How small a singular value must be to count as zero.
  struct Tolerance {
    private let absolute: Tensor
    private let relative: Tensor

    init(_ a: Tensor, _ atol: Tensor?, _ rtol: Tensor?, _ name: String) throws {
      for (tensor, what) in [(atol, "atol"), (rtol, "rtol")] {
        guard let tensor, tensor.dtype.isComplex else { continue }
        throw TorchError(
          .dtype, "\(name): \(what) tensor of complex type is not supported. Got \(tensor.dtype.scalarTypeName)")
      }
      let usual = number(try Ranks.epsilon(a.dtype) * Double(Swift.max(a.shape[-1], a.shape[-2])))
      absolute = atol ?? number(0)
      // An absolute tolerance by itself is enough.
      relative = rtol ?? atol.map { torch.where($0 > 0, number(0), usual) } ?? usual
    }

    /// For singular values whose greatest is `greatest` (…, 1).
    func limit(greatest: Tensor) -> Tensor {
      absolute.to(.float64).unsqueeze(-1).maximum(relative.to(.float64).unsqueeze(-1) * greatest.to(.float64)).to(greatest.dtype)
    }

    /// One over the values (…, k), zero for those that count as zero.
    func inverted(_ values: Tensor, greatest: Tensor) -> Tensor {
      torch.where(values.abs() > limit(greatest: greatest), values.reciprocal(), Tensor.zeros(like: values))
    }
  }

  static let matrixRank = Operator(
    "linalg_matrix_rank.atol_rtol_tensor(Tensor input, *, Tensor? atol=None, Tensor? rtol=None, bool hermitian=False) -> Tensor",
    twins: .out("atol_rtol_tensor_out"),
    kernel: { (a: Tensor, atol: Tensor?, rtol: Tensor?, hermitian: Bool) in
      try MatrixChecks.matrix(a, "torch.linalg.matrix_rank", "input")
      let tolerance = try Tolerance(a, atol, rtol, "torch.linalg.matrix_rank")
      let shapes = try [atol, rtol].compactMap { $0?.shape }.reduce(a.batchShape) { try Shape.broadcast($0, $1) }
      if a.numel == 0 { return Tensor.zeros(shapes, dtype: .int64) }
      let values = hermitian
        ? try Eigenvalues.eigvalsh.call(a, "L").abs() : try SingularValues.svdvals.call(a, nil)
      let limit = tolerance.limit(greatest: values.amax(dim: [-1], keepdim: true))
      return (values > limit).sum(dim: [-1])
    })

  private static let others: [AnyOperator] = [
    Operator(
      composite:
        "linalg_matrix_rank.atol_rtol_float(Tensor self, *, float? atol=None, float? rtol=None, bool hermitian=False) -> Tensor",
      twins: .out("atol_rtol_float_out")
    ) { (a: Tensor, atol: Double?, rtol: Double?, hermitian: Bool) in
      try matrixRank.call(a, atol.map(number), rtol.map(number), hermitian)
    },
    Operator(composite: "linalg_matrix_rank(Tensor self, float tol, bool hermitian=False) -> Tensor", twins: .out) {
      (a: Tensor, tol: Double, hermitian: Bool) in try matrixRank.call(a, number(tol), number(0), hermitian)
    },
    Operator(
      composite: "linalg_matrix_rank.tol_tensor(Tensor input, Tensor tol, bool hermitian=False) -> Tensor",
      twins: .out("out_tol_tensor")
    ) { (a: Tensor, tol: Tensor, hermitian: Bool) in try matrixRank.call(a, tol, Tensor.zeros(like: tol), hermitian) },
  ]

  static let operators: [AnyOperator] = [matrixRank] + others
}
