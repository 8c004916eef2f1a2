// Pooling over windows that are given by where they begin and end: average, adaptive and fractional pooling.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// The windows along one dimension: result j is made of the inputs in low[j]..<high[j], and is divided by count[j] (means
// only). Windows that differ from plane to plane follow each other, `plane_stride` apart; else that is 0.
typedef struct tk_windows {
  int64_t n_in, n_out;
  const int64_t *low, *high, *count;
  int64_t plane_stride;
} tk_windows;

// `windows` has three dimensions; a dimension that is not there has one window of one element. Inputs and outputs are
// contiguous: (planes, n_in…) and (planes, n_out…). Each function returns false for a dtype it does not take.

// Means over windows: sums divided by the product of counts, or by `divisor` where it is not 0. An empty window gives 0.
// Floats and int64.
bool tk_window_mean(tk_dtype dtype, int64_t planes, const tk_windows *windows, int64_t divisor, const void *in, void *out);
// The gradient of the input from that of the output.
bool tk_window_mean_backward(tk_dtype dtype, int64_t planes, const tk_windows *windows, int64_t divisor,
                             const void *gradient, void *by_input);
// Maxima over windows and their flat positions in the plane. The last NaN wins.
bool tk_window_max(tk_dtype dtype, int64_t planes, const tk_windows *windows, const void *in, void *out,
                   int64_t *indices);

#ifdef __cplusplus
}
#endif
