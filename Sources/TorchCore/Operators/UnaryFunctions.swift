// Elementwise functions of one tensor that few programs need: inverse hyperbolics, predicates, angles, rounding to decimals.
// Reference: https://pytorch.org/docs/stable/torch.html#pointwise-ops

import CTorchKernelHeaders

enum UnaryFunctions {
  static let acosh = unary(
    "acosh(Tensor self) -> Tensor", "acosh", .floating,
    partial: .saving(.input) { g, s in
      let x = try s.input
      return g * (x * x - 1).rsqrt().conj()
    })
  static let asinh = unary(
    "asinh(Tensor self) -> Tensor", "asinh", .floating,
    partial: .saving(.input) { g, s in
      let x = try s.input
      return g * (x * x + 1).rsqrt().conj()
    })
  static let atanh = unary(
    "atanh(Tensor self) -> Tensor", "atanh", .floating,
    partial: .saving(.input) { g, s in
      let x = try s.input
      return g / (1 - x * x).conj()
    })

  static let signbit = unary("signbit(Tensor self) -> Tensor", "signbit", .comparison, twins: .out)
  static let isposinf = unary("isposinf(Tensor self) -> Tensor", "isposinf", .comparison, twins: .out)
  static let isneginf = unary("isneginf(Tensor self) -> Tensor", "isneginf", .comparison, twins: .out)
  static let isreal = Operator(composite: "isreal(Tensor self) -> Tensor") { (x: Tensor) in
    x.dtype.isComplex ? x.imag .== 0 : Tensor.ones(x.shape, dtype: .bool)
  }

  static let positive = Operator(composite: "positive(Tensor(a) self) -> Tensor(a)") { (x: Tensor) in
    guard x.dtype != .bool else {
      throw TorchError(.dtype, "The `+` operator, on a bool tensor is not supported.")
    }
    return x
  }

  private static func scaled(_ name: String, _ factor: Double) -> UnaryOperator {
    Operator(
      "\(name)(Tensor self) -> Tensor", twins: .both, gradientName: name == "deg2rad" ? "Deg2RadBackward0" : "Rad2DegBackward0",
      kernel: { (x: Tensor) in
        guard !x.dtype.isComplex else { throw TorchError(.dtype, "\(name) is not supported for complex tensors.") }
        let x = x.dtype.isFloatingPoint ? x : try Elementwise.cast(x, .default)
        return try Elementwise.apply(mulFunction, .promoted, x, Tensor(wrapping: .double(factor)))
      },
      derivative: { _, _, _ in { g in [g[0] * factor] } })
  }
  private static let mulFunction = MapFunction("mul")
  static let deg2rad = scaled("deg2rad", .pi / 180), rad2deg = scaled("rad2deg", 180 / .pi)

  static let nanToNum: Operator<Tensor, Double?, Double?, Double?, Tensor> = Operator(
    "nan_to_num(Tensor self, float? nan=None, float? posinf=None, float? neginf=None) -> Tensor", twins: .both,
    kernel: { (x: Tensor, nan: Double?, positive: Double?, negative: Double?) in
      if x.dtype.isComplex {
        let parts = torch.viewAsReal(try x.packed())
        return torch.viewAsComplex(try nanToNum.call(parts, nan, positive, negative))
      }
      guard x.dtype.isFloatingPoint else { return try x.packed() }
      let largest = x.dtype.greatestFinite
      return try Elementwise.apply(
        nanToNumFunction, .promoted, x,
        MapParameters(.double(nan ?? 0), .double(positive ?? largest), .double(negative ?? -largest)))
    },
    derivative: { record, _, x, _, _, _ in
      let saved = record.save(x)
      return { g in [g[0].maskedFill(try saved.value.isfinite().logicalNot(), 0)] }
    })
  private static let nanToNumFunction = MapFunction("nan_to_num")

  static let roundDecimals = Operator(
    "round.decimals(Tensor self, *, int decimals) -> Tensor", twins: .both(out: "decimals_out"),
    gradientName: "RoundBackward1",
    kernel: { (x: Tensor, decimals: Int) in
      guard decimals != 0 else { return try Pointwise.round.call(x) }
      guard x.dtype.isFloatingPoint else {
        throw TorchError(.notImplemented, "\"round_vml_cpu\" not implemented for '\(x.dtype.scalarTypeName)'")
      }
      let power = (0..<abs(decimals)).reduce(1.0) { power, _ in power * 10 }
      return try Elementwise.apply(
        roundFunction, .promoted, x, MapParameters(.double(power), .int(decimals < 0 ? 1 : 0)))
    },
    derivative: { _, _, _, _ in { g in [Tensor.zeros(g[0].shape, dtype: g[0].dtype)] } })
  private static let roundFunction = MapFunction("round_decimals")

  // MARK: Complex numbers

