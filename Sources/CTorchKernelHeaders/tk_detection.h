// Object detection: overlapping boxes left out, and features pooled over regions.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// boxes (n, 4) as x1, y1, x2, y2, contiguous float32 or float64; `order` lists them by falling score. Writes the boxes
// whose overlap (intersection over union) with every kept one before is at most `threshold` to `kept`; returns how many.
int64_t tk_nms(tk_dtype dtype, int64_t n, const void *boxes, const int64_t *order, double threshold, int64_t *kept);

typedef enum tk_region_kind {
  TK_REGION_ALIGN,  // means of bilinear samples
  TK_REGION_MEAN,   // means of the elements in a bin
} tk_region_kind;

// Features (n, c, h, w), regions (count, 5) as image, x1, y1, x2, y2, results (count, c_out, pooled_h, pooled_w); all
// contiguous and of one floating dtype. c_out is c, or c / (pooled_h * pooled_w) where each bin reads channels of its own.
typedef struct tk_region_problem {
  tk_dtype dtype;
  tk_region_kind kind;
  int64_t n, c, h, w, count, pooled_h, pooled_w;
  double scale;
  int64_t sampling;  // samples along each side of a bin; 0: as many as it has elements
  bool aligned;      // regions are moved by half an element and may be smaller than one
  bool position_sensitive;
} tk_region_problem;

bool tk_region_pool(const tk_region_problem *problem, const void *input, const void *regions, void *output);
// Adds to by_input, which was zeroed.
bool tk_region_pool_backward(const tk_region_problem *problem, const void *gradient, const void *regions, void *by_input);

// Maxima over bins of whole elements, and where in their plane they are; -1 in an empty bin.
bool tk_region_max(const tk_region_problem *problem, const void *input, const void *regions, void *output, int32_t *where);
bool tk_region_max_backward(const tk_region_problem *problem, const void *gradient, const void *regions,
                            const int32_t *where, void *by_input);

#ifdef __cplusplus
}
#endif
