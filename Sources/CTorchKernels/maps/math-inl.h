// Elementary functions that the compiler can vectorise: free of branches and calls, exact at the extremes.
//
// Goals, in order: within 2 units in the last place of the true value for float and double, denormals, infinities and
// NaN included; one text for every instruction set. Products and sums are written so that they contract to fused
// multiply-adds where the processor has them; without, the error grows by about one unit.
// Series are Taylor's, cut where the next term is below the type's precision: nothing to tune, nothing to trust.
// Reference: W. J. Cody and W. Waite, Software Manual for the Elementary Functions, 1980.
#pragma once
#include "types.h"

namespace tk {

// What a float type is made of.
template <class R> struct Format;
template <> struct Format<float> {
  using Int = int32_t;
  using UInt = uint32_t;
  static constexpr int mantissa = 23, bias = 127;
  static constexpr float round = 12582912.f;  // 1.5 * 2^23: adding it leaves an integer in the low bits
  static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  static constexpr float exp_low = -104.f, exp_high = 89.f;  // beyond: 0 and infinity
  static constexpr float expm1_low = -17.5f;                 // beyond: -1
  static constexpr int exp_terms = 7, log_terms = 5;
};
template <> struct Format<double> {
  using Int = int64_t;
  using UInt = uint64_t;
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double round = 6755399441055744.0;
  static constexpr double ln2_high = 0.693147180369123816490, ln2_low = 1.90821492927058770002e-10;
  static constexpr double exp_low = -746.0, exp_high = 710.0;
  static constexpr double expm1_low = -38.0;
  static constexpr int exp_terms = 13, log_terms = 11;
};

// 1 / n!, as a table: the compiler folds its reads once a loop over n is unrolled.
struct InverseFactorials {
  double of[20] = {};
  constexpr InverseFactorials() {
    double factorial = 1;
    for (int n = 0; n < 20; n++) {
      of[n] = 1 / factorial;
      factorial *= n + 1;
    }
  }
};
constexpr InverseFactorials inverse_factorial;

// 2^n for an exponent of the normal range.
template <class R> TK_INLINE R power_of_two(typename Format<R>::Int n) {
  using F = Format<R>;
  return bits_as<R>(typename F::UInt(n + F::bias) << F::mantissa);
}

// sum of r^k / (k + First)! for k = 0..Terms, by Horner's rule.
template <int First, int Terms, class R> TK_INLINE R exp_series(R r) {
  R sum = R(inverse_factorial.of[First + Terms]);
#pragma clang loop unroll(full)
  for (int k = Terms - 1; k >= 0; k--) sum = sum * r + R(inverse_factorial.of[First + k]);
  return sum;
}

// x = n ln 2 + r, |r| <= ln 2 / 2.
template <class R> struct ExpParts {
  R r;
  typename Format<R>::Int n;
};
template <class R> TK_INLINE ExpParts<R> exp_parts(R x) {
  using F = Format<R>;
  const R shifted = x * R(1.44269504088896340736) + F::round;
  const R n = shifted - F::round;
  const R r = (x - n * F::ln2_high) - n * F::ln2_low;
  return {r, typename F::Int(bits_as<typename F::UInt>(shifted) - bits_as<typename F::UInt>(F::round))};
}

// Comparisons in this form let a NaN through.
template <class R> TK_INLINE R limited(R x, R low, R high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

template <class R> TK_INLINE R fast_exp(R x) {
  using F = Format<R>;
  const ExpParts<R> e = exp_parts(limited(x, F::exp_low, F::exp_high));
  const R y = exp_series<0, F::exp_terms>(e.r);
  // Two factors reach the denormals and infinity; halving a biased exponent avoids an arithmetic shift.
  const auto half = typename F::Int(typename F::UInt(e.n + 4 * F::bias) >> 1) - 2 * F::bias;
  return y * power_of_two<R>(half) * power_of_two<R>(e.n - half);
}

template <class R> TK_INLINE R fast_expm1(R x) {
  using F = Format<R>;
  const ExpParts<R> e = exp_parts(limited(x, F::expm1_low, F::exp_high));
  const R y = e.r + e.r * e.r * exp_series<2, F::exp_terms - 2>(e.r);  // e^r - 1
  const R half = power_of_two<R>(e.n - 1);                              // 2^n itself may not fit
  const R result = (y * half + (half - R(0.5))) * 2;
  return x == 0 ? x : result;  // keeps the sign of zero
}

// log of x = m 2^e by log m = 2 atanh(s), s = (m - 1) / (m + 1), sqrt(1/2) <= m < sqrt(2).
template <class R> struct LogParts {
  R f, e;  // m - 1 and the exponent
};
template <class R> TK_INLINE LogParts<R> log_parts(R x) {
  using F = Format<R>;
  using I = typename F::Int;
  using U = typename F::UInt;
  const bool denormal = x < std::numeric_limits<R>::min();
  const R scaled = denormal ? x * R(U(1) << (F::mantissa + 1)) : x;
  constexpr U root_half = sizeof(R) == 4 ? U(0x3F3504F3) : U(0x3FE6A09E667F3BCDull);
  // The exponent counted from sqrt(1/2), biased so that it stays positive; read back as a float by a bit pattern.
  const U shifted = bits_as<U>(scaled) - root_half + (U(2 * F::bias) << F::mantissa);
  const U exponent = shifted >> F::mantissa;
  const R e = bits_as<R>(exponent | bits_as<U>(R(U(1) << F::mantissa))) - R((U(1) << F::mantissa) + 2 * F::bias);
  const I whole = I(exponent) - 2 * F::bias;
  const R m = bits_as<R>(bits_as<U>(scaled) - (U(whole) << F::mantissa));
  return {m - 1, denormal ? e - (F::mantissa + 1) : e};
}
// The logarithm plus `low`, a correction that the caller knows: log(1 + f) = f - (f^2/2 - s (f^2/2 + R(s^2))).
template <class R> TK_INLINE R log_of_parts(LogParts<R> x, R low) {
  using F = Format<R>;
  const R s = x.f / (2 + x.f), z = s * s;
  R series = R(2.0 / (2 * F::log_terms + 1));
#pragma clang loop unroll(full)
  for (int k = F::log_terms - 1; k >= 1; k--) series = series * z + R(2.0 / (2 * k + 1));
  const R half_square = R(0.5) * x.f * x.f;
  return x.e * F::ln2_high - ((half_square - (s * (half_square + series * z) + (x.e * F::ln2_low + low))) - x.f);
}
template <class R> TK_INLINE R log_special(R x, R y) {
  y = x == infinity<R> ? x : y;
  y = x == 0 ? -infinity<R> : y;
  return x < 0 || x != x ? quiet_nan<R> : y;
}

template <class R> TK_INLINE R fast_log(R x) { return log_special(x, log_of_parts(log_parts(x), R(0))); }

template <class R> TK_INLINE R fast_log1p(R x) {
  const R u = 1 + x;
  // What rounding 1 + x lost, relative to u.
  const R lost = (x - (u - 1)) / u;
  const R y = log_special(u, log_of_parts(log_parts(u), u < infinity<R> && u > 0 ? lost : R(0)));
  return x == 0 ? x : y;
}

template <class R> TK_INLINE R fast_tanh(R x) {
  // Beyond `limit` tanh is 1 to the last bit.
  constexpr R limit = sizeof(R) == 4 ? R(10) : R(20);
  const R size = std::fabs(x), e = fast_expm1(2 * (size > limit ? limit : size));
  return std::copysign(e / (e + 2), x);
}

template <class R> TK_INLINE R fast_sigmoid(R x) { return 1 / (1 + fast_exp(-x)); }

}  // namespace tk
