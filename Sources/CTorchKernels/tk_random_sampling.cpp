// Draws that reject or search: multinomial, Poisson, binomial, gamma, Dirichlet. The methods and the order of draws
// are PyTorch's; each function names its paper.
#include <algorithm>
#include <cmath>
#include <vector>

#include "tk_elements.h"
#include "tk_generator.h"
#include "tk_random.h"

using namespace tk;

namespace {

// Below 10 the product of uniforms (Knuth); above, the transformed rejection PTRS (Hoermann 1993).
int64_t poisson(tk_generator *g, double lambda) {
  if (lambda == 0) return 0;
  if (lambda < 10) {
    const double limit = std::exp(-lambda);
    double product = 1;
    for (int64_t k = 0;; k++) {
      product *= g->uniform_double();
      if (!(product > limit)) return k;
    }
  }
  const double root = std::sqrt(lambda), log_lambda = std::log(lambda);
  const double b = 0.931 + 2.53 * root, a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), v_r = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = g->uniform_double() - 0.5, v = g->uniform_double();
    const double us = 0.5 - std::fabs(u);
    const int64_t k = static_cast<int64_t>(std::floor((2 * a / us + b) * u + lambda + 0.43));
    if (us >= 0.07 && v <= v_r) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    const double bound = -lambda + static_cast<double>(k) * log_lambda - std::lgamma(static_cast<double>(k) + 1);
    if (std::log(v) + std::log(inverse_alpha) - std::log(a / (us * us) + b) <= bound) return k;
  }
}

// The rest of Stirling's approximation of log k!.
double stirling_tail(double k) {
  static const double table[10] = {0.0810614667953272,  0.0413406959554092,  0.0276779256849983, 0.0207906721037650,
                                   0.0166446911898211,  0.0138761288230707,  0.0118967099458917, 0.0104112652619720,
                                   0.00925546218271273, 0.00833056343336287};
  if (k <= 9) return table[static_cast<int>(k)];
  const double square = (k + 1) * (k + 1);
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

// probability <= 1/2. Few successes: sums of geometric gaps; many: the rejection BTRS (Hoermann 1993).
double binomial_low(tk_generator *g, double count, double probability) {
  if (count * probability < 10) {
    const double log_miss = std::log1p(-probability);
    double sum = 0;
    for (double k = 0;; k++) {
      sum += std::ceil(std::log(g->uniform_double()) / log_miss);
      if (sum > count) return k;
    }
  }
  const double deviation = std::sqrt(count * probability * (1 - probability));
  const double b = 1.15 + 2.53 * deviation, a = -0.0873 + 0.0248 * b + 0.01 * probability;
  const double c = count * probability + 0.5, v_r = 0.92 - 4.2 / b, r = probability / (1 - probability);
  const double alpha = (2.83 + 5.1 / b) * deviation, m = std::floor((count + 1) * probability);
  for (;;) {
    const double u = g->uniform_double() - 0.5;
    double v = g->uniform_double();
    const double us = 0.5 - std::fabs(u), k = std::floor((2 * a / us + b) * u + c);
    if (us >= 0.07 && v <= v_r) return k;
    if (k < 0 || k > count) continue;
    v = std::log(v * alpha / (a / (us * us) + b));
    const double bound = (m + 0.5) * std::log((m + 1) / (r * (count - m + 1))) +
                         (count + 1) * std::log((count - m + 1) / (count - k + 1)) +
                         (k + 0.5) * std::log(r * (count - k + 1) / (k + 1)) + stirling_tail(m) +
                         stirling_tail(count - m) - stirling_tail(k) - stirling_tail(count - k);
    if (v <= bound) return k;
  }
}

double binomial(tk_generator *g, double count, double probability) {
  if (count <= 0 || probability <= 0) return 0;
  if (probability >= 1) return count;
  if (probability <= 0.5) return binomial_low(g, count, probability);
  if (probability > 0.5) return count - binomial_low(g, count, 1 - probability);
  return NAN;
}

// Marsaglia and Tsang (2000), boosted below 1. As in PyTorch the constants are float32
// ones and alpha stays in its own type, which decides the last bits.
template <class T> double gamma(tk_generator *g, T alpha) {
  double scale = 1;
  if (alpha < 1) {
    if (alpha == 0) return 0;
    scale = std::pow(1 - g->uniform_double(), T(1) / alpha);
    alpha += 1;
  }
  const double d = alpha - 1.0f / 3.0f, c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    double x, y;
    do {
      x = g->normal_double(0, 1);
      y = 1.0 + c * x;
    } while (y <= 0);
    const double v = y * y * y, u = 1 - g->uniform_double(), xx = x * x;
    if (u < 1.0 - 0.0331f * xx * xx) return scale * d * v;
    if (std::log(u) < 0.5 * xx + d * (1.0 - v + std::log(v))) return scale * d * v;
  }
}

