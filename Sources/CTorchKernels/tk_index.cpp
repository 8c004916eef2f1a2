// Reading and writing by index tensors. Reads split over the pool; writes that may meet run in order on one thread,
// unless distinct outer slices keep them apart.
#include "tk_index.h"

#include <algorithm>
#include <vector>

#include "tk_elements.h"

using namespace tk;

namespace {

int64_t volume(int ndim, const int64_t *sizes) {
  int64_t n = 1;
  for (int d = 0; d < ndim; d++) n *= sizes[d];
  return n;
}

// Walks the rows (all dimensions but the last) of K operands of one shape; f(offsets, position) for rows of
// [begin, end), where position is the row's first element in row-major order.
template <int K, class F>
void for_rows(int ndim, const int64_t *sizes, const int64_t *const (&strides)[K], int64_t begin, int64_t end, F f) {
  int64_t at[TK_MAX_DIMS] = {}, offset[K] = {};
  const int last = std::max(0, ndim - 1);
  const int64_t row = ndim > 0 ? sizes[ndim - 1] : 1;
  int64_t rest = begin;
  for (int d = last; d-- > 0; rest /= sizes[d]) {
    at[d] = rest % sizes[d];
    for (int k = 0; k < K; k++) offset[k] += at[d] * strides[k][d];
  }
  for (int64_t r = begin; r < end; r++) {
    f(offset, r * row);
    for (int d = last; d-- > 0;) {
      for (int k = 0; k < K; k++) offset[k] += strides[k][d];
      if (++at[d] < sizes[d]) break;
      for (int k = 0; k < K; k++) offset[k] -= at[d] * strides[k][d];
      at[d] = 0;
    }
  }
}

// Number of rows and their length, the last dimension's.
struct Rows {
  int64_t count, length;
  Rows(int ndim, const int64_t *sizes)
      : count(volume(std::max(0, ndim - 1), sizes)), length(ndim > 0 ? sizes[ndim - 1] : 1) {}
  int64_t grain(int64_t work = 8192) const { return std::max<int64_t>(1, work / std::max<int64_t>(1, length)); }
};
int64_t last_stride(int ndim, const int64_t *strides) { return ndim > 0 ? strides[ndim - 1] : 0; }

bool valid(int64_t i, int64_t size, bool wrap) { return i < size && i >= (wrap ? -size : 0); }

// All of an index tensor; the first offender goes to bad.
bool check(int ndim, const int64_t *sizes, const int64_t *index, const int64_t *strides, int64_t size, bool wrap,
           int operand, tk_bad_index *bad) {
  bool good = true;
  const Rows rows(ndim, sizes);
  const int64_t stride = last_stride(ndim, strides);
  if (rows.length == 0) return true;
  for_rows<1>(ndim, sizes, {strides}, 0, rows.count, [&](const int64_t *offset, int64_t position) {
    if (!good) return;
    const char *p = reinterpret_cast<const char *>(index) + offset[0];
    for (int64_t j = 0; j < rows.length; j++) {
      const int64_t i = *reinterpret_cast<const int64_t *>(p + j * stride);
      if (!valid(i, size, wrap)) {
        if (bad) *bad = {i, position + j, size, operand};
        good = false;
        return;
      }
    }
  });
  return good;
}

// f(tag of an unsigned type of that size): for moves that need no arithmetic.
template <class F> void dispatch_size(size_t size, F &&f) {
  switch (size) {
    case 1: f(Tag<uint8_t>()); break;
    case 2: f(Tag<uint16_t>()); break;
    case 4: f(Tag<uint32_t>()); break;
    case 8: f(Tag<uint64_t>()); break;
    default: f(Tag<Complex128>());
  }
}

template <class T> T &element(void *p, int64_t offset) { return *reinterpret_cast<T *>(static_cast<char *>(p) + offset); }
template <class T> const T &element(const void *p, int64_t offset) {
  return *reinterpret_cast<const T *>(static_cast<const char *>(p) + offset);
}

template <class T> T plus(T a, T b) {
  if constexpr (std::is_same_v<T, bool>) return a || b;
  else if constexpr (std::is_integral_v<T>) return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  else return T(compute<T>(a) + compute<T>(b));
}
template <class T> T times(T a, T b) {
  if constexpr (std::is_same_v<T, bool>) return a && b;
  else if constexpr (std::is_integral_v<T>) return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  else return T(compute<T>(a) * compute<T>(b));
}

template <tk_combine c, class T> T combined(T a, T b) {
  if constexpr (c == TK_SET) return b;
  else if constexpr (c == TK_ADD || c == TK_MEAN) return plus(a, b);
  else if constexpr (c == TK_MULTIPLY) return times(a, b);
  else if constexpr (is_complex<T>) return b;
  else if constexpr (c == TK_AMAX) return compute<T>(b) > compute<T>(a) || is_nan(b) ? b : a;
  else return compute<T>(b) < compute<T>(a) || is_nan(b) ? b : a;
}

template <tk_combine c, class T> T identity() {
  if constexpr (c == TK_MULTIPLY) return T(1);
  else if constexpr (c == TK_AMAX || c == TK_AMIN) {
    constexpr float sign = c == TK_AMAX ? -1 : 1;
    if constexpr (is_floating<T>) return T(sign * std::numeric_limits<float>::infinity());
    else if constexpr (!is_complex<T>) return c == TK_AMAX ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max();
    else return T(0);
  } else {
    return T(0);
  }
}

// PyTorch divides integers rounding down.
template <class T> T divided(T a, int64_t n) {
  if constexpr (std::is_same_v<T, bool>) return a;
  else if constexpr (std::is_integral_v<T>) {
    const int64_t v = static_cast<int64_t>(a), q = v / n;
    return static_cast<T>(v % n < 0 ? q - 1 : q);
  } else if constexpr (is_complex<T>) return a / static_cast<typename T::value_type>(n);
  else return T(compute<T>(a) / static_cast<compute<T>>(n));
}

template <class F> bool dispatch_combine(tk_combine c, F &&f) {
  switch (c) {
    case TK_SET: f(std::integral_constant<tk_combine, TK_SET>()); return true;
    case TK_ADD: f(std::integral_constant<tk_combine, TK_ADD>()); return true;
    case TK_MULTIPLY: f(std::integral_constant<tk_combine, TK_MULTIPLY>()); return true;
    case TK_MEAN: f(std::integral_constant<tk_combine, TK_MEAN>()); return true;
    case TK_AMAX: f(std::integral_constant<tk_combine, TK_AMAX>()); return true;
    case TK_AMIN: f(std::integral_constant<tk_combine, TK_AMIN>()); return true;
  }
  return false;
}

// The write of src at index along dim, for any strides: scatter, and index_add and its relatives, whose index has
// stride 0 along the other dimensions.
template <tk_combine c, class T>
void combine_into(bool include_self, int ndim, const int64_t *sizes, int dim, int64_t dim_size, void *out,
                  const int64_t *out_strides, const int64_t *index, const int64_t *index_strides, const void *src,
                  const int64_t *src_strides, T factor, bool scale) {
  const Rows rows(ndim, sizes);
  if (rows.count * rows.length == 0) return;
  const int64_t along = ndim > 0 ? out_strides[dim] : 0;
  int64_t fixed[TK_MAX_DIMS];  // out's strides where the index does not choose
  for (int d = 0; d < ndim; d++) fixed[d] = d == dim ? 0 : out_strides[d];
  const int64_t so = last_stride(ndim, fixed), si = last_stride(ndim, index_strides), ss = last_stride(ndim, src_strides);
  const auto wrapped = [=](int64_t i) { return i < 0 ? i + dim_size : i; };
  const auto pass = [&](auto f) {
    for_rows<3>(ndim, sizes, {fixed, index_strides, src_strides}, 0, rows.count, [&](const int64_t *offset, int64_t) {
      for (int64_t j = 0; j < rows.length; j++) {
        const int64_t i = wrapped(element<int64_t>(static_cast<const void *>(index), offset[1] + j * si));
        f(offset[0] + j * so + i * along, offset[2] + j * ss);
      }
    });
  };
  if (!include_self && c != TK_SET) pass([&](int64_t to, int64_t) { element<T>(out, to) = identity<c, T>(); });
  if (scale) {
    pass([&](int64_t to, int64_t from) {
      element<T>(out, to) = combined<c>(element<T>(out, to), times(factor, element<T>(src, from)));
    });
  } else {
    pass([&](int64_t to, int64_t from) { element<T>(out, to) = combined<c>(element<T>(out, to), element<T>(src, from)); });
  }
  if constexpr (c == TK_MEAN) {
    // Contributions are counted for each element of out that is written; offsets are the keys.
    std::vector<int64_t> written;
    pass([&](int64_t to, int64_t) { written.push_back(to); });
    std::sort(written.begin(), written.end());
    for (size_t i = 0, end; i < written.size(); i = end) {
      end = i;
      while (end < written.size() && written[end] == written[i]) end++;
      const int64_t n = static_cast<int64_t>(end - i) + (include_self ? 1 : 0);
      element<T>(out, written[i]) = divided(element<T>(out, written[i]), n);
    }
  }
}

bool order_refused(tk_combine c, tk_dtype dtype, tk_bad_index *bad) {
  const bool complex = dtype == TK_COMPLEX64 || dtype == TK_COMPLEX128;
  if (!complex || (c != TK_AMAX && c != TK_AMIN)) return false;
  if (bad) *bad = {0, 0, 0, -1};
  return true;
}

}  // namespace

