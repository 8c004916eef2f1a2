// Inner loops around scalar functors, and the macros that declare an operation.
//
//   TK_BINARY(maximum, RealsBool, a != a ? a : b != b ? b : a > b ? a : b)
//   TK_UNARY_WITH(1, softshrink, Floats, a > p[0] ? a - p[0] : a < -p[0] ? a + p[0] : a)
//
// declares an operation: its name, the element types it takes, its value for elements a, b, c of compute type T,
// and, for the _WITH forms, how many scalar parameters p[0], p[1], ... (of type T) it has. That is all there is to
// write; the loops, the conversion of half types and the look-up by name follow from it.
//
// Two ways to include it: after targets.h, loops are compiled per instruction set and vectorised by the compiler
// (bodies must then be free of calls it cannot inline, or they just run scalar); with TK_SCALAR_FAMILY defined, they are
// compiled once and not vectorised, for functions that are a long scalar computation anyway.
//
// An operand may be the output itself (in place) but never overlaps it otherwise: assume_safety says so to the
// compiler, which would else check for overlap and run every in-place operation scalar.
#if defined(TK_LOOPS_INL_H_) == defined(HWY_TARGET_TOGGLE) || defined(TK_SCALAR_FAMILY)
#ifdef TK_LOOPS_INL_H_
#undef TK_LOOPS_INL_H_
#else
#define TK_LOOPS_INL_H_
#endif

#include "registry.h"
#include "types.h"

#undef TK_BEGIN
#undef TK_END
#undef TK_TARGET
#undef TK_VECTORIZE
#undef TK_STRIDED
// Loops over any strides stay scalar and small. Additions are as fast so as PyTorch's; functions of some cost take their
// elements through a buffer (in_pieces).
#define TK_STRIDED _Pragma("clang loop vectorize(disable) unroll(disable)")
#ifdef TK_SCALAR_FAMILY
#define TK_BEGIN namespace tk { namespace {
#define TK_END } }
#define TK_TARGET 0
#define TK_VECTORIZE
#else
// Anonymous inside the target's namespace: two family files may define the same helper.
#define TK_BEGIN HWY_BEFORE_NAMESPACE(); namespace tk { namespace HWY_NAMESPACE { namespace {
#define TK_END } } } HWY_AFTER_NAMESPACE();
#define TK_TARGET HWY_TARGET
#define TK_VECTORIZE _Pragma("clang loop vectorize(assume_safety)")
#endif

// A loop the compiler cannot vectorise is not a mistake here.
#pragma clang diagnostic ignored "-Wpass-failed"
#pragma clang diagnostic ignored "-Wunused-parameter"
// a + alpha * b is one fused multiply-add where there is one, as in PyTorch.
#pragma clang fp contract(fast)

TK_BEGIN

template <class T, int N> struct Parameters {
  T p[N];
  explicit TK_INLINE Parameters(const tk_scalar *s) {
    for (int i = 0; i < N; i++) p[i] = scalar_as<T>(s[i]);
  }
};
template <class T> struct Parameters<T, 0> {
  explicit TK_INLINE Parameters(const tk_scalar *) {}
};

// The stored form of a functor's result: the input's element type again, unless the functor changes type
// (bool from a comparison, the real type from a complex abs).
template <class T, class Result>
using stored_t = std::conditional_t<std::is_same<Result, compute_t<T>>::value, T, Result>;

template <class T> TK_INLINE const T &at(const char *p, int64_t offset) {
  return *reinterpret_cast<const T *>(p + offset);
}
template <class T> TK_INLINE T &at(char *p, int64_t offset) { return *reinterpret_cast<T *>(p + offset); }

// Loops over 16-bit elements go through the loop over float, a piece at a time: the same arithmetic, and half as many
// vector loops to compile.
constexpr int64_t piece = 256;
template <class T> constexpr bool is_short_float = std::is_same<T, Half>::value || std::is_same<T, BFloat16>::value;

template <class T> __attribute__((noinline)) void widen(int64_t n, float *to, const char *from, int64_t stride) {
  if (stride == sizeof(T)) {
    const T *const x = reinterpret_cast<const T *>(from);
    TK_VECTORIZE for (int64_t i = 0; i < n; i++) to[i] = float(x[i]);
    return;
  }
  TK_STRIDED for (int64_t i = 0; i < n; i++) to[i] = float(at<T>(from, i * stride));
}

template <class T> __attribute__((noinline)) void narrow(int64_t n, char *to, int64_t stride, const float *from) {
  if (stride == sizeof(T)) {
    T *const out = reinterpret_cast<T *>(to);
    TK_VECTORIZE for (int64_t i = 0; i < n; i++) out[i] = T(from[i]);
    return;
  }
  TK_STRIDED for (int64_t i = 0; i < n; i++) at<T>(to, i * stride) = T(from[i]);
}

