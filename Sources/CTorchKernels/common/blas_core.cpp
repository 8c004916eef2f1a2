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
#include <string>
#include <vector>

#include <unistd.h>

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
  // The variable is there for these calls only, in a list of our own: `setenv` would move the process's list away from
  // the stack, where Swift's run time, if it is linked statically and starts later, looks for the arguments beside it.
  std::string setting = std::string(variable) + "=" + core;
  std::vector<char *> extended{setting.data()};
  char **const given = environ;
  for (char **entry = given; entry && *entry; entry++) extended.push_back(*entry);
  extended.push_back(nullptr);
  environ = extended.data();
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  environ = given;
}

}  // namespace
#endif
