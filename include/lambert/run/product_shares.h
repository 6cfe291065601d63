/* What share of the arithmetic of all matrix products of a job each kind of instructions did: the
 * proof that those which were chosen at start are used, by every product and not by most.
 *
 *     product_counts_reset()                      (kernels/product_counts.h) on every rank
 *     ...                                         the work
 *     product_shares_take(dist, &shares)          collective */
#ifndef LAMBERT_RUN_PRODUCT_SHARES_H
#define LAMBERT_RUN_PRODUCT_SHARES_H

#include "lambert/base/buffer.h"
#include "lambert/base/float16.h"
#include "lambert/dist/dist.h"
#include "lambert/kernels/product_counts.h"

enum { PRODUCT_SHARES_MOST = 2 * PRODUCT_MAKERS };

struct product_shares {
    int count; /* 0: nothing was multiplied */
    struct product_share {
        char maker[PRODUCT_MAKER_TEXT]; /* "AVX512_BF16" */
        enum float_type type;           /* what operands were multiplied as */
        double operations, share;       /* multiplications with their additions; of all of them */
    } at[PRODUCT_SHARES_MOST];          /* the largest first */
};

/* Collective: over all ranks, on rank 0; elsewhere none. */
void product_shares_take(const struct dist *dist, struct product_shares *shares);

/* "99.80% by AVX512_BF16 on bfloat16, 0.20% by AVX-512 on float32" */
void product_shares_print(const struct product_shares *shares, struct buffer *text);

#endif
