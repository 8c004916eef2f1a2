// Running reductions along one dimension: sums, products, extremes, logarithms of sums.
// Reference: https://pytorch.org/docs/stable/generated/torch.cumsum.html

enum Scans {
  static let cumsum: Operator<Tensor, Int, DType?, Tensor> = Operator(
    "cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor", twins: .both,
    kernel: { (x: Tensor, dim: Int, dtype: DType?) in try run("cumsum", x, dim, Reductions.accumulated(x, dtype).input) },
    derivative: { _, _, _, dim, _ in { g in [reversed(g[0], dim)] } })

  /// The sums from each element to the end.
  private static func reversed(_ g: Tensor, _ dim: Int) -> Tensor {
    g.ndim == 0 ? g : cumsum(g.flip([dim]), dim, nil).flip([dim])
  }

  static let cumprod: Operator<Tensor, Int, DType?, Tensor> = Operator(
    "cumprod(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor", twins: .both,
    kernel: { (x: Tensor, dim: Int, dtype: DType?) in try run("cumprod", x, dim, Reductions.accumulated(x, dtype).input) },
    derivative: { record, y, x, dim, dtype in
      let (sx, sy) = (record.save(x), record.save(result: y))
      return { g in
        let x = try sx.value.to(g[0].dtype)
        if x.ndim == 0 || x.numel == 0 { return [g[0]] }
        let hasZeros = try (x.detach() .== 0).any().item(Bool.self)
        guard hasZeros || g[0].requiresGrad else {
          return [reversed(g[0] * (try sy.value.conj()), dim) / x.conj()]
        }
        return [productGradient(g[0], x, dim)]
      }
    })

  /// The gradient of a running product where elements may be zero: by each element, the products that hold it, without it.
  private static func productGradient(_ g: Tensor, _ x: Tensor, _ dim: Int) -> Tensor {
    let n = x.shape[dim < 0 ? dim + x.ndim : dim]
    var before = Tensor.ones(like: x.narrow(dim, 0, 1))
    let parts = (0..<n).map { k -> Tensor in
      // Products of the elements up to each later one, element k left out.
      let rest = k + 1 < n ? [x.narrow(dim, k + 1, n - k - 1)] : []
      let products = cumprod(torch.cat([before] + rest, dim: dim), dim, nil)
      before = before * x.narrow(dim, k, 1)
      return (g.narrow(dim, k, n - k) * products.conj()).sum(dim: dim, keepdim: true)
    }
    return torch.cat(parts, dim: dim)
  }

  static let logcumsumexp = Operator(
    "logcumsumexp(Tensor self, int dim) -> Tensor",
    kernel: { (x: Tensor, dim: Int) in try run("logcumsumexp", x, dim, x.dtype) },
    derivative: { record, y, x, dim in
      let (sx, sy) = (record.save(x), record.save(result: y))
      return { g in
        let (x, y) = (try sx.value, try sy.value)
        if x.ndim == 0 { return [g[0]] }
        if x.dtype.isComplex {
          return [(logcumsumexpReversed(g[0].log() - y.conj(), dim) + x.conj()).exp()]
        }
        // Each later result weighs this element by exp(x − y); gradients of both signs are summed in logarithms.
        let lowest = -Double.infinity
        func part(_ gradient: Tensor) -> Tensor {
          let others = gradient <= 0
          let logs = gradient.maskedFill(others, 1).log().maskedFill(others, .double(lowest)) - y
          return (logcumsumexpReversed(logs, dim) + x).exp()
        }
        let positive = part(g[0])
        let negative = part(-g[0])
        return [(positive - negative).maskedFill(x .== lowest, 0)]
      }
    })
  private static func logcumsumexpReversed(_ x: Tensor, _ dim: Int) -> Tensor {
    again(x.flip([dim]), dim).flip([dim])
  }
  private static func again(_ x: Tensor, _ dim: Int) -> Tensor { logcumsumexp(x, dim) }

  private static func extreme(_ name: String) -> Operator<Tensor, Int, [Tensor]> {
    Operator(
      "\(name)(Tensor self, int dim) -> (Tensor values, Tensor indices)", twins: .out("out", names: ["values", "indices"]),
      kernel: { (x: Tensor, dim: Int) in
        let dim = try x.shape.normalized(dim: dim)
        let source = try x.rowMajor()
        let (values, indices) = (try Tensor.uninitialized(x.shape, x.dtype), try Tensor.uninitialized(x.shape, .int64))
        try x.backend.scan(name, source, dim, into: values, indices: indices)
        return [values, indices]
      },
      derivative: { _, y, x, dim in
        let (indices, shape) = (y[1], x.shape)
        return { g in
          shape.count == 0 ? [g[0]] : [Tensor.zeros(shape, dtype: g[0].dtype).scatterAdd(dim, indices, g[0])]
        }
      })
  }
  static let cummax = extreme("cummax"), cummin = extreme("cummin")

  private static func run(_ name: String, _ x: Tensor, _ dim: Int, _ dtype: DType) throws -> Tensor {
    let dim = try x.shape.normalized(dim: dim)
    let source = try Elementwise.cast(x, dtype).rowMajor()
    let out = try Tensor.uninitialized(x.shape, dtype)
    try x.backend.scan(name, source, dim, into: out)
    return out
  }

  // MARK: Differences and integrals

