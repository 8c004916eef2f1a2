// Softmax and its logarithm over one dimension, forward and backward.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// All arrays are contiguous (outer, n, inner); n is the dimension of the softmax. float16, bfloat16, float32, float64.
// Each returns false when there is no kernel for that dtype.
bool tk_softmax(bool logarithm, tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *in, void *out);

// softmax:     grad_in = out * (grad - sum(grad * out))
// log_softmax: grad_in = grad - exp(out) * sum(grad)
bool tk_softmax_backward(bool logarithm, tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *grad,
                         const void *out, void *grad_in);

#ifdef __cplusplus
}
#endif
