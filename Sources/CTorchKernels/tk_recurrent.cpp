// Steps of recurrent networks: a row at a time, all of its gates together, so that nothing is read twice.
#include "tk_simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tk_recurrent.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

#include "maps/math-inl.h"
#include "tk_recurrent.h"

#define TK_LOOP _Pragma("clang loop vectorize(assume_safety)") for (int64_t j = 0; j < n; j++)

HWY_BEFORE_NAMESPACE();
namespace tk {
namespace HWY_NAMESPACE {
namespace {

// Each operand's row, null where there is none.
template <class T> struct Forward {
  const T *gates;
  T *recurrent;
  const T *bias;
  T *activations, *h, *c, *output, *previous_h, *previous_c, *candidate;
};

template <class T> void forward_row(tk_cell cell, int64_t n, int64_t width, const Forward<T> &s) {
  const T *const x = s.gates;
  T *const p = s.recurrent, *const a = s.activations, *const h = s.h, *const c = s.c, *const y = s.output;
  if (const T *const b = s.bias) {
    _Pragma("clang loop vectorize(assume_safety)") for (int64_t j = 0; j < width; j++) p[j] += b[j];
  }
  if (s.previous_h) std::copy(h, h + n, s.previous_h);
  if (s.previous_c) std::copy(c, c + n, s.previous_c);
  switch (cell) {
    case TK_CELL_RELU:
      TK_LOOP {
        const T sum = x[j] + p[j];
        h[j] = y[j] = a[j] = sum < 0 ? T(0) : sum;
      }
      break;
    case TK_CELL_TANH:
      TK_LOOP h[j] = y[j] = a[j] = fast_tanh(x[j] + p[j]);
      break;
    case TK_CELL_LSTM:
      TK_LOOP {
        const T i = fast_sigmoid(x[j] + p[j]), f = fast_sigmoid(x[n + j] + p[n + j]);
        const T u = fast_tanh(x[2 * n + j] + p[2 * n + j]), o = fast_sigmoid(x[3 * n + j] + p[3 * n + j]);
        const T next = f * c[j] + i * u;
        a[j] = i;
        a[n + j] = f;
        a[2 * n + j] = u;
        a[3 * n + j] = o;
        c[j] = next;
        h[j] = y[j] = o * fast_tanh(next);
      }
      break;
    case TK_CELL_GRU:
      if (s.candidate) std::copy(p + 2 * n, p + 3 * n, s.candidate);
      TK_LOOP {
        const T r = fast_sigmoid(x[j] + p[j]), z = fast_sigmoid(x[n + j] + p[n + j]);
        const T u = fast_tanh(x[2 * n + j] + r * p[2 * n + j]);
        a[j] = r;
        a[n + j] = z;
        a[2 * n + j] = u;
        h[j] = y[j] = (h[j] - u) * z + u;
      }
      break;
  }
}

template <class T> struct Backward {
  const T *gates, *previous_h, *previous_c, *candidate, *grad_output;
  T *grad_h, *grad_c, *grad_gates, *grad_recurrent;
};

template <class T> void backward_row(tk_cell cell, int64_t n, const Backward<T> &s) {
  const T *const g = s.gates;
  T *const dh = s.grad_h, *const dg = s.grad_gates;
  if (const T *const dy = s.grad_output) TK_LOOP dh[j] += dy[j];
  switch (cell) {
    case TK_CELL_RELU:
      TK_LOOP dg[j] = g[j] > 0 ? dh[j] : T(0);
      break;
    case TK_CELL_TANH:
      TK_LOOP dg[j] = dh[j] * (1 - g[j] * g[j]);
      break;
    case TK_CELL_LSTM: {
      const T *const before = s.previous_c;
      T *const dc = s.grad_c;
      TK_LOOP {
        const T i = g[j], f = g[n + j], u = g[2 * n + j], o = g[3 * n + j];
        const T t = fast_tanh(f * before[j] + i * u);
        const T d = dc[j] + dh[j] * o * (1 - t * t);
        dg[j] = d * u * i * (1 - i);
        dg[n + j] = d * before[j] * f * (1 - f);
        dg[2 * n + j] = d * i * (1 - u * u);
        dg[3 * n + j] = dh[j] * t * o * (1 - o);
        dc[j] = d * f;
      }
      break;
    }
    case TK_CELL_GRU: {
      const T *const before = s.previous_h, *const q = s.candidate;
      T *const dr = s.grad_recurrent;
      TK_LOOP {
        const T r = g[j], z = g[n + j], u = g[2 * n + j], d = dh[j] * (1 - z) * (1 - u * u);
        dg[2 * n + j] = d;
        dr[2 * n + j] = d * r;
        dr[j] = dg[j] = d * q[j] * r * (1 - r);
        dr[n + j] = dg[n + j] = dh[j] * (before[j] - u) * z * (1 - z);
        dh[j] *= z;
      }
      break;
    }
  }
}

int64_t gate_count(tk_cell cell) { return cell == TK_CELL_LSTM ? 4 : cell == TK_CELL_GRU ? 3 : 1; }

// body(first row, end) over the threads.
template <class F> void over_rows(const tk_recurrent_step &s, const F &body) {
  tk_parallel_for(
      s.rows, std::max<int64_t>(1, 4096 / (s.hidden * gate_count(s.cell) + 1)),
      [](void *context, int64_t begin, int64_t end) { (*static_cast<const F *>(context))(begin, end); },
      const_cast<F *>(&body));
}

template <class T> T *row(void *rows, int64_t at, int64_t width) {
  return rows ? static_cast<T *>(rows) + at * width : nullptr;
}
template <class T> const T *row(const void *rows, int64_t at, int64_t width) {
  return rows ? static_cast<const T *>(rows) + at * width : nullptr;
}

template <class T>
void forward(const tk_recurrent_step &s, const void *gates, void *recurrent, const void *bias, void *activations, void *h,
             void *c, void *output, void *previous_h, void *previous_c, void *candidate) {
  const int64_t n = s.hidden, width = n * gate_count(s.cell);
  over_rows(s, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      forward_row<T>(s.cell, n, width,
                     {row<T>(gates, i, width), row<T>(recurrent, i, width), static_cast<const T *>(bias),
                      row<T>(activations, i, width), row<T>(h, i, n), row<T>(c, i, n), row<T>(output, i, n),
                      row<T>(previous_h, i, n), row<T>(previous_c, i, n), row<T>(candidate, i, n)});
    }
  });
}

template <class T>
void backward(const tk_recurrent_step &s, const void *gates, const void *previous_h, const void *previous_c,
              const void *candidate, const void *grad_output, void *grad_h, void *grad_c, void *grad_gates,
              void *grad_recurrent) {
  const int64_t n = s.hidden, width = n * gate_count(s.cell);
  over_rows(s, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      backward_row<T>(s.cell, n,
                      {row<T>(gates, i, width), row<T>(previous_h, i, n), row<T>(previous_c, i, n),
                       row<T>(candidate, i, n), row<T>(grad_output, i, n), row<T>(grad_h, i, n), row<T>(grad_c, i, n),
                       row<T>(grad_gates, i, width), row<T>(grad_recurrent, i, width)});
    }
  });
}

}  // namespace

