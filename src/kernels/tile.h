/* The inner loops of Lambert's own matrix product: tiles of C, MR rows by NR columns, that stay in
 * registers while k runs. gemm_tiles.c cuts matrices into what tiles want (the scheme of Goto and
 * van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34, 2008).
 *
 * Operands are counted in words of four bytes, whatever they are multiplied as: a word is one
 * float, or two bfloat16 that are neighbours along k, the lower one first. So panels, blocks and
 * steps have the same bytes in both, and an inner loop is the other's with another instruction.
 *
 * B comes packed: panels of NR columns, each [words of k, NR] or what the tile likes better, zeros
 * beyond the last column and where k ends within a word. A is read where it lies, or is copied
 * before: where it is transposed, is not of the tile's type, or has a k that is no multiple of
 * k_unit. */
#ifndef LAMBERT_KERNELS_TILE_H
#define LAMBERT_KERNELS_TILE_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/float16.h"

/* What is read when operands are packed or copied, and what becomes of it: floats as they are;
 * floats, to be rounded to bfloat16; bfloat16. A tile that multiplies floats gets the latter two as
 * floats again; one that multiplies bfloat16 takes only these two. */
enum tile_source { SOURCE_FLOAT, SOURCE_ROUNDED, SOURCE_BFLOAT16 };

struct tile_kernels {
    const char *name;     /* of the instructions: "AVX-512", "AVX512_BF16" */
    const char *note;     /* what users should know of it, at the start of a run; NULL: nothing */
    enum float_type type; /* of its operands */
    int rows, columns;    /* MR, NR; at most TILE_MOST_ROWS and TILE_MOST_COLUMNS */
    int k_unit;           /* k is padded to a multiple of it, at most TILE_MOST_K_UNIT */

    /* Whether groups lie as rows, [MR, words + TILE_ROW_MARGIN], or as columns, [words, MR]. */
    bool groups_are_rows;

    /* C [rows, columns] = A times one panel + beta C; rows <= MR, columns <= NR. Word p of row i of
     * A is at a + i row_step + p word_step; steps are in bytes, and one of them is 4. With beta 0, C
     * is not read. Meanwhile 2 words from `ahead` on for each word of k, which need not be there,
     * are fetched into the second-level cache. */
    void (*multiply)(int rows, int columns, int words, const void *a, size_t row_step,
                     size_t word_step, const void *panel, const void *ahead, float beta, float *c,
                     size_t ldc);

    /* Panels of tile_words(k) NR words from b [k, columns], or where it is transposed from
     * b [columns, k]. */
    void (*pack)(enum tile_source source, bool transposed, int columns, int k, const void *b,
                 size_t ldb, void *packed);

    /* Rows of a [rows, k], padded, tile_words(k) + TILE_ROW_MARGIN words apart. */
    void (*copy)(enum tile_source source, int rows, int k, const void *a, size_t lda, void *copies);

    /* Columns of a [k, rows] in groups of MR, group_step words from one to the next. What a last
     * group has beyond the last row is nobody's. */
    void (*group)(enum tile_source source, int rows, int k, const void *a, size_t lda, void *groups,
                  size_t group_step);
};

/* Rows that are copied lie this many words farther apart than they are long, so that they do not
 * all fall into the same sets of the cache. */
enum { TILE_ROW_MARGIN = 16 };

enum { TILE_MOST_ROWS = 32, TILE_MOST_COLUMNS = 48, TILE_MOST_K_UNIT = 4 };

/* Elements of k in a word, and the words that k takes, padded. */
static inline int tile_word(const struct tile_kernels *tile)
{
    return tile->type == TYPE_BFLOAT16 ? 2 : 1;
}

static inline int tile_words(const struct tile_kernels *tile, int k)
{
    return (k + tile->k_unit - 1) / tile->k_unit * tile->k_unit / tile_word(tile);
}

extern const struct tile_kernels tile_v3, tile_v4, tile_v4_wide, tile_v4_bf16, tile_v4_bf16_wide,
    tile_v4_amx, tile_neon, tile_neon_wide, tile_neon_bf16, tile_neon_bf16_wide;

#endif
