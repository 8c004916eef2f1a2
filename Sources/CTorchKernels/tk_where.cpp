// Choosing between two operands element by element (tk_where.h).
#include "tk_where.h"

namespace {

struct alignas(8) Pair { uint64_t first, second; };

// operands are out, condition, a, b of (n)
template <class T>
void where_loop(int64_t n, char *const *operands, const int64_t *strides, const tk_scalar *) {
  char *out = operands[0];
  const char *condition = operands[1], *a = operands[2], *b = operands[3];
  constexpr int64_t size = sizeof(T);
  if (strides[0] == size && strides[1] == 1 && strides[2] == size && strides[3] == size) {
    T *o = reinterpret_cast<T *>(out);
    const T *x = reinterpret_cast<const T *>(a), *y = reinterpret_cast<const T *>(b);
    // Both are read, so that there is no branch to mispredict; the output is one of the inputs or apart from them.
#pragma clang loop vectorize(assume_safety)
    for (int64_t i = 0; i < n; i++) {
      const T first = x[i], second = y[i];
      o[i] = condition[i] ? first : second;
    }
    return;
  }
  if (strides[0] == size && strides[1] == 1 && strides[2] == 0 && strides[3] == size) {
    T *o = reinterpret_cast<T *>(out);
    const T x = *reinterpret_cast<const T *>(a), *y = reinterpret_cast<const T *>(b);
#pragma clang loop vectorize(assume_safety)
    for (int64_t i = 0; i < n; i++) {
      const T second = y[i];
      o[i] = condition[i] ? x : second;
    }
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    *reinterpret_cast<T *>(out) = *reinterpret_cast<const T *>(*condition ? a : b);
    out += strides[0];
    condition += strides[1];
    a += strides[2];
    b += strides[3];
  }
}

}  // namespace

extern "C" tk_loop tk_find_where(size_t element_size) {
  switch (element_size) {
    case 1: return where_loop<uint8_t>;
    case 2: return where_loop<uint16_t>;
    case 4: return where_loop<uint32_t>;
    case 8: return where_loop<uint64_t>;
    default: return where_loop<Pair>;
  }
}
