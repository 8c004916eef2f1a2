// Circular functions, their inverses, and the error function.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "maps/trigonometry.cpp"
#define TK_COST 6
#include "targets.h"

#include "loops-inl.h"
#include "trigonometry-inl.h"

TK_BEGIN

// A unary loop in blocks: f.fast for a block whose elements all lie within circular_limit, f.exact for others.
template <class F, class T> struct GuardedLoop {
  using C = compute_t<T>;
  static void run(int64_t n, char *const *x, const int64_t *s, const tk_scalar *) {
    constexpr int64_t block = 256;
    for (int64_t begin = 0; begin < n; begin += block) {
      const int64_t count = n - begin < block ? n - begin : block;
      C values[block];
      if (s[1] == sizeof(T)) {
        const T *const a = reinterpret_cast<const T *>(x[1]) + begin;
        TK_VECTORIZE for (int64_t i = 0; i < count; i++) values[i] = C(a[i]);
      } else {
        for (int64_t i = 0; i < count; i++) values[i] = C(at<T>(x[1], (begin + i) * s[1]));
      }
      int beyond = 0;
      TK_VECTORIZE for (int64_t i = 0; i < count; i++) beyond |= std::fabs(values[i]) > C(circular_limit);
      if (beyond) {
        for (int64_t i = 0; i < count; i++) values[i] = F::exact(values[i]);
      } else {
        TK_VECTORIZE for (int64_t i = 0; i < count; i++) values[i] = C(F::fast(values[i]));
      }
      if (s[0] == sizeof(T)) {
        T *const out = reinterpret_cast<T *>(x[0]) + begin;
        TK_VECTORIZE for (int64_t i = 0; i < count; i++) out[i] = T(values[i]);
      } else {
        for (int64_t i = 0; i < count; i++) at<T>(x[0], (begin + i) * s[0]) = T(values[i]);
      }
    }
  }
};

#define TK_GUARDED(NAME, FAST, EXACT)                             \
  template <class T> struct Op_##NAME {                           \
    static TK_INLINE double fast(double a) { return FAST; }       \
    static TK_INLINE T exact(T a) { return EXACT; }               \
  };                                                              \
  constexpr LoopTable<GuardedLoop, Op_##NAME, Floats> loops_##NAME; \
  const Registration registration_##NAME(#NAME, TK_TARGET, TK_COST, loops_##NAME.loops);

TK_GUARDED(sin, fast_sin(a), std::sin(a))
TK_GUARDED(cos, fast_cos(a), std::cos(a))
TK_GUARDED(tan, fast_tan(a), std::tan(a))
TK_GUARDED(sinc, a == 0 ? 1.0 : fast_sin(a * pi) / (a * pi), a == 0 ? T(1) : std::sin(a * T(pi)) / (a * T(pi)))

TK_INLINE float asin_of(float x) { return float(float_asin(x)); }
TK_INLINE double asin_of(double x) { return std::asin(x); }
TK_INLINE float acos_of(float x) { return float(half_pi - float_asin(x)); }
TK_INLINE double acos_of(double x) { return std::acos(x); }
TK_INLINE float atan_of(float x) { return float(float_atan(x)); }
TK_INLINE double atan_of(double x) { return std::atan(x); }
TK_INLINE float atan2_of(float y, float x) { return float(float_atan2(y, x)); }
TK_INLINE double atan2_of(double y, double x) { return std::atan2(y, x); }
TK_INLINE float erfc_of(float x) { return float(float_erfc(x)); }
TK_INLINE double erfc_of(double x) { return std::erfc(x); }
TK_UNARY(asin, Floats, asin_of(a))
TK_UNARY(acos, Floats, acos_of(a))
TK_UNARY(atan, Floats, atan_of(a))
TK_BINARY(atan2, Floats, atan2_of(a, b))
TK_UNARY(erf, Floats, fast_erf(a))
TK_UNARY(erfc, Floats, erfc_of(a))

TK_INLINE float hypot_of(float x, float y) {
  const double r = std::sqrt(double(x) * x + double(y) * y);
  return std::fabs(x) == infinity<float> || std::fabs(y) == infinity<float> ? infinity<float> : float(r);
}
TK_INLINE double hypot_of(double x, double y) { return std::hypot(x, y); }
TK_BINARY(hypot, Floats, hypot_of(a, b))

TK_END

#if HWY_ONCE
TK_FAMILY(trigonometry)
#endif
