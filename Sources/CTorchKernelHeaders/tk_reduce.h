// Reductions over any set of dimensions of a strided tensor.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// A reduction resolved once by name and dtypes, then run through its pointer.
typedef struct tk_reduction tk_reduction;

// NULL when there is no such reduction for that pair of dtypes.
//
//   name                             out dtype                        params, second output
//   sum nansum prod                  any (int64 for integral input)
//   mean                             floating or complex
//   max min                          that of in (bool too)            NaN wins
//   max_with_index min_with_index    that of in                       second output: int64, first occurrence
//   argmax argmin                    int64
//   aminmax                          that of in                       out is the minimum, second the maximum
//   all any                          bool (uint8 for uint8 input)
//   count_nonzero                    int64
//   norm                             real floating                    params[0].re is p: any real, +-infinity
//   sum_of_squares                   real floating                    |x|^2 for complex input
//   var std                          real floating                    params[0].re is the correction
//   var_mean std_mean                real floating                    the same; second output: mean (dtype of out;
//                                                                     the real types only)
//   logsumexp                        floating
//
// The input is converted to the accumulator (float32 for the 16-bit floats, int64 for integers) as it is read,
// so out may be another dtype than in: float16 -> float32, int32 -> float32 and so on.
const tk_reduction *tk_find_reduction(const char *name, tk_dtype in, tk_dtype out);

// Runs r. The kept dimensions have sizes and byte strides in the input and in the output(s); the reduced ones have
// sizes and byte strides in the input. Indices count the elements of the reduced dimensions in row-major order, as
// those are listed. out2 is NULL when there is no second output; otherwise keep_out2_strides are its strides.
// An empty range gives the identity (sum 0, prod 1, all true, any false, norm 0, mean and var NaN, logsumexp
// -infinity); max, min and their relatives have none: the caller refuses those before.
void tk_run_reduction(const tk_reduction *r,
                      int nkeep, const int64_t *keep_sizes, const int64_t *keep_in_strides,
                      const int64_t *keep_out_strides, const int64_t *keep_out2_strides,
                      int nreduce, const int64_t *reduce_sizes, const int64_t *reduce_in_strides,
                      const void *in, void *out, void *out2, const tk_scalar *params);

#ifdef __cplusplus
}
#endif
