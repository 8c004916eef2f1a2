// Convolution, pooling, normalization and products of the CPU backend, on oneDNN, behind a C interface.
//
// Goals, in order: PyTorch's semantics; activations that stay in oneDNN's blocked layouts from layer to
// layer; nothing allocated, created or locked for long once a shape has been seen; oneDNN 2.6 and 3.x alike.
//
// How it is used: describe a problem (`tdnn_conv_problem`, …), get its plan from the cache, ask the plan for
// the layout of each operand, bring the operands into it (`tdnn_reorder`), execute, release.
//
//   tdnn_plan *plan;
//   if (tdnn_conv_plan(&problem, &plan) != TDNN_OK) { report(tdnn_error_message()); }
//   const tdnn_layout *wanted = tdnn_plan_layout(plan, TDNN_SRC);     // allocate, reorder
//   tdnn_execute(plan, &(tdnn_arguments){ .src = x, .weights = w, .bias = b, .dst = y });
//   tdnn_plan_release(plan);
//
// Every function may be called from any thread; a plan may be executed by several threads at once. Work runs on
// the calling thread's OpenMP settings: a plan is made for the number of threads its maker may use and must be
// executed with the same (`tdnn_execute` refuses otherwise; get the plan on the thread that executes it).
//
// Reference: oneDNN's developer guide, oneapi-src.github.io/oneDNN. Departures from PyTorch: none in results
// beyond rounding; float64 is not here (oneDNN has none) and is reported as TDNN_UNSUPPORTED.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tdnn_status {
  TDNN_OK = 0,
  TDNN_INVALID,        // the description contradicts itself
  TDNN_UNSUPPORTED,    // sound, but oneDNN has no kernel for it: use another path
  TDNN_OUT_OF_MEMORY,
  TDNN_FAILED          // oneDNN failed while it ran
} tdnn_status;

// Why the last call on this thread that did not return TDNN_OK (or returned NULL) failed.
// Valid until the next failing call on this thread.
const char *tdnn_error_message(void);

// PyTorch's ScalarType codes.
typedef enum tdnn_dtype {
  TDNN_UINT8 = 0, TDNN_INT8 = 1, TDNN_INT32 = 3, TDNN_FLOAT16 = 5, TDNN_FLOAT32 = 6, TDNN_BFLOAT16 = 15
} tdnn_dtype;

#define TDNN_MAX_DIMS 12

// ---- layouts ------------------------------------------------------------------------------------------------
//
// How the elements of a tensor lie in memory: by strides, or blocked (nChw16c: 16 channels side by side).
// Layouts are interned and live as long as the process: two layouts are equal when their pointers are.
typedef struct tdnn_layout tdnn_layout;

// Strides count elements; NULL stands for contiguous. NULL is returned when oneDNN cannot describe it.
const tdnn_layout *tdnn_layout_strided(
    tdnn_dtype dtype, int32_t rank, const int64_t *dims, const int64_t *strides);
// [N][C/block][spatial…][block] with block 4, 8 or 16 and rank 3 to 5.
const tdnn_layout *tdnn_layout_blocked(tdnn_dtype dtype, int32_t rank, const int64_t *dims, int32_t block);
// The same blocking with another dtype (a bool mask or a bfloat16 copy beside a blocked float32 tensor). NULL for a
// layout that is opaque.
const tdnn_layout *tdnn_layout_with_dtype(const tdnn_layout *layout, tdnn_dtype dtype);

typedef struct tdnn_layout_info {
  tdnn_dtype dtype;
  int32_t rank;
  int64_t dims[TDNN_MAX_DIMS];
  int64_t bytes;           // to allocate, padding included
  int64_t padded_count;    // elements in those bytes: what an elementwise loop over the raw bytes visits
  // Strided: described by `strides`, no blocks. Not strided: `strides` are zero.
  bool is_strided;
  int64_t strides[TDNN_MAX_DIMS];
  // Channels (or other dimensions) are padded to whole blocks. oneDNN's kernels rely on the padding being zero, so an
  // elementwise loop over the raw bytes must be one that maps 0 to 0, or be followed by `tdnn_zero_padding`.
  bool has_padding;
  // Blocked in dimension 1 alone and otherwise contiguous ([N][C/block][spatial…][block]), the usual layout of an
  // activation: the block's size, else 0. Such layouts can be walked by hand.
  int32_t channel_block;
  // Not describable by blocks and strides (Winograd-transformed weights): only the plan that asked for it reads it.
  bool is_opaque;
} tdnn_layout_info;
void tdnn_layout_get_info(const tdnn_layout *layout, tdnn_layout_info *info);

