// randn of 16 and more float32 elements, to the last bit what PyTorch gives on a machine with AVX2: the Box-Muller
// transform on blocks of 8 + 8 uniform numbers, with the polynomials of the Cephes library (S. Moshier) for log, sin and
// cos in float32, and with the fused multiply-adds that PyTorch's build contracts them to.
#include "tk_simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tk_random_normal.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tk_generator.h"

HWY_BEFORE_NAMESPACE();
namespace tk {
namespace HWY_NAMESPACE {
namespace {

typedef float F8 __attribute__((ext_vector_type(8)));
typedef int32_t I8 __attribute__((ext_vector_type(8)));

HWY_INLINE F8 fma(F8 a, F8 b, F8 c) { return __builtin_elementwise_fma(a, b, c); }
HWY_INLINE F8 select(I8 mask, F8 a, F8 b) { return (F8)((mask & (I8)a) | (~mask & (I8)b)); }

// x in (0, 1].
HWY_INLINE F8 log(F8 x) {
  // x = m 2^e with m in [sqrt(1/2), sqrt(2))
  I8 bits = (I8)x;
  F8 e = __builtin_convertvector((bits >> 23) - 126, F8);
  F8 m = (F8)((bits & 0x007FFFFF) | 0x3F000000);
  const I8 low = m < 0.707106781186547524f;
  const F8 extra = (F8)((I8)m & low);
  e -= (F8)((I8)F8(1.0f) & low);
  m = (m - 1.0f) + extra;

  const F8 z = m * m;
  F8 y = F8(7.0376836292E-2f);
  y = fma(y, m, -1.1514610310E-1f);
  y = fma(y, m, 1.1676998740E-1f);
  y = fma(y, m, -1.2420140846E-1f);
  y = fma(y, m, 1.4249322787E-1f);
  y = fma(y, m, -1.6668057665E-1f);
  y = fma(y, m, 2.0000714765E-1f);
  y = fma(y, m, -2.4999993993E-1f);
  y = fma(y, m, 3.3333331174E-1f);
  y *= m;
  y = fma(y, z, e * -2.12194440e-4f);
  y = fma(-z, F8(0.5f), y);
  return fma(e, F8(0.693359375f), m + y);
}

// x >= 0 and small.
HWY_INLINE void sincos(F8 x, F8 *sine, F8 *cosine) {
  // The octant, made even, says which polynomial and which sign; x is reduced to [-pi/4, pi/4] in three steps.
  const I8 octant = (__builtin_convertvector(x * 1.27323954473516f, I8) + 1) & ~1;
  const F8 j = __builtin_convertvector(octant, F8);
  const I8 sine_sign = (octant & 4) << 29, cosine_sign = (~(octant - 2) & 4) << 29;
  const I8 swap = (octant & 2) == 0;
  x = fma(j, F8(-0.78515625f), x);
  x = fma(j, F8(-2.4187564849853515625e-4f), x);
  x = fma(j, F8(-3.77489497744594108e-8f), x);

  const F8 z = x * x;
  F8 c = F8(2.443315711809948E-005f);
  c = fma(c, z, -1.388731625493765E-003f);
  c = fma(c, z, 4.166664568298827E-002f);
  c *= z;
  c = fma(c, z, -(z * 0.5f)) + 1.0f;
  F8 s = F8(-1.9515295891E-4f);
  s = fma(s, z, 8.3321608736E-3f);
  s = fma(s, z, -1.6666654611E-1f);
  s = fma(s * z, x, x);

  *sine = (F8)((I8)select(swap, s, c) ^ sine_sign);
  *cosine = (F8)((I8)select(swap, c, s) ^ cosine_sign);
}

void box_muller(float *p, int64_t n, float mean, float std) {
  for (int64_t i = 0; i < n; i += 16) {
    F8 u1, u2, s, c;
    __builtin_memcpy(&u1, p + i, sizeof u1);
    __builtin_memcpy(&u2, p + i + 8, sizeof u2);
    const F8 radius = __builtin_elementwise_sqrt(-2.0f * log(1.0f - u1));
    sincos(6.283185307179586f * u2, &s, &c);
    const F8 n1 = fma(radius * c, F8(std), F8(mean)), n2 = fma(radius * s, F8(std), F8(mean));
    __builtin_memcpy(p + i, &n1, sizeof n1);
    __builtin_memcpy(p + i + 8, &n2, sizeof n2);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tk {
HWY_EXPORT(box_muller);
void box_muller_float(float *p, int64_t n, float mean, float std) {
  HWY_DYNAMIC_DISPATCH(box_muller)(p, n, mean, std);
}
}  // namespace tk
#endif
