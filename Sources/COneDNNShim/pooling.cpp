// Max and average pooling, on strided and blocked layouts.
//
// Goals: PyTorch's results to the bit in float32; the speed of memory.
//
// These are our own loops because oneDNN's are not PyTorch's operations: its max pooling drops NaN and turns a window
// of −∞ into −3.4e38, its average pooling divides by the whole kernel where `ceil_mode` or the right edge cut the
// window. Reference: torch.nn.MaxPool2d, torch.nn.AvgPool2d.
//
// Every accepted layout is [outer][depth][height][width][inner]: nChw16c has inner = 16, channels last has inner = C,
// contiguous has inner = 1. The workspace of max pooling holds, in the layout of dst, the maximum's place in its
// window: a byte when the window has at most 256 places, else an int32.
#include <algorithm>
#include <limits>

#include "internal.hpp"
#include "threads.hpp"

// Wide vectors are passed between functions that are always inlined, so no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"
#define TDNN_INLINE inline __attribute__((always_inline))

namespace tdnn {

namespace {

struct Pool {
  tdnn_pool_kind kind;
  int64_t outer = 1, inner = 1, divisor_override = 0;
  // depth, height, width; leading ones are 1
  int64_t in[3] = {1, 1, 1}, out[3] = {1, 1, 1}, kernel[3] = {1, 1, 1};
  int64_t stride[3] = {1, 1, 1}, padding[3] = {0, 0, 0}, dilation[3] = {1, 1, 1};

  std::vector<int64_t> offsets;  // of each place of the window from its corner, in input positions

