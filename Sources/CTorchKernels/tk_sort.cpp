// Sorting and selection by radix: each element becomes an unsigned key of the same order, with its index beside it.
// Keys of equal values are equal (both zeros, all NaNs), so a stable sort of keys is PyTorch's stable sort.
#include "tk_sort.h"

#include <algorithm>
#include <vector>

#include "tk_elements.h"

using namespace tk;

namespace {

template <class T> using Unsigned = std::conditional_t<sizeof(T) <= 4, uint32_t, uint64_t>;

// Order preserving; NaN is the greatest.
template <class T> Unsigned<T> key_of(T x) {
  using U = Unsigned<T>;
  if constexpr (is_floating<T>) {
    using C = compute<T>;
    C c = static_cast<C>(x);
    if (c != c) return ~U(0);
    c += C(0);  // -0 becomes +0
    U bits;
    std::memcpy(&bits, &c, sizeof bits);
    constexpr U sign = U(1) << (8 * sizeof(U) - 1);
    return bits & sign ? ~bits : bits | sign;
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<U>(x) ^ U(1) << (8 * sizeof(U) - 1);
  } else {
    return static_cast<U>(x);
  }
}

// A key with its index, ordered by both: no two are equal, so every sort of them is stable.
template <class U> struct Item {
  U key;
  Unsigned<U> index;
  bool operator<(const Item &o) const { return key != o.key ? key < o.key : index < o.index; }
};

template <class T> using ItemOf = Item<Unsigned<T>>;

template <class U> void radix_sort(std::vector<Item<U>> *items, std::vector<Item<U>> *buffer) {
  constexpr int kBits = 11, kPasses = (8 * sizeof(U) + kBits - 1) / kBits;
  constexpr U kMask = (U(1) << kBits) - 1;
  const size_t n = items->size();
  buffer->resize(n);
  std::vector<size_t> counts(static_cast<size_t>(kPasses) << kBits);
  for (const Item<U> &item : *items) {
    for (int pass = 0; pass < kPasses; pass++) {
      counts[(static_cast<size_t>(pass) << kBits) + static_cast<size_t>(item.key >> (pass * kBits) & kMask)]++;
    }
  }
  for (int pass = 0; pass < kPasses; pass++) {
    size_t *count = &counts[static_cast<size_t>(pass) << kBits];
    size_t sum = 0;
    bool constant = false;  // all keys share this digit
    for (size_t digit = 0; digit <= kMask; digit++) {
      constant |= count[digit] == n;
      const size_t c = count[digit];
      count[digit] = sum;
      sum += c;
    }
    if (constant) continue;
    for (const Item<U> &item : *items) (*buffer)[count[item.key >> (pass * kBits) & kMask]++] = item;
    items->swap(*buffer);
  }
}

template <class U> void sort_items(std::vector<Item<U>> *items, std::vector<Item<U>> *buffer) {
  if (items->size() < 1024) std::sort(items->begin(), items->end());
  else radix_sort(items, buffer);
}

// f(first element, number of the line, items in the line's order, a buffer).
template <class T, class F>
void for_lines(int64_t outer, int64_t n, int64_t inner, bool descending, const void *in, const F &f) {
  const T *x = static_cast<const T *>(in);
  parallel_for(outer * inner, std::max<int64_t>(1, 2048 / (n + 1)), [&](int64_t begin, int64_t end) {
    std::vector<ItemOf<T>> items, buffer;
    for (int64_t line = begin; line < end; line++) {
      const T *p = x + line / inner * n * inner + line % inner;
      items.resize(static_cast<size_t>(n));
      for (int64_t i = 0; i < n; i++) {
        const auto key = key_of(p[i * inner]);
        items[static_cast<size_t>(i)] = {descending ? static_cast<decltype(key)>(~key) : key,
                                         static_cast<Unsigned<decltype(key)>>(i)};
      }
      f(p, line, items, buffer);
    }
  });
}

// One selected element a line: rank(items) says which of the sorted ones.
template <class F>
bool select(tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *in, void *values, int64_t *indices,
            F rank) {
  return dispatch_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for_lines<T>(outer, n, inner, false, in, [&](const T *p, int64_t line, auto &items, auto &) {
      const int64_t k = rank(items);
      std::nth_element(items.begin(), items.begin() + k, items.end());
      const int64_t at = static_cast<int64_t>(items[static_cast<size_t>(k)].index);
      static_cast<T *>(values)[line] = p[at * inner];
      if (indices) indices[line] = at;
    });
  });
}

