// The parts of a reduction: a kernel accumulates columns of a matrix, the driver in tk_reduce.cpp cuts any strided
// reduction into such matrices.
#pragma once
#include "tk_reduce.h"
#include "tk_elements.h"

namespace tk {

// Most columns that a state holds.
constexpr int kColumns = 512;

// What finish does with the accumulators.
enum class Finish { value, mean, root, power, index, variance, deviation };

struct ReduceCall {
  Finish finish;
  tk_dtype out_dtype;
  double parameter;
};

struct ReduceOutput {
  char *out, *out2;  // out2 may be null
  int64_t stride, stride2;
};

struct ReduceKernel {
  size_t state_bytes;
  bool uses_index, uses_count;
  void (*init)(void *state, int columns);
  // Accumulates rows of `columns` contiguous elements each. Element (r, j) has the index base + r * step + lane[j];
  // every column has seen `count` elements before.
  void (*accumulate)(void *state, const char *in, int64_t rows, int64_t row_stride, int columns, int64_t count,
                     int64_t base, int64_t step, const int64_t *lane, double parameter);
  // Columns [at, at + n) of state take in those of other from other_at on.
  void (*merge)(void *state, int at, const void *other, int other_at, int n, int64_t count, int64_t other_count);
  void (*finish)(const void *state, int columns, int64_t count, const ReduceCall &call, const ReduceOutput &output);
};

// The forms of a sum, of a product and of an order statistic. Each finds null for a dtype it does not know.
enum class SumOf { value, finite_value, nonzero, magnitude, square, power };
const ReduceKernel *find_sum(SumOf of, tk_dtype in);
const ReduceKernel *find_product(tk_dtype in);
const ReduceKernel *find_variance(tk_dtype in);
const ReduceKernel *find_logsumexp(tk_dtype in);
enum class Extremum { max, min, max_index, min_index, min_max, max_magnitude, min_magnitude, all, any };
const ReduceKernel *find_extremum(Extremum of, tk_dtype in);

}  // namespace tk
