// In-place forms of elementwise functions, under PyTorch's names with a trailing underscore.
//
// Each writes its result over the tensor itself, which it returns. The dtype stays, so a result that the tensor cannot hold
// (a fraction in integers) is an error, as in PyTorch.
// Reference: https://pytorch.org/docs/stable/tensors.html

extension Tensor {
  // MARK: Functions of one tensor

  @discardableResult public func exp2_() -> Tensor { Pointwise.exp2.inPlace(self) }
  @discardableResult public func expm1_() -> Tensor { Pointwise.expm1.inPlace(self) }
  @discardableResult public func log_() -> Tensor { Pointwise.log.inPlace(self) }
  @discardableResult public func log2_() -> Tensor { Pointwise.log2.inPlace(self) }
  @discardableResult public func log10_() -> Tensor { Pointwise.log10.inPlace(self) }
  @discardableResult public func log1p_() -> Tensor { Pointwise.log1p.inPlace(self) }
  @discardableResult public func rsqrt_() -> Tensor { Pointwise.rsqrt.inPlace(self) }
  @discardableResult public func reciprocal_() -> Tensor { Pointwise.reciprocal.inPlace(self) }
  @discardableResult public func square_() -> Tensor { Pointwise.square.inPlace(self) }
  @discardableResult public func sin_() -> Tensor { Pointwise.sin.inPlace(self) }
  @discardableResult public func cos_() -> Tensor { Pointwise.cos.inPlace(self) }
  @discardableResult public func tan_() -> Tensor { Pointwise.tan.inPlace(self) }
  @discardableResult public func asin_() -> Tensor { Pointwise.asin.inPlace(self) }
  @discardableResult public func acos_() -> Tensor { Pointwise.acos.inPlace(self) }
  @discardableResult public func atan_() -> Tensor { Pointwise.atan.inPlace(self) }
  @discardableResult public func sinh_() -> Tensor { Pointwise.sinh.inPlace(self) }
  @discardableResult public func cosh_() -> Tensor { Pointwise.cosh.inPlace(self) }
  @discardableResult public func sign_() -> Tensor { Pointwise.sign.inPlace(self) }
  @discardableResult public func sgn_() -> Tensor { Pointwise.sgn.inPlace(self) }
  @discardableResult public func floor_() -> Tensor { Pointwise.floor.inPlace(self) }
  @discardableResult public func ceil_() -> Tensor { Pointwise.ceil.inPlace(self) }
  @discardableResult public func trunc_() -> Tensor { Pointwise.trunc.inPlace(self) }
  @discardableResult public func round_() -> Tensor { Pointwise.round.inPlace(self) }
  @discardableResult public func frac_() -> Tensor { Pointwise.frac.inPlace(self) }
  @discardableResult public func erf_() -> Tensor { Pointwise.erf.inPlace(self) }
  @discardableResult public func erfc_() -> Tensor { Pointwise.erfc.inPlace(self) }
  @discardableResult public func logicalNot_() -> Tensor { Pointwise.logicalNot.inPlace(self) }
  @discardableResult public func bitwiseNot_() -> Tensor { Pointwise.bitwiseNot.inPlace(self) }
  @discardableResult public func acosh_() -> Tensor { UnaryFunctions.acosh.inPlace(self) }
  @discardableResult public func asinh_() -> Tensor { UnaryFunctions.asinh.inPlace(self) }
  @discardableResult public func atanh_() -> Tensor { UnaryFunctions.atanh.inPlace(self) }
  @discardableResult public func deg2rad_() -> Tensor { UnaryFunctions.deg2rad.inPlace(self) }
  @discardableResult public func rad2deg_() -> Tensor { UnaryFunctions.rad2deg.inPlace(self) }
  @discardableResult public func conjPhysical_() -> Tensor { UnaryFunctions.conjPhysical.inPlace(self) }
  @discardableResult public func lgamma_() -> Tensor { SpecialFunctions.lgamma.inPlace(self) }
  @discardableResult public func digamma_() -> Tensor { SpecialFunctions.digamma.inPlace(self) }
  @discardableResult public func erfinv_() -> Tensor { SpecialFunctions.erfinv.inPlace(self) }
  @discardableResult public func i0_() -> Tensor { SpecialFunctions.i0.inPlace(self) }
  @discardableResult public func sinc_() -> Tensor { SpecialFunctions.sinc.inPlace(self) }
  @discardableResult public func sigmoid_() -> Tensor { Activations.sigmoid.inPlace(self) }
  @discardableResult public func absolute_() -> Tensor { abs_() }
  @discardableResult public func negative_() -> Tensor { neg_() }
  @discardableResult public func fix_() -> Tensor { trunc_() }
  @discardableResult public func arccos_() -> Tensor { acos_() }
  @discardableResult public func arcsin_() -> Tensor { asin_() }
  @discardableResult public func arctan_() -> Tensor { atan_() }
  @discardableResult public func arccosh_() -> Tensor { acosh_() }
  @discardableResult public func arcsinh_() -> Tensor { asinh_() }
  @discardableResult public func arctanh_() -> Tensor { atanh_() }
  @discardableResult public func logit_(eps: Double? = nil) -> Tensor { SpecialFunctions.logit.inPlace(self, eps) }
  @discardableResult public func mvlgamma_(_ p: Int) -> Tensor { SpecialFunctions.mvlgamma.inPlace(self, p) }
  @discardableResult public func nanToNum_(nan: Double? = nil, posinf: Double? = nil, neginf: Double? = nil) -> Tensor {
    UnaryFunctions.nanToNum.inPlace(self, nan, posinf, neginf)
  }
  @discardableResult public func round_(decimals: Int) -> Tensor { UnaryFunctions.roundDecimals.inPlace(self, decimals) }
  @discardableResult public func tril_(_ diagonal: Int = 0) -> Tensor { Rearranging.tril.inPlace(self, diagonal) }
  @discardableResult public func triu_(_ diagonal: Int = 0) -> Tensor { Rearranging.triu.inPlace(self, diagonal) }
  @discardableResult public func cumsum_(_ dim: Int, dtype: DType? = nil) -> Tensor { Scans.cumsum.inPlace(self, dim, dtype) }
  @discardableResult public func cumprod_(_ dim: Int, dtype: DType? = nil) -> Tensor { Scans.cumprod.inPlace(self, dim, dtype) }
  @discardableResult public func renorm_(p: Scalar, dim: Int, maxnorm: Scalar) -> Tensor { MoreReductions.renorm.inPlace(self, p, dim, maxnorm) }
}