  static let diff = Operator(
    composite: "diff(Tensor self, int n=1, int dim=-1, Tensor? prepend=None, Tensor? append=None) -> Tensor", twins: .out
  ) { (x: Tensor, n: Int, dim: Int, prepend: Tensor?, append: Tensor?) in
    guard x.ndim > 0 else { throw TorchError(.shape, "diff expects input to be at least one-dimensional") }
    guard n >= 0 else { throw TorchError(.value, "order must be non-negative but got \(n)") }
    let dim = try x.shape.normalized(dim: dim)
    if n == 0 { return x.clone() }
    var y = x
    if prepend != nil || append != nil {
      for part in [prepend, append].compactMap({ $0 }) where part.ndim != x.ndim {
        throw TorchError(.shape, "diff expects prepend or append to be the same dimension as input")
      }
      y = torch.cat([prepend, x, append].compactMap { $0 }, dim: dim)
    }
    for _ in 0..<n {
      let size = y.shape[dim]
      if size == 0 { break }
      let (later, earlier) = (y.narrow(dim, 1, size - 1), y.narrow(dim, 0, size - 1))
      y = y.dtype == .bool ? later .^ earlier : later - earlier
    }
    return y
  }

  private static func slices(_ y: Tensor, _ dim: Int) throws -> (Tensor, Tensor) {
    let size = y.shape[try y.shape.normalized(dim: dim)]
    return (y.narrow(dim, 1, Swift.max(size - 1, 0)), y.narrow(dim, 0, Swift.max(size - 1, 0)))
  }

  /// The widths between the points `x`, along `dim` of `y`.
  private static func widths(_ y: Tensor, _ x: Tensor, _ dim: Int) throws -> Tensor {
    guard x.ndim > 0 else { throw TorchError(.shape, "trapezoid: There must be one `x` value for each sample point") }
    let dim = try y.shape.normalized(dim: dim)
    if x.ndim == 1 {
      guard x.shape[0] == y.shape[dim] else {
        throw TorchError(.shape, "trapezoid: There must be one `x` value for each sample point")
      }
      return (x.narrow(0, 1, x.shape[0] - 1) - x.narrow(0, 0, x.shape[0] - 1)).reshape(
        [-1] + Array(repeating: 1, count: y.ndim - dim - 1))
    }
    let padded = x.ndim < y.ndim ? x.reshape(Array(repeating: 1, count: y.ndim - x.ndim) + Array(x.shape)) : x
    let (later, earlier) = try slices(padded, dim)
    return later - earlier
  }

  private static func trapezoid(_ name: String, cumulative: Bool) -> [AnyOperator] {
    /// With a constant `step` in the forms that PyTorch rounds.
    func integral(_ y: Tensor, _ dim: Int, step: Double? = nil, _ area: (Tensor) -> Tensor) throws -> Tensor {
      guard y.ndim > 0 else { throw TorchError(.index, "Dimension specified as \(dim) but tensor has no dimensions") }
      if y.shape[try y.shape.normalized(dim: dim)] == 0 {
        return Tensor.zeros(Reductions.reducedShape(y.shape, [try y.shape.normalized(dim: dim)], false), dtype: y.dtype)
      }
      let (later, earlier) = try slices(y, dim)
      if let step {
        if cumulative { return cumsum((later + earlier) * (step / 2), dim, nil) }
        return (y.sum(dim: dim) - (y.select(dim, 0) + y.select(dim, -1)) * 0.5) * step
      }
      let areas = area(later + earlier)
      return (cumulative ? cumsum(areas, dim, nil) : areas.sum(dim: dim)) / 2
    }
    let schemaOfStep = "\(name).dx(Tensor y, *, Scalar dx=1, int dim=-1) -> Tensor"
    return [
      Operator(composite: "\(name).x(Tensor y, Tensor x, *, int dim=-1) -> Tensor") { (y: Tensor, x: Tensor, dim: Int) in
        let hasPoints = try y.ndim > 0 && y.shape[y.shape.normalized(dim: dim)] > 0
        let between = hasPoints ? try widths(y, x, dim) : x
        return try integral(y, dim) { $0 * between }
      },
      name == "trapz"
        ? Operator(composite: "trapz.dx(Tensor y, *, float dx=1, int dim=-1) -> Tensor") { (y: Tensor, dx: Double, dim: Int) in
          try integral(y, dim, step: dx) { $0 }
        }
        : Operator(composite: schemaOfStep) { (y: Tensor, dx: Scalar, dim: Int) in
          dx.category == .complex
            ? try integral(y, dim) { $0 * dx } : try integral(y, dim, step: dx.doubleValue) { $0 }
        },
    ]
  }

  static let operators: [AnyOperator] =
    [cumsum, cumprod, logcumsumexp, cummax, cummin, diff] + trapezoid("trapz", cumulative: false)
    + trapezoid("trapezoid", cumulative: false) + trapezoid("cumulative_trapezoid", cumulative: true)
}

extension Tensor {
  /// The sums of the elements so far along `dim`.
  public func cumsum(_ dim: Int, dtype: DType? = nil) -> Tensor { Scans.cumsum(self, dim, dtype) }
  /// The products of the elements so far along `dim`.
  public func cumprod(_ dim: Int, dtype: DType? = nil) -> Tensor { Scans.cumprod(self, dim, dtype) }
  public func logcumsumexp(_ dim: Int) -> Tensor { Scans.logcumsumexp(self, dim) }
  public func cummax(_ dim: Int) -> (values: Tensor, indices: Tensor) {
    let both = Scans.cummax(self, dim)
    return (both[0], both[1])
  }
  public func cummin(_ dim: Int) -> (values: Tensor, indices: Tensor) {
    let both = Scans.cummin(self, dim)
    return (both[0], both[1])
  }
  public func diff(n: Int = 1, dim: Int = -1, prepend: Tensor? = nil, append: Tensor? = nil) -> Tensor {
    Scans.diff(self, n, dim, prepend, append)
  }
}
