// Running reductions along one dimension.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// name: cumsum, cumprod, logcumsumexp, cummax, cummin. in, out and indices are contiguous (outer, n, inner).
// The dtype of in and out is one; indices (int64) are written by cummax and cummin only (the last occurrence, as
// PyTorch) and may be NULL. Returns false when there is no such scan for that dtype.
bool tk_scan(const char *name, tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *in, void *out,
             int64_t *indices);

#ifdef __cplusplus
}
#endif
