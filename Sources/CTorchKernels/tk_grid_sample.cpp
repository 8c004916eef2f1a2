// Grid sampling: values of an image at given positions, and the gradients of both.
//
// A position's coordinates are in -1…1 over the image. Linear interpolation weighs the 2^rank corners of the cell around
// it; a corner outside counts as 0 (the padding modes have moved the position inside before). Cubic interpolation
// pads each of its 4x4 taps by itself.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
#include <algorithm>
#include <cmath>

#include "tk_elements.h"
#include "tk_resample.h"

using namespace tk;

namespace {

// A coordinate in pixels, and its derivative by the one it came from.
template <class C> struct Place { C value, slope; };

template <class C> Place<C> to_pixels(C x, int64_t size, bool align_corners) {
  if (align_corners) return {(x + 1) / 2 * (size - 1), C(size - 1) / 2};
  return {((x + 1) * size - 1) / 2, C(size) / 2};
}

template <class C> Place<C> clipped(Place<C> p, int64_t size) {
  if (p.value <= 0) return {0, 0};
  const C last = static_cast<C>(size - 1);
  if (p.value >= last) return {last, 0};
  return p;
}

// Reflected at `twice_low / 2` and `twice_high / 2`.
template <class C> Place<C> reflected(Place<C> p, int64_t twice_low, int64_t twice_high) {
  if (twice_low == twice_high) return {0, 0};
  const C low = static_cast<C>(twice_low) / 2, span = static_cast<C>(twice_high - twice_low) / 2;
  C x = p.value - low, sign = 1;
  if (x < 0) {
    x = -x;
    sign = -1;
  }
  const C extra = std::fmod(x, span);
  const bool even = std::fmod(std::floor(x / span), C(2)) == 0;
  return even ? Place<C>{extra + low, p.slope * sign} : Place<C>{span - extra + low, -p.slope * sign};
}

// Positions that no integer can hold lie outside.
template <class C> Place<C> inside_integers(Place<C> p) {
  if (!(p.value > C(-2147483648.0) && p.value < C(2147483646.0))) return {-100, p.slope};
  return p;
}

template <class C> Place<C> padded(Place<C> p, int64_t size, tk_grid_padding padding, bool align_corners) {
  if (padding == TK_GRID_BORDER) {
    p = clipped(p, size);
  } else if (padding == TK_GRID_REFLECTION) {
    p = clipped(align_corners ? reflected(p, 0, 2 * (size - 1)) : reflected(p, -1, 2 * size - 1), size);
  }
  return inside_integers(p);
}

constexpr double kCubic = -0.75;

// Weights of the four taps around a position `t` past the second, and their derivatives.
template <class C> void cubic_weights(C t, C *w, C *d) {
  const C a = static_cast<C>(kCubic);
  const auto near = [a](C x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  const auto far = [a](C x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  w[0] = far(t + 1);
  w[1] = near(t);
  w[2] = near(1 - t);
  w[3] = far(2 - t);
  const auto near_slope = [a](C x) { return (3 * (a + 2) * x - 2 * (a + 3)) * x; };
  const auto far_slope = [a](C x) { return (3 * a * x - 10 * a) * x + 8 * a; };
  d[0] = far_slope(t + 1);
  d[1] = near_slope(t);
  d[2] = -near_slope(1 - t);
  d[3] = -far_slope(2 - t);
}

// The taps of one grid point: at most 16 elements with weights, and the derivatives of the weights by each coordinate
// of the grid (the first is the last dimension's).
template <class C> struct Taps {
  int count = 0;
  int64_t at[16];
  C weight[16], slope[3][16];
};

template <class C> struct Sampler {
  const tk_grid_problem &p;
  const int rank;

  explicit Sampler(const tk_grid_problem &problem) : p(problem), rank(problem.rank) {}

  int64_t size(int coordinate) const { return p.size[rank - 1 - coordinate]; }

  void linear(const C *position, Taps<C> &taps) const {
    int64_t low[3];
    C fraction[3], slope[3];
    for (int k = 0; k < rank; k++) {
      const Place<C> place = padded(to_pixels(position[k], size(k), p.align_corners), size(k), p.padding, p.align_corners);
      const C floor = std::floor(place.value);
      low[k] = static_cast<int64_t>(floor);
      fraction[k] = place.value - floor;
      slope[k] = place.slope;
    }
    taps.count = 0;
    for (int corner = 0; corner < 1 << rank; corner++) {
      int64_t at = 0;
      bool inside = true;
      C part[3];
      for (int k = rank - 1; k >= 0; k--) {
        const bool high = corner >> k & 1;
        const int64_t index = low[k] + high;
        inside = inside && index >= 0 && index < size(k);
        at = at * size(k) + index;
        part[k] = high ? fraction[k] : 1 - fraction[k];
      }
      if (!inside) continue;
      const int i = taps.count++;
      taps.at[i] = at;
      taps.weight[i] = 1;
      for (int k = 0; k < rank; k++) {
        taps.weight[i] *= part[k];
        C others = slope[k];
        for (int l = 0; l < rank; l++) if (l != k) others *= part[l];
        taps.slope[k][i] = corner >> k & 1 ? others : -others;
      }
    }
  }

  void nearest(const C *position, Taps<C> &taps) const {
    taps.count = 0;
    int64_t at = 0;
    for (int k = rank - 1; k >= 0; k--) {
      const Place<C> place = padded(to_pixels(position[k], size(k), p.align_corners), size(k), p.padding, p.align_corners);
      const int64_t index = static_cast<int64_t>(std::nearbyint(place.value));
      if (index < 0 || index >= size(k)) return;
      at = at * size(k) + index;
    }
    taps.count = 1;
    taps.at[0] = at;
    taps.weight[0] = 1;
    for (int k = 0; k < rank; k++) taps.slope[k][0] = 0;
  }

  void cubic(const C *position, Taps<C> &taps) const {
    C weight[2][4], slope[2][4];
    int64_t index[2][4];
    for (int k = 0; k < 2; k++) {
      const Place<C> place = inside_integers(to_pixels(position[k], size(k), p.align_corners));
      const C floor = std::floor(place.value);
      cubic_weights(place.value - floor, weight[k], slope[k]);
      for (int i = 0; i < 4; i++) {
        slope[k][i] *= place.slope;
        index[k][i] = static_cast<int64_t>(padded(Place<C>{floor - 1 + i, 1}, size(k), p.padding, p.align_corners).value);
      }
    }
    taps.count = 0;
    for (int y = 0; y < 4; y++) {
      for (int x = 0; x < 4; x++) {
        const int64_t ix = index[0][x], iy = index[1][y];
        if (ix < 0 || ix >= size(0) || iy < 0 || iy >= size(1)) continue;
        const int i = taps.count++;
        taps.at[i] = iy * size(0) + ix;
        taps.weight[i] = weight[0][x] * weight[1][y];
        taps.slope[0][i] = slope[0][x] * weight[1][y];
        taps.slope[1][i] = weight[0][x] * slope[1][y];
      }
    }
  }

  void at(const C *position, Taps<C> &taps) const {
    switch (p.mode) {
      case TK_GRID_LINEAR: return linear(position, taps);
      case TK_GRID_NEAREST: return nearest(position, taps);
      case TK_GRID_CUBIC: return cubic(position, taps);
    }
  }
};

int64_t image_size(const tk_grid_problem &p) {
  int64_t size = 1;
  for (int k = 0; k < p.rank; k++) size *= p.size[k];
  return size;
}

}  // namespace

bool tk_grid_sample(const tk_grid_problem *problem, const void *input, const void *grid, void *output) {
  const tk_grid_problem &p = *problem;
  const int64_t image = image_size(p);
  return dispatch_floating(p.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using C = compute<T>;
    const Sampler<C> sampler(p);
    parallel_for(p.n * p.points, std::max<int64_t>(1, 4096 / std::max<int64_t>(1, p.c)), [&](int64_t begin, int64_t end) {
      Taps<C> taps;
      for (int64_t r = begin; r < end; r++) {
        C position[3];
        for (int k = 0; k < p.rank; k++) position[k] = static_cast<C>(static_cast<const T *>(grid)[r * p.rank + k]);
        sampler.at(position, taps);
        const int64_t n = r / p.points, point = r % p.points;
        for (int64_t c = 0; c < p.c; c++) {
          const T *x = static_cast<const T *>(input) + (n * p.c + c) * image;
          C sum = 0;
          for (int i = 0; i < taps.count; i++) sum += taps.weight[i] * static_cast<C>(x[taps.at[i]]);
          static_cast<T *>(output)[(n * p.c + c) * p.points + point] = static_cast<T>(sum);
        }
      }
    });
  });
}

bool tk_grid_sample_backward(const tk_grid_problem *problem, const void *gradient, const void *input, const void *grid,
                             void *by_input, void *by_grid) {
  const tk_grid_problem &p = *problem;
  const int64_t image = image_size(p);
  return dispatch_floating(p.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using C = compute<T>;
    const Sampler<C> sampler(p);
    // One image is one piece of work, because its points add to the same elements.
    parallel_for(p.n, 1, [&](int64_t begin, int64_t end) {
      Taps<C> taps;
      for (int64_t r = begin * p.points; r < end * p.points; r++) {
        C position[3], by_position[3] = {};
        for (int k = 0; k < p.rank; k++) position[k] = static_cast<C>(static_cast<const T *>(grid)[r * p.rank + k]);
        sampler.at(position, taps);
        const int64_t n = r / p.points, point = r % p.points;
        for (int64_t c = 0; c < p.c; c++) {
          const int64_t plane = (n * p.c + c) * image;
          const T *x = static_cast<const T *>(input) + plane;
          const C g = static_cast<C>(static_cast<const T *>(gradient)[(n * p.c + c) * p.points + point]);
          for (int i = 0; i < taps.count; i++) {
            const C value = static_cast<C>(x[taps.at[i]]);
            for (int k = 0; k < p.rank; k++) by_position[k] += taps.slope[k][i] * value * g;
            if (by_input) {
              T &target = static_cast<T *>(by_input)[plane + taps.at[i]];
              target = static_cast<T>(static_cast<C>(target) + taps.weight[i] * g);
            }
          }
        }
        for (int k = 0; k < p.rank; k++) static_cast<T *>(by_grid)[r * p.rank + k] = static_cast<T>(by_position[k]);
      }
    });
  });
}
