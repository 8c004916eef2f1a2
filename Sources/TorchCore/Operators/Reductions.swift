// Reductions: many elements to one.
// Reference: https://pytorch.org/docs/stable/torch.html#reduction-ops

enum Reductions {
  static let sum = Operator(
    "sum(Tensor self, *, ScalarType? dtype=None) -> Tensor",
    kernel: { (x: Tensor, dtype: DType?) in try run(sumFunction, x, nil, false, accumulated(x, dtype)) },
    derivative: { _, _, x, _ in
      let sizes = Array(x.shape)
      return { g in [g[0].expand(sizes)] }
    })

  static let sumDim = Operator(
    "sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    twins: .out("IntList_out"), gradientName: "SumBackward1",
    kernel: { (x: Tensor, dim: [Int]?, keepdim: Bool, dtype: DType?) in
      try run(sumFunction, x, dim, keepdim, accumulated(x, dtype))
    },
    derivative: { _, _, x, dim, keepdim, _ in
      let shape = x.shape
      return { g in [expanded(g[0], dim, keepdim, shape)] }
    })

  static let mean = Operator(
    "mean(Tensor self, *, ScalarType? dtype=None) -> Tensor", twins: .out("dtype_out"),
    kernel: { (x: Tensor, dtype: DType?) in try run(meanFunction, x, nil, false, try floating("mean", x, dtype)) },
    derivative: { _, _, x, _ in
      let sizes = Array(x.shape)
      return { g in [g[0].expand(sizes) / x.numel] }
    })

  static let meanDim = Operator(
    "mean.dim(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    gradientName: "MeanBackward1",
    kernel: { (x: Tensor, dim: [Int]?, keepdim: Bool, dtype: DType?) in
      try run(meanFunction, x, dim, keepdim, try floating("mean", x, dtype))
    },
    derivative: { _, y, x, dim, keepdim, _ in
      let (shape, count) = (x.shape, y.numel == 0 ? 1 : x.numel / y.numel)
      return { g in [expanded(g[0], dim, keepdim, shape) / count] }
    })

  static let prod = Operator(
    "prod(Tensor self, *, ScalarType? dtype=None) -> Tensor",
    kernel: { (x: Tensor, dtype: DType?) in try run(prodFunction, x, nil, false, accumulated(x, dtype)) },
    derivative: { record, _, x, _ in
      let saved = record.save(x)
      return { g in
        let x = try saved.value
        return [(g[0] * productOfOthers(x.reshape([-1]), 0)).reshape(Array(x.shape))]
      }
    })

  static let prodDim = Operator(
    "prod.dim_int(Tensor self, int dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    twins: .out("int_out"), gradientName: "ProdBackward1",
    kernel: { (x: Tensor, dim: Int, keepdim: Bool, dtype: DType?) in
      try run(prodFunction, x, [dim], keepdim, accumulated(x, dtype))
    },
    derivative: { record, _, x, dim, keepdim, _ in
      let saved = record.save(x)
      return { g in
        let x = try saved.value
        if x.ndim == 0 { return [g[0]] }
        return [(keepdim ? g[0] : g[0].unsqueeze(dim)) * productOfOthers(x, dim)]
      }
    })

  /// For each element the product of the others along `dim`, right where there are zeros too.
  private static func productOfOthers(_ x: Tensor, _ dim: Int) -> Tensor {
    let n = x.shape[dim]
    guard n > 1 else { return Tensor.ones(x.shape, dtype: x.dtype) }
    let one = Tensor.ones(like: x.narrow(dim, 0, 1))
    var before = [one]
    for i in 0..<(n - 1) { before.append(before[i] * x.narrow(dim, i, 1)) }
    var after = [one]
    for i in stride(from: n - 1, to: 0, by: -1) { after.append(after[after.count - 1] * x.narrow(dim, i, 1)) }
    return (torch.cat(before, dim: dim) * torch.cat(after.reversed(), dim: dim)).conj()
  }

  // MARK: Extremes

  private static func extreme(_ name: String) -> UnaryOperator {
    let function = ReduceFunction(name)
    return Operator(
      "\(name)(Tensor self) -> Tensor", twins: .out("unary_out"), gradientName: "\(name.capitalizedFirst)Backward1",
      kernel: { (x: Tensor) in
        guard x.numel > 0 else {
          throw TorchError(
            .value,
            "\(name)(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.")
        }
        return try run(function, x, nil, false, (x.dtype, x.dtype))
      },
      derivative: { record, y, x in
        let (sx, sy) = (record.save(x), record.save(result: y))
        // Equal extremes share the gradient evenly.
        return { g in
          let hit = (try sx.value .== sy.value).to(g[0].dtype)
          return [hit * (g[0] / hit.sum())]
        }
      })
  }
  static let max = extreme("max"), min = extreme("min")

