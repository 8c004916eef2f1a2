// Element types of the kernels that are not plain C++ ones, and the switch from a dtype code to a C++ type.
#pragma once
#include <complex>
#include <cstring>
#include <limits>
#include <type_traits>

#include "tk_common.h"

namespace tk {

// 16-bit floats are storage only: arithmetic is done in float32 and rounded to nearest even once, when stored.
struct Half {
  uint16_t bits;
  Half() = default;
  explicit Half(float x) {
    const _Float16 h = static_cast<_Float16>(x);
    std::memcpy(&bits, &h, sizeof bits);
  }
  operator float() const {
    _Float16 h;
    std::memcpy(&h, &bits, sizeof bits);
    return static_cast<float>(h);
  }
};

struct BFloat16 {
  uint16_t bits;
  BFloat16() = default;
  explicit BFloat16(float x) {
    uint32_t u;
    std::memcpy(&u, &x, sizeof u);
    const uint32_t rounded = (u + 0x7FFF + ((u >> 16) & 1)) >> 16;
    bits = static_cast<uint16_t>(x != x ? 0x7FC0 : rounded);
  }
  operator float() const {
    const uint32_t u = static_cast<uint32_t>(bits) << 16;
    float x;
    std::memcpy(&x, &u, sizeof x);
    return x;
  }
};

using Complex64 = std::complex<float>;
using Complex128 = std::complex<double>;

template <class T> inline constexpr bool is_complex = std::is_same_v<T, Complex64> || std::is_same_v<T, Complex128>;
template <class T> inline constexpr bool is_small_float = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;
template <class T> inline constexpr bool is_floating = std::is_floating_point_v<T> || is_small_float<T>;

// The type that arithmetic on T is done in.
template <class T> struct Compute { using type = T; };
template <> struct Compute<Half> { using type = float; };
template <> struct Compute<BFloat16> { using type = float; };
template <class T> using compute = typename Compute<T>::type;

template <class T> struct Tag { using type = T; };

template <class T> bool is_nan(T x) {
  if constexpr (is_complex<T>) return x.real() != x.real() || x.imag() != x.imag();
  else if constexpr (is_floating<T>) return compute<T>(x) != compute<T>(x);
  else return false;
}

template <class F> bool dispatch_integer(tk_dtype dtype, F &&f) {
  switch (dtype) {
    case TK_UINT8: f(Tag<uint8_t>()); return true;
    case TK_INT8: f(Tag<int8_t>()); return true;
    case TK_INT16: f(Tag<int16_t>()); return true;
    case TK_INT32: f(Tag<int32_t>()); return true;
    case TK_INT64: f(Tag<int64_t>()); return true;
    default: return false;
  }
}

template <class F> bool dispatch_floating(tk_dtype dtype, F &&f) {
  switch (dtype) {
    case TK_FLOAT16: f(Tag<Half>()); return true;
    case TK_BFLOAT16: f(Tag<BFloat16>()); return true;
    case TK_FLOAT32: f(Tag<float>()); return true;
    case TK_FLOAT64: f(Tag<double>()); return true;
    default: return false;
  }
}

// bool, integers and floats: all that has an order.
template <class F> bool dispatch_real(tk_dtype dtype, F &&f) {
  if (dtype == TK_BOOL) {
    f(Tag<bool>());
    return true;
  }
  return dispatch_integer(dtype, f) || dispatch_floating(dtype, f);
}

template <class F> bool dispatch_all(tk_dtype dtype, F &&f) {
  switch (dtype) {
    case TK_COMPLEX64: f(Tag<Complex64>()); return true;
    case TK_COMPLEX128: f(Tag<Complex128>()); return true;
    default: return dispatch_real(dtype, f);
  }
}

inline size_t element_size(tk_dtype dtype) {
  size_t size = 0;
  dispatch_all(dtype, [&](auto tag) { size = sizeof(typename decltype(tag)::type); });
  return size;
}

// tk_parallel_for with a callable.
template <class F> void parallel_for(int64_t n, int64_t grain, const F &f) {
  tk_parallel_for(
      n, grain, [](void *context, int64_t begin, int64_t end) { (*static_cast<const F *>(context))(begin, end); },
      const_cast<void *>(static_cast<const void *>(&f)));
}

}  // namespace tk
