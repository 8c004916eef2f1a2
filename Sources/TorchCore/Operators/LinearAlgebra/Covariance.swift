// Covariance and correlation of variables (rows) over observations (columns).
// Reference: https://pytorch.org/docs/stable/generated/torch.cov.html

enum Covariance {
  static let cov = Operator(
    composite: "cov(Tensor self, *, int correction=1, Tensor? fweights=None, Tensor? aweights=None) -> Tensor"
  ) { (x: Tensor, correction: Int, frequencies: Tensor?, reliabilities: Tensor?) in
    guard x.ndim <= 2 else {
      throw TorchError(
        .shape, "cov(): expected input to have two or fewer dimensions but got an input with \(x.ndim) dimensions")
    }
    guard x.dtype != .bool else { throw TorchError(.notImplemented, "cov(): bool dtype is not supported for input") }
    let rows = x.ndim < 2 ? x.reshape([1, x.numel]) : x
    let count = rows.shape[1]
    for (weights, name) in [(frequencies, "fweights"), (reliabilities, "aweights")] {
      guard let weights else { continue }
      try check(weights, name, count)
    }
    let weights: Tensor?
    if let frequencies, let reliabilities { weights = frequencies * reliabilities } else { weights = frequencies ?? reliabilities }
    let total = weights?.sum() ?? Tensor.full([], .int(count))
    if let weights, weights.numel > 0, try total.detach().to(.float64).item(Double.self) == 0 {
      throw TorchError(.value, "cov(): weights sum to zero, can't be normalized")
    }
    let average = (weights.map { rows * $0 } ?? rows).sum(dim: [1]) / total
    var factor = total - Scalar.int(correction)
    if let weights, let reliabilities, correction != 0 {
      factor = total - (weights * reliabilities).sum() / total * Scalar.int(correction)
    }
    if try factor.detach().to(.float64).item(Double.self) <= 0 { factor = Tensor.zeros(like: factor) }
    let centred = rows - average.unsqueeze(1)
    let weighted = weights.map { centred * $0 } ?? centred
    // Weights of another floating type carry over.
    let dtype = DType.promote(centred.dtype, weighted.dtype)
    return (centred.to(dtype).mm(weighted.to(dtype).t().conj()) / factor).squeeze()
  }

  private static func check(_ weights: Tensor, _ name: String, _ count: Int) throws {
    guard weights.ndim <= 1 else {
      throw TorchError(
        .shape, "cov(): expected \(name) to have one or fewer dimensions but got \(name) with \(weights.ndim) dimensions")
    }
    let wantsIntegers = name == "fweights"
    guard wantsIntegers ? weights.dtype.isInteger : weights.dtype.isFloatingPoint else {
      let kind = wantsIntegers ? "integral" : "floating point"
      throw TorchError(
        .dtype, "cov(): expected \(name) to have \(kind) dtype but got \(name) with \(weights.dtype.scalarTypeName) dtype")
    }
    guard weights.numel == count else {
      throw TorchError(
        .shape,
        "cov(): expected \(name) to have the same numel as there are observations in the input but got \(weights.numel) != \(count)")
    }
    let negative = weights.numel == 0 ? false : try (weights.detach() < 0).any().item(Bool.self)
    guard !negative else {
      throw TorchError(.value, "cov(): \(name) cannot be negative")
    }
  }

  static let corrcoef = Operator(composite: "corrcoef(Tensor self) -> Tensor") { (x: Tensor) in
    guard x.ndim <= 2 else {
      throw TorchError(
        .shape, "corrcoef(): expected input to have two or fewer dimensions but got an input with \(x.ndim) dimensions")
    }
    let c = try cov.call(x, 1, nil, nil)
    if c.ndim == 0 { return c / c }
    let deviations = c.diagonal().real.sqrt()
    let y = c / deviations.unsqueeze(1) / deviations.unsqueeze(0)
    guard y.dtype.isComplex else { return y.clamp(min: -1, max: 1) }
    return UnaryFunctions.complex(y.real.clamp(min: -1, max: 1), y.imag.clamp(min: -1, max: 1))
  }

  static let operators: [AnyOperator] = [cov, corrcoef]
}
