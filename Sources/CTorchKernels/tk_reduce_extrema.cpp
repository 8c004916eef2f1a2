// Maxima, minima, their places, all and any. NaN wins over every number; of equal values the first counts.
#define TK_AVX2_IS_ENOUGH
#include "tk_simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tk_reduce_extrema.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cmath>

#include "tk_reduce-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tk {
namespace HWY_NAMESPACE {
namespace {

// What values of T are compared and kept as.
template <class T> using Key = std::conditional_t<is_small_float<T>, float,
                                                  std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>>;

template <class K, bool max> constexpr K worst() {
  if constexpr (std::is_floating_point_v<K>) return max ? -std::numeric_limits<K>::infinity() : std::numeric_limits<K>::infinity();
  else return max ? std::numeric_limits<K>::min() : std::numeric_limits<K>::max();
}

template <bool max, class K> bool beats(K x, K best) { return (max ? x > best : x < best) | (x != x); }

// Integers and bool are stored exactly, floats through float64.
template <class K> auto exact(K k) {
  if constexpr (std::is_floating_point_v<K>) return static_cast<double>(k);
  else return static_cast<int64_t>(k);
}

template <class T, bool max> struct Value {
  using In = T;
  using A = Key<T>;
  using B = None;
  static void init(A &a, B &) { a = worst<A, max>(); }
  static void step(A &a, B &, T x, int64_t, double, double) {
    const A k = static_cast<A>(x);
    a = beats<max>(k, a) ? k : a;
  }
  static void merge(A &a, B &, A other, B, double, double) { a = beats<max>(other, a) ? other : a; }
  static void finish(A a, B, double, const ReduceCall &call, char *out, char *) { store(call.out_dtype, out, exact(a)); }
};

// The index stays kNowhere while nothing beat the worst value: then all elements equal it, and the first is at 0.
constexpr int64_t kNowhere = std::numeric_limits<int64_t>::max();

template <class T, bool max> struct Place {
  using In = T;
  using A = Key<T>;
  using B = int64_t;
  static void init(A &a, B &b) {
    a = worst<A, max>();
    b = kNowhere;
  }
  static void step(A &a, B &b, T x, int64_t index, double, double) {
    const A k = static_cast<A>(x);
    const bool better = beats<max>(k, a) & (a == a);
    a = better ? k : a;
    b = better ? index : b;
  }
  static void merge(A &a, B &b, A other, B other_index, double, double) {
    const bool nan = a != a, other_nan = other != other;
    const bool better = max ? other > a : other < a;
    const bool tie = nan ? other_nan : other == a;
    const bool take = (!nan & (better | other_nan)) | (tie & (other_index < b));
    a = take ? other : a;
    b = take ? other_index : b;
  }
  static void finish(A a, B b, double, const ReduceCall &call, char *out, char *out2) {
    const int64_t index = b == kNowhere ? 0 : b;
    if (call.finish == Finish::index) {
      store(call.out_dtype, out, index);
    } else {
      store(call.out_dtype, out, exact(a));
      if (out2) store(TK_INT64, out2, index);
    }
  }
};

template <class T> struct MinMax {
  using In = T;
  using A = Key<T>;
  using B = Key<T>;
  static void init(A &a, B &b) {
    a = worst<A, false>();
    b = worst<B, true>();
  }
  static void step(A &a, B &b, T x, int64_t, double, double) {
    const A k = static_cast<A>(x);
    a = beats<false>(k, a) ? k : a;
    b = beats<true>(k, b) ? k : b;
  }
  static void merge(A &a, B &b, A other_a, B other_b, double, double) {
    a = beats<false>(other_a, a) ? other_a : a;
    b = beats<true>(other_b, b) ? other_b : b;
  }
  static void finish(A a, B b, double, const ReduceCall &call, char *out, char *out2) {
    store(call.out_dtype, out, exact(a));
    if (out2) store(call.out_dtype, out2, exact(b));
  }
};

template <class T, bool max> struct Magnitude {
  using In = T;
  using A = double;
  using B = None;
  static void init(A &a, B &) { a = max ? 0 : INFINITY; }
  static void step(A &a, B &, T x, int64_t, double, double) {
    double m;
    if constexpr (is_complex<T>) m = std::hypot(static_cast<double>(x.real()), static_cast<double>(x.imag()));
    else m = std::fabs(static_cast<double>(static_cast<compute<T>>(x)));
    a = beats<max>(m, a) ? m : a;
  }
  static void merge(A &a, B &, A other, B, double, double) { a = beats<max>(other, a) ? other : a; }
  static void finish(A a, B, double, const ReduceCall &call, char *out, char *) { store(call.out_dtype, out, a); }
};

template <class T, bool all> struct Truth {
  using In = T;
  using A = uint8_t;
  using B = None;
  static void init(A &a, B &) { a = all; }
  static void step(A &a, B &, T x, int64_t, double, double) {
    bool t;
    if constexpr (is_complex<T>) t = x.real() != 0 || x.imag() != 0;
    else t = static_cast<compute<T>>(x) != 0;
    if constexpr (all) a &= t;
    else a |= t;
  }
  static void merge(A &a, B &, A other, B, double, double) {
    if constexpr (all) a &= other;
    else a |= other;
  }
  static void finish(A a, B, double, const ReduceCall &call, char *out, char *) {
    store(call.out_dtype, out, static_cast<int64_t>(a));
  }
};

const ReduceKernel *extremum(Extremum of, tk_dtype in) {
  const ReduceKernel *k = nullptr;
  const auto real = [&](auto tag) {
    using T = typename decltype(tag)::type;
    switch (of) {
      case Extremum::max: k = Reduce<Value<T, true>>::kernel(); break;
      case Extremum::min: k = Reduce<Value<T, false>>::kernel(); break;
      case Extremum::max_index: k = Reduce<Place<T, true>>::kernel(true); break;
      case Extremum::min_index: k = Reduce<Place<T, false>>::kernel(true); break;
      case Extremum::min_max: k = Reduce<MinMax<T>>::kernel(); break;
      default: break;
    }
  };
  const auto any = [&](auto tag) {
    using T = typename decltype(tag)::type;
    switch (of) {
      case Extremum::max_magnitude: k = Reduce<Magnitude<T, true>>::kernel(); break;
      case Extremum::min_magnitude: k = Reduce<Magnitude<T, false>>::kernel(); break;
      case Extremum::all: k = Reduce<Truth<T, true>>::kernel(); break;
      case Extremum::any: k = Reduce<Truth<T, false>>::kernel(); break;
      default: break;
    }
  };
  dispatch_real(in, real);
  dispatch_all(in, any);
  return k;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tk {
HWY_EXPORT(extremum);
const ReduceKernel *find_extremum(Extremum of, tk_dtype in) { return HWY_DYNAMIC_DISPATCH(extremum)(of, in); }
}  // namespace tk
#endif
