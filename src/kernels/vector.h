/* The vector tables: row_vector.c, compiled once for each instruction set. The rows of v4-amx are
 * those of v4-bf16. */
#ifndef LAMBERT_KERNELS_VECTOR_H
#define LAMBERT_KERNELS_VECTOR_H

#include "lambert/kernels/kernels.h"

extern const struct kernels kernels_v3, kernels_v4, kernels_v4_bf16, kernels_v4_amx, kernels_neon,
    kernels_neon_bf16;

#endif