// `loop` is over float. Of the operands, the result is converted if `narrows`, and the inputs from number `first` on.
template <class T>
__attribute__((noinline)) void through_float(
    tk_loop loop, int operands, int first, bool narrows, int64_t n, char *const *x, const int64_t *s,
    const tk_scalar *params) {
  float buffers[4][piece];
  char *y[4];
  int64_t strides[4];
  for (int64_t begin = 0; begin < n; begin += piece) {
    const int64_t count = n - begin < piece ? n - begin : piece;
    for (int i = 0; i < operands; i++) {
      char *const start = x[i] + begin * s[i];
      const bool converted = i == 0 ? narrows : i >= first;
      y[i] = converted ? reinterpret_cast<char *>(buffers[i]) : start;
      strides[i] = !converted ? s[i] : s[i] == 0 ? 0 : int64_t(sizeof(float));
      if (converted && i > 0) widen<T>(s[i] == 0 ? 1 : count, buffers[i], start, s[i]);
    }
    loop(count, y, strides, params);
    if (narrows) narrow<T>(count, x[0] + begin * s[0], s[0], buffers[0]);
  }
}

#if defined(TK_COST) && TK_COST >= 3 && !defined(TK_SCALAR_FAMILY)
constexpr bool is_costly = true;
#else
constexpr bool is_costly = false;
#endif

// `loop` over elements of any strides, a piece at a time, side by side.
template <class T>
__attribute__((noinline)) void in_pieces(
    tk_loop loop, int64_t n, char *const *x, const int64_t *s, const tk_scalar *params) {
  T buffer[piece];
  const bool scatters = s[0] != sizeof(T), gathers = s[1] != sizeof(T);
  const int64_t strides[2] = {sizeof(T), sizeof(T)};
  for (int64_t begin = 0; begin < n; begin += piece) {
    const int64_t count = n - begin < piece ? n - begin : piece;
    char *const to = x[0] + begin * s[0], *const from = x[1] + begin * s[1];
    char *const inside = reinterpret_cast<char *>(buffer);
    char *const y[2] = {scatters ? inside : to, gathers ? inside : from};
    if (gathers) TK_STRIDED for (int64_t i = 0; i < count; i++) buffer[i] = at<T>(from, i * s[1]);
    loop(count, y, strides, params);
    if (scatters) TK_STRIDED for (int64_t i = 0; i < count; i++) at<T>(to, i * s[0]) = buffer[i];
  }
}

// out[i] = f(a[i])
template <class F, class T> struct UnaryLoop {
  using C = compute_t<T>;
  static void run(int64_t n, char *const *x, const int64_t *s, const tk_scalar *params) {
    using O = stored_t<T, decltype(std::declval<F>()(C()))>;
    if constexpr (is_short_float<T>) {
      return through_float<T>(UnaryLoop<F, float>::run, 2, 1, std::is_same<O, T>::value, n, x, s, params);
    } else {
      const F f(params);
      if (s[0] == sizeof(O) && s[1] == sizeof(T)) {
        O *const out = reinterpret_cast<O *>(x[0]);
        const T *const a = reinterpret_cast<const T *>(x[1]);
        TK_VECTORIZE for (int64_t i = 0; i < n; i++) out[i] = O(f(a[i]));
        return;
      }
      if constexpr (is_costly && std::is_floating_point<T>::value && std::is_same<O, T>::value) {
        return in_pieces<T>(UnaryLoop<F, T>::run, n, x, s, params);
      }
      TK_STRIDED for (int64_t i = 0; i < n; i++) at<O>(x[0], i * s[0]) = O(f(at<T>(x[1], i * s[1])));
    }
  }
};

// out[i] = f(a[i], b[i])
template <class F, class T> struct BinaryLoop {
  using C = compute_t<T>;
  static void run(int64_t n, char *const *x, const int64_t *s, const tk_scalar *params) {
    using O = stored_t<T, decltype(std::declval<F>()(C(), C()))>;
    if constexpr (is_short_float<T>) {
      return through_float<T>(BinaryLoop<F, float>::run, 3, 1, std::is_same<O, T>::value, n, x, s, params);
    } else {
      const F f(params);
      if (s[0] == sizeof(O)) {
        O *const out = reinterpret_cast<O *>(x[0]);
        const T *const a = reinterpret_cast<const T *>(x[1]), *const b = reinterpret_cast<const T *>(x[2]);
        if (s[1] == sizeof(T) && s[2] == sizeof(T)) {
          TK_VECTORIZE for (int64_t i = 0; i < n; i++) out[i] = O(f(a[i], b[i]));
          return;
        }
        if (s[1] == sizeof(T) && s[2] == 0) {
          const T right = *b;
          TK_VECTORIZE for (int64_t i = 0; i < n; i++) out[i] = O(f(a[i], right));
          return;
        }
        if (s[1] == 0 && s[2] == sizeof(T)) {
          const T left = *a;
          TK_VECTORIZE for (int64_t i = 0; i < n; i++) out[i] = O(f(left, b[i]));
          return;
        }
      }
      TK_STRIDED for (int64_t i = 0; i < n; i++)
        at<O>(x[0], i * s[0]) = O(f(at<T>(x[1], i * s[1]), at<T>(x[2], i * s[2])));
    }
  }
};

