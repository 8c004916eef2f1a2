// Draws from further distributions, and the forms of draws that return a new tensor.
//
// The order of draws and the arithmetic are PyTorch's, so that a seed gives its numbers.
// Reference: https://pytorch.org/docs/stable/torch.html#random-sampling

import CTorchKernelHeaders

enum RandomDistributions {
  // MARK: In place

  static let geometricInPlace = Operator(
    composite: "geometric_(Tensor(a!) self, float p, *, Generator? generator=None) -> Tensor(a!)"
  ) { (x: Tensor, p: Double, generator: Generator?) in
    guard p > 0, p < 1 else {
      throw TorchError(.value, "geometric_ expects p to be in (0, 1), but got p=\(Random.plain(p))")
    }
    return try Random.fill(x, "geometric_cpu", generator, gradientName: "GeometricBackward0") {
      tk_random_geometric($0, $1, $2, $3, p)
    }
  }

  static let cauchyInPlace = Operator(
    composite:
      "cauchy_(Tensor(a!) self, float median=0, float sigma=1, *, Generator? generator=None) -> Tensor(a!)"
  ) { (x: Tensor, median: Double, sigma: Double, generator: Generator?) in
    guard sigma > 0 else {
      throw TorchError(.value, "cauchy_ expects sigma > 0.0, but found sigma=\(Random.plain(sigma))")
    }
    guard x.dtype.isFloatingPoint else {
      throw TorchError(
        .dtype,
        "Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you specified \(x.dtype.cName)")
    }
    return try Random.fill(x, "cauchy_cpu", generator, gradientName: "CauchyBackward0") {
      tk_random_cauchy($0, $1, $2, $3, median, sigma)
    }
  }

  static let logNormalInPlace = Operator(
    composite:
      "log_normal_(Tensor(a!) self, float mean=1, float std=2, *, Generator? generator=None) -> Tensor(a!)"
  ) { (x: Tensor, mean: Double, std: Double, generator: Generator?) in
    guard std > 0 else {
      throw TorchError(.value, "log_normal_ expects std > 0.0, but found std=\(Random.plain(std))")
    }
    return try Random.fill(x, "log_normal_cpu", generator, gradientName: "LogNormalBackward0") {
      tk_random_log_normal($0, $1, $2, $3, mean, std)
    }
  }

  static let randomTo = Operator(
    composite: "random_.to(Tensor(a!) self, int to, *, Generator? generator=None) -> Tensor(a!)"
  ) { (x: Tensor, to: Int, generator: Generator?) in Random.randomFromTo(x, 0, to, generator) }

  static let bernoulliInPlaceTensor = Operator(
    composite: "bernoulli_.Tensor(Tensor(a!) self, Tensor p, *, Generator? generator=None) -> Tensor(a!)"
  ) { (x: Tensor, p: Tensor, generator: Generator?) in
    x.copy_(Random.bernoulli(p.detach().expand(Array(x.shape)).contiguous(), generator))
  }

  // MARK: New tensors of the same shape

  /// The form of an in-place draw that leaves its argument alone.
  private static func functional<each Extra: OperatorArgument>(
    _ schema: String, out: String? = "out", _ inPlace: Operator<Tensor, repeat each Extra, Tensor>
  ) -> AnyOperator {
    Operator(composite: schema, twins: Twins(out: out)) { (x: Tensor, extra: repeat each Extra) in
      let fresh = try Random.emptyInOrder(of: x)
      return torch.noGrad { inPlace(fresh, repeat each extra) }
    } as Operator<Tensor, repeat each Extra, Tensor>
  }

