// Declaring elementwise operators: a schema, the name of a function in the kernels, a rule for dtypes, and one
// partial derivative an input. Broadcasting, promotion, strides, blocked layouts and twins follow.

/// The dtype of an elementwise result, from the promoted dtype of its inputs.
enum ElementwiseType {
  /// The promoted dtype itself.
  case promoted
  /// The promoted dtype; integers become the default floating point type.
  case floating
  /// Computed in the promoted dtype, giving `bool`.
  case comparison
  /// The real type of a complex input.
  case real

  func compute(_ promoted: DType) -> DType {
    self == .floating && !promoted.isDifferentiable ? .default : promoted
  }

  func result(_ compute: DType) -> DType {
    switch self {
    case .promoted, .floating: compute
    case .comparison: .bool
    case .real: compute.realType
    }
  }
}

/// Which values of the forward call a partial derivative reads.
struct Saves: OptionSet {
  let rawValue: UInt8
  static let input = Saves(rawValue: 1)
  static let other = Saves(rawValue: 2)
  static let third = Saves(rawValue: 4)
  static let result = Saves(rawValue: 8)
}

/// The values a partial derivative has declared to read.
struct SavedOperands {
  fileprivate var tensors: (SavedTensor?, SavedTensor?, SavedTensor?, SavedTensor?)

  var input: Tensor { get throws { try tensors.0!.value } }
  var other: Tensor { get throws { try tensors.1!.value } }
  var third: Tensor { get throws { try tensors.2!.value } }
  var result: Tensor { get throws { try tensors.3!.value } }

  init(_ saves: Saves, _ recorder: Recorder, _ a: Tensor, _ b: Tensor? = nil, _ c: Tensor? = nil, result: Tensor) {
    tensors = (
      saves.contains(.input) ? recorder.save(a) : nil,
      saves.contains(.other) ? recorder.save(b) : nil,
      saves.contains(.third) ? recorder.save(c) : nil,
      saves.contains(.result) ? recorder.save(result: result) : nil
    )
  }
}

/// The derivative of an elementwise function with respect to one input, times the gradient `g` of the result.
struct Partial: Sendable {
  typealias Rule = @Sendable (_ g: Tensor, _ s: SavedOperands) throws -> Tensor
  let saves: Saves
  let rule: Rule

  /// A rule that reads the declared values.
  static func saving(_ saves: Saves, _ rule: @escaping Rule) -> Partial { Partial(saves: saves, rule: rule) }

  /// A rule that reads the gradient alone.
  static func linear(_ rule: @escaping @Sendable (Tensor) -> Tensor) -> Partial {
    Partial(saves: []) { g, _ in rule(g) }
  }

  /// The gradient passes through.
  static let identity = Partial(saves: []) { g, _ in g }

  /// Constant almost everywhere: the gradient is zero.
  static let zero = Partial(saves: []) { g, _ in Tensor.zeros(g.shape, dtype: g.dtype) }
}

typealias UnaryOperator = Operator<Tensor, Tensor>
typealias BinaryOperator = Operator<Tensor, Tensor, Tensor>
typealias TernaryOperator = Operator<Tensor, Tensor, Tensor, Tensor>

/// Declares an elementwise operator of one tensor.
func unary(
  _ schema: String, _ function: String, _ type: ElementwiseType = .promoted, twins: Twins = .both,
  gradientName: String? = nil, partial: Partial? = nil
) -> UnaryOperator {
  let function = MapFunction(function)
  let kernel = { (x: Tensor) in try Elementwise.apply(function, type, x) }
  guard let partial else { return elementwise(Operator(schema, twins: twins, kernel: kernel)) }
  return elementwise(Operator(
    schema, twins: twins, gradientName: gradientName, kernel: kernel,
    derivative: { recorder, y, x in
      let saved = SavedOperands(partial.saves, recorder, x, result: y)
      return { g in [try partial.rule(g[0], saved)] }
    }))
}

