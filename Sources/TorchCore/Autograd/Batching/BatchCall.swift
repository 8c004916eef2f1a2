// A call of an operator inside of vmap: by its rule, or once a sample.

extension Batching {
  /// The operators that draw, by base name.
  private static let draws: Set<String> = [
    "uniform_", "normal_", "bernoulli_", "bernoulli", "random_", "exponential_", "geometric_", "cauchy_", "log_normal_",
    "poisson", "binomial", "multinomial", "_standard_gamma", "_sample_dirichlet", "normal", "rand", "randn", "randint",
    "randperm", "rand_like", "randn_like", "randint_like", "uniform", "exponential", "geometric", "cauchy", "log_normal",
    "random", "normal_functional",
  ]

  /// Calls `op` on samples. `call` makes the call with other arguments, at the level that is in force then.
  /// `body` runs a composite's own function, at this level.
  static func call(
    _ op: AnyOperator, _ arguments: [Value], _ call: ([Value]) throws -> [Value], body: ([Value]) throws -> [Value]
  ) throws -> [Value] {
    guard let level else { return try Modes.with({ $0.remove(.batched) }) { try call(arguments) } }
    if draws.contains(op.schema.baseName) { return try drawn(op, arguments, level, call) }
    let drawsInside = op.schema.baseName.hasSuffix("dropout")
    guard drawsInside || arguments.contains(where: { isBatched($0, level) }) else {
      return try outside(level) { try call(arguments) }
    }
    if BatchRules.isComposed(op) { return try body(arguments) }
    if let results = try BatchRules.apply(op, arguments, level, call) { return results }
    return try looped(op, arguments, level, call)
  }

  static func isBatched(_ value: Value, _ level: BatchLevel) -> Bool {
    switch value {
    case .tensor(let x): physical(x, level) != nil
    case .list(let values): values.contains { isBatched($0, level) }
    default: false
    }
  }

  /// `value` with `change` made to the batches in it.
  static func map(_ value: Value, _ level: BatchLevel, _ change: (Tensor) -> Tensor) -> Value {
    switch value {
    case .tensor(let x): physical(x, level).map { .tensor(change($0)) } ?? value
    case .list(let values): .list(values.map { map($0, level, change) })
    default: value
    }
  }

  /// Results that are batches, as samples.
  static func samples(_ values: [Value], _ level: BatchLevel) -> [Value] {
    values.map { value in
      switch value {
      case .tensor(let x): .tensor(sample(of: x, level))
      case .list(let values): .list(samples(values, level))
      default: value
      }
    }
  }

  private static func writes(_ op: AnyOperator) -> Bool { op.schema.parameters.first?.isWritten ?? false }

  // MARK: Once a sample

  private static func looped(
    _ op: AnyOperator, _ arguments: [Value], _ level: BatchLevel, _ call: ([Value]) throws -> [Value]
  ) throws -> [Value] {
    let isInPlace = writes(op)
    if isInPlace, !isBatched(arguments[0], level) {
      throw TorchError(
        .state,
        "vmap: \(op.name)(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args that has more elements than `self`. This happened due to `other` being vmapped over but `self` not being vmapped over at level 1. Please try to use out-of-place operators instead of \(op.name). If said operator is being called inside the PyTorch framework, please file a bug report instead.")
    }
    for (parameter, value) in zip(op.schema.parameters, arguments).dropFirst() where parameter.isWritten {
      // Running statistics, say: all samples would write to them.
      if parameter.isKeywordOnly {
        throw TorchError(.state, "vmap: we do not yet support calling \(op.name) with out= arguments")
      }
      if value.tensor != nil, !isBatched(value, level) {
        throw TorchError(
          .state,
          "vmap: \(op.name) would write to '\(parameter.name)', which is not batched while another argument is")
      }
    }
    guard level.size > 0 else {
      throw TorchError(.notImplemented, "vmap: \(op.name) has no batching rule, and the batch is empty")
    }
    return try outside(level) {
      let results = try (0..<level.size).map { i in
        try call(arguments.map { value in map(value, level) { $0.select(0, i) } })
      }
      if isInPlace {
        if let x = arguments[0].tensor, let batch = physical(x, level) { makeSample(x, of: batch, level) }
        return [arguments[0]]
      }
      return samples(try stacked(results), level)
    }
  }

  /// The results of all samples, place by place.
  private static func stacked(_ results: [[Value]]) throws -> [Value] {
    try results[0].indices.map { place in
      let column = results.map { $0[place] }
      switch column[0] {
      case .tensor: return .tensor(torch.stack(column.compactMap(\.tensor)))
      case .list:
        let rows = column.map { value -> [Value] in if case .list(let values) = value { values } else { [] } }
        guard rows.allSatisfy({ $0.count == rows[0].count }) else {
          throw TorchError(.state, "vmap: an operator gave lists of different lengths for the samples")
        }
        return .list(try stacked(rows))
      default: return column[0]
      }
    }
  }

  // MARK: Draws

  private static func drawn(
    _ op: AnyOperator, _ arguments: [Value], _ level: BatchLevel, _ call: ([Value]) throws -> [Value]
  ) throws -> [Value] {
    switch level.randomness {
    case .error:
      throw TorchError(
        .state,
        "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' randomness flags on vmap or perform the randomness operation out of vmap")
    case .same:
      guard arguments.contains(where: { isBatched($0, level) }) else { return try outside(level) { try call(arguments) } }
      if let x = arguments[0].tensor, writes(op), let batch = physical(x, level) {
        // One draw for all samples.
        let one = outside(level) { batch.select(0, 0).detach().clone() }
        let drawn = try outside(level) { try call([.tensor(one)] + arguments.dropFirst()) }
        guard let result = drawn.first?.tensor else { return drawn }
        _ = outside(level) { torch.noGrad { batch.copy_(result.unsqueeze(0).expand(Array(batch.shape))) } }
        return [arguments[0]]
      }
      throw TorchError(
        .state,
        "Vmap does not currently support same randomness with a batched tensor input. Please use 'different' randomness")
    case .different:
      if let x = arguments.first?.tensor, writes(op) {
        let batch = physical(x, level) ?? outside(level) { Tensor.empty(Shape([level.size] + Array(x.shape)), dtype: x.dtype) }
        _ = try outside(level) { try call([.tensor(batch)] + arguments.dropFirst()) }
        makeSample(x, of: batch, level)
        return [arguments[0]]
      }
      // Every sample's parameters, one after the other.
      let all = arguments.map { value -> Value in
        guard case .tensor(let x) = value, physical(x, level) == nil else { return value }
        return .tensor(sample(of: expanded(x, level), level))
      }
      return try looped(op, all, level, call)
    }
  }
}
