// Discrete Fourier transforms along one dimension, of any length, in float32 and float64.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// What goes in and comes out. n is the length of the transform: the real side has n elements, the half that a real
// signal's spectrum is known by has n / 2 + 1.
typedef enum tk_fft_kind { TK_FFT_COMPLEX, TK_FFT_REAL_TO_HALF, TK_FFT_HALF_TO_REAL } tk_fft_kind;

// Transforms every line along one dimension: y[k] = scale * sum_j x[j] exp(∓2πi jk / n), minus when forward. The other
// dimensions have `sizes`; all strides count elements of their own side's type. in and out may be the same for
// TK_FFT_COMPLEX. HALF_TO_REAL ignores the imaginary parts that must be zero, and is forward or backward alike.
void tk_fft(tk_fft_kind kind, bool is_double, int32_t rank, const int64_t *sizes, const int64_t *in_strides,
            const int64_t *out_strides, int64_t n, int64_t in_step, int64_t out_step, const void *in, void *out,
            bool forward, double scale);

#ifdef __cplusplus
}
#endif
