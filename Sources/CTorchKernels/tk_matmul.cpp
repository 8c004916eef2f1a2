// Integer matrix products: rows of c accumulate rows of b, in blocks of k that stay in the cache.
#include "tk_matmul.h"

#include <algorithm>
#include <vector>

#include "tk_elements.h"

using namespace tk;

namespace {

// Wrapping arithmetic in an unsigned type; bool is or-and, which is the same arithmetic on 0 and 1 saturated.
template <class T> void product(int64_t m, int64_t n, int64_t k, const T *a, int64_t ar, int64_t ac, const T *b,
                                int64_t br, int64_t bc, T *c, int64_t ldc, bool accumulate) {
  constexpr int64_t kBlock = 64;
  using U = std::conditional_t<std::is_same_v<T, bool>, uint8_t, std::make_unsigned_t<std::conditional_t<
                                                                     std::is_same_v<T, bool>, uint8_t, T>>>;
  parallel_for(m, std::max<int64_t>(1, 65536 / (n * k + 1)), [&](int64_t begin, int64_t end) {
    std::vector<U> row(static_cast<size_t>(n)), panel(static_cast<size_t>(bc == 1 ? 0 : kBlock * n));
    for (int64_t i = begin; i < end; i++) {
      for (int64_t j = 0; !accumulate && j < n; j++) c[i * ldc + j] = T(0);
    }
    for (int64_t k0 = 0; k0 < k; k0 += kBlock) {
      const int64_t k1 = std::min(k, k0 + kBlock);
      for (int64_t l = k0; bc != 1 && l < k1; l++) {
        for (int64_t j = 0; j < n; j++) panel[static_cast<size_t>((l - k0) * n + j)] = static_cast<U>(b[l * br + j * bc]);
      }
      for (int64_t i = begin; i < end; i++) {
        T *out = c + i * ldc;
        for (int64_t j = 0; j < n; j++) row[static_cast<size_t>(j)] = static_cast<U>(out[j]);
        U *__restrict r = row.data();
        for (int64_t l = k0; l < k1; l++) {
          const U x = static_cast<U>(a[i * ar + l * ac]);
          if (x == 0) continue;
          const auto add = [&](const auto *__restrict y) {
            for (int64_t j = 0; j < n; j++) {
              if constexpr (std::is_same_v<T, bool>) r[j] |= static_cast<U>(y[j]);
              else r[j] = static_cast<U>(r[j] + static_cast<uint64_t>(x) * static_cast<U>(y[j]));
            }
          };
          if (bc == 1) add(b + l * br);
          else add(panel.data() + (l - k0) * n);
        }
        for (int64_t j = 0; j < n; j++) out[j] = static_cast<T>(row[static_cast<size_t>(j)]);
      }
    }
  });
}

}  // namespace

bool tk_int_matmul(tk_dtype dtype, int64_t m, int64_t n, int64_t k,
                   const void *a, int64_t a_row_stride, int64_t a_column_stride,
                   const void *b, int64_t b_row_stride, int64_t b_column_stride,
                   void *c, int64_t ldc, bool accumulate) {
  const auto run = [&](auto tag) {
    using T = typename decltype(tag)::type;
    product<T>(m, n, k, static_cast<const T *>(a), a_row_stride, a_column_stride, static_cast<const T *>(b), b_row_stride,
               b_column_stride, static_cast<T *>(c), ldc, accumulate);
  };
  if (dtype == TK_BOOL) {
    run(Tag<bool>());
    return true;
  }
  return dispatch_integer(dtype, run);
}
