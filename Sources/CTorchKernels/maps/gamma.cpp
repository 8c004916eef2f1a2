// The gamma function and its relatives. All types compute in double.
// Reference: NIST Digital Library of Mathematical Functions, chapters 5, 8 and 25.
#define TK_SCALAR_FAMILY
#define TK_COST 40
#include "loops-inl.h"

TK_BEGIN

constexpr double pi = 3.14159265358979323846;

double log_gamma(double x) {
  int sign;
  return ::lgamma_r(x, &sign);  // std::lgamma writes a global
}

// psi: reflection, recurrence up to 10, then 5.11.2.
double digamma(double x) {
  if (x == 0) return std::copysign(infinity<double>, -x);
  if (std::isinf(x)) return x > 0 ? x : quiet_nan<double>;
  if (x < 0) {
    const double whole = std::trunc(x);
    if (whole == x) return quiet_nan<double>;
    return digamma(1 - x) - pi / std::tan(pi * (x - whole));
  }
  double y = 0;
  for (; x < 10; x++) y -= 1 / x;
  const double z = 1 / (x * x);
  const double tail = z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760 - z / 12))))));
  return y + std::log(x) - 0.5 / x - tail;
}

// Hurwitz's zeta, sum of (q + k)^-s, by Euler and Maclaurin (25.11.5 at N = 10).
double zeta(double s, double q) {
  if (s == 1) return infinity<double>;
  if (s < 1) return quiet_nan<double>;
  if (q <= 0) {
    if (q == std::floor(q)) return infinity<double>;  // of any s, as PyTorch has it
    if (s != std::floor(s)) return quiet_nan<double>;
  }
  if (std::isnan(s) || std::isnan(q)) return quiet_nan<double>;
  double sum = 0, x = q;
  for (int k = 0; k < 10 || x <= 9; k++, x++) {
    const double term = std::pow(x, -s);
    sum += term;
    if (std::fabs(term) < 1e-17 * std::fabs(sum)) return sum;
  }
  const double power = std::pow(x, -s);
  sum += x * power / (s - 1) + power / 2;
  // B_2k / (2k)! times rising products of s
  static const double coefficients[] = {1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1209600, 1.0 / 47900160,
                                        -691.0 / 1307674368000.0, 1.0 / 74724249600.0, -3617.0 / 10670622842880000.0};
  double factor = s * power / x;
  for (int k = 0; k < 8; k++) {
    sum += coefficients[k] * factor;
    factor *= (s + 2 * k + 1) * (s + 2 * k + 2) / (x * x);
  }
  return sum;
}

double trigamma(double x) {
  if (x < 0.5) {  // reflection
    const double s = std::sin(pi * x);
    return pi * pi / (s * s) - trigamma(1 - x);
  }
  return x == infinity<double> ? 0 : zeta(2, x);
}
double polygamma(int64_t n, double x) {
  if (n == 0) return digamma(x);
  if (n == 1) return trigamma(x);
  return (n % 2 ? 1 : -1) * std::exp(log_gamma(n + 1.0)) * zeta(n + 1.0, x);
}

// The regularised incomplete gamma functions: series below a + 1 (8.7.1), continued fraction above (8.9.2).
struct Incomplete { double lower, upper; };
// For large a, uniformly in x: by the error function with two corrections (Temme; 8.12.3, 8.12.4, 8.12.7).
Incomplete large_gamma(double a, double x) {
  const double mu = (x - a) / a;
  const double eta = std::copysign(std::sqrt(2 * (mu - std::log1p(mu))), mu);
  const double half = eta * std::sqrt(a / 2);
  // Beyond this both are 0 and 1, and the corrections' expansions about eta = 0 do not hold.
  if (!(std::fabs(half) < 8)) return mu > 0 ? Incomplete{1, 0} : Incomplete{0, 1};
  const double c0 = -1.0 / 3 + eta * (1.0 / 12 + eta * (-2.0 / 135 + eta * (1.0 / 864 + eta * (1.0 / 2835 - eta * 139 / 777600))));
  const double c1 = -1.0 / 540 + eta * (-1.0 / 288 + eta * (1.0 / 378 - eta * 77 / 77760));
  const double rest = std::exp(-half * half) / std::sqrt(2 * pi * a) * (c0 + c1 / a);
  return {0.5 * std::erfc(-half) - rest, 0.5 * std::erfc(half) + rest};
}

Incomplete incomplete_gamma(double a, double x) {
  if (a < 0 || x < 0) return {quiet_nan<double>, quiet_nan<double>};
  if (a < 1e-290) return x > 0 ? Incomplete{1, 0} : Incomplete{quiet_nan<double>, quiet_nan<double>};
  if (x == 0) return {0, 1};
  if (std::isinf(a)) return std::isinf(x) ? Incomplete{quiet_nan<double>, quiet_nan<double>} : Incomplete{0, 1};
  if (std::isinf(x)) return {1, 0};
  if (std::isnan(a) || std::isnan(x)) return {quiet_nan<double>, quiet_nan<double>};
  if (a > 1e4) return large_gamma(a, x);
  const double front = std::exp(a * std::log(x) - x - log_gamma(a));
  if (x < a + 1) {
    double term = 1 / a, sum = term;
    for (int k = 1; k < 100000 && term > 1e-17 * sum; k++) sum += term *= x / (a + k);
    const double lower = sum * front;
    return {lower, 1 - lower};
  }
  const double tiny = 1e-300;
  double b = x + 1 - a, c = 1 / tiny, d = 1 / b, h = d;
  for (int k = 1; k < 100000; k++) {
    const double term = -k * (k - a);
    b += 2;
    d = term * d + b;
    d = 1 / (std::fabs(d) < tiny ? tiny : d);
    c = b + term / c;
    c = std::fabs(c) < tiny ? tiny : c;
    h *= d * c;
    if (std::fabs(d * c - 1) < 1e-16) break;
  }
  const double upper = front * h;
  return {1 - upper, upper};
}

TK_UNARY(lgamma, Floats, T(log_gamma(a)))
TK_UNARY(digamma, Floats, T(digamma(a)))
TK_UNARY_WITH(1, polygamma, Floats, T(polygamma(int64_t(p[0]), a)))
TK_BINARY(zeta, Floats, T(zeta(a, b)))
TK_BINARY(igamma, Floats, T(incomplete_gamma(a, b).lower))
TK_BINARY(igammac, Floats, T(incomplete_gamma(a, b).upper))

TK_END

TK_FAMILY(gamma)
