/* Matrix products, and the only door to cblas. All matrices are row-major.
 *
 *     GEMM_NT   C [m, n] = A [m, k] B [n, k]ᵀ + beta C     y = x Wᵀ    (W is [out, in])
 *     GEMM_NN   C [m, n] = A [m, k] B [k, n]  + beta C     dx = dy W
 *     GEMM_TN   C [m, n] = A [k, m]ᵀ B [k, n] + beta C     dW = dyᵀ x
 *
 * A product is one struct, filled in by name:
 *
 *     gemm_parallel(&(struct gemm){.form = GEMM_NT, .m = T, .n = out, .k = in,
 *                                  .a = x, .lda = in, .b = w, .ldb = in, .c = y, .ldc = out});
 *
 * Where m or n is 0 there is no C, and nothing is done; where k is 0 the product is nothing, and
 * C = beta C.
 *
 * There are two engines that make them. Lambert's own tiles (tile.h), where the CPU has x86-64-v3
 * or v4: faster than OpenBLAS on these shapes, and what follows a product can be done to its rows
 * while they are in the cache. The cblas that is linked: in double, on other machines, with
 * LAMBERT_ISA=plain, or with LAMBERT_GEMM=blas. Either gives the same bits for any number of
 * threads; the two differ in rounding.
 *
 * Products share working memory and the queue of tasks (task_queue.h), which belong to the process:
 * one thread of the program at a time makes parallel products, and whose they are, of one model or
 * of several in turn, does not matter, since nothing is left in either between two products. */
#ifndef LAMBERT_KERNELS_GEMM_H
#define LAMBERT_KERNELS_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/error.h"
#include "lambert/base/real.h"
#include "lambert/kernels/profile.h"

enum gemm_form { GEMM_NT, GEMM_NN, GEMM_TN };

/* What the numbers of an operand are. Sums and C are always real. */
enum gemm_type { GEMM_REAL };

/* What is done to C as it is finished. Called by one thread for each part of C,
 * rows [row, row + rows) and columns [column, column + columns): together they are all of C. row is
 * a multiple of ROW_BLOCK (parallel.h). whole_rows: columns are always all n; of rows that are too wide to be
 * finished in one go (over 5,440 elements) this is done to all of C at the end. */
struct gemm_epilogue {
    void (*part)(void *context, int row, int rows, int column, int columns);
    void *context;
    bool whole_rows;
};

struct gemm {
    enum gemm_form form;
    int m, n, k;
    enum gemm_type a_type, b_type;
    const void *a, *b;
    int lda, ldb; /* elements from one row as stored to the next */
    real beta;    /* with 0, C is not read */
    real *c;
    int ldc;
    const struct gemm_epilogue *then; /* NULL: nothing follows */
    enum profile_part profile;        /* what the time of gemm_parallel() is counted as */
};

/* Opens a parallel region of its own; not to be called from inside one. */
void gemm_parallel(const struct gemm *gemm);

/* The epilogue by itself, for all of a C [m, n] that is there. Opens a parallel region of its own. */
void gemm_epilogue_alone(const struct gemm_epilogue *epilogue, int m, int n);

/* For the inside of a parallel region, on the calling thread: B is packed once and then serves
 * several products, of other forms of A and other m.
 *
 *     gemm_pack(&(struct gemm){.form, .n, .k, .b, .ldb}, packed)      reads no other member
 *     gemm_packed(&(struct gemm){.form, .m, .n, .k, .a, .lda, .b = packed, .c, .ldc})
 *
 * For packing, GEMM_NT says that b is [n, k], any other form [k, n]; for the product, GEMM_TN says
 * that A is [k, m]. There is no epilogue, and the time is the caller's to count. */
size_t gemm_packed_size(int n, int k); /* elements; as much as any engine needs */
void gemm_pack(const struct gemm *gemm, void *packed);
void gemm_packed(const struct gemm *gemm);

/* Chooses the engine by LAMBERT_GEMM (lambert, blas; not set: lambert where it can).
 * kernels_select() calls it. */
int gemm_select(struct error *err);
bool gemm_is_blas(void);
void gemm_use_blas(bool blas); /* for a benchmark or a test that compares the two */

/* Bytes of working memory that products on so many threads take, once, when they first need it. */
size_t gemm_memory(int threads);

#endif
