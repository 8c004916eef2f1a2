// How operators act on whole batches. A rule gets the arguments of a call with samples among them, and makes the call on
// their batches, whose first dimension is the batch; nil leaves the call to the loop over samples.
//
// Most operators follow one of few patterns: elementwise, acting on dimensions, taking the arguments as they are, made of
// others. What is in no list here is called once a sample.

enum BatchRules {
  typealias Call = ([Value]) throws -> [Value]

  static func apply(
    _ op: AnyOperator, _ arguments: [Value], _ level: BatchLevel, _ call: Call
  ) throws -> [Value]? {
    let key = name(op)
    if op.isElementwise || elementwise.contains(key) { return try elementwise(arguments, level, call) }
    if same.contains(key) { return try direct(arguments, level, call) }
    if let shifts = dimensions[key] { return try shifted(op, shifts, arguments, level, call) }
    if let rank = folded[key] { return try folded(rank, arguments, level, call) }
    if let rule = others[key] { return try rule(Arguments(arguments, level), call).map { Batching.samples($0, level) } }
    return nil
  }

  private static func name(_ op: AnyOperator) -> String { String(op.name.dropFirst("aten::".count)) }

  static func isComposed(_ op: AnyOperator) -> Bool { op.tier == .composite && composed.contains(name(op)) }

  /// The arguments of a call, with what rules ask of them.
  struct Arguments {
    let values: [Value]
    let level: BatchLevel
    init(_ values: [Value], _ level: BatchLevel) { (self.values, self.level) = (values, level) }

    func batch(_ i: Int) -> Tensor? { values[i].tensor.flatMap { Batching.physical($0, level) } }
    /// The rank of a sample.
    func rank(_ i: Int) -> Int { values[i].tensor?.ndim ?? 0 }
    func ints(_ i: Int) throws -> [Int] { try [Int].unbox(values[i]) }
  }

  // MARK: Elementwise

  /// Elementwise operators that are not declared by `unary` and `binary`.
  private static let elementwise: Set<String> = [
    "add.Tensor", "sub.Tensor", "mul.Tensor", "div.Tensor", "div.Tensor_mode", "add.Scalar", "sub.Scalar", "mul.Scalar",
    "div.Scalar", "rsub.Tensor", "rsub.Scalar", "pow.Tensor_Tensor", "pow.Tensor_Scalar", "pow.Scalar", "maximum",
    "minimum", "clamp", "clamp.Tensor", "where.self", "where.ScalarSelf", "where.ScalarOther", "masked_fill.Scalar",
    "masked_fill.Tensor", "lerp.Tensor", "lerp.Scalar", "addcmul", "addcdiv", "logical_and", "logical_or",
    "logical_xor", "logical_not", "bitwise_and.Tensor", "bitwise_or.Tensor", "bitwise_xor.Tensor", "remainder.Tensor",
    "remainder.Scalar", "floor_divide", "leaky_relu", "elu", "softplus", "hardtanh", "threshold", "softshrink",
    "hardshrink", "gelu", "silu", "mish",
    "square", "xlogy.Tensor", "logaddexp", "eq.Scalar", "ne.Scalar", "lt.Scalar", "le.Scalar", "gt.Scalar", "ge.Scalar",
  ]

  private static func elementwise(_ arguments: [Value], _ level: BatchLevel, _ call: Call) throws -> [Value]? {
    let tensors = arguments.compactMap(\.tensor)
    if arguments.contains(where: { if case .list = $0 { true } else { false } }) { return nil }
    // A sample without dimensions takes part in type promotion as its batch would not.
    let dtypes = Set(tensors.filter { !$0.isWrappedNumber }.map(\.dtype))
    let rank = tensors.map(\.ndim).max() ?? 0
    if dtypes.count > 1 && tensors.contains(where: { $0.ndim == 0 && !$0.isWrappedNumber }) { return nil }
    return try Batching.outside(level) {
      let results = try call(arguments.map { value in
        guard let x = value.tensor, let batch = Batching.physical(x, level) else { return value }
        return .tensor(padded(batch, x.ndim, to: rank))
      })
      return Batching.samples(results, level)
    }
  }

  /// New dimensions of size 1 behind the batch, for a sample of rank `rank` to have `wanted`.
  private static func padded(_ batch: Tensor, _ rank: Int, to wanted: Int) -> Tensor {
    (rank..<Swift.max(rank, wanted)).reduce(batch) { x, _ in x.unsqueeze(1) }
  }

