// Fourier transforms along one dimension (tk_fft.h).
//
// Mixed radix, Stockham's order: every stage reads one pair of arrays (real and imaginary parts apart) and writes
// another, and its inner loop runs over contiguous memory. Several lines are transformed side by side, so that the first
// stages have a long inner loop too. The backward transform is the forward one with real and imaginary parts exchanged.
// A real signal of even length is the complex signal of half the length (even elements real, odd ones imaginary).
// Lengths with a prime factor above 13 become a convolution (Bluestein).
// Reference: C. Van Loan, Computational Frameworks for the Fast Fourier Transform (1992), sections 1.7, 4.2, 4.3.
#include "tk_simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tk_fft.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fft_plan.h"
#include "tk_elements.h"
#include "tk_fft.h"

HWY_BEFORE_NAMESPACE();
namespace tk {
namespace HWY_NAMESPACE {
namespace {

template <class T> struct Parts {
  T *re, *im;
};

template <class T>
HWY_INLINE void radix2(int64_t m, int64_t s, const Roots<T> &w, Parts<const T> x, Parts<T> y) {
  for (int64_t p = 0; p < m; p++) {
    const T wr = w.re[p], wi = w.im[p];
    const T *HWY_RESTRICT ar = x.re + s * p, *HWY_RESTRICT ai = x.im + s * p;
    const T *HWY_RESTRICT br = ar + s * m, *HWY_RESTRICT bi = ai + s * m;
    T *HWY_RESTRICT cr = y.re + s * 2 * p, *HWY_RESTRICT ci = y.im + s * 2 * p;
    T *HWY_RESTRICT dr = cr + s, *HWY_RESTRICT di = ci + s;
    for (int64_t q = 0; q < s; q++) {
      const T er = ar[q] - br[q], ei = ai[q] - bi[q];
      cr[q] = ar[q] + br[q];
      ci[q] = ai[q] + bi[q];
      dr[q] = er * wr - ei * wi;
      di[q] = er * wi + ei * wr;
    }
  }
}

template <class T>
HWY_INLINE void radix4(int64_t m, int64_t s, const Roots<T> &w, Parts<const T> x, Parts<T> y) {
  for (int64_t p = 0; p < m; p++) {
    const T *wr = w.re.data() + 3 * p, *wi = w.im.data() + 3 * p;
    const T w1r = wr[0], w1i = wi[0], w2r = wr[1], w2i = wi[1], w3r = wr[2], w3i = wi[2];
    const T *HWY_RESTRICT ar = x.re + s * p, *HWY_RESTRICT ai = x.im + s * p;
    const T *HWY_RESTRICT br = ar + s * m, *HWY_RESTRICT bi = ai + s * m;
    const T *HWY_RESTRICT cr = br + s * m, *HWY_RESTRICT ci = bi + s * m;
    const T *HWY_RESTRICT dr = cr + s * m, *HWY_RESTRICT di = ci + s * m;
    T *HWY_RESTRICT y0r = y.re + s * 4 * p, *HWY_RESTRICT y0i = y.im + s * 4 * p;
    T *HWY_RESTRICT y1r = y0r + s, *HWY_RESTRICT y1i = y0i + s;
    T *HWY_RESTRICT y2r = y1r + s, *HWY_RESTRICT y2i = y1i + s;
    T *HWY_RESTRICT y3r = y2r + s, *HWY_RESTRICT y3i = y2i + s;
    for (int64_t q = 0; q < s; q++) {
      const T sum_r = ar[q] + cr[q], sum_i = ai[q] + ci[q], dif_r = ar[q] - cr[q], dif_i = ai[q] - ci[q];
      const T sum2_r = br[q] + dr[q], sum2_i = bi[q] + di[q];
      const T turn_r = bi[q] - di[q], turn_i = dr[q] - br[q];  // -i (b - d)
      y0r[q] = sum_r + sum2_r;
      y0i[q] = sum_i + sum2_i;
      const T t1r = dif_r + turn_r, t1i = dif_i + turn_i;
      const T t2r = sum_r - sum2_r, t2i = sum_i - sum2_i;
      const T t3r = dif_r - turn_r, t3i = dif_i - turn_i;
      y1r[q] = t1r * w1r - t1i * w1i;
      y1i[q] = t1r * w1i + t1i * w1r;
      y2r[q] = t2r * w2r - t2i * w2i;
      y2i[q] = t2r * w2i + t2i * w2r;
      y3r[q] = t3r * w3r - t3i * w3i;
      y3i[q] = t3r * w3i + t3i * w3r;
    }
  }
}

// cos and sin of 2π j / R for j < R.
template <class T, int R> struct Circle {
  T c[R], s[R];
  Circle() {
    for (int j = 0; j < R; j++) {
      c[j] = static_cast<T>(std::cos(2 * 3.14159265358979323846 * j / R));
      s[j] = static_cast<T>(std::sin(2 * 3.14159265358979323846 * j / R));
    }
  }
};

// An odd prime R: sums and differences of the elements k and R - k halve the work.
template <int R, class T>
HWY_INLINE void radix_odd(int64_t m, int64_t s, const Roots<T> &w, Parts<const T> x, Parts<T> y) {
  constexpr int H = (R - 1) / 2;
  static const Circle<T, R> circle;
  for (int64_t p = 0; p < m; p++) {
    const T *wr = w.re.data() + (R - 1) * p, *wi = w.im.data() + (R - 1) * p;
    const T *xr = x.re + s * p, *xi = x.im + s * p;
    T *yr = y.re + s * R * p, *yi = y.im + s * R * p;
#pragma clang loop vectorize(assume_safety)
    for (int64_t q = 0; q < s; q++) {
      T sum_r[H], sum_i[H], dif_r[H], dif_i[H];
      const T ar = xr[q], ai = xi[q];
      T all_r = ar, all_i = ai;
#pragma clang loop unroll(full)
      for (int k = 0; k < H; k++) {
        const int64_t at = q + s * m * (k + 1), mirrored = q + s * m * (R - 1 - k);
        sum_r[k] = xr[at] + xr[mirrored];
        sum_i[k] = xi[at] + xi[mirrored];
        dif_r[k] = xr[at] - xr[mirrored];
        dif_i[k] = xi[at] - xi[mirrored];
        all_r += sum_r[k];
        all_i += sum_i[k];
      }
      yr[q] = all_r;
      yi[q] = all_i;
#pragma clang loop unroll(full)
      for (int j = 1; j <= H; j++) {
        T even_r = ar, even_i = ai, odd_r = 0, odd_i = 0;
#pragma clang loop unroll(full)
        for (int k = 0; k < H; k++) {
          const int at = j * (k + 1) % R;
          even_r += circle.c[at] * sum_r[k];
          even_i += circle.c[at] * sum_i[k];
          odd_r += circle.s[at] * dif_r[k];
          odd_i += circle.s[at] * dif_i[k];
        }
        // even - i odd, and even + i odd at the mirrored place
        const T ur = even_r + odd_i, ui = even_i - odd_r, vr = even_r - odd_i, vi = even_i + odd_r;
        const int n = R - j;
        yr[q + s * j] = ur * wr[j - 1] - ui * wi[j - 1];
        yi[q + s * j] = ur * wi[j - 1] + ui * wr[j - 1];
        yr[q + s * n] = vr * wr[n - 1] - vi * wi[n - 1];
        yi[q + s * n] = vr * wi[n - 1] + vi * wr[n - 1];
      }
    }
  }
}

// The stages of a plan with small factors. The result is in x or in y; true means y.
template <class T> bool run_stages(const FFTPlan<T> &plan, int64_t columns, Parts<T> x, Parts<T> y) {
  int64_t s = columns;
  bool moved = false;
  for (const auto &stage : plan.stages) {
    const int64_t m = stage.length / stage.radix;
    const Parts<const T> from{x.re, x.im};
    switch (stage.radix) {
      case 2: radix2<T>(m, s, stage.twiddles, from, y); break;
      case 3: radix_odd<3, T>(m, s, stage.twiddles, from, y); break;
      case 4: radix4<T>(m, s, stage.twiddles, from, y); break;
      case 5: radix_odd<5, T>(m, s, stage.twiddles, from, y); break;
      case 7: radix_odd<7, T>(m, s, stage.twiddles, from, y); break;
      case 11: radix_odd<11, T>(m, s, stage.twiddles, from, y); break;
      default: radix_odd<13, T>(m, s, stage.twiddles, from, y); break;
    }
    std::swap(x, y);
    moved = !moved;
    s *= stage.radix;
  }
  return moved;
}

// A transform and the memory for `columns` lines of it.
template <class T> class Transform {
  std::shared_ptr<const FFTPlan<T>> plan;
  std::vector<T> memory;
  int64_t room;  // elements of one array

  T *array(int i) { return memory.data() + i * room; }

 public:
  const int64_t columns;

  Transform(int64_t n, int64_t columns) : plan(fft_plan<T>(n)), columns(columns) {
    room = columns * (plan->convolution ? plan->convolution->n : n);
    memory.resize(4 * room);
  }

  const FFTPlan<T> &rules() const { return *plan; }

  // Where the signals go: element k of column c at k * columns + c.
  Parts<T> input() { return {array(0), array(1)}; }

  // Transforms what is in input(); the result is as good for the caller to write to.
  Parts<T> run(int64_t w, bool forward) {
    Parts<T> x{array(0), array(1)}, y{array(2), array(3)};
    if (!forward) std::swap(x.re, x.im);
    if (plan->convolution) {
      convolve(w, x, y);
    } else if (run_stages(*plan, w, x, y)) {
      x = y;
    }
    if (!forward) std::swap(x.re, x.im);
    return x;
  }

 private:
  // Bluestein: jk = (j² + k² - (k - j)²) / 2.
  void convolve(int64_t w, Parts<T> &x, Parts<T> y) {
    const int64_t n = plan->n, m = plan->convolution->n;
    multiply(n, w, x, plan->chirp, x);
    std::fill(x.re + n * w, x.re + m * w, T(0));
    std::fill(x.im + n * w, x.im + m * w, T(0));
    if (run_stages(*plan->convolution, w, x, y)) std::swap(x, y);
    multiply(m, w, x, plan->chirp_spectrum, x);
    std::swap(x.re, x.im);
    std::swap(y.re, y.im);
    if (run_stages(*plan->convolution, w, x, y)) std::swap(x, y);
    std::swap(x.re, x.im);
    multiply(n, w, x, plan->chirp, x);
  }

  static void multiply(int64_t n, int64_t w, Parts<T> x, const Roots<T> &by, Parts<T> y) {
    for (int64_t k = 0; k < n; k++) {
      const T c = by.re[k], s = by.im[k];
      for (int64_t q = k * w; q < (k + 1) * w; q++) {
        const T re = x.re[q] * c - x.im[q] * s, im = x.re[q] * s + x.im[q] * c;
        y.re[q] = re;
        y.im[q] = im;
      }
    }
  }
};

// Where lines begin and how their elements follow each other, in elements.
struct Side {
  const int64_t *strides;
  int64_t step;
};

// f(k, c) for all elements k of the columns c, a cache line of each column after the other: lines of a length that is a
// power of two lie on each other in the cache.
template <class F> HWY_INLINE void for_elements(int64_t n, int64_t w, const F &f) {
  for (int64_t first = 0; first < n; first += 8) {
    const int64_t last = std::min(first + 8, n);
    for (int64_t c = 0; c < w; c++) {
      for (int64_t k = first; k < last; k++) f(k, c);
    }
  }
}

// Elements are of type T; W is the type to compute in.
template <class T, class W> class Lines {
  static constexpr int64_t most_columns = 64 / sizeof(W);
  const tk_fft_kind kind;
  const int32_t rank;
  const int64_t *const sizes;
  const Side from, to;
  const int64_t n;
  const bool forward;
  const W scale;
  // Real signals of even length are transformed as complex ones of half of it.
  const bool halved;

 public:
  Lines(tk_fft_kind kind, int32_t rank, const int64_t *sizes, Side from, Side to, int64_t n, bool forward, double scale)
      : kind(kind), rank(rank), sizes(sizes), from(from), to(to), n(n), forward(forward), scale(static_cast<W>(scale)),
        halved(kind != TK_FFT_COMPLEX && n % 2 == 0) {}

  void run(const void *in, void *out) const {
    int64_t lines = 1;
    for (int32_t i = 0; i < rank; i++) lines *= sizes[i];
    if (lines == 0) return;
    const int64_t length = halved ? n / 2 : n;
    // Four arrays for every column: as many columns as stay in a core's cache, and enough blocks for all threads.
    const int64_t fitting = std::max<int64_t>(1, (int64_t(1) << 18) / (length * 4 * static_cast<int64_t>(sizeof(W))));
    const int64_t threads = tk_num_threads();
    const int64_t columns = std::min({most_columns, fitting, (lines + threads - 1) / threads});
    const int64_t blocks = (lines + columns - 1) / columns;
    const int64_t work = 1 + columns * length * 20;
    parallel_for(blocks, std::max<int64_t>(1, 262144 / work), [&](int64_t begin, int64_t end) HWY_ATTR {
      Transform<W> transform(length, columns);
      for (int64_t b = begin; b < end; b++) {
        block(transform, b * columns, std::min(columns, lines - b * columns), in, out);
      }
    });
  }

 private:
  void starts(int64_t first, int64_t w, int64_t *ins, int64_t *outs) const {
    for (int64_t c = 0; c < w; c++) {
      int64_t rest = first + c, a = 0, b = 0;
      for (int32_t i = rank - 1; i >= 0; i--) {
        const int64_t at = rest % sizes[i];
        rest /= sizes[i];
        a += at * from.strides[i];
        b += at * to.strides[i];
      }
      ins[c] = a;
      outs[c] = b;
    }
  }

  void block(Transform<W> &transform, int64_t first, int64_t w, const void *in, void *out) const {
    int64_t ins[most_columns], outs[most_columns];
    starts(first, w, ins, outs);
    const T *source = static_cast<const T *>(in);
    T *target = static_cast<T *>(out);
    Parts<W> x = transform.input();
    switch (kind) {
      case TK_FFT_COMPLEX:
        for_elements(n, w, [&](int64_t k, int64_t c) HWY_ATTR {
          const int64_t at = 2 * (ins[c] + k * from.step);
          x.re[k * w + c] = source[at];
          x.im[k * w + c] = source[at + 1];
        });
        write_complex(transform.run(w, forward), n, w, outs, target);
        return;
      case TK_FFT_REAL_TO_HALF: return real_to_half(transform, w, ins, outs, source, target);
      case TK_FFT_HALF_TO_REAL: return half_to_real(transform, w, ins, outs, source, target);
    }
  }

  void write_complex(Parts<W> y, int64_t count, int64_t w, const int64_t *outs, T *target) const {
    for_elements(count, w, [&](int64_t k, int64_t c) HWY_ATTR {
      const int64_t at = 2 * (outs[c] + k * to.step);
      target[at] = static_cast<T>(y.re[k * w + c] * scale);
      target[at + 1] = static_cast<T>(y.im[k * w + c] * scale);
    });
  }

  void real_to_half(Transform<W> &transform, int64_t w, const int64_t *ins, const int64_t *outs, const T *source,
                    T *target) const {
    Parts<W> x = transform.input();
    if (!halved) {
      for (int64_t k = 0; k < n; k++) {
        for (int64_t c = 0; c < w; c++) {
          x.re[k * w + c] = source[ins[c] + k * from.step];
          x.im[k * w + c] = 0;
        }
      }
      return write_complex(transform.run(w, forward), n / 2 + 1, w, outs, target);
    }
    const int64_t h = n / 2;
    for_elements(h, w, [&](int64_t k, int64_t c) HWY_ATTR {
      const int64_t at = ins[c] + 2 * k * from.step;
      x.re[k * w + c] = source[at];
      x.im[k * w + c] = source[at + from.step];
    });
    const Parts<W> z = transform.run(w, true);
    const Roots<W> &roots = transform.rules().half_turn;
    const W sign = forward ? scale : -scale;  // the backward spectrum of a real signal is the conjugate
    for (int64_t k = 0; k <= h; k++) {
      const W wr = roots.re[k], wi = roots.im[k];
      const int64_t at = k == h ? 0 : k, mirrored = k == 0 ? 0 : h - k;
      for (int64_t c = 0; c < w; c++) {
        const W ar = z.re[at * w + c], ai = z.im[at * w + c], br = z.re[mirrored * w + c], bi = z.im[mirrored * w + c];
        const W even_r = (ar + br) / 2, even_i = (ai - bi) / 2;
        const W odd_r = (ai + bi) / 2, odd_i = (br - ar) / 2;
        const int64_t place = 2 * (outs[c] + k * to.step);
        target[place] = static_cast<T>((even_r + odd_r * wr - odd_i * wi) * scale);
        target[place + 1] = static_cast<T>((even_i + odd_r * wi + odd_i * wr) * sign);
      }
    }
  }

  void half_to_real(Transform<W> &transform, int64_t w, const int64_t *ins, const int64_t *outs, const T *source,
                    T *target) const {
    Parts<W> x = transform.input();
    // Forward: of the conjugate spectrum. The imaginary parts of the first and, for even lengths, the last element do not count.
    const W sign = forward ? W(-1) : W(1);
    const auto imaginary = [&](int64_t k, int64_t c) HWY_ATTR {
      return k == 0 || 2 * k == n ? W(0) : sign * source[2 * (ins[c] + k * from.step) + 1];
    };
    if (!halved) {
      for (int64_t k = 0; k <= n / 2; k++) {
        for (int64_t c = 0; c < w; c++) {
          const W re = source[2 * (ins[c] + k * from.step)], im = imaginary(k, c);
          x.re[k * w + c] = re;
          x.im[k * w + c] = im;
          if (k == 0) continue;
          x.re[(n - k) * w + c] = re;
          x.im[(n - k) * w + c] = -im;
        }
      }
      const Parts<W> y = transform.run(w, false);
      for (int64_t k = 0; k < n; k++) {
        for (int64_t c = 0; c < w; c++) target[outs[c] + k * to.step] = static_cast<T>(y.re[k * w + c] * scale);
      }
      return;
    }
    const int64_t h = n / 2;
    const Roots<W> &roots = transform.rules().half_turn;
    for (int64_t k = 0; k < h; k++) {
      const W wr = roots.re[k], wi = -roots.im[k];
      for (int64_t c = 0; c < w; c++) {
        const W ar = source[2 * (ins[c] + k * from.step)], ai = imaginary(k, c);
        const T br = source[2 * (ins[c] + (h - k) * from.step)], bi = -imaginary(h - k, c);
        const W dr = ar - br, di = ai - bi;
        x.re[k * w + c] = ar + br - (dr * wi + di * wr);
        x.im[k * w + c] = ai + bi + dr * wr - di * wi;
      }
    }
    const Parts<W> y = transform.run(w, false);
    for_elements(h, w, [&](int64_t k, int64_t c) HWY_ATTR {
      const int64_t at = outs[c] + 2 * k * to.step;
      target[at] = static_cast<T>(y.re[k * w + c] * scale);
      target[at + to.step] = static_cast<T>(y.im[k * w + c] * scale);
    });
  }
};

void run_float(tk_fft_kind kind, int32_t rank, const int64_t *sizes, const int64_t *in_strides, int64_t in_step,
               const int64_t *out_strides, int64_t out_step, int64_t n, bool forward, double scale, const void *in,
               void *out) {
  const Side from{in_strides, in_step}, to{out_strides, out_step};
  // Short transforms are bound by memory, so the better precision is free.
  if (n <= 64) return Lines<float, double>(kind, rank, sizes, from, to, n, forward, scale).run(in, out);
  Lines<float, float>(kind, rank, sizes, from, to, n, forward, scale).run(in, out);
}

void run_double(tk_fft_kind kind, int32_t rank, const int64_t *sizes, const int64_t *in_strides, int64_t in_step,
                const int64_t *out_strides, int64_t out_step, int64_t n, bool forward, double scale, const void *in,
                void *out) {
  Lines<double, double>(kind, rank, sizes, {in_strides, in_step}, {out_strides, out_step}, n, forward, scale).run(in, out);
}

bool run_columns(const FFTPlan<double> &plan, int64_t columns, double *re, double *im, double *re2, double *im2) {
  return run_stages<double>(plan, columns, {re, im}, {re2, im2});
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tk {
HWY_EXPORT(run_columns);
HWY_EXPORT(run_float);
HWY_EXPORT(run_double);

bool fft_columns(const FFTPlan<double> &plan, int64_t columns, double *re, double *im, double *re2, double *im2) {
  return HWY_DYNAMIC_DISPATCH(run_columns)(plan, columns, re, im, re2, im2);
}
}  // namespace tk

using namespace tk;

void tk_fft(tk_fft_kind kind, bool is_double, int32_t rank, const int64_t *sizes, const int64_t *in_strides,
            const int64_t *out_strides, int64_t n, int64_t in_step, int64_t out_step, const void *in, void *out,
            bool forward, double scale) {
  if (is_double) {
    HWY_DYNAMIC_DISPATCH(run_double)(
        kind, rank, sizes, in_strides, in_step, out_strides, out_step, n, forward, scale, in, out);
  } else {
    HWY_DYNAMIC_DISPATCH(run_float)(
        kind, rank, sizes, in_strides, in_step, out_strides, out_step, n, forward, scale, in, out);
  }
}
#endif