// out[i] = f(a[i], b[i], c[i]); FirstType is a's element type where it differs (where's condition).
template <class F, class T, class FirstType = T> struct TernaryLoop {
  using C = compute_t<T>;
  using C1 = compute_t<FirstType>;
  static void run(int64_t n, char *const *x, const int64_t *s, const tk_scalar *params) {
    using O = stored_t<T, decltype(std::declval<F>()(C1(), C(), C()))>;
    if constexpr (is_short_float<T>) {
      constexpr bool same = std::is_same<FirstType, T>::value;
      using Wide = TernaryLoop<F, float, std::conditional_t<same, float, FirstType>>;
      return through_float<T>(Wide::run, 4, same ? 1 : 2, std::is_same<O, T>::value, n, x, s, params);
    } else {
      const F f(params);
      if (s[0] == sizeof(O) && s[1] == sizeof(FirstType) && s[2] == sizeof(T) && s[3] == sizeof(T)) {
        O *const out = reinterpret_cast<O *>(x[0]);
        const FirstType *const a = reinterpret_cast<const FirstType *>(x[1]);
        const T *const b = reinterpret_cast<const T *>(x[2]), *const c = reinterpret_cast<const T *>(x[3]);
        TK_VECTORIZE for (int64_t i = 0; i < n; i++) out[i] = O(f(a[i], b[i], c[i]));
        return;
      }
      TK_STRIDED for (int64_t i = 0; i < n; i++)
        at<O>(x[0], i * s[0]) = O(f(at<FirstType>(x[1], i * s[1]), at<T>(x[2], i * s[2]), at<T>(x[3], i * s[3])));
    }
  }
};

template <template <class, class> class Loop, template <class> class F, class List> struct LoopTable;
template <template <class, class> class Loop, template <class> class F, class... T>
struct LoopTable<Loop, F, Types<T...>> {
  tk_loop loops[dtype_count] = {};
  constexpr LoopTable() { ((loops[dtype_of<T>::value] = &Loop<F<compute_t<T>>, T>::run), ...); }
};
template <class F, class T> using PlainTernaryLoop = TernaryLoop<F, T>;
template <class F, class T> using ConditionalLoop = TernaryLoop<F, T, bool>;

#ifndef TK_COST
#define TK_COST 1  // a family of expensive functions defines its own before including this
#endif

#define TK_OPERATION(LOOP, COUNT, ARGUMENTS, NAME, TYPES, ...)                                   \
  template <class T> struct Op_##NAME : Parameters<T, COUNT> {                                   \
    explicit TK_INLINE Op_##NAME(const tk_scalar *s) : Parameters<T, COUNT>(s) {}                \
    TK_INLINE auto operator() ARGUMENTS const { TK_PARAMETERS_##COUNT return __VA_ARGS__; }      \
  };                                                                                             \
  constexpr LoopTable<LOOP, Op_##NAME, TYPES> loops_##NAME;                                      \
  const Registration registration_##NAME(#NAME, TK_TARGET, TK_COST, loops_##NAME.loops);
#define TK_PARAMETERS_0
#define TK_PARAMETERS_1 const auto &p = this->p; (void)p;
#define TK_PARAMETERS_2 TK_PARAMETERS_1
#define TK_PARAMETERS_3 TK_PARAMETERS_1

#define TK_UNARY_WITH(COUNT, NAME, TYPES, ...) TK_OPERATION(UnaryLoop, COUNT, (T a), NAME, TYPES, __VA_ARGS__)
#define TK_BINARY_WITH(COUNT, NAME, TYPES, ...) TK_OPERATION(BinaryLoop, COUNT, (T a, T b), NAME, TYPES, __VA_ARGS__)
#define TK_TERNARY_WITH(COUNT, NAME, TYPES, ...) \
  TK_OPERATION(PlainTernaryLoop, COUNT, (T a, T b, T c), NAME, TYPES, __VA_ARGS__)
#define TK_UNARY(NAME, TYPES, ...) TK_UNARY_WITH(0, NAME, TYPES, __VA_ARGS__)
#define TK_BINARY(NAME, TYPES, ...) TK_BINARY_WITH(0, NAME, TYPES, __VA_ARGS__)
#define TK_TERNARY(NAME, TYPES, ...) TK_TERNARY_WITH(0, NAME, TYPES, __VA_ARGS__)

TK_END
#endif
