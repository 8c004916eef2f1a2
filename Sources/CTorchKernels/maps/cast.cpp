// Conversions between all element types, and plain strided copies.
//
// PyTorch's rules on x86: float to integer truncates, and what does not fit (NaN too) becomes the least int32 or int64,
// of which the smaller types take the low bits; anything to bool asks "not zero"; complex to real takes the real
// part; float to the half types rounds to nearest even.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "maps/cast.cpp"
#define TK_AVX2_IS_ENOUGH
#include "targets.h"

#include "loops-inl.h"

TK_BEGIN

template <class Int, class Float> TK_INLINE Int truncate(Float x) {
  // Both bounds are exact in either float type.
  constexpr Float bound = sizeof(Int) == 4 ? Float(2147483648.0) : Float(9223372036854775808.0);
  constexpr bool below_fits = sizeof(Int) == 4 && sizeof(Float) == 8;  // -2147483648.5 truncates into range
  const bool fits = (below_fits ? x > -bound - 1 : x >= -bound) && x < bound;
  return fits ? Int(x) : std::numeric_limits<Int>::min();
}

template <class To, class From> TK_INLINE To convert(From x) {
  if constexpr (std::is_same<To, From>::value) {
    return x;
  } else if constexpr (is_complex_v<From> && is_complex_v<To>) {
    return To(x);
  } else if constexpr (is_complex_v<From>) {
    if constexpr (std::is_same<To, bool>::value) return x.re != 0 || x.im != 0;
    else return convert<To>(x.re);
  } else if constexpr (is_complex_v<To>) {
    return To(typename To::real_type(compute_t<From>(x)));
  } else if constexpr (std::is_same<To, bool>::value) {
    return compute_t<From>(x) != 0;
  } else if constexpr (std::is_same<To, Half>::value || std::is_same<To, BFloat16>::value) {
    return To(float(x));
  } else if constexpr (is_int_v<To> && std::is_floating_point<compute_t<From>>::value) {
    using Wide = std::conditional_t<(sizeof(To) < 4), int32_t, To>;
    return To(truncate<Wide>(compute_t<From>(x)));
  } else {
    return To(compute_t<From>(x));
  }
}

// Any element type of one size is copied the same way.
template <class T> using copied_as = std::conditional_t<
    sizeof(T) == 1, uint8_t, std::conditional_t<sizeof(T) == 2, uint16_t, std::conditional_t<
    sizeof(T) == 4, uint32_t, std::conditional_t<sizeof(T) == 8, uint64_t, T>>>>;

template <class To, class From> struct CastLoop {
  static void run(int64_t n, char *const *x, const int64_t *s, const tk_scalar *) {
    if (s[0] == sizeof(To) && s[1] == sizeof(From)) {
      To *const out = reinterpret_cast<To *>(x[0]);
      const From *const a = reinterpret_cast<const From *>(x[1]);
      TK_VECTORIZE for (int64_t i = 0; i < n; i++) out[i] = convert<To>(a[i]);
      return;
    }
    for (int64_t i = 0; i < n; i++) at<To>(x[0], i * s[0]) = convert<To>(at<From>(x[1], i * s[1]));
  }
};

template <class To, class List> struct CastTable;
template <class To, class... From> struct CastTable<To, Types<From...>> {
  tk_loop loops[dtype_count] = {};
  constexpr CastTable() {
    ((loops[dtype_of<From>::value] = std::is_same<To, From>::value ? &CastLoop<copied_as<To>, copied_as<To>>::run
                                                                   : &CastLoop<To, From>::run), ...);
  }
};

// The operation "to_<dtype code>", like any other found by name and input type.
#define TK_CAST(TO, CODE)                    \
  constexpr CastTable<TO, All> casts_##CODE; \
  const Registration registration_##CODE("to_" #CODE, TK_TARGET, 1, casts_##CODE.loops);
TK_CAST(uint8_t, 0) TK_CAST(int8_t, 1) TK_CAST(int16_t, 2) TK_CAST(int32_t, 3) TK_CAST(int64_t, 4)
TK_CAST(Half, 5) TK_CAST(float, 6) TK_CAST(double, 7) TK_CAST(Complex<float>, 9) TK_CAST(Complex<double>, 10)
TK_CAST(bool, 11) TK_CAST(BFloat16, 15)

TK_END

#if HWY_ONCE
TK_FAMILY(cast)

extern "C" tk_loop tk_find_cast(tk_dtype from, tk_dtype to) {
  static const char *const names[tk::dtype_count] = {
      "to_0", "to_1", "to_2", "to_3", "to_4", "to_5", "to_6", "to_7", "", "to_9", "to_10", "to_11", "", "", "", "to_15"};
  return unsigned(to) >= unsigned(tk::dtype_count) ? nullptr : tk_find_map(names[to], from);
}
#endif
