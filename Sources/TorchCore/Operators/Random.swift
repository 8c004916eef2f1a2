// Random draws, in PyTorch's order and to PyTorch's last bit.
// Reference: https://pytorch.org/docs/stable/torch.html#random-sampling

import CTorchKernels

enum Random {
  /// Fills `target` through a contiguous buffer, as PyTorch does for a contiguous tensor.
  private static func fill(
    _ target: Tensor, _ name: String, _ generator: Generator?,
    _ kernel: (OpaquePointer, tk_dtype, UnsafeMutableRawPointer, Int64) -> Bool
  ) throws -> Tensor {
    try target.checkWritable(by: target.shape, target.dtype)
    let buffer = target.isContiguous ? target : try Tensor.uninitialized(target.shape, target.dtype)
    let drawn = (generator ?? .default).draw { kernel($0, target.dtype.kernel, buffer.pointer, Int64(target.numel)) }
    guard drawn else {
      throw TorchError(.notImplemented, "\"\(name)\" not implemented for '\(target.dtype.scalarTypeName)'")
    }
    if buffer !== target { try target.backend.copy(buffer, into: target) }
    target.storage.bumpVersion()
    if Modes.current.recordsGradients && target.requiresGrad { target.rebaseHistory(to: nil, output: 0) }
    return target
  }

  static let uniformInPlace = Operator(
    "uniform_(Tensor(a!) self, float from=0, float to=1, *, Generator? generator=None) -> Tensor(a!)", twins: .none,
    kernel: { (x: Tensor, from: Double, to: Double, generator: Generator?) in
      guard from <= to else {
        throw TorchError(
          .value,
          "uniform_ expects to return a [from, to) range, but found from=\(Scalar.pythonDescription(from)) > to=\(Scalar.pythonDescription(to))")
      }
      return try fill(x, "check_uniform_bounds", generator) { tk_random_uniform($0, $1, $2, $3, from, to) }
    })

  static let normalInPlace = Operator(
    "normal_(Tensor(a!) self, float mean=0, float std=1, *, Generator? generator=None) -> Tensor(a!)", twins: .none,
    kernel: { (x: Tensor, mean: Double, std: Double, generator: Generator?) in
      guard std >= 0 else {
        throw TorchError(.value, "normal expects std >= 0.0, but found std \(Scalar.pythonDescription(std))")
      }
      return try fill(x, "normal_kernel_cpu", generator) { tk_random_normal($0, $1, $2, $3, mean, std) }
    })

  static let bernoulliInPlace = Operator(
    "bernoulli_.float(Tensor(a!) self, float p=0.5, *, Generator? generator=None) -> Tensor(a!)", twins: .none,
    kernel: { (x: Tensor, p: Double, generator: Generator?) in
      guard p >= 0 && p <= 1 else {
        throw TorchError(.value, "bernoulli_ expects p to be in [0, 1], but got p=\(Scalar.pythonDescription(p))")
      }
      return try fill(x, "bernoulli_scalar_cpu_", generator) { tk_random_bernoulli($0, $1, $2, $3, p) }
    })

  static let bernoulli = Operator(
    "bernoulli(Tensor self, *, Generator? generator=None) -> Tensor",
    kernel: { (p: Tensor, generator: Generator?) in
      let p = p.isContiguous ? p : try p.packed()
      let out = try Tensor.uninitialized(p.shape, p.dtype)
      return try fill(out, "bernoulli_tensor_cpu_self_", generator) {
        tk_random_bernoulli_tensor($0, $1, $2, $3, p.dtype.kernel, p.pointer)
      }
    },
    derivative: { _, _, p, _ in { g in [Tensor.zeros(g[0].shape, dtype: g[0].dtype)] } })

  static let randomFromTo = Operator(
    "random_.from(Tensor(a!) self, int from, int? to, *, Generator? generator=None) -> Tensor(a!)", twins: .none,
    kernel: { (x: Tensor, from: Int, to: Int?, generator: Generator?) in
      guard let to else {
        return try fill(x, "random_", generator) { tk_random_bits($0, $1, $2, $3, true) }
      }
      guard from < to else {
        throw TorchError(
          .value, "random_ expects 'from' to be less than 'to', but got from=\(from) >= to=\(to)")
      }
      return try fill(x, "random_from_to", generator) { tk_random_from_to($0, $1, $2, $3, Int64(from), Int64(to)) }
    })

  static let randomInPlace = Operator(
    "random_(Tensor(a!) self, *, Generator? generator=None) -> Tensor(a!)", twins: .none,
    kernel: { (x: Tensor, generator: Generator?) in
      try fill(x, "random_", generator) { tk_random_bits($0, $1, $2, $3, false) }
    })

  static let exponentialInPlace = Operator(
    "exponential_(Tensor(a!) self, float lambd=1, *, Generator? generator=None) -> Tensor(a!)", twins: .none,
    kernel: { (x: Tensor, lambda: Double, generator: Generator?) in
      guard lambda > 0 else {
        throw TorchError(
          .value, "exponential_ expects lambda > 0.0, but found lambda=\(Scalar.pythonDescription(lambda))")
      }
      return try fill(x, "exponential_", generator) { tk_random_exponential($0, $1, $2, $3, lambda) }
    })

  /// Elements dropped with probability p, the others scaled by 1 / (1 - p). `shape` is that of the mask.
  private static func dropped(_ x: Tensor, _ p: Double, maskShape: Shape) throws -> Tensor {
    guard p >= 0 && p <= 1 else {
      throw TorchError(
        .value, "dropout probability has to be between 0 and 1, but got \(Scalar.pythonDescription(p))")
    }
    if p == 0 || x.numel == 0 { return x }
    if p == 1 { return x * Tensor.zeros([], dtype: x.dtype) }
    let mask = torch.noGrad { Tensor.empty(maskShape, dtype: x.dtype).bernoulli_(1 - p).div_(Tensor(wrapping: .double(1 - p))) }
    return x * mask
  }