  int64_t in_positions() const { return in[0] * in[1] * in[2]; }
  int64_t out_positions() const { return out[0] * out[1] * out[2]; }
};

// ---- vectors of L floats ----

template <int L> using Floats = float __attribute__((vector_size(4 * L)));
template <int L> using Ints = int32_t __attribute__((vector_size(4 * L)));
template <class T, int L> using Packed = T __attribute__((vector_size(sizeof(T) * L)));
using bfloat16 = uint16_t;

template <class T, int L>
TDNN_INLINE Packed<T, L> load_raw(const T *p) {
  Packed<T, L> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <int L>
TDNN_INLINE Floats<L> load(const float *p) { return load_raw<float, L>(p); }
template <int L>
TDNN_INLINE Floats<L> load(const bfloat16 *p) {
  return (Floats<L>)(__builtin_convertvector((load_raw<bfloat16, L>(p)), Ints<L>) << 16);
}
template <int L>
TDNN_INLINE void store(float *p, Floats<L> v) { __builtin_memcpy(p, &v, sizeof v); }
// Rounds to nearest, ties to even; NaN stays NaN.
template <int L>
TDNN_INLINE void store(bfloat16 *p, Floats<L> v) {
  using Bits = uint32_t __attribute__((vector_size(4 * L)));
  Bits bits = (Bits)v;
  Bits rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  Bits nan = Bits{} + 0x7FC0;
  auto packed = __builtin_convertvector(v == v ? rounded : nan, Packed<bfloat16, L>);
  __builtin_memcpy(p, &packed, sizeof packed);
}

// ---- windows ----

// The places of a kernel axis that lie inside the input: first ≤ k < last reads input start + k · dilation.
struct Span {
  int64_t start, first, last;
  TDNN_INLINE Span(const Pool &pool, int axis, int64_t o) {
    int64_t dilation = pool.dilation[axis];
    start = o * pool.stride[axis] - pool.padding[axis];
    first = 0;
    last = pool.kernel[axis];
    if (start >= 0 && start + (last - 1) * dilation < pool.in[axis]) return;  // wholly inside, without a division
    first = start < 0 ? (-start + dilation - 1) / dilation : 0;
    int64_t room = pool.in[axis] - start;
    last = room <= 0 ? 0 : std::min(last, (room + dilation - 1) / dilation);
  }
};

// body(output position, depth, height, width spans) for every output.
template <class Body>
TDNN_INLINE void for_each_window(const Pool &pool, const Body &body) {
  int64_t position = 0;
  for (int64_t d = 0; d < pool.out[0]; ++d) {
    Span depth(pool, 0, d);
    for (int64_t h = 0; h < pool.out[1]; ++h) {
      Span height(pool, 1, h);
      for (int64_t w = 0; w < pool.out[2]; ++w) body(position++, depth, height, Span(pool, 2, w));
    }
  }
}

// body(input position, place in the window) for every place inside the input, in PyTorch's order.
template <class Body>
TDNN_INLINE void for_each_place(const Pool &pool, const Span &d, const Span &h, const Span &w, const Body &body) {
  for (int64_t kd = d.first; kd < d.last; ++kd) {
    for (int64_t kh = h.first; kh < h.last; ++kh) {
      int64_t row = ((d.start + kd * pool.dilation[0]) * pool.in[1] + h.start + kh * pool.dilation[1]) * pool.in[2];
      int64_t place = (kd * pool.kernel[1] + kh) * pool.kernel[2];
      for (int64_t kw = w.first; kw < w.last; ++kw) body(row + w.start + kw * pool.dilation[2], place + kw);
    }
  }
}

// The input position of a place in the window.
TDNN_INLINE int64_t position_of(const Pool &pool, const Span &d, const Span &h, const Span &w, int64_t place) {
  return (d.start * pool.in[1] + h.start) * pool.in[2] + w.start + pool.offsets[place];
}

TDNN_INLINE float divisor(const Pool &pool, const Span &d, const Span &h, const Span &w) {
  if (pool.divisor_override) return static_cast<float>(pool.divisor_override);
  auto size = [&](const Span &s, int axis) {
    if (pool.kind == TDNN_POOL_AVERAGE_EXCLUDING_PADDING) return s.last - s.first;
    return std::min(s.start + pool.kernel[axis], pool.in[axis] + pool.padding[axis]) - s.start;
  };
  return static_cast<float>(size(d, 0) * size(h, 1) * size(w, 2));
}

// ---- one outer index, lanes [lane, lane + L) of inner ----

template <class T, class I, int L>
TDNN_INLINE void max_forward(const Pool &pool, const T *src, T *dst, I *places, int64_t inner) {
  for_each_window(pool, [&](int64_t o, const Span &d, const Span &h, const Span &w) __attribute__((always_inline)) {
    Floats<L> best = Floats<L>{} - std::numeric_limits<float>::infinity();
    int32_t first = static_cast<int32_t>((d.first * pool.kernel[1] + h.first) * pool.kernel[2] + w.first);
    Ints<L> where = Ints<L>{} + first;
    for_each_place(pool, d, h, w, [&](int64_t i, int64_t place) __attribute__((always_inline)) {
      Floats<L> value = load<L>(src + i * inner);
      Ints<L> better = (value > best) | (value != value);
      best = better ? value : best;
      where = better ? Ints<L>{} + static_cast<int32_t>(place) : where;
    });
    store<L>(dst + o * inner, best);
    if (places) {
      auto packed = __builtin_convertvector(where, Packed<I, L>);
      __builtin_memcpy(places + o * inner, &packed, sizeof packed);
    }
  });
}

template <class T, class I, int L>
TDNN_INLINE void max_backward(const Pool &pool, T *diff_src, const T *diff_dst, const I *places, int64_t inner) {
  for_each_window(pool, [&](int64_t o, const Span &d, const Span &h, const Span &w) __attribute__((always_inline)) {
    Floats<L> gradient = load<L>(diff_dst + o * inner);
    if constexpr (L == 1) {  // one lane has one place: go there
      T *target = diff_src + position_of(pool, d, h, w, places[o * inner]) * inner;
      store<1>(target, load<1>(target) + gradient);
      return;
    }
    Ints<L> where = __builtin_convertvector((load_raw<I, L>(places + o * inner)), Ints<L>);
    for_each_place(pool, d, h, w, [&](int64_t i, int64_t place) __attribute__((always_inline)) {
      Ints<L> here = where == static_cast<int32_t>(place);
      Floats<L> sum = load<L>(diff_src + i * inner);
      store<L>(diff_src + i * inner, here ? sum + gradient : sum);
    });
  });
}

template <class T, int L>
TDNN_INLINE void average_forward(const Pool &pool, const T *src, T *dst, int64_t inner) {
  for_each_window(pool, [&](int64_t o, const Span &d, const Span &h, const Span &w) __attribute__((always_inline)) {
    Floats<L> sum{};
    for_each_place(pool, d, h, w, [&](int64_t i, int64_t) __attribute__((always_inline)) {
      sum += load<L>(src + i * inner);
    });
    // A window that lies wholly in the padding has nothing to divide by.
    bool empty = d.first >= d.last || h.first >= h.last || w.first >= w.last;
    store<L>(dst + o * inner, empty ? sum : sum / divisor(pool, d, h, w));
  });
}

template <class T, int L>
TDNN_INLINE void average_backward(const Pool &pool, T *diff_src, const T *diff_dst, int64_t inner) {
  for_each_window(pool, [&](int64_t o, const Span &d, const Span &h, const Span &w) __attribute__((always_inline)) {
    // PyTorch rounds the quotient to the dtype before it adds.
    T rounded[L];
    store<L>(rounded, load<L>(diff_dst + o * inner) / divisor(pool, d, h, w));
    Floats<L> gradient = load<L>(rounded);
    for_each_place(pool, d, h, w, [&](int64_t i, int64_t) __attribute__((always_inline)) {
      store<L>(diff_src + i * inner, load<L>(diff_src + i * inner) + gradient);
    });
  });
}

// One outer index of a pass: `in` is src or diff_src, `out` is dst or diff_dst.
struct Pointers { void *in, *out, *places; };

template <class T, class I, int L>
TDNN_INLINE void lanes(const Pool &pool, bool forward, T *in, T *out, I *places, int64_t inner) {
  if (pool.kind == TDNN_POOL_MAX) {
    if (forward) max_forward<T, I, L>(pool, in, out, places, inner);
    else max_backward<T, I, L>(pool, in, out, places, inner);
  } else {
    if (forward) average_forward<T, L>(pool, in, out, inner);
    else average_backward<T, L>(pool, in, out, inner);
  }
}

template <class T, class I>
TDNN_INLINE void unit(const Pool &pool, bool forward, const Pointers &pointers, int64_t outer) {
  int64_t in_count = pool.in_positions() * pool.inner, out_count = pool.out_positions() * pool.inner;
  T *in = static_cast<T *>(pointers.in) + outer * in_count, *out = static_cast<T *>(pointers.out) + outer * out_count;
  I *places = pointers.places ? static_cast<I *>(pointers.places) + outer * out_count : nullptr;
  if (!forward) std::memset(in, 0, static_cast<size_t>(in_count) * sizeof(T));
  if (pool.inner == 16) return lanes<T, I, 16>(pool, forward, in, out, places, 16);  // constant stride
  int64_t lane = 0;
  for (; lane + 8 <= pool.inner; lane += 8) {
    lanes<T, I, 8>(pool, forward, in + lane, out + lane, places ? places + lane : nullptr, pool.inner);
  }
  for (; lane < pool.inner; ++lane) {
    lanes<T, I, 1>(pool, forward, in + lane, out + lane, places ? places + lane : nullptr, pool.inner);
  }
}

// ---- the same code for each instruction set ----

using Unit = void (*)(const Pool &, bool, const Pointers &, int64_t);

template <class T, class I>
void unit_baseline(const Pool &pool, bool forward, const Pointers &pointers, int64_t outer) {
  unit<T, I>(pool, forward, pointers, outer);
}

#if defined(__x86_64__)
template <class T, class I>
__attribute__((target("avx2,fma"))) void unit_avx2(
    const Pool &pool, bool forward, const Pointers &pointers, int64_t outer) {
  unit<T, I>(pool, forward, pointers, outer);
}
template <class T, class I>
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))) void unit_avx512(
    const Pool &pool, bool forward, const Pointers &pointers, int64_t outer) {
  unit<T, I>(pool, forward, pointers, outer);
}
#endif

