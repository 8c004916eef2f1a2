// Eigenvalues and eigenvectors, of Hermitian matrices and of any.
//
// Derivatives: M. Giles, "An extended collection of matrix derivative results" (2008); C. Boeddeker et al., "On the
// computation of complex-valued gradients with application to statistically optimum beamforming" (2017).
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.eigh.html

enum Eigenvalues {
  // MARK: Hermitian matrices

  /// A (…, n, n), of which one triangle is read -> values (…, n) ascending and vectors (…, n, n)
  static let hermitian = Operator(
    "_linalg_eigh(Tensor A, str UPLO=\"L\", bool compute_v=True) -> (Tensor eigenvalues, Tensor eigenvectors)",
    twins: .out("eigenvalues", names: ["eigenvalues", "eigenvectors"]),
    kernel: { (a: Tensor, triangle: String, vectors: Bool) in
      try MatrixChecks.square(a, "linalg.eigh")
      let letter = triangle.uppercased()
      guard letter == "L" || letter == "U" else {
        throw TorchError(.value, "Expected UPLO argument to be 'L' or 'U', but got \(triangle)")
      }
      try MatrixChecks.implemented(a, "linalg_eigh_cpu")
      let values = try Tensor.uninitialized(Shape(a.shape.dropLast()), a.dtype.realType)
      let (matrix, info) = (try ColumnMajor(copying: a), Tensor.verdicts(a.batchShape))
      a.backend.eigh(matrix, values: values, upper: letter == "U", vectors: vectors, info: info)
      try MatrixChecks.info(info, "linalg.eigh", MatrixChecks.repeatedEigenvalues)
      return [values, vectors ? matrix.tensor : Tensor.empty([0], dtype: a.dtype)]
    },
    derivative: { record, y, _, _, vectors in
      guard vectors else {
        throw TorchError(.autograd, "linalg_eigh: the derivative needs the eigenvectors, which were not computed")
      }
      let (sl, sv) = (record.save(result: y[0], index: 0), record.save(result: y[1], index: 1))
      return { g in [try hermitianGradient(g.ifPresent(0), g.ifPresent(1), try sl.value, try sv.value)] }
    })

  private static func hermitianGradient(_ gl: Tensor?, _ gv: Tensor?, _ l: Tensor, _ v: Tensor) throws -> Tensor? {
    guard let gv else { return gl.map { (v * $0.unsqueeze(-2).to(v.dtype)).matmul(v.mH) } }
    let vhgv = v.mH.matmul(gv)
    if v.dtype.isComplex { try checkPhases(vhgv, "linalg_eigh_backward") }
    let skew = (vhgv - vhgv.mH) * 0.5
    return v.matmul(divided(skew, l, gl?.to(v.dtype))).matmul(v.mH)
  }

  /// `x` over the differences of the eigenvalues, with `diagonal` on its diagonal.
  private static func divided(_ x: Tensor, _ l: Tensor, _ diagonal: Tensor?) -> Tensor {
    let identity = torch.eye(l.shape[-1], dtype: .bool)
    let differences = (l.unsqueeze(-2) - l.unsqueeze(-1)).conj().maskedFill(identity, 1)
    let outside = (x / differences).maskedFill(identity, 0)
    return diagonal.map { outside + $0.diagEmbed() } ?? outside
  }

  /// A loss must not depend on the phases of the eigenvectors.
  private static func checkPhases(_ vhgv: Tensor, _ name: String) throws {
    let imaginary = vhgv.detach().matrixDiagonal.imag.abs()
    guard try (imaginary > 1e-2).any().item(Bool.self) == false else {
      throw TorchError(
        .autograd,
        "\(name): The eigenvectors in the complex case are specified up to multiplication by e^{i phi}. The specified loss function depends on this quantity, so it is ill-defined.")
    }
  }

  static let eigh = Operator(
    composite: "linalg_eigh(Tensor self, str UPLO=\"L\") -> (Tensor eigenvalues, Tensor eigenvectors)",
    twins: .out("eigvals", names: ["eigvals", "eigvecs"])
  ) { (a: Tensor, triangle: String) in try hermitian.call(a, triangle, true) }

  /// The vectors are needed for the derivative alone.
  static let eigvalsh = Operator(
    composite: "linalg_eigvalsh(Tensor self, str UPLO=\"L\") -> Tensor", twins: .out
  ) { (a: Tensor, triangle: String) in
    try hermitian.call(a, triangle, a.requiresGrad && Modes.current.recordsGradients)[0]
  }

  // MARK: Any square matrices

