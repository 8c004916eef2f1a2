// What a source file that Highway compiles once for each instruction set defines before it includes foreach_target.h:
// the targets are the baseline, AVX2 and AVX-512. The vectors are the compiler's own (ext_vector_type) or come from its
// loop vectoriser, so those files need nothing else of Highway.
#pragma once
#ifdef TK_AVX2_IS_ENOUGH  // as in maps/targets.h
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3 | HWY_AVX3_DL)
#else
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)
#endif
// Functions that pass vectors are inline and internal, so that their calling convention never matters.
#pragma clang diagnostic ignored "-Wpsabi"
