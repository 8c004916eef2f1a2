// The Mersenne twister of Matsumoto and Nishimura (1998), mt19937, with PyTorch's cached normal samples.
#pragma once
#include "tk_random.h"

struct tk_generator {
  static constexpr int N = 624, M = 397;

  explicit tk_generator(uint64_t seed) { reset(seed); }
  void reset(uint64_t seed);

  uint32_t next32() {
    if (--left == 0) advance();
    return temper(state[next++]);
  }
  // PyTorch takes the first of two draws as the high word.
  uint64_t next64() {
    const uint64_t high = next32();
    return high << 32 | next32();
  }
  // The same draws, many at once.
  void fill32(uint32_t *out, int64_t n);

  // In [0, 1), of 24 and 53 random bits.
  float uniform_float() { return static_cast<float>(next32() & 0xFFFFFF) * 0x1p-24f; }
  double uniform_double() { return static_cast<double>(next64() & ((1ULL << 53) - 1)) * 0x1p-53; }
  double normal_double(double mean, double std);

  uint64_t seed;
  int left;        // draws left before the state must advance, plus one
  uint32_t next;   // the next word of the state
  uint32_t state[N];
  bool has_double_normal = false, has_float_normal = false;
  double double_normal = 0;
  float float_normal = 0;

 private:
  void advance();
  static uint32_t temper(uint32_t y) {
    y ^= y >> 11;
    y ^= y << 7 & 0x9D2C5680;
    y ^= y << 15 & 0xEFC60000;
    return y ^ y >> 18;
  }
};

namespace tk {
// PyTorch's vectorised Box-Muller over 16 uniform float32 numbers at a time; n is a multiple of 16.
void box_muller_float(float *p, int64_t n, float mean, float std);
}
