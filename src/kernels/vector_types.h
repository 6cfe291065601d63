/* The vectors that row kernels and tiles are written over: as many floats as a register holds of the
 * instruction set that this is compiled for. */
#ifndef LAMBERT_KERNELS_VECTOR_TYPES_H
#define LAMBERT_KERNELS_VECTOR_TYPES_H

#include <stdint.h>

#if defined __AVX512F__
enum { WIDTH = 16 };
#elif defined __AVX2__
enum { WIDTH = 8 };
#else /* NEON */
enum { WIDTH = 4 };
#endif

typedef float vfloat __attribute__((vector_size(WIDTH * 4)));
typedef int32_t vint __attribute__((vector_size(WIDTH * 4)));
typedef uint32_t vuint __attribute__((vector_size(WIDTH * 4)));
typedef uint64_t vlong __attribute__((vector_size(WIDTH * 4)));
typedef float vhalf __attribute__((vector_size(WIDTH * 2))); /* half as many floats */
typedef double vdouble __attribute__((vector_size(WIDTH * 4)));

static inline vfloat v_all(float x)
{
    return x - (vfloat){0};
}

/* Lanes of x where the mask (a comparison's result: 0 or -1) holds, else of y. */
static inline vfloat v_select(vint mask, vfloat x, vfloat y)
{
    return (vfloat)((mask & (vint)x) | (~mask & (vint)y));
}

#endif
