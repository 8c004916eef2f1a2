// Normalization of rows and of channels. Sums are taken in many partial sums within a row, and in float64 over rows, so
// that they stay accurate however many elements there are.
#include "tk_simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tk_norm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tk_elements.h"
#include "tk_norm.h"

HWY_BEFORE_NAMESPACE();
namespace tk {
namespace HWY_NAMESPACE {
namespace {

// The sum of f(i), in 32 partial sums.
template <class C, class F> HWY_INLINE C sum_of(int64_t n, F f) {
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

// Long runs are summed in pieces, the pieces in float64.
constexpr int64_t kPiece = 4096;
template <class C, class F> HWY_INLINE double long_sum(int64_t n, F f) {
  double sum = 0;
  for (int64_t at = 0; at < n; at += kPiece) {
    sum += sum_of<C>(std::min(kPiece, n - at), [=](int64_t i) HWY_ATTR { return f(at + i); });
  }
  return sum;
}

// ---- rows ----

template <class T>
void row_forward(const tk_rows &s, double eps, int64_t row, const T *x, const compute<T> *weight, const compute<T> *bias,
                 T *y, compute<T> *mean, compute<T> *rstd) {
  using C = compute<T>;
  const int64_t n = s.blocks * s.inner;
  const C m = static_cast<C>(long_sum<C>(n, [=](int64_t i) HWY_ATTR { return static_cast<C>(x[i]); }) / n);
  const double squares = long_sum<C>(n, [=](int64_t i) HWY_ATTR {
    const C d = static_cast<C>(x[i]) - m;
    return d * d;
  });
  const C r = static_cast<C>(1 / std::sqrt(squares / n + eps));
  mean[row] = m;
  rstd[row] = r;
  const int64_t first = row % s.groups * s.blocks;
  if (s.inner == 1) {
    const C *w = weight ? weight + first : nullptr, *b = bias ? bias + first : nullptr;
    if (w && b) for (int64_t i = 0; i < n; i++) y[i] = T((static_cast<C>(x[i]) - m) * r * w[i] + b[i]);
    else if (w) for (int64_t i = 0; i < n; i++) y[i] = T((static_cast<C>(x[i]) - m) * r * w[i]);
    else if (b) for (int64_t i = 0; i < n; i++) y[i] = T((static_cast<C>(x[i]) - m) * r + b[i]);
    else for (int64_t i = 0; i < n; i++) y[i] = T((static_cast<C>(x[i]) - m) * r);
    return;
  }
  for (int64_t block = 0; block < s.blocks; block++) {
    const C scale = weight ? r * weight[first + block] : r, shift = bias ? bias[first + block] : C(0);
    const T *in = x + block * s.inner;
    T *out = y + block * s.inner;
    for (int64_t i = 0; i < s.inner; i++) out[i] = T((static_cast<C>(in[i]) - m) * scale + shift);
  }
}

template <class T>
void row_backward(const tk_rows &s, int64_t row, const T *g, const T *x, compute<T> m, compute<T> r,
                  const compute<T> *weight, T *by_x) {
  using C = compute<T>;
  const int64_t n = s.blocks * s.inner, first = row % s.groups * s.blocks;
  double sum = 0, dot = 0;
  if (s.inner == 1) {
    const C *w = weight ? weight + first : nullptr;
    const auto part = [=](int64_t i) HWY_ATTR { return w ? static_cast<C>(g[i]) * w[i] : static_cast<C>(g[i]); };
    sum = long_sum<C>(n, part);
    dot = long_sum<C>(n, [=](int64_t i) HWY_ATTR { return part(i) * (static_cast<C>(x[i]) - m); });
  } else {
    for (int64_t block = 0; block < s.blocks; block++) {
      const C w = weight ? weight[first + block] : C(1);
      const T *gb = g + block * s.inner, *xb = x + block * s.inner;
      sum += w * long_sum<C>(s.inner, [=](int64_t i) HWY_ATTR { return static_cast<C>(gb[i]); });
      dot += w * long_sum<C>(s.inner, [=](int64_t i) HWY_ATTR { return static_cast<C>(gb[i]) * (static_cast<C>(xb[i]) - m); });
    }
  }
  const C offset = static_cast<C>(sum / n), slope = static_cast<C>(dot / n * r * r);
  for (int64_t block = 0; block < (s.inner == 1 ? 1 : s.blocks); block++) {
    const int64_t at = block * s.inner, count = s.inner == 1 ? n : s.inner;
    const C *w = s.inner == 1 && weight ? weight + first : nullptr;
    const C fixed = s.inner > 1 && weight ? weight[first + block] : C(1);
    const T *gb = g + at, *xb = x + at;
    T *out = by_x + at;
    if (w) {
      for (int64_t i = 0; i < count; i++) {
        out[i] = T((static_cast<C>(gb[i]) * w[i] - offset - (static_cast<C>(xb[i]) - m) * slope) * r);
      }
    } else {
      for (int64_t i = 0; i < count; i++) {
        out[i] = T((static_cast<C>(gb[i]) * fixed - offset - (static_cast<C>(xb[i]) - m) * slope) * r);
      }
    }
  }
}

// Gradients of the parameters begin..<end, over all rows.
template <class T>
void row_parameters(const tk_rows &s, int64_t begin, int64_t end, const T *g, const T *x, const compute<T> *mean,
                    const compute<T> *rstd, compute<T> *by_weight, compute<T> *by_bias) {
  using C = compute<T>;
  const int64_t n = s.blocks * s.inner;
  if (s.inner > 1 || s.groups > 1) {
    for (int64_t p = begin; p < end; p++) {
      double sum = 0, dot = 0;
      for (int64_t row = p / s.blocks; row < s.rows; row += s.groups) {
        const T *gb = g + row * n + p % s.blocks * s.inner, *xb = x + row * n + p % s.blocks * s.inner;
        const C m = mean[row];
        sum += long_sum<C>(s.inner, [=](int64_t i) HWY_ATTR { return static_cast<C>(gb[i]); });
        dot += rstd[row] * long_sum<C>(s.inner, [=](int64_t i) HWY_ATTR {
          return static_cast<C>(gb[i]) * (static_cast<C>(xb[i]) - m);
        });
      }
      if (by_weight) by_weight[p] = static_cast<C>(dot);
      if (by_bias) by_bias[p] = static_cast<C>(sum);
    }
    return;
  }
  // Some columns at a time; partial sums over some rows, and those in float64.
  constexpr int kWidth = 256;
  constexpr int64_t kRows = 64;
  for (int64_t at = begin; at < end; at += kWidth) {
    const int w = static_cast<int>(std::min<int64_t>(kWidth, end - at));
    double sum[kWidth] = {}, dot[kWidth] = {};
    for (int64_t first = 0; first < s.rows; first += kRows) {
      C part[kWidth] = {}, product[kWidth] = {};
      for (int64_t row = first; row < std::min(first + kRows, s.rows); row++) {
        const T *gb = g + row * n + at, *xb = x + row * n + at;
        const C m = mean[row], r = rstd[row];
        for (int j = 0; j < w; j++) {
          const C value = static_cast<C>(gb[j]);
          part[j] += value;
          product[j] += value * ((static_cast<C>(xb[j]) - m) * r);
        }
      }
      for (int j = 0; j < w; j++) {
        sum[j] += part[j];
        dot[j] += product[j];
      }
    }
    for (int j = 0; j < w; j++) {
      if (by_weight) by_weight[at + j] = static_cast<C>(dot[j]);
      if (by_bias) by_bias[at + j] = static_cast<C>(sum[j]);
    }
  }
}

// ---- channels ----

// Channels begin..<end, which are columns of a matrix where inner is 1.
template <class T>
void moments(const tk_channels &s, int64_t begin, int64_t end, const T *x, compute<T> *mean, compute<T> *variance) {
  using C = compute<T>;
  const double count = static_cast<double>(s.n) * s.inner;
  if (s.inner == 1) {
    for (int64_t c = begin; c < end; c++) {
      double sum = 0, squares = 0;
      for (int64_t i = 0; i < s.n; i++) sum += static_cast<C>(x[i * s.channels + c]);
      const double m = sum / count;
      for (int64_t i = 0; i < s.n; i++) {
        const double d = static_cast<C>(x[i * s.channels + c]) - m;
        squares += d * d;
      }
      mean[c] = static_cast<C>(m);
      variance[c] = static_cast<C>(squares / count);
    }
    return;
  }
  for (int64_t c = begin; c < end; c++) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < s.n; i++) {
      const T *plane = x + (i * s.channels + c) * s.inner;
      sum += long_sum<C>(s.inner, [=](int64_t k) HWY_ATTR { return static_cast<C>(plane[k]); });
    }
    const C m = static_cast<C>(sum / count);
    for (int64_t i = 0; i < s.n; i++) {
      const T *plane = x + (i * s.channels + c) * s.inner;
      squares += long_sum<C>(s.inner, [=](int64_t k) HWY_ATTR {
        const C d = static_cast<C>(plane[k]) - m;
        return d * d;
      });
    }
    mean[c] = m;
    variance[c] = static_cast<C>(squares / count);
  }
}

template <class T>
void sums(const tk_channels &s, int64_t begin, int64_t end, const T *g, const T *x, const compute<T> *mean,
          compute<T> *sum, compute<T> *dot) {
  using C = compute<T>;
  for (int64_t c = begin; c < end; c++) {
    double total = 0, product = 0;
    const C m = mean[c];
    for (int64_t i = 0; i < s.n; i++) {
      const int64_t at = (i * s.channels + c) * s.inner;
      const T *gp = g + at, *xp = x + at;
      total += long_sum<C>(s.inner, [=](int64_t k) HWY_ATTR { return static_cast<C>(gp[k]); });
      product += long_sum<C>(s.inner, [=](int64_t k) HWY_ATTR { return static_cast<C>(gp[k]) * (static_cast<C>(xp[k]) - m); });
    }
    sum[c] = static_cast<C>(total);
    dot[c] = static_cast<C>(product);
  }
}

// Planes begin..<end of n * channels; where inner is 1, rows of an (n, channels) matrix.
template <class T>
void affine(const tk_channels &s, int64_t begin, int64_t end, const T *x, const compute<T> *scale,
            const compute<T> *shift, T *y) {
  using C = compute<T>;
  for (int64_t p = begin; p < end; p++) {
    if (s.inner == 1) {
      const T *in = x + p * s.channels;
      T *out = y + p * s.channels;
      for (int64_t c = 0; c < s.channels; c++) out[c] = T(static_cast<C>(in[c]) * scale[c] + shift[c]);
    } else {
      const C a = scale[p % s.channels], b = shift[p % s.channels];
      const T *in = x + p * s.inner;
      T *out = y + p * s.inner;
      for (int64_t i = 0; i < s.inner; i++) out[i] = T(static_cast<C>(in[i]) * a + b);
    }
  }
}

template <class T>
void channel_backward(const tk_channels &s, int64_t begin, int64_t end, const T *g, const T *x, const compute<T> *mean,
                      const compute<T> *offset, const compute<T> *slope, const compute<T> *scale, T *by_x) {
  using C = compute<T>;
  for (int64_t p = begin; p < end; p++) {
    if (s.inner == 1) {
      const int64_t at = p * s.channels;
      for (int64_t c = 0; c < s.channels; c++) {
        const C d = static_cast<C>(x[at + c]) - mean[c];
        by_x[at + c] = T((static_cast<C>(g[at + c]) - offset[c] - d * slope[c]) * scale[c]);
      }
    } else {
      const int64_t c = p % s.channels;
      const C m = mean[c], o = offset[c], k = slope[c], a = scale[c];
      const T *gp = g + p * s.inner, *xp = x + p * s.inner;
      T *out = by_x + p * s.inner;
      for (int64_t i = 0; i < s.inner; i++) out[i] = T((static_cast<C>(gp[i]) - o - (static_cast<C>(xp[i]) - m) * k) * a);
    }
  }
}

int64_t grain(int64_t work) { return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, work)); }

