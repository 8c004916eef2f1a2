// The thread pool: libgomp, which OpenBLAS and oneDNN already bring, so that one pool serves all three.
//
// Goals: small work costs nothing (it stays on the calling thread); a region costs what GOMP_parallel
// costs (about 0.6 microseconds); no compiler flag is needed, which is why the runtime is called by hand.
// Nested calls run serially, as in PyTorch's at::parallel_for.
#include "tk_common.h"

#include <atomic>

extern "C" {
void GOMP_parallel(void (*fn)(void *), void *data, unsigned num_threads, unsigned flags);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
int omp_get_max_threads(void);
int omp_in_parallel(void);
void omp_set_num_threads(int);
}

namespace {

struct Region {
  int64_t n, chunk;
  tk_range_fn fn;
  void *context;
};

void run_region(void *data) {
  const Region &region = *static_cast<const Region *>(data);
  // The runtime may grant fewer threads than asked for, so chunks are dealt round.
  const int64_t threads = omp_get_num_threads();
  for (int64_t begin = omp_get_thread_num() * region.chunk; begin < region.n; begin += threads * region.chunk) {
    const int64_t end = begin + region.chunk < region.n ? begin + region.chunk : region.n;
    region.fn(region.context, begin, end);
  }
}

// The number last set for the process; 0 until someone sets one. OpenMP keeps its number per thread,
// so every thread takes the process's number over when it first asks (see tk_num_threads).
std::atomic<int> requested{0};
thread_local int applied = 0;
thread_local bool serial = false;

}  // namespace

extern "C" int tk_num_threads(void) {
  if (serial) return 1;
  const int wanted = requested.load(std::memory_order_relaxed);
  if (wanted != applied) {
    omp_set_num_threads(wanted);
    applied = wanted;
  }
  return omp_get_max_threads();
}

extern "C" void tk_set_num_threads(int n) {
  if (n < 1) n = 1;
  requested.store(n, std::memory_order_relaxed);
  tk_num_threads();
}

extern "C" void tk_set_thread_serial(bool value) {
  if (value == serial) return;
  serial = value;
  // OpenBLAS and oneDNN ask OpenMP, not us, so the thread's own number is set too.
  static thread_local int before = 0;
  if (value) {
    before = omp_get_max_threads();
    omp_set_num_threads(1);
  } else {
    omp_set_num_threads(before);
    applied = 0;
    tk_num_threads();
  }
}

extern "C" void tk_parallel_for(int64_t n, int64_t grain, tk_range_fn fn, void *context) {
  if (n <= 0) return;
  if (grain < 1) grain = 1;
  if (n <= grain || serial || omp_in_parallel()) return fn(context, 0, n);
  const int64_t most = tk_num_threads();
  const int64_t wanted = (n + grain - 1) / grain;
  const int64_t threads = wanted < most ? wanted : most;
  if (threads <= 1) return fn(context, 0, n);
  Region region{n, (n + threads - 1) / threads, fn, context};
  // Element loops: chunks start on cache lines, so that two threads never write to one.
  if (grain >= 256) region.chunk = (region.chunk + 63) & ~int64_t(63);
  GOMP_parallel(run_region, &region, unsigned(threads), 0);
}