  private static func extremeDim(_ name: String) -> Operator<Tensor, Int, Bool, [Tensor]> {
    let function = ReduceFunction("\(name)_with_index")
    return Operator(
      "\(name).dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)",
      twins: .out("dim_\(name)", names: [name, "\(name)_values"]), gradientName: "\(name.capitalizedFirst)Backward0",
      kernel: { (x: Tensor, dim: Int, keepdim: Bool) in
        let dims = x.ndim == 0 ? [] : [try x.shape.normalized(dim: dim)]
        if x.ndim == 0 { _ = try x.shape.normalized(dim: dim) }
        try requireElements(name, x, dims)
        let shape = reducedShape(x.shape, dims, keepdim)
        let (values, indices) = (try Tensor.uninitialized(shape, x.dtype), try Tensor.uninitialized(shape, .int64))
        try x.backend.reduce(function, x, dims, into: values, second: indices)
        return [values, indices]
      },
      derivative: { _, y, x, dim, keepdim in
        let (indices, sizes) = (y[1], Array(x.shape))
        return { g in [spreadToIndices(g[0], dim, indices, sizes, keepdim)] }
      })
  }
  static let maxDim = extremeDim("max"), minDim = extremeDim("min")

  /// The gradient of a reduction that picked one element: all of it goes there.
  static func spreadToIndices(_ g: Tensor, _ dim: Int, _ indices: Tensor, _ sizes: [Int], _ keepdim: Bool) -> Tensor {
    if sizes.isEmpty { return g }
    let (g, indices) = keepdim ? (g, indices) : (g.unsqueeze(dim), indices.unsqueeze(dim))
    return Tensor.zeros(Shape(sizes), dtype: g.dtype).scatter(dim, indices, g)
  }

  private static func requireElements(_ name: String, _ x: Tensor, _ dims: [Int]) throws {
    for dim in dims where x.shape[dim] == 0 {
      throw TorchError(.value, "\(name)(): Expected reduction dim \(dim) to have non-zero size.")
    }
  }

  private static func extremes(_ name: String) -> Operator<Tensor, [Int], Bool, Tensor> {
    let function = ReduceFunction(name == "amax" ? "max" : "min")
    return Operator(
      "\(name)(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor",
      twins: .out.exact {
        "Expected the dtype for input and out to match, but got \($0.scalarTypeName) for input's dtype and \($1.scalarTypeName) for out's dtype."
      },
      kernel: { (x: Tensor, dim: [Int], keepdim: Bool) in
        let dims = try x.shape.normalized(dims: dim)
        try requireElements(name, x, dims)
        return try run(function, x, dims, keepdim, (x.dtype, x.dtype))
      },
      derivative: { record, y, x, dim, keepdim in
        let (sx, sy) = (record.save(x), record.save(result: y))
        return { g in
          let x = try sx.value
          let hit = (x .== expanded(try sy.value, dim, keepdim, x.shape)).to(g[0].dtype)
          let count = expanded(hit.sum(dim: dim.isEmpty ? Array(0..<x.ndim) : dim, keepdim: keepdim), dim, keepdim, x.shape)
          return [hit * expanded(g[0], dim, keepdim, x.shape) / count]
        }
      })
  }
  static let amax = extremes("amax"), amin = extremes("amin")

  private static func argExtreme(_ name: String) -> Operator<Tensor, Int?, Bool, Tensor> {
    let function = ReduceFunction(name)
    return Operator(
      "\(name)(Tensor self, int? dim=None, bool keepdim=False) -> Tensor",
      kernel: { (x: Tensor, dim: Int?, keepdim: Bool) in
        let dims = x.ndim == 0 ? [] : try dim.map { [try x.shape.normalized(dim: $0)] } ?? Array(0..<x.ndim)
        guard x.numel > 0 || dim != nil else {
          throw TorchError(.value, "\(name)(): Expected reduction dim to be specified for input.numel() == 0.")
        }
        try requireElements(name, x, dims)
        let out = try Tensor.uninitialized(reducedShape(x.shape, dims, keepdim), .int64)
        try x.backend.reduce(function, x, dims, into: out)
        return out
      })
  }
  static let argmax = argExtreme("argmax"), argmin = argExtreme("argmin")

