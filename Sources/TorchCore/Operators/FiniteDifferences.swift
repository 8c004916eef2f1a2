// `gradient`: numerical derivatives of sampled functions by second-order differences.
// Reference: https://pytorch.org/docs/stable/generated/torch.gradient.html

enum FiniteDifferences {
  /// How far the samples along a dimension are apart: equally, or at given places.
  private enum Spacing {
    case step(Scalar)
    case places(Tensor)
  }

  private static func check(_ x: Tensor, spacings: Int?, _ dims: [Int]?, _ order: Int) throws -> [Int] {
    guard x.dtype != .uint8 else {
      throw TorchError(.notImplemented, "torch.gradient does not support uint8 input.")
    }
    if let spacings, dims == nil, spacings != x.ndim {
      throw TorchError(
        .value,
        "torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to 'self.dim() = \(x.ndim)', since dim argument was not given, but got a list of length \(spacings)")
    }
    if let spacings, let dims, spacings != dims.count {
      throw TorchError(
        .value,
        "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the same length, but got a spacing argument of length \(spacings) and a dim argument of length \(dims.count).")
    }
    guard order == 1 || order == 2 else {
      throw TorchError(.value, "torch.gradient only supports edge_order=1 and edge_order=2.")
    }
    let dims = try dims.map { try x.shape.normalized(dims: $0) } ?? Array(0..<x.ndim)
    for dim in dims where x.shape[dim] < order + 1 {
      throw TorchError(.shape, "torch.gradient expected each dimension size to be at least edge_order+1")
    }
    return dims
  }

  private static func gradient(_ x: Tensor, _ dim: Int, step: Scalar, _ order: Int) -> Tensor {
    let n = x.shape[dim]
    func at(_ index: Int) -> Tensor { x.narrow(dim, index < 0 ? index + n : index, 1) }
    let first: Tensor
    let last: Tensor
    if order == 1 {
      first = (at(1) - at(0)) / step
      last = (at(-1) - at(-2)) / step
    } else {
      let (near, middle, far) = (at(0) * -1.5, at(1) * 2, at(2) * 0.5)
      first = (near + middle - far) / step
      let (start, centre, end) = (at(-3) * 0.5, at(-2) * 2, at(-1) * 1.5)
      last = (start - centre + end) / step
    }
    let inner = (x.slice(dim: dim, start: 2) - x.slice(dim: dim, start: 0, end: n - 2)) / step / 2
    return torch.cat([first, inner, last], dim: dim)
  }

  private static func gradient(_ x: Tensor, _ dim: Int, places: Tensor, _ order: Int) throws -> Tensor {
    guard places.ndim == 1 else {
      throw TorchError(
        .shape,
        "torch.gradient expected each element of spacing to have one dimension, but got an element with \(places.ndim) dimensions!")
    }
    let n = x.shape[dim]
    func at(_ index: Int) -> Tensor { x.narrow(dim, index < 0 ? index + n : index, 1) }
    let distances = places.narrow(0, 1, places.numel - 1) - places.narrow(0, 0, places.numel - 1)
    let count = distances.numel
    func distance(_ index: Int) -> Tensor { distances.select(0, index) }
    let (d1, d2) = (distances.narrow(0, 0, count - 1), distances.narrow(0, 1, count - 1))
    func along(_ weights: Tensor) -> Tensor {
      var sizes = [Int](repeating: 1, count: x.ndim)
      sizes[dim] = -1
      return weights.reshape(sizes)
    }
    let a = along(-d2 / (d1 * (d1 + d2))), b = along((d2 - d1) / (d1 * d2)), c = along(d1 / (d2 * (d1 + d2)))
    let left = a * x.narrow(dim, 0, n - 2), centre = b * x.narrow(dim, 1, n - 2), right = c * x.narrow(dim, 2, n - 2)
    let inner = left + centre + right
    if order == 1 {
      let first = (at(1) - at(0)) / distance(0), last = (at(-1) - at(-2)) / distance(-1)
      return torch.cat([first, inner, last], dim: dim)
    }
    func edge(_ a: Tensor, _ b: Tensor, _ c: Tensor, _ start: Int) -> Tensor {
      let sum = a * at(start) + b * at(start + 1)
      return sum + c * at(start + 2)
    }
    let (p1, p2, q1, q2) = (distance(0), distance(1), distance(-2), distance(-1))
    let first = edge(
      -(p1 * 2 + p2) / (p1 * (p1 + p2)), (p1 + p2) / (p1 * p2), -p1 / (p2 * (p1 + p2)), 0)
    let last = edge(
      q2 / (q1 * (q1 + q2)), -(q2 + q1) / (q1 * q2), (q2 * 2 + q1) / (q2 * (q1 + q2)), n - 3)
    return torch.cat([first, inner, last], dim: dim)
  }

