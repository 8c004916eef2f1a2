// Random draws, in PyTorch's order and to PyTorch's last bit.
// Reference: https://pytorch.org/docs/stable/torch.html#random-sampling

import CTorchKernelHeaders

enum Random {
  /// Fills `target` in the order of its memory, as PyTorch does: of a transposed tensor the columns come first.
  static func fill(
    _ target: Tensor, _ name: String, _ generator: Generator?, gradientName: String,
    _ kernel: (OpaquePointer, tk_dtype, UnsafeMutableRawPointer, Int64) -> Bool
  ) throws -> Tensor {
    try target.checkWritable(by: target.shape, target.dtype)
    // The target's old value has a gradient still: zero.
    var node: Node?
    if Modes.current.recordsGradients && target.requiresGrad {
      node = Node(name: gradientName, edges: [Edge(to: target)])
      node!.pullback = { g in [Tensor.zeros(g[0].shape, dtype: g[0].dtype)] }
    }
    let ordered = inMemoryOrder(target).tensor
    let buffer = ordered.isContiguous ? ordered : try Tensor.uninitialized(ordered.shape, target.dtype)
    let drawn = (generator ?? .default).draw { kernel($0, target.dtype.kernel, buffer.pointer, Int64(target.numel)) }
    guard drawn else {
      throw TorchError(.notImplemented, "\"\(name)\" not implemented for '\(target.dtype.scalarTypeName)'")
    }
    if buffer !== ordered { try target.backend.copy(buffer, into: ordered) }
    target.storage.bumpVersion()
    if let node {
      node.addOutput(like: target)
      target.rebaseHistory(to: node, output: 0)
    }
    return target
  }

  /// The same elements with the dimensions sorted by stride, largest first, and how to sort them back.
  static func inMemoryOrder(_ x: Tensor) -> (tensor: Tensor, inverse: [Int]) {
    if x.isContiguous || x.strides.contains(0) { return (x, Array(0..<x.ndim)) }
    let order = (0..<x.ndim).sorted { x.strides[$0] != x.strides[$1] ? x.strides[$0] > x.strides[$1] : $0 < $1 }
    var inverse = order
    for (place, dim) in order.enumerated() { inverse[dim] = place }
    let sorted = x.alias(
      shape: Shape(order.map { x.shape[$0] }), strides: Shape(order.map { x.strides[$0] }), offset: x.storageOffset)
    return (sorted, inverse)
  }

  /// A tensor without gaps whose dimensions lie in memory in the order of `x`'s.
  static func emptyInOrder(of x: Tensor, _ dtype: DType? = nil) throws -> Tensor {
    let (sorted, inverse) = inMemoryOrder(x)
    let out = try Tensor.uninitialized(sorted.shape, dtype ?? x.dtype)
    return out.alias(shape: x.shape, strides: Shape(inverse.map { out.strides[$0] }), offset: 0)
  }

  /// A number as C++ prints it: without a point where it is whole.
  static func plain(_ x: Double) -> String {
    x == x.rounded() && x.magnitude < 1e6 ? "\(Int(x))" : "\(x)"
  }

  /// `random_` must not be asked for numbers that the dtype cannot hold.
  private static func checkBounds(_ from: Int, _ last: Int, _ dtype: DType) throws {
    let (low, high): (Double, Double)
    let name: String
    switch dtype {
    case .bool: (low, high, name) = (0, 1, "bool")
    case .uint8: (low, high, name) = (0, 255, "unsigned char")
    case .int8: (low, high, name) = (-128, 127, "signed char")
    case .int16: (low, high, name) = (-32768, 32767, "short")
    case .int32: (low, high, name) = (-0x1p31, 0x1p31 - 1, "int")
    case .float16: (low, high, name) = (-65504, 65504, "c10::Half")
    default: return  // the bounds themselves are int64
    }
    for (value, what) in [(from, "from"), (last, "to - 1")] where Double(value) < low || Double(value) > high {
      throw TorchError(.value, "\(what) is out of bounds for \(name)")
    }
  }

  // The in-place draws are composites, so that they see whether recording is on.

