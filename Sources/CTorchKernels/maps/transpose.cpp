// Transposed copies: square blocks read by lines, turned in registers, and written by lines.
//
// Walking a transposed operand element by element touches a new cache line each time, all in one cache set where the
// row length is a power of two. A block as wide as a line uses each line once.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "maps/transpose.cpp"
#include "targets.h"

#include "loops-inl.h"

#include <utility>

TK_BEGIN

#pragma clang diagnostic ignored "-Wpsabi"  // vectors wider than the baseline are passed only to inlined functions

// N rows of N elements. Zipping row i with row i + N/2, log2 N times, transposes them.
template <class T, int N> struct Square {
  typedef T Row __attribute__((vector_size(N * sizeof(T))));
  Row rows[N];

  template <int... I> static TK_INLINE Row zip_low(const Row &a, const Row &b, std::integer_sequence<int, I...>) {
    return __builtin_shufflevector(a, b, (I / 2 + (I % 2) * N)...);
  }
  template <int... I> static TK_INLINE Row zip_high(const Row &a, const Row &b, std::integer_sequence<int, I...>) {
    return __builtin_shufflevector(a, b, (N / 2 + I / 2 + (I % 2) * N)...);
  }
  TK_INLINE void transpose() {
    constexpr auto lanes = std::make_integer_sequence<int, N>();
#pragma clang loop unroll(full)
    for (int step = 1; step < N; step *= 2) {
      Row next[N];
#pragma clang loop unroll(full)
      for (int i = 0; i < N / 2; i++) {
        next[2 * i] = zip_low(rows[i], rows[i + N / 2], lanes);
        next[2 * i + 1] = zip_high(rows[i], rows[i + N / 2], lanes);
      }
#pragma clang loop unroll(full)
      for (int i = 0; i < N; i++) rows[i] = next[i];
    }
  }
};

// out is n rows (s[0] bytes apart) of s[2] contiguous elements; a is s[2] rows (s[1] bytes apart) of n.
template <class T, int N> void transpose(int64_t n, char *const *x, const int64_t *s, const tk_scalar *) {
  const int64_t columns = s[2];
  for (int64_t c = 0; c < columns; c += N) {
    for (int64_t r = 0; r < n; r += N) {
      char *const out = x[0] + r * s[0] + c * int64_t(sizeof(T));
      const char *const a = x[1] + c * s[1] + r * int64_t(sizeof(T));
      if (c + N <= columns && r + N <= n) {
        Square<T, N> block;
#pragma clang loop unroll(full)
        for (int i = 0; i < N; i++) std::memcpy(&block.rows[i], a + i * s[1], sizeof block.rows[i]);
        block.transpose();
#pragma clang loop unroll(full)
        for (int i = 0; i < N; i++) std::memcpy(out + i * s[0], &block.rows[i], sizeof block.rows[i]);
      } else {
        for (int64_t i = 0; i < N && r + i < n; i++)
          for (int64_t j = 0; j < N && c + j < columns; j++)
            at<T>(out, i * s[0] + j * int64_t(sizeof(T))) = at<T>(a, j * s[1] + i * int64_t(sizeof(T)));
      }
    }
  }
}

// A block of whole lines, or what still fits the registers.
template <class T> constexpr tk_loop transpose_for() {
  if constexpr (sizeof(T) == 1) return &transpose<uint8_t, 16>;
  else if constexpr (sizeof(T) == 2) return &transpose<uint16_t, 16>;
  else if constexpr (sizeof(T) == 4) return &transpose<uint32_t, 16>;
  else if constexpr (sizeof(T) == 8) return &transpose<uint64_t, 8>;
  else return nullptr;
}
template <class List> struct TransposeTable;
template <class... T> struct TransposeTable<Types<T...>> {
  tk_loop loops[dtype_count] = {};
  constexpr TransposeTable() { ((loops[dtype_of<T>::value] = transpose_for<T>()), ...); }
};
constexpr TransposeTable<All> transposes;
// Not an operation of its own: run_map takes it in place of a plain copy (see transposed_form).
const Registration registration_transpose("transpose", TK_TARGET, 1, transposes.loops);

TK_END

#if HWY_ONCE
TK_FAMILY(transpose)
#endif
