// 3x3 convolution of stride 1 by Winograd's minimal filtering on 2x2 output tiles.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tk_winograd {
  int64_t batch, in_channels, out_channels;  // channels are multiples of 16
  int64_t in_height, in_width, out_height, out_width;
  int64_t pad_top, pad_left;                 // rows and columns of zeros before the input
  // The weight of output channel o and input channel i at row r, column s: weight[o * stride[0] + i * stride[1] +
  // r * stride[2] + s * stride[3]]. Negative strides turn the kernel round, as the gradient by data wants it.
  int64_t weight_stride[4];
} tk_winograd;

// Whether this machine has it: it is written for the 32 registers of AVX-512.
bool tk_winograd_available(void);

// y of [N][O / 16][out_height][out_width][16] = x of [N][I / 16][in_height][in_width][16] * weight + bias (may be NULL).
// False when there is no memory for the work, or no AVX-512.
bool tk_winograd_convolve(const tk_winograd *problem, const float *x, const float *weight, const float *bias, float *y);

#ifdef __cplusplus
}
#endif
