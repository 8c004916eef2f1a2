// Dynamic quantization: products of activations, quantized as they come, with int8 weights.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// x ~ (q - zero_point) * scale, with q of 0 ... 127.
typedef struct tk_activation_scale {
  float scale;
  int32_t zero_point;
} tk_activation_scale;

// The scale that covers the `count` values of x, and zero. Values that are not finite count as zero.
tk_activation_scale tk_int8_scale(const float *x, int64_t count);

// q of [m][k] from x of [m][k].
void tk_int8_quantize(tk_activation_scale scale, const float *x, int64_t count, uint8_t *q);

// y of [m][n] = (x of [m][k], quantized) times (w of [n][k], with a scale each row) + bias of [n] (may be NULL).
// `sums` are those of the rows of w.
void tk_int8_linear(int64_t m, int64_t n, int64_t k, const uint8_t *x, tk_activation_scale scale, const int8_t *w,
                    const float *w_scales, const int32_t *sums, const float *bias, float *y);

#ifdef __cplusplus
}
#endif
