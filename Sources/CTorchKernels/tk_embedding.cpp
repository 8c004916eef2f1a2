// Bags of rows of a table.
#include "tk_embedding.h"

#include <algorithm>
#include <vector>

#include "tk_elements.h"

using namespace tk;

bool tk_embedding_bag(tk_dtype dtype, tk_bag_mode mode, int64_t bags, int64_t dim, const int64_t *bounds,
                      const int64_t *indices, int64_t padding, const void *weight, const void *factors, void *out,
                      int64_t *sizes, int64_t *places) {
  const int64_t work = bags ? (bounds[bags] / bags + 1) * dim : 1;
  return dispatch_floating(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using C = compute<T>;
    parallel_for(bags, std::max<int64_t>(1, 16384 / std::max<int64_t>(1, work)), [&](int64_t begin, int64_t end) {
      std::vector<C> row(dim);
      for (int64_t bag = begin; bag < end; bag++) {
        std::fill(row.begin(), row.end(), C(0));
        int64_t size = 0;
        int64_t *from = places ? places + bag * dim : nullptr;
        if (from) std::fill(from, from + dim, 0);
        for (int64_t i = bounds[bag]; i < bounds[bag + 1]; i++) {
          if (indices[i] == padding) continue;
          const T *x = static_cast<const T *>(weight) + indices[i] * dim;
          if (mode == TK_BAG_MAX) {
            for (int64_t j = 0; j < dim; j++) {
              const C value = static_cast<C>(x[j]);
              if (size > 0 && !(value > row[j])) continue;
              row[j] = value;
              from[j] = indices[i];
            }
          } else {
            const C factor = factors ? static_cast<C>(static_cast<const T *>(factors)[i]) : C(1);
            for (int64_t j = 0; j < dim; j++) row[j] += static_cast<C>(x[j]) * factor;
          }
          size++;
        }
        sizes[bag] = size;
        T *y = static_cast<T *>(out) + bag * dim;
        const C divisor = mode == TK_BAG_MEAN && size > 0 ? static_cast<C>(size) : C(1);
        for (int64_t j = 0; j < dim; j++) y[j] = static_cast<T>(row[j] / divisor);
      }
    });
  });
}
