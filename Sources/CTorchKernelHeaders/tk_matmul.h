// Matrix products of integers and booleans (floating ones are OpenBLAS's and oneDNN's).
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// c = a b (+ c when accumulate), a is (m, k), b is (k, n), c is (m, n) with rows of c contiguous and ldc elements
// apart. Strides of a and b are in elements, so transposes need no copy. Integers wrap as in PyTorch; bool is or-and.
// Returns false for a dtype other than uint8, int8, int16, int32, int64, bool.
bool tk_int_matmul(tk_dtype dtype, int64_t m, int64_t n, int64_t k,
                   const void *a, int64_t a_row_stride, int64_t a_column_stride,
                   const void *b, int64_t b_row_stride, int64_t b_column_stride,
                   void *c, int64_t ldc, bool accumulate);

#ifdef __cplusplus
}
#endif
