// The bounded caching allocator behind every tensor's storage.
//
// Goals, in order: a small block costs a few nanoseconds; the activations of a training step reuse the last step's
// pages (a fresh page costs a fault and a clearing, more than many an operator does with it); what is kept is bounded.
//
// Blocks of at most 4 KiB come from slabs and are kept on free lists of the thread that freed them; full lists move
// to and from a central stock as whole batches, also when a thread ends. Slabs are never given back. Larger blocks
// have eight size classes to a power of two, so at most 12.5 % is lost, and a shared cache under one lock, which
// drops the block unused longest when it is full. PyTorch's CPU allocator caches nothing.
//
// Statistics: a thread counts its small blocks itself and adds them up centrally each 256 KiB, so in_use is exact when
// asked for and the peak is too low by at most 256 KiB a thread.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>

#include "include/tk_common.h"

namespace {

constexpr size_t kAlignment = 64, kLargestSmall = 4096, kHugePage = size_t(2) << 20;
constexpr size_t kSlab = 64 << 10, kBatchBytes = 32 << 10;
constexpr int64_t kFold = 256 << 10;

// ---- size classes ----

constexpr int kSmallClasses = 12;
constexpr std::array<uint16_t, kSmallClasses> kSmallSizes = {64,  128,  192,  256,  384,  512,
                                                             768, 1024, 1536, 2048, 3072, 4096};
constexpr std::array<uint8_t, kLargestSmall / kAlignment + 1> make_small_classes() {
  std::array<uint8_t, kLargestSmall / kAlignment + 1> classes{};
  for (size_t i = 0, k = 0; i < classes.size(); i++) {
    while (kSmallSizes[k] < i * kAlignment) k++;
    classes[i] = static_cast<uint8_t>(k);
  }
  return classes;
}
constexpr auto kSmallClassOf = make_small_classes();  // by size in units of the alignment

int small_class(size_t bytes) { return kSmallClassOf[(bytes + kAlignment - 1) / kAlignment]; }

constexpr int kLargeClasses = (47 - 12) * 8 + 1;
struct LargeClass {
  int index;
  size_t size;
};

LargeClass large_class(size_t bytes) {
  const int log = 63 - __builtin_clzll(bytes - 1);  // 2^log < bytes <= 2^(log + 1), bytes > 4096
  const size_t step = size_t(1) << (log - 3);
  const size_t eighths = (bytes - 1) / step + 1;  // 9 ... 16
  return {(log - 12) * 8 + static_cast<int>(eighths) - 9, eighths * step};
}

// ---- small blocks ----

// A free small block. The first of a batch in the central stock also carries the batch's length and successor.
struct FreeBlock {
  FreeBlock *next;
  FreeBlock *next_batch;
  int64_t batch_length;
};

// A counter one thread writes and others may read.
struct Counter {
  std::atomic<int64_t> value{0};
  int64_t get() const { return value.load(std::memory_order_relaxed); }
  void set(int64_t x) { value.store(x, std::memory_order_relaxed); }
};

// A thread's lists. `room` is how many more blocks a list takes; it is 0 before the thread is known centrally and
// after it ended, so that the quick ways need no test of their own for either. Constant-initialised and without a
// destructor, so that it can be used while other thread-local objects are destroyed.
struct Lists {
  FreeBlock *head[kSmallClasses] = {};
  int32_t room[kSmallClasses] = {};
  Counter bytes, blocks;  // given out less taken back, since last added up; blocks given out
  bool known = false, ended = false;
  Lists *previous = nullptr, *next = nullptr;
};
thread_local Lists lists;

// ---- large blocks ----

// A cached large block, on the list of its class and on that of all, both from the most recently freed on.
struct CachedBlock {
  CachedBlock *newer, *older;
  CachedBlock *class_newer, *class_older;
  LargeClass of;
};

struct Shared {
  std::mutex mutex;
  Lists *threads = nullptr;
  FreeBlock *stock[kSmallClasses] = {};
  CachedBlock *newest = nullptr, *oldest = nullptr;
  CachedBlock *cached[kLargeClasses] = {};
  int64_t slab_bytes = 0, small_in_use = 0, small_blocks = 0, large_in_use = 0, large_cached = 0;
  int64_t large_hits = 0, misses = 0, peak = 0;
  int64_t limit = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) / 4 * sysconf(_SC_PAGESIZE);

  void note_peak() { peak = std::max(peak, small_in_use + large_in_use); }

  void unlink(CachedBlock *b) {
    (b->newer ? b->newer->older : newest) = b->older;
    (b->older ? b->older->newer : oldest) = b->newer;
    (b->class_newer ? b->class_newer->class_older : cached[b->of.index]) = b->class_older;
    if (b->class_older) b->class_older->class_newer = b->class_newer;
    large_cached -= static_cast<int64_t>(b->of.size);
  }

  void link(void *p, LargeClass of) {
    auto *b = static_cast<CachedBlock *>(p);
    *b = {nullptr, newest, nullptr, cached[of.index], of};
    (newest ? newest->newer : oldest) = b;
    newest = b;
    if (b->class_older) b->class_older->class_newer = b;
    cached[of.index] = b;
    large_cached += static_cast<int64_t>(of.size);
  }
};

