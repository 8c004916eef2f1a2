// `torch.special`: special functions under PyTorch's names.
//
// Functions are elementwise; integers become the default floating point type, and two operands broadcast.
// Reference: https://pytorch.org/docs/stable/special.html

extension torch {
  /// PyTorch's `torch.special`: gamma, beta-like, error and Bessel functions, orthogonal polynomials.
  ///
  /// ```swift
  /// print(torch.special.erf(Tensor([0.0, -1.0, 10.0])))
  /// // tensor([ 0.0000, -0.8427,  1.0000])
  /// ```
  /// Source: https://pytorch.org/docs/stable/special.html
  public enum special {}
}

/// The operators that have no other Swift name.
private enum Named {
  private static func unary(_ name: String) -> UnaryOperator { OperatorRegistry.handle("special_\(name)") }
  private static func binary(_ name: String) -> BinaryOperator { OperatorRegistry.handle("special_\(name)") }

  static let gammaln = unary("gammaln")
  static let digamma = unary("digamma")
  static let psi = unary("psi")
  static let erf = unary("erf")
  static let erfc = unary("erfc")
  static let erfcx = unary("erfcx")
  static let erfinv = unary("erfinv")
  static let ndtr = unary("ndtr")
  static let ndtri = unary("ndtri")
  static let logNdtr = unary("log_ndtr")
  static let exp2 = unary("exp2")
  static let expm1 = unary("expm1")
  static let expit = unary("expit")
  static let log1p = unary("log1p")
  static let entr = unary("entr")
  static let sinc = unary("sinc")
  static let besselJ0 = unary("bessel_j0")
  static let besselJ1 = unary("bessel_j1")
  static let besselY0 = unary("bessel_y0")
  static let besselY1 = unary("bessel_y1")
  static let i0 = unary("i0")
  static let i0e = unary("i0e")
  static let i1 = unary("i1")
  static let i1e = unary("i1e")
  static let modifiedBesselI0 = unary("modified_bessel_i0")
  static let modifiedBesselI1 = unary("modified_bessel_i1")
  static let modifiedBesselK0 = unary("modified_bessel_k0")
  static let modifiedBesselK1 = unary("modified_bessel_k1")
  static let scaledModifiedBesselK0 = unary("scaled_modified_bessel_k0")
  static let scaledModifiedBesselK1 = unary("scaled_modified_bessel_k1")
  static let sphericalBesselJ0 = unary("spherical_bessel_j0")
  static let airyAi = unary("airy_ai")
  static let zeta = binary("zeta")
  static let gammainc = binary("gammainc")
  static let gammaincc = binary("gammaincc")
  static let xlogy = binary("xlogy")
  static let xlog1py = binary("xlog1py")
  static let chebyshevPolynomialT = binary("chebyshev_polynomial_t")
  static let chebyshevPolynomialU = binary("chebyshev_polynomial_u")
  static let chebyshevPolynomialV = binary("chebyshev_polynomial_v")
  static let chebyshevPolynomialW = binary("chebyshev_polynomial_w")
  static let shiftedChebyshevPolynomialT = binary("shifted_chebyshev_polynomial_t")
  static let shiftedChebyshevPolynomialU = binary("shifted_chebyshev_polynomial_u")
  static let shiftedChebyshevPolynomialV = binary("shifted_chebyshev_polynomial_v")
  static let shiftedChebyshevPolynomialW = binary("shifted_chebyshev_polynomial_w")
  static let hermitePolynomialH = binary("hermite_polynomial_h")
  static let hermitePolynomialHe = binary("hermite_polynomial_he")
  static let laguerrePolynomialL = binary("laguerre_polynomial_l")
  static let legendrePolynomialP = binary("legendre_polynomial_p")
  static let polygamma: Operator<Int, Tensor, Tensor> = OperatorRegistry.handle("special_polygamma")
  static let multigammaln: Operator<Tensor, Int, Tensor> = OperatorRegistry.handle("special_multigammaln")
  static let logit: Operator<Tensor, Double?, Tensor> = OperatorRegistry.handle("special_logit")
  static let softmax: Operator<Tensor, Int, DType?, Tensor> = OperatorRegistry.handle("special_softmax")
  static let logSoftmax: Operator<Tensor, Int, DType?, Tensor> = OperatorRegistry.handle("special_log_softmax")
  static let logsumexp: Operator<Tensor, [Int], Bool, Tensor> = OperatorRegistry.handle("special_logsumexp")
  static let round: Operator<Tensor, Int, Tensor> = OperatorRegistry.handle("special_round")
}

