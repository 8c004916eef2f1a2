// Bags of rows of a table: their sums, means or maxima.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tk_bag_mode { TK_BAG_SUM, TK_BAG_MEAN, TK_BAG_MAX } tk_bag_mode;

// out (bags, dim) from the rows `indices[bounds[b]..<bounds[b + 1]]` of weight (…, dim). Rows `padding` are left out
// (-1: none), rows are multiplied by `factors`, one for each index, unless that is NULL. `sizes` gets how many rows each
// bag has, `places` (bags, dim), for maxima, which row each came from. An empty bag gives 0. Indices were checked.
bool tk_embedding_bag(tk_dtype dtype, tk_bag_mode mode, int64_t bags, int64_t dim, const int64_t *bounds,
                      const int64_t *indices, int64_t padding, const void *weight, const void *factors, void *out,
                      int64_t *sizes, int64_t *places);

#ifdef __cplusplus
}
#endif