  static let dropout = Operator(composite: "dropout(Tensor input, float p, bool train) -> Tensor", twins: .inPlace) {
    (x: Tensor, p: Double, train: Bool) in
    train ? try dropped(x, p, maskShape: x.shape) : x
  }

  /// Whole channels dropped: dimension 0 and 1 are kept in the mask, the others shared.
  static let featureDropout = Operator(
    composite: "feature_dropout(Tensor input, float p, bool train) -> Tensor", twins: .inPlace
  ) { (x: Tensor, p: Double, train: Bool) in
    guard train else { return x }
    guard x.ndim >= 2 else {
      throw TorchError(.shape, "Feature dropout requires at least 2 dimensions in the input")
    }
    return try dropped(x, p, maskShape: Shape(Array(x.shape.prefix(2)) + x.shape.dropFirst(2).map { _ in 1 }))
  }

  static let operators: [AnyOperator] = [
    uniformInPlace, normalInPlace, bernoulliInPlace, bernoulli, randomFromTo, randomInPlace, exponentialInPlace, dropout,
    featureDropout,
  ]
}

extension Tensor {
  /// Fills with numbers uniform in [from, to).
  @discardableResult
  public func uniform_(_ from: Double = 0, _ to: Double = 1, generator: Generator? = nil) -> Tensor {
    Random.uniformInPlace(self, from, to, generator)
  }
  /// Fills with normally distributed numbers.
  @discardableResult
  public func normal_(mean: Double = 0, std: Double = 1, generator: Generator? = nil) -> Tensor {
    Random.normalInPlace(self, mean, std, generator)
  }
  /// Fills with ones of probability `p`, zeros otherwise.
  @discardableResult
  public func bernoulli_(_ p: Double = 0.5, generator: Generator? = nil) -> Tensor {
    Random.bernoulliInPlace(self, p, generator)
  }
  /// Ones with the probabilities that this tensor holds, zeros otherwise.
  public func bernoulli(generator: Generator? = nil) -> Tensor { Random.bernoulli(self, generator) }
  /// Fills with integers uniform in `from ..< to`; without `to` over the whole of int64.
  @discardableResult
  public func random_(_ from: Int, _ to: Int?, generator: Generator? = nil) -> Tensor {
    Random.randomFromTo(self, from, to, generator)
  }
  @discardableResult
  public func random_(generator: Generator? = nil) -> Tensor { Random.randomInPlace(self, generator) }
  @discardableResult
  public func exponential_(_ lambda: Double = 1, generator: Generator? = nil) -> Tensor {
    Random.exponentialInPlace(self, lambda, generator)
  }
}

extension torch {
  /// Numbers uniform in [0, 1).
  /// Source: https://pytorch.org/docs/stable/generated/torch.rand.html
  public static func rand(
    _ shape: Shape, dtype: DType? = nil, generator: Generator? = nil, requiresGrad: Bool = false
  ) -> Tensor {
    Tensor.made(requiresGrad) { torch.noGrad { Tensor.empty(shape, dtype: dtype).uniform_(generator: generator) } }
  }
  public static func rand(_ sizes: Int..., dtype: DType? = nil, generator: Generator? = nil, requiresGrad: Bool = false) -> Tensor {
    rand(Shape(sizes), dtype: dtype, generator: generator, requiresGrad: requiresGrad)
  }

  /// Numbers of the standard normal distribution.
  public static func randn(
    _ shape: Shape, dtype: DType? = nil, generator: Generator? = nil, requiresGrad: Bool = false
  ) -> Tensor {
    Tensor.made(requiresGrad) { torch.noGrad { Tensor.empty(shape, dtype: dtype).normal_(generator: generator) } }
  }
  public static func randn(_ sizes: Int..., dtype: DType? = nil, generator: Generator? = nil, requiresGrad: Bool = false) -> Tensor {
    randn(Shape(sizes), dtype: dtype, generator: generator, requiresGrad: requiresGrad)
  }

  public static func rand(like x: Tensor, dtype: DType? = nil) -> Tensor { rand(x.shape, dtype: dtype ?? x.dtype) }
  public static func randn(like x: Tensor, dtype: DType? = nil) -> Tensor { randn(x.shape, dtype: dtype ?? x.dtype) }

  /// Integers uniform in `low ..< high`.
  public static func randint(
    _ low: Int = 0, _ high: Int, _ shape: Shape, dtype: DType = .int64, generator: Generator? = nil
  ) -> Tensor {
    Tensor.made(false) { Tensor.empty(shape, dtype: dtype).random_(low, high, generator: generator) }
  }

  /// The integers from 0 to n − 1 in random order.
  public static func randperm(_ n: Int, dtype: DType = .int64, generator: Generator? = nil) -> Tensor {
    Tensor.made(false) {
      guard n >= 0 else { throw TorchError(.value, "n must be non-negative, got \(n)") }
      let out = try Tensor.uninitialized([n], dtype)
      let drawn = (generator ?? .default).draw { tk_random_permutation($0, dtype.kernel, out.pointer, Int64(n)) }
      guard drawn else {
        throw TorchError(.notImplemented, "\"randperm\" not implemented for '\(dtype.scalarTypeName)'")
      }
      return out
    }
  }

  /// Normally distributed numbers of the given mean and standard deviation.
  public static func normal(mean: Double, std: Double, _ shape: Shape, dtype: DType? = nil, generator: Generator? = nil) -> Tensor {
    Tensor.made(false) { Tensor.empty(shape, dtype: dtype).normal_(mean: mean, std: std, generator: generator) }
  }
}
