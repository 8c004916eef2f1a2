// Linear layers with int8 weights and activations quantized as they come.
//
// Goals, in order: the numbers of PyTorch's quantize_dynamic (FBGEMM: unsigned activations of 7 bits, symmetric weights);
// no packing, so that weights are used where the file has put them; the speed of AVX-512's dot products of bytes.
//     y[i][j] = s * w_scale[j] * (sum_l q[i][l] * w[j][l] - zero * sum_l w[j][l]) + bias[j]
// A block of 4 rows of q and 4 of w shares its loads; sums are of 32 bits, so that nothing saturates.
// Reference: Jacob et al., Quantization and Training of Neural Networks, 2018.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tk_int8.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "tk_elements.h"
#include "tk_int8.h"

HWY_BEFORE_NAMESPACE();
namespace tk {
namespace HWY_NAMESPACE {
namespace {

struct Problem {
  int64_t m, n, k;
  const uint8_t *x;
  tk_activation_scale scale;
  const int8_t *w;
  const float *w_scales;
  const int32_t *sums;
  const float *bias;
  float *y;
};

// The dot products of R rows of x with C rows of w.
template <int R, int C>
HWY_INLINE void dots(int64_t k, const uint8_t *x, const int8_t *w, int32_t out[R][C]) {
#if HWY_TARGET <= HWY_AVX3_DL
  __m512i sums[R][C];
  for (int r = 0; r < R; r++) {
    for (int c = 0; c < C; c++) sums[r][c] = _mm512_setzero_si512();
  }
  for (int64_t l = 0; l < k; l += 64) {
    const __mmask64 mask = k - l >= 64 ? ~0ull : (1ull << (k - l)) - 1;
    __m512i columns[C];
    for (int c = 0; c < C; c++) columns[c] = _mm512_maskz_loadu_epi8(mask, w + c * k + l);
    for (int r = 0; r < R; r++) {
      const __m512i row = _mm512_maskz_loadu_epi8(mask, x + r * k + l);
      for (int c = 0; c < C; c++) sums[r][c] = _mm512_dpbusd_epi32(sums[r][c], row, columns[c]);
    }
  }
  for (int r = 0; r < R; r++) {
    for (int c = 0; c < C; c++) out[r][c] = _mm512_reduce_add_epi32(sums[r][c]);
  }
#else
  // The compiler's vectoriser makes multiply-add instructions of it.
  for (int r = 0; r < R; r++) {
    for (int c = 0; c < C; c++) {
      int32_t sum = 0;
      for (int64_t l = 0; l < k; l++) sum += int16_t(x[r * k + l]) * int16_t(w[c * k + l]);
      out[r][c] = sum;
    }
  }
#endif
}

template <int R, int C>
HWY_INLINE void block(const Problem &p, int64_t i, int64_t j) {
  int32_t products[R][C];
  dots<R, C>(p.k, p.x + i * p.k, p.w + j * p.k, products);
  for (int r = 0; r < R; r++) {
    for (int c = 0; c < C; c++) {
      const int32_t sum = products[r][c] - p.scale.zero_point * p.sums[j + c];
      const float value = static_cast<float>(sum) * (p.scale.scale * p.w_scales[j + c]);
      p.y[(i + r) * p.n + j + c] = p.bias ? value + p.bias[j + c] : value;
    }
  }
}

template <int C>
void columns(const Problem &p, int64_t j) {
  int64_t i = 0;
  for (; i + 4 <= p.m; i += 4) block<4, C>(p, i, j);
  for (; i < p.m; i++) block<1, C>(p, i, j);
}

void linear(int64_t m, int64_t n, int64_t k, const uint8_t *x, tk_activation_scale s, const int8_t *w,
            const float *w_scales, const int32_t *sums, const float *bias, float *y) {
  const Problem p{m, n, k, x, s, w, w_scales, sums, bias, y};
  const int64_t groups = (p.n + 3) / 4;
  // A thread's share is worth waking it for.
  const int64_t grain = std::max<int64_t>(1, 262144 / (4 * p.m * p.k + 1));
  parallel_for(groups, grain, [&](int64_t begin, int64_t end) HWY_ATTR {
    for (int64_t group = begin; group < end; group++) {
      int64_t j = group * 4;
      if (j + 4 <= p.n) {
        columns<4>(p, j);
      } else {
        for (; j < p.n; j++) columns<1>(p, j);
      }
    }
  });
}

tk_activation_scale scale(const float *x, int64_t count) {
  float low = 0, high = 0;
  for (int64_t i = 0; i < count; i++) {
    // Comparisons with NaN are false, and infinities have no scale.
    const float v = std::fabs(x[i]) <= 3.4028235e38f ? x[i] : 0;
    low = v < low ? v : low;
    high = v > high ? v : high;
  }
  double step = (static_cast<double>(high) - low) / 127;
  if (static_cast<float>(step) == 0 || std::isinf(1 / static_cast<float>(step))) step = 0.1;
  // Zero has to be a value exactly; of the two ends, the one that this moves less decides.
  const double from_low = 0 - low / step, from_high = 127 - high / step;
  const double low_error = 0 + std::fabs(low / step), high_error = 127 + std::fabs(high / step);
  const double initial = low_error < high_error ? from_low : from_high;
  const double nudged = std::min(127.0, std::max(0.0, std::nearbyint(initial)));
  return {static_cast<float>(step), static_cast<int32_t>(nudged)};
}

void quantize(tk_activation_scale s, const float *x, int64_t count, uint8_t *q) {
  const float inverse = 1 / s.scale, zero = static_cast<float>(s.zero_point);
  for (int64_t i = 0; i < count; i++) {
    const float v = std::fabs(x[i]) <= 3.4028235e38f ? x[i] : 0;
    const float rounded = __builtin_nearbyintf(v * inverse + zero);
    q[i] = static_cast<uint8_t>(static_cast<int32_t>(std::min(255.0f, std::max(0.0f, rounded))));
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tk {
HWY_EXPORT(linear);
HWY_EXPORT(scale);
HWY_EXPORT(quantize);
}  // namespace tk

using namespace tk;

tk_activation_scale tk_int8_scale(const float *x, int64_t count) { return HWY_DYNAMIC_DISPATCH(scale)(x, count); }

void tk_int8_quantize(tk_activation_scale s, const float *x, int64_t count, uint8_t *q) {
  HWY_DYNAMIC_DISPATCH(quantize)(s, x, count, q);
}

void tk_int8_linear(int64_t m, int64_t n, int64_t k, const uint8_t *x, tk_activation_scale s, const int8_t *w,
                    const float *w_scales, const int32_t *sums, const float *bias, float *y) {
  HWY_DYNAMIC_DISPATCH(linear)(m, n, k, x, s, w, w_scales, sums, bias, y);
}
#endif
