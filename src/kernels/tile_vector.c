/* The inner loops of matrix products (tile.h), written over vector types and compiled once for each
 * instruction set: tile_v3, tile_v4, tile_v4_bf16, tile_neon, and with wider tiles tile_v4_wide,
 * tile_v4_bf16_wide and tile_neon_wide. What matters is that the compiler keeps all sums of a tile
 * in registers: so loops over a tile have constant bounds, are unrolled, and are inlined into a
 * function for each number of rows and of vectors in a row. */
#include "tile_parts.h"
#include "transpose.h"

#if defined __AVX512BF16__
#define TILE      tile_v4_bf16
#define TILE_WIDE tile_v4_bf16_wide
#define TILE_NAME "AVX512_BF16"
#define TILE_TYPE TYPE_BFLOAT16
enum { WORD = 2 };
#elif defined __AVX512F__
#define TILE      tile_v4
#define TILE_WIDE tile_v4_wide
#define TILE_NAME "AVX-512"
#elif defined __AVX2__
#define TILE      tile_v3
#define TILE_NAME "AVX2"
#else
#define TILE      tile_neon
#define TILE_WIDE tile_neon_wide
#define TILE_NAME "NEON"
#endif

#ifndef TILE_TYPE
#define TILE_TYPE TYPE_FLOAT32
enum { WORD = 1 }; /* elements of k in a word */
#endif

/* Sums take 16 of 32 registers, or 12 of 16: enough to hide the latency of an addition; and 8
 * divides BERT's shapes. Wide ones take 24: they spare a core that could start two multiplications
 * a cycle some of the loads that keep it from doing so, and cost one that cannot nothing. */
#ifdef TILE_WIDE
enum { MR = 8, NARROW = 2, WIDE = 3 };
#else
enum { MR = 6, NARROW = 2, WIDE = NARROW };
#endif

/* A vector, or a word, that lies anywhere. */
typedef float vloose __attribute__((vector_size(WIDTH * 4), aligned(2), may_alias));
typedef int32_t word_loose __attribute__((aligned(2), may_alias));
typedef float float_loose __attribute__((aligned(2), may_alias));

/* --- multiplying ------------------------------------------------------------------------------ */

/* A word in all lanes. NEON multiplies by one lane as well as by all: it is loaded as a float, which
 * gcc then leaves in the first. */
INLINE vfloat word_in_all(const char *word)
{
#ifdef __ARM_NEON
    return v_all(*(const float_loose *)(const void *)word);
#else
    return (vfloat)(*(const word_loose *)(const void *)word - (vint){0});
#endif
}

/* sum + a b: a is a word in all lanes. With bfloat16 these are two products and two additions a
 * lane. */
INLINE vfloat add_product(vfloat sum, vfloat a, vfloat b)
{
#ifdef __AVX512BF16__
    return (vfloat)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#else
    return sum + a * b;
#endif
}

/* One step of k: a word of each row of A times a row of the panel. */
INLINE void add_products(int vectors, int rows, const char *a, size_t row_step, const float *panel,
                         vfloat sums[MR][WIDE])
{
    vfloat b[WIDE];
#pragma GCC unroll 8
    for (int j = 0; j < vectors; j++)
        b[j] = *(const vloose *)(const void *)(panel + j * WIDTH);
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
        const vfloat word = word_in_all(a + (size_t)i * row_step);
#pragma GCC unroll 8
        for (int j = 0; j < vectors; j++)
            sums[i][j] = add_product(sums[i][j], word, b[j]);
    }
}

/* A line of the cache is fetched every STRIDE steps of k: 2 words a step in all, as tile.h says. */
enum { STRIDE = 8, LINE = 16 };

/* `rows` is a constant where this is called, and so is the step of one word: knowing it spares the
 * loop an integer register a row. */
