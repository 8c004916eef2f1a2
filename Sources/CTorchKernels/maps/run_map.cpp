// Runs an inner loop over operands of any layout.
//
// Goals, in order: contiguous operands cost one test over calling the loop itself; any permuted layout that all
// operands share runs as if it were contiguous; operands that disagree (a transposed copy) are walked in tiles, so
// that no cache line is fetched twice; large work is split evenly over the pool whatever its shape.
#include <algorithm>

#include "registry.h"

namespace tk {
namespace {

constexpr int64_t grain = 32768;  // elements of an operation as cheap as an addition that are worth a thread

// The iteration space after simplification. Dimension 0 is the innermost.
struct Space {
  tk_loop loop;
  const tk_scalar *params;
  int ndim, operands;
  int64_t sizes[TK_MAX_DIMS];
  int64_t strides[TK_MAX_DIMS][TK_MAX_OPERANDS];
  char *base[TK_MAX_OPERANDS];
  int64_t tile;        // width of tiles over dimensions 0 and 1, 0 for plain rows
  tk_loop transposed;  // copies a tile at once, NULL where the loop is no plain copy

  // Whether walking `inner` within `outer` is as good as it gets for the first operand that has a preference.
  bool in_order(int outer, int inner) const {
    for (int k = 0; k < operands; k++) {
      const int64_t o = strides[outer][k], i = strides[inner][k];
      if (o == i || o == 0 || i == 0) continue;
      return o > i;
    }
    return true;
  }
  void swap_dims(int a, int b) {
    std::swap(sizes[a], sizes[b]);
    for (int k = 0; k < operands; k++) std::swap(strides[a][k], strides[b][k]);
  }
  bool fits_together(int outer, int inner) const {
    for (int k = 0; k < operands; k++)
      if (strides[outer][k] != strides[inner][k] * sizes[inner]) return false;
    return true;
  }

  void simplify() {
    for (int d = 1; d < ndim; d++)  // insertion sort: stable, and nearly always sorted already
      for (int e = d; e > 0 && !in_order(e, e - 1); e--) swap_dims(e, e - 1);
    int last = 0;
    for (int d = 1; d < ndim; d++) {
      if (fits_together(d, last)) {
        sizes[last] *= sizes[d];
      } else if (++last != d) {
        sizes[last] = sizes[d];
        for (int k = 0; k < operands; k++) strides[last][k] = strides[d][k];
      }
    }
    ndim = last + 1;
  }