// Copies between two layouts of the same dims; converts the dtype as well.
tdnn_status tdnn_reorder(
    const tdnn_layout *src_layout, const void *src, const tdnn_layout *dst_layout, void *dst);
tdnn_status tdnn_zero_padding(const tdnn_layout *layout, void *data);

// ---- plans --------------------------------------------------------------------------------------------------

// A compiled operation with its kernel, operand layouts and scratch size.
typedef struct tdnn_plan tdnn_plan;
tdnn_plan *tdnn_plan_retain(tdnn_plan *plan);
void tdnn_plan_release(tdnn_plan *plan);

typedef enum tdnn_operand {
  TDNN_SRC, TDNN_WEIGHTS, TDNN_BIAS, TDNN_DST, TDNN_WORKSPACE,
  TDNN_MEAN, TDNN_VARIANCE, TDNN_SCALE, TDNN_SHIFT,
  TDNN_DIFF_SRC, TDNN_DIFF_WEIGHTS, TDNN_DIFF_BIAS, TDNN_DIFF_DST, TDNN_DIFF_SCALE, TDNN_DIFF_SHIFT,
  TDNN_OPERAND_COUNT
} tdnn_operand;

// The layout in which the plan reads or writes an operand; NULL when it has no such operand.
const tdnn_layout *tdnn_plan_layout(const tdnn_plan *plan, tdnn_operand operand);
// The layout of PyTorch's contiguous tensor of the same operand, in the same dims as `tdnn_plan_layout` (a grouped or
// transposed convolution's weight has other dims in oneDNN): the other side of `tdnn_reorder`.
const tdnn_layout *tdnn_plan_plain_layout(const tdnn_plan *plan, tdnn_operand operand);
size_t tdnn_plan_scratch_bytes(const tdnn_plan *plan);
// oneDNN's name of the kernel, for profiles: "jit_wino_4x3:avx512_core".
const char *tdnn_plan_implementation(const tdnn_plan *plan);

// Pointers to operands in the plan's layouts; those the plan does not have are ignored. Inputs are not written, except
// that the zero padding of a padded layout may be written anew.
typedef struct tdnn_arguments {
  const void *src, *weights, *bias;
  void *dst, *workspace;              // workspace: written by forward, read by backward
  void *mean, *variance;
  const void *scale, *shift;
  void *diff_src, *diff_weights, *diff_bias;
  const void *diff_dst;
  void *diff_scale, *diff_shift;
  // `tdnn_plan_scratch_bytes` bytes, 64-byte aligned; NULL: a buffer that the thread keeps (`tdnn_release_scratch`).
  void *scratch;
} tdnn_arguments;
tdnn_status tdnn_execute(const tdnn_plan *plan, const tdnn_arguments *arguments);

// Frees the calling thread's scratch buffer.
void tdnn_release_scratch(void);
// Plans and reorders kept for reuse, least recently used out first. 1024 unless set.
void tdnn_set_cache_capacity(int32_t plans);

// ---- convolution --------------------------------------------------------------------------------------------

typedef enum tdnn_pass {
  TDNN_FORWARD_TRAINING,
  TDNN_FORWARD_INFERENCE,   // may ask for opaque weights: reorder them once and keep them
  TDNN_BACKWARD_DATA,       // diff_dst, weights -> diff_src
  TDNN_BACKWARD_WEIGHTS     // src, diff_dst -> diff_weights, diff_bias
} tdnn_pass;

typedef enum tdnn_algorithm {
  // By the rule in convolution.cpp, Note [When Winograd]. Winograd rounds a little differently and spreads NaN and
  // infinity over a 4x4 tile.
  TDNN_ALGORITHM_AUTO,
  TDNN_ALGORITHM_DIRECT,
  TDNN_ALGORITHM_WINOGRAD   // TDNN_UNSUPPORTED where there is none: no 3x3, no AVX-512, oneDNN 3
} tdnn_algorithm;

// PyTorch's convolution or transposed convolution. Channels are totals over all groups. Entries of the arrays beyond
// `spatial_rank` are ignored. Start from zeros. A problem without elements (batch 0) is
// TDNN_INVALID: the caller's to answer.
typedef struct tdnn_conv_problem {
  tdnn_pass pass;
  tdnn_dtype dtype;         // of src, weights and dst; a bfloat16 problem accumulates in float32
  tdnn_algorithm algorithm;
  bool transposed;
  bool has_bias;            // forward: bias is added; backward weights: diff_bias is wanted
  int32_t spatial_rank;     // 1, 2 or 3
  int64_t batch, in_channels, out_channels, groups;
  int64_t input[3], kernel[3], stride[3], dilation[3];  // dilation 1 is dense, as in PyTorch
  int64_t padding_low[3], padding_high[3];              // differ for padding = "same" with an even kernel
  int64_t output_padding[3];                            // transposed only
} tdnn_conv_problem;