/// Declares an elementwise operator of two tensors. An input without a partial derivative takes no gradient.
/// - Parameters:
///   - number: the function of a 16-bit tensor and a number that is not rounded to 16 bits first.
///   - check: throws where the operator refuses its operands.
func binary(
  _ schema: String, _ function: String, _ type: ElementwiseType = .promoted, twins: Twins = .both, number: String? = nil,
  gradientName: String? = nil, check: (@Sendable (Tensor, Tensor) throws -> Void)? = nil, input: Partial? = nil,
  other: Partial? = nil
) -> BinaryOperator {
  let function = MapFunction(function)
  let number = number.map { MapFunction($0) }
  let kernel = { (a: Tensor, b: Tensor) in
    try check?(a, b)
    if let number, let result = try Elementwise.applyToNumber(number, a, b) { return result }
    return try Elementwise.apply(function, type, a, b)
  }
  if input == nil && other == nil { return elementwise(Operator(schema, twins: twins, kernel: kernel)) }
  return elementwise(Operator(
    schema, twins: twins, gradientName: gradientName, kernel: kernel,
    derivative: { recorder, y, a, b in Elementwise.pullback(recorder, a, b, y, input, other) }))
}

private func elementwise<O: AnyOperator>(_ op: O) -> O {
  op.isElementwise = true
  return op
}

enum Elementwise {
  /// Makes `tensor` one of `dtype`, outside the graph.
  @inline(__always)
  static func cast(_ tensor: Tensor, _ dtype: DType) throws -> Tensor {
    if tensor.dtype == dtype { return tensor }
    let result = try Tensor.uninitialized(tensor.shape, dtype)
    try tensor.backend.copy(tensor, into: result)
    return result
  }

  static func apply(_ f: MapFunction, _ type: ElementwiseType, _ x: Tensor, _ parameters: MapParameters = .none) throws -> Tensor {
    let compute = type.compute(x.dtype)
    let x = try cast(x, compute)
    let out = try Tensor.uninitialized(x.shape, type.result(compute))
    try x.backend.map(f, into: out, x, nil, nil, parameters: parameters)
    return out
  }

  static func apply(
    _ f: MapFunction, _ type: ElementwiseType, _ a: Tensor, _ b: Tensor, _ parameters: MapParameters = .none
  ) throws -> Tensor {
    let promoted: DType
    if a.dtype == b.dtype && !(a.isWrappedNumber && b.isWrappedNumber) {
      promoted = a.dtype
    } else {
      var promotion = TypePromotion()
      promotion.add(a)
      promotion.add(b)
      promoted = promotion.result
    }
    let compute = type.compute(promoted)
    let shape = try Shape.broadcast(a.shape, b.shape)
    let (a, b) = (try cast(a, compute), try cast(b, compute))
    let out = try Tensor.uninitialized(shape, type.result(compute))
    try a.backend.map(f, into: out, a, b, nil, parameters: parameters)
    return out
  }

  /// `f` of a 16-bit tensor and a real number (or tensor of no dimensions) of another dtype, which takes part in float32 as
  /// it is; nil for other operands.
  static func applyToNumber(_ f: MapFunction, _ a: Tensor, _ b: Tensor) throws -> Tensor? {
    guard a.dtype == .bfloat16 || a.dtype == .float16, b.ndim == 0, a.ndim > 0, b.dtype != a.dtype, !b.dtype.isComplex
    else { return nil }
    return try apply(f, .promoted, a, MapParameters(try b.detach().item()))
  }

  static func apply(
    _ f: MapFunction, _ type: ElementwiseType, _ a: Tensor, _ b: Tensor, _ c: Tensor, _ parameters: MapParameters = .none
  ) throws -> Tensor {
    var promotion = TypePromotion()
    for tensor in [a, b, c] { promotion.add(tensor) }
    let compute = type.compute(promotion.result)
    let shape = try Shape.broadcast(Shape.broadcast(a.shape, b.shape), c.shape)
    let out = try Tensor.uninitialized(shape, type.result(compute))
    try a.backend.map(f, into: out, try cast(a, compute), try cast(b, compute), try cast(c, compute), parameters: parameters)
    return out
  }

  /// The pullback of two partial derivatives. What an input that wants no gradient would read is not saved.
  static func pullback(
    _ recorder: Recorder, _ a: Tensor, _ b: Tensor, _ y: Tensor, _ input: Partial?, _ other: Partial?
  ) -> Pullback {
    let input = recorder.needs(0) ? input : nil
    let other = recorder.needs(1) ? other : nil
    let saves = (input?.saves ?? []).union(other?.saves ?? [])
    let saved = SavedOperands(saves, recorder, a, b, result: y)
    return { g in [try input?.rule(g[0], saved), try other?.rule(g[0], saved)] }
  }
}
