// Special functions: gamma, zeta, Bessel and error functions and their relatives.
// Reference: https://pytorch.org/docs/stable/special.html

enum SpecialFunctions {
  // MARK: Gamma and zeta

  static let lgamma = unary(
    "lgamma(Tensor self) -> Tensor", "lgamma", .floating,
    partial: .saving(.input) { g, s in g * digamma(try s.input) })

  static let digamma: UnaryOperator = unary(
    "digamma(Tensor self) -> Tensor", "digamma", .floating,
    partial: .saving(.input) { g, s in g * polygamma(1, try s.input) })

  /// The n-th derivative of digamma.
  static let polygamma: Operator<Int, Tensor, Tensor> = Operator(
    "polygamma(int n, Tensor self) -> Tensor",
    kernel: { (n: Int, x: Tensor) in
      guard n >= 0 else { throw TorchError(.value, "polygamma(n, x) does not support negative n.") }
      return n == 0 ? try digamma.call(x) : try Elementwise.apply(polygammaFunction, .floating, x, MapParameters(.int(n)))
    },
    derivative: { record, _, n, x in
      let saved = record.save(x)
      return { g in [g[0] * polygamma(n + 1, try saved.value)] }
    })
  private static let polygammaFunction = MapFunction("polygamma")

  /// The multivariate log-gamma function of dimension p.
  static let mvlgamma = Operator(composite: "mvlgamma(Tensor self, int p) -> Tensor", twins: .both) { (x: Tensor, p: Int) in
    guard p >= 1 else { throw TorchError(.value, "p has to be greater than or equal to 1") }
    guard x.dtype != .bool else { throw TorchError(.notImplemented, "mvlgamma does not support bool tensors") }
    let x = x.dtype.isDifferentiable ? x : x.to(.default)
    let steps = Tensor.arange(.double(-0.5 * Double(p - 1)), 0.5, step: 0.5, dtype: x.dtype)
    let constant = Double(p) * Double(p - 1) * 0.25 * 1.1447298858494002  // log π
    return lgamma(x.unsqueeze(-1) + steps).sum(dim: -1) + constant
  }

  static let zeta = binary(
    "special_zeta(Tensor self, Tensor other) -> Tensor", "zeta", .floating, twins: .out,
    other: .saving([.input, .other]) { g, s in
      let x = try s.input
      return g * -x * again(x + 1, try s.other)
    })
  private static func again(_ x: Tensor, _ q: Tensor) -> Tensor { zeta(x, q) }

  static let igamma = binary(
    "igamma(Tensor self, Tensor other) -> Tensor", "igamma",
    other: .saving([.input, .other]) { g, s in g * density(try s.input, try s.other) })
  static let igammac = binary(
    "igammac(Tensor self, Tensor other) -> Tensor", "igammac",
    other: .saving([.input, .other]) { g, s in -g * density(try s.input, try s.other) })

  /// The derivative of the regularised incomplete gamma function by its limit.
  private static func density(_ a: Tensor, _ x: Tensor) -> Tensor { ((a - 1) * x.log() - x - lgamma(a)).exp() }

  // MARK: Error functions and the normal distribution

  static let erfinv = unary(
    "erfinv(Tensor self) -> Tensor", "erfinv", .floating,
    partial: .saving(.result) { g, s in g * (try s.result.square().exp() * 0.886226925452758) })
  static let erfcx = unary(
    "special_erfcx(Tensor self) -> Tensor", "erfcx", .floating, twins: .out,
    partial: .saving([.input, .result]) { g, s in g * (try s.input * s.result * 2 - 1.1283791670955126) })
  static let ndtr = unary(
    "special_ndtr(Tensor self) -> Tensor", "ndtr", .floating, twins: .out,
    partial: .saving(.input) { g, s in g * ((try s.input.square() * -0.5).exp() * 0.3989422804014327) })
  static let logNdtr = unary(
    "special_log_ndtr(Tensor self) -> Tensor", "log_ndtr", .floating, twins: .out,
    partial: .saving(.input) { g, s in g / erfcx(try s.input * -0.7071067811865476) * 0.7978845608028654 })
  static let ndtri = unary(
    "special_ndtri(Tensor self) -> Tensor", "ndtri", .floating, twins: .out,
    partial: .saving(.result) { g, s in g * ((try s.result.square() * 0.5).exp() * 2.5066282746310002) })

  // MARK: Modified Bessel functions with derivatives

  /// `x` with a small number in place of those that are smaller yet, and where that is: quotients by it stay finite, and
  /// so do their own derivatives.
  private static func awayFromZero(_ x: Tensor) -> (Tensor, Tensor) {
    let least = x.dtype == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
    let isTiny = x.abs() <= least
    return (x.maskedFill(isTiny, .double(least)), isTiny)
  }