bool tk_gather(size_t element_size, int ndim, const int64_t *sizes, int dim, int64_t dim_size,
               const void *in, const int64_t *in_strides, const int64_t *index, const int64_t *index_strides,
               void *out, const int64_t *out_strides, tk_bad_index *bad) {
  if (!check(ndim, sizes, index, index_strides, dim_size, false, 0, bad)) return false;
  const Rows rows(ndim, sizes);
  const int64_t along = ndim > 0 ? in_strides[dim] : 0;
  int64_t fixed[TK_MAX_DIMS];
  for (int d = 0; d < ndim; d++) fixed[d] = d == dim ? 0 : in_strides[d];
  const int64_t sf = last_stride(ndim, fixed), si = last_stride(ndim, index_strides), so = last_stride(ndim, out_strides);
  dispatch_size(element_size, [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(rows.count, rows.grain(), [&](int64_t begin, int64_t end) {
      for_rows<3>(ndim, sizes, {fixed, index_strides, out_strides}, begin, end, [&](const int64_t *offset, int64_t) {
        for (int64_t j = 0; j < rows.length; j++) {
          const int64_t i = element<int64_t>(static_cast<const void *>(index), offset[1] + j * si);
          element<T>(out, offset[2] + j * so) = element<T>(in, offset[0] + j * sf + i * along);
        }
      });
    });
  });
  return true;
}

