// The thread pool: libgomp, which OpenBLAS and oneDNN bring along, so that the process has one pool.
//
// A region is started by calling libgomp's entry point directly: `#pragma omp` needs -fopenmp, a flag a package that
// others depend on cannot pass. Work of at most one grain never gets as far as the OpenMP runtime.
#include <atomic>

#include "include/tk_common.h"

extern "C" {
// libgomp's ABI, stable since GCC 4.9; what `#pragma omp parallel` compiles to.
void GOMP_parallel(void (*body)(void *), void *data, unsigned num_threads, unsigned flags);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
int omp_get_max_threads(void);
int omp_in_parallel(void);
void omp_set_num_threads(int n);
}

namespace {

// OpenMP keeps the number of threads per thread; PyTorch's is one for the process. 0: not set, what OpenMP starts with.
std::atomic<int> threads{0};
thread_local bool serial = false;

struct Region {
  int64_t n;
  tk_range_fn fn;
  void *context;
};

// The team may be smaller than asked for, so each member takes its share of what it finds.
void run_share(void *data) {
  const Region &region = *static_cast<const Region *>(data);
  const int64_t members = omp_get_num_threads(), me = omp_get_thread_num();
  const int64_t share = region.n / members, rest = region.n % members;
  const int64_t begin = me * share + (me < rest ? me : rest);
  const int64_t end = begin + share + (me < rest);
  if (begin < end) region.fn(region.context, begin, end);
}

}  // namespace

void tk_parallel_for(int64_t n, int64_t grain, tk_range_fn fn, void *context) {
  if (n <= 0) return;
  if (grain < 1) grain = 1;
  if (n > grain && !serial && !omp_in_parallel()) {
    const int64_t pieces = (n - 1) / grain + 1, most = tk_num_threads();
    const int64_t team = pieces < most ? pieces : most;
    if (team > 1) {
      Region region = {n, fn, context};
      GOMP_parallel(run_share, &region, static_cast<unsigned>(team), 0);
      return;
    }
  }
  fn(context, 0, n);
}

int tk_num_threads(void) {
  const int n = threads.load(std::memory_order_relaxed);
  return n > 0 ? n : omp_get_max_threads();
}

void tk_set_num_threads(int n) {
  if (n < 1) n = 1;
  threads.store(n, std::memory_order_relaxed);
  omp_set_num_threads(n);  // OpenBLAS and oneDNN ask OpenMP on the calling thread
}

void tk_set_thread_serial(bool value) { serial = value; }
