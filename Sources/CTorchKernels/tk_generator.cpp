#include "tk_generator.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

void tk_generator::reset(uint64_t new_seed) {
  seed = new_seed;
  state[0] = static_cast<uint32_t>(new_seed);
  for (uint32_t i = 1; i < N; i++) state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >> 30) + i;
  left = 1;
  next = 0;
  has_double_normal = has_float_normal = false;
}

void tk_generator::advance() {
  const auto twist = [](uint32_t u, uint32_t v) {
    return (((u & 0x80000000) | (v & 0x7FFFFFFF)) >> 1) ^ (0 - (v & 1) & 0x9908B0DF);
  };
  for (int i = 0; i < N - M; i++) state[i] = state[i + M] ^ twist(state[i], state[i + 1]);
  for (int i = N - M; i < N - 1; i++) state[i] = state[i + M - N] ^ twist(state[i], state[i + 1]);
  state[N - 1] = state[M - 1] ^ twist(state[N - 1], state[0]);
  left = N;
  next = 0;
}

void tk_generator::fill32(uint32_t *out, int64_t n) {
  while (n > 0) {
    if (left == 1) {  // next32 advances first and counts the word it then returns
      advance();
      left = N + 1;
    }
    const int64_t count = std::min<int64_t>(n, left - 1);
    for (int64_t i = 0; i < count; i++) out[i] = temper(state[next + i]);
    next += static_cast<uint32_t>(count);
    left -= static_cast<int>(count);
    out += count;
    n -= count;
  }
}

// Box-Muller yields two samples; the second is kept for the next call. The fma is PyTorch's (its build contracts).
double tk_generator::normal_double(double mean, double std) {
  if (has_double_normal) {
    has_double_normal = false;
    return std::fma(double_normal, std, mean);
  }
  const double u1 = uniform_double(), u2 = uniform_double();
  const double r = std::sqrt(-2.0 * std::log1p(-u2)), theta = 2.0 * M_PI * u1;
  double_normal = r * std::sin(theta);
  has_double_normal = true;
  return std::fma(r * std::cos(theta), std, mean);
}

tk_generator *tk_generator_create(uint64_t seed) { return new (std::nothrow) tk_generator(seed); }
tk_generator *tk_generator_copy(const tk_generator *g) { return new (std::nothrow) tk_generator(*g); }
void tk_generator_destroy(tk_generator *g) { delete g; }
void tk_generator_seed(tk_generator *g, uint64_t seed) { g->reset(seed); }
uint64_t tk_generator_initial_seed(const tk_generator *g) { return g->seed; }
uint32_t tk_generator_next32(tk_generator *g) { return g->next32(); }
uint64_t tk_generator_next64(tk_generator *g) { return g->next64(); }

namespace {
// The layout that PyTorch has kept since Torch7: words of the state widened to 64 bits, an unused Box-Muller pair.
struct State {
  uint64_t seed;
  int32_t left, seeded;
  uint64_t next;
  uint64_t words[tk_generator::N];
  double normal_x, normal_y, normal_rho;
  int32_t normal_is_valid, padding;
  float float_normal;
  uint8_t float_normal_is_valid, tail[3];
};
static_assert(sizeof(State) == TK_GENERATOR_STATE_SIZE, "the size of torch.get_rng_state()");
}  // namespace

void tk_generator_get_state(const tk_generator *g, uint8_t *bytes) {
  State s = {};
  s.seed = g->seed;
  s.left = g->left;
  s.seeded = 1;
  s.next = g->next;
  std::copy(g->state, g->state + tk_generator::N, s.words);
  if (g->has_double_normal) {
    s.normal_is_valid = 1;
    s.normal_y = g->double_normal;
  }
  if (g->has_float_normal) {
    s.float_normal_is_valid = 1;
    s.float_normal = g->float_normal;
  }
  std::memcpy(bytes, &s, sizeof s);
}

bool tk_generator_set_state(tk_generator *g, const uint8_t *bytes, int64_t count) {
  if (count != TK_GENERATOR_STATE_SIZE) return false;
  State s;
  std::memcpy(&s, bytes, sizeof s);
  // left and next run in opposite directions; anything else would read past the state.
  if (s.seeded != 1 || s.left <= 0 || s.left > tk_generator::N || s.next > tk_generator::N) return false;
  if (s.left > 1 && s.next + static_cast<uint64_t>(s.left) - 1 > tk_generator::N) return false;
  g->seed = s.seed;
  g->left = s.left;
  g->next = static_cast<uint32_t>(s.next);
  for (int i = 0; i < tk_generator::N; i++) g->state[i] = static_cast<uint32_t>(s.words[i]);
  g->has_double_normal = s.normal_is_valid != 0;
  g->double_normal = s.normal_y;
  g->has_float_normal = s.float_normal_is_valid != 0;
  g->float_normal = s.float_normal;
  return true;
}
