// Interpolation: one dimension at a time from a table of weights, or at any positions (grid sampling).
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// Where each of n_out results of one dimension comes from: the `offsets[j + 1] - offsets[j]` inputs from `starts[j]` on,
// with the weights from `offsets[j]` on.
typedef struct tk_resample_table {
  int64_t n_in, n_out;
  const int64_t *starts, *offsets;
  const double *weights;
} tk_resample_table;

// out (outer, n_out, inner) from in (outer, n_in, inner), both contiguous. 16-bit floats may go to or come from float32,
// the type that steps between two dimensions are held in; otherwise both dtypes are the same. False for other dtypes.
bool tk_resample(tk_dtype in_dtype, tk_dtype out_dtype, int64_t outer, int64_t inner, const tk_resample_table *table,
                 const void *in, void *out);
// The same for bytes, rounded: `weights` are integers, scaled by 2^precision.
void tk_resample_bytes(int64_t outer, int64_t inner, const tk_resample_table *table, int32_t precision,
                       const uint8_t *in, uint8_t *out);
// Picks input `starts[j]` for each result, whatever the elements are.
void tk_resample_pick(size_t item_size, int64_t outer, int64_t inner, const tk_resample_table *table, const void *in,
                      void *out);

typedef enum tk_grid_mode { TK_GRID_LINEAR, TK_GRID_NEAREST, TK_GRID_CUBIC } tk_grid_mode;
typedef enum tk_grid_padding { TK_GRID_ZEROS, TK_GRID_BORDER, TK_GRID_REFLECTION } tk_grid_padding;

// input is (n, c, size…), grid (n, points, rank) with positions in -1…1, the last dimension's first, output
// (n, c, points); all contiguous, of one floating dtype. rank is 2 or 3.
typedef struct tk_grid_problem {
  tk_dtype dtype;
  tk_grid_mode mode;
  tk_grid_padding padding;
  bool align_corners;
  int32_t rank;
  int64_t n, c, points;
  int64_t size[3];
} tk_grid_problem;

bool tk_grid_sample(const tk_grid_problem *problem, const void *input, const void *grid, void *output);
// Gradients; by_input was zeroed, and may be NULL.
bool tk_grid_sample_backward(const tk_grid_problem *problem, const void *gradient, const void *input, const void *grid,
                             void *by_input, void *by_grid);

#ifdef __cplusplus
}
#endif
