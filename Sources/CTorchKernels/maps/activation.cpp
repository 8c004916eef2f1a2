// Activation functions and the pointwise parts of losses. Formulas and parameters are those of torch.nn.functional.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "maps/activation.cpp"
#define TK_COST 3
#include "targets.h"

#include "activation-inl.h"
#include "loops-inl.h"

TK_BEGIN

TK_UNARY(relu, Reals, a < 0 ? T(0) : a)
TK_UNARY(relu6, Reals, limited(a, T(0), T(6)))
TK_UNARY_WITH(2, hardtanh, Reals, limited(a, p[0], p[1]))
TK_UNARY_WITH(2, threshold, Reals, a <= p[0] ? p[1] : a)
TK_UNARY_WITH(1, leaky_relu, Floats, a > 0 ? a : a * p[0])
TK_BINARY(prelu, Floats, a > 0 ? a : a * b)
TK_UNARY(hardsigmoid, Floats, limited(a + 3, T(0), T(6)) / 6)
TK_UNARY(hardswish, Floats, a * limited(a + 3, T(0), T(6)) / 6)
TK_UNARY_WITH(1, softshrink, Floats, a > p[0] ? a - p[0] : a < -p[0] ? a + p[0] : a * 0)
TK_UNARY_WITH(1, hardshrink, Floats, a >= -p[0] && a <= p[0] ? T(0) : a)
TK_UNARY(softsign, Floats, a / (1 + std::fabs(a)))
TK_UNARY(tanhshrink, Floats, a - fast_tanh(a))

TK_UNARY(silu, Floats, a / (1 + fast_exp(-a)))
TK_UNARY(mish, Floats, a * fast_tanh(fast_log1p(fast_exp(a))))
TK_UNARY(gelu, Floats, a * normal_cdf(a))
TK_UNARY(gelu_tanh, Floats, T(0.5) * a * (1 + fast_tanh(gelu_inner(a))))
// p = alpha, scale, input_scale
TK_UNARY_WITH(3, elu, Floats, a < 0 ? fast_expm1(a * p[2]) * (p[0] * p[1]) : a * p[1])
TK_UNARY_WITH(1, celu, Floats, a < 0 ? fast_expm1(a / p[0]) * p[0] : a)
TK_UNARY(selu, Floats,
         a < 0 ? fast_expm1(a) * T(1.6732632423543772848170429916717 * 1.0507009873554804934193349852946)
               : a * T(1.0507009873554804934193349852946))
// p = beta, threshold
TK_UNARY_WITH(2, softplus, Floats, a * p[0] > p[1] ? a : fast_log1p(fast_exp(a * p[0])) / p[0])
TK_UNARY(log_sigmoid, Floats, (a > 0 ? T(0) : a) - fast_log1p(fast_exp(-std::fabs(a))))

// ---- losses, before their reduction: a is the input, b the target ----
TK_BINARY(mse, FloatsComplexes, (a - b) * (a - b))
TK_BINARY_WITH(1, smooth_l1, Floats, smooth_l1_of(std::fabs(a - b), p[0]))
TK_BINARY_WITH(1, huber, Floats, huber_of(std::fabs(a - b), p[0]))
TK_BINARY(bce, Floats, (b - 1) * at_least_minus_100(fast_log1p(-a)) - b * at_least_minus_100(fast_log(a)))
TK_BINARY(bce_with_logits, Floats, (1 - b) * a + fast_log1p(fast_exp(-std::fabs(a))) + (a < 0 ? -a : T(0)))

TK_END

#if HWY_ONCE
TK_FAMILY(activation)
#endif
