// Elementwise loops: one functor per operation in C++, found by name once, then called through a pointer.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// An inner loop over n elements. Operand 0 is the output; strides are in bytes (0: broadcast).
typedef void (*tk_loop)(int64_t n, char *const *operands, const int64_t *strides, const tk_scalar *params);

// NULL when there is no such operation for operands of that dtype. The output dtype is the input's,
// bool for comparisons and predicates, the real dtype for abs/real/imag/angle of complex input.
tk_loop tk_find_map(const char *name, tk_dtype input);
tk_loop tk_find_cast(tk_dtype from, tk_dtype to);  // with PyTorch's conversion rules

// Runs a loop over operands of the same sizes. strides[k] points at ndim byte strides of operand k.
// Collapses and reorders dimensions, and splits the work over the pool when it is large.
void tk_run_map(tk_loop loop, int ndim, const int64_t *sizes, int noperands, void *const *pointers,
                const int64_t *const *strides, const tk_scalar *params);

// Sets n contiguous elements to one value.
void tk_fill(void *p, int64_t n, tk_dtype dtype, tk_scalar value);
// start + i * step, computed in the dtype's accumulation type.
void tk_arange(void *p, int64_t n, tk_dtype dtype, tk_scalar start, tk_scalar step);

#ifdef __cplusplus
}
#endif
