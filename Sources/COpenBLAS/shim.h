#pragma once
// LAPACKE's complex numbers as structures: Swift cannot import C99's.
#define LAPACK_COMPLEX_CUSTOM
typedef struct { float real, imaginary; } lapack_complex_float;
typedef struct { double real, imaginary; } lapack_complex_double;
#include <cblas.h>
#include <lapacke.h>