bool RecurrentForward(const tk_recurrent_step *s, const void *gates, void *recurrent, const void *bias, void *activations,
                      void *h, void *c, void *output, void *previous_h, void *previous_c, void *candidate) {
  if (s->dtype != TK_FLOAT32 && s->dtype != TK_FLOAT64) return false;
  (s->dtype == TK_FLOAT32 ? forward<float> : forward<double>)(
      *s, gates, recurrent, bias, activations, h, c, output, previous_h, previous_c, candidate);
  return true;
}

bool RecurrentBackward(const tk_recurrent_step *s, const void *gates, const void *previous_h, const void *previous_c,
                       const void *candidate, const void *grad_output, void *grad_h, void *grad_c, void *grad_gates,
                       void *grad_recurrent) {
  if (s->dtype != TK_FLOAT32 && s->dtype != TK_FLOAT64) return false;
  (s->dtype == TK_FLOAT32 ? backward<float> : backward<double>)(
      *s, gates, previous_h, previous_c, candidate, grad_output, grad_h, grad_c, grad_gates, grad_recurrent);
  return true;
}

}  // namespace HWY_NAMESPACE
}  // namespace tk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tk {
HWY_EXPORT(RecurrentForward);
HWY_EXPORT(RecurrentBackward);
}  // namespace tk

bool tk_recurrent_forward(const tk_recurrent_step *step, const void *gates, void *recurrent, const void *bias, void *activations,
                      void *h, void *c, void *output, void *previous_h, void *previous_c, void *candidate) {
  using namespace tk;
  return HWY_DYNAMIC_DISPATCH(RecurrentForward)(
      step, gates, recurrent, bias, activations, h, c, output, previous_h, previous_c, candidate);
}

bool tk_recurrent_backward(const tk_recurrent_step *step, const void *gates, const void *previous_h,
                           const void *previous_c, const void *candidate, const void *grad_output, void *grad_h,
                           void *grad_c, void *grad_gates, void *grad_recurrent) {
  using namespace tk;
  return HWY_DYNAMIC_DISPATCH(RecurrentBackward)(
      step, gates, previous_h, previous_c, candidate, grad_output, grad_h, grad_c, grad_gates, grad_recurrent);
}
#endif