  static let i0: UnaryOperator = unary(
    "i0(Tensor self) -> Tensor", "i0", .floating, partial: .saving(.input) { g, s in g * i1(try s.input) })
  static let i0e: UnaryOperator = unary(
    "special_i0e(Tensor self) -> Tensor", "i0e", .floating, twins: .out,
    partial: .saving([.input, .result]) { g, s in
      let x = try s.input
      return g * (i1e(x) - x.sgn() * (try s.result))
    })
  static let i1: UnaryOperator = unary(
    "special_i1(Tensor self) -> Tensor", "i1", .floating, twins: .out,
    partial: .saving([.input, .result]) { g, s in
      let (x, y) = (try s.input, try s.result)
      let (safe, isTiny) = awayFromZero(x)
      return g * (i0(safe) - y / safe).maskedFill(isTiny, 0.5)
    })
  static let i1e: UnaryOperator = unary(
    "special_i1e(Tensor self) -> Tensor", "i1e", .floating, twins: .out,
    partial: .saving([.input, .result]) { g, s in
      let (x, y) = (try s.input, try s.result)
      let (safe, isTiny) = awayFromZero(x)
      return g * (i0e(safe) - y * (safe.sgn() + safe.reciprocal())).maskedFill(isTiny, 0.5)
    })

  // MARK: Logarithms

  static let sinc = unary(
    "sinc(Tensor self) -> Tensor", "sinc", .floating,
    partial: .saving(.input) { g, s in
      let x = try s.input
      let angle = x * Double.pi
      return g * ((angle.cos() * angle - angle.sin()) / (angle * x)).maskedFill(x .== 0, 0).conj()
    })
  static let entr = unary(
    "special_entr(Tensor self) -> Tensor", "entr", .floating, twins: .out,
    partial: .saving(.input) { g, s in g * (-(try s.input.log()) - 1) })

  static let logit = Operator(
    "logit(Tensor self, float? eps=None) -> Tensor", twins: .both,
    kernel: { (x: Tensor, eps: Double?) in
      try Elementwise.apply(logitFunction, .floating, x, MapParameters(.double(eps ?? -1)))
    },
    derivative: { record, _, x, eps in
      let saved = record.save(x)
      return { g in
        let x = try saved.value
        let slope = g[0] / (x * (1 - x))
        guard let eps else { return [slope.maskedFill((x < 0) .| (x > 1), .double(.nan))] }
        return [slope.maskedFill(((x >= eps) .& (x <= 1 - eps)).logicalNot(), 0)]
      }
    })
  private static let logitFunction = MapFunction("logit")

  static let xlogy = binary(
    "xlogy.Tensor(Tensor self, Tensor other) -> Tensor", "xlogy", .floating, twins: .both(out: "OutTensor"),
    input: .saving([.input, .other]) { g, s in
      let (x, y) = (try s.input, try s.other)
      return g * torch.where((x .== 0) .& (y <= 0), 0.0, y.log())
    },
    other: .saving([.input, .other]) { g, s in g * (try s.input / s.other) })
  static let xlog1py = binary(
    "special_xlog1py(Tensor self, Tensor other) -> Tensor", "xlog1py", .floating, twins: .out,
    input: .saving([.input, .other]) { g, s in
      let (x, y) = (try s.input, try s.other)
      return g * torch.where((x .== 0) .& (y <= -1), 0.0, y.log1p())
    },
    other: .saving([.input, .other]) { g, s in g * (try s.input / (s.other + 1)) })

  // MARK: Bessel functions of the first and second kind

  static let besselJ0: UnaryOperator = unary(
    "special_bessel_j0(Tensor self) -> Tensor", "bessel_j0", .floating, twins: .out,
    partial: .saving(.input) { g, s in -g * besselJ1(try s.input) })
  static let besselJ1: UnaryOperator = unary(
    "special_bessel_j1(Tensor self) -> Tensor", "bessel_j1", .floating, twins: .out,
    partial: .saving([.input, .result]) { g, s in
      let (x, y) = (try s.input, try s.result)
      return g * (besselJ0(x) - y / x).maskedFill(x .== 0, 0.5)
    })

  static let besselY0: UnaryOperator = unary(
    "special_bessel_y0(Tensor self) -> Tensor", "bessel_y0", .floating, twins: .out,
    partial: .saving(.input) { g, s in -g * besselY1(try s.input) })
  static let besselY1: UnaryOperator = unary(
    "special_bessel_y1(Tensor self) -> Tensor", "bessel_y1", .floating, twins: .out,
    partial: .saving([.input, .result]) { g, s in g * (besselY0(try s.input) - (try s.result / s.input)) })

