// Gathering and scattering along one dimension, index_*, and embedding.
// Reference: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

enum GatherScatter {
  // MARK: gather and scatter: index has an index for each element

  static let gather: Operator<Tensor, Int, Tensor, Bool, Tensor> = Operator(
    "gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor", twins: .out.disjoint.sameType,
    kernel: { (x: Tensor, dim: Int, index: Tensor, _: Bool) in
      let out = try Tensor.uninitialized(index.shape, x.dtype)
      let dim = try x.shape.normalized(dim: dim)
      guard index.numel > 0 else { return out }
      let index = try indices(index, "gather")
      let (x, places) = (x.atLeastOneDimension, index.atLeastOneDimension)
      guard x.ndim == places.ndim else {
        throw TorchError(.shape, "Index tensor must have the same number of dimensions as input tensor")
      }
      for d in 0..<x.ndim where d != dim && places.shape[d] > x.shape[d] {
        throw TorchError(
          .shape,
          "Size does not match at dimension \(d) expected index \(index.shape.listDescription) to be no larger than self \(x.shape.listDescription) apart from dimension \(dim)")
      }
      try checked(dim) { try x.backend.gather(x, dim, places, into: out.atLeastOneDimension) }
      return out
    },
    derivative: { recorder, _, x, dim, index, _ in
      let (shape, index) = (x.shape, recorder.save(index))
      return { g in [scatterAdd(Tensor.zeros(shape, dtype: g[0].dtype), dim, try index.value, g[0])] }
    })

  static let scatter = WritingOperator(
    "scatter.src(Tensor self, int dim, Tensor index, Tensor src) -> Tensor", out: "src_out",
    write: { (x: Tensor, dim: Int, index: Tensor, source: Tensor) in
      try scatter(.set, "scatter", x, dim, index, source)
    },
    derivative: { recorder, _, _, dim, index, _ in
      let index = recorder.save(index)
      return { g in
        let index = try index.value
        return [g[0].scatter(dim, index, 0), nil, g.needs(2) ? g[0].gather(dim, index) : nil]
      }
    })

  static let scatterValue = WritingOperator(
    "scatter.value(Tensor self, int dim, Tensor index, Scalar value) -> Tensor", out: "value_out",
    gradientName: "ScatterBackward1",
    write: { (x: Tensor, dim: Int, index: Tensor, value: Scalar) in
      try scatter(.set, "scatter", x, dim, index, Tensor.full([], value, dtype: x.dtype), broadcast: true)
    },
    derivative: { recorder, _, _, dim, index, _ in
      let index = recorder.save(index)
      return { g in [g[0].scatter(dim, try index.value, 0)] }
    })

  static let scatterReduction = WritingOperator(
    "scatter.reduce(Tensor self, int dim, Tensor index, Tensor src, *, str reduce) -> Tensor", out: "reduce_out",
    write: { (x: Tensor, dim: Int, index: Tensor, source: Tensor, reduce: String) in
      try scatter(try combination(reduce), "scatter", x, dim, index, source)
    }, derivative: nil)

  static let scatterValueReduction = WritingOperator(
    "scatter.value_reduce(Tensor self, int dim, Tensor index, Scalar value, *, str reduce) -> Tensor",
    out: "value_reduce_out",
    write: { (x: Tensor, dim: Int, index: Tensor, value: Scalar, reduce: String) in
      try scatter(
        try combination(reduce), "scatter", x, dim, index, Tensor.full([], value, dtype: x.dtype), broadcast: true)
    }, derivative: nil)

  private static func combination(_ name: String) throws -> Combination {
    guard name == "add" || name == "multiply" else {
      throw TorchError(.value, "reduce argument must be either add or multiply.")
    }
    return try Combination(reduction: name, "scatter")
  }

  static let scatterAdd: WritingOperator<Tensor, Int, Tensor, Tensor> = WritingOperator(
    "scatter_add(Tensor self, int dim, Tensor index, Tensor src) -> Tensor",
    write: { (x: Tensor, dim: Int, index: Tensor, source: Tensor) in
      try scatter(.add, "scatter_add", x, dim, index, source)
    },
    derivative: { recorder, _, _, dim, index, _ in
      let index = recorder.save(index)
      return { g in [g[0], nil, g.needs(2) ? g[0].gather(dim, try index.value) : nil] }
    })