INLINE void multiply_rows(int vectors, int rows, int columns, int words, const char *a,
                          size_t row_step, size_t word_step, const float *panel, const float *ahead,
                          float beta, float *c, size_t ldc)
{
    const int width = vectors * WIDTH;
    vfloat sums[MR][WIDE];
    int p = 0;
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
        for (int j = 0; j < vectors; j++)
            sums[i][j] = (vfloat){0};
    for (; p + STRIDE <= words; p += STRIDE, ahead += LINE) {
        __builtin_prefetch(ahead, 0, 2);
        for (int q = 0; q < STRIDE; q++, a += word_step, panel += width)
            add_products(vectors, rows, a, row_step, panel, sums);
    }
    for (; p < words; p++, a += word_step, panel += width)
        add_products(vectors, rows, a, row_step, panel, sums);
    if (columns == width) {
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                finish_full(sums[i][j], beta, c + (size_t)i * ldc + j * WIDTH);
    } else {
        float copy[MR * WIDE * WIDTH];
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                v_store(copy + i * width + j * WIDTH, sums[i][j], WIDTH);
        finish_part(rows, columns, copy, (size_t)width, beta, c, ldc);
    }
}

INLINE void multiply_steps(int vectors, int rows, int columns, int words, const char *a,
                           size_t row_step, size_t word_step, const float *panel,
                           const float *ahead, float beta, float *c, size_t ldc)
{
    if (word_step == 4)
        multiply_rows(vectors, rows, columns, words, a, row_step, 4, panel, ahead, beta, c, ldc);
    else
        multiply_rows(vectors, rows, columns, words, a, 4, word_step, panel, ahead, beta, c, ldc);
}

INLINE void multiply_any(int vectors, int rows, int columns, int words, const char *a,
                         size_t row_step, size_t word_step, const float *panel, const float *ahead,
                         float beta, float *c, size_t ldc)
{
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        multiply_steps(vectors, n, columns, words, a, row_step, word_step, panel, ahead, beta, c,  \
                       ldc);                                                                       \
        break
    switch (rows) {
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
#ifdef TILE_WIDE
        CASE(7);
        CASE(8);
#endif
    }
#undef CASE
}

/* --- words ------------------------------------------------------------------------------------ */

/* Element `at` as a float, rounded where it is to be. */
INLINE float source_float(enum tile_source source, const void *x, size_t at)
{
    const void *from = source_at(source, x, at);
    if (source == SOURCE_BFLOAT16)
        return bfloat16_to_float(*(const uint16_t *)from);
    const float value = *(const float *)from;
    return source == SOURCE_ROUNDED ? bfloat16_to_float(bfloat16_from_float(value)) : value;
}

#ifdef __AVX512BF16__

/* WIDTH elements as bfloat16, zeros behind the first `count`. */
INLINE vbfloat16 source_load(enum tile_source source, const void *from, int count)
{
    if (count <= 0)
        return (vbfloat16){0};
    return source == SOURCE_BFLOAT16 ? v_load_halves(from, count)
                                     : v_to_bfloat16(v_load(from, count));
}

/* WIDTH words along k from element `at` on; `count` elements are there. */
INLINE vfloat words_along(enum tile_source source, const void *x, size_t at, int count)
{
    const void *from = source_at(source, x, at);
    if (source == SOURCE_BFLOAT16 && count >= 2 * WIDTH)
        return *(const vloose *)from;
    const __m256i low = source_load(source, from, count);
    const __m256i high = source_load(source, source_at(source, x, at + WIDTH), count - WIDTH);
    return (vfloat)_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* A word of each of WIDTH columns, of which `count` are there: rows `at` and, where `left` says that
 * there is one more, the next. */
INLINE vfloat words_across(enum tile_source source, const void *x, size_t at, size_t ld, int left,
                           int count)
{
    const __m256i low = source_load(source, source_at(source, x, at), count);
    const __m256i high =
        left > 1 ? source_load(source, source_at(source, x, at + ld), count) : (vbfloat16){0};
    return (vfloat)_mm512_or_si512(_mm512_cvtepu16_epi32(low),
                                   _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16));
}

/* One word of k, of element `at` and, where it is there, the next. */
INLINE float word_at(enum tile_source source, const void *x, size_t at, int left)
{
    const uint32_t low = bfloat16_from_float(source_float(source, x, at));
    const uint32_t high = left > 1 ? bfloat16_from_float(source_float(source, x, at + 1)) : 0;
    const uint32_t word = low | high << 16;
    float bits;
    memcpy(&bits, &word, sizeof bits);
    return bits;
}

#else

INLINE vfloat words_along(enum tile_source source, const void *x, size_t at, int count)
{
    const void *from = source_at(source, x, at);
    if (source == SOURCE_BFLOAT16)
        return v_load_bfloat16(from, count);
    const vfloat values = v_load(from, count);
    return source == SOURCE_ROUNDED ? v_as(TYPE_BFLOAT16, values) : values;
}

