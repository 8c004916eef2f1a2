// Order along one dimension: sort, topk, kthvalue, median, mode. NaN is the greatest value.
// Reference: https://pytorch.org/docs/stable/generated/torch.sort.html

enum Sorting {
  /// The gradient of elements taken from places `indices` along `dim`.
  private static func spread(_ g: Tensor, _ dim: Int, _ indices: Tensor, _ shape: Shape) -> Tensor {
    shape.count == 0 ? g : Tensor.zeros(shape, dtype: g.dtype).scatter(dim, indices, g)
  }

  private static func values(_ shape: Shape, _ dtype: DType) throws -> (Tensor, Tensor) {
    (try Tensor.uninitialized(shape, dtype), try Tensor.uninitialized(shape, .int64))
  }

  static let sortStable: Operator<Tensor, Bool?, Int, Bool, [Tensor]> = Operator(
    "sort.stable(Tensor self, *, bool? stable, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)",
    twins: .out("values_stable", names: ["values", "indices"]), gradientName: "SortBackward0",
    kernel: { (x: Tensor, _: Bool?, dim: Int, descending: Bool) in
      let dim = try x.shape.normalized(dim: dim)
      let (values, indices) = try values(x.shape, x.dtype)
      try x.backend.sort(try x.rowMajor(), dim, descending: descending, into: values, indices)
      return [values, indices]
    },
    derivative: { _, y, x, _, dim, _ in
      let (indices, shape) = (y[1], x.shape)
      return { g in [spread(g[0], dim, indices, shape)] }
    })

  static let sort = Operator(
    composite: "sort(Tensor self, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)",
    twins: .out("values", names: ["values", "indices"])
  ) { (x: Tensor, dim: Int, descending: Bool) -> [Tensor] in sortStable(x, false, dim, descending) }

  static let argsort = Operator(composite: "argsort(Tensor self, int dim=-1, bool descending=False) -> Tensor") {
    (x: Tensor, dim: Int, descending: Bool) in sortStable(x, false, dim, descending)[1]
  }
  static let argsortStable = Operator(
    composite: "argsort.stable(Tensor self, *, bool stable, int dim=-1, bool descending=False) -> Tensor",
    twins: .out("stable_out")
  ) { (x: Tensor, stable: Bool, dim: Int, descending: Bool) in sortStable(x, stable, dim, descending)[1] }

  static let msort = Operator(composite: "msort(Tensor self) -> Tensor", twins: .out) { (x: Tensor) in
    sortStable(x, false, 0, false)[0]
  }

  static let topk = Operator(
    "topk(Tensor self, SymInt k, int dim=-1, bool largest=True, bool sorted=True) -> (Tensor values, Tensor indices)",
    twins: .out("values", names: ["values", "indices"]),
    kernel: { (x: Tensor, k: Int, dim: Int, largest: Bool, sorted: Bool) in
      let dim = try x.shape.normalized(dim: dim)
      guard k >= 0, k <= (x.ndim > 0 ? x.shape[dim] : 1) else {
        throw TorchError(.index, "selected index k out of range")
      }
      var shape = x.shape
      if x.ndim > 0 { shape[dim] = k }
      let (values, indices) = try values(shape, x.dtype)
      try x.backend.topk(try x.rowMajor(), k, dim, largest: largest, sorted: sorted, into: values, indices)
      return [values, indices]
    },
    derivative: { _, y, x, _, dim, _, _ in
      let (indices, shape) = (y[1], x.shape)
      return { g in [spread(g[0], dim, indices, shape)] }
    })

  // MARK: One element

  /// An operator that picks one element along `dim`.
  private typealias Pick = (_ x: Tensor, _ dim: Int, _ values: Tensor, _ indices: Tensor) throws -> Void

  private static func picked(_ name: String, _ x: Tensor, _ dim: Int, _ keepdim: Bool, _ pick: Pick) throws -> [Tensor] {
    let dim = try x.shape.normalized(dim: dim)
    guard x.ndim == 0 || x.shape[dim] > 0 else {
      throw TorchError(.index, "\(name)(): Expected reduction dim \(dim) to have non-zero size.")
    }
    let (values, indices) = try values(Reductions.reducedShape(x.shape, x.ndim == 0 ? [] : [dim], keepdim), x.dtype)
    try pick(try x.rowMajor(), dim, values, indices)
    return [values, indices]
  }

  static let kthvalue = Operator(
    "kthvalue(Tensor self, SymInt k, int dim=-1, bool keepdim=False) -> (Tensor values, Tensor indices)",
    twins: .out("values", names: ["values", "indices"]).disjoint,
    kernel: { (x: Tensor, k: Int, dim: Int, keepdim: Bool) in
      try picked("kthvalue", x, dim, keepdim) { source, dim, values, indices in
        guard k > 0, k <= (x.ndim > 0 ? x.shape[dim] : 1) else {
          throw TorchError(.index, "kthvalue(): selected number k out of range for dimension \(dim)")
        }
        try x.backend.kthvalue(source, k, dim, into: values, indices)
      }
    },
    derivative: { _, y, x, _, dim, keepdim in
      let (indices, sizes) = (y[1], Array(x.shape))
      return { g in [Reductions.spreadToIndices(g[0], dim, indices, sizes, keepdim)] }
    })

