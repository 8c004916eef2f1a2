// Choosing between two operands element by element.
#pragma once
#include "tk_common.h"
#include "tk_map.h"

#ifdef __cplusplus
extern "C" {
#endif

// The loop out = condition ? a : b for elements of 1, 2, 4, 8 or 16 bytes, whatever they mean; operands are
// out, condition (bool), a, b. Out may be one of a and b. Run it through tk_run_map.
tk_loop tk_find_where(size_t element_size);

#ifdef __cplusplus
}
#endif
