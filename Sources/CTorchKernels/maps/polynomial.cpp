// Orthogonal polynomials of degree n at x, by their three-term recurrences. All types compute in double.
// n is the second operand, of x's type; its fraction is dropped, and at -1 and below the value is 0.
// Reference: NIST Digital Library of Mathematical Functions, table 18.9.1.
#define TK_SCALAR_FAMILY
#define TK_COST 40
#include "loops-inl.h"

TK_BEGIN

// p(k+1) = (first(k) x + shift(k)) p(k) - last(k) p(k-1), from p(0) = 1 and p(1) = start.
template <class First, class Shift, class Last>
double recur(double x, double degree, double start, First first, Shift shift, Last last) {
  if (!(degree > -1)) return 0;
  const int64_t n = int64_t(degree);
  if (n == 0) return 1;
  double before = 1, p = start;
  for (int64_t k = 1; k < n && p == p; k++) {
    const double next = (first(double(k)) * x + shift(double(k))) * p - last(double(k)) * before;
    before = p;
    p = next;
  }
  return p;
}
double constant(double x, double n, double start, double factor, double last) {
  return recur(x, n, start, [=](double) { return factor; }, [](double) { return 0.0; }, [=](double) { return last; });
}
double chebyshev(double x, double n, double start) { return constant(x, n, start, 2, 1); }

double hermite_h(double x, double n) {
  return recur(x, n, 2 * x, [](double) { return 2.0; }, [](double) { return 0.0; }, [](double k) { return 2 * k; });
}
double hermite_he(double x, double n) {
  return recur(x, n, x, [](double) { return 1.0; }, [](double) { return 0.0; }, [](double k) { return k; });
}
double laguerre(double x, double n) {
  return recur(x, n, 1 - x, [](double k) { return -1 / (k + 1); }, [](double k) { return (2 * k + 1) / (k + 1); },
               [](double k) { return k / (k + 1); });
}
double legendre(double x, double n) {
  return recur(x, n, x, [](double k) { return (2 * k + 1) / (k + 1); }, [](double) { return 0.0; },
               [](double k) { return k / (k + 1); });
}

TK_BINARY(chebyshev_polynomial_t, Floats, T(chebyshev(a, b, a)))
TK_BINARY(chebyshev_polynomial_u, Floats, T(chebyshev(a, b, 2.0 * a)))
TK_BINARY(chebyshev_polynomial_v, Floats, T(chebyshev(a, b, 2.0 * a - 1)))
TK_BINARY(chebyshev_polynomial_w, Floats, T(chebyshev(a, b, 2.0 * a + 1)))
TK_BINARY(shifted_chebyshev_polynomial_t, Floats, T(chebyshev(2.0 * a - 1, b, 2.0 * a - 1)))
TK_BINARY(shifted_chebyshev_polynomial_u, Floats, T(chebyshev(2.0 * a - 1, b, 4.0 * a - 2)))
TK_BINARY(shifted_chebyshev_polynomial_v, Floats, T(chebyshev(2.0 * a - 1, b, 4.0 * a - 3)))
TK_BINARY(shifted_chebyshev_polynomial_w, Floats, T(chebyshev(2.0 * a - 1, b, 4.0 * a - 1)))
TK_BINARY(hermite_polynomial_h, Floats, T(hermite_h(a, b)))
TK_BINARY(hermite_polynomial_he, Floats, T(hermite_he(a, b)))
TK_BINARY(laguerre_polynomial_l, Floats, T(laguerre(a, b)))
TK_BINARY(legendre_polynomial_p, Floats, T(legendre(a, b)))

TK_END

TK_FAMILY(polynomial)
