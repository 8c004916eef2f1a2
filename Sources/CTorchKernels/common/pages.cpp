// Linux pages: see pages.h.
#include "pages.h"

#include <sys/mman.h>
#include <unistd.h>

namespace tk {

constexpr size_t huge_page = size_t(2) << 20;

void *map_pages(size_t bytes) {
  // A huge page must lie whole inside the mapping and on its own boundary, so larger blocks start on one.
  const size_t slack = bytes >= huge_page ? huge_page : 0;
  void *p = mmap(nullptr, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  if (slack == 0) return p;
  const uintptr_t start = reinterpret_cast<uintptr_t>(p);
  const uintptr_t aligned = (start + huge_page - 1) & ~uintptr_t(huge_page - 1);
  const size_t head = aligned - start, tail = slack - head;
  if (head) munmap(p, head);
  if (tail) munmap(reinterpret_cast<void *>(aligned + bytes), tail);
  madvise(reinterpret_cast<void *>(aligned), bytes, MADV_HUGEPAGE);  // advice only: failing is harmless
  return reinterpret_cast<void *>(aligned);
}

void unmap_pages(void *p, size_t bytes) { munmap(p, bytes); }

int64_t physical_memory() { return int64_t(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE); }

}  // namespace tk