bool RowNorm(const tk_rows *s, double eps, const void *x, const void *weight, const void *bias, void *y, void *mean,
             void *rstd) {
  return dispatch_floating(s->dtype, [=](auto tag) {
    using T = typename decltype(tag)::type;
    using C = compute<T>;
    const int64_t n = s->blocks * s->inner;
    parallel_for(s->rows, grain(n), [=](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) {
        row_forward<T>(*s, eps, row, static_cast<const T *>(x) + row * n, static_cast<const C *>(weight),
                       static_cast<const C *>(bias), static_cast<T *>(y) + row * n, static_cast<C *>(mean),
                       static_cast<C *>(rstd));
      }
    });
  });
}

bool RowNormBackward(const tk_rows *s, const void *gradient, const void *x, const void *mean, const void *rstd,
                     const void *weight, void *by_x, void *by_weight, void *by_bias) {
  return dispatch_floating(s->dtype, [=](auto tag) {
    using T = typename decltype(tag)::type;
    using C = compute<T>;
    const int64_t n = s->blocks * s->inner;
    const T *g = static_cast<const T *>(gradient), *in = static_cast<const T *>(x);
    const C *m = static_cast<const C *>(mean), *r = static_cast<const C *>(rstd);
    if (by_x) {
      parallel_for(s->rows, grain(n), [=](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
          row_backward<T>(*s, row, g + row * n, in + row * n, m[row], r[row], static_cast<const C *>(weight),
                          static_cast<T *>(by_x) + row * n);
        }
      });
    }
    if (by_weight || by_bias) {
      parallel_for(s->groups * s->blocks, grain(s->rows / s->groups * s->inner), [=](int64_t begin, int64_t end) {
        row_parameters<T>(*s, begin, end, g, in, m, r, static_cast<C *>(by_weight), static_cast<C *>(by_bias));
      });
    }
  });
}