  // MARK: As they are

  /// Operators that do the same to a batch, given the same further arguments.
  private static let same: Set<String> = [
    "detach", "clone", "alias", "contiguous", "zeros_like", "ones_like", "full_like", "empty_like", "to.dtype", "_to_copy",
    "tril", "triu", "relu", "sigmoid", "tanh", "view_as_real", "view_as_complex", "real", "imag", "conj", "_conj",
    "_conj_physical", "conj_physical", "resolve_conj", "nan_to_num", "type_as", "float_power.Tensor_Scalar",
    "mT", "mH", "adjoint", "one_hot", "layer_norm", "rms_norm", "linalg_inv", "linalg_det", "linalg_cholesky", "matrix_exp",
    "log_sigmoid",
  ]

  private static func direct(_ arguments: [Value], _ level: BatchLevel, _ call: Call) throws -> [Value]? {
    // Only the first argument may be a batch, and must be more than one number where matrices are meant.
    if arguments.dropFirst().contains(where: { Batching.isBatched($0, level) }) { return nil }
    return try Batching.outside(level) {
      Batching.samples(try call(arguments.map { Batching.map($0, level) { $0 } }), level)
    }
  }

  // MARK: Dimensions

  /// Operators by the names of their parameters that name dimensions; `+` marks those that name a place between.
  private static let dimensions: [String: [String]] = [
    "sum.dim_IntList": ["dim"], "mean.dim": ["dim"], "amax": ["dim"], "amin": ["dim"], "max.dim": ["dim"],
    "min.dim": ["dim"], "argmax": ["dim"], "argmin": ["dim"], "any.dim": ["dim"], "all.dim": ["dim"],
    "prod.dim_int": ["dim"], "cumsum": ["dim"], "cumprod": ["dim"], "logsumexp": ["dim"], "_softmax": ["dim"],
    "_log_softmax": ["dim"], "softmax.int": ["dim"], "log_softmax.int": ["dim"], "var.correction": ["dim"],
    "std.correction": ["dim"], "linalg_vector_norm": ["dim"], "transpose.int": ["dim0", "dim1"], "select.int": ["dim"],
    "slice.Tensor": ["dim"], "narrow": ["dim"], "squeeze.dim": ["dim"], "flip": ["dims"], "sort": ["dim"],
    "topk": ["dim"], "unfold": ["dimension"], "diagonal": ["dim1", "dim2"], "split.Tensor": ["dim"], "chunk": ["dim"],
    "split_with_sizes": ["dim"], "unbind.int": ["dim"], "flatten.using_ints": ["start_dim", "end_dim"],
    "index_select": ["dim"], "unsqueeze": ["+dim"], "argsort": ["dim"], "logcumsumexp": ["dim"],
  ]

  private static func shifted(
    _ op: AnyOperator, _ names: [String], _ arguments: [Value], _ level: BatchLevel, _ call: Call
  ) throws -> [Value]? {
    guard let x = arguments[0].tensor, let batch = Batching.physical(x, level), x.ndim > 0 || names == ["+dim"],
      !arguments.dropFirst().contains(where: { Batching.isBatched($0, level) })
    else { return nil }
    var changed = arguments
    changed[0] = .tensor(batch)
    for name in names {
      let isBetween = name.hasPrefix("+")
      let plain = isBetween ? String(name.dropFirst()) : name
      guard let i = op.schema.parameters.firstIndex(where: { $0.name == plain }) else { return nil }
      let rank = x.ndim + (isBetween ? 1 : 0)
      func shift(_ dim: Int) throws -> Int {
        guard dim >= -rank, dim < rank else {
          throw TorchError(
            .index,
            "Dimension out of range (expected to be in range of [\(-rank), \(rank - 1)], but got \(dim))")
        }
        return (dim < 0 ? dim + rank : dim) + 1
      }
      switch arguments[i] {
      case .scalar(let scalar): changed[i] = .int(try shift(scalar.intValue))
      case .list(let values) where !values.isEmpty: changed[i] = .ints(try values.map { try shift(try Int.unbox($0)) })
      case .list, .none:
        // No dimensions are all of them, where several can be named.
        guard op.schema.parameters[i].type.contains("[") else { return nil }
        changed[i] = .ints(1...Swift.max(x.ndim, 1))
      default: return nil
      }
    }
    return try Batching.outside(level) { Batching.samples(try call(changed), level) }
  }

