// Exponentials, logarithms, powers and hyperbolic functions.
// Functions rare in double precision are the C library's there.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "maps/exponential.cpp"
#define TK_COST 4
#include "targets.h"

#include "loops-inl.h"
#include "math-inl.h"

TK_BEGIN

TK_UNARY(exp, Floats, fast_exp(a))
TK_UNARY(expm1, Floats, fast_expm1(a))
TK_UNARY(log, Floats, fast_log(a))
TK_UNARY(log1p, Floats, fast_log1p(a))
TK_UNARY(tanh, Floats, fast_tanh(a))
TK_UNARY(sigmoid, Floats, fast_sigmoid(a))
TK_UNARY(sqrt, Floats, std::sqrt(a))
TK_UNARY(rsqrt, Floats, 1 / std::sqrt(a))

constexpr double ln2 = 0.69314718055994530942, inverse_ln2 = 1.44269504088896340736, inverse_ln10 = 0.43429448190325182765;

// In float, evaluated in double, whose range also rules overflow on the way out.
TK_INLINE float exp2_of(float x) { return float(fast_exp(double(x) * ln2)); }
TK_INLINE double exp2_of(double x) { return std::exp2(x); }
TK_INLINE float log2_of(float x) { return float(fast_log(double(x)) * inverse_ln2); }
TK_INLINE double log2_of(double x) { return std::log2(x); }
TK_INLINE float log10_of(float x) { return float(fast_log(double(x)) * inverse_ln10); }
TK_INLINE double log10_of(double x) { return std::log10(x); }
TK_UNARY(exp2, Floats, exp2_of(a))
TK_UNARY(log2, Floats, log2_of(a))
TK_UNARY(log10, Floats, log10_of(a))

TK_INLINE float sinh_of(float x) {
  const double size = limited(std::fabs(double(x)), 0.0, 100.0), e = fast_expm1(size);
  return float(std::copysign(0.5 * (e + e / (e + 1)), double(x)));
}
TK_INLINE double sinh_of(double x) { return std::sinh(x); }
TK_INLINE float cosh_of(float x) {
  const double e = fast_exp(limited(std::fabs(double(x)), 0.0, 100.0));
  return float(0.5 * (e + 1 / e));
}
TK_INLINE double cosh_of(double x) { return std::cosh(x); }
TK_INLINE float asinh_of(float x) {
  const double size = std::fabs(double(x)), inverse = 1 / size;
  return float(std::copysign(fast_log1p(size + size / (inverse + std::sqrt(1 + inverse * inverse))), double(x)));
}
TK_INLINE double asinh_of(double x) { return std::asinh(x); }
TK_INLINE float acosh_of(float x) {
  const double t = double(x) - 1;
  return float(fast_log1p(t + std::sqrt(t * (double(x) + 1))));
}
TK_INLINE double acosh_of(double x) { return std::acosh(x); }
TK_INLINE float atanh_of(float x) {
  const double size = std::fabs(double(x));
  return float(std::copysign(0.5 * fast_log1p(2 * size / (1 - size)), double(x)));
}
TK_INLINE double atanh_of(double x) { return std::atanh(x); }
TK_UNARY(sinh, Floats, sinh_of(a))
TK_UNARY(cosh, Floats, cosh_of(a))
TK_UNARY(asinh, Floats, asinh_of(a))
TK_UNARY(acosh, Floats, a < 1 ? quiet_nan<T> : acosh_of(a))
TK_UNARY(atanh, Floats, atanh_of(a))

// x^y = e^(y log |x|), and then the sign and the exact cases of IEEE 754.
TK_INLINE float pow_of(float x, float y) {
  const double size = std::fabs(double(x));
  double result = fast_exp(double(y) * fast_log(size));
  const double half = 0.5 * double(y);
  const bool whole = std::trunc(y) == y, odd = whole && std::trunc(half) != half;
  result = odd && std::signbit(x) ? -result : result;
  result = x < 0 && !whole && size < infinity<double> ? quiet_nan<double> : result;
  result = size == 1 && (x > 0 || whole) ? (odd && x < 0 ? -1.0 : 1.0) : result;
  return y == 0 || x == 1 ? 1.f : float(result);
}
TK_INLINE double pow_of(double x, double y) { return std::pow(x, y); }
TK_BINARY(pow, Floats, pow_of(a, b))
TK_BINARY(ldexp, Floats, a * exp2_of(b))

template <class T> TK_INLINE T log_add_exp(T a, T b) {
  const T high = a > b ? a : b, y = high + fast_log1p(fast_exp(-std::fabs(a - b)));
  return a == b && std::fabs(a) == infinity<T> ? a : a != a || b != b ? quiet_nan<T> : y;
}
template <class T> TK_INLINE T log_add_exp2(T a, T b) {
  const T high = a > b ? a : b, y = high + fast_log1p(fast_exp(-std::fabs(a - b) * T(ln2))) * T(inverse_ln2);
  return a == b && std::fabs(a) == infinity<T> ? a : a != a || b != b ? quiet_nan<T> : y;
}
TK_BINARY(logaddexp, Floats, log_add_exp(a, b))
TK_BINARY(logaddexp2, Floats, log_add_exp2(a, b))
TK_BINARY(xlogy, Floats, b != b ? b : a == 0 ? T(0) : a * fast_log(b))
TK_BINARY(xlog1py, Floats, b != b ? b : a == 0 ? T(0) : a * fast_log1p(b))
TK_UNARY(entr, Floats, a > 0 ? -a * fast_log(a) : a == 0 ? T(0) : a != a ? a : -infinity<T>)

template <class T> TK_INLINE T logit_of(T x) { return fast_log(x / (1 - x)); }
// p[0] is eps; below zero there is none.
TK_UNARY_WITH(1, logit, Floats, logit_of(p[0] < 0 ? a : a < p[0] ? p[0] : a > 1 - p[0] ? 1 - p[0] : a))

TK_END

#if HWY_ONCE
TK_FAMILY(exponential)
#endif
