/* The inner loops of matrix products with BFMMLA (tile.h): tile_neon_bf16, and with wider tiles
 * tile_neon_bf16_wide.
 *
 * One instruction adds to a block of C, 2 x 2, the product of two rows of A and two columns of B,
 * four elements of k of each. So panels of B are [k / 4, NR, 4], k is padded to a multiple of 4, and
 * rows of A, which groups are too, are read two at a time, 8 bytes of each.
 *
 * Without the extension EBF16, which has to be asked for, BFMMLA takes denormals for zeros, makes
 * zeros of them, and rounds to odd: each of four products is exact, two are added, and so is that to
 * the sum. Conversions to bfloat16 round to nearest and keep denormals. */
#include <arm_neon.h>

#define TILE_TYPE TYPE_BFLOAT16
#include "tile_parts.h"

/* UNIT elements of k. 16 or 24 of the 32 registers hold blocks of C, as in tile_vector.c. */
enum { MR = 8, UNIT = 4, UNIT_WORDS = UNIT / 2, NARROW = 4, WIDE = 6 };

/* --- multiplying ------------------------------------------------------------------------------ */

/* Row i, and where there is one more the next, UNIT elements of each. */
INLINE bfloat16x8_t two_rows(int rows, int i, const char *a, size_t row_step)
{
    const uint16_t *row = (const uint16_t *)(const void *)(a + (size_t)i * row_step);
    const uint16_t *next = (const uint16_t *)(const void *)(a + (size_t)(i + 1) * row_step);
    return vreinterpretq_bf16_u16(
        vcombine_u16(vld1_u16(row), i + 1 < rows ? vld1_u16(next) : vdup_n_u16(0)));
}

/* One unit of k. */
INLINE void add_products(int pairs, int rows, const char *a, size_t row_step, const uint16_t *panel,
                         float32x4_t sums[MR / 2][WIDE])
{
    bfloat16x8_t of_a[MR / 2];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i += 2)
        of_a[i / 2] = two_rows(rows, i, a, row_step);
#pragma GCC unroll 8
    for (int j = 0; j < pairs; j++) {
        const bfloat16x8_t of_b = vreinterpretq_bf16_u16(vld1q_u16(panel + j * 2 * UNIT));
#pragma GCC unroll 8
        for (int i = 0; i < rows; i += 2)
            sums[i / 2][j] = vbfmmlaq_f32(sums[i / 2][j], of_a[i / 2], of_b);
    }
}

/* Columns 4 j to 4 j + 3 of row i, from the blocks of two pairs of columns. */
INLINE vfloat part_of_row(float32x4_t sums[MR / 2][WIDE], int i, int j)
{
    const float64x2_t left = vreinterpretq_f64_f32(sums[i / 2][2 * j]);
    const float64x2_t right = vreinterpretq_f64_f32(sums[i / 2][2 * j + 1]);
    return (vfloat)(i % 2 == 0 ? vzip1q_f64(left, right) : vzip2q_f64(left, right));
}

/* A line of the cache is fetched every STRIDE words of k: 2 words for each, as tile.h says. */
enum { STRIDE = 8, LINE = 16 };

/* `rows` is a constant where this is called. */
INLINE void multiply_rows(int pairs, int rows, int columns, int words, const char *a,
                          size_t row_step, const uint16_t *panel, const float *ahead, float beta,
                          float *c, size_t ldc)
{
    enum { BYTES = UNIT_WORDS * sizeof(float) };
    const int width = 2 * pairs, vectors = width / WIDTH;
    float32x4_t sums[MR / 2][WIDE];
    int p = 0;
#pragma GCC unroll 8
    for (int i = 0; i < rows; i += 2)
#pragma GCC unroll 8
        for (int j = 0; j < pairs; j++)
            sums[i / 2][j] = vdupq_n_f32(0);
    for (; p + STRIDE <= words; p += STRIDE, ahead += LINE) {
        __builtin_prefetch(ahead, 0, 2);
        for (int q = 0; q < STRIDE; q += UNIT_WORDS, a += BYTES, panel += width * UNIT)
            add_products(pairs, rows, a, row_step, panel, sums);
    }
    for (; p < words; p += UNIT_WORDS, a += BYTES, panel += width * UNIT)
        add_products(pairs, rows, a, row_step, panel, sums);
    if (columns == width) {
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                finish_full(part_of_row(sums, i, j), beta, c + (size_t)i * ldc + j * WIDTH);
    } else {
        float copy[MR * 2 * WIDE];
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                v_store(copy + i * width + j * WIDTH, part_of_row(sums, i, j), WIDTH);
        finish_part(rows, columns, copy, (size_t)width, beta, c, ldc);
    }
}

