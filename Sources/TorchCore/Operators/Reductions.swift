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
    "mean(Tensor self, *, ScalarType? dtype=None) -> Tensor",
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
    try x.backend.reduce(function, source, dims, into: out, indices: nil, parameters: parameters)
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

  static let operators: [AnyOperator] = [sum, sumDim, mean, meanDim]
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
}
