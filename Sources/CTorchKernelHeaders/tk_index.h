// Reading and writing by index tensors. Strides are in bytes; index tensors are int64.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// Every index is checked before any memory of the result is touched. A function that meets one outside
// [-size, size) when wrap, else [0, size), returns false and says which. Accumulation is in the order of the index, so deterministic.
typedef struct tk_bad_index {
  int64_t value;     // the index
  int64_t position;  // where in its index tensor, row-major
  int64_t size;      // the size that it must stay below
  int operand;       // which index tensor (tk_index_get, tk_index_put)
} tk_bad_index;

// How an element that is written meets the one that is there.
typedef enum tk_combine {
  TK_SET = 0, TK_ADD = 1, TK_MULTIPLY = 2, TK_MEAN = 3, TK_AMAX = 4, TK_AMIN = 5
} tk_combine;

// out[i][j][k] = in[i][index[i][j][k]][k] for dim 1. sizes are those of index and out; dim_size is in's along dim.
bool tk_gather(size_t element_size, int ndim, const int64_t *sizes, int dim, int64_t dim_size,
               const void *in, const int64_t *in_strides, const int64_t *index, const int64_t *index_strides,
               void *out, const int64_t *out_strides, tk_bad_index *bad);

// out[i][index[i][j][k]][k] = combine(that, src[i][j][k]); sizes are those of index. A scalar src has strides 0.
// With include_self false the elements of out that are written to start from the identity of combine.
// TK_MEAN divides by the number of contributions. False with bad->operand < 0: no such combine for the dtype.
bool tk_scatter(tk_combine combine, bool include_self, tk_dtype dtype, int ndim, const int64_t *sizes, int dim,
                int64_t dim_size, void *out, const int64_t *out_strides, const int64_t *index,
                const int64_t *index_strides, const void *src, const int64_t *src_strides, tk_bad_index *bad);

// out = in taken at index along dim. sizes are out's (sizes[dim] is the number of indices).
bool tk_index_select(size_t element_size, int ndim, const int64_t *sizes, int dim, int64_t dim_size,
                     const void *in, const int64_t *in_strides, const int64_t *index, int64_t index_stride,
                     void *out, const int64_t *out_strides, bool wrap, tk_bad_index *bad);

// out at index[j] along dim = combine(that, alpha * source at j). sizes are source's. TK_SET is index_copy; TK_ADD is
// index_add and the only one that heeds alpha (NULL: 1); the others are index_reduce. index_fill is TK_SET with
// strides of 0.
bool tk_index_combine(tk_combine combine, bool include_self, tk_dtype dtype, int ndim, const int64_t *sizes, int dim,
                      int64_t dim_size, void *out, const int64_t *out_strides, const int64_t *index,
                      int64_t index_stride, const void *source, const int64_t *source_strides,
                      const tk_scalar *alpha, bool wrap, tk_bad_index *bad);

// Advanced indexing. The iteration has ndim sizes. Over it run the values, the indexed tensor (stride 0 along the
// dimensions that index tensors drive) and k index tensors (all broadcast to it); index tensor i selects along a
// dimension of indexed_sizes[i] with byte stride indexed_strides[i].
//   get: values = tensor[..., indices, ...]     put: tensor[..., indices, ...] = values, or += when accumulate
bool tk_index_get(size_t element_size, int ndim, const int64_t *sizes, const void *tensor,
                  const int64_t *tensor_strides, int k, const int64_t *const *indices,
                  const int64_t *const *index_strides, const int64_t *indexed_sizes, const int64_t *indexed_strides,
                  void *values, const int64_t *value_strides, bool wrap, tk_bad_index *bad);
bool tk_index_put(bool accumulate, tk_dtype dtype, int ndim, const int64_t *sizes, void *tensor,
                  const int64_t *tensor_strides, int k, const int64_t *const *indices,
                  const int64_t *const *index_strides, const int64_t *indexed_sizes, const int64_t *indexed_strides,
                  const void *values, const int64_t *value_strides, bool wrap, tk_bad_index *bad);

// take and put_ over flat tensors: elements of the tensor of total elements are addressed by its sizes and strides.
bool tk_take(size_t element_size, int ndim, const int64_t *sizes, const int64_t *strides, const void *tensor,
             int64_t n, const int64_t *index, void *out, tk_bad_index *bad);
bool tk_put(bool accumulate, tk_dtype dtype, int ndim, const int64_t *sizes, const int64_t *strides, void *tensor,
            int64_t n, const int64_t *index, const void *source, tk_bad_index *bad);

// Masks are bool, everything is contiguous and of n elements.
int64_t tk_count_true(int64_t n, const bool *mask);
// out gets the tk_count_true(n, mask) chosen elements.
void tk_masked_select(size_t element_size, int64_t n, const void *in, const bool *mask, void *out);
// The chosen elements of out get those of source in order; false when source has too few (nothing is written then).
bool tk_masked_scatter(size_t element_size, int64_t n, void *out, const bool *mask, int64_t nsource,
                       const void *source);

// Coordinates of the elements that are not zero, in row-major order: first their number, then (count, ndim) int64.
int64_t tk_count_nonzero(tk_dtype dtype, int ndim, const int64_t *sizes, const int64_t *strides, const void *in);
void tk_nonzero(tk_dtype dtype, int ndim, const int64_t *sizes, const int64_t *strides, const void *in, int64_t *out);

#ifdef __cplusplus
}
#endif