  static let modifiedI0: UnaryOperator = unary(
    "special_modified_bessel_i0(Tensor self) -> Tensor", "modified_bessel_i0", .floating, twins: .out,
    partial: .saving(.input) { g, s in g * modifiedI1(try s.input) })
  static let modifiedI1: UnaryOperator = unary(
    "special_modified_bessel_i1(Tensor self) -> Tensor", "modified_bessel_i1", .floating, twins: .out,
    partial: .saving([.input, .result]) { g, s in
      let (x, y) = (try s.input, try s.result)
      return g * (modifiedI0(x) - y / x).maskedFill(x .== 0, 0.5)
    })
  static let modifiedK0: UnaryOperator = unary(
    "special_modified_bessel_k0(Tensor self) -> Tensor", "modified_bessel_k0", .floating, twins: .out,
    partial: .saving(.input) { g, s in -g * modifiedK1(try s.input) })
  static let modifiedK1: UnaryOperator = unary(
    "special_modified_bessel_k1(Tensor self) -> Tensor", "modified_bessel_k1", .floating, twins: .out,
    partial: .saving([.input, .result]) { g, s in -g * (modifiedK0(try s.input) + (try s.result / s.input)) })

  // MARK: Functions without derivatives, as in PyTorch

  private static let bessel: [AnyOperator] =
    ["scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "spherical_bessel_j0", "airy_ai"].map {
      unary("special_\($0)(Tensor x) -> Tensor", $0, .floating, twins: .out)
    }

  private static let polynomials: [AnyOperator] = [
    "chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w",
    "shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w", "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l",
    "legendre_polynomial_p",
  ].map { binary("special_\($0)(Tensor x, Tensor n) -> Tensor", $0, .floating, twins: .out) }

  // MARK: Other names

  private static func alias(_ name: String, _ op: UnaryOperator) -> AnyOperator {
    Operator(composite: "special_\(name)(Tensor self) -> Tensor", twins: .out) { (x: Tensor) in op(x) }
  }
  private static let aliases: [AnyOperator] = [
    alias("digamma", digamma), alias("psi", digamma), alias("gammaln", lgamma), alias("erf", Pointwise.erf),
    alias("erfc", Pointwise.erfc), alias("erfinv", erfinv), alias("exp2", Pointwise.exp2),
    alias("expm1", Pointwise.expm1), alias("log1p", Pointwise.log1p), alias("expit", Activations.sigmoid),
    alias("i0", i0), alias("sinc", sinc),
    Operator(composite: "special_round(Tensor self, *, int decimals=0) -> Tensor", twins: .out) {
      (x: Tensor, decimals: Int) in UnaryFunctions.roundDecimals(x, decimals)
    },
    Operator(composite: "special_softmax(Tensor self, int dim, ScalarType? dtype=None) -> Tensor") {
      (x: Tensor, dim: Int, dtype: DType?) in (dtype.map { x.to($0) } ?? x).softmax(dim: dim)
    },
    Operator(composite: "special_log_softmax(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor") {
      (x: Tensor, dim: Int, dtype: DType?) in (dtype.map { x.to($0) } ?? x).logSoftmax(dim: dim)
    },
    Operator(composite: "special_polygamma(int n, Tensor self) -> Tensor", twins: .out) { (n: Int, x: Tensor) in
      polygamma(n, x)
    },
    Operator(composite: "special_multigammaln(Tensor self, int p) -> Tensor", twins: .out) { (x: Tensor, p: Int) in
      mvlgamma(x, p)
    },
    Operator(composite: "special_logit(Tensor self, float? eps=None) -> Tensor", twins: .out) { (x: Tensor, eps: Double?) in
      logit(x, eps)
    },
    Operator(composite: "special_xlogy(Tensor self, Tensor other) -> Tensor", twins: .out) { (x: Tensor, y: Tensor) in
      xlogy(x, y)
    },
    Operator(composite: "special_gammainc(Tensor self, Tensor other) -> Tensor", twins: .out) { (x: Tensor, y: Tensor) in
      igamma(x, y)
    },
    Operator(composite: "special_gammaincc(Tensor self, Tensor other) -> Tensor", twins: .out) { (x: Tensor, y: Tensor) in
      igammac(x, y)
    },
  ]

  static let operators: [AnyOperator] =
    [
      lgamma, digamma, polygamma, mvlgamma, zeta, igamma, igammac, erfinv, erfcx, ndtr, logNdtr, ndtri, i0, i0e, i1, i1e,
      sinc, entr, logit, xlogy, xlog1py, besselJ0, besselJ1,
      besselY0, besselY1, modifiedI0, modifiedI1, modifiedK0, modifiedK1,
    ] + bessel + polynomials + aliases
}

extension Tensor {
  /// The logarithm of |Γ(x)|.
  public func lgamma() -> Tensor { SpecialFunctions.lgamma(self) }
  public func digamma() -> Tensor { SpecialFunctions.digamma(self) }
  public func polygamma(_ n: Int) -> Tensor { SpecialFunctions.polygamma(n, self) }
  public func erfinv() -> Tensor { SpecialFunctions.erfinv(self) }
  public func logit(eps: Double? = nil) -> Tensor { SpecialFunctions.logit(self, eps) }
  public func xlogy(_ other: Tensor) -> Tensor { SpecialFunctions.xlogy(self, other) }
  /// sin(πx) / (πx), and 1 at 0.
  public func sinc() -> Tensor { SpecialFunctions.sinc(self) }
}
