// Optimizer steps over all parameters at once: one pass over memory, split over the pool.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// count parameters; parameter k has sizes[k] elements at parameters[k], its gradient at gradients[k] and its state in
// the arrays of the optimizer. Everything is contiguous and of one dtype, float32 or float64; other dtypes return
// false. Gradients are only read. Each step rounds as PyTorch's single-tensor implementation does.

// momentum_buffers is NULL when momentum is 0. first[k] says that buffer k holds nothing yet: it then becomes the
// gradient (with weight decay), without dampening.
typedef struct tk_sgd {
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize;
} tk_sgd;
bool tk_sgd_step(const tk_sgd *options, tk_dtype dtype, int64_t count, const int64_t *sizes, void *const *parameters,
                 const void *const *gradients, void *const *momentum_buffers, const bool *first);

// steps[k] is the number of this step for parameter k, from 1. max_exp_avg_sqs is NULL without amsgrad.
typedef struct tk_adam {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled_weight_decay;  // AdamW
  bool amsgrad, maximize;
} tk_adam;
bool tk_adam_step(const tk_adam *options, tk_dtype dtype, int64_t count, const int64_t *sizes, void *const *parameters,
                  const void *const *gradients, void *const *exp_avgs, void *const *exp_avg_sqs,
                  void *const *max_exp_avg_sqs, const int64_t *steps);

// momentum_buffers is NULL when momentum is 0, grad_avgs is NULL unless centered.
typedef struct tk_rmsprop {
  double lr, alpha, eps, weight_decay, momentum;
  bool centered, maximize;
} tk_rmsprop;
bool tk_rmsprop_step(const tk_rmsprop *options, tk_dtype dtype, int64_t count, const int64_t *sizes,
                     void *const *parameters, const void *const *gradients, void *const *square_avgs,
                     void *const *momentum_buffers, void *const *grad_avgs);

// steps as for Adam.
typedef struct tk_adagrad {
  double lr, lr_decay, weight_decay, eps;
  bool maximize;
} tk_adagrad;
bool tk_adagrad_step(const tk_adagrad *options, tk_dtype dtype, int64_t count, const int64_t *sizes,
                     void *const *parameters, const void *const *gradients, void *const *state_sums,
                     const int64_t *steps);

#ifdef __cplusplus
}
#endif
