// Sums, products, moments. Floats are accumulated in float64: it costs nothing where memory is the limit, is more
// accurate than PyTorch's cascade of float32, and the result hardly depends on how the work was split. Integers
// accumulate in int64 and wrap.
#include "tk_simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tk_reduce_sums.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cmath>

#include "tk_reduce-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tk {
namespace HWY_NAMESPACE {
namespace {

template <class T> using Wide = std::conditional_t<is_complex<T>, Complex128,
                                                   std::conditional_t<is_floating<T>, double, int64_t>>;

template <class T> Wide<T> widen(T x) {
  if constexpr (is_complex<T>) return Complex128(x.real(), x.imag());
  else if constexpr (is_small_float<T>) return static_cast<double>(static_cast<float>(x));
  else return static_cast<Wide<T>>(x);
}

template <class W> W add(W a, W b) {
  if constexpr (std::is_same_v<W, int64_t>) return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  else return a + b;
}

// Plain formulas: std::complex's product takes a detour for infinities.
template <class W> W multiply(W a, W b) {
  if constexpr (is_complex<W>) {
    return W(a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real());
  } else if constexpr (std::is_same_v<W, int64_t>) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  } else {
    return a * b;
  }
}

template <class T> double magnitude(T x) {
  if constexpr (is_complex<T>) return std::hypot(static_cast<double>(x.real()), static_cast<double>(x.imag()));
  else return std::fabs(static_cast<double>(widen(x)));
}

template <SumOf of, class T> auto map(T x, double p) {
  if constexpr (of == SumOf::value) {
    return widen(x);
  } else if constexpr (of == SumOf::finite_value) {
    return is_nan(x) ? Wide<T>(0) : widen(x);
  } else if constexpr (of == SumOf::nonzero) {
    return static_cast<int64_t>(widen(x) != Wide<T>(0));
  } else if constexpr (of == SumOf::magnitude) {
    return magnitude(x);
  } else if constexpr (of == SumOf::square) {
    if constexpr (is_complex<T>) {
      const double re = x.real(), im = x.imag();
      return re * re + im * im;
    } else {
      const double d = static_cast<double>(widen(x));
      return d * d;
    }
  } else {
    return std::pow(magnitude(x), p);
  }
}

template <SumOf of, class T> struct Sum {
  using In = T;
  using A = decltype(map<of, T>(T(), 0));
  using B = None;
  static void init(A &a, B &) { a = A(0); }
  static void step(A &a, B &, T x, int64_t, double, double p) { a = add<A>(a, map<of, T>(x, p)); }
  static void merge(A &a, B &, A other, B, double, double) { a = add<A>(a, other); }
  static void finish(A a, B, double count, const ReduceCall &call, char *out, char *) {
    switch (call.finish) {
      case Finish::mean:
        if constexpr (is_complex<A>) store(call.out_dtype, out, a / count);
        else store(call.out_dtype, out, static_cast<double>(a) / count);
        break;
      case Finish::root:
        if constexpr (!is_complex<A>) store(call.out_dtype, out, std::sqrt(static_cast<double>(a)));
        break;
      case Finish::power:
        if constexpr (!is_complex<A>) store(call.out_dtype, out, std::pow(static_cast<double>(a), 1.0 / call.parameter));
        break;
      default: store(call.out_dtype, out, a);
    }
  }
};

template <class T> struct Product {
  using In = T;
  using A = Wide<T>;
  using B = None;
  static void init(A &a, B &) { a = A(1); }
  static void step(A &a, B &, T x, int64_t, double, double) { a = multiply<A>(a, widen(x)); }
  static void merge(A &a, B &, A other, B, double, double) { a = multiply<A>(a, other); }
  static void finish(A a, B, double, const ReduceCall &call, char *out, char *) { store(call.out_dtype, out, a); }
};

// Welford's mean and sum of squared deviations, merged as Chan, Golub and LeVeque.
template <class T> struct Variance {
  using In = T;
  using A = Wide<T>;
  using B = double;
  static double norm(A x) {
    if constexpr (is_complex<A>) return x.real() * x.real() + x.imag() * x.imag();
    else return x * x;
  }
  static double dot(A x, A y) {
    if constexpr (is_complex<A>) return x.real() * y.real() + x.imag() * y.imag();
    else return x * y;
  }
  static void init(A &a, B &b) {
    a = A(0);
    b = 0;
  }
  static void step(A &mean, B &m2, T x, int64_t, double inverse_count, double) {
    const A delta = widen(x) - mean;
    mean += delta * inverse_count;
    m2 += dot(delta, widen(x) - mean);
  }
  static void merge(A &mean, B &m2, A other_mean, B other_m2, double n0, double n1) {
    if (n1 == 0) return;
    const A delta = other_mean - mean;
    const double n = n0 + n1;
    mean += delta * (n1 / n);
    m2 += other_m2 + norm(delta) * (n0 * n1 / n);
  }
  static void finish(A mean, B m2, double count, const ReduceCall &call, char *out, char *out2) {
    const double divisor = count - call.parameter, variance = m2 / (divisor > 0 ? divisor : 0);
    store(call.out_dtype, out, call.finish == Finish::deviation ? std::sqrt(variance) : variance);
    if (out2) store(call.out_dtype, out2, count > 0 ? mean : A(NAN));
  }
};

// The greatest value so far and the sum of exponentials relative to it.
template <class T> struct LogSumExp {
  using In = T;
  using A = double;
  using B = double;
  static void init(A &a, B &b) {
    a = -INFINITY;
    b = 0;
  }
  static void step(A &greatest, B &sum, T x, int64_t, double, double) { merge(greatest, sum, widen(x), 1.0, 0, 0); }
  static void merge(A &greatest, B &sum, A other, B other_sum, double, double) {
    if (other == greatest) {  // also two infinities, whose difference is NaN
      sum += other_sum;
    } else if (other < greatest) {
      sum += other_sum * std::exp(other - greatest);
    } else {  // greater, or NaN
      sum = (greatest == -INFINITY ? 0 : sum * std::exp(greatest - other)) + other_sum;
      greatest = other;
    }
  }
  static void finish(A greatest, B sum, double, const ReduceCall &call, char *out, char *) {
    store(call.out_dtype, out, sum == 0 ? -INFINITY : greatest + std::log(sum));
  }
};

template <SumOf of> const ReduceKernel *sum_of(tk_dtype in) {
  const ReduceKernel *k = nullptr;
  dispatch_all(in, [&](auto tag) { k = Reduce<Sum<of, typename decltype(tag)::type>>::kernel(); });
  return k;
}

const ReduceKernel *sum(SumOf of, tk_dtype in) {
  switch (of) {
    case SumOf::value: return sum_of<SumOf::value>(in);
    case SumOf::finite_value: return sum_of<SumOf::finite_value>(in);
    case SumOf::nonzero: return sum_of<SumOf::nonzero>(in);
    case SumOf::magnitude: return sum_of<SumOf::magnitude>(in);
    case SumOf::square: return sum_of<SumOf::square>(in);
    case SumOf::power: return sum_of<SumOf::power>(in);
  }
  return nullptr;
}

const ReduceKernel *product(tk_dtype in) {
  const ReduceKernel *k = nullptr;
  dispatch_all(in, [&](auto tag) { k = Reduce<Product<typename decltype(tag)::type>>::kernel(); });
  return k;
}

const ReduceKernel *variance(tk_dtype in) {
  if (in == TK_COMPLEX64) return Reduce<Variance<Complex64>>::kernel(false, true);
  if (in == TK_COMPLEX128) return Reduce<Variance<Complex128>>::kernel(false, true);
  const ReduceKernel *k = nullptr;
  dispatch_floating(in, [&](auto tag) { k = Reduce<Variance<typename decltype(tag)::type>>::kernel(false, true); });
  return k;
}

const ReduceKernel *logsumexp(tk_dtype in) {
  const ReduceKernel *k = nullptr;
  dispatch_real(in, [&](auto tag) { k = Reduce<LogSumExp<typename decltype(tag)::type>>::kernel(); });
  return k;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tk {
HWY_EXPORT(sum);
HWY_EXPORT(product);
HWY_EXPORT(variance);
HWY_EXPORT(logsumexp);
const ReduceKernel *find_sum(SumOf of, tk_dtype in) { return HWY_DYNAMIC_DISPATCH(sum)(of, in); }
const ReduceKernel *find_product(tk_dtype in) { return HWY_DYNAMIC_DISPATCH(product)(in); }
const ReduceKernel *find_variance(tk_dtype in) { return HWY_DYNAMIC_DISPATCH(variance)(in); }
const ReduceKernel *find_logsumexp(tk_dtype in) { return HWY_DYNAMIC_DISPATCH(logsumexp)(in); }
}  // namespace tk
#endif
