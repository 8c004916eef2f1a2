// Tensors made of draws, as operators: randint, randperm, normal, and the `_like` forms.
//
// The typed faces are in Random.swift; these are what boxed calls find.
// Reference: https://pytorch.org/docs/stable/torch.html#random-sampling

enum RandomFactories {
  private static let layout = "Layout? layout=None, Device? device=None, bool? pin_memory=None"
  /// The options of a factory of integers.
  private static let options = "ScalarType? dtype=4, \(layout)"
  private static let likeOptions = "ScalarType? dtype=None, \(layout), MemoryFormat? memory_format=None"

  private static func integers(
    _ low: Int, _ high: Int, _ size: [Int], _ generator: Generator?, _ dtype: DType?, _ device: Device?
  ) throws -> Tensor {
    try Conversion.checkDevice(device)
    let out = Tensor.empty(try Shape(checking: size), dtype: dtype ?? .int64)
    return out.random_(low, high, generator: generator)
  }

  private static func integers(
    like x: Tensor, _ low: Int, _ high: Int, _ generator: Generator?, _ dtype: DType?
  ) throws -> Tensor { try Random.emptyInOrder(of: x, dtype).random_(low, high, generator: generator) }

  private static func number(_ high: Tensor) throws -> Int {
    guard high.numel == 1, high.ndim == 0 else {
      throw TorchError(.shape, "high must be a scalar tensor and on CPU")
    }
    return try high.item().intValue
  }

  private static let randint: [AnyOperator] = [
    Operator(composite: "randint(SymInt high, SymInt[] size, *, \(options)) -> Tensor", twins: .out) {
      (high: Int, size: [Int], dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      try integers(0, high, size, nil, dtype, device)
    },
    Operator(
      composite: "randint.generator(SymInt high, SymInt[] size, *, Generator? generator, \(options)) -> Tensor",
      twins: .out("generator_out")
    ) { (high: Int, size: [Int], generator: Generator?, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      try integers(0, high, size, generator, dtype, device)
    },
    Operator(
      composite: "randint.low(SymInt low, SymInt high, SymInt[] size, *, \(options)) -> Tensor", twins: .out("low_out")
    ) { (low: Int, high: Int, size: [Int], dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      try integers(low, high, size, nil, dtype, device)
    },
    Operator(
      composite:
        "randint.low_generator(SymInt low, SymInt high, SymInt[] size, *, Generator? generator, \(options)) -> Tensor",
      twins: .out("low_generator_out")
    ) {
      (low: Int, high: Int, size: [Int], generator: Generator?, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      try integers(low, high, size, generator, dtype, device)
    },
  ]

  private static let randintLike: [AnyOperator] = [
    Operator(composite: "randint_like(Tensor self, SymInt high, *, \(likeOptions)) -> Tensor", twins: .out) {
      (x: Tensor, high: Int, dtype: DType?, _: Ignored, _: Device?, _: Ignored, _: MemoryFormat?) in
      try integers(like: x, 0, high, nil, dtype)
    },
    Operator(
      composite: "randint_like.generator(Tensor self, SymInt high, *, Generator? generator, \(likeOptions)) -> Tensor",
      twins: .out("generator_out")
    ) {
      (x: Tensor, high: Int, generator: Generator?, dtype: DType?, _: Ignored, _: Device?, _: Ignored, _: MemoryFormat?) in
      try integers(like: x, 0, high, generator, dtype)
    },
    Operator(
      composite: "randint_like.Tensor(Tensor self, Tensor high, *, \(likeOptions)) -> Tensor", twins: .out("Tensor_out")
    ) { (x: Tensor, high: Tensor, dtype: DType?, _: Ignored, _: Device?, _: Ignored, _: MemoryFormat?) in
      try integers(like: x, 0, number(high), nil, dtype)
    },
    Operator(
      composite:
        "randint_like.Tensor_generator(Tensor self, Tensor high, *, Generator? generator, \(likeOptions)) -> Tensor",
      twins: .out("Tensor_generator_out")
    ) {
      (x: Tensor, high: Tensor, generator: Generator?, dtype: DType?, _: Ignored, _: Device?, _: Ignored, _: MemoryFormat?)
      in try integers(like: x, 0, number(high), generator, dtype)
    },
    Operator(
      composite: "randint_like.low_dtype(Tensor self, SymInt low, SymInt high, *, \(likeOptions)) -> Tensor",
      twins: .out("low_dtype_out")
    ) { (x: Tensor, low: Int, high: Int, dtype: DType?, _: Ignored, _: Device?, _: Ignored, _: MemoryFormat?) in
      try integers(like: x, low, high, nil, dtype)
    },
    Operator(
      composite:
        "randint_like.low_generator_dtype(Tensor self, SymInt low, SymInt high, *, Generator? generator, \(likeOptions)) -> Tensor",
      twins: .out("low_generator_dtype_out")
    ) {
      (
        x: Tensor, low: Int, high: Int, generator: Generator?, dtype: DType?, _: Ignored, _: Device?, _: Ignored,
        _: MemoryFormat?
      ) in try integers(like: x, low, high, generator, dtype)
    },
  ]

  private static let others: [AnyOperator] = [
    Operator(composite: "randperm(SymInt n, *, \(options)) -> Tensor", twins: .out) {
      (n: Int, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      try Conversion.checkDevice(device)
      return torch.randperm(n, dtype: dtype ?? .int64)
    },
    Operator(
      composite: "randperm.generator(SymInt n, *, Generator? generator, \(options)) -> Tensor",
      twins: .out("generator_out")
    ) { (n: Int, generator: Generator?, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      try Conversion.checkDevice(device)
      return torch.randperm(n, dtype: dtype ?? .int64, generator: generator)
    },
    Operator(
      composite:
        "normal.float_float(float mean, float std, SymInt[] size, *, Generator? generator=None, ScalarType? dtype=None, \(layout)) -> Tensor",
      twins: .out("float_float_out")
    ) {
      (
        mean: Double, std: Double, size: [Int], generator: Generator?, dtype: DType?, _: Ignored, device: Device?,
        _: Ignored
      ) in
      try Conversion.checkDevice(device)
      return torch.normal(mean: mean, std: std, try Shape(checking: size), dtype: dtype, generator: generator)
    },
  ]

  /// `rand` and `randn` with a generator of the caller's.
  private static let withGenerator: [AnyOperator] = [
    Operator(
      composite: "rand.generator(SymInt[] size, *, Generator? generator, ScalarType? dtype=None, \(layout)) -> Tensor",
      twins: .out("generator_out")
    ) { (size: [Int], generator: Generator?, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      try Conversion.checkDevice(device)
      return torch.rand(try Shape(checking: size), dtype: dtype, generator: generator)
    },
    Operator(
      composite: "randn.generator(SymInt[] size, *, Generator? generator, ScalarType? dtype=None, \(layout)) -> Tensor",
      twins: .out("generator_out")
    ) { (size: [Int], generator: Generator?, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      try Conversion.checkDevice(device)
      return torch.randn(try Shape(checking: size), dtype: dtype, generator: generator)
    },
  ]

  static let operators: [AnyOperator] = randint + randintLike + withGenerator + others
}

extension torch {
  /// Integers uniform in `low ..< high`, in the shape and dtype of `x`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.randint_like.html
  public static func randint(like x: Tensor, _ low: Int = 0, _ high: Int, dtype: DType? = nil) -> Tensor {
    Tensor.made(false) { try Random.emptyInOrder(of: x, dtype).random_(low, high) }
  }
}