bool tk_scatter(tk_combine combine, bool include_self, tk_dtype dtype, int ndim, const int64_t *sizes, int dim,
                int64_t dim_size, void *out, const int64_t *out_strides, const int64_t *index,
                const int64_t *index_strides, const void *src, const int64_t *src_strides, tk_bad_index *bad) {
  if (order_refused(combine, dtype, bad)) return false;
  if (!check(ndim, sizes, index, index_strides, dim_size, false, 0, bad)) return false;
  dispatch_combine(combine, [&](auto c) {
    dispatch_all(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      combine_into<c.value, T>(include_self, ndim, sizes, dim, dim_size, out, out_strides, index, index_strides, src,
                               src_strides, T(1), false);
    });
  });
  return true;
}

bool tk_index_select(size_t element_size, int ndim, const int64_t *sizes, int dim, int64_t dim_size,
                     const void *in, const int64_t *in_strides, const int64_t *index, int64_t index_stride,
                     void *out, const int64_t *out_strides, bool wrap, tk_bad_index *bad) {
  const int64_t one = 1, *index_sizes = ndim > 0 ? &sizes[dim] : &one;
  if (!check(1, index_sizes, index, &index_stride, dim_size, wrap, 0, bad)) return false;
  if (volume(ndim, sizes) == 0) return true;
  const int64_t n = *index_sizes;
  const auto chosen = [&](int64_t j) {
    const int64_t i = element<int64_t>(static_cast<const void *>(index), j * index_stride);
    return i < 0 ? i + dim_size : i;
  };
  // Trailing dimensions that are contiguous in both are copied as one piece.
  int tail = ndim;
  int64_t piece = static_cast<int64_t>(element_size);
  while (tail > dim + 1 && in_strides[tail - 1] == piece && out_strides[tail - 1] == piece) piece *= sizes[--tail];
  if (tail == dim + 1 && ndim > 0 && piece > static_cast<int64_t>(element_size)) {
    const int64_t outer = volume(dim, sizes);
    parallel_for(outer * n, std::max<int64_t>(1, 32768 / piece), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        int64_t rest = r / n, from = chosen(r % n) * in_strides[dim], to = r % n * out_strides[dim];
        for (int d = dim; d-- > 0; rest /= sizes[d]) {
          from += rest % sizes[d] * in_strides[d];
          to += rest % sizes[d] * out_strides[d];
        }
        std::memcpy(static_cast<char *>(out) + to, static_cast<const char *>(in) + from, static_cast<size_t>(piece));
      }
    });
    return true;
  }
  int64_t fixed[TK_MAX_DIMS], index_strides[TK_MAX_DIMS];
  for (int d = 0; d < ndim; d++) {
    fixed[d] = d == dim ? 0 : in_strides[d];
    index_strides[d] = d == dim ? index_stride : 0;
  }
  const Rows rows(ndim, sizes);
  const int64_t along = ndim > 0 ? in_strides[dim] : 0;
  const int64_t sf = last_stride(ndim, fixed), si = last_stride(ndim, index_strides), so = last_stride(ndim, out_strides);
  dispatch_size(element_size, [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(rows.count, rows.grain(), [&](int64_t begin, int64_t end) {
      for_rows<3>(ndim, sizes, {fixed, index_strides, out_strides}, begin, end, [&](const int64_t *offset, int64_t) {
        for (int64_t j = 0; j < rows.length; j++) {
          int64_t i = element<int64_t>(static_cast<const void *>(index), offset[1] + j * si);
          if (i < 0) i += dim_size;
          element<T>(out, offset[2] + j * so) = element<T>(in, offset[0] + j * sf + i * along);
        }
      });
    });
  });
  return true;
}

