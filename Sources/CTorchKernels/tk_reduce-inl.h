// The accumulation loops of a reduction, for each instruction set. The compiler vectorises them over columns.
// No include guard of the usual kind: Highway includes this file once for each target.
#if defined(TK_REDUCE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TK_REDUCE_INL_H
#undef TK_REDUCE_INL_H
#else
#define TK_REDUCE_INL_H
#endif

#include <hwy/highway.h>

#include "tk_reduce_kernel.h"

HWY_BEFORE_NAMESPACE();
namespace tk {
namespace HWY_NAMESPACE {

struct None {};

// Writes one result as the output's dtype.
template <class R> void store(tk_dtype dtype, char *out, R value) {
  if constexpr (is_complex<R>) {
    if (dtype == TK_COMPLEX64) *reinterpret_cast<Complex64 *>(out) = Complex64(value);
    else if (dtype == TK_COMPLEX128) *reinterpret_cast<Complex128 *>(out) = Complex128(value);
    else store(dtype, out, value.real());
  } else {
    switch (dtype) {
      case TK_BOOL: *reinterpret_cast<bool *>(out) = value != 0; break;
      case TK_UINT8: *reinterpret_cast<uint8_t *>(out) = static_cast<uint8_t>(static_cast<int64_t>(value)); break;
      case TK_INT8: *reinterpret_cast<int8_t *>(out) = static_cast<int8_t>(static_cast<int64_t>(value)); break;
      case TK_INT16: *reinterpret_cast<int16_t *>(out) = static_cast<int16_t>(static_cast<int64_t>(value)); break;
      case TK_INT32: *reinterpret_cast<int32_t *>(out) = static_cast<int32_t>(static_cast<int64_t>(value)); break;
      case TK_INT64: *reinterpret_cast<int64_t *>(out) = static_cast<int64_t>(value); break;
      case TK_FLOAT16: *reinterpret_cast<Half *>(out) = Half(static_cast<float>(value)); break;
      case TK_BFLOAT16: *reinterpret_cast<BFloat16 *>(out) = BFloat16(static_cast<float>(value)); break;
      case TK_FLOAT32: *reinterpret_cast<float *>(out) = static_cast<float>(value); break;
      case TK_FLOAT64: *reinterpret_cast<double *>(out) = static_cast<double>(value); break;
      case TK_COMPLEX64: *reinterpret_cast<Complex64 *>(out) = static_cast<float>(value); break;
      case TK_COMPLEX128: *reinterpret_cast<Complex128 *>(out) = static_cast<double>(value); break;
    }
  }
}

// Op has: In, A and B (the two accumulators of a column), init, step, merge, finish.
template <class Op> struct Reduce {
  using T = typename Op::In;
  using A = typename Op::A;
  using B = typename Op::B;
  struct State {
    alignas(64) A a[kColumns];
    alignas(64) B b[kColumns];
  };

  static void init(void *state, int columns) {
    State &s = *static_cast<State *>(state);
    for (int j = 0; j < columns; j++) Op::init(s.a[j], s.b[j]);
  }

  static void accumulate(void *state, const char *in, int64_t rows, int64_t row_stride, int columns, int64_t count,
                         int64_t base, int64_t step, const int64_t *__restrict lane, double parameter) {
    State &s = *static_cast<State *>(state);
    A *__restrict a = s.a;
    B *__restrict b = s.b;
    int64_t r = 0;
    // Four rows at a time keep the accumulators in registers four times longer.
    for (; r + 4 <= rows; r += 4) {
      const T *__restrict x0 = reinterpret_cast<const T *>(in + r * row_stride);
      const T *__restrict x1 = reinterpret_cast<const T *>(in + (r + 1) * row_stride);
      const T *__restrict x2 = reinterpret_cast<const T *>(in + (r + 2) * row_stride);
      const T *__restrict x3 = reinterpret_cast<const T *>(in + (r + 3) * row_stride);
      const double inverse[4] = {1.0 / static_cast<double>(count + r + 1), 1.0 / static_cast<double>(count + r + 2),
                                 1.0 / static_cast<double>(count + r + 3), 1.0 / static_cast<double>(count + r + 4)};
      const int64_t i = base + r * step;
      for (int j = 0; j < columns; j++) {
        A aj = a[j];
        B bj = b[j];
        Op::step(aj, bj, x0[j], i + lane[j], inverse[0], parameter);
        Op::step(aj, bj, x1[j], i + step + lane[j], inverse[1], parameter);
        Op::step(aj, bj, x2[j], i + 2 * step + lane[j], inverse[2], parameter);
        Op::step(aj, bj, x3[j], i + 3 * step + lane[j], inverse[3], parameter);
        a[j] = aj;
        b[j] = bj;
      }
    }
    for (; r < rows; r++) {
      const T *__restrict x = reinterpret_cast<const T *>(in + r * row_stride);
      const double inverse = 1.0 / static_cast<double>(count + r + 1);
      const int64_t i = base + r * step;
      for (int j = 0; j < columns; j++) Op::step(a[j], b[j], x[j], i + lane[j], inverse, parameter);
    }
  }

  static void merge(void *state, int at, const void *other, int other_at, int n, int64_t count, int64_t other_count) {
    State &s = *static_cast<State *>(state);
    const State &o = *static_cast<const State *>(other);
    const double n0 = static_cast<double>(count), n1 = static_cast<double>(other_count);
    for (int j = 0; j < n; j++) Op::merge(s.a[at + j], s.b[at + j], o.a[other_at + j], o.b[other_at + j], n0, n1);
  }

  static void finish(const void *state, int columns, int64_t count, const ReduceCall &call,
                     const ReduceOutput &output) {
    const State &s = *static_cast<const State *>(state);
    for (int j = 0; j < columns; j++) {
      Op::finish(s.a[j], s.b[j], static_cast<double>(count), call, output.out + j * output.stride,
                 output.out2 ? output.out2 + j * output.stride2 : nullptr);
    }
  }

  static const ReduceKernel *kernel(bool uses_index = false, bool uses_count = false) {
    static const ReduceKernel k = {sizeof(State), uses_index, uses_count, init, accumulate, merge, finish};
    return &k;
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace tk
HWY_AFTER_NAMESPACE();
#endif
