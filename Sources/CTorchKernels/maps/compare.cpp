// Comparisons, predicates, extrema, logic and selection.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "maps/compare.cpp"
#define TK_AVX2_IS_ENOUGH
#include "targets.h"

#include "loops-inl.h"

TK_BEGIN

template <class T> TK_INLINE bool truth(T a) {
  if constexpr (is_complex_v<T>) return a.re != 0 || a.im != 0;
  else return a != 0;
}

TK_BINARY(eq, All, a == b)
TK_BINARY(ne, All, a != b)
TK_BINARY(lt, RealsBool, a < b)
TK_BINARY(le, RealsBool, a <= b)
TK_BINARY(gt, RealsBool, a > b)
TK_BINARY(ge, RealsBool, a >= b)

TK_BINARY(logical_and, All, bool(truth(a) & truth(b)))
TK_BINARY(logical_or, All, bool(truth(a) | truth(b)))
TK_BINARY(logical_xor, All, truth(a) != truth(b))
TK_UNARY(logical_not, All, !truth(a))

// maximum and minimum hand on NaN, fmax and fmin prefer the number.
TK_BINARY(maximum, RealsBool, is_nan(a) ? a : is_nan(b) ? b : a > b ? a : b)
TK_BINARY(minimum, RealsBool, is_nan(a) ? a : is_nan(b) ? b : a < b ? a : b)
TK_BINARY(fmax, RealsBool, is_nan(a) ? b : is_nan(b) ? a : a > b ? a : b)
TK_BINARY(fmin, RealsBool, is_nan(a) ? b : is_nan(b) ? a : a < b ? a : b)

// A NaN in `a` stays; bounds that cross give the upper one.
template <class T> TK_INLINE T at_least(T a, T low) { return a < low ? low : a; }
template <class T> TK_INLINE T at_most(T a, T high) { return a > high ? high : a; }
TK_UNARY_WITH(2, clamp, Reals, at_most(at_least(a, p[0]), p[1]))
TK_UNARY_WITH(1, clamp_min, Reals, at_least(a, p[0]))
TK_UNARY_WITH(1, clamp_max, Reals, at_most(a, p[0]))
TK_TERNARY(clamp_tensor, Reals, is_nan(a) ? a : is_nan(b) ? b : is_nan(c) ? c : at_most(at_least(a, b), c))

// where(condition: bool, a, b), found by the type of a and b.
template <class T> struct Where {
  explicit TK_INLINE Where(const tk_scalar *) {}
  TK_INLINE T operator()(bool condition, T a, T b) const { return condition ? a : b; }
};
constexpr LoopTable<ConditionalLoop, Where, All> loops_where;
const Registration registration_where("where", TK_TARGET, 1, loops_where.loops);

TK_UNARY(isnan, All, is_nan(a))

TK_END

#if HWY_ONCE
TK_FAMILY(compare)
#endif