  // MARK: Folded

  /// Operators with a batch dimension of their own, by the rank of their input with it.
  private static let folded: [String: Int] = [
    "conv1d": 3, "conv2d": 4, "conv3d": 5, "max_pool1d": 3, "max_pool2d": 4, "max_pool3d": 5, "avg_pool1d": 3,
    "avg_pool2d": 4, "avg_pool3d": 5, "adaptive_avg_pool1d": 3, "adaptive_avg_pool2d": 4, "adaptive_avg_pool3d": 5,
    "conv_transpose1d": 3, "conv_transpose2d": 4, "conv_transpose3d": 5,
  ]

  private static func folded(
    _ rank: Int, _ arguments: [Value], _ level: BatchLevel, _ call: Call
  ) throws -> [Value]? {
    guard let x = arguments[0].tensor, let batch = Batching.physical(x, level), x.ndim == rank || x.ndim == rank - 1,
      !arguments.dropFirst().contains(where: { Batching.isBatched($0, level) })
    else { return nil }
    return try Batching.outside(level) {
      if x.ndim == rank - 1 { return Batching.samples(try call([.tensor(batch)] + arguments.dropFirst()), level) }
      let flat = batch.reshape([batch.shape[0] * batch.shape[1]] + batch.shape.dropFirst(2))
      let results = try call([.tensor(flat)] + arguments.dropFirst())
      return Batching.samples(results.map { value in
        guard let y = value.tensor else { return value }
        return .tensor(y.reshape([batch.shape[0], batch.shape[1]] + y.shape.dropFirst()))
      }, level)
    }
  }

  // MARK: Made of others

  /// Composites whose bodies call operators only: those are called on the samples.
  private static let composed: Set<String> = [
    "linear", "bilinear", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "soft_margin_loss",
    "binary_cross_entropy_with_logits", "kl_div", "poisson_nll_loss", "margin_ranking_loss", "hinge_embedding_loss",
    "cosine_embedding_loss", "triplet_margin_loss", "cross_entropy_loss", "pairwise_distance", "cosine_similarity",
    "dropout", "feature_dropout", "celu", "selu", "relu6", "prelu", "glu", "rrelu", "pad", "pixel_shuffle",
    "pixel_unshuffle", "channel_shuffle",
  ]

  // MARK: Others

  private typealias Rule = @Sendable (Arguments, Call) throws -> [Value]?

  private static let others: [String: Rule] = [
    "sum": { a, call in try whole(a) { $0.sum(dim: $1, dtype: try DType?.unbox(a.values[1])) } },
    "mean": { a, call in try whole(a) { $0.mean(dim: $1, dtype: try DType?.unbox(a.values[1])) } },
    "max": { a, call in try whole(a) { try reduce("amax", $0, $1) } },
    "min": { a, call in try whole(a) { try reduce("amin", $0, $1) } },
    "matmul": { a, call in products(a) { $0.matmul($1) } },
    "mm": { a, call in products(a) { $0.matmul($1) } },
    "bmm": { a, call in products(a) { $0.matmul($1) } },
    "mv": { a, call in products(a) { $0.matmul($1) } },
    "dot": { a, call in products(a) { $0.matmul($1) } },
    "addmm": { a, call in
      guard let product = products(Arguments([a.values[1], a.values[2]], a.level), { $0.matmul($1) })?[0].tensor else { return nil }
      let (beta, alpha) = (try Scalar.unbox(a.values[3]), try Scalar.unbox(a.values[4]))
      return Batching.outside(a.level) {
        let c = a.batch(0).map { padded($0, a.rank(0), to: 2) } ?? a.values[0].tensor!
        return [.tensor((c * beta).add(product, alpha: alpha))]
      }
    },
    "t": { a, call in
      guard let x = a.batch(0) else { return nil }
      return Batching.outside(a.level) { [.tensor(a.rank(0) == 2 ? x.transpose(1, 2) : x)] }
    },
    "view": { a, call in try sized(a) { $0.view($1) } },
    "reshape": { a, call in try sized(a) { $0.reshape($1) } },
    "expand": { a, call in
      guard let x = a.batch(0) else { return nil }
      let sizes = try a.ints(1)
      return Batching.outside(a.level) { [.tensor(padded(x, a.rank(0), to: sizes.count).expand([a.level.size] + sizes))] }
    },
    "permute": { a, call in
      guard let x = a.batch(0) else { return nil }
      let (dims, rank) = (try a.ints(1), a.rank(0))
      return Batching.outside(a.level) { [.tensor(x.permute([0] + dims.map { ($0 < 0 ? $0 + rank : $0) + 1 }))] }
    },
    "squeeze": { a, call in
      guard let x = a.batch(0) else { return nil }
      return Batching.outside(a.level) { [.tensor(x.squeeze((1..<Swift.max(x.ndim, 1)).filter { x.shape[$0] == 1 }))] }
    },
    "cat": { a, call in try lists(a, places: 0, call) },
    "stack": { a, call in try lists(a, places: 1, call) },
    "gather": { a, call in
      let (rank, dim) = (a.rank(0), try Int.unbox(a.values[1]))
      guard rank > 0, a.rank(2) == rank, a.batch(0) != nil || a.batch(2) != nil else { return nil }
      let (x, index) = (Batching.expanded(a.values[0].tensor!, a.level), Batching.expanded(a.values[2].tensor!, a.level))
      return Batching.outside(a.level) { [.tensor(x.gather((dim < 0 ? dim + rank : dim) + 1, index))] }
    },
    "embedding": { a, call in
      guard a.batch(0) == nil, let index = a.batch(1) else { return nil }
      return try Batching.outside(a.level) { try call([a.values[0], .tensor(index)] + a.values.dropFirst(2)) }
    },
  ]

