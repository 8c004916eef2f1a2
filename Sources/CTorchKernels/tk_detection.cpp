// Object detection: non-maximum suppression and pooling over regions.
//
// Region pooling but for maxima is linear: a result is a weighted sum of elements, the same for every channel. The taps of
// one region are found once, and forward and backward walk them.
// Reference: https://pytorch.org/vision/stable/ops.html; rounding of coordinates is torchvision's.
#include <algorithm>
#include <cmath>
#include <vector>

#include "tk_detection.h"
#include "tk_elements.h"

using namespace tk;

namespace {

template <class T> int64_t suppress(int64_t n, const T *boxes, const int64_t *order, double threshold, int64_t *kept) {
  std::vector<T> areas(n);
  for (int64_t i = 0; i < n; i++) {
    const T *b = boxes + 4 * i;
    areas[i] = (b[2] - b[0]) * (b[3] - b[1]);
  }
  std::vector<bool> out(n, false);
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++) {
    if (out[i]) continue;
    const int64_t first = order[i];
    kept[count++] = first;
    const T *a = boxes + 4 * first;
    for (int64_t j = i + 1; j < n; j++) {
      if (out[j]) continue;
      const T *b = boxes + 4 * order[j];
      const T width = std::max<T>(0, std::min(a[2], b[2]) - std::max(a[0], b[0]));
      const T height = std::max<T>(0, std::min(a[3], b[3]) - std::max(a[1], b[1]));
      const T both = width * height;
      if (both / (areas[first] + areas[order[j]] - both) > threshold) out[j] = true;
    }
  }
  return count;
}

// The elements that a region's bins are made of: bin `i` of the first to the last row has taps first[i] ..< first[i + 1].
template <class C> struct Taps {
  std::vector<int64_t> first, at;
  std::vector<C> weight;

  void begin() {
    first.assign(1, 0);
    at.clear();
    weight.clear();
  }
  void add(int64_t place, C w) {
    at.push_back(place);
    weight.push_back(w);
  }
  void end_bin() { first.push_back(static_cast<int64_t>(at.size())); }
};


