// Chains of matrices, multiplied in the order that takes the fewest operations.
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.multi_dot.html

enum MatrixChains {
  /// The ends may be vectors.
  static let multiDot = Operator(composite: "linalg_multi_dot(Tensor[] tensors) -> Tensor", twins: .out) {
    (tensors: [Tensor]) in
    func error(_ kind: TorchError.Kind, _ text: String) -> TorchError { TorchError(kind, "multi_dot(): \(text)") }
    guard tensors.count >= 2 else {
      throw error(.value, "expected at least 2 tensors but got \(tensors.count)")
    }
    let (first, last) = (tensors[0], tensors[tensors.count - 1])
    for (x, what) in [(first, "first"), (last, "last")] where !(1...2).contains(x.ndim) {
      throw error(.shape, "the \(what) tensor must be 1D or 2D but got \(x.ndim)D")
    }
    for (i, x) in tensors.enumerated() {
      guard i == 0 || i == tensors.count - 1 || x.ndim == 2 else {
        throw error(.shape, "tensor \(i) must be 2D but got \(x.ndim)D")
      }
      guard x.dtype == first.dtype else {
        throw error(
          .dtype, "all tensors must have be the same dtype but tensor 0 is \(first.dtype.cName) and tensor \(i) \(x.dtype.cName)")
      }
    }
    var chain = tensors
    if first.ndim == 1 { chain[0] = first.unsqueeze(0) }
    if last.ndim == 1 { chain[chain.count - 1] = last.unsqueeze(-1) }
    for i in 1..<chain.count where chain[i].shape[0] != chain[i - 1].shape[1] {
      throw error(
        .shape,
        "tensors \(i - 1) and \(i) with shapes \(chain[i - 1].shape.listDescription) and \(chain[i].shape.listDescription) cannot be multiplied")
    }
    var result = product(chain)
    if first.ndim == 1 { result = result.squeeze(0) }
    return last.ndim == 1 ? result.squeeze(-1) : result
  }

  /// T. Cormen et al., "Introduction to algorithms", section 15.2.
  private static func product(_ chain: [Tensor]) -> Tensor {
    let n = chain.count
    let sizes = [chain[0].shape[0]] + chain.map { $0.shape[1] }
    var cost = Array(repeating: Array(repeating: 0, count: n), count: n)
    var cut = cost
    for length in 1..<n {
      for i in 0..<(n - length) {
        let j = i + length
        var best = Int.max
        for k in i..<j {
          let own = sizes[i] * sizes[k + 1] * sizes[j + 1]
          let sum = cost[i][k] + cost[k + 1][j] + own
          if sum < best { (best, cut[i][j]) = (sum, k) }
        }
        cost[i][j] = best
      }
    }
    func multiplied(_ i: Int, _ j: Int) -> Tensor {
      i == j ? chain[i] : Matmul.mm(multiplied(i, cut[i][j]), multiplied(cut[i][j] + 1, j))
    }
    return multiplied(0, n - 1)
  }

  static let chainMatmul = Operator(composite: "chain_matmul(Tensor[] matrices) -> Tensor", twins: .out) {
    (matrices: [Tensor]) in
    for x in matrices where x.ndim != 2 {
      throw TorchError(.shape, "Tensor dimension is \(x.ndim), expected 2 instead.")
    }
    guard let first = matrices.first else { throw TorchError(.value, "chain_matmul(): Expected one or more matrices") }
    return matrices.count == 1 ? first : try multiDot.call(matrices)
  }

  static let operators: [AnyOperator] = [multiDot, chainMatmul]
}