bool tk_index_combine(tk_combine combine, bool include_self, tk_dtype dtype, int ndim, const int64_t *sizes, int dim,
                      int64_t dim_size, void *out, const int64_t *out_strides, const int64_t *index,
                      int64_t index_stride, const void *source, const int64_t *source_strides,
                      const tk_scalar *alpha, bool wrap, tk_bad_index *bad) {
  if (order_refused(combine, dtype, bad)) return false;
  const int64_t one = 1;
  if (!check(1, ndim > 0 ? &sizes[dim] : &one, index, &index_stride, dim_size, wrap, 0, bad)) return false;
  int64_t index_strides[TK_MAX_DIMS];
  for (int d = 0; d < ndim; d++) index_strides[d] = d == dim ? index_stride : 0;
  dispatch_combine(combine, [&](auto c) {
    dispatch_all(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      T factor = T(1);
      const bool scale = c.value == TK_ADD && alpha;
      if (scale) {
        if constexpr (is_complex<T>) factor = T(Complex128(alpha->re, alpha->im));
        else if constexpr (is_floating<T>) factor = T(static_cast<compute<T>>(alpha->re));
        else factor = static_cast<T>(alpha->i);
      }
      combine_into<c.value, T>(include_self, ndim, sizes, dim, dim_size, out, out_strides, index, index_strides, source,
                               source_strides, factor, scale);
    });
  });
  return true;
}

