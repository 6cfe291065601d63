/* What tiles (tile.h) of several instruction sets are made of, whatever they multiply with. Included
 * by files that are compiled for an instruction set, which say in TILE_TYPE of what type their
 * operands are: everything here is static. */
#ifndef LAMBERT_KERNELS_TILE_PARTS_H
#define LAMBERT_KERNELS_TILE_PARTS_H

#include "tile.h"
#include "vector_math.h"

#define INLINE static inline __attribute__((always_inline))

/* --- C ---------------------------------------------------------------------------------------- */

/* C = sums + beta C for a tile that reaches beyond the last column. It is no inner loop: its sums
 * come in memory, rows `step` apart, of whole vectors. */
static void finish_part(int rows, int columns, const float *sums, size_t step, float beta, float *c,
                        size_t ldc)
{
    for (int i = 0; i < rows; i++, sums += step, c += ldc)
        for (int j = 0; j < columns; j += WIDTH) {
            vfloat x = v_load(sums + j, WIDTH);
            if (beta != 0)
                x += v_load(c + j, columns - j) * beta;
            v_store(c + j, x, columns - j);
        }
}

/* The same for a vector of a whole tile. */
INLINE void finish_full(vfloat sum, float beta, float *c)
{
    v_store(c, beta == 0 ? sum : sum + v_load(c, WIDTH) * beta, WIDTH);
}

/* --- operands --------------------------------------------------------------------------------- */

/* Functions are inlined where `source` is a constant: for a tile of bfloat16 one of two. */
#define BY_SOURCE(function, ...)                                                                   \
    do {                                                                                           \
        if (source == SOURCE_BFLOAT16)                                                             \
            function(SOURCE_BFLOAT16, __VA_ARGS__);                                                \
        else if (source == SOURCE_ROUNDED || TILE_TYPE == TYPE_BFLOAT16)                           \
            function(SOURCE_ROUNDED, __VA_ARGS__);                                                 \
        else                                                                                       \
            function(SOURCE_FLOAT, __VA_ARGS__);                                                   \
    } while (0)

/* Where element `at` lies. */
INLINE const void *source_at(enum tile_source source, const void *x, size_t at)
{
    return (const char *)x + at * (source == SOURCE_BFLOAT16 ? sizeof(uint16_t) : sizeof(float));
}

#endif