  /// `self` at `index` combined with `src` by a sum, product, mean, maximum or minimum.
  static let scatterReduce: Operator<Tensor, Int, Tensor, Tensor, String, Bool, Tensor> = Operator(
    "scatter_reduce.two(Tensor self, int dim, Tensor index, Tensor src, str reduce, *, bool include_self=True) -> Tensor",
    twins: .both(out: "two_out"),
    kernel: { (x: Tensor, dim: Int, index: Tensor, source: Tensor, reduce: String, includeSelf: Bool) in
      let out = try x.packed()
      try scatter(
        try Combination(reduction: reduce, "scatter_reduce"), "scatter_reduce", out, dim, index, source,
        includeSelf: includeSelf)
      return out
    },
    derivative: { recorder, y, x, dim, index, source, reduce, includeSelf in
      let (x, index, source) = (recorder.save(x), recorder.save(index), recorder.save(source))
      let y = recorder.save(result: y)
      return { g in
        let index = try index.value
        let places = Places(
          pick: { $0.gather(dim, index) }, add: { $0.scatterAdd(dim, index, $1) },
          reduce: { scatterReduce($0, dim, index, $1, reduce, includeSelf) })
        let gradients = try reductionGradients(
          g[0], try x.value, try source.value, places, reduce, includeSelf, try y.value)
        return [includeSelf ? gradients.0 : gradients.0.scatter(dim, index, 0), nil, gradients.1]
      }
    })

  /// What an index means to a reduction: reading at its places, adding there, and the reduction itself.
  private struct Places {
    let pick: (Tensor) -> Tensor
    let add: (_ whole: Tensor, _ part: Tensor) -> Tensor
    let reduce: (_ whole: Tensor, _ part: Tensor) -> Tensor
  }

  /// The gradients of `scatter_reduce` and `index_reduce` with respect to self and source.
  private static func reductionGradients(
    _ g: Tensor, _ x: Tensor, _ source: Tensor, _ places: Places, _ reduce: String, _ includeSelf: Bool, _ y: Tensor
  ) throws -> (Tensor, Tensor) {
    switch reduce {
    case "sum": return (g, places.pick(g))
    case "mean":
      let start = includeSelf ? Tensor.ones(like: g) : Tensor.zeros(like: g)
      let count = places.add(start, Tensor.ones(like: source))
      let share = g / count.maskedFill(count .== 0, 1)
      return (share, places.pick(share))
    case "prod":
      // Where one factor alone is zero, the gradient is the product of the others.
      let calm = x.maskedFill(x .== 0, 1)
      let product = places.reduce(calm, source)
      let mine = g * product / calm
      let isZero = source .== 0
      let zeros = places.pick(places.add(Tensor.zeros(like: x), isZero.to(x.dtype)))
      let isLoneZero = isZero .& (zeros .== 1)
      let others = places.reduce(x, source.maskedFill(isLoneZero, 1))
      let theirs = Indexing.where(
        isLoneZero, places.pick(g * others), places.pick(g * y) / source.maskedFill(isZero, 1))
      return (mine, theirs)
    default:
      // Ties share the gradient of an extremum.
      let mine = (x .== y).to(g.dtype)
      let theirs = (source .== places.pick(y)).to(g.dtype)
      let count = places.add(mine, theirs)
      let share = g / count
      return (mine * share, theirs * places.pick(share))
    }
  }

