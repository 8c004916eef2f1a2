// Elementwise functions of one tensor: exponentials, powers, rounding, signs.
// Reference: https://pytorch.org/docs/stable/torch.html#pointwise-ops

enum Pointwise {
  static let exp = unary(
    "exp(Tensor self) -> Tensor", "exp", .floating, partial: .saving(.result) { g, s in g * (try s.result.conj()) })
  static let exp2 = unary(
    "exp2(Tensor self) -> Tensor", "exp2", .floating,
    partial: .saving(.result) { g, s in g * (try s.result.conj()) * 0.6931471805599453 })
  static let expm1 = unary(
    "expm1(Tensor self) -> Tensor", "expm1", .floating,
    partial: .saving(.result) { g, s in g * (try s.result.conj() + 1) })
  static let log = unary(
    "log(Tensor self) -> Tensor", "log", .floating, partial: .saving(.input) { g, s in g / (try s.input.conj()) })
  static let log2 = unary(
    "log2(Tensor self) -> Tensor", "log2", .floating,
    partial: .saving(.input) { g, s in g / (try s.input.conj() * 0.6931471805599453) })
  static let log10 = unary(
    "log10(Tensor self) -> Tensor", "log10", .floating,
    partial: .saving(.input) { g, s in g / (try s.input.conj() * 2.302585092994046) })
  static let log1p = unary(
    "log1p(Tensor self) -> Tensor", "log1p", .floating,
    partial: .saving(.input) { g, s in g / (try s.input + 1).conj() })
  static let sqrt = unary(
    "sqrt(Tensor self) -> Tensor", "sqrt", .floating,
    partial: .saving(.result) { g, s in g / (try s.result.conj() * 2) })
  static let rsqrt = unary(
    "rsqrt(Tensor self) -> Tensor", "rsqrt", .floating,
    partial: .saving(.result) { g, s in
      let y = try s.result.conj()
      return g * (y * y * y) * -0.5
    })
  static let reciprocal = unary(
    "reciprocal(Tensor self) -> Tensor", "reciprocal", .floating,
    partial: .saving(.result) { g, s in
      let y = try s.result.conj()
      return -g * (y * y)
    })
  static let square = Operator(composite: "square(Tensor self) -> Tensor", twins: .both) { (x: Tensor) in x.pow(2) }

  static let sin = unary(
    "sin(Tensor self) -> Tensor", "sin", .floating, partial: .saving(.input) { g, s in g * (try s.input.cos().conj()) })
  static let cos = unary(
    "cos(Tensor self) -> Tensor", "cos", .floating, partial: .saving(.input) { g, s in -g * (try s.input.sin().conj()) })
  static let tan = unary(
    "tan(Tensor self) -> Tensor", "tan", .floating,
    partial: .saving(.result) { g, s in
      let y = try s.result
      return g * (y * y + 1).conj()
    })
  static let asin = unary(
    "asin(Tensor self) -> Tensor", "asin", .floating,
    partial: .saving(.input) { g, s in
      let x = try s.input
      return g * (1 - x * x).rsqrt().conj()
    })
  static let acos = unary(
    "acos(Tensor self) -> Tensor", "acos", .floating,
    partial: .saving(.input) { g, s in
      let x = try s.input
      return -g * (1 - x * x).rsqrt().conj()
    })
  static let atan = unary(
    "atan(Tensor self) -> Tensor", "atan", .floating,
    partial: .saving(.input) { g, s in
      let x = try s.input
      return g / (x * x + 1).conj()
    })
  static let sinh = unary(
    "sinh(Tensor self) -> Tensor", "sinh", .floating,
    partial: .saving(.input) { g, s in g * (try s.input.cosh().conj()) })
  static let cosh = unary(
    "cosh(Tensor self) -> Tensor", "cosh", .floating,
    partial: .saving(.input) { g, s in g * (try s.input.sinh().conj()) })
  static let tanh = unary(
    "tanh(Tensor self) -> Tensor", "tanh", .floating,
    partial: .saving(.result) { g, s in
      let y = try s.result
      return y.dtype.isComplex ? g * (1 - y * y).conj() : tanhBackward(g, y)
    })
  static let tanhBackward: BinaryOperator = binary(
    "tanh_backward(Tensor grad_output, Tensor output) -> Tensor", "tanh_backward", twins: .out("grad_input", names: ["grad_input"]),
    input: .saving(.other) { g, s in
      let y = try s.other
      return g * (1 - y * y)
    },
    other: .saving([.input, .other]) { g, s in g * (try s.input * s.other) * -2 })

