// Circular functions and the error function, vectorisable: a continuation of math-inl.h with the same rules.
//
// Functions of a float argument are evaluated in double, which needs no care for rounding and leaves the float result
// right to the last bit but for ties; polynomials that are no Taylor series are Chebyshev fits of relative error below
// 2e-10, enough for float and for float only.
#pragma once
#include "math-inl.h"

namespace tk {

template <int N> TK_INLINE double polynomial(const double (&c)[N], double x) {
  double sum = c[N - 1];
#pragma clang loop unroll(full)
  for (int k = N - 2; k >= 0; k--) sum = sum * x + c[k];
  return sum;
}

constexpr double pi = 3.14159265358979323846;
constexpr double half_pi = 1.57079632679489661923;

// Beyond this size the reduction below loses bits, and the C library takes over.
constexpr double circular_limit = 1e5;

struct CircularParts {
  double sine, cosine;  // of x reduced to |r| <= pi/4
  int64_t quadrant;
};
TK_INLINE CircularParts circular_parts(double x) {
  // pi/2 in three parts; products of the first two with a count below 2^17 are exact.
  constexpr double part1 = 1.57079632673412561417, part2 = 6.07710050630396597660e-11, part3 = 2.02226624879595063154e-21;
  const double shifted = x * (1 / half_pi) + Format<double>::round;
  const double n = shifted - Format<double>::round;
  const double r = ((x - n * part1) - n * part2) - n * part3;
  const double z = r * r;
  double sine = inverse_factorial.of[17], cosine = inverse_factorial.of[16];
#pragma clang loop unroll(full)
  for (int k = 15; k >= 3; k -= 2) sine = (k % 4 == 1 ? 1 : -1) * inverse_factorial.of[k] + sine * z;
#pragma clang loop unroll(full)
  for (int k = 14; k >= 4; k -= 2) cosine = (k % 4 == 0 ? 1 : -1) * inverse_factorial.of[k] + cosine * z;
  return {r + r * z * sine, 1 - (z * 0.5 - z * z * cosine), bits_as<int64_t>(shifted)};
}
// sin(x + turns * pi/2)
TK_INLINE double fast_sine(double x, int turns) {
  const CircularParts c = circular_parts(x);
  const int64_t q = c.quadrant + turns;
  const double y = (q & 1) ? c.cosine : c.sine;
  return (q & 2) ? -y : y;
}
TK_INLINE double fast_sin(double x) { return x == 0 ? x : fast_sine(x, 0); }
TK_INLINE double fast_cos(double x) { return fast_sine(x, 1); }
TK_INLINE double fast_tan(double x) {
  const CircularParts c = circular_parts(x);
  const bool odd = c.quadrant & 1;
  const double y = (odd ? -c.cosine : c.sine) / (odd ? c.sine : c.cosine);
  return x == 0 ? x : y;
}

// Inverse functions, to float's precision.
TK_INLINE double float_atan(double x) {
  constexpr double c[] = {0.999999999929303675,  -0.333333312908899879, 0.199999011021715545,  -0.142838132557431936,
                          0.110919229636833022,  -0.0897417195836388108, 0.0722827834537725223, -0.0539566805713717178,
                          0.0338262189527868722, -0.0158283227491494156, 0.00473248419342192066, -0.000663395457110478719};
  const double size = std::fabs(x);
  const bool large = size > 1;
  const double t = large ? 1 / size : size;
  const double y = t * polynomial(c, t * t);
  return std::copysign(large ? half_pi - y : y, x);
}
TK_INLINE double float_atan2(double y, double x) {
  const double ax = std::fabs(x), ay = std::fabs(y);
  const bool steep = ay > ax;
  const double low = steep ? ax : ay, high = steep ? ay : ax;
  const double t = high == 0 ? 0 : low == high ? 1 : low / high;  // the origin and the infinite diagonals
  const double r = float_atan(t);
  const double right = steep ? half_pi - r : r;
  const double angle = std::copysign(std::signbit(x) ? pi - right : right, y);
  return x != x || y != y ? quiet_nan<double> : angle;
}
TK_INLINE double float_asin(double x) {
  constexpr double c[] = {1.000000000000825,     0.166666666132787058,  0.0750000565582188214,
                          0.0446405646922003699, 0.0304281190190794289, 0.0218557425998434816,
                          0.0206813271716916698, 0.00191561134311051257, 0.0329575947008488072};
  const double size = std::fabs(x);
  const bool large = size > 0.5;
  const double z = large ? 0.5 * (1 - size) : x * x;
  const double t = large ? std::sqrt(z) : size;
  const double y = t * polynomial(c, z);
  return std::copysign(large ? half_pi - 2 * y : y, x);
}

// erfc to float's relative precision down to its denormals: t exp(-x^2 + P(t)), t = 2 / (2 + x)
// (W. H. Press et al., Numerical Recipes, 3rd ed., 6.2.2), and erf.
TK_INLINE double float_erfc(double x) {
  constexpr double c[] = {-1.26550373432590148, 0.999704811645785041, 0.379623002909160268, 0.0407032236824130064,
                          0.171938843599859456, -1.22157084552054914, 3.09466370629385872,  -6.6537754536629335,
                          9.8990429201262048,   -9.35471987423159009, 5.51237685295426075,  -1.93283263094954685,
                          0.352770713641018478, -0.0224215360755273982};
  const double size = limited(std::fabs(x), 0.0, 11.0);
  const double t = 2 / (2 + size);
  const double y = t * fast_exp(polynomial(c, t) - size * size);
  return x < 0 ? 2 - y : y;
}

// erf of a float, in float arithmetic throughout: gelu lives on it.
TK_INLINE float fast_erf(float x) {
  constexpr float small[] = {1.12837917f, -0.376126267f, 0.112835947f, -0.026854212f, 0.00518908742f, -0.000801686429f,
                             7.87587506e-5f};
  constexpr float large[] = {0.00032013805f, -1.13023343f, -0.631826052f, -0.110080083f, 0.026421136f,
                             -0.00475959629f, 0.000596805626f, -4.60580427e-5f, 1.63715141e-6f};  // log erfc on 1...4
  const float size = limited(std::fabs(x), 0.f, 4.f);
  const float z = size * size;
  float p = small[6], q = large[8];
#pragma clang loop unroll(full)
  for (int k = 5; k >= 0; k--) p = p * z + small[k];
#pragma clang loop unroll(full)
  for (int k = 7; k >= 0; k--) q = q * size + large[k];
  const float y = size < 1 ? size * p : 1 - fast_exp(q);
  return std::copysign(y, x);
}
TK_INLINE double fast_erf(double x) { return std::erf(x); }

}  // namespace tk