bool ChannelMoments(const tk_channels *s, const void *x, void *mean, void *variance) {
  return dispatch_floating(s->dtype, [=](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(s->channels, grain(s->n * s->inner), [=](int64_t begin, int64_t end) {
      moments<T>(*s, begin, end, static_cast<const T *>(x), static_cast<compute<T> *>(mean),
                 static_cast<compute<T> *>(variance));
    });
  });
}

bool ChannelAffine(const tk_channels *s, const void *x, const void *scale, const void *shift, void *y) {
  return dispatch_floating(s->dtype, [=](auto tag) {
    using T = typename decltype(tag)::type;
    const int64_t planes = s->inner == 1 ? s->n : s->n * s->channels;
    parallel_for(planes, grain(s->inner == 1 ? s->channels : s->inner), [=](int64_t begin, int64_t end) {
      affine<T>(*s, begin, end, static_cast<const T *>(x), static_cast<const compute<T> *>(scale),
                static_cast<const compute<T> *>(shift), static_cast<T *>(y));
    });
  });
}

bool ChannelSums(const tk_channels *s, const void *gradient, const void *x, const void *mean, void *sum, void *dot) {
  return dispatch_floating(s->dtype, [=](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(s->channels, grain(s->n * s->inner), [=](int64_t begin, int64_t end) {
      sums<T>(*s, begin, end, static_cast<const T *>(gradient), static_cast<const T *>(x),
              static_cast<const compute<T> *>(mean), static_cast<compute<T> *>(sum), static_cast<compute<T> *>(dot));
    });
  });
}

