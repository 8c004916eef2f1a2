// The CPU kernels behind a C face. One header a family.
#pragma once
#include "tk_common.h"
#include "tk_map.h"
#include "tk_modes.h"