  private static func scatter(
    _ combination: Combination, _ name: String, _ x: Tensor, _ dim: Int, _ index: Tensor, _ source: Tensor,
    includeSelf: Bool = true, broadcast: Bool = false
  ) throws {
    let dim = try x.shape.normalized(dim: dim)
    guard source.dtype == x.dtype else {
      throw TorchError(.dtype, "\(name)(): Expected self.dtype to be equal to src.dtype")
    }
    guard index.numel > 0 else { return }
    let index = try indices(index, name)
    let places = index.atLeastOneDimension
    let target = x.atLeastOneDimension
    guard target.ndim == places.ndim else {
      throw TorchError(.shape, "Index tensor must have the same number of dimensions as self tensor")
    }
    let given = source.atLeastOneDimension
    guard broadcast || given.ndim == places.ndim else {
      throw TorchError(.shape, "Index tensor must have the same number of dimensions as src tensor")
    }
    for d in 0..<places.ndim {
      let exceedsSelf = d != dim && places.shape[d] > target.shape[d]
      if exceedsSelf || (!broadcast && places.shape[d] > given.shape[d]) {
        throw TorchError(
          .shape,
          broadcast
            ? "Expected index \(index.shape.listDescription) to be no larger than self \(x.shape.listDescription) apart from dimension \(dim)"
            : "Expected index \(index.shape.listDescription) to be no larger than self \(x.shape.listDescription) apart from dimension \(dim) and to be no larger size than src \(source.shape.listDescription)")
      }
    }
    let safe = source.storage === x.storage ? try given.packed() : given
    try checked(dim) {
      try x.backend.scatter(
        combination, includeSelf: includeSelf, into: target, dim, places, safe, broadcast: broadcast)
    }
  }

  // MARK: index_*: one index for each part along the dimension

  static let indexSelect: Operator<Tensor, Int, Tensor, Tensor> = Operator(
    "index_select(Tensor self, int dim, Tensor index) -> Tensor", twins: .out.disjoint,
    kernel: { (x: Tensor, dim: Int, index: Tensor) in
      let dim = try x.shape.normalized(dim: dim)
      guard index.ndim <= 1 else { throw TorchError(.index, "index_select(): Index is supposed to be a vector") }
      let index = try indices(index, "index_select").atLeastOneDimension
      let whole = x.atLeastOneDimension
      var shape = whole.shape
      shape[dim] = index.numel
      let out = try Tensor.uninitialized(shape, x.dtype)
      if out.numel > 0 { try inSelf { try x.backend.indexSelect(whole, dim, index, into: out) } }
      return x.ndim == 0 ? out.alias(shape: [], strides: [], offset: 0) : out
    },
    derivative: { recorder, _, x, dim, index in
      let (shape, index) = (x.shape, recorder.save(index))
      return { g in [indexAdd(Tensor.zeros(shape, dtype: g[0].dtype), dim, try index.value, g[0], 1)] }
    })

  static let indexAdd: WritingOperator<Tensor, Int, Tensor, Tensor, Scalar> = WritingOperator(
    "index_add(Tensor self, int dim, Tensor index, Tensor source, *, Scalar alpha=1) -> Tensor",
    write: { (x: Tensor, dim: Int, index: Tensor, source: Tensor, alpha: Scalar) in
      guard source.dtype == x.dtype else {
        throw TorchError(.dtype, "index_add_(): self (\(x.dtype.scalarTypeName)) and source (\(source.dtype.scalarTypeName)) must have the same scalar type")
      }
      try inSelf { try combine(.add, "index_add_", x, dim, index, source, alpha: alpha) }
    },
    derivative: { recorder, _, _, dim, index, source, alpha in
      let (sizes, index) = (Array(source.shape), recorder.save(index))
      return { g in
        guard g.needs(2) else { return [g[0]] }
        let part = indexSelect(g[0], dim, try index.value).expand(sizes)
        return [g[0], nil, alpha == .int(1) ? part : part * alpha.conjugate]
      }
    })

  static let indexCopy: WritingOperator<Tensor, Int, Tensor, Tensor> = WritingOperator(
    "index_copy(Tensor self, int dim, Tensor index, Tensor source) -> Tensor",
    write: { (x: Tensor, dim: Int, index: Tensor, source: Tensor) in
      guard source.dtype == x.dtype else {
        throw TorchError(
          .dtype,
          "index_copy_(): self and source expected to have the same dtype, but got (self) \(x.dtype.scalarTypeName) and (source) \(source.dtype.scalarTypeName)")
      }
      do {
        try combine(.set, "index_copy_", x, dim, index, source)
      } catch let bad as BadIndex {
        throw TorchError(
          .index,
          "index_copy_(): index \(bad.value) is out of bounds for dimension \(try x.shape.normalized(dim: dim)) with size \(bad.size)")
      }
    },
    derivative: { recorder, _, _, dim, index, source in
      let (sizes, index) = (Array(source.shape), recorder.save(index))
      return { g in
        let index = try index.value
        return [indexFill(g[0], dim, index, 0), nil, g.needs(2) ? indexSelect(g[0], dim, index).expand(sizes) : nil]
      }
    })