  /// Reductions over all dimensions.
  private static func whole(_ a: Arguments, _ reduce: (Tensor, [Int]) throws -> Tensor) throws -> [Value]? {
    guard let x = a.batch(0) else { return nil }
    let rank = a.rank(0)
    return try Batching.outside(a.level) {
      // A sample without dimensions is reduced over one of size 1.
      [.tensor(rank == 0 ? try reduce(x.unsqueeze(1), [1]) : try reduce(x, Array(1...rank)))]
    }
  }

  private static func reduce(_ name: String, _ x: Tensor, _ dims: [Int]) throws -> Tensor {
    guard let op = OperatorRegistry.find(name), let y = try op.callBoxed([.tensor(x), .ints(dims), .bool(false)]).first?.tensor
    else { throw TorchError(.state, "no operator \(name)") }
    return y
  }

  private static func sized(_ a: Arguments, _ change: (Tensor, [Int]) -> Tensor) throws -> [Value]? {
    guard let x = a.batch(0) else { return nil }
    let sizes = try a.ints(1)
    return Batching.outside(a.level) { [.tensor(change(x, [a.level.size] + sizes))] }
  }

  /// Products of vectors, matrices and stacks of them, by one product of stacks.
  private static func products(_ a: Arguments, _ product: (Tensor, Tensor) -> Tensor) -> [Value]? {
    guard let left = a.values[0].tensor, let right = a.values[1].tensor, left.ndim > 0, right.ndim > 0 else { return nil }
    let rank = Swift.max(left.ndim, right.ndim, 2)
    return Batching.outside(a.level) {
      var x = a.batch(0) ?? left
      var y = a.batch(1) ?? right
      if left.ndim == 1 { x = x.unsqueeze(-2) }
      if right.ndim == 1 { y = y.unsqueeze(-1) }
      if a.batch(0) != nil { x = padded(x, Swift.max(left.ndim, 2), to: rank) }
      if a.batch(1) != nil { y = padded(y, Swift.max(right.ndim, 2), to: rank) }
      var z = product(x, y)
      if right.ndim == 1 { z = z.squeeze(-1) }
      if left.ndim == 1 { z = z.squeeze(right.ndim == 1 ? -1 : -2) }
      return [.tensor(z)]
    }
  }

  /// Lists of tensors along a dimension; `places` is 1 where the dimension is a new one.
  private static func lists(_ a: Arguments, places: Int, _ call: Call) throws -> [Value]? {
    guard case .list(let values) = a.values[0], let first = values.first?.tensor else { return nil }
    let tensors = values.compactMap(\.tensor)
    let (rank, dim) = (first.ndim + places, try Int.unbox(a.values[1]))
    guard tensors.allSatisfy({ $0.ndim == first.ndim }), dim >= -rank, dim < rank else { return nil }
    let batches = tensors.map { Batching.expanded($0, a.level) }
    return try Batching.outside(a.level) { try call([.tensors(batches), .int((dim < 0 ? dim + rank : dim) + 1)]) }
  }
}