  static let abs = unary(
    "abs(Tensor self) -> Tensor", "abs", .real, partial: .saving(.input) { g, s in g * (try s.input.sgn()) })
  static let sign = unary("sign(Tensor self) -> Tensor", "sign", partial: .zero)
  static let sgn = unary("sgn(Tensor self) -> Tensor", "sgn", partial: .saving([.input, .result]) { g, s in
    let y = try s.result
    guard y.dtype.isComplex else { return Tensor.zeros(g.shape, dtype: g.dtype) }
    let size = try s.input.abs()
    let along = (y * g.conj()).real
    return ((g - y * along) / size).maskedFill(size .== 0, 0)
  })
  static let floor = unary("floor(Tensor self) -> Tensor", "floor", partial: .zero)
  static let ceil = unary("ceil(Tensor self) -> Tensor", "ceil", partial: .zero)
  static let trunc = unary("trunc(Tensor self) -> Tensor", "trunc", partial: .zero)
  static let round = unary("round(Tensor self) -> Tensor", "round", partial: .zero)
  static let frac = unary("frac(Tensor self) -> Tensor", "frac", partial: .identity)

  static let erf = unary(
    "erf(Tensor self) -> Tensor", "erf", .floating,
    partial: .saving(.input) { g, s in
      let x = try s.input
      return g * (-(x * x)).exp() * 1.1283791670955126
    })
  static let erfc = unary(
    "erfc(Tensor self) -> Tensor", "erfc", .floating,
    partial: .saving(.input) { g, s in
      let x = try s.input
      return g * (-(x * x)).exp() * -1.1283791670955126
    })
  static let isnan = unary("isnan(Tensor self) -> Tensor", "isnan", .comparison, twins: .out)
  static let isinf = unary("isinf(Tensor self) -> Tensor", "isinf", .comparison, twins: .out)
  static let isfinite = unary("isfinite(Tensor self) -> Tensor", "isfinite", .comparison, twins: .none)
  static let logicalNot = unary("logical_not(Tensor self) -> Tensor", "logical_not", .comparison)
  static let bitwiseNot = unary("bitwise_not(Tensor self) -> Tensor", "bitwise_not")

  static let operators: [AnyOperator] = [
    exp, exp2, expm1, log, log2, log10, log1p, sqrt, rsqrt, reciprocal, square, sin, cos, tan, asin, acos, atan, sinh,
    cosh, tanh, tanhBackward, abs, sign, sgn, floor, ceil, trunc, round, frac, erf, erfc, isnan, isinf, isfinite,
    logicalNot, bitwiseNot,
  ]
}

extension Tensor {
  /// eˣ of each element.
  public func exp() -> Tensor { Pointwise.exp(self) }
  public func exp2() -> Tensor { Pointwise.exp2(self) }
  public func expm1() -> Tensor { Pointwise.expm1(self) }
  /// The natural logarithm of each element.
  public func log() -> Tensor { Pointwise.log(self) }
  public func log2() -> Tensor { Pointwise.log2(self) }
  public func log10() -> Tensor { Pointwise.log10(self) }
  public func log1p() -> Tensor { Pointwise.log1p(self) }
  public func sqrt() -> Tensor { Pointwise.sqrt(self) }
  public func rsqrt() -> Tensor { Pointwise.rsqrt(self) }
  public func reciprocal() -> Tensor { Pointwise.reciprocal(self) }
  public func square() -> Tensor { Pointwise.square(self) }
  public func sin() -> Tensor { Pointwise.sin(self) }
  public func cos() -> Tensor { Pointwise.cos(self) }
  public func tan() -> Tensor { Pointwise.tan(self) }
  public func asin() -> Tensor { Pointwise.asin(self) }
  public func acos() -> Tensor { Pointwise.acos(self) }
  public func atan() -> Tensor { Pointwise.atan(self) }
  public func sinh() -> Tensor { Pointwise.sinh(self) }
  public func cosh() -> Tensor { Pointwise.cosh(self) }
  public func tanh() -> Tensor { Pointwise.tanh(self) }
  public func abs() -> Tensor { Pointwise.abs(self) }
  public func sign() -> Tensor { Pointwise.sign(self) }
  public func sgn() -> Tensor { Pointwise.sgn(self) }
  public func floor() -> Tensor { Pointwise.floor(self) }
  public func ceil() -> Tensor { Pointwise.ceil(self) }
  public func trunc() -> Tensor { Pointwise.trunc(self) }
  public func round() -> Tensor { Pointwise.round(self) }
  public func frac() -> Tensor { Pointwise.frac(self) }
  public func erf() -> Tensor { Pointwise.erf(self) }
  public func erfc() -> Tensor { Pointwise.erfc(self) }
  public func isnan() -> Tensor { Pointwise.isnan(self) }
  public func isinf() -> Tensor { Pointwise.isinf(self) }
  public func isfinite() -> Tensor { Pointwise.isfinite(self) }
  public func logicalNot() -> Tensor { Pointwise.logicalNot(self) }
  public func bitwiseNot() -> Tensor { Pointwise.bitwiseNot(self) }
  @discardableResult public func exp_() -> Tensor { Pointwise.exp.inPlace(self) }
  @discardableResult public func sqrt_() -> Tensor { Pointwise.sqrt.inPlace(self) }
  @discardableResult public func tanh_() -> Tensor { Pointwise.tanh.inPlace(self) }
  @discardableResult public func abs_() -> Tensor { Pointwise.abs.inPlace(self) }
}
