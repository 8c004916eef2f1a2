// Elementwise loops: one functor per operation in C++, found by name once, then called through a pointer.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// An inner loop over n elements. Operand 0 is the output; strides are in bytes (0: broadcast).
typedef void (*tk_loop)(int64_t n, char *const *operands, const int64_t *strides, const tk_scalar *params);

// Names are aten's base names; parameters are read from params in the order of aten's scalar arguments:
//   add_scaled, sub_scaled, rsub_scaled, addcmul, addcdiv      alpha or value
//   clamp min max; clamp_min min; clamp_max max; threshold threshold value; hardtanh min max; leaky_relu slope
//   elu, elu_backward, elu_backward_result                     alpha scale input_scale; celu alpha
//   softplus, softplus_backward                                beta threshold
//   softshrink, hardshrink, shrink_backward                    lambda; logit, logit_backward: eps, below zero for none
//   nan_to_num                                                 nan posinf neginf; polygamma n
//   round_decimals                                             10^|decimals|, and 1 if decimals is negative, else 0
//   smooth_l1 beta; huber delta; *_loss derivatives mse_backward, bce_backward, bce_with_logits_backward: factor;
//   smooth_l1_backward, huber_backward                         factor, then beta or delta
// Derivatives take (gradient, input), tanh_, sigmoid_ and elu_backward_result (gradient, result), those of losses
// (gradient, input, target). where takes (bool, a, b) and is found by the type of a and b.
// Integer div_trunc, div_floor, floor_divide, remainder and fmod: params is NULL, or params[0].i is the address of an
// int32_t that a division by zero sets to 1.
// NULL when there is no such operation for operands of that dtype. The output dtype is the input's,
// bool for comparisons and predicates, the real dtype for abs/real/imag/angle of complex input.
tk_loop tk_find_map(const char *name, tk_dtype input);
tk_loop tk_find_cast(tk_dtype from, tk_dtype to);  // with PyTorch's conversion rules

// Runs a loop over operands of the same sizes. strides[k] points at ndim byte strides of operand k.
// Collapses and reorders dimensions, and splits the work over the pool when it is large.
void tk_run_map(tk_loop loop, int ndim, const int64_t *sizes, int noperands, void *const *pointers,
                const int64_t *const *strides, const tk_scalar *params);

// n contiguous elements: one value; start + i * step (PyTorch's arange, for real types).
void tk_fill(void *p, int64_t n, tk_dtype dtype, tk_scalar value);
void tk_arange(void *p, int64_t n, tk_dtype dtype, tk_scalar start, tk_scalar step);

#ifdef __cplusplus
}
#endif
