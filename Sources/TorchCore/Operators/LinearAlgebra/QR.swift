// The QR decomposition A = Q R, and Householder reflectors.
//
// Derivatives: M. Roberts, L. Roberts, "QR and LQ decomposition matrix backpropagation algorithms for square, wide, and
// deep matrices" (2020).
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.qr.html

enum QR {
  /// A (…, m, n) -> Q (…, m, k) and R (…, k, n) with k = min(m, n), or m where `mode` is "complete"
  static let qr = Operator(
    "linalg_qr(Tensor A, str mode=\"reduced\") -> (Tensor Q, Tensor R)", twins: .out("out", names: ["Q", "R"]),
    kernel: { (a: Tensor, mode: String) in
      try MatrixChecks.matrix(a, "linalg.qr")
      try MatrixChecks.floating(a, "linalg.qr")
      let (wantsQ, complete) = try parsed(mode)
      try MatrixChecks.implemented(a, "geqrf_cpu")
      let (m, n, batch) = (a.shape[-2], a.shape[-1], a.batchShape)
      let k = complete ? m : Swift.min(m, n)
      let (factor, tau) = try reflectors(a)
      let r = factor.tensor.narrow(-2, 0, Swift.min(m, n)).triu()
      let upper = k == r.shape[-2] ? r : r.constantPadND([0, 0, 0, k - r.shape[-2]])
      guard wantsQ else { return [Tensor.empty([0], dtype: a.dtype), upper] }
      let q = try ColumnMajor(batch, rows: m, columns: k, a.dtype)
      if a.numel == 0 {
        q.tensor.copy_(torch.eye(m, k, dtype: a.dtype))
      } else {
        let kept = Swift.min(n, k)
        q.tensor.narrow(-1, 0, kept).copy_(factor.tensor.narrow(-1, 0, kept))
        a.backend.householderProduct(q, tau: tau)
      }
      return [q.tensor, upper]
    },
    derivative: { record, y, a, mode in
      let (wantsQ, complete) = try parsed(mode)
      let (m, n) = (a.shape[-2], a.shape[-1])
      let (sq, sr) = (record.save(result: y[0], index: 0), record.save(result: y[1], index: 1))
      return { g in
        guard wantsQ else {
          throw TorchError(
            .autograd,
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use torch.linalg.qr(A, mode='reduced') if you are going to require gradients")
        }
        guard !complete || m <= n else {
          throw TorchError(
            .autograd, "The QR decomposition is not differentiable when mode='complete' and nrows > ncols.")
        }
        return [gradient(g.ifPresent(0), g.ifPresent(1), try sq.value, try sr.value)]
      }
    })

  private static func parsed(_ mode: String) throws -> (wantsQ: Bool, complete: Bool) {
    switch mode {
    case "reduced": return (true, false)
    case "complete": return (true, true)
    case "r": return (false, false)
    default:
      throw TorchError(
        .value,
        "qr received unrecognized mode '\(mode)' but expected one of 'reduced' (default), 'r', or 'complete'")
    }
  }

  private static func gradient(_ gq: Tensor?, _ gr: Tensor?, _ q: Tensor, _ r: Tensor) -> Tensor? {
    guard gq != nil || gr != nil else { return nil }
    let (m, n) = (q.shape[-2], r.shape[-1])
    if m >= n {
      // [gQ + Q S] R⁻ᴴ, S Hermitian with the upper triangle of gR Rᴴ - Qᴴ gQ.
      var part: Tensor?
      if let gr { part = gr.matmul(r.mH) }
      if let gq { part = part.map { $0 - q.mH.matmul(gq) } ?? -(q.mH.matmul(gq)) }
      let upper = part!.triu()
      let symmetric = upper + upper.mH - upper.matrixDiagonal.real.to(upper.dtype).diagEmbed()
      let inside = q.matmul(symmetric)
      return TriangularSolve.solve(r.mH, gq.map { $0 + inside } ?? inside, upper: false, left: false)
    }
    // Q [T R₁⁻ᴴ, 0] + Q gR, T skew with the lower triangle of Qᴴ gQ - gR Rᴴ.
    var part: Tensor?
    if let gq { part = q.mH.matmul(gq) }
    if let gr { part = part.map { $0 - gr.matmul(r.mH) } ?? -(gr.matmul(r.mH)) }
    let difference = part! - part!.mH
    let half = difference.tril() - difference.matrixDiagonal.diagEmbed() * 0.5
    let square = TriangularSolve.solve(r.narrow(-1, 0, m).mH, half, upper: false, left: false)
    let whole = square.constantPadND([0, n - m])
    return q.matmul(gr.map { whole + $0 } ?? whole)
  }

  // MARK: Reflectors

  /// The reflectors of `a` below R, and their factors; outside the graph.
  private static func reflectors(_ a: Tensor) throws -> (factor: ColumnMajor, tau: Tensor) {
    let factor = try ColumnMajor(copying: a)
    let k = Swift.min(a.shape[-1], a.shape[-2])
    let tau = Tensor.zeros(Shape(Array(a.batchShape) + [k]), dtype: a.dtype)
    a.backend.householder(factor, tau: tau)
    return (factor, tau)
  }

  static let geqrf = Operator(
    underivable: "geqrf(Tensor self) -> (Tensor a, Tensor tau)", twins: .out("a", names: ["a", "tau"]),
    kernel: { (a: Tensor) in
      guard a.ndim >= 2 else { throw TorchError(.shape, "torch.geqrf: input must have at least 2 dimensions.") }
      try MatrixChecks.implemented(a, "geqrf_cpu")
      let (factor, tau) = try reflectors(a)
      return [factor.tensor, tau]
    })

  private static func checkReflectors(_ a: Tensor, _ tau: Tensor, _ name: String) throws {
    guard a.ndim - tau.ndim == 1 else {
      throw TorchError(
        .shape,
        "\(name): Expected tau to have one dimension less than input, but got tau.ndim equal to \(tau.ndim) and input.ndim is equal to \(a.ndim)")
    }
    guard Array(a.batchShape) == Array(tau.shape.dropLast()) else {
      throw TorchError(
        .shape,
        "\(name): Expected batch dimensions of tau to be equal to input.shape[:-2], but got \(tau.shape.listDescription)")
    }
  }

  /// Reflector `i` of `a` as a column (…, m, 1): zeros, a one, and what stands below the diagonal.
  private static func reflector(_ a: Tensor, _ i: Int) -> Tensor {
    let m = a.shape[-2]
    let one = torch.zeros(Shape([m, 1]), dtype: a.dtype)
    one.narrow(0, i, 1).fill_(1)
    return a.narrow(-1, i, 1).tril(-i - 1) + one
  }

  /// `x` after the reflection I - τ v vᴴ, or its adjoint.
  private static func reflected(_ x: Tensor, _ a: Tensor, _ tau: Tensor, _ i: Int, left: Bool, adjoint: Bool) -> Tensor {
    let v = reflector(a, i)
    let factor = tau.narrow(-1, i, 1).unsqueeze(-1)
    let scaled = v * (adjoint ? factor.conj() : factor)
    return left ? x - scaled.matmul(v.mH.matmul(x)) : x - x.matmul(scaled).matmul(v.mH)
  }

  /// input (…, m, n), tau (…, k) -> the first n columns of H₁ H₂ … H_k (…, m, n)
  static let householderProduct = Operator(
    fused: "linalg_householder_product(Tensor input, Tensor tau) -> Tensor", twins: .out,
    kernel: { (a: Tensor, tau: Tensor) in
      let name = "torch.linalg.householder_product"
      guard a.ndim >= 2 else { throw TorchError(.shape, "\(name): input must have at least 2 dimensions.") }
      guard a.shape[-2] >= a.shape[-1] else {
        throw TorchError(.shape, "\(name): input.shape[-2] must be greater than or equal to input.shape[-1]")
      }
      guard tau.ndim == 0 || a.shape[-1] >= tau.shape[-1] else {
        throw TorchError(.shape, "\(name): input.shape[-1] must be greater than or equal to tau.shape[-1]")
      }
      try checkReflectors(a, tau, name)
      guard a.dtype == tau.dtype else {
        throw TorchError(
          .dtype, "\(name): tau dtype \(tau.dtype.scalarTypeName) does not match input dtype \(a.dtype.scalarTypeName)")
      }
      try MatrixChecks.implemented(a, "orgqr_cpu")
      let product = try ColumnMajor(copying: a)
      a.backend.householderProduct(product, tau: try tau.rowMajor())
      return product.tensor
    },
    reference: { (a: Tensor, tau: Tensor) in
      let (m, n) = (a.shape[-2], a.shape[-1])
      var q = torch.eye(m, n, dtype: a.dtype).expand(Array(a.shape))
      for i in (0..<tau.shape[-1]).reversed() { q = reflected(q, a, tau, i, left: true, adjoint: false) }
      return q
    })

  private static let orgqr = Operator(composite: "orgqr(Tensor self, Tensor input2) -> Tensor", twins: .out) {
    (a: Tensor, tau: Tensor) in try householderProduct.call(a, tau)
  }

  /// input (…, m, k), tau (…, min(m, k)), other (…, p, q) -> Q other, Qᴴ other, other Q or other Qᴴ
  static let ormqr = Operator(
    fused: "ormqr(Tensor self, Tensor input2, Tensor input3, bool left=True, bool transpose=False) -> Tensor",
    twins: .out,
    kernel: { (a: Tensor, tau: Tensor, other: Tensor, left: Bool, adjoint: Bool) in
      let name = "torch.ormqr"
      for (x, what) in [(a, "input"), (other, "other")] where x.ndim < 2 {
        throw TorchError(.shape, "\(name): \(what) must have at least 2 dimensions.")
      }
      let side = left ? -2 : -1
      guard other.shape[side] == a.shape[-2] else {
        throw TorchError(.shape, "\(name): other.shape[\(side)] must be equal to input.shape[-2]")
      }
      guard tau.ndim > 0, tau.shape[-1] == Swift.min(other.shape[side], a.shape[-1]) else {
        throw TorchError(
          .shape, "\(name): tau.shape[-1] must be equal to min(other.shape[\(side)], input.shape[-1])")
      }
      try checkReflectors(a, tau, name)
      guard a.ndim == other.ndim else {
        throw TorchError(
          .shape,
          "\(name): Expected other to have the same number of dimensions as input, but got other.ndim equal to \(other.ndim) and input.ndim is equal to \(a.ndim)")
      }
      guard a.batchShape == other.batchShape else {
        throw TorchError(
          .shape,
          "\(name): Expected batch dimensions of other to be equal to input.shape[:-2], but got \(other.batchShape.listDescription)")
      }
      for (x, what) in [(tau, "tau"), (other, "other")] where x.dtype != a.dtype {
        throw TorchError(
          .dtype,
          "\(name): Expected input and \(what) to have the same dtype, but input has dtype\(a.dtype.scalarTypeName) and \(what) has dtype \(x.dtype.scalarTypeName)")
      }
      try MatrixChecks.implemented(a, "ormqr_cpu")
      let result = try ColumnMajor(copying: other)
      a.backend.householderMultiply(
        try ColumnMajor(reading: a), tau: try tau.rowMajor(), into: result, left: left, adjoint: adjoint)
      return result.tensor
    },
    reference: { (a: Tensor, tau: Tensor, other: Tensor, left: Bool, adjoint: Bool) in
      // Q = H₁ H₂ … H_k: from the left the last one acts first, and so for Qᴴ from the right.
      let order = Array(0..<tau.shape[-1])
      var x = other
      for i in left != adjoint ? order.reversed() : order { x = reflected(x, a, tau, i, left: left, adjoint: adjoint) }
      return x
    })

  static let operators: [AnyOperator] = [qr, geqrf, householderProduct, orgqr, ormqr]
}