template <class T, class I>
Unit select() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return unit_avx512<T, I>;
  }
  if (__builtin_cpu_supports("avx2")) return unit_avx2<T, I>;
#endif
  return unit_baseline<T, I>;
}

// ---- plans ----

class PoolPlan : public tdnn_plan {
 public:
  explicit PoolPlan(const tdnn_pool_problem &problem);
  tdnn_status execute(const tdnn_arguments &arguments) const override;
  void indices(const void *workspace, int64_t *indices) const;

 private:
  const tdnn_layout *like_input(tdnn_dtype dtype, const Dims &dims) const;

  const tdnn_layout *input_;
  Pool pool_;
  bool forward_, small_places_;
  Unit unit_;
};

int64_t output_size(const tdnn_pool_problem &p, int axis) {
  int64_t input = p.layout->info.dims[axis + 2];
  int64_t room = input + 2 * p.padding[axis] - p.dilation[axis] * (p.kernel[axis] - 1) - 1;
  if (p.ceil_mode) room += p.stride[axis] - 1;
  if (room < 0) return 0;
  int64_t size = room / p.stride[axis] + 1;
  // The last window must begin inside the input or its left padding.
  if (p.ceil_mode && (size - 1) * p.stride[axis] >= input + p.padding[axis]) --size;
  return size;
}

