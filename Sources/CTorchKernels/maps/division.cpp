// Division in its kinds, remainders, rounding, signs and predicates.
//
// Integer division by zero: PyTorch raises. Here the element becomes 0 and, where params[0].i holds the address of an
// int32_t, that is set to 1, so that the caller can raise too.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "maps/division.cpp"
#define TK_COST 2
#define TK_AVX2_IS_ENOUGH
#include "targets.h"

#include "loops-inl.h"

TK_BEGIN

// ---- integers ----
template <class T> TK_INLINE T quotient(T a, T b) { return b == T(-1) ? negate(a) : T(a / b); }  // least / -1 wraps
template <class T> TK_INLINE T rest(T a, T b) { return b == T(-1) ? T(0) : T(a % b); }
template <class T> TK_INLINE bool differ_in_sign(T a, T b) { return (a < 0) != (b < 0); }
template <class T> TK_INLINE T floor_quotient(T a, T b) {
  const T q = quotient(a, b);
  if constexpr (std::is_signed<T>::value) return q - T(differ_in_sign(a, b) && rest(a, b) != 0);
  else return q;
}
template <class T> TK_INLINE T floor_rest(T a, T b) {
  const T r = rest(a, b);
  if constexpr (std::is_signed<T>::value) return r != 0 && differ_in_sign(r, b) ? T(r + b) : r;
  else return r;
}

struct ZeroFlag {
  int32_t *flag;
  explicit TK_INLINE ZeroFlag(const tk_scalar *s) : flag(s ? reinterpret_cast<int32_t *>(s[0].i) : nullptr) {}
  template <class T> TK_INLINE bool divides(T b) const {
    if (b != 0) return true;
    if (flag) __atomic_store_n(flag, 1, __ATOMIC_RELAXED);
    return false;
  }
};

// ---- floating point: the quotient that fits the remainder, as Python's ----
template <class T> TK_INLINE T float_floor_rest(T a, T b) {
  const T r = std::fmod(a, b);
  return r != 0 && differ_in_sign(r, b) ? r + b : r;
}
template <class T> TK_INLINE T float_floor_quotient(T a, T b) {
#pragma clang fp contract(off)
  if (b == 0) return a / b;
  const T r = std::fmod(a, b);
  T q = (a - r) / b;
  if (r != 0 && differ_in_sign(r, b)) q -= 1;
  if (q == 0) return std::copysign(T(0), a / b);
  const T whole = std::floor(q);
  return q - whole > T(0.5) ? whole + 1 : whole;
}

#define TK_DIVISION(NAME, INTEGER, FLOAT)                                                     \
  template <class T> struct Op_##NAME : ZeroFlag {                                            \
    explicit TK_INLINE Op_##NAME(const tk_scalar *s) : ZeroFlag(is_int_v<T> ? s : nullptr) {} \
    TK_INLINE T operator()(T a, T b) const {                                                  \
      if constexpr (is_int_v<T>) return divides(b) ? INTEGER(a, b) : T(0);                    \
      else return FLOAT;                                                                      \
    }                                                                                         \
  };                                                                                          \
  constexpr LoopTable<BinaryLoop, Op_##NAME, Reals> loops_##NAME;                             \
  const Registration registration_##NAME(#NAME, TK_TARGET, TK_COST, loops_##NAME.loops);

TK_DIVISION(div_trunc, quotient, std::trunc(a / b))
TK_DIVISION(div_floor, floor_quotient, float_floor_quotient(a, b))
// Of 16-bit elements and a number in full.
TK_UNARY_WITH(1, div_floor_number, Floats, float_floor_quotient(a, p[0]))
TK_DIVISION(floor_divide, floor_quotient, float_floor_quotient(a, b))
TK_DIVISION(fmod, rest, std::fmod(a, b))
TK_DIVISION(remainder, floor_rest, float_floor_rest(a, b))

// ---- rounding: integers are already whole ----
TK_UNARY(floor, Reals, T(is_int_v<T> ? a : T(std::floor(a))))
TK_UNARY(ceil, Reals, T(is_int_v<T> ? a : T(std::ceil(a))))
TK_UNARY(trunc, Reals, T(is_int_v<T> ? a : T(std::trunc(a))))
TK_UNARY(round, Reals, T(is_int_v<T> ? a : T(__builtin_rint(a))))  // halves to even
TK_UNARY(frac, Floats, a - std::trunc(a))
// p[0] is 10^decimals, or 10^-decimals when decimals is negative, and p[1] then is 1.
TK_UNARY_WITH(2, round_decimals, Floats,
              p[1] != 0 ? T(__builtin_rint(a / p[0])) * p[0] : T(__builtin_rint(a * p[0])) / p[0])

// ---- signs ----
TK_UNARY(abs, Reals, magnitude(a))
TK_UNARY(sign, RealsBool, T((a > 0) - (a < 0)))
TK_UNARY(sgn, RealsBool, T((a > 0) - (a < 0)))
TK_UNARY(positive, All, a)
TK_BINARY(copysign, Floats, std::copysign(a, b))
TK_BINARY(heaviside, RealsBool, a == 0 ? b : T(a > 0))
template <class T> TK_INLINE bool sign_bit(T a) {
  if constexpr (std::is_floating_point<T>::value) return std::signbit(a);
  else return a < T(0);
}
TK_UNARY(signbit, RealsBool, sign_bit(a))

// ---- predicates ----
template <class T> TK_INLINE bool is_inf(T a) {
  if constexpr (is_complex_v<T>) return std::fabs(a.re) == infinity<decltype(a.re)> || std::fabs(a.im) == infinity<decltype(a.re)>;
  else if constexpr (std::is_floating_point<T>::value) return std::fabs(a) == infinity<T>;
  else return false;
}
TK_UNARY(isinf, All, is_inf(a))
TK_UNARY(isfinite, All, bool(!is_inf(a) & !is_nan(a)))
TK_UNARY(isposinf, RealsBool, is_inf(a) && a > T(0))
TK_UNARY(isneginf, RealsBool, is_inf(a) && a < T(0))
// p = what stands for NaN, infinity and minus infinity
TK_UNARY_WITH(3, nan_to_num, Floats, a != a ? p[0] : a == infinity<T> ? p[1] : a == -infinity<T> ? p[2] : a)

template <class T> TK_INLINE T interpolated(T a, T b, T c) {
  return std::fabs(c) < T(0.5) ? a + c * (b - a) : b - (b - a) * (1 - c);
}
TK_TERNARY(lerp, Floats, interpolated(a, b, c))
TK_BINARY_WITH(1, lerp_number, Floats, interpolated(a, b, p[0]))

TK_END

#if HWY_ONCE
TK_FAMILY(division)
#endif
