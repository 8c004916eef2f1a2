// Winograd's F(2x2, 3x3): 16 multiplications for a tile and channel pair instead of 36.
//
// y = A' ((G w G') . (B' x B)) A for each 4x4 patch x of the input, 3x3 kernel w and 2x2 tile y of the output, with
//     B' = | 1  0 -1  0 |      G = | 1    0    0  |      A' = | 1  1  1  0 |
//          | 0  1  1  0 |          | 1/2  1/2 1/2 |           | 0  1 -1 -1 |
//          | 0 -1  1  0 |          | 1/2 -1/2 1/2 |
//          | 0  1  0 -1 |          | 0    0    1  |
// Reference: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015.
//
// Its rounding error is about the direct method's, because the transforms only add; the 4x4 tiles of oneDNN's
// Winograd have some five times that. A thread takes kTiles tiles at a time through all three stages, so that what lies
// between them stays in its cache:
//     patches   [16][tiles][in]            the transformed input
//     products  [16][tiles][64]            for 64 output channels at a time: a matrix product for each of the 16
//     weights   [out / 64][16][in][64]     transformed once a call
#include "tk_simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tk_winograd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <atomic>

#include "tk_elements.h"
#include "tk_winograd.h"

HWY_BEFORE_NAMESPACE();
namespace tk {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3
typedef float Lanes __attribute__((ext_vector_type(16)));

constexpr int64_t kLanes = 16, kTiles = 48, kGroup = 64, kPoints = 16;

HWY_INLINE Lanes load(const float *p) { return *reinterpret_cast<const Lanes *>(p); }
HWY_INLINE void store(float *p, Lanes v) { *reinterpret_cast<Lanes *>(p) = v; }

struct Problem : tk_winograd {
  int64_t tile_rows, tile_columns, tiles;
  explicit Problem(const tk_winograd &p)
      : tk_winograd(p), tile_rows((out_height + 1) / 2), tile_columns((out_width + 1) / 2),
        tiles(batch * tile_rows * tile_columns) {}
};

struct Tile { int64_t image, row, column; };

HWY_INLINE Tile tile_at(const Problem &p, int64_t index) {
  const int64_t in_image = p.tile_rows * p.tile_columns;
  return {index / in_image, index % in_image / p.tile_columns * 2, index % p.tile_columns * 2};
}

// Half of G: the four sums of three rows.
HWY_INLINE void transform_triple(Lanes a, Lanes b, Lanes c, Lanes out[4]) {
  const Lanes ends = a + c;
  out[0] = a;
  out[1] = 0.5f * (ends + b);
  out[2] = 0.5f * (ends - b);
  out[3] = c;
}

// G w G' of the output channels of one group and the input channels [begin, end).
void transform_weights(const Problem &p, const float *weight, int64_t group, int64_t begin, int64_t end, float *out) {
  const int64_t width = std::min(kGroup, p.out_channels - group * kGroup);
  float *target = out + group * kGroup * kPoints * p.in_channels;
  const int64_t *stride = p.weight_stride;
  for (int64_t i = begin; i < end; i++) {
    for (int64_t o = 0; o < width; o += kLanes) {
      Lanes w[3][3], columns[3][4], rows[4];
      for (int lane = 0; lane < kLanes; lane++) {
        const float *at = weight + (group * kGroup + o + lane) * stride[0] + i * stride[1];
        for (int r = 0; r < 3; r++) {
          for (int s = 0; s < 3; s++) w[r][s][lane] = at[r * stride[2] + s * stride[3]];
        }
      }
      for (int s = 0; s < 3; s++) transform_triple(w[0][s], w[1][s], w[2][s], columns[s]);
      for (int r = 0; r < 4; r++) {
        transform_triple(columns[0][r], columns[1][r], columns[2][r], rows);
        for (int s = 0; s < 4; s++) store(target + ((r * 4 + s) * p.in_channels + i) * width + o, rows[s]);
      }
    }
  }
}

// B' x B of 16 channels of one tile.
HWY_INLINE void transform_patch(const Problem &p, const float *plane, Tile tile, float *out, int64_t point_stride) {
  const int64_t top = tile.row - p.pad_top, left = tile.column - p.pad_left;
  Lanes x[4][4];
  if (top >= 0 && left >= 0 && top + 4 <= p.in_height && left + 4 <= p.in_width) {
    const float *corner = plane + (top * p.in_width + left) * kLanes;
    for (int r = 0; r < 4; r++) {
      for (int s = 0; s < 4; s++) x[r][s] = load(corner + (r * p.in_width + s) * kLanes);
    }
  } else {
    for (int r = 0; r < 4; r++) {
      for (int s = 0; s < 4; s++) {
        const bool inside = top + r >= 0 && top + r < p.in_height && left + s >= 0 && left + s < p.in_width;
        x[r][s] = inside ? load(plane + ((top + r) * p.in_width + left + s) * kLanes) : Lanes(0.0f);
      }
    }
  }
  Lanes h[4][4];
  for (int s = 0; s < 4; s++) {
    h[0][s] = x[0][s] - x[2][s];
    h[1][s] = x[1][s] + x[2][s];
    h[2][s] = x[2][s] - x[1][s];
    h[3][s] = x[1][s] - x[3][s];
  }
  for (int r = 0; r < 4; r++) {
    store(out + (r * 4 + 0) * point_stride, h[r][0] - h[r][2]);
    store(out + (r * 4 + 1) * point_stride, h[r][1] + h[r][2]);
    store(out + (r * 4 + 2) * point_stride, h[r][2] - h[r][1]);
    store(out + (r * 4 + 3) * point_stride, h[r][1] - h[r][3]);
  }
}

// out of [T][width] = patches of [T][in] times weights of [in][width], width = 16 V. T V accumulators in registers.
template <int T, int V>
HWY_INLINE void multiply(const float *patches, int64_t in, const float *weights, float *out) {
  Lanes sum[T][V];
  for (int t = 0; t < T; t++) {
    for (int v = 0; v < V; v++) sum[t][v] = Lanes(0.0f);
  }
  for (int64_t i = 0; i < in; i++) {
    Lanes w[V];
    for (int v = 0; v < V; v++) w[v] = load(weights + (i * V + v) * kLanes);
    for (int t = 0; t < T; t++) {
      const Lanes x = Lanes(patches[t * in + i]);
      for (int v = 0; v < V; v++) sum[t][v] += x * w[v];
    }
  }
  for (int t = 0; t < T; t++) {
    for (int v = 0; v < V; v++) store(out + (t * V + v) * kLanes, sum[t][v]);
  }
}

// Six tiles at a time: with four vectors each their sums fill 24 registers, and more would not fit the address registers.
template <int V>
void multiply_all(const float *patches, int64_t tiles, int64_t in, const float *weights, float *out) {
  int64_t t = 0;
  for (; t + 6 <= tiles; t += 6) multiply<6, V>(patches + t * in, in, weights, out + t * V * kLanes);
  for (; t + 2 <= tiles; t += 2) multiply<2, V>(patches + t * in, in, weights, out + t * V * kLanes);
  if (t < tiles) multiply<1, V>(patches + t * in, in, weights, out + t * V * kLanes);
}

// A' m A + bias of 16 channels of one tile, into the part of the tile that the output has.
HWY_INLINE void transform_product(
    const Problem &p, const float *products, int64_t point_stride, Lanes bias, Tile tile, float *plane) {
  Lanes h[2][4];
  for (int s = 0; s < 4; s++) {
    const Lanes a = load(products + s * point_stride), b = load(products + (4 + s) * point_stride);
    const Lanes c = load(products + (8 + s) * point_stride), d = load(products + (12 + s) * point_stride);
    h[0][s] = a + (b + c);
    h[1][s] = (b - c) - d;
  }
  const int rows = tile.row + 1 < p.out_height ? 2 : 1, columns = tile.column + 1 < p.out_width ? 2 : 1;
  for (int r = 0; r < rows; r++) {
    float *at = plane + ((tile.row + r) * p.out_width + tile.column) * kLanes;
    store(at, h[r][0] + (h[r][1] + h[r][2]) + bias);
    if (columns == 2) store(at + kLanes, (h[r][1] - h[r][2]) - h[r][3] + bias);
  }
}

void convolve_tiles(const Problem &p, int64_t begin, int64_t end, const float *x, const float *weights,
                    const float *bias, float *y, float *patches, float *products) {
  const int64_t count = end - begin, in_blocks = p.in_channels / kLanes, out_blocks = p.out_channels / kLanes;
  Tile tiles[kTiles];
  for (int64_t t = 0; t < count; t++) tiles[t] = tile_at(p, begin + t);
  const int64_t in_plane = p.in_height * p.in_width * kLanes, out_plane = p.out_height * p.out_width * kLanes;
  for (int64_t t = 0; t < count; t++) {
    for (int64_t c = 0; c < in_blocks; c++) {
      const float *plane = x + (tiles[t].image * in_blocks + c) * in_plane;
      transform_patch(p, plane, tiles[t], patches + t * p.in_channels + c * kLanes, count * p.in_channels);
    }
  }
  for (int64_t first = 0; first < out_blocks; first += kGroup / kLanes) {
    const int64_t vectors = std::min(kGroup / kLanes, out_blocks - first), width = vectors * kLanes;
    const float *w = weights + first * kLanes * kPoints * p.in_channels;
    for (int64_t k = 0; k < kPoints; k++) {
      const float *a = patches + k * count * p.in_channels, *b = w + k * p.in_channels * width;
      float *c = products + k * count * width;
      if (vectors == 4) multiply_all<4>(a, count, p.in_channels, b, c);
      else if (vectors == 3) multiply_all<3>(a, count, p.in_channels, b, c);
      else if (vectors == 2) multiply_all<2>(a, count, p.in_channels, b, c);
      else multiply_all<1>(a, count, p.in_channels, b, c);
    }
    for (int64_t v = 0; v < vectors; v++) {
      const Lanes b = bias ? load(bias + (first + v) * kLanes) : Lanes(0.0f);
      for (int64_t t = 0; t < count; t++) {
        float *plane = y + (tiles[t].image * out_blocks + first + v) * out_plane;
        transform_product(p, products + t * width + v * kLanes, count * width, b, tiles[t], plane);
      }
    }
  }
}

bool convolve(const tk_winograd *problem, const float *x, const float *weight, const float *bias, float *y) {
  const Problem p(*problem);
  const size_t weight_bytes = sizeof(float) * kPoints * p.in_channels * p.out_channels;
  float *weights = static_cast<float *>(tk_alloc(weight_bytes));
  if (!weights) return false;
  const int64_t groups = (p.out_channels + kGroup - 1) / kGroup;
  parallel_for(groups * p.in_channels, 8, [&](int64_t begin, int64_t end) HWY_ATTR {
    for (int64_t at = begin; at < end;) {
      const int64_t group = at / p.in_channels, first = at % p.in_channels;
      const int64_t last = std::min(p.in_channels, first + end - at);
      transform_weights(p, weight, group, first, last, weights);
      at += last - first;
    }
  });
  std::atomic<bool> done{true};
  const size_t work_bytes = sizeof(float) * kPoints * kTiles * (p.in_channels + kGroup);
  parallel_for((p.tiles + kTiles - 1) / kTiles, 1, [&](int64_t begin, int64_t end) HWY_ATTR {
    float *work = static_cast<float *>(tk_alloc(work_bytes));
    if (!work) {
      done = false;
      return;
    }
    for (int64_t at = begin * kTiles; at < std::min(end * kTiles, p.tiles); at += kTiles) {
      convolve_tiles(p, at, std::min(at + kTiles, p.tiles), x, weights, bias, y, work,
                     work + kPoints * kTiles * p.in_channels);
    }
    tk_free(work, work_bytes);
  });
  tk_free(weights, weight_bytes);
  return done;
}

bool available() { return true; }
#else
bool convolve(const tk_winograd *, const float *, const float *, const float *, float *) { return false; }
bool available() { return false; }
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tk {
HWY_EXPORT(convolve);
HWY_EXPORT(available);
}  // namespace tk

using namespace tk;

bool tk_winograd_available(void) { return HWY_DYNAMIC_DISPATCH(available)(); }

bool tk_winograd_convolve(const tk_winograd *problem, const float *x, const float *weight, const float *bias, float *y) {
  return HWY_DYNAMIC_DISPATCH(convolve)(problem, x, weight, bias, y);
}
#endif
