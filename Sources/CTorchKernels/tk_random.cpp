// Draws. Each takes from the generator what PyTorch takes, in the same order, and transforms it with the same
// roundings: an explicit fma stands where PyTorch's build contracts a product and a sum.
#include "tk_random.h"

#include <algorithm>
#include <cmath>

#include "tk_elements.h"
#include "tk_generator.h"

using namespace tk;

namespace {

// f(draw) for each of n elements, the 32-bit draws taken in blocks.
template <class T, class F> void fill_from_draws32(tk_generator *g, T *p, int64_t n, F f) {
  uint32_t draws[1024];
  for (int64_t begin = 0; begin < n; begin += 1024) {
    const int64_t count = std::min<int64_t>(1024, n - begin);
    g->fill32(draws, count);
    for (int64_t i = 0; i < count; i++) p[begin + i] = f(draws[i]);
  }
}

template <class T, class F> void fill_from_draws64(tk_generator *g, T *p, int64_t n, F f) {
  uint32_t draws[1024];
  for (int64_t begin = 0; begin < n; begin += 512) {
    const int64_t count = std::min<int64_t>(512, n - begin);
    g->fill32(draws, 2 * count);
    for (int64_t i = 0; i < count; i++) p[begin + i] = f(static_cast<uint64_t>(draws[2 * i]) << 32 | draws[2 * i + 1]);
  }
}

// Bits of precision, the hidden one included.
template <class T> constexpr int digits = std::numeric_limits<T>::digits;
template <> constexpr int digits<Half> = 11;
template <> constexpr int digits<BFloat16> = 8;

// 16-bit floats get the float32 number, rounded; one that rounds up to the open end becomes the closed one.
template <class T> void uniform(tk_generator *g, T *p, int64_t n, double from, double to) {
  if constexpr (std::is_same_v<T, double>) {
    const double range = to - from;
    fill_from_draws64(g, p, n, [=](uint64_t draw) {
      return std::fma(static_cast<double>(static_cast<int64_t>(draw & ((1ULL << 53) - 1))) * 0x1p-53, range, from);
    });
  } else {
    const float start = static_cast<float>(from), end = static_cast<float>(to), range = end - start;
    const auto unit = [](uint32_t draw) { return static_cast<float>(static_cast<int32_t>(draw & 0xFFFFFF)) * 0x1p-24f; };
    const auto round = [=](float x) {
      if constexpr (std::is_same_v<T, float>) return x;
      else return static_cast<float>(T(x)) >= static_cast<float>(T(end)) ? T(start) : T(x);
    };
    if (start == 0 && range == 1) {
      fill_from_draws32(g, p, n, [=](uint32_t draw) { return round(unit(draw)); });
    } else {
      fill_from_draws32(g, p, n, [=](uint32_t draw) { return round(std::fma(unit(draw), range, start)); });
    }
  }
}

// Box-Muller on blocks of 8 + 8 uniform numbers; when n is no multiple of 16 the last 16 elements are drawn afresh.
void normal_blocks(tk_generator *g, float *p, int64_t n, double mean, double std) {
  const float m = static_cast<float>(mean), s = static_cast<float>(std);
  uniform(g, p, n, 0, 1);
  box_muller_float(p, n / 16 * 16, m, s);
  if (n % 16 != 0) {
    uniform(g, p + n - 16, 16, 0, 1);
    box_muller_float(p + n - 16, 16, m, s);
  }
}

void normal_blocks(tk_generator *g, double *p, int64_t n, double mean, double std) {
  const auto transform = [=](double *block) {
    for (int j = 0; j < 8; j++) {
      const double radius = std::sqrt(-2.0 * std::log(1.0 - block[j])), theta = 2.0 * M_PI * block[j + 8];
      block[j] = std::fma(radius * std::cos(theta), std, mean);
      block[j + 8] = std::fma(radius * std::sin(theta), std, mean);
    }
  };
  uniform(g, p, n, 0, 1);
  for (int64_t i = 0; i + 16 <= n; i += 16) transform(p + i);
  if (n % 16 != 0) {
    uniform(g, p + n - 16, 16, 0, 1);
    transform(p + n - 16);
  }
}

// The 16-bit floats draw block by block, so nothing is drawn for the tail that is then drawn afresh.
template <class T> void normal_blocks(tk_generator *g, T *p, int64_t n, double mean, double std) {
  const float m = static_cast<float>(mean), s = static_cast<float>(std);
  const auto block = [=](T *q) {
    float buffer[16];
    uniform(g, buffer, 16, 0, 1);
    box_muller_float(buffer, 16, m, s);
    for (int j = 0; j < 16; j++) q[j] = T(buffer[j]);
  };
  for (int64_t i = 0; i + 16 <= n; i += 16) block(p + i);
  if (n % 16 != 0) block(p + n - 16);
}

// random_ of a floating dtype keeps within the numbers next to its bounds that the dtype holds.
template <class T> void round_range(int64_t *from, int64_t *to) {
  if constexpr (is_floating<T>) {
    const auto representable = [](int64_t x) {
      return static_cast<int64_t>(compute<T>(T(static_cast<compute<T>>(x))));
    };
    const auto step = [](int64_t x) {
      int exponent = 63 - __builtin_clzll(static_cast<uint64_t>(x < 0 ? -x : x) | 1);
      return int64_t{1} << std::max(0, exponent - digits<T> + 1);
    };
    const int64_t above = representable(*from + 1), below = representable(*to - 1);
    if (above < *from) *from = above + step(*from + 1);
    if (below >= *to) *to = below - step(*to - 1);
  }
}

// f() for each element, rounded to the dtype as PyTorch casts a double.
template <class F> bool serial_floating(tk_dtype dtype, void *p, int64_t n, F f) {
  return dispatch_floating(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T *q = static_cast<T *>(p);
    for (int64_t i = 0; i < n; i++) q[i] = T(static_cast<compute<T>>(f()));
  });
}

}  // namespace

