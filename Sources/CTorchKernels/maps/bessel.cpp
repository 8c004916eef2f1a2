// Bessel functions, and Airy's. All types compute in double.
// Reference: NIST Digital Library of Mathematical Functions, chapters 9 and 10.
#define TK_SCALAR_FAMILY
#define TK_COST 40
#include "loops-inl.h"

TK_BEGIN

constexpr double pi = 3.14159265358979323846;

// sum of a_k(order) / x^k with alternating or equal signs: the large-argument expansion (10.40.1, 10.40.2),
// to the smallest term.
double hankel_series(double order, double x, double sign) {
  double term = 1, sum = 1;
  for (int k = 1; k < 40; k++) {
    const double odd = 2 * k - 1, next = term * sign * (4 * order * order - odd * odd) / (8 * k * x);
    if (std::fabs(next) > std::fabs(term)) break;
    term = next;
    sum += term;
    if (std::fabs(term) < 1e-17 * std::fabs(sum)) break;
  }
  return sum;
}

// e^-|x| I_order(x) for order 0 or 1: the power series has only positive terms (10.25.2).
double scaled_i(int order, double x) {
  const double size = std::fabs(x);
  if (std::isnan(x)) return x;
  double y;
  if (std::isinf(x)) {
    y = 0;
  } else if (size > 40) {
    y = hankel_series(order, size, -1) / std::sqrt(2 * pi * size);
  } else {
    const double z = size * size / 4;
    double term = order == 0 ? 1 : size / 2, sum = term;
    for (int k = 1; k < 200 && term > 1e-18 * sum; k++) sum += term *= z / (double(k) * (k + order));
    y = sum * std::exp(-size);
  }
  return order == 1 && x < 0 ? -y : y;
}
double unscaled_i(int order, double x) {
  const double size = std::fabs(x), half = std::exp(size / 2);  // in two factors: e^x itself overflows early
  return std::isinf(x) ? quiet_nan<double> : scaled_i(order, x) * half * half;  // NaN as PyTorch has it
}

// Where e^|x| overflows in the type that PyTorch computes in, so does I, though its value may fit.
template <class T> T bessel_i(int order, T x) {
  const double y = unscaled_i(order, static_cast<double>(x));
  if (std::isnan(y) || !std::isinf(std::exp(std::fabs(x)))) return T(y);
  return order == 1 && x < 0 ? -infinity<T> : infinity<T>;
}

double scaled_k(double order, double x) {
  if (std::isnan(x) || x < 0) return quiet_nan<double>;
  if (x == 0) return infinity<double>;
  if (x > 40) return std::isinf(x) ? 0 : hankel_series(order, x, 1) * std::sqrt(pi / (2 * x));
  // Below this the leading term is exact and the C++ library's series fails.
  if (x < 1e-9 && order == 0) return -std::log(x / 2) - 0.57721566490153286061;
  if (x < 1e-9 && order == 1) return 1 / x;
  return std::cyl_bessel_k(order, x) * std::exp(x);
}
double bessel_k(double order, double x) {
  return x >= 1e-9 && x <= 40 ? std::cyl_bessel_k(order, x) : scaled_k(order, x) * (x > 40 ? std::exp(-x) : 1);
}

// PyTorch's y is NaN below zero where the C library raises a range error.
double bessel_y(int order, double x) {
  if (x < 0 || std::isinf(x)) return quiet_nan<double>;
  return x == 0 ? -infinity<double> : order == 0 ? ::y0(x) : ::y1(x);
}

// J and Y of the order beyond 40, by amplitude and phase (10.17.3, 10.17.4); the C++ library refuses large arguments.
struct Cylinder { double j, y; };
Cylinder cylinder(double order, double x) {
  if (x <= 40) return {std::cyl_bessel_j(order, x), std::cyl_neumann(order, x)};
  double even = 1, odd = 0, term = 1;
  for (int k = 1; k < 20; k++) {
    const double step = 2 * k - 1;
    term *= (4 * order * order - step * step) / (8 * k * x);
    (k % 2 ? odd : even) += k % 4 < 2 ? term : -term;
  }
  const double phase = x - (order / 2 + 0.25) * pi, size = std::sqrt(2 / (pi * x));
  return {size * (even * std::cos(phase) - odd * std::sin(phase)), size * (even * std::sin(phase) + odd * std::cos(phase))};
}

// Through the functions of order 1/3 (9.6.2, 9.6.6).
template <class T> T airy_ai(T a) {
  // Far out the phase takes its rounding from the type, as in PyTorch; amplitudes by 9.7.9.
  if (a < -50 && !std::isinf(a)) {
    const T zeta = T(-2) * a * std::sqrt(-a) / T(3), angle = zeta + T(0.25) * T(pi);
    const double z = 1 / static_cast<double>(zeta), zz = z * z;
    const double even = 1 - zz * (0.0371334876543210 - zz * 0.0576491904126698);
    const double odd = z * (0.0694444444444444 - zz * 0.0379930591278006);
    const double size = 0.564189583547756286948 / std::sqrt(std::sqrt(static_cast<double>(-a)));
    return T(size * (std::sin(angle) * even - std::cos(angle) * odd));
  }
  const double x = a;
  if (std::isnan(a)) return a;
  if (std::isinf(a)) return quiet_nan<T>;
  if (x > 103.892) return 0;  // PyTorch's cut
  const double size = std::fabs(x), zeta = 2.0 / 3 * size * std::sqrt(size), third = 1.0 / 3;
  if (size < 1e-8) return T(0.355028053887817239260 - 0.258819403792806798406 * x);
  if (x > 0) return T(std::sqrt(x / 3) / pi * bessel_k(third, zeta));
  const Cylinder c = cylinder(third, zeta);
  return T(std::sqrt(size) / 2 * (c.j - c.y / std::sqrt(3.0)));
}

double spherical_j0(double x) {
  if (std::isinf(x)) return 0;
  return std::fabs(x) < 1e-4 ? 1 - x * x / 6 : std::sin(x) / x;
}

// NaN at infinity, as in PyTorch; the limit is 0.
TK_UNARY(bessel_j0, Floats, std::isinf(a) ? quiet_nan<T> : T(::j0(double(a))))
TK_UNARY(bessel_j1, Floats, std::isinf(a) ? quiet_nan<T> : T(::j1(double(a))))
TK_UNARY(bessel_y0, Floats, T(bessel_y(0, a)))
TK_UNARY(bessel_y1, Floats, T(bessel_y(1, a)))
TK_UNARY(i0, Floats, bessel_i(0, a))
TK_UNARY(i1, Floats, bessel_i(1, a))
TK_UNARY(i0e, Floats, T(scaled_i(0, a)))
TK_UNARY(i1e, Floats, T(scaled_i(1, a)))
TK_UNARY(modified_bessel_i0, Floats, bessel_i(0, a))
TK_UNARY(modified_bessel_i1, Floats, bessel_i(1, a))
TK_UNARY(modified_bessel_k0, Floats, T(bessel_k(0, a)))
TK_UNARY(modified_bessel_k1, Floats, T(bessel_k(1, a)))
TK_UNARY(scaled_modified_bessel_k0, Floats, T(scaled_k(0, a)))
TK_UNARY(scaled_modified_bessel_k1, Floats, T(scaled_k(1, a)))
TK_UNARY(spherical_bessel_j0, Floats, T(spherical_j0(a)))
TK_UNARY(airy_ai, Floats, airy_ai(a))

TK_END

TK_FAMILY(bessel)
