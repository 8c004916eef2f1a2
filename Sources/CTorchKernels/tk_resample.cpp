// Interpolation along one dimension from a table of weights. The table's transpose is the derivative, so forward and
// backward are the same loop.
#include "tk_resample.h"

#include <algorithm>
#include <vector>

#include "tk_elements.h"

using namespace tk;

namespace {

// f(first result, one past the last) over outer * n_out results of `work` operations each.
template <class F> void for_results(int64_t outer, int64_t inner, const tk_resample_table &table, const F &f) {
  const int64_t taps = table.n_out ? table.offsets[table.n_out] / table.n_out + 1 : 1;
  const int64_t work = std::max<int64_t>(1, inner * taps);
  parallel_for(outer * table.n_out, std::max<int64_t>(1, 32768 / work), f);
}

template <class In, class Out>
void resample(int64_t outer, int64_t inner, const tk_resample_table &table, const void *in, void *out) {
  using C = compute<Out>;
  const std::vector<C> weights(table.weights, table.weights + table.offsets[table.n_out]);
  for_results(outer, inner, table, [&](int64_t begin, int64_t end) {
    std::vector<C> row(inner > 1 ? inner : 0);
    for (int64_t r = begin; r < end; r++) {
      const int64_t j = r % table.n_out, first = table.offsets[j], count = table.offsets[j + 1] - first;
      const In *x = static_cast<const In *>(in) + (r / table.n_out * table.n_in + table.starts[j]) * inner;
      Out *y = static_cast<Out *>(out) + r * inner;
      if (inner == 1) {
        C sum = 0;
        for (int64_t k = 0; k < count; k++) sum += weights[first + k] * static_cast<C>(x[k]);
        *y = static_cast<Out>(sum);
        continue;
      }
      std::fill(row.begin(), row.end(), C(0));
      for (int64_t k = 0; k < count; k++) {
        const C w = weights[first + k];
        const In *source = x + k * inner;
        for (int64_t i = 0; i < inner; i++) row[i] += w * static_cast<C>(source[i]);
      }
      for (int64_t i = 0; i < inner; i++) y[i] = static_cast<Out>(row[i]);
    }
  });
}

}  // namespace

bool tk_resample(tk_dtype in_dtype, tk_dtype out_dtype, int64_t outer, int64_t inner, const tk_resample_table *table,
                 const void *in, void *out) {
  bool done = false;
  dispatch_floating(in_dtype, [&](auto from) {
    using In = typename decltype(from)::type;
    dispatch_floating(out_dtype, [&](auto to) {
      using Out = typename decltype(to)::type;
      if constexpr (std::is_same_v<compute<In>, compute<Out>> &&
                    (std::is_same_v<In, Out> || std::is_same_v<In, float> || std::is_same_v<Out, float>)) {
        resample<In, Out>(outer, inner, *table, in, out);
        done = true;
      }
    });
  });
  return done;
}

void tk_resample_bytes(int64_t outer, int64_t inner, const tk_resample_table *table, int32_t precision,
                       const uint8_t *in, uint8_t *out) {
  const std::vector<int32_t> weights(table->weights, table->weights + table->offsets[table->n_out]);
  for_results(outer, inner, *table, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      const int64_t j = r % table->n_out, first = table->offsets[j], count = table->offsets[j + 1] - first;
      const uint8_t *x = in + (r / table->n_out * table->n_in + table->starts[j]) * inner;
      for (int64_t i = 0; i < inner; i++) {
        int32_t sum = 1 << (precision - 1);
        for (int64_t k = 0; k < count; k++) sum += weights[first + k] * x[k * inner + i];
        out[r * inner + i] = static_cast<uint8_t>(std::clamp(sum >> precision, 0, 255));
      }
    }
  });
}

void tk_resample_pick(size_t item_size, int64_t outer, int64_t inner, const tk_resample_table *table, const void *in,
                      void *out) {
  const auto pick = [&](auto tag) {
    using T = typename decltype(tag)::type;
    for_results(outer, inner, *table, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        const T *x = static_cast<const T *>(in) + (r / table->n_out * table->n_in + table->starts[r % table->n_out]) * inner;
        std::copy(x, x + inner, static_cast<T *>(out) + r * inner);
      }
    });
  };
  switch (item_size) {
    case 1: return pick(Tag<uint8_t>());
    case 2: return pick(Tag<uint16_t>());
    case 4: return pick(Tag<uint32_t>());
    case 8: return pick(Tag<uint64_t>());
    default: return pick(Tag<Complex128>());
  }
}