extension torch.special {
  // MARK: Gamma functions

  /// The logarithm of |Γ(x)|.
  public static func gammaln(_ x: Tensor) -> Tensor { Named.gammaln(x) }
  /// The logarithmic derivative of Γ.
  public static func digamma(_ x: Tensor) -> Tensor { Named.digamma(x) }
  /// The same as `digamma`.
  public static func psi(_ x: Tensor) -> Tensor { Named.psi(x) }
  /// The n-th derivative of `digamma`.
  public static func polygamma(_ n: Int, _ x: Tensor) -> Tensor { Named.polygamma(n, x) }
  /// The logarithm of the multivariate gamma function of dimension `p`.
  public static func multigammaln(_ x: Tensor, _ p: Int) -> Tensor { Named.multigammaln(x, p) }
}

extension torch.special {
  // MARK: Error functions and the normal distribution

  /// `2/√π · ∫₀ˣ exp(-t²) dt`
  public static func erf(_ x: Tensor) -> Tensor { Named.erf(x) }
  /// `1 - erf(x)`, accurate where erf is near 1.
  public static func erfc(_ x: Tensor) -> Tensor { Named.erfc(x) }
  /// `exp(x²) · erfc(x)`
  public static func erfcx(_ x: Tensor) -> Tensor { Named.erfcx(x) }
  /// The inverse of `erf` on (-1, 1).
  public static func erfinv(_ x: Tensor) -> Tensor { Named.erfinv(x) }
  /// The area under the standard normal density up to `x`.
  public static func ndtr(_ x: Tensor) -> Tensor { Named.ndtr(x) }
  /// The inverse of `ndtr`.
  public static func ndtri(_ x: Tensor) -> Tensor { Named.ndtri(x) }
  /// The logarithm of `ndtr`, accurate far to the left.
  public static func logNdtr(_ x: Tensor) -> Tensor { Named.logNdtr(x) }
}

extension torch.special {
  // MARK: Exponentials and logarithms

  /// `2^x`
  public static func exp2(_ x: Tensor) -> Tensor { Named.exp2(x) }
  /// `exp(x) - 1`, accurate near 0.
  public static func expm1(_ x: Tensor) -> Tensor { Named.expm1(x) }
  /// The logistic sigmoid, `1 / (1 + exp(-x))`.
  public static func expit(_ x: Tensor) -> Tensor { Named.expit(x) }
  /// `log(1 + x)`, accurate near 0.
  public static func log1p(_ x: Tensor) -> Tensor { Named.log1p(x) }
  /// `-x · log(x)`, 0 at 0 and -∞ for negative numbers.
  public static func entr(_ x: Tensor) -> Tensor { Named.entr(x) }
  /// `sin(πx) / (πx)`, and 1 at 0.
  public static func sinc(_ x: Tensor) -> Tensor { Named.sinc(x) }
  /// `log(x / (1 - x))`; with `eps`, `x` is clamped to [eps, 1 - eps] first.
  public static func logit(_ x: Tensor, eps: Double? = nil) -> Tensor { Named.logit(x, eps) }
  /// The exponentials of `x` divided by their sum along `dim`.
  public static func softmax(_ x: Tensor, dim: Int, dtype: DType? = nil) -> Tensor { Named.softmax(x, dim, dtype) }
  /// The logarithm of `softmax`.
  public static func logSoftmax(_ x: Tensor, dim: Int, dtype: DType? = nil) -> Tensor { Named.logSoftmax(x, dim, dtype) }
  /// The logarithm of the sum of exponentials along `dim`.
  public static func logsumexp(_ x: Tensor, dim: Int..., keepdim: Bool = false) -> Tensor {
    Named.logsumexp(x, dim, keepdim)
  }
  /// `x` rounded to `decimals` places, halves to even.
  public static func round(_ x: Tensor, decimals: Int = 0) -> Tensor { Named.round(x, decimals) }
}

