// The bounded caching allocator behind every CPU tensor.
//
// Goals, in order: blocks of a training step are found again in the next step without a page fault; a small
// block costs a few nanoseconds; what is kept is bounded and can be given back. PyTorch's CPU allocator keeps
// nothing, which costs it a page fault per 4 KiB of every large result.
//
// A block's size class follows from its byte count alone (eight classes a doubling, at most 12.5 % slack), so
// blocks carry no header. Free blocks are chained through their first word. Each thread keeps a few free blocks
// of the small classes; all others lie in the shared store under one lock. When the store would exceed its limit
// it gives back blocks of the class that was used longest ago, so that sizes no longer in use cannot fill it.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>

#include "pages.h"
#include "tk_common.h"

namespace {

// ---- size classes ----
// 64, 128, ..., 1024 bytes, then 1024 * 2^k * (1 + j/8) for j = 1...8.
constexpr int linear_classes = 16, class_count = linear_classes + 8 * 38;
constexpr int thread_cached_classes = linear_classes + 8 * 5;  // threads keep blocks up to 32 KiB
constexpr size_t mapped_from = 256 << 10;                      // larger blocks are pages of their own
constexpr size_t largest = size_t(1) << 47;

inline int class_of(size_t bytes) {
  if (bytes <= 1024) return bytes == 0 ? 0 : int((bytes - 1) >> 6);
  const int top = 63 - __builtin_clzll(bytes - 1);  // 2^top <= bytes - 1 < 2^(top + 1)
  return linear_classes + 8 * (top - 10) + int(((bytes - 1) >> (top - 3)) & 7);
}

inline size_t class_bytes(int c) {
  if (c < linear_classes) return size_t(c + 1) << 6;
  const int doubling = (c - linear_classes) >> 3, eighth = (c - linear_classes) & 7;
  return (size_t(1024) << doubling) / 8 * size_t(9 + eighth);
}

struct Block { Block *next; };

void *fetch(size_t bytes) {
  return bytes >= mapped_from ? tk::map_pages(bytes) : std::aligned_alloc(64, bytes);
}
void give_back(void *p, size_t bytes) {
  if (bytes >= mapped_from) tk::unmap_pages(p, bytes);
  else std::free(p);
}

// ---- the shared store ----
struct Store {
  std::mutex lock;
  Block *free[class_count] = {};
  uint64_t last_use[class_count] = {};
  uint64_t tick = 0;
  int64_t cached = 0, limit = tk::physical_memory() / 4;
  std::atomic<int64_t> in_use{0}, peak{0}, hits{0}, misses{0}, thread_cached{0};

  void *take(int c) {
    std::lock_guard<std::mutex> guard(lock);
    last_use[c] = ++tick;
    Block *block = free[c];
    if (!block) return nullptr;
    free[c] = block->next;
    cached -= int64_t(class_bytes(c));
    return block;
  }

  void put(int c, Block *block) {
    const int64_t bytes = int64_t(class_bytes(c));
    std::lock_guard<std::mutex> guard(lock);
    last_use[c] = ++tick;
    shrink(limit - bytes);
    if (cached + bytes > limit) return give_back(block, size_t(bytes));
    block->next = free[c];
    free[c] = block;
    cached += bytes;
  }

  // Gives back blocks, the longest unused class first, until at most `target` bytes are kept.
  void shrink(int64_t target) {
    while (cached > 0 && cached > target) {
      int oldest = -1;
      for (int c = 0; c < class_count; c++)
        if (free[c] && (oldest < 0 || last_use[c] < last_use[oldest])) oldest = c;
      if (oldest < 0) return;
      const size_t bytes = class_bytes(oldest);
      while (free[oldest] && cached > target) {
        Block *block = free[oldest];
        free[oldest] = block->next;
        cached -= int64_t(bytes);
        give_back(block, bytes);
      }
    }
  }

  void raise_peak(int64_t value) {
    int64_t old = peak.load(std::memory_order_relaxed);
    while (value > old && !peak.compare_exchange_weak(old, value, std::memory_order_relaxed)) {}
  }
};

// Never destroyed: threads may free blocks while the process ends.
Store &store() {
  static Store *instance = new Store;
  return *instance;
}

// ---- what a thread keeps ----
// Counts are gathered here and added to the shared ones now and then: an atomic addition costs more than
// the allocation. The peak so misses at most `flush_at` bytes for every other thread.
constexpr int64_t flush_at = 256 << 10;

struct ThreadCache {
  Block *free[thread_cached_classes] = {};
  int count[thread_cached_classes] = {};
  int64_t in_use = 0, highest = 0, cached = 0, hits = 0, misses = 0;

