// Ordering along one dimension: sort, topk, kthvalue, median, mode. NaN is the greatest value, as in PyTorch.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// Inputs are contiguous (outer, n, inner); so are outputs, with n replaced by their own length. Indices are int64 and
// count along the dimension; every indices pointer may be NULL. Complex numbers have no order: false is returned.

// The result is always stable, so PyTorch's `stable` needs no flag.
bool tk_sort(tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, bool descending, const void *in, void *out,
             int64_t *indices);
// The k largest (or smallest), in order where `sorted`; of equal ones PyTorch's. values and indices are (outer, k, inner).
bool tk_topk(tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, int64_t k, bool largest, bool sorted,
             const void *in, void *values, int64_t *indices);
// The k-th smallest, k from 1. values and indices are (outer, inner).
bool tk_kthvalue(tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, int64_t k, const void *in, void *values,
                 int64_t *indices);
// The lower median. A NaN makes the result NaN, unless ignore_nan: then it is the median of the others.
bool tk_median(tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, bool ignore_nan, const void *in, void *values,
               int64_t *indices);
// The smallest of the most frequent values, with the index of its last occurrence (which one PyTorch gives is open).
bool tk_mode(tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *in, void *values, int64_t *indices);

// Runs of equal neighbours of n contiguous elements: out (room for n) gets one of each, inverse (n) the run of each
// element, counts (room for n) the length of each run; the latter two may be NULL. Returns the number of runs.
int64_t tk_unique_consecutive(tk_dtype dtype, int64_t n, const void *in, void *out, int64_t *inverse, int64_t *counts);
// The sorted distinct elements, likewise. -1 when the dtype has no order. Every NaN is distinct.
int64_t tk_unique(tk_dtype dtype, int64_t n, const void *in, void *out, int64_t *inverse, int64_t *counts);

// Positions (int64) in sorted boundaries at which values would be inserted: rows of nboundaries, rows of nvalues;
// boundary_row_stride is 0 when all rows share one sequence. sorter (rows as the boundaries) may be NULL.
bool tk_searchsorted(tk_dtype dtype, int64_t rows, int64_t nboundaries, int64_t boundary_row_stride,
                     const void *boundaries, const int64_t *sorter, int64_t nvalues, const void *values, bool right,
                     int64_t *out);

// out[v] += 1, or += weights[i], for each of n int64 values; out is int64 without weights, else float64 with float64
// weights, and zeroed by the caller. Values were checked to be in 0..<bins.
void tk_bincount(int64_t n, const int64_t *values, const double *weights, int64_t bins, void *out);
// Counts of n contiguous elements in equal bins of [low, high], the last one closed; others are ignored. out has the
// dtype (float32 or float64) of in.
bool tk_histc(tk_dtype dtype, int64_t n, const void *in, int64_t bins, double low, double high, void *out);

#ifdef __cplusplus
}
#endif