  /// Complex values (…, n) and, if wanted, vectors (…, n, n) of unit norm; outside the graph.
  private static func decomposed(_ a: Tensor, vectors: Bool, _ name: String) throws -> (values: Tensor, vectors: Tensor?) {
    try MatrixChecks.square(a, name)
    guard a.dtype.isDifferentiable else {
      throw TorchError(.dtype, "Unknown Complex ScalarType for \(a.dtype.scalarTypeName)")
    }
    try MatrixChecks.implemented(a, "linalg_eig_out_cpu")
    let finite = a.numel == 0 ? true : try a.isfinite().all().item(Bool.self)
    guard finite else {
      throw TorchError(.value, "torch.linalg.eig: input tensor should not contain infs or NaNs.")
    }
    let (batch, n, isReal) = (Array(a.batchShape), a.shape[-1], !a.dtype.isComplex)
    // A real matrix's eigenvalues come as real parts and imaginary parts.
    let values = try Tensor.uninitialized(Shape(batch + (isReal ? [2 * n] : [n])), a.dtype)
    let basis = vectors ? try ColumnMajor(a.batchShape, rows: n, columns: n, a.dtype) : nil
    let info = Tensor.verdicts(a.batchShape)
    a.backend.eig(try ColumnMajor(copying: a), values: values, vectors: basis, info: info)
    try MatrixChecks.info(info, "linalg.eig", MatrixChecks.repeatedEigenvalues)
    guard isReal else { return (values, basis?.tensor) }
    let imaginary = values.narrow(-1, n, n)
    return (UnaryFunctions.complex(values.narrow(-1, 0, n), imaginary), basis.map { complexVectors($0.tensor, imaginary) })
  }

  /// The eigenvectors of a real matrix from LAPACK's form: a conjugate pair's real and imaginary parts are two columns.
  private static func complexVectors(_ columns: Tensor, _ imaginary: Tensor) -> Tensor {
    let n = columns.shape[-1]
    if columns.numel == 0 { return columns.to(columns.dtype.complexType) }
    let (first, second) = ((imaginary > 0).unsqueeze(-2), (imaginary < 0).unsqueeze(-2))
    let (next, previous) = (columns.roll([n - 1], [-1]), columns.roll([1], [-1]))
    let real = torch.where(second, previous, columns)
    let unsigned = torch.where(first, next, torch.where(second, -columns, Tensor.zeros(like: columns)))
    return UnaryFunctions.complex(real, unsigned)
  }

  /// A (…, n, n) -> complex eigenvalues (…, n) and eigenvectors (…, n, n), in no order
  static let eig = Operator(
    "linalg_eig(Tensor self) -> (Tensor eigenvalues, Tensor eigenvectors)",
    twins: .out("out", names: ["eigenvalues", "eigenvectors"]),
    kernel: { (a: Tensor) in
      let found = try decomposed(a, vectors: true, "linalg.eig")
      return [found.values, found.vectors!]
    },
    derivative: { record, y, a in
      let (sl, sv, isReal) = (record.save(result: y[0], index: 0), record.save(result: y[1], index: 1), !a.dtype.isComplex)
      return { g in
        let gradient = try generalGradient(g.ifPresent(0), g.ifPresent(1), try sl.value, try sv.value)
        return [isReal ? gradient?.real : gradient]
      }
    })

  private static func generalGradient(_ gl: Tensor?, _ gv: Tensor?, _ l: Tensor, _ v: Tensor) throws -> Tensor? {
    guard gl != nil || gv != nil else { return nil }
    let middle: Tensor
    if let gv {
      let vhgv = v.mH.matmul(gv)
      try checkPhases(vhgv, "linalg_eig_backward")
      // Onto the tangent space of the matrices with columns of unit norm.
      let projected = vhgv - v.mH.matmul(v * vhgv.matrixDiagonal.real.unsqueeze(-2).to(v.dtype))
      middle = divided(projected, l, gl)
    } else {
      middle = gl!.diagEmbed()
    }
    return LinearSystems.solveEx(v.mH, middle.matmul(v.mH), true, false)[0]
  }

  static let eigvals = Operator(composite: "linalg_eigvals(Tensor self) -> Tensor", twins: .out) { (a: Tensor) in
    if a.requiresGrad, Modes.current.recordsGradients {
      try MatrixChecks.square(a, "linalg.eigvals")
      return try eig.call(a)[0]
    }
    return try decomposed(a, vectors: false, "linalg.eigvals").values
  }

  static let operators: [AnyOperator] = [hermitian, eigh, eigvalsh, eig, eigvals]
}