template <class T> T smallest_normal() {
  if constexpr (std::is_same_v<T, Half>) return Half(0x1p-14f);
  else if constexpr (std::is_same_v<T, BFloat16>) return BFloat16(0x1p-126f);
  else return std::numeric_limits<T>::min();
}

template <class T, class F> void fill(void *p, int64_t n, F f) {
  T *q = static_cast<T *>(p);
  for (int64_t i = 0; i < n; i++) q[i] = T(static_cast<compute<T>>(f(i)));
}

}  // namespace

bool tk_random_multinomial(tk_generator *g, tk_dtype probability_dtype, const void *probabilities, int64_t rows,
                           int64_t categories, int64_t samples, int64_t *out) {
  return dispatch_floating(probability_dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using C = compute<T>;
    std::vector<C> cumulative(static_cast<size_t>(categories));
    for (int64_t row = 0; row < rows; row++) {
      const T *p = static_cast<const T *>(probabilities) + row * categories;
      C sum = 0;
      for (int64_t i = 0; i < categories; i++) cumulative[i] = sum += C(p[i]);
      for (C &c : cumulative) c /= sum;
      cumulative.back() = 1;
      for (int64_t j = 0; j < samples; j++) {
        const double u = g->uniform_double();
        const auto at = std::lower_bound(cumulative.begin(), cumulative.end(), u,
                                         [](C c, double x) { return static_cast<double>(c) < x; });
        out[row * samples + j] = at - cumulative.begin();
      }
    }
  });
}

bool tk_random_poisson(tk_generator *g, tk_dtype dtype, void *p, int64_t n, const void *rates) {
  return dispatch_floating(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *rate = static_cast<const T *>(rates);
    fill<T>(p, n, [=](int64_t i) { return poisson(g, static_cast<double>(compute<T>(rate[i]))); });
  });
}

bool tk_random_binomial(tk_generator *g, tk_dtype dtype, void *p, int64_t n, const void *counts,
                        const void *probabilities) {
  return dispatch_floating(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *count = static_cast<const T *>(counts), *probability = static_cast<const T *>(probabilities);
    fill<T>(p, n, [=](int64_t i) {
      return binomial(g, static_cast<double>(compute<T>(count[i])), static_cast<double>(compute<T>(probability[i])));
    });
  });
}

bool tk_random_gamma(tk_generator *g, tk_dtype dtype, void *p, int64_t n, const void *alpha) {
  return dispatch_floating(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using C = compute<T>;
    const T *a = static_cast<const T *>(alpha);
    fill<T>(p, n, [=](int64_t i) {
      return std::max(C(smallest_normal<T>()), static_cast<C>(gamma<C>(g, a[i])));
    });
  });
}

bool tk_random_dirichlet(tk_generator *g, tk_dtype dtype, void *p, int64_t rows, int64_t k, const void *alpha) {
  return dispatch_floating(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using C = compute<T>;
    std::vector<double> draws(static_cast<size_t>(k));
    for (int64_t row = 0; row < rows; row++) {
      const T *a = static_cast<const T *>(alpha) + row * k;
      T *q = static_cast<T *>(p) + row * k;
      double sum = 0;
      for (int64_t i = 0; i < k; i++) sum += draws[i] = gamma<double>(g, static_cast<double>(C(a[i])));
      for (int64_t i = 0; i < k; i++) {
        q[i] = T(std::max(C(smallest_normal<T>()), static_cast<C>(draws[i] / sum)));
      }
    }
  });
}