template <class T> bool same(T a, T b) {
  if constexpr (is_complex<T>) return a == b;
  else return compute<T>(a) == compute<T>(b);
}

}  // namespace

bool tk_sort(tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, bool descending, const void *in, void *out,
             int64_t *indices) {
  return dispatch_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for_lines<T>(outer, n, inner, descending, in, [&](const T *p, int64_t line, auto &items, auto &buffer) {
      sort_items(&items, &buffer);
      const int64_t start = line / inner * n * inner + line % inner;
      T *to = static_cast<T *>(out) + start;
      for (int64_t i = 0; i < n; i++) {
        const int64_t at = static_cast<int64_t>(items[static_cast<size_t>(i)].index);
        to[i * inner] = p[at * inner];
        if (indices) indices[start + i * inner] = at;
      }
    });
  });
}

bool tk_topk(tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, int64_t k, bool largest, bool sorted,
             const void *in, void *values, int64_t *indices) {
  return dispatch_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for_lines<T>(outer, n, inner, largest, in, [&](const T *p, int64_t line, auto &items, auto &) {
      // Which of equal elements are taken follows from the algorithm alone: these are PyTorch's calls, on keys without
      // their indices (topk_impl_loop in aten/src/ATen/native/TopKImpl.h).
      const auto less = [](const auto &a, const auto &b) { return a.key < b.key; };
      if (k * 64 <= n) {
        std::partial_sort(items.begin(), items.begin() + k, items.end(), less);
      } else {
        std::nth_element(items.begin(), items.begin() + (k - 1), items.end(), less);
        if (sorted) std::sort(items.begin(), items.begin() + (k - 1), less);
      }
      const int64_t start = line / inner * k * inner + line % inner;
      for (int64_t i = 0; i < k; i++) {
        const int64_t at = static_cast<int64_t>(items[static_cast<size_t>(i)].index);
        static_cast<T *>(values)[start + i * inner] = p[at * inner];
        if (indices) indices[start + i * inner] = at;
      }
    });
  });
}

bool tk_kthvalue(tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, int64_t k, const void *in, void *values,
                 int64_t *indices) {
  return select(dtype, outer, n, inner, in, values, indices, [=](auto &) { return k - 1; });
}

bool tk_median(tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, bool ignore_nan, const void *in, void *values,
               int64_t *indices) {
  const bool floating = dtype == TK_FLOAT16 || dtype == TK_BFLOAT16 || dtype == TK_FLOAT32 || dtype == TK_FLOAT64;
  return select(dtype, outer, n, inner, in, values, indices, [=](auto &items) -> int64_t {
    int64_t nans = 0;
    if (floating) {  // a NaN has the greatest key
      for (const auto &item : items) nans += static_cast<decltype(item.key)>(~item.key) == 0;
    }
    if (nans == n || (nans > 0 && !ignore_nan)) return n - nans;  // the first NaN
    return (n - nans - 1) / 2;
  });
}

bool tk_mode(tk_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *in, void *values, int64_t *indices) {
  return dispatch_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for_lines<T>(outer, n, inner, false, in, [&](const T *p, int64_t line, auto &items, auto &buffer) {
      sort_items(&items, &buffer);
      size_t best = 0, best_length = 0;
      for (size_t i = 0, end; i < items.size(); i = end) {
        end = i;
        while (end < items.size() && items[end].key == items[i].key) end++;
        if (end - i > best_length) {
          best_length = end - i;
          best = end - 1;
        }
      }
      const int64_t at = static_cast<int64_t>(items[best].index);
      static_cast<T *>(values)[line] = p[at * inner];
      if (indices) indices[line] = at;
    });
  });
}