namespace {

bool check_all(int ndim, const int64_t *sizes, int k, const int64_t *const *indices,
               const int64_t *const *index_strides, const int64_t *indexed_sizes, bool wrap, tk_bad_index *bad) {
  for (int i = 0; i < k; i++) {
    if (!check(ndim, sizes, indices[i], index_strides[i], indexed_sizes[i], wrap, i, bad)) return false;
  }
  return true;
}

// f(offset in the tensor, offset in the values) for elements of rows [begin, end).
template <class F>
void for_indexed(int ndim, const int64_t *sizes, const int64_t *tensor_strides, int k, const int64_t *const *indices,
                 const int64_t *const *index_strides, const int64_t *indexed_sizes, const int64_t *indexed_strides,
                 const int64_t *value_strides, int64_t begin, int64_t end, F f) {
  const Rows rows(ndim, sizes);
  const int64_t st = last_stride(ndim, tensor_strides), sv = last_stride(ndim, value_strides);
  std::vector<int64_t> chosen(static_cast<size_t>(rows.length));
  for_rows<2>(ndim, sizes, {tensor_strides, value_strides}, begin, end, [&](const int64_t *offset, int64_t position) {
    for (int64_t j = 0; j < rows.length; j++) chosen[static_cast<size_t>(j)] = offset[0] + j * st;
    for (int i = 0; i < k; i++) {
      int64_t rest = position / std::max<int64_t>(1, rows.length), at = 0;
      for (int d = ndim - 1; d-- > 0; rest /= sizes[d]) at += rest % sizes[d] * index_strides[i][d];
      const int64_t si = last_stride(ndim, index_strides[i]);
      for (int64_t j = 0; j < rows.length; j++) {
        const int64_t v = element<int64_t>(static_cast<const void *>(indices[i]), at + j * si);
        chosen[static_cast<size_t>(j)] += (v < 0 ? v + indexed_sizes[i] : v) * indexed_strides[i];
      }
    }
    for (int64_t j = 0; j < rows.length; j++) f(chosen[static_cast<size_t>(j)], offset[1] + j * sv);
  });
}

}  // namespace

bool tk_index_get(size_t element_size, int ndim, const int64_t *sizes, const void *tensor,
                  const int64_t *tensor_strides, int k, const int64_t *const *indices,
                  const int64_t *const *index_strides, const int64_t *indexed_sizes, const int64_t *indexed_strides,
                  void *values, const int64_t *value_strides, bool wrap, tk_bad_index *bad) {
  if (volume(ndim, sizes) == 0) return true;
  if (!check_all(ndim, sizes, k, indices, index_strides, indexed_sizes, wrap, bad)) return false;
  const Rows rows(ndim, sizes);
  dispatch_size(element_size, [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(rows.count, rows.grain(), [&](int64_t begin, int64_t end) {
      for_indexed(ndim, sizes, tensor_strides, k, indices, index_strides, indexed_sizes, indexed_strides, value_strides,
                  begin, end, [&](int64_t from, int64_t to) { element<T>(values, to) = element<T>(tensor, from); });
    });
  });
  return true;
}

bool tk_index_put(bool accumulate, tk_dtype dtype, int ndim, const int64_t *sizes, void *tensor,
                  const int64_t *tensor_strides, int k, const int64_t *const *indices,
                  const int64_t *const *index_strides, const int64_t *indexed_sizes, const int64_t *indexed_strides,
                  const void *values, const int64_t *value_strides, bool wrap, tk_bad_index *bad) {
  if (volume(ndim, sizes) == 0) return true;
  if (!check_all(ndim, sizes, k, indices, index_strides, indexed_sizes, wrap, bad)) return false;
  return dispatch_all(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for_indexed(ndim, sizes, tensor_strides, k, indices, index_strides, indexed_sizes, indexed_strides, value_strides, 0,
                Rows(ndim, sizes).count, [&](int64_t to, int64_t from) {
                  T &t = element<T>(tensor, to);
                  t = accumulate ? plus(t, element<T>(values, from)) : element<T>(values, from);
                });
  });
}

