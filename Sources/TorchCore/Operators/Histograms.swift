// Histograms of any number of dimensions, by bin edges or by counts of equal bins.
// Reference: https://pytorch.org/docs/stable/generated/torch.histogramdd.html

enum Histograms {
  private static func check(_ x: Tensor, dimensions: Int, _ weight: Tensor?) throws {
    guard x.ndim >= 2 else {
      throw TorchError(.shape, "torch.histogramdd: input tensor should have at least 2 dimensions")
    }
    guard dimensions == x.shape[-1] else {
      throw TorchError(
        .shape,
        "torch.histogramdd: expected \(x.shape[-1]) sequences of bin edges for a \(x.shape[-1])-dimensional histogram but got \(dimensions)")
    }
    guard x.dtype == .float32 || x.dtype == .float64 else {
      throw TorchError(.notImplemented, "\"histogramdd\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
    guard let weight else { return }
    guard weight.dtype == x.dtype else {
      throw TorchError(
        .dtype,
        "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same dtype, but got input(\(x.dtype.cName)), and weight(\(weight.dtype.cName))")
    }
    guard Array(weight.shape) == Array(x.shape.dropLast()) else {
      throw TorchError(
        .shape,
        "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor excluding its innermost dimension, but got input with shape \(x.shape.listDescription) and weight with shape \(weight.shape.listDescription)")
    }
  }

  private static func check(edges: [Tensor], _ x: Tensor) throws {
    for (dim, edge) in edges.enumerated() {
      guard edge.dtype == x.dtype else {
        throw TorchError(
          .dtype,
          "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype \(x.dtype.cName) and bins for dimension \(dim) with dtype \(edge.dtype.cName)")
      }
      guard edge.ndim == 1 else {
        throw TorchError(
          .shape,
          "torch.histogramdd: bins tensor should have one dimension, but got \(edge.ndim) dimensions in the bins tensor for dimension \(dim)")
      }
      guard edge.numel > 0 else {
        throw TorchError(
          .shape,
          "torch.histogramdd: bins tensor should have at least 1 element, but got 0 elements in the bins tensor for dimension \(dim)")
      }
    }
  }

  /// The outermost edges of each dimension: given, or those of the data.
  private static func bounds(_ x: Tensor, _ range: [Double]?) throws -> [(low: Double, high: Double)] {
    let n = x.shape[-1]
    let points = x.reshape([-1, n])
    var bounds: [(low: Double, high: Double)]
    if let range {
      guard range.count == 2 * n else {
        throw TorchError(
          .value,
          "torch.histogramdd: for a \(n)-dimensional histogram range should have \(2 * n) elements, but got \(range.count)")
      }
      bounds = (0..<n).map { (range[2 * $0], range[2 * $0 + 1]) }
    } else if x.numel == 0 {
      bounds = Array(repeating: (0, 1), count: n)
    } else {
      let (low, high) = (try points.amin(dim: [0]).toArray(Double.self), try points.amax(dim: [0]).toArray(Double.self))
      bounds = Array(zip(low, high)).map { ($0, $1) }
    }
    for (dim, bound) in bounds.enumerated() {
      let (low, high) = (Random.plain(bound.low), Random.plain(bound.high))
      guard bound.low.isFinite, bound.high.isFinite else {
        throw TorchError(.value, "torch.histogramdd: dimension \(dim)'s range [\(low), \(high)] is not finite")
      }
      guard bound.low <= bound.high else {
        throw TorchError(
          .value,
          "torch.histogramdd: min should not exceed max, but got min \(low) max \(high) for dimension \(dim)")
      }
      if bound.low == bound.high { bounds[dim] = (bound.low - 0.5, bound.high + 0.5) }
    }
    return bounds
  }

  private static func edges(_ x: Tensor, _ counts: [Int], _ range: [Double]?) throws -> [Tensor] {
    for (dim, count) in counts.enumerated() where count <= 0 {
      throw TorchError(.value, "torch.histogram(): bins must be > 0, but got \(count) for dimension \(dim)")
    }
    return zip(try bounds(x, range), counts).map {
      Tensor.linspace(.double($0.low), .double($0.high), steps: $1 + 1, dtype: x.dtype)
    }
  }

  /// The bin of each point along one dimension, -1 outside: (points).
  private static func bins(_ values: Tensor, _ edges: Tensor, equal: Bool) throws -> Tensor {
    let count = edges.numel - 1
    let (low, high) = (edges.select(0, 0), edges.select(0, count))
    let outside = ((values >= low) .& (values <= high)).logicalNot()
    let found: Tensor
    if equal {
      // As PyTorch does for equal bins: by proportion, not by comparison with the edges.
      let share = (values - low) * count / (high - low)
      found = share.maskedFill(outside, 0).to(.int64)
    } else {
      found = Searching.searchsorted(edges, values, false, true, nil, nil) - 1
    }
    // The last bin includes its upper edge.
    return found.clamp(max: .int(count - 1)).maskedFill(outside, -1)
  }

  /// Counts, or sums of weights, of points (…, n) in the cells that the edges of n dimensions make.
  private static func histogram(
    _ x: Tensor, _ edges: [Tensor], _ weight: Tensor?, density: Bool, equal: Bool
  ) throws -> Tensor {
    let sizes = edges.map { $0.numel - 1 }
    let points = x.reshape([-1, x.shape[-1]])
    let cells = sizes.reduce(1, *)
    var cell = Tensor.zeros([points.shape[0]], dtype: .int64)
    var outside = Tensor.zeros([points.shape[0]], dtype: .bool)
    if cells > 0 {
      for (dim, edge) in edges.enumerated() {
        let bin = try bins(points.select(1, dim).contiguous(), edge.contiguous(), equal: equal)
        outside = outside .| (bin < 0)
        cell = cell * sizes[dim] + bin
      }
      cell = cell.maskedFill(outside, .int(cells))
    }
    // Points outside are counted in a cell of their own, which is left out.
    let ones = weight?.reshape([-1]) ?? Tensor.ones([points.shape[0]], dtype: x.dtype)
    var counts = Tensor.zeros([cells + 1], dtype: x.dtype).indexAdd(0, cell, ones).narrow(0, 0, cells).reshape(sizes)
    if density {
      counts = counts / counts.sum()
      for (dim, edge) in edges.enumerated() {
        var shape = [Int](repeating: 1, count: sizes.count)
        shape[dim] = -1
        counts = counts / (edge.slice(start: 1) - edge.slice(end: edge.numel - 1)).reshape(shape)
      }
    }
    return counts.contiguous()
  }

  // MARK: One dimension

  static let binsTensor = Operator(
    underivable:
      "histogram.bins_tensor(Tensor self, Tensor bins, *, Tensor? weight=None, bool density=False) -> (Tensor hist, Tensor bin_edges)",
    twins: .out("bins_tensor_out", names: ["hist", "bin_edges"]),
    kernel: { (x: Tensor, bins: Tensor, weight: Tensor?, density: Bool) -> [Tensor] in
      let points = x.reshape([-1, 1])
      try check(points, dimensions: 1, try flat(weight, x))
      try check(edges: [bins], points)
      return [try histogram(points, [bins], weight, density: density, equal: false), bins.clone()]
    })

  static let binCount = Operator(
    underivable:
      "histogram.bin_ct(Tensor self, int bins=100, *, float[]? range=None, Tensor? weight=None, bool density=False) -> (Tensor hist, Tensor bin_edges)",
    twins: .out("bin_ct_out", names: ["hist", "bin_edges"]),
    kernel: { (x: Tensor, count: Int, range: [Double]?, weight: Tensor?, density: Bool) -> [Tensor] in
      let points = x.reshape([-1, 1])
      try check(points, dimensions: 1, try flat(weight, x))
      let edges = try edges(points, [count], range)
      return [try histogram(points, edges, weight, density: density, equal: false), edges[0]]
    })

  private static func flat(_ weight: Tensor?, _ x: Tensor) throws -> Tensor? { weight.map { $0.reshape([-1]) } }

  // MARK: Several dimensions

  private static func byCounts(
    _ x: Tensor, _ counts: [Int], _ range: [Double]?, _ weight: Tensor?, _ density: Bool
  ) throws -> [Tensor] {
    guard x.ndim < 2 || counts.count == x.shape[-1] else {
      throw TorchError(.shape, "histogramdd: The size of bins must be equal to the innermost dimension of the input.")
    }
    try check(x, dimensions: counts.count, weight)
    let edges = try edges(x, counts, range)
    return [try histogram(x, edges, weight, density: density, equal: true)] + edges
  }

  static let fromCounts = Operator(
    "_histogramdd_from_bin_cts(Tensor self, int[] bins, *, float[]? range=None, Tensor? weight=None, bool density=False) -> Tensor",
    kernel: { (x: Tensor, counts: [Int], range: [Double]?, weight: Tensor?, density: Bool) in
      try byCounts(x, counts, range, weight, density)[0]
    })

  static let edgesOfCounts = Operator(
    "_histogramdd_bin_edges(Tensor self, int[] bins, *, float[]? range=None, Tensor? weight=None, bool density=False) -> Tensor[]",
    twins: .none,
    kernel: { (x: Tensor, counts: [Int], range: [Double]?, weight: Tensor?, density: Bool) -> [Tensor] in
      try check(x, dimensions: counts.count, weight)
      return try edges(x, counts, range)
    })

  static let fromEdges = Operator(
    "_histogramdd_from_bin_tensors(Tensor self, Tensor[] bins, *, Tensor? weight=None, bool density=False) -> Tensor",
    kernel: { (x: Tensor, edges: [Tensor], weight: Tensor?, density: Bool) in
      try check(x, dimensions: edges.count, weight)
      try check(edges: edges, x)
      return try histogram(x, edges, weight, density: density, equal: false)
    })

  private static let results = "(Tensor hist, Tensor[] bin_edges)"

  static let counts = Operator(
    composite:
      "histogramdd(Tensor self, int[] bins, float[]? range=None, Tensor? weight=None, bool density=False) -> \(results)"
  ) { (x: Tensor, counts: [Int], range: [Double]?, weight: Tensor?, density: Bool) -> HistogramParts in
    let all = try byCounts(x, counts, range, weight, density)
    return HistogramParts(hist: all[0], edges: Array(all.dropFirst()))
  }

  static let count = Operator(
    composite:
      "histogramdd.int_bins(Tensor self, int bins, float[]? range=None, Tensor? weight=None, bool density=False) -> \(results)"
  ) { (x: Tensor, count: Int, range: [Double]?, weight: Tensor?, density: Bool) -> HistogramParts in
    let counts = Array(repeating: count, count: x.shape.last ?? 1)
    let all = try byCounts(x, counts, range, weight, density)
    return HistogramParts(hist: all[0], edges: Array(all.dropFirst()))
  }

  static let edges = Operator(
    composite:
      "histogramdd.TensorList_bins(Tensor self, Tensor[] bins, float[]? range=None, Tensor? weight=None, bool density=False) -> \(results)"
  ) { (x: Tensor, edges: [Tensor], _: [Double]?, weight: Tensor?, density: Bool) -> HistogramParts in
    HistogramParts(hist: fromEdges(x, edges, weight, density), edges: edges)
  }

  static let operators: [AnyOperator] = [
    binsTensor, binCount, fromCounts, edgesOfCounts, fromEdges, counts, count, edges,
  ]
}

/// A histogram and the edges of its bins, one tensor a dimension.
struct HistogramParts: OperatorResult {
  let hist: Tensor
  let edges: [Tensor]

  static func matches(returns: [String]) -> Bool { returns == ["Tensor", "Tensor[]"] }
  static func invalid(_ error: TorchError, returns: [String]) -> HistogramParts? {
    HistogramParts(hist: .invalid(error), edges: [])
  }
  func boxedResults(returns: [String]) -> [Value] { [.tensor(hist), .tensors(edges)] }
  static func unboxResults(_ values: [Value], returns: [String]) throws -> HistogramParts {
    HistogramParts(hist: try Tensor.unbox(values[0]), edges: try [Tensor].unbox(values[1]))
  }
  func forEachTensor(_ body: (Tensor) -> Void) {
    body(hist)
    edges.forEach(body)
  }
}

extension Tensor {
  /// Counts of the elements in `bins` equal bins over `range` (low, high), by default from the least to the greatest,
  /// and the bins' edges. `weight` counts an element more than once; `density` makes the integral 1.
  /// Source: https://pytorch.org/docs/stable/generated/torch.histogram.html
  public func histogram(
    bins: Int, range: (Double, Double)? = nil, weight: Tensor? = nil, density: Bool = false
  ) -> (hist: Tensor, binEdges: Tensor) {
    let both = Histograms.binCount(self, bins, range.map { [$0.0, $0.1] }, weight, density)
    return (both[0], both[1])
  }

  /// Counts of the elements between rising edges.
  public func histogram(bins: Tensor, weight: Tensor? = nil, density: Bool = false) -> (hist: Tensor, binEdges: Tensor) {
    let both = Histograms.binsTensor(self, bins, weight, density)
    return (both[0], both[1])
  }

  /// The histogram of points (…, D) in D dimensions with `bins` equal bins each, and the edges along each dimension.
  /// Source: https://pytorch.org/docs/stable/generated/torch.histogramdd.html
  public func histogramdd(
    bins: [Int], range: [Double]? = nil, weight: Tensor? = nil, density: Bool = false
  ) -> (hist: Tensor, binEdges: [Tensor]) {
    let parts = Histograms.counts(self, bins, range, weight, density)
    return (parts.hist, parts.edges)
  }
}