bool tk_random_uniform(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double from, double to) {
  return dispatch_floating(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    uniform<T>(g, static_cast<T *>(p), n, from, to);
  });
}

bool tk_random_normal(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double mean, double std) {
  if (n < 16) return tk_random_normal_serial(g, dtype, p, n, mean, std);
  return dispatch_floating(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    normal_blocks(g, static_cast<T *>(p), n, mean, std);
  });
}

bool tk_random_normal_serial(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double mean, double std) {
  return serial_floating(dtype, p, n, [=] { return g->normal_double(mean, std); });
}

bool tk_random_from_to(tk_generator *g, tk_dtype dtype, void *p, int64_t n, int64_t from, int64_t to) {
  return dispatch_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T *q = static_cast<T *>(p);
    round_range<T>(&from, &to);
    const uint64_t range = static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
    const auto cast = [](uint64_t value) { return T(static_cast<compute<T>>(static_cast<int64_t>(value))); };
    // Two words where the remainder of one would be skewed by more than a few percent.
    if (range >= 1ULL << 28) {
      fill_from_draws64(g, q, n, [=](uint64_t draw) { return cast(draw % range + static_cast<uint64_t>(from)); });
    } else {
      const uint32_t divisor = static_cast<uint32_t>(range);
      fill_from_draws32(g, q, n, [=](uint32_t draw) { return cast(draw % divisor + static_cast<uint64_t>(from)); });
    }
  });
}

bool tk_random_bits(tk_generator *g, tk_dtype dtype, void *p, int64_t n, bool full_range) {
  return dispatch_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T *q = static_cast<T *>(p);
    if (full_range) {
      fill_from_draws64(g, q, n, [](uint64_t draw) { return T(static_cast<compute<T>>(static_cast<int64_t>(draw))); });
    } else if constexpr (std::is_same_v<T, bool>) {
      fill_from_draws32(g, q, n, [](uint32_t draw) { return (draw & 1) != 0; });
    } else if constexpr (std::is_same_v<T, int64_t>) {
      fill_from_draws64(g, q, n, [](uint64_t draw) { return static_cast<int64_t>(draw & INT64_MAX); });
    } else if constexpr (std::is_same_v<T, double>) {
      fill_from_draws64(g, q, n, [](uint64_t draw) { return static_cast<double>(draw % ((1ULL << 53) + 1)); });
    } else if constexpr (std::is_integral_v<T>) {
      fill_from_draws32(g, q, n, [](uint32_t draw) {
        return static_cast<T>(draw & static_cast<uint32_t>(std::numeric_limits<T>::max()));
      });
    } else {
      fill_from_draws32(g, q, n, [](uint32_t draw) { return T(static_cast<float>(draw % ((1U << digits<T>)+1))); });
    }
  });
}

bool tk_random_permutation(tk_generator *g, tk_dtype dtype, void *p, int64_t n) {
  return dispatch_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T *q = static_cast<T *>(p);
    for (int64_t i = 0; i < n; i++) q[i] = T(static_cast<compute<T>>(i));
    // Fisher and Yates from the front; 64-bit draws where a remainder of 32 bits would be skewed.
    const bool wide = n >= UINT32_MAX / 20;
    for (int64_t i = 0; i < n - 1; i++) {
      const uint64_t left = static_cast<uint64_t>(n - i);
      std::swap(q[i], q[i + static_cast<int64_t>((wide ? g->next64() : g->next32()) % left)]);
    }
  });
}

bool tk_random_bernoulli(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double probability) {
  // u * 2^-53 < probability is exact, so it can be compared as an integer: u < ceil(probability * 2^53).
  const int64_t bound = static_cast<int64_t>(std::ceil(std::ldexp(probability, 53)));
  return dispatch_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    fill_from_draws64(g, static_cast<T *>(p), n, [=](uint64_t draw) {
      return T(static_cast<compute<T>>(static_cast<int64_t>(draw & ((1ULL << 53) - 1)) < bound));
    });
  });
}

bool tk_random_bernoulli_tensor(tk_generator *g, tk_dtype dtype, void *p, int64_t n, tk_dtype probability_dtype,
                                const void *probabilities) {
  return dispatch_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    dispatch_floating(probability_dtype, [&](auto probability_tag) {
      using P = typename decltype(probability_tag)::type;
      const P *probability = static_cast<const P *>(probabilities);
      T *q = static_cast<T *>(p);
      for (int64_t i = 0; i < n; i++) {
        bool hit;
        if constexpr (std::is_same_v<P, double>) hit = g->uniform_double() < probability[i];
        else hit = g->uniform_float() < static_cast<float>(probability[i]);
        q[i] = T(static_cast<compute<T>>(hit));
      }
    });
  });
}

bool tk_random_exponential(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double lambda) {
  return serial_floating(dtype, p, n, [=] { return -1.0 / lambda * std::log1p(-g->uniform_double()); });
}

bool tk_random_geometric(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double probability) {
  const double scale = std::log(1.0 - probability);
  return dispatch_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T *q = static_cast<T *>(p);
    for (int64_t i = 0; i < n; i++) {
      q[i] = T(static_cast<compute<T>>(std::ceil(std::log(g->uniform_double()) / scale)));
    }
  });
}

bool tk_random_cauchy(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double median, double sigma) {
  return serial_floating(
      dtype, p, n, [=] { return std::fma(sigma, std::tan(M_PI * (g->uniform_double() - 0.5)), median); });
}

bool tk_random_log_normal(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double mean, double std) {
  return serial_floating(dtype, p, n, [=] { return std::exp(g->normal_double(mean, std)); });
}