template <class T, class C> struct Pool {
  const tk_region_problem &p;
  explicit Pool(const tk_region_problem &problem) : p(problem) {}

  int64_t plane() const { return p.h * p.w; }
  int64_t bins() const { return p.pooled_h * p.pooled_w; }
  int64_t out_channels() const { return p.position_sensitive ? p.c / bins() : p.c; }
  // The channel that bin `bin` of result channel `c` reads.
  int64_t channel(int64_t c, int64_t bin) const { return p.position_sensitive ? c * bins() + bin : c; }

  void taps(const T *region, Taps<C> &taps) const {
    taps.begin();
    if (p.kind == TK_REGION_ALIGN) samples(region, taps);
    else elements(region, taps);
  }

  // Bilinear samples, evenly spaced in each bin.
  void samples(const T *region, Taps<C> &taps) const {
    const C scale = static_cast<C>(p.scale), half = p.aligned ? C(0.5) : C(0);
    const C x = static_cast<C>(region[1]) * scale - half, y = static_cast<C>(region[2]) * scale - half;
    C width = static_cast<C>(region[3]) * scale - half - x, height = static_cast<C>(region[4]) * scale - half - y;
    if (!p.aligned) {
      width = std::max(width, C(1));
      height = std::max(height, C(1));
    }
    const C bin_w = width / static_cast<C>(p.pooled_w), bin_h = height / static_cast<C>(p.pooled_h);
    const int64_t grid_h = grid(bin_h, p.h), grid_w = grid(bin_w, p.w);
    const C count = static_cast<C>(std::max<int64_t>(grid_h * grid_w, 1));
    for (int64_t i = 0; i < p.pooled_h; i++) {
      for (int64_t j = 0; j < p.pooled_w; j++) {
        for (int64_t k = 0; k < grid_h; k++) {
          const C row = y + i * bin_h + (k + C(0.5)) * bin_h / static_cast<C>(grid_h);
          for (int64_t l = 0; l < grid_w; l++) {
            const C column = x + j * bin_w + (l + C(0.5)) * bin_w / static_cast<C>(grid_w);
            sample(row, column, C(1) / count, taps);
          }
        }
        taps.end_bin();
      }
    }
  }

  // Samples along one side of a bin. A bin much larger than the features (or NaN) gets no more than they can tell apart.
  int64_t grid(C bin, int64_t size) const {
    if (p.sampling > 0) return p.sampling;
    const C n = std::ceil(bin);
    if (!(n > C(0))) return 0;
    return n < static_cast<C>(1 << 20) ? static_cast<int64_t>(n) : std::max<int64_t>(size, 1);
  }

  void sample(C y, C x, C scale, Taps<C> &taps) const {
    if (!(y >= C(-1) && y <= static_cast<C>(p.h) && x >= C(-1) && x <= static_cast<C>(p.w))) return;
    const auto clamp = [](C &value, int64_t size, int64_t &low, int64_t &high) {
      value = std::max(value, C(0));
      low = static_cast<int64_t>(value);
      if (low >= size - 1) {
        low = high = size - 1;
        value = static_cast<C>(low);
      } else {
        high = low + 1;
      }
    };
    int64_t top, bottom, left, right;
    clamp(y, p.h, top, bottom);
    clamp(x, p.w, left, right);
    const C down = y - static_cast<C>(top), across = x - static_cast<C>(left);
    taps.add(top * p.w + left, (1 - down) * (1 - across) * scale);
    taps.add(top * p.w + right, (1 - down) * across * scale);
    taps.add(bottom * p.w + left, down * (1 - across) * scale);
    taps.add(bottom * p.w + right, down * across * scale);
  }

  // All elements of a bin, each with the same weight.
  void elements(const T *region, Taps<C> &taps) const {
    const C scale = static_cast<C>(p.scale);
    const auto place = [&](int i) { return static_cast<int64_t>(std::round(static_cast<C>(region[i]) * scale)); };
    const int64_t x = place(1), y = place(2);
    const C bin_w = static_cast<C>(std::max<int64_t>(place(3) - x, 1)) / static_cast<C>(p.pooled_w);
    const C bin_h = static_cast<C>(std::max<int64_t>(place(4) - y, 1)) / static_cast<C>(p.pooled_h);
    for (int64_t i = 0; i < p.pooled_h; i++) {
      const auto rows = span(i, bin_h, y, p.h - 1);
      for (int64_t j = 0; j < p.pooled_w; j++) {
        const auto columns = span(j, bin_w, x, p.w - 1);
        const C count = static_cast<C>((rows.second - rows.first) * (columns.second - columns.first));
        for (int64_t r = rows.first; r < rows.second; r++) {
          for (int64_t c = columns.first; c < columns.second; c++) taps.add(r * p.w + c, C(1) / count);
        }
        taps.end_bin();
      }
    }
  }

  // The elements from which bin `i` goes to which, held inside 0 ... limit.
  static std::pair<int64_t, int64_t> span(int64_t i, C bin, int64_t start, int64_t limit) {
    const int64_t from = static_cast<int64_t>(std::floor(static_cast<C>(i) * bin)) + start;
    const int64_t to = static_cast<int64_t>(std::ceil(static_cast<C>(i + 1) * bin)) + start;
    return {std::clamp<int64_t>(from, 0, limit), std::clamp<int64_t>(to, 0, limit)};
  }

  const T *region(const void *regions, int64_t r) const { return static_cast<const T *>(regions) + 5 * r; }
  int64_t image(const T *region) const { return static_cast<int64_t>(static_cast<C>(region[0])); }

  void forward(const void *input, const void *regions, void *output) const {
    parallel_for(p.count, 1, [&](int64_t begin, int64_t end) {
      Taps<C> found;
      for (int64_t r = begin; r < end; r++) {
        const T *place = region(regions, r);
        taps(place, found);
        const T *features = static_cast<const T *>(input) + image(place) * p.c * plane();
        T *y = static_cast<T *>(output) + r * out_channels() * bins();
        for (int64_t c = 0; c < out_channels(); c++) {
          for (int64_t bin = 0; bin < bins(); bin++) {
            const T *x = features + channel(c, bin) * plane();
            C sum = C(0);
            for (int64_t i = found.first[bin]; i < found.first[bin + 1]; i++) {
              sum += found.weight[i] * static_cast<C>(x[found.at[i]]);
            }
            *y++ = static_cast<T>(sum);
          }
        }
      }
    });
  }

  // Channels share no elements, so each thread has some of them, of all regions.
  void backward(const void *gradient, const void *regions, void *by_input) const {
    parallel_for(out_channels(), 8, [&](int64_t begin, int64_t end) {
      Taps<C> found;
      for (int64_t r = 0; r < p.count; r++) {
        const T *place = region(regions, r);
        taps(place, found);
        T *target = static_cast<T *>(by_input) + image(place) * p.c * plane();
        const T *g = static_cast<const T *>(gradient) + r * out_channels() * bins();
        for (int64_t c = begin; c < end; c++) {
          for (int64_t bin = 0; bin < bins(); bin++) {
            T *x = target + channel(c, bin) * plane();
            const C value = static_cast<C>(g[c * bins() + bin]);
            for (int64_t i = found.first[bin]; i < found.first[bin + 1]; i++) {
              x[found.at[i]] = static_cast<T>(static_cast<C>(x[found.at[i]]) + found.weight[i] * value);
            }
          }
        }
      }
    });
  }

  void maximum(const void *input, const void *regions, void *output, int32_t *where) const {
    parallel_for(p.count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        const T *place = region(regions, r);
        const C scale = static_cast<C>(p.scale);
        const auto at = [&](int i) { return static_cast<int64_t>(std::round(static_cast<C>(place[i]) * scale)); };
        const int64_t x = at(1), y = at(2);
        const C bin_w = static_cast<C>(std::max<int64_t>(at(3) - x + 1, 1)) / static_cast<C>(p.pooled_w);
        const C bin_h = static_cast<C>(std::max<int64_t>(at(4) - y + 1, 1)) / static_cast<C>(p.pooled_h);
        const T *features = static_cast<const T *>(input) + image(place) * p.c * plane();
        for (int64_t c = 0; c < p.c; c++) {
          const T *values = features + c * plane();
          for (int64_t i = 0; i < p.pooled_h; i++) {
            const auto rows = span(i, bin_h, y, p.h);
            for (int64_t j = 0; j < p.pooled_w; j++) {
              const auto columns = span(j, bin_w, x, p.w);
              const bool empty = rows.second <= rows.first || columns.second <= columns.first;
              C best = empty ? C(0) : -std::numeric_limits<C>::max();
              int32_t found = -1;
              for (int64_t row = rows.first; row < rows.second; row++) {
                for (int64_t column = columns.first; column < columns.second; column++) {
                  const int64_t index = row * p.w + column;
                  if (static_cast<C>(values[index]) > best) {
                    best = static_cast<C>(values[index]);
                    found = static_cast<int32_t>(index);
                  }
                }
              }
              const int64_t result = ((r * p.c + c) * p.pooled_h + i) * p.pooled_w + j;
              static_cast<T *>(output)[result] = static_cast<T>(best);
              where[result] = found;
            }
          }
        }
      }
    });
  }

  void maximum_backward(const void *gradient, const void *regions, const int32_t *where, void *by_input) const {
    parallel_for(p.c, 8, [&](int64_t begin, int64_t end) {
      for (int64_t r = 0; r < p.count; r++) {
        T *target = static_cast<T *>(by_input) + image(region(regions, r)) * p.c * plane();
        for (int64_t i = (r * p.c + begin) * bins(); i < (r * p.c + end) * bins(); i++) {
          if (where[i] < 0) continue;
          T &x = target[(i / bins() % p.c) * plane() + where[i]];
          x = static_cast<T>(static_cast<C>(x) + static_cast<C>(static_cast<const T *>(gradient)[i]));
        }
      }
    });
  }
};