  // MARK: Truth

  private static func truth(_ name: String) -> (all: UnaryOperator, dim: Operator<Tensor, Int, Bool, Tensor>) {
    let function = ReduceFunction(name)
    func types(_ x: Tensor) -> (DType, DType) { (x.dtype, x.dtype == .uint8 ? .uint8 : .bool) }
    return (
      Operator(
        "\(name)(Tensor self) -> Tensor", twins: .out("all_out"),
        kernel: { (x: Tensor) in try run(function, x, nil, false, types(x)) }),
      Operator(
        "\(name).dim(Tensor self, int dim, bool keepdim=False) -> Tensor",
        kernel: { (x: Tensor, dim: Int, keepdim: Bool) in
          try run(function, x, x.ndim == 0 ? [] : [dim], keepdim, types(x))
        })
    )
  }
  private static let allTruth = truth("all"), anyTruth = truth("any")
  static let all = allTruth.all, allDim = allTruth.dim, any = anyTruth.all, anyDim = anyTruth.dim

  // MARK: Spread

  private static func spread(_ name: String) -> Operator<Tensor, [Int]?, Scalar?, Bool, Tensor> {
    let function = ReduceFunction(name)
    return Operator(
      "\(name).correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> Tensor",
      twins: .out("correction_out"),
      kernel: { (x: Tensor, dim: [Int]?, correction: Scalar?, keepdim: Bool) in
        guard x.dtype.isDifferentiable else {
          throw TorchError(.dtype, "std and var only support floating point and complex dtypes")
        }
        return try run(
          function, x, dim, keepdim, (x.dtype, x.dtype.realType),
          parameters: MapParameters(.double(correction?.doubleValue ?? 1)))
      },
      derivative: { record, y, x, dim, correction, keepdim in
        let (sx, sy) = (record.save(x), record.save(result: y))
        return { g in
          let x = try sx.value
          let dims = try x.shape.normalized(dims: dim)
          let count = dims.reduce(1) { $0 * x.shape[$1] }
          let degrees = Double(count) - (correction?.doubleValue ?? 1)
          var byVariance = g[0]
          if name == "std" {
            let y = try sy.value
            byVariance = (g[0] / (y * 2)).maskedFill(y .== 0, 0)
          }
          let centred = x - x.mean(dim: dims, keepdim: true)
          return [expanded(byVariance, dims, keepdim, x.shape) * (centred * (2 / degrees))]
        }
      })
  }
  static let variance = spread("var"), standardDeviation = spread("std")

  static let prodFunction = ReduceFunction("prod")
  static let sumFunction = ReduceFunction("sum")
  static let meanFunction = ReduceFunction("mean")

  // MARK: Helpers

  /// Reduces `x` over `dims` (nil or empty: all) into a new tensor of `output`'s dtype.
  static func run(
    _ function: ReduceFunction, _ x: Tensor, _ dims: [Int]?, _ keepdim: Bool, _ types: (input: DType, output: DType),
    parameters: MapParameters = .none
  ) throws -> Tensor {
    let dims = try x.shape.normalized(dims: dims)
    let out = try Tensor.uninitialized(reducedShape(x.shape, dims, keepdim), types.output)
    let source = try Elementwise.cast(x, types.input)
    try x.backend.reduce(function, source, dims, into: out, parameters: parameters)
    return out
  }

  static func reducedShape(_ shape: Shape, _ dims: [Int], _ keepdim: Bool) -> Shape {
    var result = Shape()
    for i in shape.indices {
      if !dims.contains(i) { result.append(shape[i]) } else if keepdim { result.append(1) }
    }
    return result
  }

  /// Sums and products of integers are made in int64.
  static func accumulated(_ x: Tensor, _ dtype: DType?) -> (input: DType, output: DType) {
    let type = dtype ?? (x.dtype.category <= .integer ? .int64 : x.dtype)
    return (type, type)
  }

  static func floating(_ name: String, _ x: Tensor, _ dtype: DType?) throws -> (input: DType, output: DType) {
    let type = dtype ?? x.dtype
    guard type.isDifferentiable else {
      throw TorchError(
        .dtype,
        dtype == nil
          ? "\(name)(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: \(type.scalarTypeName)"
          : "\(name)(): expected dtype to be floating point or complex, but got: \(type.scalarTypeName)")
    }
    return (type, type)
  }

