/* The two ways to make a matrix product: what gemm.h promises, in the way that each prefers. */
#ifndef LAMBERT_KERNELS_GEMM_ENGINE_H
#define LAMBERT_KERNELS_GEMM_ENGINE_H

#include "lambert/kernels/gemm.h"

struct gemm_engine {
    /* As gemm_parallel(); m, n and k are positive, and an epilogue that wants whole rows has n at
     * most widest(). */
    void (*parallel)(const struct gemm *gemm);

    /* As gemm_pack() and gemm_packed(); m, n and k are positive. */
    void (*pack)(const struct gemm *gemm, void *packed);
    void (*packed)(const struct gemm *gemm, void *memory);

    /* Whose instructions make this product (product_counts.h). */
    const char *(*maker)(const struct gemm *gemm);

    /* How wide rows may be that an epilogue wants whole. */
    int (*widest)(void);

    size_t (*memory)(int threads);

    /* Chooses, by a measurement of a fraction of a millisecond, what is faster with the table at
     * hand and gives the same bits. NULL: there is nothing to choose. */
    void (*choose)(void);
};

extern const struct gemm_engine gemm_blas;
/* With the tiles of the chosen kernel table. In single precision only. */
extern const struct gemm_engine gemm_tiles;

/* Whether gemm_tiles takes a table's wide tiles, whatever was measured: for a test or a benchmark
 * that compares the two. */
void gemm_tiles_use_wide(bool wide);

#endif