  static let indexFill: WritingOperator<Tensor, Int, Tensor, Scalar> = WritingOperator(
    "index_fill.int_Scalar(Tensor self, int dim, Tensor index, Scalar value) -> Tensor", out: "int_Scalar_out",
    write: { (x: Tensor, dim: Int, index: Tensor, value: Scalar) in
      try fill(x, dim, index, Tensor.full([], value, dtype: x.dtype))
    },
    derivative: { recorder, _, _, dim, index, _ in
      let index = recorder.save(index)
      return { g in [indexFill(g[0], dim, try index.value, 0)] }
    })

  static let indexFillTensor = WritingOperator(
    "index_fill.int_Tensor(Tensor self, int dim, Tensor index, Tensor value) -> Tensor", out: "int_Tensor_out",
    gradientName: "IndexFillBackward1",
    write: { (x: Tensor, dim: Int, index: Tensor, value: Tensor) in
      guard value.ndim == 0 else {
        throw TorchError(
          .shape,
          "index_fill_ only supports a 0-dimensional value tensor, but got tensor with \(value.ndim) dimension(s).")
      }
      try fill(x, dim, index, try Elementwise.cast(value, x.dtype))
    },
    derivative: { recorder, _, _, dim, index, _ in
      let index = recorder.save(index)
      return { g in
        let index = try index.value
        return [indexFill(g[0], dim, index, 0), nil, g.needs(2) ? indexSelect(g[0], dim, index.unique()).sum() : nil]
      }
    })

  private static func fill(_ x: Tensor, _ dim: Int, _ index: Tensor, _ value: Tensor) throws {
    try Indexing.checkLong(index, "index_fill_(): Expected dtype int64 for index.")
    let dim = try x.shape.normalized(dim: dim)
    let target = x.atLeastOneDimension
    let places = index.atLeastOneDimension
    guard places.ndim == 1 else { throw TorchError(.index, "index_fill_(): Index is supposed to be a vector") }
    var sizes = target.shape
    sizes[dim] = places.numel
    guard sizes.numel > 0 else { return }
    try checked(dim) {
      try x.backend.indexCombine(.set, into: target, dim, places, value, sizes: sizes, wrap: true)
    }
  }

  static let indexReduce: Operator<Tensor, Int, Tensor, Tensor, String, Bool, Tensor> = Operator(
    "index_reduce(Tensor self, int dim, Tensor index, Tensor source, str reduce, *, bool include_self=True) -> Tensor",
    twins: .both,
    kernel: { (x: Tensor, dim: Int, index: Tensor, source: Tensor, reduce: String, includeSelf: Bool) in
      let out = try x.packed()
      try inSelf {
        try combine(
          try Combination(reduction: reduce, "index_reduce"), "index_reduce", out, dim, index, source,
          includeSelf: includeSelf)
      }
      return out
    },
    derivative: { recorder, y, x, dim, index, source, reduce, includeSelf in
      let (x, index, source) = (recorder.save(x), recorder.save(index), recorder.save(source))
      let y = recorder.save(result: y)
      return { g in
        let index = try index.value
        let places = Places(
          pick: { indexSelect($0, dim, index) }, add: { indexAdd($0, dim, index, $1, 1) },
          reduce: { indexReduce($0, dim, index, $1, reduce, includeSelf) })
        let gradients = try reductionGradients(
          g[0], try x.value, try source.value, places, reduce, includeSelf, try y.value)
        return [includeSelf ? gradients.0 : indexFill(gradients.0, dim, index, 0), nil, gradients.1]
      }
    })

