// What is known of a Fourier transform before its data: factors, roots of unity, and the convolution that stands for
// a length with a large prime factor (Bluestein 1970). Plans are made once for a length and kept.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

namespace tk {

// Roots of unity, real and imaginary parts apart, so that loops over them vectorise.
template <class T> struct Roots {
  std::vector<T> re, im;
};

template <class T> struct FFTPlan {
  struct Stage {
    int radix;
    int64_t length;  // n before this stage
    Roots<T> twiddles;  // exp(-2πi p j / length) at (radix - 1) * p + j - 1
  };

  int64_t n;
  std::vector<Stage> stages;
  // exp(-2πi k / 2n) for k <= n: what joins the halves of a real transform of length 2n.
  Roots<T> half_turn;
  // Bluestein: chirp[k] = exp(-πi k² / n), and the transform of its conjugate over the length of `convolution`, divided by
  // that length. Null where n has small factors only.
  Roots<T> chirp, chirp_spectrum;
  std::shared_ptr<const FFTPlan> convolution;
};

// The plan for length n >= 1, from the cache where it is there.
template <class T> std::shared_ptr<const FFTPlan<T>> fft_plan(int64_t n);

// The forward transform of `columns` signals side by side: element k of column c at k * columns + c. Says whether the
// result lies in the second pair of arrays rather than the first; both are written to. The plan has small factors only.
bool fft_columns(const FFTPlan<double> &plan, int64_t columns, double *re, double *im, double *re2, double *im2);

}  // namespace tk