  private static let functionals: [AnyOperator] = [
    functional("geometric(Tensor self, float p, *, Generator? generator=None) -> Tensor", geometricInPlace),
    functional(
      "cauchy(Tensor self, float median=0, float sigma=1, *, Generator? generator=None) -> Tensor", cauchyInPlace),
    functional(
      "log_normal(Tensor self, float mean=1, float std=2, *, Generator? generator=None) -> Tensor", logNormalInPlace),
    functional(
      "exponential(Tensor self, float lambd=1, *, Generator? generator=None) -> Tensor", Random.exponentialInPlace),
    functional(
      "uniform(Tensor self, float from=0, float to=1, *, Generator? generator=None) -> Tensor", Random.uniformInPlace),
    functional(
      "normal_functional(Tensor self, float mean=0, float std=1, *, Generator? generator=None) -> Tensor",
      out: nil, Random.normalInPlace),
    functional(
      "bernoulli.p(Tensor self, float p, *, Generator? generator=None) -> Tensor", out: "float_out",
      Random.bernoulliInPlace),
    functional(
      "bernoulli.Tensor(Tensor self, Tensor p, *, Generator? generator=None) -> Tensor", out: "Tensor_out",
      bernoulliInPlaceTensor),
    functional(
      "random.from(Tensor self, int from, int? to, *, Generator? generator=None) -> Tensor", out: "from_out",
      Random.randomFromTo),
    functional("random.to(Tensor self, int to, *, Generator? generator=None) -> Tensor", out: "to_out", randomTo),
    functional("random(Tensor self, *, Generator? generator=None) -> Tensor", Random.randomInPlace),
  ]

  // MARK: Normal, with tensors as parameters

  private static func check(deviations std: Tensor) throws {
    guard !std.dtype.isComplex else {
      throw TorchError(.dtype, "normal expects standard deviation to be non-complex")
    }
    guard try std.numel == 0 || std.min().item().doubleValue >= 0 else {
      throw TorchError(.value, "normal expects all elements of std >= 0.0")
    }
  }

  static let normalTensorFloat = Operator(
    "normal.Tensor_float(Tensor mean, float std=1, *, Generator? generator=None) -> Tensor",
    twins: .out("Tensor_float_out"),
    kernel: { (mean: Tensor, std: Double, generator: Generator?) in
      guard std >= 0 else {
        throw TorchError(.value, "normal expects std >= 0.0, but found std \(Random.plain(std))")
      }
      return Tensor.empty(like: mean).normal_(mean: 0, std: std, generator: generator).add_(mean)
    },
    derivative: { _, _, _, _, _ in { g in [Tensor.zeros(g[0].shape, dtype: g[0].dtype)] } })

  static let normalFloatTensor = Operator(
    "normal.float_Tensor(float mean, Tensor std, *, Generator? generator=None) -> Tensor",
    twins: .out("float_Tensor_out"),
    kernel: { (mean: Double, std: Tensor, generator: Generator?) in
      try check(deviations: std)
      return Tensor.empty(like: std).normal_(generator: generator).mul_(std).add_(mean)
    },
    derivative: { _, _, _, _, _ in { g in [Tensor.zeros(g[0].shape, dtype: g[0].dtype)] } })

  static let normalTensors = Operator(
    "normal.Tensor_Tensor(Tensor mean, Tensor std, *, Generator? generator=None) -> Tensor",
    twins: .out("Tensor_Tensor_out"),
    kernel: { (mean: Tensor, std: Tensor, generator: Generator?) in
      try check(deviations: std)
      let shape = try Shape.broadcast(mean.shape, std.shape)
      return Tensor.empty(shape, dtype: mean.dtype).normal_(generator: generator).mul_(std).add_(mean)
    },
    derivative: { _, _, a, b, _ in
      { g in [Tensor.zeros(a.shape, dtype: a.dtype), Tensor.zeros(b.shape, dtype: b.dtype)] }
    })

  // MARK: By probabilities and rates