  private static func combine(
    _ combination: Combination, _ name: String, _ x: Tensor, _ dim: Int, _ index: Tensor, _ source: Tensor,
    includeSelf: Bool = true, alpha: Scalar = 1
  ) throws {
    let dim = try x.shape.normalized(dim: dim)
    guard index.ndim <= 1 else {
      throw TorchError(
        .index, "\(name): Index should have dimension 1 or 0 (got \(index.ndim))")
    }
    let places = try indices(index, name).atLeastOneDimension
    let (target, given) = (x.atLeastOneDimension, source.atLeastOneDimension)
    guard given.ndim == target.ndim, given.shape[dim] == places.numel else {
      throw TorchError(
        .index,
        "\(name): Number of indices (\(places.numel)) should be equal to source.size(dim): (\(given.ndim > dim ? given.shape[dim] : 0)), for dim: \(dim)")
    }
    for d in 0..<target.ndim where d != dim && given.shape[d] != target.shape[d] {
      throw TorchError(
        .shape,
        "The size of tensor a (\(target.shape[d])) must match the size of tensor b (\(given.shape[d])) at non-singleton dimension \(d)")
    }
    guard given.numel > 0 else { return }
    let safe = source.storage === x.storage ? try given.packed() : given
    try x.backend.indexCombine(
      combination, includeSelf: includeSelf, into: target, dim, places, safe, sizes: given.shape, alpha: alpha)
  }

  // MARK: Composites

  static let takeAlongDim = Operator(
    composite: "take_along_dim(Tensor self, Tensor indices, int? dim=None) -> Tensor", twins: .out
  ) { (x: Tensor, index: Tensor, dim: Int?) in
    guard let dim else { return gather(x.reshape([-1]), 0, index.reshape([-1]), false) }
    guard x.ndim == index.ndim else {
      throw TorchError(
        .shape,
        "torch.take_along_dim(): input and indices should have the same number of dimensions, but got \(x.ndim) dimensions for input, and \(index.ndim) dimensions for indices")
    }
    let along = try x.shape.normalized(dim: dim)
    var (own, others) = (x.shape, index.shape)
    (own[along], others[along]) = (1, 1)
    let shape = try Shape.broadcast(own, others)
    var (whole, places) = (shape, shape)
    (whole[along], places[along]) = (x.shape[along], index.shape[along])
    // As in PyTorch, indices wrap around.
    let index = x.shape[along] > 0 ? index.remainder(x.shape[along]) : index
    return gather(x.expand(Array(whole)), along, index.expand(Array(places)), false)
  }

  // MARK: Embedding

  static let embedding: Operator<Tensor, Tensor, Int, Bool, Bool, Tensor> = Operator(
    "embedding(Tensor weight, Tensor indices, SymInt padding_idx=-1, bool scale_grad_by_freq=False, bool sparse=False) -> Tensor",
    kernel: { (weight: Tensor, index: Tensor, _: Int, _: Bool, _: Bool) in
      guard weight.ndim == 2 else { throw TorchError(.shape, "'weight' must be 2-D") }
      let places = try indices(index, "embedding").rowMajor()
      let flat = places.alias(shape: [places.numel], strides: [1], offset: places.storageOffset)
      let rows = try indexSelect.call(weight, 0, flat)
      var shape = index.shape
      guard shape.count < Shape.maxRank else { throw TorchError(.shape, "embedding(): indices have too many dimensions") }
      shape.append(weight.shape[1])
      return rows.alias(shape: shape, strides: shape.contiguousStrides, offset: 0)
    },
    derivative: { recorder, _, weight, index, padding, scale, isSparse in
      let (rows, index) = (weight.shape[0], recorder.save(index))
      guard isSparse else { return { g in [embeddingBackward(g[0], try index.value, rows, padding, scale)] } }
      return { g in
        guard !scale else {
          throw TorchError(.notImplemented, "embedding_backward: scale_grad_by_freq not supported with sparse gradients")
        }
        let size = g[0].shape[-1]
        return [try sparseRows(g[0].reshape([-1, size]), try index.value.reshape([-1]), rows, padding)]
      }
    })