  /// A reduced tensor spread over the reduced dimensions again.
  static func expanded(_ g: Tensor, _ dims: [Int]?, _ keepdim: Bool, _ shape: Shape) -> Tensor {
    guard !keepdim, shape.count > 0, let dims = try? shape.normalized(dims: dims) else { return g.expand(Array(shape)) }
    var sizes = Array(shape)
    for dim in dims { sizes[dim] = 1 }
    return g.reshape(sizes).expand(Array(shape))
  }

  static let operators: [AnyOperator] = [
    sum, sumDim, mean, meanDim, prod, prodDim, max, min, maxDim, minDim, amax, amin, argmax, argmin, all, allDim, any,
    anyDim, variance, standardDeviation,
  ]
}

extension Tensor {
  /// The sum of all elements. Integers and Booleans are summed in `int64`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.sum.html
  public func sum(dtype: DType? = nil) -> Tensor { Reductions.sum(self, dtype) }

  /// The sums over `dim`, which goes away or, with `keepdim`, stays with size 1.
  public func sum(dim: Int, keepdim: Bool = false, dtype: DType? = nil) -> Tensor {
    Reductions.sumDim(self, [dim], keepdim, dtype)
  }
  public func sum(dim: [Int], keepdim: Bool = false, dtype: DType? = nil) -> Tensor {
    Reductions.sumDim(self, dim, keepdim, dtype)
  }

  /// The mean of all elements of a floating point or complex tensor.
  public func mean(dtype: DType? = nil) -> Tensor { Reductions.mean(self, dtype) }
  public func mean(dim: Int, keepdim: Bool = false, dtype: DType? = nil) -> Tensor {
    Reductions.meanDim(self, [dim], keepdim, dtype)
  }
  public func mean(dim: [Int], keepdim: Bool = false, dtype: DType? = nil) -> Tensor {
    Reductions.meanDim(self, dim, keepdim, dtype)
  }

  /// The product of all elements, or along `dim`.
  public func prod(dtype: DType? = nil) -> Tensor { Reductions.prod(self, dtype) }
  public func prod(dim: Int, keepdim: Bool = false, dtype: DType? = nil) -> Tensor {
    Reductions.prodDim(self, dim, keepdim, dtype)
  }

  /// The greatest element. NaN wins.
  public func max() -> Tensor { Reductions.max(self) }
  public func min() -> Tensor { Reductions.min(self) }

  /// The greatest elements along `dim`, and where they are.
  /// Source: https://pytorch.org/docs/stable/generated/torch.max.html
  public func max(dim: Int, keepdim: Bool = false) -> (values: Tensor, indices: Tensor) {
    let both = Reductions.maxDim(self, dim, keepdim)
    return (both[0], both[1])
  }
  public func min(dim: Int, keepdim: Bool = false) -> (values: Tensor, indices: Tensor) {
    let both = Reductions.minDim(self, dim, keepdim)
    return (both[0], both[1])
  }
  public func amax(dim: [Int] = [], keepdim: Bool = false) -> Tensor { Reductions.amax(self, dim, keepdim) }
  public func amin(dim: [Int] = [], keepdim: Bool = false) -> Tensor { Reductions.amin(self, dim, keepdim) }

  /// Where the greatest element is: a flat index, or one along `dim`.
  public func argmax(dim: Int? = nil, keepdim: Bool = false) -> Tensor { Reductions.argmax(self, dim, keepdim) }
  public func argmin(dim: Int? = nil, keepdim: Bool = false) -> Tensor { Reductions.argmin(self, dim, keepdim) }

  /// Whether all, or any, elements are non-zero.
  public func all() -> Tensor { Reductions.all(self) }
  public func any() -> Tensor { Reductions.any(self) }
  public func all(dim: Int, keepdim: Bool = false) -> Tensor { Reductions.allDim(self, dim, keepdim) }
  public func any(dim: Int, keepdim: Bool = false) -> Tensor { Reductions.anyDim(self, dim, keepdim) }

  /// The variance; the sum of squares is divided by the number of elements less `correction`.
  public func `var`(dim: [Int]? = nil, correction: Scalar? = nil, keepdim: Bool = false) -> Tensor {
    Reductions.variance(self, dim, correction, keepdim)
  }
  /// The square root of the variance.
  public func std(dim: [Int]? = nil, correction: Scalar? = nil, keepdim: Bool = false) -> Tensor {
    Reductions.standardDeviation(self, dim, correction, keepdim)
  }
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
