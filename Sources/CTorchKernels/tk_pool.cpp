// Pooling over given windows. One plane is one piece of work.
#include "tk_pool.h"

#include <algorithm>
#include <vector>

#include "tk_elements.h"

using namespace tk;

namespace {

int64_t grain(const tk_windows *w) {
  return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, w[0].n_in * w[1].n_in * w[2].n_in));
}

// f(flat index of the result, its three window numbers) for the results of a plane, in order.
template <class F> void for_windows(const tk_windows *w, const F &f) {
  int64_t at = 0;
  for (int64_t i = 0; i < w[0].n_out; i++)
    for (int64_t j = 0; j < w[1].n_out; j++)
      for (int64_t k = 0; k < w[2].n_out; k++) f(at++, i, j, k);
}

int64_t count_of(const tk_windows *w, int64_t divisor, int64_t i, int64_t j, int64_t k) {
  return divisor ? divisor : w[0].count[i] * w[1].count[j] * w[2].count[k];
}

bool is_empty(const tk_windows &w, int64_t i) { return w.high[i] <= w.low[i]; }

template <class T>
void mean(int64_t planes, const tk_windows *w, int64_t divisor, const void *in, void *out) {
  using C = compute<T>;
  const int64_t n_in = w[0].n_in * w[1].n_in * w[2].n_in, n_out = w[0].n_out * w[1].n_out * w[2].n_out;
  parallel_for(planes, grain(w), [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; plane++) {
      const T *x = static_cast<const T *>(in) + plane * n_in;
      T *y = static_cast<T *>(out) + plane * n_out;
      for_windows(w, [&](int64_t at, int64_t i, int64_t j, int64_t k) {
        if (is_empty(w[0], i) || is_empty(w[1], j) || is_empty(w[2], k)) {
          y[at] = T(C(0));
          return;
        }
        C sum = 0;
        for (int64_t a = w[0].low[i]; a < w[0].high[i]; a++)
          for (int64_t b = w[1].low[j]; b < w[1].high[j]; b++) {
            const T *row = x + (a * w[1].n_in + b) * w[2].n_in;
            for (int64_t c = w[2].low[k]; c < w[2].high[k]; c++) sum += static_cast<C>(row[c]);
          }
        y[at] = static_cast<T>(sum / static_cast<C>(count_of(w, divisor, i, j, k)));
      });
    }
  });
}

template <class T>
void mean_backward(int64_t planes, const tk_windows *w, int64_t divisor, const void *gradient, void *by_input) {
  using C = compute<T>;
  const int64_t n_in = w[0].n_in * w[1].n_in * w[2].n_in, n_out = w[0].n_out * w[1].n_out * w[2].n_out;
  parallel_for(planes, grain(w), [&](int64_t begin, int64_t end) {
    std::vector<C> sums(n_in);
    for (int64_t plane = begin; plane < end; plane++) {
      const T *g = static_cast<const T *>(gradient) + plane * n_out;
      std::fill(sums.begin(), sums.end(), C(0));
      for_windows(w, [&](int64_t at, int64_t i, int64_t j, int64_t k) {
        if (is_empty(w[0], i) || is_empty(w[1], j) || is_empty(w[2], k)) return;
        const C part = static_cast<C>(g[at]) / static_cast<C>(count_of(w, divisor, i, j, k));
        for (int64_t a = w[0].low[i]; a < w[0].high[i]; a++)
          for (int64_t b = w[1].low[j]; b < w[1].high[j]; b++) {
            C *row = sums.data() + (a * w[1].n_in + b) * w[2].n_in;
            for (int64_t c = w[2].low[k]; c < w[2].high[k]; c++) row[c] += part;
          }
      });
      T *target = static_cast<T *>(by_input) + plane * n_in;
      for (int64_t i = 0; i < n_in; i++) target[i] = static_cast<T>(sums[i]);
    }
  });
}

template <class T>
void maximum(int64_t planes, const tk_windows *w, const void *in, void *out, int64_t *indices) {
  using C = compute<T>;
  const int64_t n_in = w[0].n_in * w[1].n_in * w[2].n_in, n_out = w[0].n_out * w[1].n_out * w[2].n_out;
  parallel_for(planes, grain(w), [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; plane++) {
      const T *x = static_cast<const T *>(in) + plane * n_in;
      const int64_t *low[3], *high[3];
      for (int d = 0; d < 3; d++) {
        low[d] = w[d].low + plane * w[d].plane_stride;
        high[d] = w[d].high + plane * w[d].plane_stride;
      }
      for_windows(w, [&](int64_t at, int64_t i, int64_t j, int64_t k) {
        int64_t best = (low[0][i] * w[1].n_in + low[1][j]) * w[2].n_in + low[2][k];
        C greatest = static_cast<C>(x[best]);
        for (int64_t a = low[0][i]; a < high[0][i]; a++)
          for (int64_t b = low[1][j]; b < high[1][j]; b++)
            for (int64_t c = low[2][k]; c < high[2][k]; c++) {
              const int64_t place = (a * w[1].n_in + b) * w[2].n_in + c;
              const C value = static_cast<C>(x[place]);
              if (value > greatest || value != value) {
                greatest = value;
                best = place;
              }
            }
        static_cast<T *>(out)[plane * n_out + at] = x[best];
        indices[plane * n_out + at] = best;
      });
    }
  });
}

}  // namespace

bool tk_window_mean(tk_dtype dtype, int64_t planes, const tk_windows *windows, int64_t divisor, const void *in,
                    void *out) {
  if (dtype == TK_INT64) {
    mean<int64_t>(planes, windows, divisor, in, out);
    return true;
  }
  return dispatch_floating(dtype, [&](auto tag) {
    mean<typename decltype(tag)::type>(planes, windows, divisor, in, out);
  });
}

bool tk_window_mean_backward(tk_dtype dtype, int64_t planes, const tk_windows *windows, int64_t divisor,
                             const void *gradient, void *by_input) {
  return dispatch_floating(dtype, [&](auto tag) {
    mean_backward<typename decltype(tag)::type>(planes, windows, divisor, gradient, by_input);
  });
}

bool tk_window_max(tk_dtype dtype, int64_t planes, const tk_windows *windows, const void *in, void *out,
                   int64_t *indices) {
  return dispatch_floating(dtype, [&](auto tag) {
    maximum<typename decltype(tag)::type>(planes, windows, in, out, indices);
  });
}
