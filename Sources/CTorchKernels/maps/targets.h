// Compiles a family file once per instruction set: the baseline, AVX2 and AVX-512 on x86, the baseline elsewhere.
// The file defines HWY_TARGET_INCLUDE as its own path seen from include/, then includes this.
// No include guard: Highway's foreach_target.h includes the family file again for every target.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)  // little between the baseline and AVX2
#endif
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
