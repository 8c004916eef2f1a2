#include "tk_modes.h"

#include <atomic>

#include "tk_common.h"

extern "C" {

__thread uint32_t tk_mode_word = 0;
__thread uint64_t tk_sequence_word = 0;

static std::atomic<int32_t> default_dtype{TK_FLOAT32};
int32_t tk_default_dtype(void) { return default_dtype.load(std::memory_order_relaxed); }
void tk_set_default_dtype(int32_t dtype) { default_dtype.store(dtype, std::memory_order_relaxed); }
}
