// Reductions beyond sums and extremes: norms, logarithms of sums, moments together, counts, NaN left out.
// Reference: https://pytorch.org/docs/stable/torch.html#reduction-ops

enum MoreReductions {
  // MARK: Norms

  static let vectorNorm: Operator<Tensor, Scalar, [Int]?, Bool, DType?, Tensor> = Operator(
    "linalg_vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    kernel: { (x: Tensor, ord: Scalar, dim: [Int]?, keepdim: Bool, dtype: DType?) in
      guard x.dtype.isDifferentiable else {
        throw TorchError(
          .dtype,
          "linalg.vector_norm: Expected a floating point or complex tensor as input. Got \(x.dtype.scalarTypeName)")
      }
      if let dtype {
        guard dtype.isDifferentiable, dtype.isComplex == x.dtype.isComplex || dtype.isComplex else {
          throw TorchError(
            .dtype, "linalg.vector_norm: dtype should be floating point or complex. Got \(dtype.scalarTypeName)")
        }
        guard DType.promote(x.dtype, dtype) == dtype else {
          throw TorchError(
            .dtype,
            "linalg.vector_norm: the dtype of the input (\(x.dtype.scalarTypeName)) should be convertible without narrowing to the specified dtype (\(dtype.scalarTypeName))")
        }
      }
      let dims = try x.shape.normalized(dims: dim)
      let p = ord.doubleValue
      if p < 0 || p == .infinity, dims.contains(where: { x.shape[$0] == 0 }) {
        throw TorchError(
          .value,
          "linalg.vector_norm cannot compute the \(ord) norm on an empty tensor because the operation does not have an identity")
      }
      let type = dtype ?? x.dtype
      return try Reductions.run(
        normFunction, x, dims, keepdim, (type, type.realType), parameters: MapParameters(.double(p)))
    },
    derivative: { record, y, x, ord, dim, keepdim, _ in
      let (sx, sy) = (record.save(x), record.save(result: y))
      return { g in
        let x = try sx.value
        let dims = try x.shape.normalized(dims: dim)
        var kept = Array(x.shape)
        for dim in dims { kept[dim] = 1 }
        let (slope, norm) = (g[0].reshape(kept).to(x.dtype.realType), (try sy.value).reshape(kept).to(x.dtype.realType))
        return [normGradient(slope, x, norm, ord.doubleValue, dims)]
      }
    })
  private static let normFunction = ReduceFunction("norm")

  /// `g` and `norm` broadcast to `x`.
  private static func normGradient(_ g: Tensor, _ x: Tensor, _ norm: Tensor, _ p: Double, _ dims: [Int]) -> Tensor {
    if p == 0 { return Tensor.zeros(x.shape, dtype: x.dtype) }
    if p == 1 { return x.sgn() * g }
    if p == 2 {
      // At zero the gradient is zero and the second one, as PyTorch's, NaN.
      return g * (x / norm).maskedFill(norm .== 0, 0)
    }
    let size = x.abs()
    if p.isInfinite {
      // Equal extremes share the gradient.
      let hit = (size .== norm) .| (size.isnan() .& norm.isnan())
      let count = hit.sum(dim: dims, keepdim: true)
      return x.sgn() * (g / count) * hit.to(size.dtype)
    }
    if p < 1 {
      let part = x.sgn() * size.pow(p - 1).maskedFill(size .== 0, 0)
      return part * (g * norm.pow(1 - p))
    }
    if p < 2 {
      return x.sgn() * size.pow(p - 1) * (g / norm.pow(p - 1)).maskedFill(norm .== 0, 0)
    }
    return x * size.pow(p - 2) * (g / norm.pow(p - 1)).maskedFill(norm .== 0, 0)
  }

  private static func norm(_ x: Tensor, _ p: Scalar?, _ dim: [Int]?, _ keepdim: Bool, _ dtype: DType?) -> Tensor {
    vectorNorm(x, p ?? 2, dim, keepdim, dtype)
  }

  private static let norms: [AnyOperator] = [
    Operator(composite: "norm.Scalar(Tensor self, Scalar p=2) -> Tensor", twins: .out("Scalar_out")) {
      (x: Tensor, p: Scalar) in norm(x, p, nil, false, nil)
    },
    Operator(
      composite: "norm.ScalarOpt_dim(Tensor self, Scalar? p, int[1] dim, bool keepdim=False) -> Tensor", twins: .out
    ) { (x: Tensor, p: Scalar?, dim: [Int], keepdim: Bool) in norm(x, p, dim, keepdim, nil) },
    Operator(
      composite: "norm.ScalarOpt_dtype(Tensor self, Scalar? p, *, ScalarType dtype) -> Tensor",
      twins: .out("ScalarOpt_dtype_out")
    ) { (x: Tensor, p: Scalar?, dtype: DType) in norm(x, p, nil, false, dtype) },
    Operator(
      composite: "norm.ScalarOpt_dim_dtype(Tensor self, Scalar? p, int[1] dim, bool keepdim, *, ScalarType dtype) -> Tensor",
      twins: .out("dtype_out")
    ) { (x: Tensor, p: Scalar?, dim: [Int], keepdim: Bool, dtype: DType) in norm(x, p, dim, keepdim, dtype) },
    Operator(composite: "dist(Tensor self, Tensor other, Scalar p=2) -> Tensor", twins: .out) {
      (a: Tensor, b: Tensor, p: Scalar) in norm(a - b, p, nil, false, nil)
    },
    Operator(composite: "linalg_vecdot(Tensor x, Tensor y, *, int dim=-1) -> Tensor", twins: .out) {
      (a: Tensor, b: Tensor, dim: Int) in (a.conj() * b).sum(dim: dim)
    },
  ]

  /// Slices along `dim` whose norm is greater than `maxnorm` scaled down to it.
  static let renorm = Operator(
    composite: "renorm(Tensor self, Scalar p, int dim, Scalar maxnorm) -> Tensor", twins: .both
  ) { (x: Tensor, p: Scalar, dim: Int, maxnorm: Scalar) in
    guard p.doubleValue > 0 else { throw TorchError(.value, "renorm: non-positive-norm not supported") }
    guard maxnorm.doubleValue >= 0 else { throw TorchError(.value, "renorm: expected maxnorm to be >= 0 but got \(maxnorm)") }
    guard x.ndim > 1 else {
      throw TorchError(.shape, "renorm: input needs at least 2 dimensions, got \(x.ndim) dimensions")
    }
    let dim = try x.shape.normalized(dim: dim)
    let norms = norm(x, p, (0..<x.ndim).filter { $0 != dim }, true, nil)
    return x * torch.where(norms > maxnorm, Tensor(wrapping: maxnorm) / (norms + 1e-7), 1.0)
  }

  // MARK: Logarithms of sums

  static let logsumexp = Operator(
    "logsumexp(Tensor self, int[1] dim, bool keepdim=False) -> Tensor",
    kernel: { (x: Tensor, dim: [Int], keepdim: Bool) in
      let x = x.dtype.isDifferentiable ? x : try Elementwise.cast(x, .default)
      if x.dtype.isComplex { return try complexLogsumexp(x, dim, keepdim) }
      return try Reductions.run(logsumexpFunction, x, dim, keepdim, (x.dtype, x.dtype))
    },
    derivative: { record, y, x, dim, keepdim in
      let (sx, sy) = (record.save(x), record.save(result: y))
      return { g in
        let x = try sx.value
        let y = Reductions.expanded(try sy.value, dim, keepdim, x.shape)
        return [Reductions.expanded(g[0], dim, keepdim, x.shape) * (x - y).exp().conj()]
      }
    })
  private static let logsumexpFunction = ReduceFunction("logsumexp")

  /// With the greatest real part taken out, so that no exponential overflows.
  private static func complexLogsumexp(_ x: Tensor, _ dim: [Int], _ keepdim: Bool) throws -> Tensor {
    let real = x.real
    if x.numel == 0 { return x.exp().sum(dim: dim, keepdim: keepdim).log() }
    let greatest = Reductions.amax(real, dim, true)
    let shift = greatest.maskedFill(greatest.isinf(), 0)
    let sum = (x - shift).exp().sum(dim: dim, keepdim: true).log() + shift
    return keepdim ? sum : sum.squeeze(try x.shape.normalized(dims: dim))
  }
  private static let specialLogsumexp = Operator(
    composite: "special_logsumexp(Tensor self, int[1] dim, bool keepdim=False) -> Tensor", twins: .out
  ) { (x: Tensor, dim: [Int], keepdim: Bool) in logsumexp(x, dim, keepdim) }

  // MARK: NaN left out

  static let nansum = Operator(
    composite: "nansum(Tensor self, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor", twins: .out
  ) { (x: Tensor, dim: [Int]?, keepdim: Bool, dtype: DType?) in
    guard !x.dtype.isComplex else { throw TorchError(.dtype, "nansum on CPU does not support complex inputs") }
    let plain = x.dtype.isFloatingPoint ? x.maskedFill(x.isnan(), 0) : x
    return Reductions.sumDim(plain, dim, keepdim, dtype)
  }

  static let nanmean = Operator(
    composite: "nanmean(Tensor self, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor", twins: .out
  ) { (x: Tensor, dim: [Int]?, keepdim: Bool, dtype: DType?) in
    guard x.dtype.isDifferentiable else {
      throw TorchError(
        .dtype, "nanmean(): expected input to have floating point or complex dtype but got \(x.dtype.scalarTypeName)")
    }
    let count = Reductions.sumDim(x.isnan().logicalNot(), dim, keepdim, nil)
    return nansum(x, dim, keepdim, dtype) / count
  }

  // MARK: Moments

  private static func corrected(_ unbiased: Bool) -> Scalar { .int(unbiased ? 1 : 0) }

  private static func moments(_ name: String, _ spread: Operator<Tensor, [Int]?, Scalar?, Bool, Tensor>) -> [AnyOperator] {
    func both(_ x: Tensor, _ dim: [Int]?, _ correction: Scalar?, _ keepdim: Bool) -> [Tensor] {
      [spread(x, dim, correction, keepdim), Reductions.meanDim(x, dim ?? [], keepdim, nil)]
    }
    return [
      Operator(composite: "\(name)(Tensor self, bool unbiased=True) -> Tensor") { (x: Tensor, unbiased: Bool) in
        spread(x, nil, corrected(unbiased), false)
      },
      Operator(composite: "\(name).dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> Tensor", twins: .out) {
        (x: Tensor, dim: [Int]?, unbiased: Bool, keepdim: Bool) in spread(x, dim, corrected(unbiased), keepdim)
      },
      Operator(composite: "\(name)_mean(Tensor self, bool unbiased=True) -> (Tensor, Tensor)") {
        (x: Tensor, unbiased: Bool) -> [Tensor] in both(x, nil, corrected(unbiased), false)
      },
      Operator(
        composite: "\(name)_mean.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> (Tensor, Tensor)"
      ) { (x: Tensor, dim: [Int]?, unbiased: Bool, keepdim: Bool) -> [Tensor] in both(x, dim, corrected(unbiased), keepdim) },
      Operator(
        composite:
          "\(name)_mean.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> (Tensor, Tensor)",
        twins: .out("correction_out", names: ["out0", "out1"])
      ) { (x: Tensor, dim: [Int]?, correction: Scalar?, keepdim: Bool) -> [Tensor] in both(x, dim, correction, keepdim) },
    ]
  }

  // MARK: Extremes and counts

  static let aminmax = Operator(
    composite: "aminmax(Tensor self, *, int? dim=None, bool keepdim=False) -> (Tensor min, Tensor max)",
    twins: .out("out", names: ["min", "max"]).sameType
  ) { (x: Tensor, dim: Int?, keepdim: Bool) -> [Tensor] in
    guard dim != nil || x.numel > 0 else {
      throw TorchError(.value, "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.")
    }
    let dims = dim.map { [$0] } ?? []
    return [Reductions.amin(x, dims, keepdim), Reductions.amax(x, dims, keepdim)]
  }

  private static func counted(_ x: Tensor, _ dims: [Int]?) throws -> Tensor {
    let none = dims?.isEmpty == true ? nil : dims
    return try Reductions.run(countFunction, x, none, false, (x.dtype, .int64))
  }
  private static let countFunction = ReduceFunction("count_nonzero")
  static let countNonzero = Operator(
    "count_nonzero(Tensor self, int? dim=None) -> Tensor",
    kernel: { (x: Tensor, dim: Int?) in try counted(x, dim.map { [$0] }) })
  static let countNonzeroDims = Operator(
    "count_nonzero.dim_IntList(Tensor self, int[] dim) -> Tensor", twins: .out("dim_IntList_out"),
    kernel: { (x: Tensor, dims: [Int]) in try counted(x, dims) })

  private static func truth(_ name: String) -> AnyOperator {
    let function = ReduceFunction(name)
    return Operator(
      "\(name).dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor", twins: .out("dims_out"),
      kernel: { (x: Tensor, dims: [Int]?, keepdim: Bool) in
        let result: DType = x.dtype == .uint8 ? .uint8 : .bool
        // An empty list reduces nothing here, where nil reduces all.
        if dims?.isEmpty == true { return try Elementwise.cast(Elementwise.cast(x, .bool), result).packed() }
        return try Reductions.run(function, x, dims, keepdim, (x.dtype, result))
      })
  }

  static let trace = Operator(composite: "trace(Tensor self) -> Tensor", twins: .out) { (x: Tensor) in
    guard x.ndim == 2 else { throw TorchError(.shape, "trace: expected a matrix, but got tensor with dim \(x.ndim)") }
    return x.diagonal().sum()
  }

  static let operators: [AnyOperator] =
    [
      vectorNorm, renorm, logsumexp, specialLogsumexp, nansum, nanmean, aminmax, countNonzero, countNonzeroDims,
      truth("all"), truth("any"), trace,
    ] + norms + moments("var", Reductions.variance) + moments("std", Reductions.standardDeviation)
}

extension Tensor {
  /// The p-norm of all elements, or over `dim`.
  public func norm(p: Scalar = 2, dim: [Int]? = nil, keepdim: Bool = false) -> Tensor {
    MoreReductions.vectorNorm(self, p, dim, keepdim, nil)
  }
  /// The logarithm of the sum of eˣ over `dim`, without overflow.
  public func logsumexp(dim: [Int], keepdim: Bool = false) -> Tensor { MoreReductions.logsumexp(self, dim, keepdim) }
  public func nansum(dim: [Int]? = nil, keepdim: Bool = false) -> Tensor { MoreReductions.nansum(self, dim, keepdim, nil) }
  public func nanmean(dim: [Int]? = nil, keepdim: Bool = false) -> Tensor { MoreReductions.nanmean(self, dim, keepdim, nil) }
  public func aminmax(dim: Int? = nil, keepdim: Bool = false) -> (min: Tensor, max: Tensor) {
    let both = MoreReductions.aminmax(self, dim, keepdim)
    return (both[0], both[1])
  }
  public func countNonzero(dim: Int? = nil) -> Tensor { MoreReductions.countNonzero(self, dim) }
  public func trace() -> Tensor { MoreReductions.trace(self) }
}
