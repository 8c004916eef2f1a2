// Common types of the CPU kernels: dtype codes, the thread pool, the allocator.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// PyTorch's ScalarType codes, so that archives and boxed calls need no translation.
typedef enum tk_dtype {
  TK_UINT8 = 0, TK_INT8 = 1, TK_INT16 = 2, TK_INT32 = 3, TK_INT64 = 4,
  TK_FLOAT16 = 5, TK_FLOAT32 = 6, TK_FLOAT64 = 7,
  TK_COMPLEX64 = 9, TK_COMPLEX128 = 10, TK_BOOL = 11, TK_BFLOAT16 = 15
} tk_dtype;

#define TK_MAX_DIMS 12
#define TK_MAX_OPERANDS 5

// A scalar argument of a kernel (alpha, min, max, ...), in each of the forms a kernel may want.
typedef struct tk_scalar { double re, im; int64_t i; } tk_scalar;

// ---- thread pool: the OpenMP runtime that OpenBLAS and oneDNN already bring (libgomp) ----
typedef void (*tk_range_fn)(void *context, int64_t begin, int64_t end);
// Splits [0, n) over the pool; runs on the calling thread when n <= grain, when called inside a
// parallel region, or when the thread was marked serial.
void tk_parallel_for(int64_t n, int64_t grain, tk_range_fn fn, void *context);
int tk_num_threads(void);
void tk_set_num_threads(int n);
// Marks the calling thread (a data-loading worker, say) as one that never starts parallel regions.
void tk_set_thread_serial(bool serial);

// ---- bounded caching allocator, 64-byte aligned ----
void *tk_alloc(size_t bytes);               // NULL when the system has no memory left
void tk_free(void *p, size_t bytes);        // same byte count as given to tk_alloc
typedef struct tk_alloc_stats { int64_t in_use, cached, peak, limit, hits, misses; } tk_alloc_stats;
tk_alloc_stats tk_allocator_stats(void);
void tk_allocator_set_limit(int64_t bytes); // most bytes kept cached
void tk_allocator_empty_cache(void);
void tk_allocator_reset_peak(void);

#ifdef __cplusplus
}
#endif
