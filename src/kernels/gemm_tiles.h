/* Matrix products out of tiles (tile.h): what gemm.h promises, in the way it prefers. */
#ifndef LAMBERT_KERNELS_GEMM_TILES_H
#define LAMBERT_KERNELS_GEMM_TILES_H

#include "lambert/kernels/gemm.h"
#include "tile.h"

struct product {
    enum gemm_form form;
    int m, n, k;
    float alpha;
    const float *a;
    int lda;
    const float *b;
    int ldb;
    float beta;
    float *c;
    int ldc;
    const struct gemm_epilogue *then; /* NULL: nothing follows */
};

/* How wide rows may be that an epilogue wants whole. */
int gemm_tiles_widest(const struct tile_kernels *tile);

/* m, n and k are positive. */
void gemm_tiles_parallel(const struct tile_kernels *tile, const struct product *product);

void gemm_tiles_pack(const struct tile_kernels *tile, bool transposed, int n, int k, const float *b,
                     int ldb, float *packed);
/* product->b is packed. */
void gemm_tiles_packed(const struct tile_kernels *tile, const struct product *product);

size_t gemm_tiles_memory(int threads);

#endif