  void flush() {
    Store &s = store();
    const int64_t before = s.in_use.fetch_add(in_use, std::memory_order_relaxed);
    s.raise_peak(before + highest);
    s.thread_cached.fetch_add(cached, std::memory_order_relaxed);
    s.hits.fetch_add(hits, std::memory_order_relaxed);
    s.misses.fetch_add(misses, std::memory_order_relaxed);
    in_use = highest = cached = hits = misses = 0;
  }

  void count_in_use(int64_t bytes) {
    in_use += bytes;
    if (in_use > highest) highest = in_use;
    if (in_use > flush_at || in_use < -flush_at) flush();
  }

  // Hands all but `keep` blocks of class c to the store.
  void release(int c, int keep) {
    while (count[c] > keep) {
      Block *block = free[c];
      free[c] = block->next;
      count[c]--;
      cached -= int64_t(class_bytes(c));
      store().put(c, block);
    }
  }

  void release_all() {
    for (int c = 0; c < thread_cached_classes; c++) release(c, 0);
    flush();
  }
};

inline int kept_by_thread(int c) { return c < linear_classes ? 64 : std::max(4, int((64 << 10) / class_bytes(c))); }

thread_local ThreadCache *thread_cache = nullptr;
thread_local bool thread_ended = false;

// Only its destructor matters: the pointer above stays trivial, so that reading it needs no guard.
struct ThreadEnd {
  bool armed = false;
  ~ThreadEnd() {
    thread_ended = true;
    if (!thread_cache) return;
    thread_cache->release_all();
    delete thread_cache;
    thread_cache = nullptr;
  }
};
thread_local ThreadEnd thread_end;

__attribute__((noinline)) ThreadCache *make_cache() {
  if (thread_ended) return nullptr;
  thread_end.armed = true;
  return thread_cache = new ThreadCache;
}
inline ThreadCache *cache_of_thread() { return __builtin_expect(thread_cache != nullptr, 1) ? thread_cache : make_cache(); }

__attribute__((noinline)) void *alloc_from_store(int c, ThreadCache *cache) {
  Store &s = store();
  const size_t bytes = class_bytes(c);
  void *p = s.take(c);
  const bool hit = p != nullptr;
  if (!p) p = fetch(bytes);
  if (!p) {
    tk_allocator_empty_cache();
    p = fetch(bytes);
    if (!p) return nullptr;
  }
  if (cache) {
    (hit ? cache->hits : cache->misses)++;
    cache->count_in_use(int64_t(bytes));
  } else {
    (hit ? s.hits : s.misses).fetch_add(1, std::memory_order_relaxed);
    s.raise_peak(s.in_use.fetch_add(int64_t(bytes), std::memory_order_relaxed) + int64_t(bytes));
  }
  return p;
}

}  // namespace

extern "C" void *tk_alloc(size_t bytes) {
  if (bytes > largest) return nullptr;
  const int c = class_of(bytes);
  ThreadCache *cache = cache_of_thread();
  if (c < thread_cached_classes && cache && cache->free[c]) {
    const int64_t size = int64_t(class_bytes(c));
    Block *block = cache->free[c];
    cache->free[c] = block->next;
    cache->count[c]--;
    cache->cached -= size;
    cache->hits++;
    cache->count_in_use(size);
    return block;
  }
  return alloc_from_store(c, cache);
}

extern "C" void tk_free(void *p, size_t bytes) {
  if (!p) return;
  const int c = class_of(bytes);
  const int64_t size = int64_t(class_bytes(c));
  Block *block = static_cast<Block *>(p);
  ThreadCache *cache = cache_of_thread();
  if (!cache) {
    store().in_use.fetch_sub(size, std::memory_order_relaxed);
    return store().put(c, block);
  }
  cache->count_in_use(-size);
  if (c >= thread_cached_classes) return store().put(c, block);
  const int keep = kept_by_thread(c);
  if (cache->count[c] >= keep) cache->release(c, keep / 2);
  block->next = cache->free[c];
  cache->free[c] = block;
  cache->count[c]++;
  cache->cached += size;
}

extern "C" tk_alloc_stats tk_allocator_stats(void) {
  if (ThreadCache *cache = cache_of_thread()) cache->flush();
  Store &s = store();
  std::lock_guard<std::mutex> guard(s.lock);
  return {s.in_use, s.cached + s.thread_cached, s.peak, s.limit, s.hits, s.misses};
}

extern "C" void tk_allocator_set_limit(int64_t bytes) {
  Store &s = store();
  std::lock_guard<std::mutex> guard(s.lock);
  s.limit = std::max<int64_t>(bytes, 0);
  s.shrink(s.limit);
}

extern "C" void tk_allocator_empty_cache(void) {
  if (ThreadCache *cache = cache_of_thread()) cache->release_all();
  Store &s = store();
  std::lock_guard<std::mutex> guard(s.lock);
  s.shrink(0);
}

extern "C" void tk_allocator_reset_peak(void) {
  if (ThreadCache *cache = cache_of_thread()) cache->flush();
  store().peak = store().in_use.load();
}