  static let angle = Operator(
    "angle(Tensor self) -> Tensor",
    kernel: { (x: Tensor) in
      let x = x.dtype.isDifferentiable ? x : try Elementwise.cast(x, .default)
      return try Elementwise.apply(angleFunction, .real, x)
    },
    derivative: { record, _, x in
      let saved = record.save(x)
      return { g in
        let x = try saved.value
        guard x.dtype.isComplex else { return [Tensor.zeros(g[0].shape, dtype: g[0].dtype)] }
        // i·x / |x|² turns along the circle.
        let along = x / (x.abs().square()).to(x.dtype) * Tensor(wrapping: .complex(.init(0, 1)))
        return [along.maskedFill(x .== 0, 0) * g[0]]
      }
    })
  private static let angleFunction = MapFunction("angle")

  private static func made(_ name: String, _ a: String, _ b: String, _ derivative: @escaping BinaryOperator.Derivative) -> BinaryOperator {
    let function = MapFunction(name)
    return Operator(
      "\(name)(Tensor \(a), Tensor \(b)) -> Tensor",
      twins: .out.exact {
        "Expected object of scalar type \($0.scalarTypeName) but got scalar type \($1.scalarTypeName) for argument 'out'"
      },
      kernel: { (x: Tensor, y: Tensor) in
        guard x.dtype == y.dtype else {
          throw TorchError(
            .dtype,
            "Expected object of scalar type \(x.dtype.scalarTypeName) but got scalar type \(y.dtype.scalarTypeName) for second argument")
        }
        guard x.dtype == .float16 || x.dtype == .float32 || x.dtype == .float64 else {
          throw TorchError(
            .dtype,
            "Expected both inputs to be Half, Float or Double tensors but got \(x.dtype.scalarTypeName) and \(y.dtype.scalarTypeName)")
        }
        let out = try Tensor.uninitialized(Shape.broadcast(x.shape, y.shape), x.dtype.complexType)
        try x.backend.map(function, into: out, x, y, nil, parameters: .none)
        return out
      },
      derivative: derivative)
  }
  static let complex = made("complex", "real", "imag") { _, _, _, _ in
    { g in [g[0].real, g.needs(1) ? g[0].imag : nil] }
  }
  static let polar: BinaryOperator = made("polar", "abs", "angle") { record, y, _, _ in
    let saved = record.save(result: y)
    return { g in
      let y = try saved.value
      let i = Tensor(wrapping: .complex(.init(0, 1)))
      return [(g[0].conj() * y.sgn()).real, (g[0].conj() * (i * y)).real]
    }
  }

  static let conjPhysical = Operator(composite: "conj_physical(Tensor self) -> Tensor", twins: .both) { (x: Tensor) in
    x.conj()
  }
  /// We have no lazy conjugation or negation: these give the tensor itself.
  private static func resolved(_ name: String) -> UnaryOperator {
    Operator(composite: "\(name)(Tensor(a) self) -> Tensor(a)") { (x: Tensor) in x }
  }
  static let conj = Operator(composite: "conj(Tensor(a) self) -> Tensor(a)") { (x: Tensor) in x.conj() }
  static let resolveConj = resolved("resolve_conj"), resolveNeg = resolved("resolve_neg")

  static let operators: [AnyOperator] = [
    acosh, asinh, atanh, signbit, isposinf, isneginf, isreal, positive, deg2rad, rad2deg, nanToNum, roundDecimals, angle,
    complex, polar, conjPhysical, conj, resolveConj, resolveNeg,
  ]
}

extension DType {
  /// The largest finite number of a floating point type.
  var greatestFinite: Double {
    switch self {
    case .float16: 65504
    case .bfloat16: 3.3895313892515355e38
    case .float32, .complex64: Double(Float.greatestFiniteMagnitude)
    default: Double.greatestFiniteMagnitude
    }
  }
}

extension Tensor {
  public func acosh() -> Tensor { UnaryFunctions.acosh(self) }
  public func asinh() -> Tensor { UnaryFunctions.asinh(self) }
  public func atanh() -> Tensor { UnaryFunctions.atanh(self) }
  public func signbit() -> Tensor { UnaryFunctions.signbit(self) }
  public func deg2rad() -> Tensor { UnaryFunctions.deg2rad(self) }
  public func rad2deg() -> Tensor { UnaryFunctions.rad2deg(self) }
  /// NaN and infinities replaced by numbers; without them by zero and the largest ones.
  public func nanToNum(nan: Double? = nil, posinf: Double? = nil, neginf: Double? = nil) -> Tensor {
    UnaryFunctions.nanToNum(self, nan, posinf, neginf)
  }
  public func round(decimals: Int) -> Tensor { UnaryFunctions.roundDecimals(self, decimals) }
  /// The argument of complex numbers, 0 or π of real ones.
  public func angle() -> Tensor { UnaryFunctions.angle(self) }
}