  /// A table of `rows` rows, zero but for `given`, which count to the rows that `index` names, row `padding` not at all.
  static func sparseRows(_ given: Tensor, _ index: Tensor, _ rows: Int, _ padding: Int) throws -> Tensor {
    guard !Modes.current.contains(.createGraph) else {
      throw TorchError(.notImplemented, "sparse gradients cannot be differentiated: leave `sparse` or `createGraph` out")
    }
    var (given, index) = (given, index.to(.int64))
    if padding >= 0 {
      let kept = (index .!= padding).nonzero().squeeze(1)
      (given, index) = (given.indexSelect(0, kept), index.indexSelect(0, kept))
    }
    let parts = SparseParts(indices: index.unsqueeze(0), values: given, isCoalesced: false)
    return Tensor(sparse: parts, size: [rows, given.shape[1]])
  }

  /// Sums the rows of a gradient into the rows of the weight that they came from; row `padding_idx` gets none.
  static let embeddingBackward: Operator<Tensor, Tensor, Int, Int, Bool, Tensor> = Operator(
    "embedding_dense_backward(Tensor grad_output, Tensor indices, SymInt num_weights, SymInt padding_idx, bool scale_grad_by_freq) -> Tensor",
    kernel: { (g: Tensor, index: Tensor, rows: Int, padding: Int, scale: Bool) in
      let flat = index.reshape([-1])
      var given = g.reshape([-1, g.shape[-1]])
      if scale { given = given / frequencies(flat, rows, given.dtype) }
      if padding >= 0 { given = given.maskedFill((flat .== padding).unsqueeze(1), 0) }
      return indexAdd(Tensor.zeros([rows, g.shape[-1]], dtype: g.dtype), 0, flat, given, 1)
    },
    derivative: { recorder, _, g, index, rows, padding, scale in
      let (sizes, index) = (Array(g.shape), recorder.save(index))
      return { gg in
        let flat = try index.value.reshape([-1])
        var part = indexSelect(gg[0], 0, flat)
        if scale { part = part / frequencies(flat, rows, part.dtype) }
        if padding >= 0 { part = part.maskedFill((flat .== padding).unsqueeze(1), 0) }
        return [part.reshape(sizes)]
      }
    })

  /// How often each index occurs among all, as a column.
  private static func frequencies(_ index: Tensor, _ rows: Int, _ dtype: DType) -> Tensor {
    let counts = indexAdd(Tensor.zeros([rows], dtype: dtype), 0, index, Tensor.ones(index.shape, dtype: dtype), 1)
    return indexSelect(counts, 0, index).unsqueeze(1)
  }

  // MARK: Helpers

  /// `index` as int64, or PyTorch's refusal.
  private static func indices(_ index: Tensor, _ name: String) throws -> Tensor {
    guard index.dtype == .int64 || index.dtype == .int32 else {
      throw TorchError(
        .dtype, "\(name)(): Expected dtype \(name == "index_select" ? "int32 or int64" : "int32/int64") for index")
    }
    return try Elementwise.cast(index, .int64)
  }

  private static func checked(_ dim: Int, _ body: () throws -> Void) throws {
    do { try body() } catch let bad as BadIndex { throw bad.error(dim: dim) }
  }

  private static func inSelf(_ body: () throws -> Void) throws {
    do { try body() } catch is BadIndex { throw TorchError(.index, "index out of range in self") }
  }

  static let operators: [AnyOperator] =
    [gather, scatterReduce, indexSelect, indexReduce, takeAlongDim, embedding, embeddingBackward] + scatter.operators
    + scatterValue.operators + scatterReduction.operators + scatterValueReduction.operators + scatterAdd.operators
    + indexAdd.operators + indexCopy.operators + indexFill.operators + indexFillTensor.operators
}

extension Tensor {
  /// Itself; without dimensions, seen as one of size 1.
  fileprivate var atLeastOneDimension: Tensor {
    ndim > 0 ? self : alias(shape: [1], strides: [1], offset: storageOffset)
  }
}

extension Tensor {
  /// `out[i][j][k] = self[i][index[i][j][k]][k]` for `dim` 1.
  /// Source: https://pytorch.org/docs/stable/generated/torch.gather.html
  public func gather(_ dim: Int, _ index: Tensor) -> Tensor { GatherScatter.gather(self, dim, index, false) }

