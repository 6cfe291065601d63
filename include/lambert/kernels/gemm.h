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
 * Operands are real or bfloat16, whatever they are multiplied as, which is the product's
 * compute_type:
 *
 *     TYPE_FLOAT32    as they are (in a build for double precision: as double)
 *     TYPE_BFLOAT16   rounded to bfloat16, to nearest, ties to even, where they are not bfloat16
 *                     already
 *
 * Products of two bfloat16 are exact in float; sums and C are real in both. Where the CPU has
 * instructions that multiply bfloat16 and they are faster than those for float, they are used
 * (kernels.h); elsewhere the rounded operands are multiplied as floats. Instructions differ in how
 * they round a sum and in what they do with denormals (docs/numerics.md), so the bits of C depend
 * on which are used, but on nothing else.
 *
 * There are two engines that make them. Lambert's own tiles (tile.h), where the CPU has x86-64-v3
 * or v4, or NEON: faster than OpenBLAS on these shapes (measured on x86-64), and what follows a
 * product can be done to its rows while they are in the cache. The cblas that is linked: in double,
 * on other machines, with LAMBERT_ISA=plain, or with LAMBERT_GEMM=blas. Either gives the same bits
 * for any number of threads; the two differ in rounding.
 *
 * Products share working memory and the queue of tasks (task_queue.h), which belong to the process:
 * one thread of the program at a time makes parallel products, and whose they are, of one model or
 * of several in turn, does not matter, since nothing is left in either between two products. */
#ifndef LAMBERT_KERNELS_GEMM_H
#define LAMBERT_KERNELS_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/error.h"
#include "lambert/base/float16.h"
#include "lambert/base/real.h"
#include "lambert/kernels/profile.h"

enum gemm_form { GEMM_NT, GEMM_NN, GEMM_TN };

/* Bytes of a number of an operand, TYPE_FLOAT32 being real. */
static inline size_t gemm_operand_size(enum float_type type)
{
    return type == TYPE_BFLOAT16 ? sizeof(uint16_t) : sizeof(real);
}

/* Rows [row, row + rows) and columns [column, column + columns) of C, which lie at c, rows ldc
 * apart. row is a multiple of ROW_BLOCK (parallel.h). */
struct gemm_part {
    int row, rows, column, columns;
    real *c;
    int ldc;
};

/* What is done to C as it is finished. Called by one thread for each part of C: together they are
 * all of it. whole_rows: columns are always all n; of rows that are too wide to be finished in one
 * go (over gemm_widest() elements) this is done to all of C at the end, which must have a place
 * then. */
struct gemm_epilogue {
    void (*part)(void *context, const struct gemm_part *part);
    void *context;
    bool whole_rows;
};
int gemm_widest(void); /* 5,424 or more; it depends on the engine */

struct gemm {
    enum gemm_form form;
    int m, n, k;
    enum float_type compute_type;
    enum float_type a_type, b_type; /* of what lies there: TYPE_FLOAT32 is real */
    const void *a, *b;
    int lda, ldb; /* elements from one row as stored to the next */
    real beta;    /* with 0, C is not read */
    /* NULL: nobody wants C but the epilogue, which finds each part in working memory. Then beta is
     * 0, k is not, and whole rows are not too wide. */
    real *c;
    int ldc;
    const struct gemm_epilogue *then; /* NULL: nothing follows */
    enum profile_part profile;        /* what the time of gemm_parallel() is counted as */
};

/* Opens a parallel region of its own; not to be called from inside one. */
void gemm_parallel(const struct gemm *gemm);

/* The epilogue by itself, for all of a C [m, n] that is there. Opens a parallel region of its own. */
void gemm_epilogue_alone(const struct gemm_epilogue *epilogue, int m, int n, real *c, int ldc);

/* For the inside of a parallel region, on the calling thread: B is packed once and then serves
 * several products, of other forms of A and other m.
 *
 *     gemm_pack(&(struct gemm){.form, .n, .k, .compute_type, .b_type, .b, .ldb}, packed)
 *     gemm_packed(&(struct gemm){.form, .m, .n, .k, .compute_type, .a_type, .a, .lda, .b = packed,
 *                                .c, .ldc}, memory)
 *
 * For packing, GEMM_NT says that b is [n, k], any other form [k, n], and no other member is read;
 * for the product, GEMM_TN says that A is [k, m]. In `memory` A is copied if it cannot be read
 * where it lies; what is in it afterwards is nobody's. There is no epilogue, and the time is the
 * caller's to count. Sizes are in elements of real, and as much as any engine needs. */
size_t gemm_packed_size(int n, int k); /* of `packed` */
size_t gemm_copy_size(int m, int k);   /* of `memory` */
void gemm_pack(const struct gemm *gemm, void *packed);
void gemm_packed(const struct gemm *gemm, void *memory);

/* Chooses the engine by LAMBERT_GEMM (lambert, blas; not set: lambert where it can).
 * kernels_select() calls it. */
int gemm_select(struct error *err);
bool gemm_is_blas(void);
/* Who makes products in a type, as product_counts.h names it: "AVX-512", "AVX512_BF16", "BLAS". */
const char *gemm_maker(enum float_type compute_type);
void gemm_use_blas(bool blas); /* for a benchmark or a test that compares the two */

/* Bytes of working memory that products on so many threads take, once, when they first need it. */
size_t gemm_memory(int threads);

#endif