  private static func medianPair(_ name: String) -> (all: UnaryOperator, dim: Operator<Tensor, Int, Bool, [Tensor]>) {
    let dim = Operator(
      "\(name).dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)",
      twins: .out("dim_values", names: ["values", "indices"]),
      kernel: { (x: Tensor, dim: Int, keepdim: Bool) -> [Tensor] in
        try picked("median", x, dim, keepdim) { source, dim, values, indices in
          try x.backend.median(source, dim, ignoreNaN: name == "nanmedian", into: values, indices)
        }
      },
      derivative: { _, y, x, dim, keepdim in
        let (indices, sizes) = (y[1], Array(x.shape))
        return { g in [Reductions.spreadToIndices(g[0], dim, indices, sizes, keepdim)] }
      })
    let all = Operator(
      "\(name)(Tensor self) -> Tensor",
      kernel: { (x: Tensor) in
        let out = try Tensor.uninitialized([], x.dtype)
        guard x.numel > 0 else {
          guard x.dtype.isFloatingPoint else {
            throw TorchError(.index, "median() operation does not have an identity.")
          }
          try x.backend.fill(out, with: .double(.nan))
          return out
        }
        let flat = try x.rowMajor().alias(shape: [x.numel], strides: [1], offset: x.isContiguous ? x.storageOffset : 0)
        try x.backend.median(
          flat, 0, ignoreNaN: name == "nanmedian", into: out, try Tensor.uninitialized([], .int64))
        return out
      },
      derivative: { record, y, x in
        let (sx, sy) = (record.save(x), record.save(result: y))
        // As PyTorch: elements equal to the median share the gradient.
        return { g in
          let (x, y) = (try sx.value, try sy.value)
          let hit = ((x .== y) .| (x.isnan() .& y.isnan())).to(g[0].dtype)
          return [hit * (g[0] / hit.sum())]
        }
      })
    return (all, dim)
  }
  private static let medians = medianPair("median"), nanMedians = medianPair("nanmedian")
  static let median = medians.all, medianDim = medians.dim, nanmedian = nanMedians.all, nanmedianDim = nanMedians.dim

  static let mode = Operator(
    "mode(Tensor self, int dim=-1, bool keepdim=False) -> (Tensor values, Tensor indices)",
    twins: .out("values", names: ["values", "indices"]),
    kernel: { (x: Tensor, dim: Int, keepdim: Bool) in
      try picked("mode", x, dim, keepdim) { source, dim, values, indices in
        try x.backend.mode(source, dim, into: values, indices)
      }
    },
    derivative: { _, y, x, dim, keepdim in
      let (indices, sizes) = (y[1], Array(x.shape))
      return { g in [Reductions.spreadToIndices(g[0], dim, indices, sizes, keepdim)] }
    })

  static let operators: [AnyOperator] = [
    sortStable, sort, argsort, argsortStable, msort, topk, kthvalue, median, medianDim, nanmedian, nanmedianDim, mode,
  ]
}

extension Tensor {
  /// The elements in order along `dim`, and where they were.
  /// Source: https://pytorch.org/docs/stable/generated/torch.sort.html
  public func sort(dim: Int = -1, descending: Bool = false) -> (values: Tensor, indices: Tensor) {
    let both = Sorting.sort(self, dim, descending)
    return (both[0], both[1])
  }
  public func argsort(dim: Int = -1, descending: Bool = false) -> Tensor { Sorting.argsort(self, dim, descending) }
  public func msort() -> Tensor { Sorting.msort(self) }
  /// The `k` greatest elements along `dim`, or the least, and where they are.
  public func topk(_ k: Int, dim: Int = -1, largest: Bool = true, sorted: Bool = true) -> (values: Tensor, indices: Tensor) {
    let both = Sorting.topk(self, k, dim, largest, sorted)
    return (both[0], both[1])
  }
  public func kthvalue(_ k: Int, dim: Int = -1, keepdim: Bool = false) -> (values: Tensor, indices: Tensor) {
    let both = Sorting.kthvalue(self, k, dim, keepdim)
    return (both[0], both[1])
  }
  /// The lower median.
  public func median() -> Tensor { Sorting.median(self) }
  public func median(dim: Int, keepdim: Bool = false) -> (values: Tensor, indices: Tensor) {
    let both = Sorting.medianDim(self, dim, keepdim)
    return (both[0], both[1])
  }
  public func mode(dim: Int = -1, keepdim: Bool = false) -> (values: Tensor, indices: Tensor) {
    let both = Sorting.mode(self, dim, keepdim)
    return (both[0], both[1])
  }
}
