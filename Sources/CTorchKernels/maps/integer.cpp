// Bits, shifts, and what only integers do.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "maps/integer.cpp"
#define TK_AVX2_IS_ENOUGH
#include "targets.h"

#include "loops-inl.h"

TK_BEGIN

TK_BINARY(bitwise_and, IntsBool, T(a & b))
TK_BINARY(bitwise_or, IntsBool, T(a | b))
TK_BINARY(bitwise_xor, IntsBool, T(a ^ b))
TK_UNARY(bitwise_not, IntsBool, T(a ^ T(-1)))

// A count below zero or beyond the width shifts everything out.
template <class T> TK_INLINE T shift_left(T a, T count) {
  constexpr int width = 8 * sizeof(T);
  const bool out = count < 0 || int64_t(count) >= width;
  return T(uint64_t(a) << (out ? 0 : count)) & T(out ? 0 : -1);
}
template <class T> TK_INLINE T shift_right(T a, T count) {
  constexpr int last = 8 * sizeof(T) - std::is_signed<T>::value;
  const bool out = count < 0 || int64_t(count) >= last;
  if constexpr (std::is_signed<T>::value) return T(a >> (out ? last : count));
  else return out ? T(0) : T(a >> count);
}
TK_BINARY(bitwise_left_shift, Ints, shift_left(a, b))
TK_BINARY(bitwise_right_shift, Ints, shift_right(a, b))

template <class T> TK_INLINE T greatest_common_divisor(T a, T b) {
  a = magnitude(a);
  b = magnitude(b);
  while (a != 0) {
    const T rest = b == T(-1) ? T(0) : T(b % a);
    b = a;
    a = rest;
  }
  return b;
}
template <class T> TK_INLINE T least_common_multiple(T a, T b) {
  using Wide = std::conditional_t<(sizeof(T) < 4), int32_t, T>;  // C++'s int is where the small types wrap last
  const T g = greatest_common_divisor(a, b);
  return g == 0 ? T(0) : T(magnitude(mul(Wide(a / g), Wide(b))));
}
TK_BINARY(gcd, Ints, greatest_common_divisor(a, b))
TK_BINARY(lcm, Ints, least_common_multiple(a, b))

// By repeated squaring; a negative exponent leaves only what is whole: powers of 1 and -1.
template <class T> TK_INLINE T integer_power(T a, T exponent) {
  if (std::is_signed<T>::value && exponent < 0) {
    if (a == 1) return 1;
    if (a == T(-1)) return exponent % 2 ? T(-1) : T(1);
    return 0;
  }
  T result = 1;
  while (exponent) {
    if (exponent & 1) result = mul(result, a);
    a = mul(a, a);
    exponent /= 2;
  }
  return result;
}
TK_BINARY(pow, Ints, integer_power(a, b))

TK_END

#if HWY_ONCE
TK_FAMILY(integer)
#endif
