// The CPU kernels behind a C face. One header a family.
#pragma once
#include "tk_common.h"
#include "tk_index.h"
#include "tk_map.h"
#include "tk_matmul.h"
#include "tk_modes.h"
#include "tk_optim.h"
#include "tk_random.h"
#include "tk_reduce.h"
#include "tk_scan.h"
#include "tk_softmax.h"
#include "tk_sort.h"
#include "tk_where.h"
