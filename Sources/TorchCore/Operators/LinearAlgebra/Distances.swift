// Distances between the rows of matrices, in p-norms.
// Reference: https://pytorch.org/docs/stable/generated/torch.cdist.html

enum Distances {
  // MARK: Two matrices

  /// x1 (…, p, m), x2 (…, r, m) -> (…, p, r)
  static let cdist = Operator(
    composite: "cdist(Tensor x1, Tensor x2, float p=2., int? compute_mode=None) -> Tensor"
  ) { (a: Tensor, b: Tensor, p: Double, mode: Int?) in
    for (x, name) in [(a, "X1"), (b, "X2")] where x.ndim < 2 {
      throw TorchError(.shape, "cdist only supports at least 2D tensors, \(name) got: \(x.ndim)D")
    }
    guard a.shape[-1] == b.shape[-1] else {
      throw TorchError(
        .shape, "X1 and X2 must have the same number of columns. X1: \(a.shape[-1]) X2: \(b.shape[-1])")
    }
    guard (0...2).contains(mode ?? 0) else { throw TorchError(.value, "possible modes: 0, 1, 2, but was: \(mode!)") }
    try check(a, b, p)
    let (rows, others) = (a.shape[-2], b.shape[-2])
    // Where there are many rows, a product of matrices is faster, if less exact.
    if p == 2, mode == 1 || (mode != 2 && (rows > 25 || others > 25)), a.numel > 0, b.numel > 0 { return byProducts(a, b) }
    return try forward.call(a, b, p, mode)
  }

  private static func check(_ a: Tensor, _ b: Tensor, _ p: Double) throws {
    for (x, name) in [(a, "X1"), (b, "X2")] where !x.dtype.isFloatingPoint {
      throw TorchError(.dtype, "cdist only supports floating-point dtypes, \(name) got: \(x.dtype.scalarTypeName)")
    }
    for (x, name) in [(a, "X1"), (b, "X2")] where x.ndim < 2 {
      throw TorchError(.shape, "cdist only supports at least 2D tensors, \(name) got: \(x.ndim)D")
    }
    guard a.shape[-1] == b.shape[-1] else {
      throw TorchError(
        .shape, "X1 and X2 must have the same number of columns. X1: \(a.shape[-1]) X2: \(b.shape[-1])")
    }
    guard p >= 0 else { throw TorchError(.value, "cdist only supports non-negative p values") }
    guard a.dtype == b.dtype else {
      throw TorchError(.dtype, "expected scalar type \(a.dtype.scalarTypeName) but found \(b.dtype.scalarTypeName)")
    }
    guard a.dtype == .float32 || a.dtype == .float64 else {
      throw TorchError(.notImplemented, "\"cdist\" not implemented for '\(a.dtype.scalarTypeName)'")
    }
  }

  /// |a|² + |b|² - 2 a·b, and its root where it is not zero.
  private static func byProducts(_ a: Tensor, _ b: Tensor) -> Tensor {
    let (squaresA, squaresB) = (a.square().sum(dim: [-1], keepdim: true), b.square().sum(dim: [-1], keepdim: true))
    let squares = (squaresA + squaresB.mT - a.matmul(b.mT) * 2).clamp(min: 0)
    let zero = squares .== 0
    return squares.maskedFill(zero, 1).sqrt().maskedFill(zero, 0)
  }

  static let forward: Operator<Tensor, Tensor, Double, Int?, Tensor> = Operator(
    "_cdist_forward(Tensor x1, Tensor x2, float p, int? compute_mode) -> Tensor",
    kernel: { (a: Tensor, b: Tensor, p: Double, _: Int?) in
      try check(a, b, p)
      let batch = try Shape.broadcast(a.batchShape, b.batchShape)
      let (rows, others, m) = (a.shape[-2], b.shape[-2], a.shape[-1])
      let sizes = Array(batch) + [rows, others]
      if m == 0 || Shape(sizes).numel == 0 { return Tensor.zeros(Shape(sizes), dtype: a.dtype) }
      // Some rows at a time, so that the differences stay small.
      let step = Swift.max(1, (1 << 22) / (batch.numel * others * m))
      let right = b.unsqueeze(-3)
      let parts = stride(from: 0, to: rows, by: step).map { start in
        let left = a.narrow(-2, start, Swift.min(step, rows - start)).unsqueeze(-2)
        return MoreReductions.vectorNorm(left - right, .double(p), [-1], false, nil)
      }
      return parts.count == 1 ? parts[0] : torch.cat(parts, dim: -2)
    },
    derivative: { record, y, a, b, p, _ in
      let (sa, sb, sy) = (record.save(a), record.save(b), record.save(result: y))
      return { g in
        let (a, b, y) = (try sa.value, try sb.value, try sy.value)
        return [
          g.needs(0) ? backward(g[0], a, b, p, y) : nil, g.needs(1) ? backward(g[0].mT, b, a, p, y.mT) : nil,
        ]
      }
    })

