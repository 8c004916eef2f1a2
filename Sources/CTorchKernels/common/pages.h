// Memory from the operating system: whole pages, with huge pages asked for where they pay.
// This and pages.cpp are the only Linux-specific code under the allocator.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tk {

void *map_pages(size_t bytes);             // NULL when the system has none left
void unmap_pages(void *p, size_t bytes);
int64_t physical_memory();

}  // namespace tk