  static let multinomial = Operator(
    "multinomial(Tensor self, SymInt num_samples, bool replacement=False, *, Generator? generator=None) -> Tensor",
    twins: .out.exact { "multinomial expects Long tensor out, got: \($1.scalarTypeName)" },
    kernel: { (p: Tensor, samples: Int, replacement: Bool, generator: Generator?) in
      guard p.ndim == 1 || p.ndim == 2 else { throw TorchError(.shape, "prob_dist must be 1 or 2 dim") }
      guard p.dtype.isFloatingPoint else {
        throw TorchError(
          .dtype, "multinomial only supports floating-point dtypes for input, got: \(p.dtype.scalarTypeName)")
      }
      guard samples > 0 else { throw TorchError(.value, "cannot sample n_sample <= 0 samples") }
      let categories = p.shape[-1]
      guard replacement || samples <= categories else {
        throw TorchError(.value, "cannot sample n_sample > prob_dist.size(-1) samples without replacement")
      }
      guard categories <= 1 << 24 else { throw TorchError(.value, "number of categories cannot exceed 2^24") }
      let out = try Tensor.uninitialized(p.ndim == 1 ? [samples] : [p.shape[0], samples], .int64)
      if out.numel == 0 { return out }
      if replacement && samples > 1 { return try drawnWithReplacement(p, samples, generator, into: out) }
      guard try p.max().item().doubleValue < .infinity, try p.min().item().doubleValue >= 0 else {
        throw TorchError(.value, "probability tensor contains either `inf`, `nan` or element < 0")
      }
      guard try (p.sum(dim: [-1]) .== 0).any().item(Bool.self) == false else {
        throw TorchError(.value, "invalid multinomial distribution (sum of probabilities <= 0)")
      }
      // Each category waits for an exponential time: the first ones to come are the sample.
      let order = p / Tensor.empty(like: p).exponential_(generator: generator)
      return samples == 1 ? order.argmax(dim: -1, keepdim: true) : order.topk(samples).indices
    })

  private static func drawnWithReplacement(
    _ p: Tensor, _ samples: Int, _ generator: Generator?, into out: Tensor
  ) throws -> Tensor {
    let plain = try p.rowMajor()
    guard try (p < 0).any().item(Bool.self) == false else {
      throw TorchError(.value, "invalid multinomial distribution (encountering probability entry < 0)")
    }
    guard try p.isfinite().all().item(Bool.self) else {
      throw TorchError(.value, "invalid multinomial distribution (encountering probability entry = infinity or NaN)")
    }
    guard try (p.sum(dim: [-1]) .== 0).any().item(Bool.self) == false else {
      throw TorchError(.value, "invalid multinomial distribution (sum of probabilities <= 0)")
    }
    let (categories, rows) = (p.shape[-1], p.ndim == 1 ? 1 : p.shape[0])
    _ = (generator ?? .default).draw {
      tk_random_multinomial(
        $0, p.dtype.kernel, plain.pointer, Int64(rows), Int64(categories), Int64(samples),
        out.pointer.assumingMemoryBound(to: Int64.self))
    }
    return out
  }

  static let poisson = Operator(
    "poisson(Tensor self, Generator? generator=None) -> Tensor",
    kernel: { (rates: Tensor, generator: Generator?) in
      guard rates.dtype.isFloatingPoint else {
        throw TorchError(.notImplemented, "\"poisson_cpu\" not implemented for '\(rates.dtype.scalarTypeName)'")
      }
      guard try rates.numel == 0 || rates.min().item().doubleValue >= 0 else {
        throw TorchError(.value, "invalid Poisson rate, expected rate to be non-negative")
      }
      let plain = try rates.rowMajor()
      return try Random.fill(
        try Tensor.uninitialized(rates.shape, rates.dtype), "poisson_cpu", generator, gradientName: "PoissonBackward0"
      ) { tk_random_poisson($0, $1, $2, $3, plain.pointer) }
    },
    derivative: { _, _, _, _ in { g in [Tensor.zeros(g[0].shape, dtype: g[0].dtype)] } })