extension Tensor {
  // MARK: Functions of two tensors, or a tensor and a number

  @discardableResult public func atan2_(_ other: Tensor) -> Tensor { BinaryFunctions.atan2.inPlace(self, other) }
  @discardableResult public func hypot_(_ other: Tensor) -> Tensor { BinaryFunctions.hypot.inPlace(self, other) }
  @discardableResult public func copysign_(_ other: Tensor) -> Tensor { BinaryFunctions.copysign.inPlace(self, other) }
  @discardableResult public func copysign_<S: ScalarConvertible>(_ other: S) -> Tensor { copysign_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func heaviside_(_ other: Tensor) -> Tensor { BinaryFunctions.heaviside.inPlace(self, other) }
  @discardableResult public func gcd_(_ other: Tensor) -> Tensor { BinaryFunctions.gcd.inPlace(self, other) }
  @discardableResult public func lcm_(_ other: Tensor) -> Tensor { BinaryFunctions.lcm.inPlace(self, other) }
  @discardableResult public func logicalXor_(_ other: Tensor) -> Tensor { BinaryFunctions.logicalXor.inPlace(self, other) }
  @discardableResult public func remainder_(_ other: Tensor) -> Tensor { Division.remainder.inPlace(self, other) }
  @discardableResult public func remainder_<S: ScalarConvertible>(_ other: S) -> Tensor { remainder_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func fmod_(_ other: Tensor) -> Tensor { Division.fmod.inPlace(self, other) }
  @discardableResult public func fmod_<S: ScalarConvertible>(_ other: S) -> Tensor { fmod_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func bitwiseAnd_(_ other: Tensor) -> Tensor { Power.bitwiseAnd.inPlace(self, other) }
  @discardableResult public func bitwiseAnd_<S: ScalarConvertible>(_ other: S) -> Tensor { bitwiseAnd_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func bitwiseOr_(_ other: Tensor) -> Tensor { Power.bitwiseOr.inPlace(self, other) }
  @discardableResult public func bitwiseOr_<S: ScalarConvertible>(_ other: S) -> Tensor { bitwiseOr_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func bitwiseXor_(_ other: Tensor) -> Tensor { Power.bitwiseXor.inPlace(self, other) }
  @discardableResult public func bitwiseXor_<S: ScalarConvertible>(_ other: S) -> Tensor { bitwiseXor_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func logicalAnd_(_ other: Tensor) -> Tensor { Power.logicalAnd.inPlace(self, other) }
  @discardableResult public func logicalOr_(_ other: Tensor) -> Tensor { Power.logicalOr.inPlace(self, other) }
  @discardableResult public func eq_(_ other: Tensor) -> Tensor { Comparison.eq.inPlace(self, other) }
  @discardableResult public func eq_<S: ScalarConvertible>(_ other: S) -> Tensor { eq_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func ne_(_ other: Tensor) -> Tensor { Comparison.ne.inPlace(self, other) }
  @discardableResult public func ne_<S: ScalarConvertible>(_ other: S) -> Tensor { ne_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func lt_(_ other: Tensor) -> Tensor { Comparison.lt.inPlace(self, other) }
  @discardableResult public func lt_<S: ScalarConvertible>(_ other: S) -> Tensor { lt_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func le_(_ other: Tensor) -> Tensor { Comparison.le.inPlace(self, other) }
  @discardableResult public func le_<S: ScalarConvertible>(_ other: S) -> Tensor { le_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func gt_(_ other: Tensor) -> Tensor { Comparison.gt.inPlace(self, other) }
  @discardableResult public func gt_<S: ScalarConvertible>(_ other: S) -> Tensor { gt_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func ge_(_ other: Tensor) -> Tensor { Comparison.ge.inPlace(self, other) }
  @discardableResult public func ge_<S: ScalarConvertible>(_ other: S) -> Tensor { ge_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func igamma_(_ other: Tensor) -> Tensor { SpecialFunctions.igamma.inPlace(self, other) }
  @discardableResult public func igammac_(_ other: Tensor) -> Tensor { SpecialFunctions.igammac.inPlace(self, other) }
  @discardableResult public func xlogy_(_ other: Tensor) -> Tensor { SpecialFunctions.xlogy.inPlace(self, other) }
  @discardableResult public func xlogy_<S: ScalarConvertible>(_ other: S) -> Tensor { xlogy_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func greater_(_ other: Tensor) -> Tensor { gt_(other) }
  @discardableResult public func greater_<S: ScalarConvertible>(_ other: S) -> Tensor { gt_(other) }
  @discardableResult public func greaterEqual_(_ other: Tensor) -> Tensor { ge_(other) }
  @discardableResult public func greaterEqual_<S: ScalarConvertible>(_ other: S) -> Tensor { ge_(other) }
  @discardableResult public func less_(_ other: Tensor) -> Tensor { lt_(other) }
  @discardableResult public func less_<S: ScalarConvertible>(_ other: S) -> Tensor { lt_(other) }
  @discardableResult public func lessEqual_(_ other: Tensor) -> Tensor { le_(other) }
  @discardableResult public func lessEqual_<S: ScalarConvertible>(_ other: S) -> Tensor { le_(other) }
  @discardableResult public func notEqual_(_ other: Tensor) -> Tensor { ne_(other) }
  @discardableResult public func notEqual_<S: ScalarConvertible>(_ other: S) -> Tensor { ne_(other) }
  @discardableResult public func arctan2_(_ other: Tensor) -> Tensor { atan2_(other) }
  @discardableResult public func multiply_(_ other: Tensor) -> Tensor { mul_(other) }
  @discardableResult public func multiply_<S: ScalarConvertible>(_ other: S) -> Tensor { mul_(other) }
  @discardableResult public func divide_(_ other: Tensor) -> Tensor { div_(other) }
  @discardableResult public func divide_<S: ScalarConvertible>(_ other: S) -> Tensor { div_(other) }
  @discardableResult public func trueDivide_(_ other: Tensor) -> Tensor { div_(other) }
  @discardableResult public func trueDivide_<S: ScalarConvertible>(_ other: S) -> Tensor { div_(other) }
  @discardableResult public func subtract_(_ other: Tensor, alpha: Scalar = 1) -> Tensor { Arithmetic.sub.inPlace(self, other, alpha) }
  @discardableResult public func bitwiseLeftShift_(_ other: Tensor) -> Tensor { BinaryFunctions.leftShift.inPlace(self, other) }
  @discardableResult public func bitwiseRightShift_(_ other: Tensor) -> Tensor { BinaryFunctions.rightShift.inPlace(self, other) }
  @discardableResult public func nextafter_(_ other: Tensor) -> Tensor { overwrite(with: nextafter(other)) }
  @discardableResult public func ldexp_(_ other: Tensor) -> Tensor { BinaryFunctions.ldexpInPlace(self, other) }
  @discardableResult public func floatPower_(_ exponent: Tensor) -> Tensor { BinaryFunctions.floatPowerInPlace(self, exponent) }
  @discardableResult public func floorDivide_(_ other: Tensor) -> Tensor { overwrite(with: floorDivide(other)) }
  @discardableResult public func floorDivide_<S: ScalarConvertible>(_ other: S) -> Tensor { floorDivide_(Tensor(wrapping: other.scalar)) }
  @discardableResult public func pow_(_ exponent: Tensor) -> Tensor { Power.powTensorInPlace(self, exponent) }
  @discardableResult public func pow_<S: ScalarConvertible>(_ exponent: S) -> Tensor { Power.powScalarInPlace(self, exponent.scalar) }
  @discardableResult public func clampMin_(_ min: Scalar) -> Tensor { BinaryFunctions.clampMin.inPlace(self, min) }
  @discardableResult public func clampMax_(_ max: Scalar) -> Tensor { BinaryFunctions.clampMax.inPlace(self, max) }
  @discardableResult public func clip_(min: Scalar? = nil, max: Scalar? = nil) -> Tensor { BinaryFunctions.clip.inPlace(self, min, max) }
}

extension Tensor {
  // MARK: Functions of three and more tensors

  @discardableResult public func lerp_(_ end: Tensor, _ weight: Tensor) -> Tensor { BinaryFunctions.lerpTensor.inPlace(self, end, weight) }
  @discardableResult public func lerp_(_ end: Tensor, _ weight: Scalar) -> Tensor { BinaryFunctions.lerpScalar.inPlace(self, end, weight) }
  @discardableResult public func addcmul_(_ a: Tensor, _ b: Tensor, value: Scalar = 1) -> Tensor {
    BinaryFunctions.addcmul.inPlace(self, a, b, value)
  }
  @discardableResult public func addcdiv_(_ a: Tensor, _ b: Tensor, value: Scalar = 1) -> Tensor {
    BinaryFunctions.addcdiv.inPlace(self, a, b, value)
  }
  @discardableResult public func addmm_(_ a: Tensor, _ b: Tensor, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor {
    Matmul.addmm.inPlace(self, a, b, beta, alpha)
  }
  @discardableResult public func addmv_(_ a: Tensor, _ b: Tensor, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor {
    Products.addmv.inPlace(self, a, b, beta, alpha)
  }
  @discardableResult public func addr_(_ a: Tensor, _ b: Tensor, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor {
    Products.addr.inPlace(self, a, b, beta, alpha)
  }
  @discardableResult public func baddbmm_(_ a: Tensor, _ b: Tensor, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor {
    Products.baddbmm.inPlace(self, a, b, beta, alpha)
  }
  @discardableResult public func addbmm_(_ a: Tensor, _ b: Tensor, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor {
    Products.addbmmInPlace(self, a, b, beta, alpha)
  }
}