namespace {
int64_t flat_offset(int ndim, const int64_t *sizes, const int64_t *strides, int64_t i) {
  int64_t offset = 0;
  for (int d = ndim; d-- > 0; i /= sizes[d]) offset += i % sizes[d] * strides[d];
  return offset;
}
}  // namespace

bool tk_take(size_t element_size, int ndim, const int64_t *sizes, const int64_t *strides, const void *tensor,
             int64_t n, const int64_t *index, void *out, tk_bad_index *bad) {
  const int64_t total = volume(ndim, sizes), stride = sizeof(int64_t);
  if (!check(1, &n, index, &stride, total, true, 0, bad)) return false;
  dispatch_size(element_size, [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(n, 8192, [&](int64_t begin, int64_t end) {
      for (int64_t j = begin; j < end; j++) {
        const int64_t i = index[j] < 0 ? index[j] + total : index[j];
        static_cast<T *>(out)[j] = element<T>(tensor, flat_offset(ndim, sizes, strides, i));
      }
    });
  });
  return true;
}

bool tk_put(bool accumulate, tk_dtype dtype, int ndim, const int64_t *sizes, const int64_t *strides, void *tensor,
            int64_t n, const int64_t *index, const void *source, tk_bad_index *bad) {
  const int64_t total = volume(ndim, sizes), stride = sizeof(int64_t);
  if (!check(1, &n, index, &stride, total, true, 0, bad)) return false;
  return dispatch_all(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *s = static_cast<const T *>(source);
    for (int64_t j = 0; j < n; j++) {
      T &t = element<T>(tensor, flat_offset(ndim, sizes, strides, index[j] < 0 ? index[j] + total : index[j]));
      t = accumulate ? plus(t, s[j]) : s[j];
    }
  });
}

int64_t tk_count_true(int64_t n, const bool *mask) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++) count += mask[i];
  return count;
}

void tk_masked_select(size_t element_size, int64_t n, const void *in, const bool *mask, void *out) {
  dispatch_size(element_size, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T *to = static_cast<T *>(out);
    for (int64_t i = 0; i < n; i++) {
      if (mask[i]) *to++ = static_cast<const T *>(in)[i];
    }
  });
}

bool tk_masked_scatter(size_t element_size, int64_t n, void *out, const bool *mask, int64_t nsource,
                       const void *source) {
  if (tk_count_true(n, mask) > nsource) return false;
  dispatch_size(element_size, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *from = static_cast<const T *>(source);
    for (int64_t i = 0; i < n; i++) {
      if (mask[i]) static_cast<T *>(out)[i] = *from++;
    }
  });
  return true;
}

namespace {
// f(position) for each element that is not zero, in row-major order.
template <class F>
void for_nonzero(tk_dtype dtype, int ndim, const int64_t *sizes, const int64_t *strides, const void *in, F f) {
  if (volume(ndim, sizes) == 0) return;
  dispatch_all(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const Rows rows(ndim, sizes);
    const int64_t stride = last_stride(ndim, strides);
    for_rows<1>(ndim, sizes, {strides}, 0, rows.count, [&](const int64_t *offset, int64_t position) {
      for (int64_t j = 0; j < rows.length; j++) {
        if (compute<T>(element<T>(in, offset[0] + j * stride)) != compute<T>(0)) f(position + j);
      }
    });
  });
}
}  // namespace

int64_t tk_count_nonzero(tk_dtype dtype, int ndim, const int64_t *sizes, const int64_t *strides, const void *in) {
  int64_t count = 0;
  for_nonzero(dtype, ndim, sizes, strides, in, [&](int64_t) { count++; });
  return count;
}

void tk_nonzero(tk_dtype dtype, int ndim, const int64_t *sizes, const int64_t *strides, const void *in, int64_t *out) {
  for_nonzero(dtype, ndim, sizes, strides, in, [&](int64_t position) {
    for (int d = ndim; d-- > 0; position /= sizes[d]) out[d] = position % sizes[d];
    out += ndim;
  });
}
