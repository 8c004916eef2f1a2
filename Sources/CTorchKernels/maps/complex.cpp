// What complex numbers alone have, and the elementary functions on them, by the C++ library.
#define TK_SCALAR_FAMILY
#define TK_COST 8
#include "loops-inl.h"

TK_BEGIN

template <class T> using std_of = std::complex<typename T::real_type>;

TK_UNARY(abs, Complexes, std::hypot(a.re, a.im))
template <class T> auto angle_of(T a) {
  if constexpr (is_complex_v<T>) return std::atan2(a.im, a.re);
  else return a != a ? a : a < 0 ? T(3.14159265358979323846) : T(0);
}
TK_UNARY(angle, FloatsComplexes, angle_of(a))

TK_UNARY(conj, Complexes, T(a.re, -a.im))
template <class T> T direction(T a) {
  const auto size = std::hypot(a.re, a.im);
  return size == 0 ? T(0) : T(a.re / size, a.im / size);
}
TK_UNARY(sgn, Complexes, direction(a))

#define TK_COMPLEX(NAME) TK_UNARY(NAME, Complexes, T(std::NAME(std_of<T>(a))))
TK_COMPLEX(exp)
TK_COMPLEX(log)
TK_COMPLEX(log10)
TK_COMPLEX(sqrt)
TK_COMPLEX(sin)
TK_COMPLEX(cos)
TK_COMPLEX(tan)
TK_COMPLEX(asin)
TK_COMPLEX(acos)
TK_COMPLEX(atan)
TK_COMPLEX(sinh)
TK_COMPLEX(cosh)
TK_COMPLEX(tanh)
TK_COMPLEX(asinh)
TK_COMPLEX(acosh)
TK_COMPLEX(atanh)
TK_UNARY(log2, Complexes, T(std::log(std_of<T>(a))) * T(typename T::real_type(1.44269504088896340736)))
TK_UNARY(exp2, Complexes, T(std::exp(std_of<T>(a * T(typename T::real_type(0.69314718055994530942))))))
TK_UNARY(rsqrt, Complexes, T(1) / T(std::sqrt(std_of<T>(a))))
TK_UNARY(sigmoid, Complexes, T(1) / (T(1) + T(std::exp(-std_of<T>(a)))))
TK_UNARY(silu, Complexes, a / (T(1) + T(std::exp(-std_of<T>(a)))))

// Differences near 1 are taken in parts: e^x cos y - 1 = (e^x - 1) cos y - 2 sin^2(y / 2).
template <class T> T complex_expm1(T a) {
  const auto s = std::sin(a.im / 2);
  return T(std::expm1(a.re) * std::cos(a.im) - 2 * s * s, std::exp(a.re) * std::sin(a.im));
}
template <class T> T complex_log1p(T a) {
  // log |1 + z| = log1p(x (2 + x) + y^2) / 2
  const auto square = a.re * (2 + a.re) + a.im * a.im;
  return T(std::log1p(square) / 2, std::atan2(a.im, 1 + a.re));
}
TK_UNARY(expm1, Complexes, complex_expm1(a))
TK_UNARY(log1p, Complexes, complex_log1p(a))

template <class T> T complex_sinc(T a) {
  const T angle = a * T(typename T::real_type(3.14159265358979323846));
  return a == T(0) ? T(1) : T(std::sin(std_of<T>(angle))) / angle;
}
TK_UNARY(sinc, Complexes, complex_sinc(a))

// log(e^a + e^b) with the greater real part taken out, so that no exponential overflows.
template <class T> T complex_log_add_exp(T a, T b) {
  using R = typename T::real_type;
  if (is_nan(a) || is_nan(b)) return T(quiet_nan<R>, quiet_nan<R>);
  const T low = a.re < b.re ? a : b, high = a.re < b.re ? b : a;
  if (low.re == high.re && std::isinf(low.re)) {
    return low.re < 0 ? low : T(std::log(std::exp(std_of<T>(low)) + std::exp(std_of<T>(high))));
  }
  return high + complex_log1p(T(std::exp(std_of<T>(low - high))));
}
TK_BINARY(logaddexp, Complexes, complex_log_add_exp(a, b))

template <class T> T complex_pow(T a, T b) {
  if (b == T(0)) return T(1);
  return T(std::pow(std_of<T>(a), std_of<T>(b)));
}
TK_BINARY(pow, Complexes, complex_pow(a, b))
TK_BINARY(xlogy, Complexes, a == T(0) && !is_nan(b) ? T(0) : a * T(std::log(std_of<T>(b))))
TK_TERNARY(lerp, Complexes, std::hypot(c.re, c.im) < decltype(c.re)(0.5) ? a + c * (b - a) : b - (b - a) * (T(1) - c))
// Two real operands to one complex number.
using Wide = Types<float, double>;
TK_BINARY(complex, Wide, Complex<T>(a, b))
TK_BINARY(polar, Wide, Complex<T>(a * std::cos(b), a * std::sin(b)))

TK_END

TK_FAMILY(complex)