int64_t tk_unique_consecutive(tk_dtype dtype, int64_t n, const void *in, void *out, int64_t *inverse, int64_t *counts) {
  int64_t runs = 0;
  dispatch_all(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *x = static_cast<const T *>(in);
    T *y = static_cast<T *>(out);
    for (int64_t i = 0; i < n; i++) {
      if (i == 0 || !same(x[i], x[i - 1])) {
        y[runs] = x[i];
        if (counts) counts[runs] = 0;
        runs++;
      }
      if (inverse) inverse[i] = runs - 1;
      if (counts) counts[runs - 1]++;
    }
  });
  return runs;
}

int64_t tk_unique(tk_dtype dtype, int64_t n, const void *in, void *out, int64_t *inverse, int64_t *counts) {
  int64_t runs = 0;
  const bool ordered = dispatch_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T *y = static_cast<T *>(out);
    if (n == 0) return;
    for_lines<T>(1, n, 1, false, in, [&](const T *p, int64_t, auto &items, auto &buffer) {
      sort_items(&items, &buffer);
      for (size_t i = 0; i < items.size(); i++) {
        const int64_t at = static_cast<int64_t>(items[i].index);
        if (i == 0 || !same(p[at], y[runs - 1])) {
          y[runs] = p[at];
          if (counts) counts[runs] = 0;
          runs++;
        }
        if (inverse) inverse[at] = runs - 1;
        if (counts) counts[runs - 1]++;
      }
    });
  });
  return ordered ? runs : -1;
}

bool tk_searchsorted(tk_dtype dtype, int64_t rows, int64_t nboundaries, int64_t boundary_row_stride,
                     const void *boundaries, const int64_t *sorter, int64_t nvalues, const void *values, bool right,
                     int64_t *out) {
  return dispatch_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using C = compute<T>;
    parallel_for(rows * nvalues, 2048, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const int64_t row = i / nvalues;
        const T *b = static_cast<const T *>(boundaries) + row * boundary_row_stride;
        const int64_t *order = sorter ? sorter + row * boundary_row_stride : nullptr;
        const C value = static_cast<C>(static_cast<const T *>(values)[i]);
        int64_t low = 0, high = nboundaries;
        while (low < high) {
          const int64_t middle = low + (high - low) / 2;
          const C m = static_cast<C>(b[order ? order[middle] : middle]);
          // Written so that a NaN value goes past every boundary.
          if (right ? !(m > value) : !(m >= value)) low = middle + 1;
          else high = middle;
        }
        out[i] = low;
      }
    });
  });
}

void tk_bincount(int64_t n, const int64_t *values, const double *weights, int64_t bins, void *out) {
  for (int64_t i = 0; i < n; i++) {
    if (values[i] < 0 || values[i] >= bins) continue;
    if (weights) static_cast<double *>(out)[values[i]] += weights[i];
    else static_cast<int64_t *>(out)[values[i]]++;
  }
}

bool tk_histc(tk_dtype dtype, int64_t n, const void *in, int64_t bins, double low, double high, void *out) {
  if (dtype != TK_FLOAT32 && dtype != TK_FLOAT64) return false;
  return dispatch_floating(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_floating_point_v<T>) {
      const T *x = static_cast<const T *>(in);
      T *counts = static_cast<T *>(out);
      const T left = static_cast<T>(low), right = static_cast<T>(high);
      std::fill(counts, counts + bins, T(0));
      for (int64_t i = 0; i < n; i++) {
        if (!(x[i] >= left && x[i] <= right)) continue;
        const int64_t at = static_cast<int64_t>((x[i] - left) * static_cast<T>(bins) / (right - left));
        counts[std::min(at, bins - 1)] += 1;
      }
    }
  });
}