INLINE void multiply_any(int pairs, int rows, int columns, int words, const char *a,
                         size_t row_step, const uint16_t *panel, const float *ahead, float beta,
                         float *c, size_t ldc)
{
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        multiply_rows(pairs, n, columns, words, a, row_step, panel, ahead, beta, c, ldc);          \
        break
    switch (rows) {
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
        CASE(7);
        CASE(8);
    }
#undef CASE
}

/* --- operands --------------------------------------------------------------------------------- */

/* Elements of k, padded. */
static int padded_of(int k)
{
    return (k + UNIT - 1) / UNIT * UNIT;
}

static size_t copied_row(int k)
{
    return (size_t)(padded_of(k) / 2 + TILE_ROW_MARGIN) * 2;
}

/* Elements from `at` on as bfloat16, zeros behind the first `count`. */
INLINE uint16x8_t load_eight(enum tile_source source, const void *x, size_t at, int count)
{
    uint16_t some[8] = {0};
    const void *from = source_at(source, x, at);
    if (count <= 0)
        return vdupq_n_u16(0);
    if (source == SOURCE_BFLOAT16 && count >= 8)
        return vld1q_u16(from);
    if (source == SOURCE_ROUNDED && count > WIDTH)
        return vcombine_u16(v_to_bfloat16(v_load(from, WIDTH)),
                            v_to_bfloat16(v_load((const float *)from + WIDTH, count - WIDTH)));
    if (source == SOURCE_ROUNDED)
        return vcombine_u16(v_to_bfloat16(v_load(from, count)), vdup_n_u16(0));
    memcpy(some, from, (size_t)count * sizeof *some);
    return vld1q_u16(some);
}

/* How many rows of k ahead are fetched where they are far apart. */
enum { ROWS_AHEAD = 2 * UNIT };

/* UNIT rows of x [k, columns] by eight columns, from element `at` on, of which `left` rows and
 * `columns` columns are there: of each column its UNIT elements, two columns in a vector. */
INLINE void load_turned(enum tile_source source, const void *x, size_t at, size_t ld, int left,
                        int columns, uint16x8_t pairs[4])
{
    uint16x8_t row[UNIT];
#pragma GCC unroll 4
    for (int q = 0; q < UNIT; q++) {
        row[q] = load_eight(source, x, at + (size_t)q * ld, q < left ? columns : 0);
        if (q + ROWS_AHEAD < left)
            __builtin_prefetch(source_at(source, x, at + (size_t)(q + ROWS_AHEAD) * ld));
    }
    const uint32x4_t low01 = vreinterpretq_u32_u16(vzip1q_u16(row[0], row[1]));
    const uint32x4_t low23 = vreinterpretq_u32_u16(vzip1q_u16(row[2], row[3]));
    const uint32x4_t high01 = vreinterpretq_u32_u16(vzip2q_u16(row[0], row[1]));
    const uint32x4_t high23 = vreinterpretq_u32_u16(vzip2q_u16(row[2], row[3]));
    pairs[0] = vreinterpretq_u16_u32(vzip1q_u32(low01, low23));
    pairs[1] = vreinterpretq_u16_u32(vzip2q_u32(low01, low23));
    pairs[2] = vreinterpretq_u16_u32(vzip1q_u32(high01, high23));
    pairs[3] = vreinterpretq_u16_u32(vzip2q_u32(high01, high23));
}

/* Panels from b [k, columns]. */
INLINE void pack_rows(enum tile_source source, int width, int columns, int k, const void *b,
                      size_t ldb, uint16_t *packed)
{
    const int all = (columns + width - 1) / width * width;
    const size_t panel = (size_t)(padded_of(k) * width);
    for (int p = 0; p < k; p += UNIT, packed += width * UNIT)
        for (int j = 0; j < all; j += 8) {
            uint16x8_t pairs[4];
            load_turned(source, b, (size_t)p * ldb + (size_t)j, ldb, k - p, columns - j, pairs);
            for (int i = 0; i < 4 && j + 2 * i < all; i++) {
                const int column = j + 2 * i;
                vst1q_u16(packed + (size_t)(column / width) * panel + column % width * UNIT,
                          pairs[i]);
            }
        }
}

/* Column `at` of a panel, from a row of b. */
INLINE void pack_column(enum tile_source source, int width, int k, const void *b, size_t at,
                        uint16_t *packed)
{
    for (int p = 0; p < k; p += 2 * UNIT, packed += 2 * width * UNIT) {
        const uint16x8_t both = load_eight(source, b, at + (size_t)p, k - p);
        vst1_u16(packed, vget_low_u16(both));
        if (k - p > UNIT)
            vst1_u16(packed + width * UNIT, vget_high_u16(both));
    }
}

