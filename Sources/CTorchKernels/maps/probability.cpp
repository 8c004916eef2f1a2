// Inverses and tails of the normal distribution. All types compute in double.
// Reference: NIST Digital Library of Mathematical Functions, chapter 7.
#define TK_SCALAR_FAMILY
#define TK_COST 40
#include "loops-inl.h"

TK_BEGIN

constexpr double pi = 3.14159265358979323846, root_half = 0.70710678118654752440;

// e^(x^2) erfc(x); the asymptotic series 7.12.1 for large x.
double scaled_erfc(double x) {
  if (x < 10) return std::exp(x * x) * std::erfc(x);
  double term = 1, sum = 1;
  for (int k = 1; k < 30 && std::fabs(term) > 1e-17; k++) sum += term *= -(2 * k - 1) / (2 * x * x);
  return sum / (x * std::sqrt(pi));
}

// y with erf(y) = x, where `complement` is 1 - |x| (exact where the caller has it): Winitzki's estimate, then Halley's steps.
double inverse_erf(double x, double complement) {
  const double size = std::fabs(x);
  if (!(complement > 0)) return complement == 0 ? std::copysign(infinity<double>, x) : quiet_nan<double>;
  if (x == 0) return x;
  const double l = std::log(complement * (1 + size)), a = 2 / (pi * 0.147) + l / 2;
  double y = size < 1e-5 ? size * std::sqrt(pi) / 2 : std::sqrt(std::sqrt(a * a - l / 0.147) - a);
  for (int k = 0; k < 4; k++) {
    const double error = size < 0.5 ? std::erf(y) - size : complement - std::erfc(y);
    const double half = std::exp(y * y / 2), step = error * std::sqrt(pi) / 2 * half * half;  // e^(y^2) may not fit
    y -= step / (1 + y * step);
  }
  return std::copysign(y, x);
}
double erfinv(double x) { return inverse_erf(x, 1 - std::fabs(x)); }

double ndtri(double p) {
  if (std::isnan(p) || p < 0 || p > 1) return quiet_nan<double>;
  const double tail = p < 0.5 ? 2 * p : 2 * (1 - p), y = inverse_erf(1 - tail, tail) / root_half;
  return p < 0.5 ? -y : y;
}

double log_ndtr(double x) {
  const double t = x * root_half;
  return x < -1 ? std::log(scaled_erfc(-t) / 2) - t * t : std::log1p(-std::erfc(t) / 2);
}

TK_UNARY(erfinv, Floats, T(erfinv(a)))
TK_UNARY(erfcx, Floats, T(scaled_erfc(a)))
TK_UNARY(ndtri, Floats, T(ndtri(a)))
TK_UNARY(log_ndtr, Floats, T(log_ndtr(a)))
TK_UNARY(ndtr, Floats, T(std::erfc(-double(a) * root_half) / 2))

TK_END

TK_FAMILY(probability)
