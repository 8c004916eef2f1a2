// Connectionist temporal classification: the probability of a label sequence over all its alignments.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// log_probs is (time, batch, classes). The targets of batch entry b are `target_lengths[b]` numbers from `targets +
// target_offsets[b]` on. log_alpha is (batch, time, states) with states >= 2 * the greatest target length + 1. All
// contiguous; lengths and targets were checked.
typedef struct tk_ctc_problem {
  tk_dtype dtype;
  int64_t time, batch, classes, states, blank;
  const int64_t *targets, *target_offsets, *target_lengths, *input_lengths;
} tk_ctc_problem;

// Writes the negative log likelihood of each batch entry, and log_alpha. float32 and float64; false for others.
bool tk_ctc_loss(const tk_ctc_problem *problem, const void *log_probs, void *loss, void *log_alpha);
// The gradient of log_probs. `zero_infinity`: none where the loss is infinite.
bool tk_ctc_loss_backward(const tk_ctc_problem *problem, bool zero_infinity, const void *gradient, const void *log_probs,
                          const void *loss, const void *log_alpha, void *by_log_probs);

#ifdef __cplusplus
}
#endif