  static let binomial = Operator(
    "binomial(Tensor count, Tensor prob, Generator? generator=None) -> Tensor",
    kernel: { (count: Tensor, p: Tensor, generator: Generator?) in
      guard count.dtype == p.dtype else {
        throw TorchError(
          .dtype, "Found dtype \(p.dtype.scalarTypeName) but expected \(count.dtype.scalarTypeName)")
      }
      let shape = try Shape.broadcast(count.shape, p.shape)
      let (counts, chances) = (try count.expand(Array(shape)).rowMajor(), try p.expand(Array(shape)).rowMajor())
      return try Random.fill(
        try Tensor.uninitialized(shape, count.dtype), "binomial_cpu", generator, gradientName: "BinomialBackward0"
      ) { tk_random_binomial($0, $1, $2, $3, counts.pointer, chances.pointer) }
    },
    derivative: { _, _, a, b, _ in
      { g in [Tensor.zeros(a.shape, dtype: a.dtype), Tensor.zeros(b.shape, dtype: b.dtype)] }
    })

  static let operators: [AnyOperator] =
    [
      geometricInPlace, cauchyInPlace, logNormalInPlace, randomTo, bernoulliInPlaceTensor, normalTensorFloat,
      normalFloatTensor, normalTensors, multinomial, poisson, binomial,
    ] + functionals
}

extension Tensor {
  /// Fills with ones of the probabilities in `p`, which broadcasts, zeros otherwise.
  @discardableResult
  public func bernoulli_(_ p: Tensor, generator: Generator? = nil) -> Tensor {
    RandomDistributions.bernoulliInPlaceTensor(self, p, generator)
  }
  /// Fills with the number of trials up to the first success of probability `p`.
  @discardableResult
  public func geometric_(_ p: Double, generator: Generator? = nil) -> Tensor {
    RandomDistributions.geometricInPlace(self, p, generator)
  }
  /// Fills with draws of the Cauchy distribution.
  @discardableResult
  public func cauchy_(median: Double = 0, sigma: Double = 1, generator: Generator? = nil) -> Tensor {
    RandomDistributions.cauchyInPlace(self, median, sigma, generator)
  }
  /// Fills with exponentials of normally distributed numbers.
  @discardableResult
  public func logNormal_(mean: Double = 1, std: Double = 2, generator: Generator? = nil) -> Tensor {
    RandomDistributions.logNormalInPlace(self, mean, std, generator)
  }

  /// `numSamples` category numbers for each row of probabilities, which need not sum to 1: (C) gives (numSamples),
  /// (N, C) gives (N, numSamples).
  ///
  /// It is an error to ask for more samples than there are categories without replacement, and where a probability is
  /// negative or not finite.
  ///
  /// ```swift
  /// let token = logits.softmax(-1).multinomial(1)
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.multinomial.html
  public func multinomial(_ numSamples: Int, replacement: Bool = false, generator: Generator? = nil) -> Tensor {
    RandomDistributions.multinomial(self, numSamples, replacement, generator)
  }
}

extension torch {
  /// See `Tensor.multinomial`.
  public static func multinomial(
    _ x: Tensor, _ numSamples: Int, replacement: Bool = false, generator: Generator? = nil
  ) -> Tensor { RandomDistributions.multinomial(x, numSamples, replacement, generator) }

  /// Poisson counts of the rates in `rates`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.poisson.html
  public static func poisson(_ rates: Tensor, generator: Generator? = nil) -> Tensor {
    RandomDistributions.poisson(rates, generator)
  }

  /// The number of successes in `count` trials of probability `p`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.binomial.html
  public static func binomial(_ count: Tensor, _ p: Tensor, generator: Generator? = nil) -> Tensor {
    RandomDistributions.binomial(count, p, generator)
  }

  /// Normally distributed numbers, each with a mean, or a standard deviation, or both, of its own.
  /// Source: https://pytorch.org/docs/stable/generated/torch.normal.html
  public static func normal(mean: Tensor, std: Tensor, generator: Generator? = nil) -> Tensor {
    RandomDistributions.normalTensors(mean, std, generator)
  }
  public static func normal(mean: Tensor, std: Double = 1, generator: Generator? = nil) -> Tensor {
    RandomDistributions.normalTensorFloat(mean, std, generator)
  }
  public static func normal(mean: Double = 0, std: Tensor, generator: Generator? = nil) -> Tensor {
    RandomDistributions.normalFloatTensor(mean, std, generator)
  }
}