  private static func gradients(
    _ x: Tensor, _ spacings: [Spacing]?, one: Scalar = 1, _ dims: [Int]?, _ order: Int
  ) throws -> [Tensor] {
    let dims = try check(x, spacings: spacings?.count, dims, order)
    return try dims.enumerated().map { i, dim in
      switch spacings?[i] ?? .step(one) {
      case .step(let step): gradient(x, dim, step: step, order)
      case .places(let places): try gradient(x, dim, places: places, order)
      }
    }
  }

  static let scalarint = Operator(
    composite: "gradient.scalarint(Tensor self, *, Scalar? spacing=None, int? dim=None, int edge_order=1) -> Tensor[]"
  ) { (x: Tensor, spacing: Scalar?, dim: Int?, order: Int) -> [Tensor] in
    try gradients(x, nil, one: spacing ?? 1, dim.map { [$0] }, order)
  }
  static let scalararray = Operator(
    composite: "gradient.scalararray(Tensor self, *, Scalar spacing, int[] dim, int edge_order=1) -> Tensor[]"
  ) { (x: Tensor, spacing: Scalar, dims: [Int], order: Int) -> [Tensor] in
    try gradients(x, nil, one: spacing, dims, order)
  }
  static let array = Operator(composite: "gradient.array(Tensor self, *, int[] dim, int edge_order=1) -> Tensor[]") {
    (x: Tensor, dims: [Int], order: Int) -> [Tensor] in try gradients(x, nil, dims, order)
  }
  static let scalarrayint = Operator(
    composite: "gradient.scalarrayint(Tensor self, *, Scalar[] spacing, int? dim=None, int edge_order=1) -> Tensor[]"
  ) { (x: Tensor, spacing: [Scalar], dim: Int?, order: Int) -> [Tensor] in
    try gradients(x, spacing.map { .step($0) }, dim.map { [$0] }, order)
  }
  static let scalarrayarray = Operator(
    composite: "gradient.scalarrayarray(Tensor self, *, Scalar[] spacing, int[] dim, int edge_order=1) -> Tensor[]"
  ) { (x: Tensor, spacing: [Scalar], dims: [Int], order: Int) -> [Tensor] in
    try gradients(x, spacing.map { .step($0) }, dims, order)
  }
  static let tensorarrayint = Operator(
    composite: "gradient.tensorarrayint(Tensor self, *, Tensor[] spacing, int? dim=None, int edge_order=1) -> Tensor[]"
  ) { (x: Tensor, spacing: [Tensor], dim: Int?, order: Int) -> [Tensor] in
    try gradients(x, spacing.map { .places($0) }, dim.map { [$0] }, order)
  }
  static let tensorarray = Operator(
    composite: "gradient.tensorarray(Tensor self, *, Tensor[] spacing, int[] dim, int edge_order=1) -> Tensor[]"
  ) { (x: Tensor, spacing: [Tensor], dims: [Int], order: Int) -> [Tensor] in
    try gradients(x, spacing.map { .places($0) }, dims, order)
  }

  static let operators: [AnyOperator] = [
    scalarint, scalararray, array, scalarrayint, scalarrayarray, tensorarrayint, tensorarray,
  ]
}

extension torch {
  /// The derivatives of a function along each of `dim` from its samples, `spacing` apart: central differences inside,
  /// one-sided ones of order `edgeOrder` at the ends.
  ///
  /// ```swift
  /// print(torch.gradient(Tensor([1.0, 4.0, 9.0, 16.0]))[0])   // tensor([3., 4., 6., 7.])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.gradient.html
  public static func gradient(_ x: Tensor, spacing: Scalar = 1, dim: [Int]? = nil, edgeOrder: Int = 1) -> [Tensor] {
    FiniteDifferences.scalararray(x, spacing, dim ?? Array(0..<x.ndim), edgeOrder)
  }

  /// The same, with the places of the samples along each dimension.
  public static func gradient(_ x: Tensor, spacing: [Tensor], dim: [Int]? = nil, edgeOrder: Int = 1) -> [Tensor] {
    FiniteDifferences.tensorarray(x, spacing, dim ?? Array(0..<x.ndim), edgeOrder)
  }
}