const tdnn_layout *channels_last(tdnn_dtype dtype, const Dims &dims) {
  Dims strides(dims.size());
  int64_t stride = dims[1];
  for (size_t axis = dims.size(); axis-- > 2; stride *= dims[axis]) strides[axis] = stride;
  strides[1] = 1;
  strides[0] = stride;
  return strided(dtype, dims, strides);
}

const tdnn_layout *PoolPlan::like_input(tdnn_dtype dtype, const Dims &dims) const {
  if (int block = input_->info.channel_block) return channel_blocked(dtype, dims, block);
  return pool_.inner == 1 ? contiguous(dtype, dims) : channels_last(dtype, dims);
}

PoolPlan::PoolPlan(const tdnn_pool_problem &p) : input_(p.layout), forward_(p.pass != TDNN_BACKWARD_DATA) {
  const tdnn_layout_info &info = p.layout->info;
  int rank = info.rank - 2;
  require(rank >= 1 && rank <= 3, "pooling has 1 to 3 spatial dimensions");
  require(p.pass != TDNN_BACKWARD_WEIGHTS, "pooling has no weights");
  if (info.dtype != TDNN_FLOAT32 && info.dtype != TDNN_BFLOAT16) {
    throw Error{TDNN_UNSUPPORTED, "pooling works on float32 and bfloat16"};
  }
  Dims dims = dims_of(p.layout), out_dims(dims.begin(), dims.begin() + 2);
  pool_.kind = p.kind;
  pool_.divisor_override = p.divisor_override;
  for (int axis = 0; axis < rank; ++axis) {
    require(p.kernel[axis] > 0 && p.stride[axis] > 0 && p.dilation[axis] > 0 && p.padding[axis] >= 0,
            "kernel, stride and dilation must be positive");
    require(p.kind == TDNN_POOL_MAX || p.dilation[axis] == 1, "average pooling has no dilation");
    require(2 * p.padding[axis] <= p.dilation[axis] * (p.kernel[axis] - 1) + 1, "padding is more than half the kernel");
    int64_t size = output_size(p, axis);
    require(size > 0, "the window is larger than the padded input");
    require(p.kernel[axis] < 1 << 20, "the kernel is too large");
    out_dims.push_back(size);
    int slot = 3 - rank + axis;
    pool_.in[slot] = dims[axis + 2];
    pool_.out[slot] = size;
    pool_.kernel[slot] = p.kernel[axis];
    pool_.stride[slot] = p.stride[axis];
    pool_.padding[slot] = p.padding[axis];
    pool_.dilation[slot] = p.dilation[axis];
  }
  if (info.channel_block) {
    pool_.inner = info.channel_block;
    pool_.outer = dims[0] * ((dims[1] + pool_.inner - 1) / pool_.inner);
  } else if (p.layout == contiguous(info.dtype, dims)) {
    pool_.outer = dims[0] * dims[1];
  } else if (p.layout == channels_last(info.dtype, dims)) {
    pool_.outer = dims[0];
    pool_.inner = dims[1];
  } else {
    throw Error{TDNN_UNSUPPORTED, "pooling reads contiguous, channels-last and blocked layouts"};
  }
  int64_t places = pool_.kernel[0] * pool_.kernel[1] * pool_.kernel[2];
  require(places < int64_t{1} << 31, "the kernel is too large");
  small_places_ = places <= 256;
  for (int64_t place = 0; p.kind == TDNN_POOL_MAX && place < places; ++place) {
    int64_t kw = place % pool_.kernel[2], rows = place / pool_.kernel[2];
    int64_t kh = rows % pool_.kernel[1], kd = rows / pool_.kernel[1];
    int64_t row = kd * pool_.dilation[0] * pool_.in[1] + kh * pool_.dilation[1];
    pool_.offsets.push_back(row * pool_.in[2] + kw * pool_.dilation[2]);
  }
  bool narrow = info.dtype == TDNN_BFLOAT16;
  unit_ = narrow ? (small_places_ ? select<bfloat16, uint8_t>() : select<bfloat16, int32_t>())
                 : (small_places_ ? select<float, uint8_t>() : select<float, int32_t>());
  implementation = "loops";

  const tdnn_layout *output = like_input(info.dtype, out_dims);
  layouts[forward_ ? TDNN_SRC : TDNN_DIFF_SRC] = p.layout;
  layouts[forward_ ? TDNN_DST : TDNN_DIFF_DST] = output;
  plain_layouts[forward_ ? TDNN_SRC : TDNN_DIFF_SRC] = contiguous(info.dtype, dims);
  plain_layouts[forward_ ? TDNN_DST : TDNN_DIFF_DST] = contiguous(info.dtype, out_dims);
  if (p.kind == TDNN_POOL_MAX && p.pass != TDNN_FORWARD_INFERENCE) {
    tdnn_dtype type = small_places_ ? TDNN_UINT8 : TDNN_INT32;
    layouts[TDNN_WORKSPACE] = like_input(type, out_dims);
    plain_layouts[TDNN_WORKSPACE] = contiguous(type, out_dims);
  }
}

