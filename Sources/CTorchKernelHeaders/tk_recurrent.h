// One step of a recurrent network, but for its matrix products: activations of the gates, the new state, derivatives.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// The gates of an LSTM are input, forget, cell and output, those of a GRU reset, update and candidate.
typedef enum tk_cell { TK_CELL_RELU, TK_CELL_TANH, TK_CELL_LSTM, TK_CELL_GRU } tk_cell;

// float32 and float64. All are contiguous rows, one for each sequence that takes part in the step: of `hidden` elements, or
// of `hidden` for each gate. What the cell does not have is NULL: `c` and `previous_c` but for an LSTM, `candidate` but
// for a GRU.
typedef struct tk_recurrent_step {
  tk_dtype dtype;
  tk_cell cell;
  int64_t rows, hidden;
} tk_recurrent_step;

// gates: the input's part of their sums; recurrent: the state's part, to which the bias (NULL for none) is added.
// activations: those of the gates, may be `recurrent`. h and c are replaced by the new state, output is the new h.
// previous_h, previous_c and candidate (what a GRU's candidate gets of the state) are for the derivative, NULL without.
bool tk_recurrent_forward(const tk_recurrent_step *step, const void *gates, void *recurrent, const void *bias,
                          void *activations, void *h, void *c, void *output, void *previous_h, void *previous_c,
                          void *candidate);

// grad_output: of this step's output, NULL for zeros. grad_h, grad_c: in, of the state after the step; out, of a GRU what
// does not come through the products, of an LSTM's c all that comes to the state before. grad_gates: of the sums;
// grad_recurrent: of a GRU's part of the state.
bool tk_recurrent_backward(const tk_recurrent_step *step, const void *gates, const void *previous_h,
                           const void *previous_c, const void *candidate, const void *grad_output, void *grad_h,
                           void *grad_c, void *grad_gates, void *grad_recurrent);

#ifdef __cplusplus
}
#endif