// Never destroyed: tensors of the program's globals are freed after it would have been.
Shared &shared() {
  static Shared *const s = new Shared;
  return *s;
}
using Lock = std::lock_guard<std::mutex>;

// Memory of 2 MiB and more is mapped in whole huge pages' alignment, and freed memory of that size goes back at once.
void *from_system(size_t size) {
  if (size < kHugePage) return std::aligned_alloc(kAlignment, size);
  const size_t reserve = size + kHugePage;
  void *mapped = mmap(nullptr, reserve, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  char *const start = static_cast<char *>(mapped);
  const size_t skipped = (kHugePage - reinterpret_cast<uintptr_t>(start) % kHugePage) % kHugePage;
  if (skipped) munmap(start, skipped);
  munmap(start + skipped + size, reserve - skipped - size);
  madvise(start + skipped, size, MADV_HUGEPAGE);  // a wish: small pages do as well
  return start + skipped;
}

void to_system(void *p, size_t size) {
  if (size < kHugePage) std::free(p);
  else munmap(p, size);
}

// Takes the least recently used blocks out until at most `bytes` are cached; they are chained through `older`.
CachedBlock *shrink(Shared &s, int64_t bytes) {
  CachedBlock *out = nullptr;
  while (s.oldest && s.large_cached > bytes) {
    CachedBlock *b = s.oldest;
    s.unlink(b);
    b->older = out;
    out = b;
  }
  return out;
}

void release(CachedBlock *chain) {
  while (chain) {
    CachedBlock *b = chain;
    chain = b->older;
    to_system(b, b->of.size);
  }
}

int32_t batch_length(int k) { return std::clamp<int32_t>(kBatchBytes / kSmallSizes[k], 8, 64); }

void fold(Shared &s, Lists &l) {
  s.small_in_use += l.bytes.get();
  s.small_blocks += l.blocks.get();
  l.bytes.set(0);
  l.blocks.set(0);
  s.note_peak();
}

void put_batch(Shared &s, int k, FreeBlock *first, int64_t length) {
  first->batch_length = length;
  first->next_batch = s.stock[k];
  s.stock[k] = first;
}

// Gives a thread's lists to the central stock when it ends. Touched on the thread's first slow way only.
struct ThreadEnd {
  ~ThreadEnd() {
    Shared &s = shared();
    Lock lock(s.mutex);
    Lists &l = lists;
    for (int k = 0; k < kSmallClasses; k++) {
      if (l.head[k]) put_batch(s, k, l.head[k], 2 * batch_length(k) - l.room[k]);
      l.head[k] = nullptr;
      l.room[k] = 0;
    }
    fold(s, l);
    (l.previous ? l.previous->next : s.threads) = l.next;
    if (l.next) l.next->previous = l.previous;
    l.ended = true;
  }
};

// The lists are central knowledge from a thread's first small block on.
void introduce(Shared &s, Lists &l) {
  if (l.known) return;
  static thread_local ThreadEnd end;
  (void)end;
  l.known = true;
  for (int k = 0; k < kSmallClasses; k++) l.room[k] = 2 * batch_length(k);
  l.next = s.threads;
  if (s.threads) s.threads->previous = &l;
  s.threads = &l;
}

// A batch of free blocks cut from a new slab; NULL when there is no memory.
FreeBlock *cut_slab(Shared &s, int k) {
  char *const slab = static_cast<char *>(std::aligned_alloc(kAlignment, kSlab));
  if (!slab) return nullptr;
  s.slab_bytes += kSlab;
  s.misses++;
  const size_t size = kSmallSizes[k];
  FreeBlock *first = nullptr;
  int64_t length = 0;
  for (size_t at = 0; at + size <= kSlab; at += size) {
    auto *b = reinterpret_cast<FreeBlock *>(slab + at);
    b->next = first;
    first = b;
    if (++length == batch_length(k)) {
      put_batch(s, k, first, length);
      first = nullptr;
      length = 0;
    }
  }
  if (first) put_batch(s, k, first, length);
  return s.stock[k];
}

[[gnu::noinline]] void *alloc_small_slowly(Lists &l, int k) {
  Shared &s = shared();
  Lock lock(s.mutex);
  introduce(s, l);
  FreeBlock *b = s.stock[k] ? s.stock[k] : cut_slab(s, k);
  if (!b) return nullptr;
  s.stock[k] = b->next_batch;
  const int64_t length = b->batch_length;
  l.bytes.set(l.bytes.get() + kSmallSizes[k]);
  l.blocks.set(l.blocks.get() + 1);
  if (l.ended) {
    if (b->next) put_batch(s, k, b->next, length - 1);
    fold(s, l);
    return b;
  }
  l.head[k] = b->next;
  l.room[k] -= static_cast<int32_t>(length - 1);
  if (l.bytes.get() > kFold) fold(s, l);
  return b;
}

// The list is full, or belongs to a thread that begins or ended: half of it goes to the central stock.
[[gnu::noinline]] void free_small_slowly(Lists &l, int k, FreeBlock *b) {
  Shared &s = shared();
  Lock lock(s.mutex);
  introduce(s, l);
  l.bytes.set(l.bytes.get() - kSmallSizes[k]);
  if (l.ended) {
    b->next = nullptr;
    put_batch(s, k, b, 1);
    fold(s, l);
    return;
  }
  const int32_t batch = batch_length(k);
  if (l.room[k] == 0) {
    FreeBlock *const first = l.head[k];
    FreeBlock *last = first;
    for (int32_t i = 1; i < batch; i++) last = last->next;
    l.head[k] = last->next;
    last->next = nullptr;
    put_batch(s, k, first, batch);
    l.room[k] += batch;
  }
  b->next = l.head[k];
  l.head[k] = b;
  l.room[k]--;
  if (l.bytes.get() < -kFold) fold(s, l);
}

[[gnu::noinline]] void fold_now(Lists &l) {
  Shared &s = shared();
  Lock lock(s.mutex);
  fold(s, l);
}

void *alloc_large(size_t bytes) {
  if (bytes > size_t(1) << 46) return nullptr;
  const LargeClass of = large_class(bytes);
  Shared &s = shared();
  {
    Lock lock(s.mutex);
    s.large_in_use += static_cast<int64_t>(of.size);
    s.note_peak();
    if (CachedBlock *b = s.cached[of.index]) {
      s.unlink(b);
      s.large_hits++;
      return b;
    }
    s.misses++;
  }
  void *p = from_system(of.size);
  if (!p) {
    tk_allocator_empty_cache();
    p = from_system(of.size);
  }
  if (!p) {
    Lock lock(s.mutex);
    s.large_in_use -= static_cast<int64_t>(of.size);
  }
  return p;
}

void free_large(void *p, size_t bytes) {
  const LargeClass of = large_class(bytes);
  const auto size = static_cast<int64_t>(of.size);
  Shared &s = shared();
  CachedBlock *dropped = nullptr;
  bool keep;
  {
    Lock lock(s.mutex);
    s.large_in_use -= size;
    keep = size <= s.limit;
    if (keep) {
      dropped = shrink(s, s.limit - size);
      s.link(p, of);
    }
  }
  if (!keep) to_system(p, of.size);
  release(dropped);
}

}  // namespace