bool ChannelBackward(const tk_channels *s, const void *gradient, const void *x, const void *mean, const void *offset,
                     const void *slope, const void *scale, void *by_x) {
  return dispatch_floating(s->dtype, [=](auto tag) {
    using T = typename decltype(tag)::type;
    using C = compute<T>;
    const int64_t planes = s->inner == 1 ? s->n : s->n * s->channels;
    parallel_for(planes, grain(s->inner == 1 ? s->channels : s->inner), [=](int64_t begin, int64_t end) {
      channel_backward<T>(*s, begin, end, static_cast<const T *>(gradient), static_cast<const T *>(x),
                          static_cast<const C *>(mean), static_cast<const C *>(offset), static_cast<const C *>(slope),
                          static_cast<const C *>(scale), static_cast<T *>(by_x));
    });
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tk {
HWY_EXPORT(RowNorm);
HWY_EXPORT(RowNormBackward);
HWY_EXPORT(ChannelMoments);
HWY_EXPORT(ChannelAffine);
HWY_EXPORT(ChannelSums);
HWY_EXPORT(ChannelBackward);
}  // namespace tk

bool tk_row_norm(const tk_rows *s, double eps, const void *x, const void *weight, const void *bias, void *y, void *mean,
                 void *rstd) {
  using namespace tk;
  return HWY_DYNAMIC_DISPATCH(RowNorm)(s, eps, x, weight, bias, y, mean, rstd);
}

bool tk_row_norm_backward(const tk_rows *s, const void *gradient, const void *x, const void *mean, const void *rstd,
                          const void *weight, void *by_x, void *by_weight, void *by_bias) {
  using namespace tk;
  return HWY_DYNAMIC_DISPATCH(RowNormBackward)(s, gradient, x, mean, rstd, weight, by_x, by_weight, by_bias);
}

bool tk_channel_moments(const tk_channels *s, const void *x, void *mean, void *variance) {
  using namespace tk;
  return HWY_DYNAMIC_DISPATCH(ChannelMoments)(s, x, mean, variance);
}

bool tk_channel_affine(const tk_channels *s, const void *x, const void *scale, const void *shift, void *y) {
  using namespace tk;
  return HWY_DYNAMIC_DISPATCH(ChannelAffine)(s, x, scale, shift, y);
}

bool tk_channel_sums(const tk_channels *s, const void *gradient, const void *x, const void *mean, void *sum, void *dot) {
  using namespace tk;
  return HWY_DYNAMIC_DISPATCH(ChannelSums)(s, gradient, x, mean, sum, dot);
}

bool tk_channel_backward(const tk_channels *s, const void *gradient, const void *x, const void *mean,
                         const void *offset, const void *slope, const void *scale, void *by_x) {
  using namespace tk;
  return HWY_DYNAMIC_DISPATCH(ChannelBackward)(s, gradient, x, mean, offset, slope, scale, by_x);
}
#endif