INLINE vfloat words_across(enum tile_source source, const void *x, size_t at, size_t ld, int left,
                           int count)
{
    (void)ld;
    (void)left;
    return words_along(source, x, at, count);
}

INLINE float word_at(enum tile_source source, const void *x, size_t at, int left)
{
    (void)left;
    return source_float(source, x, at);
}

#endif

static int words_of(int k)
{
    return (k + WORD - 1) / WORD;
}

/* --- packing ---------------------------------------------------------------------------------- */

/* Panels from b [k, columns]: rows of b are cut into runs of width. */
INLINE void pack_rows(enum tile_source source, int vectors, int columns, int k, const void *b,
                      size_t ldb, float *packed)
{
    const int width = vectors * WIDTH;
    const size_t panel = (size_t)(words_of(k) * width);
    for (int p = 0; p < k; p += WORD, packed += width) {
        float *to = packed;
        for (int j = 0; j < columns; j += width, to += panel)
            for (int i = 0; i < width; i += WIDTH) {
                const size_t at = (size_t)p * ldb + (size_t)(j + i);
                const int count = columns - j - i;
                v_store(to + i,
                        count > 0 ? words_across(source, b, at, ldb, k - p, count) : (vfloat){0},
                        WIDTH);
            }
    }
}

/* How many elements ahead a row is fetched: a CPU's own prefetching does not follow as many rows at
 * once as are read here. */
enum { AHEAD = 8 * WIDTH * WORD };

/* Packs a square, WIDTH rows of b by WIDTH words of k, from element `at` on. */
INLINE void transpose_full(enum tile_source source, int width, const void *b, size_t at, size_t ldb,
                           float *packed)
{
    vfloat rows[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
        rows[i] = words_along(source, b, at + (size_t)i * ldb, WIDTH * WORD);
        __builtin_prefetch(source_at(source, b, at + (size_t)i * ldb + AHEAD));
    }
    transpose_square(rows);
    for (int p = 0; p < WIDTH; p++)
        v_store(packed + p * width, rows[p], WIDTH);
}

/* And one that is cut off, with k elements left: columns that are not there become 0. */
INLINE void transpose_part(enum tile_source source, int width, int columns, int k, const void *b,
                           size_t at, size_t ldb, float *packed)
{
    for (int p = 0; p < k; p += WORD, packed += width)
        for (int j = 0; j < WIDTH; j++)
            packed[j] =
                j < columns ? word_at(source, b, at + (size_t)j * ldb + (size_t)p, k - p) : 0;
}

/* A panel from rows of b. */
INLINE void pack_panel(enum tile_source source, int width, int columns, int k, const void *b,
                       size_t first, size_t ldb, float *packed)
{
    for (int j = 0; j < width; j += WIDTH)
        for (int p = 0; p < k; p += WIDTH * WORD) {
            const size_t at = first + (size_t)j * ldb + (size_t)p;
            float *to = packed + p / WORD * width + j;
            const int there = columns - j, left = k - p < WIDTH * WORD ? k - p : WIDTH * WORD;
            if (there >= WIDTH && left == WIDTH * WORD)
                transpose_full(source, width, b, at, ldb, to);
            else
                transpose_part(source, width, there, left, b, at, ldb, to);
        }
}

INLINE void pack_columns(enum tile_source source, int vectors, int columns, int k, const void *b,
                         size_t ldb, float *packed)
{
    const int width = vectors * WIDTH;
    for (int j = 0; j < columns; j += width)
        pack_panel(source, width, columns - j < width ? columns - j : width, k, b, (size_t)j * ldb,
                   ldb, packed + (size_t)j * (size_t)words_of(k));
}

INLINE void pack_any(enum tile_source source, int vectors, bool transposed, int columns, int k,
                     const void *b, size_t ldb, float *packed)
{
    if (transposed)
        BY_SOURCE(pack_columns, vectors, columns, k, b, ldb, packed);
    else
        BY_SOURCE(pack_rows, vectors, columns, k, b, ldb, packed);
}

/* --- copying ---------------------------------------------------------------------------------- */

