// Running sums, products, maxima along a dimension. As in PyTorch, float32 accumulates in float64 and the 16-bit floats
// in float32.
#include "tk_scan.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tk_elements.h"

using namespace tk;

namespace {

template <class T>
using Accumulator = std::conditional_t<std::is_same_v<T, float>, double,
                                       std::conditional_t<std::is_same_v<T, Complex64>, Complex128, compute<T>>>;

constexpr int kWidth = 64;

// f(offset of the first row, number of columns) for blocks of columns.
template <class F> void for_columns(int64_t outer, int64_t n, int64_t inner, const F &f) {
  const int64_t blocks = (inner + kWidth - 1) / kWidth;
  const int64_t work = std::max<int64_t>(1, n * std::min<int64_t>(kWidth, inner));
  parallel_for(outer * blocks, std::max<int64_t>(1, 16384 / work), [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++) {
      const int64_t column = b % blocks * kWidth;
      f(b / blocks * n * inner + column, std::min<int64_t>(kWidth, inner - column));
    }
  });
}

// out[i] = step(out[i - 1], in[i]).
template <class T, class Step>
void running(int64_t outer, int64_t n, int64_t inner, const void *in, void *out, Accumulator<T> start, Step step) {
  using A = Accumulator<T>;
  for_columns(outer, n, inner, [&](int64_t at, int64_t w) {
    A state[kWidth];
    std::fill(state, state + kWidth, start);
    for (int64_t i = 0; i < n; i++) {
      const T *x = static_cast<const T *>(in) + at + i * inner;
      T *y = static_cast<T *>(out) + at + i * inner;
      for (int64_t j = 0; j < w; j++) {
        state[j] = step(state[j], static_cast<A>(x[j]));
        y[j] = static_cast<T>(state[j]);
      }
    }
  });
}

double log_add(double a, double b) {
  const double low = a < b ? a : b, high = a < b ? b : a;
  if (a != a || b != b) return NAN;
  return low == high && std::isinf(low) ? high : high + std::log1p(std::exp(low - high));
}

// The same of complex numbers.
Complex128 log_add(Complex128 a, Complex128 b) {
  if (is_nan(a) || is_nan(b)) return Complex128(NAN, NAN);
  const Complex128 low = a.real() < b.real() ? a : b, high = a.real() < b.real() ? b : a;
  if (low.real() == high.real() && std::isinf(low.real())) {
    return low.real() < 0 ? low : std::log(std::exp(low) + std::exp(high));
  }
  return high + std::log(1.0 + std::exp(low - high));
}

template <class T, bool max>
void running_extremum(int64_t outer, int64_t n, int64_t inner, const void *in, void *out, int64_t *indices) {
  using C = compute<T>;
  for_columns(outer, n, inner, [&](int64_t at, int64_t w) {
    int64_t best[kWidth] = {};
    const T *x = static_cast<const T *>(in) + at;
    T *y = static_cast<T *>(out) + at;
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j < w; j++) {
        const T value = x[i * inner + j], held = x[best[j] * inner + j];
        const bool better = max ? C(value) >= C(held) : C(value) <= C(held);
        if (is_nan(value) || (!is_nan(held) && better)) best[j] = i;
        y[i * inner + j] = x[best[j] * inner + j];
        if (indices) indices[at + i * inner + j] = best[j];
      }
    }
  });
}

}  // namespace

bool tk_scan(const char *name, tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *in, void *out,
             int64_t *indices) {
  const auto is = [name](const char *other) { return std::strcmp(name, other) == 0; };
  if (is("cumsum") || is("cumprod")) {
    const bool sum = is("cumsum");
    return dispatch_all(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      using A = Accumulator<T>;
      if constexpr (std::is_same_v<T, bool>) {
        if (sum) running<T>(outer, n, inner, in, out, false, [](bool a, bool b) { return a || b; });
        else running<T>(outer, n, inner, in, out, true, [](bool a, bool b) { return a && b; });
      } else if constexpr (std::is_integral_v<T>) {  // integers wrap
        using U = uint64_t;
        if (sum) running<T>(outer, n, inner, in, out, 0, [](T a, T b) { return static_cast<T>(U(a) + U(b)); });
        else running<T>(outer, n, inner, in, out, 1, [](T a, T b) { return static_cast<T>(U(a) * U(b)); });
      } else {
        if (sum) running<T>(outer, n, inner, in, out, A(0), [](A a, A b) { return a + b; });
        else running<T>(outer, n, inner, in, out, A(1), [](A a, A b) { return a * b; });
      }
    });
  }
  if (is("logcumsumexp") && (dtype == TK_COMPLEX64 || dtype == TK_COMPLEX128)) {
    return dispatch_all(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if constexpr (is_complex<T>) {
        running<T>(outer, n, inner, in, out, Complex128(-std::numeric_limits<double>::infinity(), 0),
                   [](Complex128 a, Complex128 b) { return log_add(a, b); });
      }
    });
  }
  if (is("logcumsumexp")) {
    return dispatch_floating(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      using A = Accumulator<T>;
      running<T>(outer, n, inner, in, out, -std::numeric_limits<A>::infinity(),
                 [](A a, A b) { return static_cast<A>(log_add(a, b)); });
    });
  }
  if (is("cummax") || is("cummin")) {
    const bool max = is("cummax");
    return dispatch_real(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if (max) running_extremum<T, true>(outer, n, inner, in, out, indices);
      else running_extremum<T, false>(outer, n, inner, in, out, indices);
    });
  }
  return false;
}
