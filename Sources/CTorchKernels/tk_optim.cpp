// Fused optimizer steps. Every expression rounds where PyTorch's chain of tensor operations does: scalars are computed
// in float64 and rounded to the dtype when they meet a tensor; add(alpha), addcmul and lerp are fused multiply-adds, and
// nothing else is.
#include "tk_simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tk_optim.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "tk_elements.h"
#include "tk_optim.h"

#pragma clang fp contract(off)

HWY_BEFORE_NAMESPACE();
namespace tk {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
HWY_INLINE double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
// std::sqrt may set errno, which keeps loops from being vectorised.
template <class T> HWY_INLINE T root_of(T x) { return __builtin_elementwise_sqrt(x); }

// The elements of parameter k in [begin, end).
struct Range {
  int64_t k, begin, end;
};

template <class T> T *at(void *const *arrays, const Range &r) {
  return arrays ? static_cast<T *>(arrays[r.k]) + r.begin : nullptr;
}
template <class T> const T *at(const void *const *arrays, const Range &r) {
  return static_cast<const T *>(arrays[r.k]) + r.begin;
}

// start + weight (end - start) as PyTorch's lerp computes it: from the nearer end.
template <class T> HWY_INLINE T lerp(T start, T end, T weight, bool near_start) {
  const T difference = end - start;
  return near_start ? fma(weight, difference, start) : fma(-difference, T(1) - weight, end);
}

template <class T>
void sgd(const tk_sgd &o, const Range &r, void *const *parameters, const void *const *gradients,
         void *const *momentum_buffers, const bool *first) {
  T *__restrict p = at<T>(parameters, r);
  const T *__restrict g = at<T>(gradients, r);
  T *__restrict b = at<T>(momentum_buffers, r);
  const int64_t n = r.end - r.begin;
  const T sign = o.maximize ? T(-1) : T(1), decay = static_cast<T>(o.weight_decay), rate = static_cast<T>(-o.lr);
  const T momentum = static_cast<T>(o.momentum), kept = static_cast<T>(1 - o.dampening);
  if (b == nullptr) {
    for (int64_t i = 0; i < n; i++) p[i] = fma(rate, fma(decay, p[i], sign * g[i]), p[i]);
  } else if (first[r.k]) {
    for (int64_t i = 0; i < n; i++) {
      const T d = fma(decay, p[i], sign * g[i]);
      b[i] = d;
      p[i] = fma(rate, o.nesterov ? fma(momentum, d, d) : d, p[i]);
    }
  } else {
    for (int64_t i = 0; i < n; i++) {
      const T d = fma(decay, p[i], sign * g[i]);
      b[i] = fma(kept, d, b[i] * momentum);
      p[i] = fma(rate, o.nesterov ? fma(momentum, b[i], d) : b[i], p[i]);
    }
  }
}

template <class T>
void adam(const tk_adam &o, const Range &r, void *const *parameters, const void *const *gradients,
          void *const *exp_avgs, void *const *exp_avg_sqs, void *const *max_exp_avg_sqs, const int64_t *steps) {
  T *__restrict p = at<T>(parameters, r);
  const T *__restrict g = at<T>(gradients, r);
  T *__restrict m = at<T>(exp_avgs, r);
  T *__restrict v = at<T>(exp_avg_sqs, r);
  T *__restrict v_max = at<T>(max_exp_avg_sqs, r);
  const int64_t n = r.end - r.begin;
  const double step = static_cast<double>(steps[r.k]);
  const double correction1 = 1 - std::pow(o.beta1, step), correction2 = 1 - std::pow(o.beta2, step);
  const T sign = o.maximize ? T(-1) : T(1), rate = static_cast<T>(-(o.lr / correction1));
  const T root = static_cast<T>(std::sqrt(correction2)), eps = static_cast<T>(o.eps);
  const T weight = static_cast<T>(1 - o.beta1), beta2 = static_cast<T>(o.beta2), rest2 = static_cast<T>(1 - o.beta2);
  const bool near_start = std::fabs(1 - o.beta1) < 0.5;
  const T decay = o.decoupled_weight_decay ? T(0) : static_cast<T>(o.weight_decay);
  const T shrink = o.decoupled_weight_decay ? static_cast<T>(1 - o.lr * o.weight_decay) : T(1);
  const auto moments = [=](T gradient, T *value, T *first, T *second) HWY_ATTR {
    *value *= shrink;
    const T d = fma(decay, *value, sign * gradient);
    *first = lerp(*first, d, weight, near_start);
    *second = fma(rest2 * d, d, *second * beta2);
  };
  if (v_max) {
    for (int64_t i = 0; i < n; i++) {
      moments(g[i], &p[i], &m[i], &v[i]);
      v_max[i] = v[i] > v_max[i] || v[i] != v[i] ? v[i] : v_max[i];
      p[i] += rate * m[i] / (root_of(v_max[i]) / root + eps);
    }
  } else {
    for (int64_t i = 0; i < n; i++) {
      moments(g[i], &p[i], &m[i], &v[i]);
      p[i] += rate * m[i] / (root_of(v[i]) / root + eps);
    }
  }
}

template <class T>
void rmsprop(const tk_rmsprop &o, const Range &r, void *const *parameters, const void *const *gradients,
             void *const *square_avgs, void *const *momentum_buffers, void *const *grad_avgs) {
  T *__restrict p = at<T>(parameters, r);
  const T *__restrict g = at<T>(gradients, r);
  T *__restrict s = at<T>(square_avgs, r);
  T *__restrict b = at<T>(momentum_buffers, r);
  T *__restrict a = at<T>(grad_avgs, r);
  const T sign = o.maximize ? T(-1) : T(1), decay = static_cast<T>(o.weight_decay), eps = static_cast<T>(o.eps);
  const T alpha = static_cast<T>(o.alpha), rest = static_cast<T>(1 - o.alpha), rate = static_cast<T>(-o.lr);
  const T momentum = static_cast<T>(o.momentum);
  const bool near_start = std::fabs(1 - o.alpha) < 0.5;
  for (int64_t i = 0, n = r.end - r.begin; i < n; i++) {
    const T d = fma(decay, p[i], sign * g[i]);
    s[i] = fma(rest * d, d, s[i] * alpha);
    T scale = s[i];
    if (a) {
      a[i] = lerp(a[i], d, rest, near_start);
      scale = fma(-a[i], a[i], s[i]);
    }
    scale = root_of(scale) + eps;
    if (b) {
      b[i] = b[i] * momentum + d / scale;
      p[i] = fma(rate, b[i], p[i]);
    } else {
      p[i] += rate * d / scale;
    }
  }
}

template <class T>
void adagrad(const tk_adagrad &o, const Range &r, void *const *parameters, const void *const *gradients,
             void *const *state_sums, const int64_t *steps) {
  T *__restrict p = at<T>(parameters, r);
  const T *__restrict g = at<T>(gradients, r);
  T *__restrict s = at<T>(state_sums, r);
  const T sign = o.maximize ? T(-1) : T(1), decay = static_cast<T>(o.weight_decay), eps = static_cast<T>(o.eps);
  const T rate = static_cast<T>(-(o.lr / (1 + static_cast<double>(steps[r.k] - 1) * o.lr_decay)));
  for (int64_t i = 0, n = r.end - r.begin; i < n; i++) {
    const T d = fma(decay, p[i], sign * g[i]);
    s[i] = fma(d, d, s[i]);
    p[i] += rate * d / (root_of(s[i]) + eps);
  }
}

// Cuts all parameters together into pieces for the pool.
template <class F> void over_parameters(int64_t count, const int64_t *sizes, const F &f) {
  int64_t total = 0;
  for (int64_t k = 0; k < count; k++) total += sizes[k];
  parallel_for(total, 16384, [&](int64_t begin, int64_t end) HWY_ATTR {
    int64_t start = 0;
    for (int64_t k = 0; k < count && start < end; start += sizes[k++]) {
      const int64_t from = std::max(begin, start), to = std::min(end, start + sizes[k]);
      if (from < to) f(Range{k, from - start, to - start});
    }
  });
}

void sgd_step(const tk_sgd &o, tk_dtype dtype, int64_t count, const int64_t *sizes, void *const *parameters,
              const void *const *gradients, void *const *momentum_buffers, const bool *first) {
  over_parameters(count, sizes, [&](const Range &r) HWY_ATTR {
    if (dtype == TK_FLOAT32) sgd<float>(o, r, parameters, gradients, momentum_buffers, first);
    else sgd<double>(o, r, parameters, gradients, momentum_buffers, first);
  });
}

void adam_step(const tk_adam &o, tk_dtype dtype, int64_t count, const int64_t *sizes, void *const *parameters,
               const void *const *gradients, void *const *exp_avgs, void *const *exp_avg_sqs,
               void *const *max_exp_avg_sqs, const int64_t *steps) {
  over_parameters(count, sizes, [&](const Range &r) HWY_ATTR {
    if (dtype == TK_FLOAT32) adam<float>(o, r, parameters, gradients, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps);
    else adam<double>(o, r, parameters, gradients, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps);
  });
}

void rmsprop_step(const tk_rmsprop &o, tk_dtype dtype, int64_t count, const int64_t *sizes, void *const *parameters,
                  const void *const *gradients, void *const *square_avgs, void *const *momentum_buffers,
                  void *const *grad_avgs) {
  over_parameters(count, sizes, [&](const Range &r) HWY_ATTR {
    if (dtype == TK_FLOAT32) rmsprop<float>(o, r, parameters, gradients, square_avgs, momentum_buffers, grad_avgs);
    else rmsprop<double>(o, r, parameters, gradients, square_avgs, momentum_buffers, grad_avgs);
  });
}

void adagrad_step(const tk_adagrad &o, tk_dtype dtype, int64_t count, const int64_t *sizes, void *const *parameters,
                  const void *const *gradients, void *const *state_sums, const int64_t *steps) {
  over_parameters(count, sizes, [&](const Range &r) HWY_ATTR {
    if (dtype == TK_FLOAT32) adagrad<float>(o, r, parameters, gradients, state_sums, steps);
    else adagrad<double>(o, r, parameters, gradients, state_sums, steps);
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tk {
HWY_EXPORT(sgd_step);
HWY_EXPORT(adam_step);
HWY_EXPORT(rmsprop_step);
HWY_EXPORT(adagrad_step);
static bool known(tk_dtype dtype) { return dtype == TK_FLOAT32 || dtype == TK_FLOAT64; }
}  // namespace tk

using namespace tk;

bool tk_sgd_step(const tk_sgd *options, tk_dtype dtype, int64_t count, const int64_t *sizes, void *const *parameters,
                 const void *const *gradients, void *const *momentum_buffers, const bool *first) {
  if (!known(dtype)) return false;
  HWY_DYNAMIC_DISPATCH(sgd_step)(*options, dtype, count, sizes, parameters, gradients, momentum_buffers, first);
  return true;
}

bool tk_adam_step(const tk_adam *options, tk_dtype dtype, int64_t count, const int64_t *sizes, void *const *parameters,
                  const void *const *gradients, void *const *exp_avgs, void *const *exp_avg_sqs,
                  void *const *max_exp_avg_sqs, const int64_t *steps) {
  if (!known(dtype)) return false;
  HWY_DYNAMIC_DISPATCH(adam_step)
  (*options, dtype, count, sizes, parameters, gradients, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps);
  return true;
}

bool tk_rmsprop_step(const tk_rmsprop *options, tk_dtype dtype, int64_t count, const int64_t *sizes,
                     void *const *parameters, const void *const *gradients, void *const *square_avgs,
                     void *const *momentum_buffers, void *const *grad_avgs) {
  if (!known(dtype)) return false;
  HWY_DYNAMIC_DISPATCH(rmsprop_step)
  (*options, dtype, count, sizes, parameters, gradients, square_avgs, momentum_buffers, grad_avgs);
  return true;
}

bool tk_adagrad_step(const tk_adagrad *options, tk_dtype dtype, int64_t count, const int64_t *sizes,
                     void *const *parameters, const void *const *gradients, void *const *state_sums,
                     const int64_t *steps) {
  if (!known(dtype)) return false;
  HWY_DYNAMIC_DISPATCH(adagrad_step)(*options, dtype, count, sizes, parameters, gradients, state_sums, steps);
  return true;
}
#endif
