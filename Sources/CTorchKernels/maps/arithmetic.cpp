// Sums, products and their fused forms, on every element type.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "maps/arithmetic.cpp"
#include "targets.h"

#include "loops-inl.h"

TK_BEGIN

// On bool, addition is "or" and multiplication "and", as the conversion back to bool makes them.
TK_BINARY(add, All, add(a, b))
TK_BINARY(mul, All, mul(a, b))
TK_BINARY(sub, Numbers, sub(a, b))
TK_BINARY(rsub, Numbers, sub(b, a))
TK_BINARY_WITH(1, add_scaled, All, add(a, mul(p[0], b)))
TK_BINARY_WITH(1, sub_scaled, Numbers, sub(a, mul(p[0], b)))
TK_BINARY_WITH(1, rsub_scaled, Numbers, sub(b, mul(p[0], a)))
TK_BINARY(div, FloatsComplexes, a / b)

// Of 16-bit elements and a number in full.
TK_UNARY_WITH(1, mul_number, Floats, a * p[0])
TK_UNARY_WITH(1, div_number, Floats, a / p[0])

TK_TERNARY_WITH(1, addcmul, Numbers, add(a, mul(mul(p[0], b), c)))
TK_TERNARY_WITH(1, addcdiv, FloatsComplexes, a + p[0] * b / c)
TK_TERNARY(fma, Numbers, add(mul(a, b), c))

TK_UNARY(neg, Numbers, negate(a))
TK_UNARY(square, All, mul(a, a))
TK_UNARY(reciprocal, FloatsComplexes, T(1) / a)

TK_END

#if HWY_ONCE
TK_FAMILY(arithmetic)
#endif
