// Element types of the kernels, and the types they are computed in.
//
// float16 and bfloat16 are stored in 16 bits and computed in float, complex numbers are plain pairs with
// PyTorch's arithmetic (no Annex G recovery of infinities), which lets loops over them vectorise.
#pragma once
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "tk_common.h"

#pragma clang fp contract(fast)  // see loops-inl.h

#define TK_INLINE inline __attribute__((always_inline))

namespace tk {

template <class To, class From> TK_INLINE To bits_as(From x) {
  static_assert(sizeof(To) == sizeof(From), "");
  To y;
  std::memcpy(&y, &x, sizeof y);
  return y;
}

using Half = _Float16;

struct BFloat16 {
  uint16_t bits;
  BFloat16() = default;
  TK_INLINE explicit BFloat16(float x) {  // to nearest even; every NaN becomes the quiet one, as in PyTorch
    const uint32_t b = bits_as<uint32_t>(x);
    const uint32_t rounded = (b + 0x7FFFu + ((b >> 16) & 1u)) >> 16;
    bits = uint16_t(x != x ? 0x7FC0u : rounded);
  }
  TK_INLINE operator float() const { return bits_as<float>(uint32_t(bits) << 16); }
};

template <class R> struct Complex {
  using real_type = R;
  R re, im;
  Complex() = default;
  TK_INLINE Complex(R r, R i = 0) : re(r), im(i) {}
  template <class Q> TK_INLINE explicit Complex(Complex<Q> z) : re(R(z.re)), im(R(z.im)) {}
  explicit Complex(std::complex<R> z) : re(z.real()), im(z.imag()) {}
  operator std::complex<R>() const { return {re, im}; }
  friend TK_INLINE Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
  friend TK_INLINE Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
  friend TK_INLINE Complex operator-(Complex a) { return {-a.re, -a.im}; }
  friend TK_INLINE Complex operator*(Complex a, Complex b) {
#pragma clang fp contract(off)  // z * conj(z) is real to the last bit
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  }
  friend TK_INLINE Complex operator/(Complex a, Complex b) {
    // Scaled by the larger part of b, so that |b|^2 neither overflows nor vanishes.
    const R x = std::fabs(b.re), y = std::fabs(b.im);
    if (x == 0 && y == 0) return {a.re / x, a.im / y};
    if (x >= y) {
      const R ratio = b.im / b.re, scale = 1 / (b.re + b.im * ratio);
      return {(a.re + a.im * ratio) * scale, (a.im - a.re * ratio) * scale};
    }
    const R ratio = b.re / b.im, scale = 1 / (b.re * ratio + b.im);
    return {(a.re * ratio + a.im) * scale, (a.im * ratio - a.re) * scale};
  }
  friend TK_INLINE bool operator==(Complex a, Complex b) { return a.re == b.re && a.im == b.im; }
  friend TK_INLINE bool operator!=(Complex a, Complex b) { return !(a == b); }
};

template <class T> struct is_complex : std::false_type {};
template <class R> struct is_complex<Complex<R>> : std::true_type {};
template <class T> constexpr bool is_complex_v = is_complex<T>::value;
template <class T> constexpr bool is_int_v = std::is_integral<T>::value && !std::is_same<T, bool>::value;

// The type T is computed in (PyTorch's opmath type).
template <class T> struct compute { using type = T; };
template <> struct compute<Half> { using type = float; };
template <> struct compute<BFloat16> { using type = float; };
template <class T> using compute_t = typename compute<T>::type;

template <class T> struct dtype_of;
#define TK_DTYPE(TYPE, CODE) template <> struct dtype_of<TYPE> { static constexpr int value = CODE; };
TK_DTYPE(uint8_t, TK_UINT8) TK_DTYPE(int8_t, TK_INT8) TK_DTYPE(int16_t, TK_INT16) TK_DTYPE(int32_t, TK_INT32)
TK_DTYPE(int64_t, TK_INT64) TK_DTYPE(Half, TK_FLOAT16) TK_DTYPE(float, TK_FLOAT32) TK_DTYPE(double, TK_FLOAT64)
TK_DTYPE(Complex<float>, TK_COMPLEX64) TK_DTYPE(Complex<double>, TK_COMPLEX128) TK_DTYPE(bool, TK_BOOL)
TK_DTYPE(BFloat16, TK_BFLOAT16)
#undef TK_DTYPE
constexpr int dtype_count = 16;

// Lists of element types, by the names the operations use.
template <class... T> struct Types {};
template <class A, class B> struct join;
template <class... A, class... B> struct join<Types<A...>, Types<B...>> { using type = Types<A..., B...>; };
template <class A, class B> using Join = typename join<A, B>::type;

using Floats = Types<float, double, Half, BFloat16>;
using Ints = Types<uint8_t, int8_t, int16_t, int32_t, int64_t>;
using Bool = Types<bool>;
using Complexes = Types<Complex<float>, Complex<double>>;
using IntsBool = Join<Ints, Bool>;
using Reals = Join<Floats, Ints>;
using RealsBool = Join<Reals, Bool>;
using Numbers = Join<Reals, Complexes>;
using FloatsComplexes = Join<Floats, Complexes>;
using All = Join<RealsBool, Complexes>;

// A scalar argument as compute type C.
template <class C> TK_INLINE C scalar_as(const tk_scalar &s) {
  if constexpr (is_complex_v<C>) return C(typename C::real_type(s.re), typename C::real_type(s.im));
  else if constexpr (std::is_same<C, bool>::value) return s.i != 0 || s.re != 0;
  else if constexpr (std::is_integral<C>::value) return C(s.i);
  else return C(s.re);
}

// ---- arithmetic that wraps for integers (PyTorch's overflow), and is plain otherwise ----
template <class T> using unsigned_like = std::make_unsigned_t<std::conditional_t<is_int_v<T>, T, int>>;

#define TK_WRAPPING(NAME, OP)                                                                               \
  template <class T> TK_INLINE T NAME(T a, T b) {                                                           \
    if constexpr (is_int_v<T>) return T(uint64_t(a) OP uint64_t(b));                                        \
    else return T(a OP b);                                                                                  \
  }
TK_WRAPPING(add, +) TK_WRAPPING(sub, -) TK_WRAPPING(mul, *)
#undef TK_WRAPPING

template <class T> TK_INLINE T negate(T a) {
  if constexpr (is_int_v<T>) return T(0 - uint64_t(a));
  else return -a;
}
template <class T> TK_INLINE bool is_nan(T a) {
  if constexpr (is_complex_v<T>) return a.re != a.re || a.im != a.im;
  else if constexpr (std::is_integral<T>::value) return false;
  else return a != a;
}
template <class T> TK_INLINE T magnitude(T a) {
  if constexpr (std::is_floating_point<T>::value) return std::fabs(a);
  else if constexpr (std::is_signed<T>::value) return a < 0 ? negate(a) : a;
  else return a;
}
template <class T> constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T> constexpr T quiet_nan = std::numeric_limits<T>::quiet_NaN();

}  // namespace tk