  // If an operand runs along another dimension than the output, brings that one next to the innermost
  // and chooses tiles over the two.
  void choose_tiles() {
    tile = 0;
    for (int k = 1; k < operands; k++) {
      int along = 0;
      for (int d = 1; d < ndim; d++)
        if (strides[d][k] != 0 && strides[d][k] < strides[along][k]) along = d;
      if (along == 0) continue;
      for (; along > 1; along--) swap_dims(along, along - 1);
      // 64 columns of 64 rows keep one line of each row in the first-level cache.
      if (sizes[0] >= 16 && sizes[1] >= 16) tile = 64;
      if (tile && operands == 2) {
        const Transposed form = transposed_form(loop);
        if (strides[0][0] == form.element && strides[1][1] == form.element) transposed = form.run;
      }
      return;
    }
  }
};

// Advances `index` (over dimensions first...ndim-1) by one and the pointers with it.
inline void advance(const Space &s, int first, int64_t *index, char **x) {
  for (int d = first; d < s.ndim; d++) {
    for (int k = 0; k < s.operands; k++) x[k] += s.strides[d][k];
    if (++index[d] < s.sizes[d]) return;
    for (int k = 0; k < s.operands; k++) x[k] -= s.strides[d][k] * s.sizes[d];
    index[d] = 0;
  }
}

// Places `index` and the pointers at linear position `at` of dimensions first...ndim-1.
inline void seek(const Space &s, int first, int64_t at, int64_t *index, char **x) {
  for (int d = first; d < s.ndim; d++) {
    index[d] = at % s.sizes[d];
    at /= s.sizes[d];
    for (int k = 0; k < s.operands; k++) x[k] += index[d] * s.strides[d][k];
  }
}

// Elements begin..<end in linear order, whole and partial rows.
void run_elements(void *context, int64_t begin, int64_t end) {
  const Space &s = *static_cast<const Space *>(context);
  char *x[TK_MAX_OPERANDS];
  std::copy(s.base, s.base + s.operands, x);
  int64_t index[TK_MAX_DIMS];
  const int64_t row = s.sizes[0];
  int64_t skipped = begin % row;
  seek(s, 1, begin / row, index, x);
  while (begin < end) {
    const int64_t n = std::min(row - skipped, end - begin);
    if (skipped == 0) {
      s.loop(n, x, s.strides[0], s.params);
    } else {
      char *inside[TK_MAX_OPERANDS];
      for (int k = 0; k < s.operands; k++) inside[k] = x[k] + skipped * s.strides[0][k];
      s.loop(n, inside, s.strides[0], s.params);
      skipped = 0;
    }
    begin += n;
    advance(s, 1, index, x);
  }
}

// Bands begin..<end: a band is `tile` rows of dimension 1, at one position of the outer dimensions.
void run_bands(void *context, int64_t begin, int64_t end) {
  const Space &s = *static_cast<const Space *>(context);
  const int64_t bands = (s.sizes[1] + s.tile - 1) / s.tile;
  for (int64_t band = begin; band < end; band++) {
    char *x[TK_MAX_OPERANDS];
    std::copy(s.base, s.base + s.operands, x);
    int64_t index[TK_MAX_DIMS];
    seek(s, 2, band / bands, index, x);
    const int64_t first = band % bands * s.tile, rows = std::min(s.tile, s.sizes[1] - first);
    if (s.transposed) {
      for (int k = 0; k < s.operands; k++) x[k] += first * s.strides[1][k];
      const int64_t shape[] = {s.strides[1][0], s.strides[0][1], s.sizes[0]};
      s.transposed(rows, x, shape, nullptr);
      continue;
    }
    for (int64_t column = 0; column < s.sizes[0]; column += s.tile) {
      const int64_t width = std::min(s.tile, s.sizes[0] - column);
      char *y[TK_MAX_OPERANDS];
      for (int k = 0; k < s.operands; k++) y[k] = x[k] + first * s.strides[1][k] + column * s.strides[0][k];
      for (int64_t r = 0; r < rows; r++) {
        s.loop(width, y, s.strides[0], s.params);
        for (int k = 0; k < s.operands; k++) y[k] += s.strides[1][k];
      }
    }
  }
}

}  // namespace
}  // namespace tk

extern "C" void tk_run_map(tk_loop loop, int ndim, const int64_t *sizes, int operands, void *const *pointers,
                           const int64_t *const *strides, const tk_scalar *params) {
  tk::Space s;
  s.ndim = 0;
  int64_t n = 1;
  for (int d = ndim - 1; d >= 0; d--) {
    if (sizes[d] == 1) continue;
    n *= sizes[d];
    s.sizes[s.ndim] = sizes[d];
    for (int k = 0; k < operands; k++) s.strides[s.ndim][k] = strides[k][d];
    s.ndim++;
  }
  if (n == 0) return;
  for (int k = 0; k < operands; k++) s.base[k] = static_cast<char *>(pointers[k]);
  if (s.ndim == 0) {
    // One element. A row of two or more would lie anywhere; stride 0 may not be taken for a broadcast of the output.
    const int64_t none[TK_MAX_OPERANDS] = {};
    return loop(1, s.base, none, params);
  }
  s.operands = operands;
  if (s.ndim > 1) s.simplify();
  if (s.ndim == 1 && n <= tk::grain / 32) return loop(n, s.base, s.strides[0], params);

  s.loop = loop;
  s.params = params;
  s.tile = 0;
  s.transposed = nullptr;
  if (s.ndim > 1) s.choose_tiles();
  const int64_t grain = n <= tk::grain / 32 ? tk::grain : std::max<int64_t>(tk::grain / tk::loop_cost(loop), 64);
  if (s.tile) {
    const int64_t bands = n / (s.sizes[0] * s.sizes[1]) * ((s.sizes[1] + s.tile - 1) / s.tile);
    tk_parallel_for(bands, std::max<int64_t>(1, grain / (s.tile * s.sizes[0])), tk::run_bands, &s);
  } else {
    tk_parallel_for(n, grain, tk::run_elements, &s);
  }
}
