#pragma once
#include <libpng16/png.h>