tdnn_status tdnn_conv_plan(const tdnn_conv_problem *problem, tdnn_plan **plan);
// Size of the output's spatial dimension `axis`, by PyTorch's formula; less than 1 when the kernel does not fit.
int64_t tdnn_conv_output_size(const tdnn_conv_problem *problem, int32_t axis);

// ---- pooling ------------------------------------------------------------------------------------------------

typedef enum tdnn_pool_kind { TDNN_POOL_MAX, TDNN_POOL_AVERAGE, TDNN_POOL_AVERAGE_EXCLUDING_PADDING } tdnn_pool_kind;

// float32 and bfloat16. `layout` is the input's, as it is: contiguous, channels last or blocked. Forward gives dst in
// the same kind of layout; backward takes diff_dst in it and gives diff_src in `layout`. Bit for bit PyTorch's results:
// NaN wins a maximum, `ceil_mode` and padding count as PyTorch counts them (oneDNN's own pooling does neither).
typedef struct tdnn_pool_problem {
  tdnn_pass pass;           // TDNN_FORWARD_INFERENCE: no workspace. TDNN_BACKWARD_DATA: backward
  tdnn_pool_kind kind;
  const tdnn_layout *layout;
  bool ceil_mode;
  int64_t divisor_override; // average: divides by this instead; 0: none
  int64_t kernel[3], stride[3], padding[3], dilation[3];
} tdnn_pool_problem;

tdnn_status tdnn_pool_plan(const tdnn_pool_problem *problem, tdnn_plan **plan);
int64_t tdnn_pool_output_size(const tdnn_pool_problem *problem, int32_t axis);

// PyTorch's `return_indices`: for each output, in contiguous order, the flat position of the maximum in the spatial
// part of its input channel. `plan` is the forward training plan that filled `workspace`.
tdnn_status tdnn_max_pool_indices(const tdnn_plan *plan, const void *workspace, int64_t *indices);

// ---- normalization ------------------------------------------------------------------------------------------

// Batch normalization over `layout` = [N, C, …]; float32 scale, shift, mean and variance of C elements.
// Forward training writes mean and the biased variance; TDNN_FORWARD_INFERENCE reads them.
// Backward (TDNN_BACKWARD_DATA with has_scale/has_shift: all gradients) reads src, mean, variance, scale and diff_dst;
// `use_global_stats` says that mean and variance were given, not computed (eval mode).
typedef struct tdnn_batch_norm_problem {
  tdnn_pass pass;
  const tdnn_layout *layout;
  bool has_scale, has_shift, use_global_stats;
  float epsilon;
} tdnn_batch_norm_problem;
tdnn_status tdnn_batch_norm_plan(const tdnn_batch_norm_problem *problem, tdnn_plan **plan);

// ---- matrix products ----------------------------------------------------------------------------------------

// How a matrix of a product lies: by rows `leading` elements apart, or if `transposed` by columns. `step`: elements
// from one matrix of the batch to the next, 0 where all are the same.
typedef struct tdnn_matrix {
  bool transposed;
  int64_t leading, step;
} tdnn_matrix;

// c = a b, or with `accumulate` c + a b, or with `has_bias` a b + bias for each row; rounded once. c and bias are
// contiguous. float32, and bfloat16 that is summed in float32.
typedef struct tdnn_matmul_problem {
  tdnn_dtype dtype;
  bool accumulate, has_bias;
  int64_t batch, rows, columns, inner;
  tdnn_matrix a, b;
} tdnn_matmul_problem;

// Plans, kept as those of other operations are, and executes. TDNN_UNSUPPORTED where a BLAS does as well.
tdnn_status tdnn_matmul(
    const tdnn_matmul_problem *problem, const void *a, const void *b, const void *bias, void *c);

// ---- the machine --------------------------------------------------------------------------------------------

typedef struct tdnn_capabilities {
  int32_t version_major, version_minor;
  bool avx512, winograd, bfloat16, bfloat16_is_fast;
} tdnn_capabilities;
tdnn_capabilities tdnn_get_capabilities(void);

#ifdef __cplusplus
}
#endif