  static let uniformInPlace = Operator(
    composite: "uniform_(Tensor(a!) self, float from=0, float to=1, *, Generator? generator=None) -> Tensor(a!)", { (x: Tensor, from: Double, to: Double, generator: Generator?) in
      guard from <= to else {
        throw TorchError(
          .value,
          "uniform_ expects to return a [from, to) range, but found from=\(plain(from)) > to=\(plain(to))")
      }
      // Of complex numbers, real and imaginary parts are drawn in turn.
      let (part, parts) = x.dtype.isComplex ? (x.dtype.realType.kernel, Int64(2)) : (x.dtype.kernel, 1)
      return try fill(x, "check_uniform_bounds", generator, gradientName: "UniformBackward0") {
        tk_random_uniform($0, part, $2, parts * $3, from, to)
      }
    })

  static let normalInPlace = Operator(
    composite: "normal_(Tensor(a!) self, float mean=0, float std=1, *, Generator? generator=None) -> Tensor(a!)", { (x: Tensor, mean: Double, std: Double, generator: Generator?) in
      guard std >= 0 else {
        throw TorchError(.value, "normal expects std >= 0.0, but found std \(plain(std))")
      }
      // Only a contiguous tensor is drawn in blocks of 16.
      let draw = x.isContiguous ? tk_random_normal : tk_random_normal_serial
      if x.dtype.isComplex {
        // Real and imaginary parts are drawn in turn, each with half of the variance.
        let (part, spread) = (x.dtype.realType.kernel, std / 2.0.squareRoot())
        let drawn = try fill(x, "normal_kernel_cpu", generator, gradientName: "NormalBackward0") {
          draw($0, part, $2, 2 * $3, 0, spread)
        }
        return mean == 0 ? drawn : drawn.add_(mean)
      }
      return try fill(x, "normal_kernel_cpu", generator, gradientName: "NormalBackward0") { draw($0, $1, $2, $3, mean, std) }
    })

  static let bernoulliInPlace: Operator<Tensor, Double, Generator?, Tensor> = Operator(
    composite: "bernoulli_.float(Tensor(a!) self, float p=0.5, *, Generator? generator=None) -> Tensor(a!)", { (x: Tensor, p: Double, generator: Generator?) in
      guard p >= 0 && p <= 1 else {
        throw TorchError(.value, "bernoulli_ expects p to be in [0, 1], but got p=\(plain(p))")
      }
      // Complex ones and zeros are drawn as real ones.
      guard !x.dtype.isComplex else {
        return x.copy_(try torch.noGrad { bernoulliInPlace(try emptyInOrder(of: x, x.dtype.realType), p, generator) })
      }
      return try fill(x, "bernoulli_scalar_cpu_", generator, gradientName: "BernoulliBackward1") {
        tk_random_bernoulli($0, $1, $2, $3, p)
      }
    })

  static let bernoulli = Operator(
    "bernoulli(Tensor self, *, Generator? generator=None) -> Tensor",
    kernel: { (p: Tensor, generator: Generator?) in
      guard p.dtype.isFloatingPoint else {
        throw TorchError(.notImplemented, "\"bernoulli_tensor_cpu_p_\" not implemented for '\(p.dtype.scalarTypeName)'")
      }
      guard try torch.noGrad({ try ((p >= 0).logicalAnd(p <= 1)).all().item(Bool.self) }) else {
        throw TorchError(
          .value,
          "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)")
      }
      let (sorted, inverse) = inMemoryOrder(p)
      let packed = sorted.isContiguous ? sorted : try sorted.packed()
      let out = try Tensor.uninitialized(packed.shape, p.dtype)
      _ = try fill(out, "bernoulli_tensor_cpu_self_", generator, gradientName: "BernoulliBackward0") {
        tk_random_bernoulli_tensor($0, $1, $2, $3, p.dtype.kernel, packed.pointer)
      }
      return out.alias(
        shape: p.shape, strides: Shape(inverse.map { out.strides[$0] }), offset: 0)
    },
    derivative: { _, _, p, _ in { g in [Tensor.zeros(g[0].shape, dtype: g[0].dtype)] } })

