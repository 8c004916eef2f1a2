// Exponentials, logarithms and hyperbolic functions.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "../maps/exponential.cpp"
#define TK_COST 4
#include "targets.h"

#include "loops-inl.h"
#include "math-inl.h"

TK_BEGIN

TK_UNARY(exp, Floats, fast_exp(a))
TK_UNARY(expm1, Floats, fast_expm1(a))
TK_UNARY(log, Floats, fast_log(a))
TK_UNARY(log1p, Floats, fast_log1p(a))
TK_UNARY(tanh, Floats, fast_tanh(a))
TK_UNARY(sigmoid, Floats, fast_sigmoid(a))

TK_END

#if HWY_ONCE
TK_FAMILY(exponential)
#endif