INLINE void copy_rows(enum tile_source source, int rows, int k, const void *a, size_t lda,
                      float *copies)
{
    const int words = words_of(k);
    for (int i = 0; i < rows; i++, copies += words + TILE_ROW_MARGIN)
        for (int p = 0; p < words; p += WIDTH)
            v_store(copies + p,
                    words_along(source, a, (size_t)i * lda + (size_t)(p * WORD), k - p * WORD),
                    words - p);
}

static void copy(enum tile_source source, int rows, int k, const void *a, size_t lda, void *copies)
{
    BY_SOURCE(copy_rows, rows, k, a, lda, copies);
}

/* Rows of a that are fetched ahead of the one that is copied: they are lda apart, farther than a
 * CPU prefetches by itself. */
enum { ROWS_AHEAD = 8 };

/* Columns that are taken at a time: a multiple of MR and of WIDTH. */
enum { GROUPED_TOGETHER = 96 };

/* Words of up to GROUPED_TOGETHER columns from row p on go into groups. */
INLINE void group_run(enum tile_source source, int columns, const void *a, size_t at, size_t lda,
                      int left, float *groups, size_t group_step)
{
    float run[GROUPED_TOGETHER];
    const float *from = source == SOURCE_FLOAT ? (const float *)a + at : run;
    int r = 0;
    for (int i = 0; source != SOURCE_FLOAT && i < columns; i += WIDTH)
        v_store(run + i, words_across(source, a, at + (size_t)i, lda, left, columns - i), WIDTH);
    for (; r + MR <= columns; r += MR, groups += group_step)
        memcpy(groups, from + r, MR * sizeof *groups);
    for (int i = 0; r + i < columns; i++)
        groups[i] = from[r + i];
}

INLINE void group_columns(enum tile_source source, int rows, int k, const void *a, size_t lda,
                          float *groups, size_t group_step)
{
    for (int first = 0; first < rows; first += GROUPED_TOGETHER) {
        const int columns = rows - first < GROUPED_TOGETHER ? rows - first : GROUPED_TOGETHER;
        float *to = groups + (size_t)(first / MR) * group_step;
        for (int p = 0; p < k; p += WORD, to += MR) {
            const size_t at = (size_t)p * lda + (size_t)first;
            if (p + ROWS_AHEAD < k)
                for (int i = 0; i < columns; i += LINE)
                    for (int row = 0; row < WORD; row++)
                        __builtin_prefetch(source_at(
                            source, a, at + (size_t)(ROWS_AHEAD + row) * lda + (size_t)i));
            group_run(source, columns, a, at, lda, k - p, to, group_step);
        }
    }
}

static void group(enum tile_source source, int rows, int k, const void *a, size_t lda, void *groups,
                  size_t group_step)
{
    BY_SOURCE(group_columns, rows, k, a, lda, groups, group_step);
}

/* --- tiles ------------------------------------------------------------------------------------ */

/* A tile of so many vectors in a row. */
#define DEFINE_TILE(tile, vectors, multiply_it, pack_it)                                           \
    static void multiply_it(int rows, int columns, int words, const void *a, size_t row_step,      \
                            size_t word_step, const void *panel, const void *ahead, float beta,    \
                            float *c, size_t ldc)                                                  \
    {                                                                                              \
        multiply_any(vectors, rows, columns, words, a, row_step, word_step, panel, ahead, beta, c, \
                     ldc);                                                                         \
    }                                                                                              \
    static void pack_it(enum tile_source source, bool transposed, int columns, int k,              \
                        const void *b, size_t ldb, void *packed)                                   \
    {                                                                                              \
        pack_any(source, vectors, transposed, columns, k, b, ldb, packed);                         \
    }                                                                                              \
    const struct tile_kernels tile = {.name = TILE_NAME,                                           \
                                      .type = TILE_TYPE,                                           \
                                      .rows = MR,                                                  \
                                      .columns = (vectors)*WIDTH,                                  \
                                      .k_unit = WORD,                                              \
                                      .multiply = multiply_it,                                     \
                                      .pack = pack_it,                                             \
                                      .copy = copy,                                                \
                                      .group = group}

DEFINE_TILE(TILE, NARROW, multiply_narrow, pack_narrow);
#ifdef TILE_WIDE
DEFINE_TILE(TILE_WIDE, WIDE, multiply_wide, pack_wide);
#endif
