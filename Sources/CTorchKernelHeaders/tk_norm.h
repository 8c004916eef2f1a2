// Normalization: of rows (layers, groups) and of channels (batches).
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// Statistics, weights and biases are of the dtype that is computed in: float64 for float64, else float32. Each function
// returns false for a dtype that is not floating.

// x is (rows, blocks, inner), each row normalized by itself: y = (x - mean) * rstd * weight + bias. The weight of an element
// is number `row % groups * blocks + block`; weight and bias may be NULL. A layer's rows have groups 1 and inner 1,
// a group's are (n, group) with blocks channels of `inner` elements.
typedef struct tk_rows {
  tk_dtype dtype;
  int64_t rows, groups, blocks, inner;
} tk_rows;

// Writes mean and rstd = 1 / sqrt(var + eps), one for each row.
bool tk_row_norm(const tk_rows *shape, double eps, const void *x, const void *weight, const void *bias, void *y,
                 void *mean, void *rstd);
// Gradients of x, weight and bias; each may be NULL.
bool tk_row_norm_backward(const tk_rows *shape, const void *gradient, const void *x, const void *mean, const void *rstd,
                          const void *weight, void *by_x, void *by_weight, void *by_bias);

// x is (n, channels, inner).
typedef struct tk_channels {
  tk_dtype dtype;
  int64_t n, channels, inner;
} tk_channels;

// The mean and the biased variance of each channel.
bool tk_channel_moments(const tk_channels *shape, const void *x, void *mean, void *variance);
// y = x * scale + shift for each channel.
bool tk_channel_affine(const tk_channels *shape, const void *x, const void *scale, const void *shift, void *y);
// sum = Σ gradient, dot = Σ gradient * (x - mean) for each channel.
bool tk_channel_sums(const tk_channels *shape, const void *gradient, const void *x, const void *mean, void *sum, void *dot);
// by_x = ((gradient - offset) - (x - mean) * slope) * scale for each channel.
bool tk_channel_backward(const tk_channels *shape, const void *gradient, const void *x, const void *mean,
                         const void *offset, const void *slope, const void *scale, void *by_x);

#ifdef __cplusplus
}
#endif
