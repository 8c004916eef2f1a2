#pragma once
#include <stdbool.h>
#include <stdint.h>
typedef struct tdnn_layout { int64_t bytes; char blob[64]; } tdnn_layout;
bool tdnn_layout_equal(const tdnn_layout*, const tdnn_layout*);
enum { TDNN_OK = 0 };
int tdnn_reorder(const tdnn_layout*, const void*, const tdnn_layout*, void*);
const char* tdnn_last_error(void);
