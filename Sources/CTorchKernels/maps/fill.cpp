// Constants and ranges: the loops that read nothing.
#include "tk_map.h"
#include "types.h"

#include <algorithm>

namespace tk {
namespace {

template <class T> T stored(const tk_scalar &s) { return T(scalar_as<compute_t<T>>(s)); }

template <class T> void fill(void *p, int64_t n, const tk_scalar &value) {
  struct Job { T *out; T value; } job{static_cast<T *>(p), stored<T>(value)};
  tk_parallel_for(n, 65536, [](void *context, int64_t begin, int64_t end) {
    const Job &j = *static_cast<Job *>(context);
    std::fill(j.out + begin, j.out + end, j.value);
  }, &job);
}

// PyTorch's formula, start + i * step in the accumulating type: double for floats, int64 for integers.
template <class T> void arange(void *p, int64_t n, const tk_scalar &start, const tk_scalar &step) {
  using Sum = std::conditional_t<std::is_integral<T>::value, int64_t, double>;
  struct Job { T *out; Sum start, step; } job{static_cast<T *>(p), scalar_as<Sum>(start), scalar_as<Sum>(step)};
  tk_parallel_for(n, 32768, [](void *context, int64_t begin, int64_t end) {
    const Job &j = *static_cast<Job *>(context);
    for (int64_t i = begin; i < end; i++) j.out[i] = T(compute_t<T>(j.start + Sum(i) * j.step));
  }, &job);
}

// Calls f with a null pointer to the element type of that code; false when there is no such type.
template <class F, class... T> bool with_type(tk_dtype code, Types<T...>, F f) {
  return ((dtype_of<T>::value == int(code) && (f(static_cast<T *>(nullptr)), true)) || ...);
}

}  // namespace
}  // namespace tk

extern "C" void tk_fill(void *p, int64_t n, tk_dtype dtype, tk_scalar value) {
  tk::with_type(dtype, tk::All(), [&](auto *type) { tk::fill<std::remove_pointer_t<decltype(type)>>(p, n, value); });
}

extern "C" void tk_arange(void *p, int64_t n, tk_dtype dtype, tk_scalar start, tk_scalar step) {
  tk::with_type(dtype, tk::Reals(), [&](auto *type) {
    tk::arange<std::remove_pointer_t<decltype(type)>>(p, n, start, step);
  });
}
