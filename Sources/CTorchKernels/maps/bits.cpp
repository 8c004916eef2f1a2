// What floating point numbers are made of: neighbours, fractions and exponents.
#define TK_SCALAR_FAMILY
#define TK_COST 4
#include "loops-inl.h"

TK_BEGIN

using Wide = Types<float, double>;
TK_BINARY(nextafter, Wide, std::nextafter(a, b))

// The 16-bit floats by their bits: sign and magnitude, so that the next magnitude is the next number. `infinity` is the
// magnitude above which there is NaN.
int16_t next(int16_t a, int16_t b, int infinity) {
  const int x = a & 0x7FFF, y = b & 0x7FFF;
  if (x > infinity) return a;
  if (y > infinity) return b;
  const int from = a < 0 ? -x : x, to = b < 0 ? -y : y;
  if (from == to) return b;
  if (from == 0) return static_cast<int16_t>(to < 0 ? 0x8001 : 1);
  return static_cast<int16_t>((from < to) == (from > 0) ? a + 1 : a - 1);
}
TK_BINARY(nextafter_float16, Types<int16_t>, next(a, b, 0x7C00))
TK_BINARY(nextafter_bfloat16, Types<int16_t>, next(a, b, 0x7F80))

template <class T> T fraction(T a) {
  int exponent;
  return std::frexp(a, &exponent);
}
template <class T> int32_t exponent_of(T a) {
  int exponent = 0;
  std::frexp(a, &exponent);
  return std::isfinite(a) ? exponent : 0;
}
TK_UNARY(frexp_mantissa, Floats, fraction(a))
TK_UNARY(frexp_exponent, Floats, exponent_of(a))

TK_END

TK_FAMILY(bits)