tdnn_status PoolPlan::execute(const tdnn_arguments &a) const {
  Pointers pointers{
      forward_ ? const_cast<void *>(a.src) : a.diff_src, forward_ ? a.dst : const_cast<void *>(a.diff_dst),
      layouts[TDNN_WORKSPACE] ? a.workspace : nullptr};
  if (!pointers.in || !pointers.out || (layouts[TDNN_WORKSPACE] && !pointers.places)) {
    return fail(TDNN_INVALID, "an operand of the plan is missing");
  }
  // Below 16 K elements a parallel region costs more than it saves.
  bool worthwhile = pool_.outer * pool_.inner * pool_.in_positions() >= 16384;
  parallel_for(pool_.outer, [&](long outer) { unit_(pool_, forward_, pointers, outer); }, worthwhile);
  return TDNN_OK;
}

void PoolPlan::indices(const void *workspace, int64_t *indices) const {
  const Pool &pool = pool_;
  int64_t channels = input_->info.dims[1], positions = pool.out_positions();
  int64_t blocks = pool.inner == 1 ? channels : (channels + pool.inner - 1) / pool.inner;
  parallel_for(input_->info.dims[0] * channels, [&](long plane) {
    int64_t image = plane / channels, channel = plane % channels;
    int64_t base = (image * blocks + channel / pool.inner) * positions * pool.inner + channel % pool.inner;
    for_each_window(pool, [&](int64_t o, const Span &d, const Span &h, const Span &w) {
      int64_t element = base + o * pool.inner;
      int64_t place = small_places_ ? static_cast<const uint8_t *>(workspace)[element]
                                    : static_cast<const int32_t *>(workspace)[element];
      indices[plane * positions + o] = position_of(pool, d, h, w, place);
    });
  });
}

}  // namespace
}  // namespace tdnn

using namespace tdnn;

tdnn_status tdnn_pool_plan(const tdnn_pool_problem *problem, tdnn_plan **plan) {
  return guarded([&] {
    const tdnn_pool_problem &p = *problem;
    int rank = p.layout->info.rank - 2;
    require(rank >= 1 && rank <= 3, "pooling has 1 to 3 spatial dimensions");
    PlanKey key(PlanKey::kPooling);
    key.add(p.pass).add(p.kind).add(p.layout).add(p.ceil_mode).add(p.divisor_override);
    for (const int64_t *words : {p.kernel, p.stride, p.padding, p.dilation}) key.add(words, rank);
    *plan = cached_plan(key, [&] { return new PoolPlan(p); });
    return TDNN_OK;
  });
}

int64_t tdnn_pool_output_size(const tdnn_pool_problem *problem, int32_t axis) { return output_size(*problem, axis); }

tdnn_status tdnn_max_pool_indices(const tdnn_plan *plan, const void *workspace, int64_t *indices) {
  return guarded([&] {
    auto *pool = dynamic_cast<const PoolPlan *>(plan);
    require(pool && plan->layouts[TDNN_WORKSPACE], "not a max pooling plan with a workspace");
    pool->indices(workspace, indices);
    return TDNN_OK;
  });
}