  /// A copy in which `out[i][index[i][j][k]][k] = source[i][j][k]` for `dim` 1.
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html
  public func scatter(_ dim: Int, _ index: Tensor, _ source: Tensor) -> Tensor {
    GatherScatter.scatter(self, dim, index, source)
  }
  public func scatter(_ dim: Int, _ index: Tensor, _ value: Scalar) -> Tensor {
    GatherScatter.scatterValue(self, dim, index, value)
  }
  public func scatter(_ dim: Int, _ index: Tensor, _ source: Tensor, reduce: String) -> Tensor {
    GatherScatter.scatterReduction(self, dim, index, source, reduce)
  }
  @discardableResult
  public func scatter_(_ dim: Int, _ index: Tensor, _ source: Tensor) -> Tensor {
    GatherScatter.scatter.inPlace(self, dim, index, source)
  }
  @discardableResult
  public func scatter_(_ dim: Int, _ index: Tensor, _ value: Scalar) -> Tensor {
    GatherScatter.scatterValue.inPlace(self, dim, index, value)
  }
  @discardableResult
  public func scatter_(_ dim: Int, _ index: Tensor, _ source: Tensor, reduce: String) -> Tensor {
    GatherScatter.scatterReduction.inPlace(self, dim, index, source, reduce)
  }

  /// A copy with `source` added where `scatter` would write it.
  public func scatterAdd(_ dim: Int, _ index: Tensor, _ source: Tensor) -> Tensor {
    GatherScatter.scatterAdd(self, dim, index, source)
  }
  @discardableResult
  public func scatterAdd_(_ dim: Int, _ index: Tensor, _ source: Tensor) -> Tensor {
    GatherScatter.scatterAdd.inPlace(self, dim, index, source)
  }

  /// A copy with `source` combined in where `scatter` would write it: `sum`, `prod`, `mean`, `amax` or `amin`.
  public func scatterReduce(_ dim: Int, _ index: Tensor, _ source: Tensor, _ reduce: String, includeSelf: Bool = true)
    -> Tensor
  {
    GatherScatter.scatterReduce(self, dim, index, source, reduce, includeSelf)
  }

  /// The parts at `index` along `dim`.
  public func indexSelect(_ dim: Int, _ index: Tensor) -> Tensor { GatherScatter.indexSelect(self, dim, index) }

  /// A copy with the parts of `source` added at `index` along `dim`, times `alpha`.
  public func indexAdd(_ dim: Int, _ index: Tensor, _ source: Tensor, alpha: Scalar = 1) -> Tensor {
    GatherScatter.indexAdd(self, dim, index, source, alpha)
  }
  @discardableResult
  public func indexAdd_(_ dim: Int, _ index: Tensor, _ source: Tensor, alpha: Scalar = 1) -> Tensor {
    GatherScatter.indexAdd.inPlace(self, dim, index, source, alpha)
  }

  /// A copy with the parts of `source` at `index` along `dim`.
  public func indexCopy(_ dim: Int, _ index: Tensor, _ source: Tensor) -> Tensor {
    GatherScatter.indexCopy(self, dim, index, source)
  }
  @discardableResult
  public func indexCopy_(_ dim: Int, _ index: Tensor, _ source: Tensor) -> Tensor {
    GatherScatter.indexCopy.inPlace(self, dim, index, source)
  }

  /// A copy with `value` at `index` along `dim`.
  public func indexFill(_ dim: Int, _ index: Tensor, _ value: Scalar) -> Tensor {
    GatherScatter.indexFill(self, dim, index, value)
  }
  public func indexFill(_ dim: Int, _ index: Tensor, _ value: Tensor) -> Tensor {
    GatherScatter.indexFillTensor(self, dim, index, value)
  }
  @discardableResult
  public func indexFill_(_ dim: Int, _ index: Tensor, _ value: Scalar) -> Tensor {
    GatherScatter.indexFill.inPlace(self, dim, index, value)
  }

  /// `gather` with sizes broadcast; without `dim`, over flat positions.
  public func takeAlongDim(_ indices: Tensor, _ dim: Int? = nil) -> Tensor {
    GatherScatter.takeAlongDim(self, indices, dim)
  }
}
