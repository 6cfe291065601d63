/* Who made the matrix products: how many multiplications, each with its addition (m n k of a
 * product), were made by which instructions, on operands of which type. It is the proof that what
 * was chosen at start is used, by every product and not by most.
 *
 * Every product counts itself (gemm.h), once, on the thread that asked for it. The counts are the
 * process's, over all threads and models, from its start or from product_counts_reset(). */
#ifndef LAMBERT_KERNELS_PRODUCT_COUNTS_H
#define LAMBERT_KERNELS_PRODUCT_COUNTS_H

#include "lambert/base/float16.h"

enum { PRODUCT_MAKERS = 8, PRODUCT_MAKER_TEXT = 32 }; /* that a process may have; of a name */

struct product_count {
    char maker[PRODUCT_MAKER_TEXT]; /* the name of a tile (src/kernels/tile.h), or "BLAS" */
    enum float_type type;           /* what operands were multiplied as */
    double operations;
};

/* `maker` outlives the counts; two are one where they are the same text. */
void product_counts_add(const char *maker, enum float_type type, double operations);

/* Outside parallel regions. Gives those that are not 0, the largest first, and their number. */
int product_counts_read(struct product_count counts[2 * PRODUCT_MAKERS]);
void product_counts_reset(void);

/* Adds a count to that of its maker and type, or behind all where there is none; returns how many
 * there are then. And puts the largest first. */
int product_counts_merge(struct product_count counts[2 * PRODUCT_MAKERS], int count,
                         const struct product_count *more);
void product_counts_sort(struct product_count *counts, int count);

#endif
