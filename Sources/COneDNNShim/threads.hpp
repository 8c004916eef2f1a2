// The OpenMP runtime that oneDNN brings, used without the compiler's OpenMP support: SwiftPM's flags have none.
#pragma once

extern "C" {
int omp_get_max_threads(void);
int omp_get_active_level(void);
int omp_get_max_active_levels(void);
void omp_set_num_threads(int);
int omp_get_num_threads(void);
int omp_get_thread_num(void);
void GOMP_parallel(void (*body)(void *), void *context, unsigned threads, unsigned flags);
}

namespace tdnn {

// How many threads a parallel region opened here would get.
inline int available_threads() {
  return omp_get_active_level() >= omp_get_max_active_levels() ? 1 : omp_get_max_threads();
}

// oneDNN chooses its work split from `omp_get_max_threads`, which inside a parallel region promises more threads than a
// nested region gets. Holds it to `available_threads` while a primitive is made.
class ThreadCountScope {
 public:
  ThreadCountScope() : saved_(omp_get_max_threads()) {
    if (int n = available_threads(); n != saved_) omp_set_num_threads(n);
  }
  ~ThreadCountScope() { if (omp_get_max_threads() != saved_) omp_set_num_threads(saved_); }
  ThreadCountScope(const ThreadCountScope &) = delete;

 private:
  int saved_;
};

// Calls body(index) for 0 ≤ index < count, in contiguous runs over the threads. `body` must not throw.
template <class Body>
void parallel_for(long count, const Body &body, bool worthwhile = true) {
  int threads = worthwhile ? available_threads() : 1;
  if (count < threads) threads = static_cast<int>(count);
  if (threads <= 1) {
    for (long index = 0; index < count; ++index) body(index);
    return;
  }
  struct Context { const Body *body; long count; } context{&body, count};
  GOMP_parallel(
      [](void *pointer) {
        auto &context = *static_cast<Context *>(pointer);
        long threads = omp_get_num_threads(), thread = omp_get_thread_num();
        long end = context.count * (thread + 1) / threads;
        for (long index = context.count * thread / threads; index < end; ++index) (*context.body)(index);
      },
      &context, static_cast<unsigned>(threads), 0);
}

}  // namespace tdnn