  static let randomFromTo = Operator(
    composite: "random_.from(Tensor(a!) self, int from, int? to, *, Generator? generator=None) -> Tensor(a!)", { (x: Tensor, from: Int, to: Int?, generator: Generator?) in
      guard let to else {
        return try fill(x, "random_", generator, gradientName: "RandomBackward1") { tk_random_bits($0, $1, $2, $3, true) }
      }
      guard from < to else {
        throw TorchError(
          .value, "random_ expects 'from' to be less than 'to', but got from=\(from) >= to=\(to)")
      }
      try checkBounds(from, to - 1, x.dtype)
      return try fill(x, "random_from_to", generator, gradientName: "RandomBackward0") { tk_random_from_to($0, $1, $2, $3, Int64(from), Int64(to)) }
    })

  static let randomInPlace = Operator(
    composite: "random_(Tensor(a!) self, *, Generator? generator=None) -> Tensor(a!)", { (x: Tensor, generator: Generator?) in
      try fill(x, "random_", generator, gradientName: "RandomBackward2") { tk_random_bits($0, $1, $2, $3, false) }
    })

  static let exponentialInPlace = Operator(
    composite: "exponential_(Tensor(a!) self, float lambd=1, *, Generator? generator=None) -> Tensor(a!)", { (x: Tensor, lambda: Double, generator: Generator?) in
      guard lambda > 0 else {
        throw TorchError(
          .value, "exponential_ expects lambda > 0.0, but found lambda=\(plain(lambda))")
      }
      guard x.dtype.isFloatingPoint else {
        throw TorchError(
          .dtype,
          "Exponential distribution is a continuous probability distribution. dtype must be a floating point but you specified \(x.dtype.scalarTypeName)")
      }
      return try fill(x, "exponential_", generator, gradientName: "ExponentialBackward0") { tk_random_exponential($0, $1, $2, $3, lambda) }
    })

  /// Elements dropped with probability p, the others scaled by 1 / (1 - p). `shape` is that of the mask.
  private static func dropped(_ x: Tensor, _ p: Double, maskShape: Shape) throws -> Tensor {
    guard p >= 0 && p <= 1 else {
      throw TorchError(
        .value, "dropout probability has to be between 0 and 1, but got \(plain(p))")
    }
    if p == 0 || x.numel == 0 { return x }
    if p == 1 { return x * Tensor.zeros([], dtype: x.dtype) }
    // A mask of single elements lies in memory as the input does, and is drawn in that order.
    let fresh = maskShape == x.shape ? try emptyInOrder(of: x) : Tensor.empty(maskShape, dtype: x.dtype)
    let mask = torch.noGrad {
      let kept = fresh.bernoulli_(1 - p)
      // The quotient in single precision, rounded once, for the 16-bit floats too.
      return x.dtype.itemSize == 2
        ? kept.mul_(Tensor(wrapping: .double(Double(1 / Float(1 - p))))) : kept.div_(Tensor(wrapping: .double(1 - p)))
    }
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

  /// Uniform in [0, 1), in the shape, dtype and order of memory of `x`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.rand_like.html
  public static func rand(like x: Tensor, dtype: DType? = nil) -> Tensor {
    Tensor.made(false) { try Random.emptyInOrder(of: x, dtype).uniform_() }
  }
  /// Standard normal, in the shape, dtype and order of memory of `x`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.randn_like.html
  public static func randn(like x: Tensor, dtype: DType? = nil) -> Tensor {
    Tensor.made(false) { try Random.emptyInOrder(of: x, dtype).normal_() }
  }

  /// Integers uniform in `low ..< high`.
  public static func randint(
    _ low: Int = 0, _ high: Int, _ shape: Shape, dtype: DType = .int64, generator: Generator? = nil
  ) -> Tensor {
    Tensor.made(false) { Tensor.empty(shape, dtype: dtype).random_(low, high, generator: generator) }
  }

  /// The integers from 0 to n − 1 in random order.
  public static func randperm(_ n: Int, dtype: DType = .int64, generator: Generator? = nil) -> Tensor {
    Tensor.made(false) {
      guard n >= 0 else {
        throw TorchError(.shape, "Trying to create tensor with negative dimension \(n): [\(n)]")
      }
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