  /// The gradient of x1.
  static let backward: Operator<Tensor, Tensor, Tensor, Double, Tensor, Tensor> = Operator(
    composite: "_cdist_backward(Tensor grad_output, Tensor x1, Tensor x2, float p, Tensor cdist) -> Tensor", twins: .out
  ) { (g: Tensor, a: Tensor, b: Tensor, p: Double, distances: Tensor) in
    let differences = a.unsqueeze(-2) - b.unsqueeze(-3)
    if differences.numel == 0 {
      return Tensor.zeros(Shape(Array(try Shape.broadcast(a.batchShape, b.batchShape)) + a.shape.suffix(2)), dtype: a.dtype)
    }
    return slope(g.unsqueeze(-1), differences, p, distances.unsqueeze(-1)).sum(dim: [-2])
  }

  /// The gradient of each difference, of which `distance` is the norm.
  private static func slope(_ g: Tensor, _ difference: Tensor, _ p: Double, _ distance: Tensor) -> Tensor {
    if p == 0 { return difference * 0 * g }
    if p == 1 { return difference.sign() * g }
    let size = difference.abs()
    if p.isInfinite { return difference.sign() * g * (size .== distance).to(g.dtype) }
    let zero = distance .== 0
    let safe = distance.maskedFill(zero, 1)
    if p == 2 { return difference * (g / safe).maskedFill(zero, 0) }
    let scale = (g / safe.pow(p - 1)).maskedFill(zero, 0)
    if p > 2 { return difference * size.pow(p - 2) * scale }
    let power = size.maskedFill(size .== 0, 1).pow(p - 1)
    return difference.sign() * power * scale
  }

  // MARK: One matrix

  /// x (n, m) -> the n (n - 1) / 2 distances between rows i < j
  static let pdist = Operator(composite: "pdist(Tensor self, float p=2.) -> Tensor") { (x: Tensor, p: Double) in
    guard x.ndim == 2 else { throw TorchError(.shape, "pdist only supports 2D tensors, got: \(x.ndim)D") }
    guard x.dtype.isFloatingPoint else { throw TorchError(.dtype, "pdist only supports floating-point dtypes") }
    guard p >= 0 else { throw TorchError(.value, "pdist only supports non-negative p values") }
    return try pairsForward.call(x, p)
  }

  /// The rows i < j, pair by pair.
  private static func pairs(_ n: Int) throws -> (first: Tensor, second: Tensor) {
    var (first, second): ([Int64], [Int64]) = ([], [])
    for i in 0..<Swift.max(n, 1) {
      for j in (i + 1)..<Swift.max(n, i + 1) {
        first.append(Int64(i))
        second.append(Int64(j))
      }
    }
    return (try Tensor.from(first, shape: [first.count]), try Tensor.from(second, shape: [second.count]))
  }

  static let pairsForward: Operator<Tensor, Double, Tensor> = Operator(
    "_pdist_forward(Tensor self, float p=2.) -> Tensor",
    kernel: { (x: Tensor, p: Double) in
      guard x.dtype == .float32 || x.dtype == .float64 else {
        throw TorchError(.notImplemented, "\"pdist\" not implemented for '\(x.dtype.scalarTypeName)'")
      }
      guard x.ndim == 2 else {
        throw TorchError(.shape, "pdist only supports 2D tensors, got: \(x.ndim)D")
      }
      let (first, second) = try pairs(x.shape[0])
      if first.numel == 0 || x.shape[1] == 0 { return Tensor.zeros(first.shape, dtype: x.dtype) }
      let differences = x.indexSelect(0, first) - x.indexSelect(0, second)
      return MoreReductions.vectorNorm(differences, .double(p), [-1], false, nil)
    },
    derivative: { record, y, x, p in
      let (sx, sy) = (record.save(x), record.save(result: y))
      return { g in [pairsBackward(g[0], try sx.value, p, try sy.value)] }
    })

  static let pairsBackward: Operator<Tensor, Tensor, Double, Tensor, Tensor> = Operator(
    composite: "_pdist_backward(Tensor grad_output, Tensor self, float p, Tensor pdist) -> Tensor", twins: .out
  ) { (g: Tensor, x: Tensor, p: Double, distances: Tensor) in
    let (first, second) = try pairs(x.shape[0])
    let nothing = Tensor.zeros(x.shape, dtype: x.dtype)
    if first.numel == 0 || x.shape[1] == 0 { return nothing }
    let differences = x.indexSelect(0, first) - x.indexSelect(0, second)
    let part = slope(g.unsqueeze(-1), differences, p, distances.unsqueeze(-1))
    return nothing.indexAdd(0, first, part).indexAdd(0, second, -part)
  }

  static let operators: [AnyOperator] = [cdist, forward, backward, pdist, pairsForward, pairsBackward]
}
