// Softmax over the middle dimension of (outer, n, inner). inner 1: a row at a time; else columns of up to 256 at a time.
// Sums are in float64 for float64 and in float32 otherwise, over eight and more partial sums.
#include "tk_simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tk_softmax.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tk_elements.h"
#include "tk_softmax.h"

HWY_BEFORE_NAMESPACE();
namespace tk {
namespace HWY_NAMESPACE {
namespace {

// exp for arguments <= 0 (and NaN), to an ulp: 2^k times a polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2].
HWY_INLINE float exponential(float x) {
  const float clamped = x < -104.0f ? -104.0f : x;  // NaN stays
  const float shifted = clamped * 1.44269504f + 12582912.0f;  // rounds to an integer in the low bits
  const float k = shifted - 12582912.0f;
  float r = __builtin_fmaf(k, -0.693145752f, clamped);
  r = __builtin_fmaf(k, -1.42860677e-6f, r);
  float y = 1.38888889e-3f;
  y = __builtin_fmaf(y, r, 8.33333333e-3f);
  y = __builtin_fmaf(y, r, 4.16666667e-2f);
  y = __builtin_fmaf(y, r, 1.66666667e-1f);
  y = __builtin_fmaf(y, r, 0.5f);
  y = __builtin_fmaf(y, r, 1.0f);
  y = __builtin_fmaf(y, r, 1.0f);
  // 2^k in two factors, so that subnormal results come out; k is in [-150, 0].
  const int32_t e = static_cast<int32_t>(__builtin_bit_cast(uint32_t, shifted) & 0x3FF);
  const int32_t power = (e ^ 0x200) - 0x200, half = power >> 1;
  const float a = __builtin_bit_cast(float, (half + 127) << 23), b = __builtin_bit_cast(float, (power - half + 127) << 23);
  return y * a * b;
}
HWY_INLINE double exponential(double x) { return std::exp(x); }

// A panel is n rows of w columns, kept as C in `work`; panels of a single row's elements use w = 1 and lanes instead.
constexpr int kWidth = 256;

template <class C> C reduce_max(const C *x, int64_t n) {
  C lanes[16];
  std::fill(lanes, lanes + 16, -std::numeric_limits<C>::infinity());
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (int j = 0; j < 16; j++) lanes[j] = x[i + j] > lanes[j] ? x[i + j] : lanes[j];
  }
  for (; i < n; i++) lanes[0] = x[i] > lanes[0] ? x[i] : lanes[0];
  return *std::max_element(lanes, lanes + 16);
}

// The sum of f(i), in 32 partial sums.
template <class C, class F> HWY_INLINE C reduce_sum(int64_t n, F f) {
  C lanes[32] = {};
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) {
    for (int j = 0; j < 32; j++) lanes[j] += f(i + j);
  }
  for (int j = 0; i < n; i++, j++) lanes[j] += f(i);
  for (int width = 16; width > 0; width /= 2) {
    for (int j = 0; j < width; j++) lanes[j] += lanes[j + width];
  }
  return lanes[0];
}

template <class T> void forward_row(bool logarithm, int64_t n, const T *in, T *out, compute<T> *work) {
  using C = compute<T>;
  for (int64_t i = 0; i < n; i++) work[i] = static_cast<C>(in[i]);
  const C greatest = reduce_max(work, n);
  if (logarithm) {
    const C sum = reduce_sum<C>(n, [=](int64_t i) HWY_ATTR { return exponential(work[i] - greatest); });
    const C shift = std::log(sum);
    for (int64_t i = 0; i < n; i++) out[i] = T(work[i] - greatest - shift);
  } else {
    for (int64_t i = 0; i < n; i++) work[i] = exponential(work[i] - greatest);
    const C sum = reduce_sum<C>(n, [=](int64_t i) HWY_ATTR { return work[i]; });
    for (int64_t i = 0; i < n; i++) out[i] = T(work[i] / sum);
  }
}

template <class T>
void backward_row(bool logarithm, int64_t n, const T *grad, const T *out, T *grad_in) {
  using C = compute<T>;
  if (logarithm) {
    const C sum = reduce_sum<C>(n, [=](int64_t i) HWY_ATTR { return static_cast<C>(grad[i]); });
    for (int64_t i = 0; i < n; i++) {
      grad_in[i] = T(static_cast<C>(grad[i]) - exponential(static_cast<C>(out[i])) * sum);
    }
  } else {
    const C sum = reduce_sum<C>(n, [=](int64_t i) HWY_ATTR { return static_cast<C>(grad[i]) * static_cast<C>(out[i]); });
    for (int64_t i = 0; i < n; i++) {
      grad_in[i] = T((static_cast<C>(grad[i]) - sum) * static_cast<C>(out[i]));
    }
  }
}

// w columns of rows `stride` apart.
template <class T> void forward_columns(bool logarithm, int64_t n, int64_t stride, int w, const T *in, T *out) {
  using C = compute<T>;
  C greatest[kWidth], sum[kWidth];
  for (int j = 0; j < w; j++) {
    greatest[j] = -std::numeric_limits<C>::infinity();
    sum[j] = 0;
  }
  for (int64_t i = 0; i < n; i++) {
    const T *x = in + i * stride;
    for (int j = 0; j < w; j++) greatest[j] = static_cast<C>(x[j]) > greatest[j] ? static_cast<C>(x[j]) : greatest[j];
  }
  for (int64_t i = 0; i < n; i++) {
    const T *x = in + i * stride;
    for (int j = 0; j < w; j++) sum[j] += exponential(static_cast<C>(x[j]) - greatest[j]);
  }
  if (logarithm) {
    for (int j = 0; j < w; j++) sum[j] = std::log(sum[j]);
  }
  for (int64_t i = 0; i < n; i++) {
    const T *x = in + i * stride;
    T *y = out + i * stride;
    if (logarithm) {
      for (int j = 0; j < w; j++) y[j] = T(static_cast<C>(x[j]) - greatest[j] - sum[j]);
    } else {
      for (int j = 0; j < w; j++) y[j] = T(exponential(static_cast<C>(x[j]) - greatest[j]) / sum[j]);
    }
  }
}

template <class T>
void backward_columns(bool logarithm, int64_t n, int64_t stride, int w, const T *grad, const T *out, T *grad_in) {
  using C = compute<T>;
  C sum[kWidth] = {};
  for (int64_t i = 0; i < n; i++) {
    const T *g = grad + i * stride, *y = out + i * stride;
    if (logarithm) {
      for (int j = 0; j < w; j++) sum[j] += static_cast<C>(g[j]);
    } else {
      for (int j = 0; j < w; j++) sum[j] += static_cast<C>(g[j]) * static_cast<C>(y[j]);
    }
  }
  for (int64_t i = 0; i < n; i++) {
    const T *g = grad + i * stride, *y = out + i * stride;
    T *d = grad_in + i * stride;
    if (logarithm) {
      for (int j = 0; j < w; j++) d[j] = T(static_cast<C>(g[j]) - exponential(static_cast<C>(y[j])) * sum[j]);
    } else {
      for (int j = 0; j < w; j++) d[j] = T((static_cast<C>(g[j]) - sum[j]) * static_cast<C>(y[j]));
    }
  }
}

// f(offset, width) over blocks of columns.
template <class F> void over_columns(int64_t outer, int64_t n, int64_t inner, const F &f) {
  const int64_t blocks = (inner + kWidth - 1) / kWidth;
  parallel_for(outer * blocks, std::max<int64_t>(1, 8192 / (n * std::min<int64_t>(inner, kWidth) + 1)),
               [&](int64_t begin, int64_t end) HWY_ATTR {
                 for (int64_t b = begin; b < end; b++) {
                   const int64_t column = b % blocks * kWidth;
                   f(b / blocks * n * inner + column, static_cast<int>(std::min<int64_t>(kWidth, inner - column)));
                 }
               });
}

template <class T>
void forward_any(bool logarithm, int64_t outer, int64_t n, int64_t inner, const void *in, void *out) {
  const T *x = static_cast<const T *>(in);
  T *y = static_cast<T *>(out);
  if (inner == 1) {
    parallel_for(outer, std::max<int64_t>(1, 8192 / (n + 1)), [&](int64_t begin, int64_t end) HWY_ATTR {
      std::vector<compute<T>> work(static_cast<size_t>(n));
      for (int64_t i = begin; i < end; i++) forward_row(logarithm, n, x + i * n, y + i * n, work.data());
    });
  } else {
    over_columns(outer, n, inner, [&](int64_t at, int w) HWY_ATTR {
      forward_columns(logarithm, n, inner, w, x + at, y + at);
    });
  }
}

template <class T>
void backward_any(bool logarithm, int64_t outer, int64_t n, int64_t inner, const void *grad, const void *out,
                  void *grad_in) {
  const T *g = static_cast<const T *>(grad), *y = static_cast<const T *>(out);
  T *d = static_cast<T *>(grad_in);
  if (inner == 1) {
    parallel_for(outer, std::max<int64_t>(1, 16384 / (n + 1)), [&](int64_t begin, int64_t end) HWY_ATTR {
      for (int64_t i = begin; i < end; i++) backward_row(logarithm, n, g + i * n, y + i * n, d + i * n);
    });
  } else {
    over_columns(outer, n, inner, [&](int64_t at, int w) HWY_ATTR {
      backward_columns(logarithm, n, inner, w, g + at, y + at, d + at);
    });
  }
}

bool forward(bool logarithm, tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *in, void *out) {
  return dispatch_floating(
      dtype, [&](auto tag) { forward_any<typename decltype(tag)::type>(logarithm, outer, n, inner, in, out); });
}

bool backward(bool logarithm, tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *grad,
              const void *out, void *grad_in) {
  return dispatch_floating(dtype, [&](auto tag) {
    backward_any<typename decltype(tag)::type>(logarithm, outer, n, inner, grad, out, grad_in);
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tk {
HWY_EXPORT(forward);
HWY_EXPORT(backward);
}  // namespace tk

using namespace tk;

bool tk_softmax(bool logarithm, tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *in, void *out) {
  return HWY_DYNAMIC_DISPATCH(forward)(logarithm, dtype, outer, n, inner, in, out);
}

bool tk_softmax_backward(bool logarithm, tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *grad,
                         const void *out, void *grad_in) {
  return HWY_DYNAMIC_DISPATCH(backward)(logarithm, dtype, outer, n, inner, grad, out, grad_in);
}
#endif
