// OpenBLAS on processors that are newer than it.
//
// OpenBLAS picks its kernels when it is loaded, by the processor's model number. A release that does not know the number
// takes those of the oldest 64-bit processors, an eighth to a fifth of the speed. Where that happened it is told here,
// before the first product, which kernels the processor's instructions allow. A choice by OPENBLAS_CORETYPE stays.
//
// The symbols are those of builds with kernels for several processors (Debian's); in others they are null, and there is
// nothing to choose.

#include <cstdlib>
#include <cstring>

extern "C" {
__attribute__((weak)) char *openblas_get_corename(void);
__attribute__((weak)) void gotoblas_dynamic_init(void);
__attribute__((weak)) void gotoblas_dynamic_quit(void);
}

#if defined(__x86_64__)
namespace {

__attribute__((constructor)) void choose_core() {
  static const char *const variable = "OPENBLAS_CORETYPE";
  if (!openblas_get_corename || !gotoblas_dynamic_init || !gotoblas_dynamic_quit || std::getenv(variable)) return;
  if (std::strcmp(openblas_get_corename(), "Prescott") != 0) return;
  __builtin_cpu_init();
  const char *core = nullptr;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    core = "SkylakeX";
  } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    core = "Haswell";
  }
  if (!core) return;
  setenv(variable, core, 1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  unsetenv(variable);
}

}  // namespace
#endif