extension torch.special {
  // MARK: Bessel functions

  /// The Bessel function of the first kind of order 0.
  public static func besselJ0(_ x: Tensor) -> Tensor { Named.besselJ0(x) }
  /// The Bessel function of the first kind of order 1.
  public static func besselJ1(_ x: Tensor) -> Tensor { Named.besselJ1(x) }
  /// The Bessel function of the second kind of order 0.
  public static func besselY0(_ x: Tensor) -> Tensor { Named.besselY0(x) }
  /// The Bessel function of the second kind of order 1.
  public static func besselY1(_ x: Tensor) -> Tensor { Named.besselY1(x) }
  /// The modified Bessel function of the first kind of order 0.
  public static func i0(_ x: Tensor) -> Tensor { Named.i0(x) }
  /// `exp(-|x|) · i0(x)`
  public static func i0e(_ x: Tensor) -> Tensor { Named.i0e(x) }
  /// The modified Bessel function of the first kind of order 1.
  public static func i1(_ x: Tensor) -> Tensor { Named.i1(x) }
  /// `exp(-|x|) · i1(x)`
  public static func i1e(_ x: Tensor) -> Tensor { Named.i1e(x) }
  /// The modified Bessel function of the first kind of order 0.
  public static func modifiedBesselI0(_ x: Tensor) -> Tensor { Named.modifiedBesselI0(x) }
  /// The modified Bessel function of the first kind of order 1.
  public static func modifiedBesselI1(_ x: Tensor) -> Tensor { Named.modifiedBesselI1(x) }
  /// The modified Bessel function of the second kind of order 0.
  public static func modifiedBesselK0(_ x: Tensor) -> Tensor { Named.modifiedBesselK0(x) }
  /// The modified Bessel function of the second kind of order 1.
  public static func modifiedBesselK1(_ x: Tensor) -> Tensor { Named.modifiedBesselK1(x) }
  /// `exp(x) · modifiedBesselK0(x)`
  public static func scaledModifiedBesselK0(_ x: Tensor) -> Tensor { Named.scaledModifiedBesselK0(x) }
  /// `exp(x) · modifiedBesselK1(x)`
  public static func scaledModifiedBesselK1(_ x: Tensor) -> Tensor { Named.scaledModifiedBesselK1(x) }
  /// The spherical Bessel function of the first kind of order 0, `sin(x) / x`.
  public static func sphericalBesselJ0(_ x: Tensor) -> Tensor { Named.sphericalBesselJ0(x) }
  /// The Airy function Ai.
  public static func airyAi(_ x: Tensor) -> Tensor { Named.airyAi(x) }
}

extension torch.special {
  // MARK: Functions of two arguments

  /// The Hurwitz zeta function, `Σ (k + q)^-x` over k ≥ 0.
  public static func zeta(_ x: Tensor, _ q: Tensor) -> Tensor { Named.zeta(x, q) }
  /// The regularised lower incomplete gamma function P(a, x).
  public static func gammainc(_ a: Tensor, _ x: Tensor) -> Tensor { Named.gammainc(a, x) }
  /// The regularised upper incomplete gamma function Q(a, x).
  public static func gammaincc(_ a: Tensor, _ x: Tensor) -> Tensor { Named.gammaincc(a, x) }
  /// `x · log(y)`, and 0 where `x` is 0.
  public static func xlogy(_ x: Tensor, _ y: Tensor) -> Tensor { Named.xlogy(x, y) }
  /// `x · log(1 + y)`, and 0 where `x` is 0.
  public static func xlog1py(_ x: Tensor, _ y: Tensor) -> Tensor { Named.xlog1py(x, y) }
}

extension torch.special {
  // MARK: Orthogonal polynomials

