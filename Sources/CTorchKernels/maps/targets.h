// Compiles a family file once per instruction set: the baseline, AVX2 and AVX-512 on x86, the baseline elsewhere. A
// family that only moves and compares, whose time is mostly that of memory, defines TK_AVX2_IS_ENOUGH: AVX-512 takes as
// long to compile as the other two (a comparison of 2^20 floats takes 485 us with it and 551 without, of 4096 11 and 10).
// The file defines HWY_TARGET_INCLUDE as its own path seen from CTorchKernels/, then includes this.
// No include guard: Highway's foreach_target.h includes the family file again for every target.
#ifndef HWY_DISABLED_TARGETS
#ifdef TK_AVX2_IS_ENOUGH
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3 | HWY_AVX3_DL)
#else
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)  // little between the baseline and AVX2
#endif
#endif
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
