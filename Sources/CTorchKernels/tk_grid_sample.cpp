// Grid sampling: values of an image at given positions, and the gradients of both.
//
// A position's coordinates are in -1…1 over the image. Linear interpolation weighs the 2^rank corners of the cell around
// it; a corner outside counts as 0 (the padding modes have moved the position inside before). Cubic interpolation
// pads each of its 4^rank taps by itself.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
#include <algorithm>
#include <cmath>
#include <vector>

#include "tk_elements.h"
#include "tk_resample.h"

using namespace tk;

namespace {

// A 16-bit float that rounds after every operation, as PyTorch computes positions in: they decide between neighbours.
template <class T> struct Rounded {
  float value;
  Rounded() = default;
  Rounded(double x) : value(static_cast<float>(T(static_cast<float>(x)))) {}
  explicit Rounded(T x) : value(static_cast<float>(x)) {}
  explicit operator float() const { return value; }
  explicit operator double() const { return value; }
  explicit operator int64_t() const { return static_cast<int64_t>(value); }
  explicit operator T() const { return T(value); }
  friend Rounded operator+(Rounded a, Rounded b) { return double(a.value + b.value); }
  friend Rounded operator-(Rounded a, Rounded b) { return double(a.value - b.value); }
  friend Rounded operator*(Rounded a, Rounded b) { return double(a.value * b.value); }
  friend Rounded operator/(Rounded a, Rounded b) { return double(a.value / b.value); }
  Rounded operator-() const { return -double(value); }
  Rounded &operator+=(Rounded b) { return *this = *this + b; }
  Rounded &operator*=(Rounded b) { return *this = *this * b; }
  friend bool operator<(Rounded a, Rounded b) { return a.value < b.value; }
  friend bool operator>(Rounded a, Rounded b) { return a.value > b.value; }
  friend bool operator<=(Rounded a, Rounded b) { return a.value <= b.value; }
  friend bool operator>=(Rounded a, Rounded b) { return a.value >= b.value; }
};

template <class T> using Arithmetic = std::conditional_t<is_small_float<T>, Rounded<T>, T>;

template <class C> C floor_of(C x) { return C(std::floor(static_cast<double>(x))); }

// A coordinate in pixels, and its derivative by the one it came from.
template <class C> struct Place { C value, slope; };

// PyTorch rounds differently over images and over volumes.
template <class C> Place<C> to_pixels(C x, int64_t size, bool align_corners, int rank) {
  const C n = static_cast<C>(double(size)), last = static_cast<C>(double(size - 1));
  if (rank == 3) {
    if (align_corners) return {(x + C(1)) / C(2) * last, last / C(2)};
    return {((x + C(1)) * n - C(1)) / C(2), n / C(2)};
  }
  if (align_corners) return {(x + C(1)) * (last / C(2)), last / C(2)};
  return {(x + C(1)) * (n / C(2)) - C(0.5), n / C(2)};
}

template <class C> Place<C> clipped(Place<C> p, int64_t size) {
  if (p.value <= C(0)) return {C(0), C(0)};
  const C last = static_cast<C>(double(size - 1));
  if (p.value >= last) return {last, C(0)};
  return p;
}

// Reflected at `twice_low / 2` and `twice_high / 2`.
template <class C> Place<C> reflected(Place<C> p, int64_t twice_low, int64_t twice_high) {
  if (twice_low == twice_high) return {C(0), C(0)};
  const C low = C(double(twice_low) / 2), span = C(double(twice_high - twice_low) / 2);
  C x = p.value - low, sign = C(1);
  if (x < C(0)) {
    x = -x;
    sign = C(-1);
  }
  const C extra = C(std::fmod(static_cast<double>(x), static_cast<double>(span)));
  const bool even = std::fmod(std::floor(static_cast<double>(x / span)), 2.0) == 0;
  return even ? Place<C>{extra + low, p.slope * sign} : Place<C>{span - extra + low, -p.slope * sign};
}

// Positions that no integer can hold lie outside.
template <class C> Place<C> inside_integers(Place<C> p) {
  const double value = static_cast<double>(p.value);
  if (!(value > -2147483648.0 && value < 2147483646.0)) return {C(-100), p.slope};
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
  const C a = C(kCubic), one = C(1), two = C(2), three = C(3);
  const auto near = [=](C x) { return ((a + two) * x - (a + three)) * x * x + one; };
  const auto far = [=](C x) { return ((a * x - C(5) * a) * x + C(8) * a) * x - C(4) * a; };
  w[0] = far(t + one);
  w[1] = near(t);
  w[2] = near(one - t);
  w[3] = far(two - t);
  const auto near_slope = [=](C x) { return (three * (a + two) * x - two * (a + three)) * x; };
  const auto far_slope = [=](C x) { return (three * a * x - C(10) * a) * x + C(8) * a; };
  d[0] = far_slope(t + one);
  d[1] = near_slope(t);
  d[2] = -near_slope(one - t);
  d[3] = -far_slope(two - t);
}

// The taps of one grid point: at most 64 elements with weights, and the derivatives of the weights by each coordinate
// of the grid (the first is the last dimension's).
template <class C> struct Taps {
  int count = 0;
  int64_t at[64];
  C weight[64], slope[3][64];
  // Cubic: the weight is that of the element in its row times that of the row times that of the slice; rows are summed
  // first, then slices.
  int row[64];
  C in_row[64], of_row[64], of_slice[64];
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
      const Place<C> pixel = to_pixels(position[k], size(k), p.align_corners, rank);
      const Place<C> place = padded(pixel, size(k), p.padding, p.align_corners);
      const C floor = floor_of(place.value);
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
        part[k] = high ? fraction[k] : C(1) - fraction[k];
      }
      if (!inside) continue;
      const int i = taps.count++;
      taps.at[i] = at;
      taps.weight[i] = C(1);
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
      const Place<C> pixel = to_pixels(position[k], size(k), p.align_corners, rank);
      const Place<C> place = padded(pixel, size(k), p.padding, p.align_corners);
      const int64_t index = static_cast<int64_t>(std::nearbyint(static_cast<double>(place.value)));
      if (index < 0 || index >= size(k)) return;
      at = at * size(k) + index;
    }
    taps.count = 1;
    taps.at[0] = at;
    taps.weight[0] = C(1);
    for (int k = 0; k < rank; k++) taps.slope[k][0] = C(0);
  }

  void cubic(const C *position, Taps<C> &taps) const {
    C weight[3][4], slope[3][4];
    int64_t index[3][4];
    for (int k = 0; k < rank; k++) {
      const Place<C> place = inside_integers(to_pixels(position[k], size(k), p.align_corners, rank));
      const C floor = floor_of(place.value);
      cubic_weights(place.value - floor, weight[k], slope[k]);
      for (int i = 0; i < 4; i++) {
        slope[k][i] *= place.slope;
        const Place<C> tap{floor + C(i - 1), C(1)};
        index[k][i] = static_cast<int64_t>(padded(tap, size(k), p.padding, p.align_corners).value);
      }
    }
    taps.count = 0;
    for (int number = 0; number < 1 << 2 * rank; number++) {
      int64_t at = 0;
      bool inside = true;
      int chosen[3];
      for (int k = rank - 1; k >= 0; k--) {
        chosen[k] = number >> 2 * k & 3;
        const int64_t place = index[k][chosen[k]];
        inside = inside && place >= 0 && place < size(k);
        at = at * size(k) + place;
      }
      if (!inside) continue;
      const int i = taps.count++;
      taps.at[i] = at;
      taps.row[i] = number >> 2;
      taps.in_row[i] = weight[0][chosen[0]];
      taps.of_row[i] = weight[1][chosen[1]];
      taps.of_slice[i] = rank == 3 ? weight[2][chosen[2]] : C(1);
      taps.weight[i] = taps.in_row[i] * taps.of_row[i] * taps.of_slice[i];
      for (int k = 0; k < rank; k++) {
        taps.slope[k][i] = slope[k][chosen[k]];
        for (int l = 0; l < rank; l++) if (l != k) taps.slope[k][i] *= weight[l][chosen[l]];
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

// The value that a point's taps make of one plane.
template <class T, class C> C value_at(const Taps<C> &taps, bool cubic, const T *x) {
  C sum = C(0);
  if (!cubic) {
    for (int i = 0; i < taps.count; i++) sum += taps.weight[i] * static_cast<C>(x[taps.at[i]]);
    return sum;
  }
  for (int i = 0; i < taps.count;) {
    const int slice = taps.row[i] >> 2;
    const C of_slice = taps.of_slice[i];
    C rows = C(0);
    while (i < taps.count && taps.row[i] >> 2 == slice) {
      const int row = taps.row[i];
      const C of_row = taps.of_row[i];
      C part = C(0);
      for (; i < taps.count && taps.row[i] == row; i++) part += taps.in_row[i] * static_cast<C>(x[taps.at[i]]);
      rows += part * of_row;
    }
    sum += rows * of_slice;
  }
  return sum;
}

template <class T, class C>
void sample(const tk_grid_problem &p, const void *input, const void *grid, void *output) {
  // The taps of some points at a time, and then plane after plane, so that a plane stays in the cache.
  constexpr int64_t kPoints = 64;
  const int64_t image = image_size(p), blocks = (p.points + kPoints - 1) / kPoints;
  const Sampler<C> sampler(p);
  parallel_for(p.n * blocks, std::max<int64_t>(1, 64 / std::max<int64_t>(1, p.c)), [&](int64_t begin, int64_t end) {
    std::vector<Taps<C>> taps(kPoints);
    for (int64_t block = begin; block < end; block++) {
      const int64_t n = block / blocks, first = block % blocks * kPoints, count = std::min(kPoints, p.points - first);
      for (int64_t i = 0; i < count; i++) {
        C position[3];
        const T *place = static_cast<const T *>(grid) + (n * p.points + first + i) * p.rank;
        for (int k = 0; k < p.rank; k++) position[k] = static_cast<C>(place[k]);
        sampler.at(position, taps[i]);
      }
      for (int64_t c = 0; c < p.c; c++) {
        const T *x = static_cast<const T *>(input) + (n * p.c + c) * image;
        T *y = static_cast<T *>(output) + (n * p.c + c) * p.points + first;
        for (int64_t i = 0; i < count; i++) y[i] = static_cast<T>(value_at(taps[i], p.mode == TK_GRID_CUBIC, x));
      }
    }
  });
}

template <class T, class C>
void sample_backward(const tk_grid_problem &p, const void *gradient, const void *input, const void *grid, void *by_input,
                     void *by_grid) {
  const int64_t image = image_size(p);
  const Sampler<C> sampler(p);
  // One image is one piece of work, because its points add to the same elements.
  parallel_for(p.n, 1, [&](int64_t begin, int64_t end) {
    Taps<C> taps;
    for (int64_t r = begin * p.points; r < end * p.points; r++) {
      C position[3], by_position[3] = {C(0), C(0), C(0)};
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
}

// f(element type, type to compute in): PyTorch computes cubic interpolation of volumes in float32.
template <class F> bool dispatch(const tk_grid_problem &p, const F &f) {
  return dispatch_floating(p.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (p.mode == TK_GRID_CUBIC && p.rank == 3) f(tag, Tag<compute<T>>());
    else f(tag, Tag<Arithmetic<T>>());
  });
}

}  // namespace

bool tk_grid_sample(const tk_grid_problem *problem, const void *input, const void *grid, void *output) {
  return dispatch(*problem, [&](auto element, auto number) {
    sample<typename decltype(element)::type, typename decltype(number)::type>(*problem, input, grid, output);
  });
}

bool tk_grid_sample_backward(const tk_grid_problem *problem, const void *gradient, const void *input, const void *grid,
                             void *by_input, void *by_grid) {
  return dispatch(*problem, [&](auto element, auto number) {
    sample_backward<typename decltype(element)::type, typename decltype(number)::type>(
        *problem, gradient, input, grid, by_input, by_grid);
  });
}