void *tk_alloc(size_t bytes) {
  if (bytes > kLargestSmall) return alloc_large(bytes);
  Lists &l = lists;
  const int k = small_class(bytes);
  FreeBlock *const b = l.head[k];
  if (__builtin_expect(!b, 0)) return alloc_small_slowly(l, k);
  l.head[k] = b->next;
  l.room[k]++;
  l.blocks.set(l.blocks.get() + 1);
  const int64_t bytes_out = l.bytes.get() + kSmallSizes[k];
  l.bytes.set(bytes_out);
  if (__builtin_expect(bytes_out > kFold, 0)) fold_now(l);
  return b;
}

void tk_free(void *p, size_t bytes) {
  if (!p) return;
  if (bytes > kLargestSmall) return free_large(p, bytes);
  Lists &l = lists;
  const int k = small_class(bytes);
  auto *const b = static_cast<FreeBlock *>(p);
  if (__builtin_expect(l.room[k] == 0, 0)) return free_small_slowly(l, k, b);
  b->next = l.head[k];
  l.head[k] = b;
  l.room[k]--;
  const int64_t bytes_out = l.bytes.get() - kSmallSizes[k];
  l.bytes.set(bytes_out);
  if (__builtin_expect(bytes_out < -kFold, 0)) fold_now(l);
}

tk_alloc_stats tk_allocator_stats(void) {
  Shared &s = shared();
  Lock lock(s.mutex);
  int64_t small = s.small_in_use, blocks = s.small_blocks;
  for (const Lists *l = s.threads; l; l = l->next) {
    small += l->bytes.get();
    blocks += l->blocks.get();
  }
  const int64_t in_use = small + s.large_in_use;
  s.peak = std::max(s.peak, in_use);
  const int64_t slabs = s.slab_bytes / static_cast<int64_t>(kSlab);  // each stands for one small block that missed
  return {in_use, s.large_cached + s.slab_bytes - small, s.peak, s.limit, s.large_hits + blocks - slabs, s.misses};
}

void tk_allocator_set_limit(int64_t bytes) {
  Shared &s = shared();
  CachedBlock *dropped;
  {
    Lock lock(s.mutex);
    s.limit = std::max<int64_t>(bytes, 0);
    dropped = shrink(s, s.limit);
  }
  release(dropped);
}

void tk_allocator_empty_cache(void) {
  Shared &s = shared();
  CachedBlock *dropped;
  {
    Lock lock(s.mutex);
    dropped = shrink(s, 0);
  }
  release(dropped);
}

void tk_allocator_reset_peak(void) {
  Shared &s = shared();
  Lock lock(s.mutex);
  int64_t small = s.small_in_use;
  for (const Lists *l = s.threads; l; l = l->next) small += l->bytes.get();
  s.peak = small + s.large_in_use;
}