template <class F> bool with_pool(const tk_region_problem &p, const F &f) {
  return dispatch_floating(p.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    f(Pool<T, compute<T>>(p));
  });
}

}  // namespace

int64_t tk_nms(tk_dtype dtype, int64_t n, const void *boxes, const int64_t *order, double threshold, int64_t *kept) {
  if (dtype == TK_FLOAT64) return suppress(n, static_cast<const double *>(boxes), order, threshold, kept);
  return suppress(n, static_cast<const float *>(boxes), order, threshold, kept);
}

bool tk_region_pool(const tk_region_problem *p, const void *input, const void *regions, void *output) {
  return with_pool(*p, [&](const auto &pool) { pool.forward(input, regions, output); });
}

bool tk_region_pool_backward(const tk_region_problem *p, const void *gradient, const void *regions, void *by_input) {
  return with_pool(*p, [&](const auto &pool) { pool.backward(gradient, regions, by_input); });
}

bool tk_region_max(const tk_region_problem *p, const void *input, const void *regions, void *output, int32_t *where) {
  return with_pool(*p, [&](const auto &pool) { pool.maximum(input, regions, output, where); });
}

bool tk_region_max_backward(const tk_region_problem *p, const void *gradient, const void *regions, const int32_t *where,
                            void *by_input) {
  return with_pool(*p, [&](const auto &pool) { pool.maximum_backward(gradient, regions, where, by_input); });
}
