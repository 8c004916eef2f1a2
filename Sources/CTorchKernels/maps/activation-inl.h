// Pieces that the activations and their derivatives share.
#pragma once
#include "trigonometry-inl.h"

namespace tk {

template <class T> TK_INLINE T normal_cdf(T x) { return T(0.5) * (1 + fast_erf(x * T(0.70710678118654752440))); }
template <class T> TK_INLINE T normal_pdf(T x) { return fast_exp(T(-0.5) * x * x) * T(0.39894228040143267794); }
// The argument of tanh in gelu's tanh form: sqrt(2/pi) (x + 0.044715 x^3).
template <class T> TK_INLINE T gelu_inner(T x) { return T(0.79788456080286535588) * (x + T(0.044715) * x * x * x); }

template <class T> TK_INLINE T smooth_l1_of(T z, T beta) { return z < beta ? T(0.5) * z * z / beta : z - T(0.5) * beta; }
template <class T> TK_INLINE T huber_of(T z, T delta) { return z <= delta ? T(0.5) * z * z : delta * (z - T(0.5) * delta); }
// PyTorch bounds the logarithms of a binary cross entropy, so that 0 and 1 cost 100 and not infinity.
template <class T> TK_INLINE T at_least_minus_100(T x) { return x < -100 ? T(-100) : x; }

}  // namespace tk