/* Panels from b [columns, k]. */
INLINE void pack_columns(enum tile_source source, int width, int columns, int k, const void *b,
                         size_t ldb, uint16_t *packed)
{
    const int all = (columns + width - 1) / width * width;
    const size_t panel = (size_t)(padded_of(k) * width);
    for (int j = 0; j < all; j++) {
        uint16_t *column = packed + (size_t)(j / width) * panel + j % width * UNIT;
        if (j < columns)
            pack_column(source, width, k, b, (size_t)j * ldb, column);
        for (int p = 0; j >= columns && p < k; p += UNIT, column += width * UNIT)
            vst1_u16(column, vdup_n_u16(0));
    }
}

INLINE void pack_any(enum tile_source source, int width, bool transposed, int columns, int k,
                     const void *b, size_t ldb, uint16_t *packed)
{
    if (transposed)
        BY_SOURCE(pack_columns, width, columns, k, b, ldb, packed);
    else
        BY_SOURCE(pack_rows, width, columns, k, b, ldb, packed);
}

INLINE void copy_rows(enum tile_source source, int rows, int k, const void *a, size_t lda,
                      uint16_t *copies)
{
    for (int i = 0; i < rows; i++, copies += copied_row(k))
        for (int p = 0; p < k; p += 2 * UNIT) {
            const uint16x8_t both = load_eight(source, a, (size_t)i * lda + (size_t)p, k - p);
            vst1_u16(copies + p, vget_low_u16(both));
            if (k - p > UNIT)
                vst1_u16(copies + p + UNIT, vget_high_u16(both));
        }
}

static void copy(enum tile_source source, int rows, int k, const void *a, size_t lda, void *copies)
{
    BY_SOURCE(copy_rows, rows, k, a, lda, copies);
}

/* Row `row` of the groups, MR of them in each, group_step elements from one to the next. */
INLINE uint16_t *grouped_row(uint16_t *groups, size_t group_step, int k, int row)
{
    return groups + (size_t)(row / MR) * group_step + (size_t)(row % MR) * copied_row(k);
}

INLINE void group_columns(enum tile_source source, int rows, int k, const void *a, size_t lda,
                          uint16_t *groups, size_t group_step)
{
    for (int p = 0; p < k; p += UNIT)
        for (int first = 0; first < rows; first += 8) {
            uint16x8_t pairs[4];
            load_turned(source, a, (size_t)p * lda + (size_t)first, lda, k - p, rows - first,
                        pairs);
            for (int i = 0; i < 8 && first + i < rows; i++)
                vst1_u16(grouped_row(groups, group_step, k, first + i) + p,
                         i % 2 == 0 ? vget_low_u16(pairs[i / 2]) : vget_high_u16(pairs[i / 2]));
        }
}

static void group(enum tile_source source, int rows, int k, const void *a, size_t lda, void *groups,
                  size_t group_step)
{
    BY_SOURCE(group_columns, rows, k, a, lda, groups, 2 * group_step);
}

/* --- tiles ------------------------------------------------------------------------------------ */

/* A tile of so many pairs of columns. */
#define DEFINE_TILE(tile, pairs, multiply_it, pack_it)                                             \
    static void multiply_it(int rows, int columns, int words, const void *a, size_t row_step,      \
                            size_t word_step, const void *panel, const void *ahead, float beta,    \
                            float *c, size_t ldc)                                                  \
    {                                                                                              \
        (void)word_step;                                                                           \
        multiply_any(pairs, rows, columns, words, a, row_step, panel, ahead, beta, c, ldc);        \
    }                                                                                              \
    static void pack_it(enum tile_source source, bool transposed, int columns, int k,              \
                        const void *b, size_t ldb, void *packed)                                   \
    {                                                                                              \
        pack_any(source, 2 * (pairs), transposed, columns, k, b, ldb, packed);                     \
    }                                                                                              \
    const struct tile_kernels tile = {.name = "BFMMLA",                                            \
                                      .note = "the speed of BFMMLA was never measured",            \
                                      .type = TILE_TYPE,                                           \
                                      .rows = MR,                                                  \
                                      .columns = 2 * (pairs),                                      \
                                      .k_unit = UNIT,                                              \
                                      .groups_are_rows = true,                                     \
                                      .multiply = multiply_it,                                     \
                                      .pack = pack_it,                                             \
                                      .copy = copy,                                                \
                                      .group = group}

DEFINE_TILE(tile_neon_bf16, NARROW, multiply_narrow, pack_narrow);
DEFINE_TILE(tile_neon_bf16_wide, WIDE, multiply_wide, pack_wide);
