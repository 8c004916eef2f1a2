// Derivatives of activations and losses, fused with the incoming gradient.
// Binary: a is the gradient, b the input (or, where a comment says so, the result). Parameters are the forward's.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "maps/activation_backward.cpp"
#define TK_COST 3
#include "targets.h"

#include "activation-inl.h"
#include "loops-inl.h"

TK_BEGIN

TK_BINARY_WITH(1, threshold_backward, Reals, b <= p[0] ? T(0) : a)
TK_BINARY(tanh_backward, Floats, a * (1 - b * b))       // b: the result
TK_BINARY(sigmoid_backward, Floats, a * (1 - b) * b)    // b: the result
TK_BINARY_WITH(2, hardtanh_backward, Floats, b <= p[0] || b >= p[1] ? T(0) : a)
TK_BINARY_WITH(1, leaky_relu_backward, Floats, b > 0 ? a : a * p[0])
TK_BINARY(hardsigmoid_backward, Floats, b > -3 && b < 3 ? a / 6 : T(0))
TK_BINARY(hardswish_backward, Floats, b <= -3 ? T(0) : b < 3 ? a * (b / 3 + T(0.5)) : a)
TK_BINARY_WITH(1, shrink_backward, Floats, b >= -p[0] && b <= p[0] ? T(0) : a)  // softshrink's and hardshrink's

TK_BINARY(silu_backward, Floats, a * fast_sigmoid(b) * (1 + b * (1 - fast_sigmoid(b))))
template <class T> TK_INLINE T mish_derivative(T x) {
  const T t = fast_tanh(fast_log1p(fast_exp(x)));
  return t + x * fast_sigmoid(x) * (1 - t * t);
}
TK_BINARY(mish_backward, Floats, a * mish_derivative(b))
TK_BINARY(gelu_backward, Floats, a * (normal_cdf(b) + b * normal_pdf(b)))
template <class T> TK_INLINE T gelu_tanh_derivative(T x) {
  const T t = fast_tanh(gelu_inner(x));
  const T inner = T(0.79788456080286535588) * (1 + 3 * T(0.044715) * x * x);
  return T(0.5) * (1 + t) + T(0.5) * x * (1 - t * t) * inner;
}
TK_BINARY(gelu_tanh_backward, Floats, a * gelu_tanh_derivative(b))

// p = alpha, scale, input_scale
TK_BINARY_WITH(3, elu_backward, Floats, b <= 0 ? a * p[2] * p[0] * p[1] * fast_exp(b * p[2]) : a * p[1])
TK_BINARY_WITH(3, elu_backward_result, Floats, b <= 0 ? a * p[2] * (b + p[0] * p[1]) : a * p[1])  // b: the result
// p = beta, threshold
template <class T> TK_INLINE T softplus_gradient(T g, T x, T threshold) {
  const T z = fast_exp(x);
  return x > threshold ? g : g * z / (z + 1);
}
TK_BINARY_WITH(2, softplus_backward, Floats, softplus_gradient(a, b * p[0], p[1]))
TK_BINARY(log_sigmoid_backward, Floats, a * fast_sigmoid(-b))
TK_BINARY_WITH(1, logit_backward, Floats,
               (p[0] < 0 ? b < 0 || b > 1 : b < p[0] || b > 1 - p[0]) ? (p[0] < 0 ? quiet_nan<T> : T(0))
                                                                      : a / (b * (1 - b)))

// ---- losses: a is the gradient, b the input, c the target; the result is the gradient of the input ----
// p[0] is a factor, 1 / count for a mean; p[1] the loss's own parameter.
TK_TERNARY_WITH(1, mse_backward, Floats, 2 * p[0] * (b - c) * a)
TK_TERNARY_WITH(2, smooth_l1_backward, Floats,
                b - c <= -p[1] ? -p[0] * a : b - c >= p[1] ? p[0] * a : p[0] * (b - c) * a / p[1])
TK_TERNARY_WITH(2, huber_backward, Floats,
                b - c <= -p[1] ? -p[0] * a * p[1] : b - c >= p[1] ? p[0] * a * p[1] : p[0] * (b - c) * a)
TK_TERNARY_WITH(1, bce_backward, Floats,
                p[0] * a * (b - c) / ((1 - b) * b > T(1e-12) ? (1 - b) * b : T(1e-12)))
TK_TERNARY_WITH(1, bce_with_logits_backward, Floats, p[0] * a * (fast_sigmoid(b) - c))

TK_END

#if HWY_ONCE
TK_FAMILY(activation_backward)
#endif