  /// The Chebyshev polynomial of the first kind Tₙ.
  public static func chebyshevPolynomialT(_ x: Tensor, _ n: Tensor) -> Tensor { Named.chebyshevPolynomialT(x, n) }
  public static func chebyshevPolynomialT(_ x: Tensor, _ n: Int) -> Tensor { chebyshevPolynomialT(x, Tensor(wrapping: .int(n))) }
  /// The Chebyshev polynomial of the second kind Uₙ.
  public static func chebyshevPolynomialU(_ x: Tensor, _ n: Tensor) -> Tensor { Named.chebyshevPolynomialU(x, n) }
  public static func chebyshevPolynomialU(_ x: Tensor, _ n: Int) -> Tensor { chebyshevPolynomialU(x, Tensor(wrapping: .int(n))) }
  /// The Chebyshev polynomial of the third kind Vₙ.
  public static func chebyshevPolynomialV(_ x: Tensor, _ n: Tensor) -> Tensor { Named.chebyshevPolynomialV(x, n) }
  public static func chebyshevPolynomialV(_ x: Tensor, _ n: Int) -> Tensor { chebyshevPolynomialV(x, Tensor(wrapping: .int(n))) }
  /// The Chebyshev polynomial of the fourth kind Wₙ.
  public static func chebyshevPolynomialW(_ x: Tensor, _ n: Tensor) -> Tensor { Named.chebyshevPolynomialW(x, n) }
  public static func chebyshevPolynomialW(_ x: Tensor, _ n: Int) -> Tensor { chebyshevPolynomialW(x, Tensor(wrapping: .int(n))) }
  /// Tₙ on the interval [0, 1].
  public static func shiftedChebyshevPolynomialT(_ x: Tensor, _ n: Tensor) -> Tensor { Named.shiftedChebyshevPolynomialT(x, n) }
  public static func shiftedChebyshevPolynomialT(_ x: Tensor, _ n: Int) -> Tensor { shiftedChebyshevPolynomialT(x, Tensor(wrapping: .int(n))) }
  /// Uₙ on the interval [0, 1].
  public static func shiftedChebyshevPolynomialU(_ x: Tensor, _ n: Tensor) -> Tensor { Named.shiftedChebyshevPolynomialU(x, n) }
  public static func shiftedChebyshevPolynomialU(_ x: Tensor, _ n: Int) -> Tensor { shiftedChebyshevPolynomialU(x, Tensor(wrapping: .int(n))) }
  /// Vₙ on the interval [0, 1].
  public static func shiftedChebyshevPolynomialV(_ x: Tensor, _ n: Tensor) -> Tensor { Named.shiftedChebyshevPolynomialV(x, n) }
  public static func shiftedChebyshevPolynomialV(_ x: Tensor, _ n: Int) -> Tensor { shiftedChebyshevPolynomialV(x, Tensor(wrapping: .int(n))) }
  /// Wₙ on the interval [0, 1].
  public static func shiftedChebyshevPolynomialW(_ x: Tensor, _ n: Tensor) -> Tensor { Named.shiftedChebyshevPolynomialW(x, n) }
  public static func shiftedChebyshevPolynomialW(_ x: Tensor, _ n: Int) -> Tensor { shiftedChebyshevPolynomialW(x, Tensor(wrapping: .int(n))) }
  /// The physicist's Hermite polynomial Hₙ.
  public static func hermitePolynomialH(_ x: Tensor, _ n: Tensor) -> Tensor { Named.hermitePolynomialH(x, n) }
  public static func hermitePolynomialH(_ x: Tensor, _ n: Int) -> Tensor { hermitePolynomialH(x, Tensor(wrapping: .int(n))) }
  /// The probabilist's Hermite polynomial Heₙ.
  public static func hermitePolynomialHe(_ x: Tensor, _ n: Tensor) -> Tensor { Named.hermitePolynomialHe(x, n) }
  public static func hermitePolynomialHe(_ x: Tensor, _ n: Int) -> Tensor { hermitePolynomialHe(x, Tensor(wrapping: .int(n))) }
  /// The Laguerre polynomial Lₙ.
  public static func laguerrePolynomialL(_ x: Tensor, _ n: Tensor) -> Tensor { Named.laguerrePolynomialL(x, n) }
  public static func laguerrePolynomialL(_ x: Tensor, _ n: Int) -> Tensor { laguerrePolynomialL(x, Tensor(wrapping: .int(n))) }
  /// The Legendre polynomial Pₙ.
  public static func legendrePolynomialP(_ x: Tensor, _ n: Tensor) -> Tensor { Named.legendrePolynomialP(x, n) }
  public static func legendrePolynomialP(_ x: Tensor, _ n: Int) -> Tensor { legendrePolynomialP(x, Tensor(wrapping: .int(n))) }
}
