/* The inner loops of matrix products (tile.h), written over vector types and compiled once for each
 * instruction set: tile_v3, tile_v4. What matters is that the compiler keeps all sums of a tile in
 * registers: so loops over a tile have constant bounds, are unrolled, and are inlined into a
 * function for each number of rows. */
#include "tile.h"

#include "vector_math.h"

#ifdef __AVX512F__
#define TILE tile_v4
/* 16 of the 32 registers hold sums: enough to hide the latency of an addition, and 8 divides BERT's
 * shapes. */
enum { MR = 8 };
#else
#define TILE tile_v3
enum { MR = 6 }; /* 12 of the 16 registers hold sums */
#endif

enum { VECTORS = 2, NR = VECTORS * WIDTH };

/* A vector that lies at any float. */
typedef float vloose __attribute__((vector_size(WIDTH * 4), aligned(4)));

#define INLINE static inline __attribute__((always_inline))

/* --- multiplying ------------------------------------------------------------------------------ */

/* C = sums + beta C for a tile that reaches beyond the last column. It is no inner loop: its sums
 * come in memory. */
static void finish_part(int rows, int columns, const vfloat *sums, float beta, float *c, size_t ldc)
{
    for (int i = 0; i < rows; i++, c += ldc)
        for (int j = 0; j * WIDTH < columns; j++) {
            const int left = columns - j * WIDTH;
            vfloat x = sums[i * VECTORS + j];
            if (beta != 0)
                x += v_load(c + j * WIDTH, left) * beta;
            v_store(c + j * WIDTH, x, left);
        }
}

/* The same for a vector of a whole tile. */
INLINE void finish_full(vfloat sum, float beta, float *c)
{
    vloose *at = (vloose *)(void *)c;
    *at = beta == 0 ? sum : sum + *at * beta;
}

/* One step of k: a number of each row of A times a row of the panel. */
INLINE void add_products(int rows, const float *a, size_t row_step, const float *panel,
                         vfloat sums[MR][VECTORS])
{
    const vfloat b0 = *(const vloose *)(const void *)panel;
    const vfloat b1 = *(const vloose *)(const void *)(panel + WIDTH);
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
        sums[i][0] += a[(size_t)i * row_step] * b0;
        sums[i][1] += a[(size_t)i * row_step] * b1;
    }
}

/* A line of the cache is fetched every STRIDE steps of k: 2 k elements in all, as tile.h says. */
enum { STRIDE = 8, LINE = 16 };

/* `rows` is a constant where this is called, and so is the step that is 1: knowing it spares the
 * loop an integer register a row. */
INLINE void multiply_rows(int rows, int columns, int k, const float *a, size_t row_step,
                          size_t k_step, const float *panel, const float *ahead, float beta,
                          float *c, size_t ldc)
{
    vfloat sums[MR][VECTORS];
    int p = 0;
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
        sums[i][0] = sums[i][1] = (vfloat){0};
    for (; p + STRIDE <= k; p += STRIDE, ahead += LINE) {
        __builtin_prefetch(ahead, 0, 2);
        for (int q = 0; q < STRIDE; q++, a += k_step, panel += NR)
            add_products(rows, a, row_step, panel, sums);
    }
    for (; p < k; p++, a += k_step, panel += NR)
        add_products(rows, a, row_step, panel, sums);
    if (columns == NR) {
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            finish_full(sums[i][0], beta, c + (size_t)i * ldc);
            finish_full(sums[i][1], beta, c + (size_t)i * ldc + WIDTH);
        }
    } else {
        vfloat copy[MR * VECTORS];
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            copy[2 * i] = sums[i][0];
            copy[2 * i + 1] = sums[i][1];
        }
        finish_part(rows, columns, copy, beta, c, ldc);
    }
}

INLINE void multiply_steps(int rows, int columns, int k, const float *a, int row_step, int k_step,
                           const float *panel, const float *ahead, float beta, float *c, int ldc)
{
    if (k_step == 1)
        multiply_rows(rows, columns, k, a, (size_t)row_step, 1, panel, ahead, beta, c, (size_t)ldc);
    else
        multiply_rows(rows, columns, k, a, 1, (size_t)k_step, panel, ahead, beta, c, (size_t)ldc);
}

static void multiply(int rows, int columns, int k, const float *a, int row_step, int k_step,
                     const float *panel, const float *ahead, float beta, float *c, int ldc)
{
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        multiply_steps(n, columns, k, a, row_step, k_step, panel, ahead, beta, c, ldc);            \
        break
    switch (rows) {
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
#ifdef __AVX512F__
        CASE(7);
        CASE(8);
#endif
    }
#undef CASE
}

/* --- packing ---------------------------------------------------------------------------------- */

/* Panels from b [k, columns]: rows of b are cut into runs of NR. */
static void pack_rows(int columns, int k, const float *b, int ldb, float *packed)
{
    for (int p = 0; p < k; p++, b += ldb, packed += NR)
        for (int j = 0; j < columns; j += NR) {
            float *to = packed + (size_t)j * (size_t)k;
            for (int i = 0; i < NR; i += WIDTH)
                v_store(to + i, columns > j + i ? v_load(b + j + i, columns - j - i) : (vfloat){0},
                        WIDTH);
        }
}

/* One of the log2(WIDTH) steps of transposing a square of WIDTH vectors: in each pair of vectors
 * that are `half` apart, the upper `half` lanes of every 2 half of the first change places with the
 * lower ones of the second. */
INLINE void swap_blocks(vfloat rows[WIDTH], int half)
{
    vint low, high;
    for (int lane = 0; lane < WIDTH; lane++) {
        low[lane] = lane & half ? WIDTH + lane - half : lane;
        high[lane] = lane & half ? WIDTH + lane : lane + half;
    }
    for (int i = 0; i < WIDTH; i++)
        if (!(i & half)) {
            vfloat a = rows[i], b = rows[i + half];
            rows[i] = __builtin_shuffle(a, b, low);
            rows[i + half] = __builtin_shuffle(a, b, high);
        }
}

/* How far ahead elements of a row are fetched: a CPU's own prefetching does not follow as many rows
 * at once as are read here. */
enum { AHEAD = 8 * WIDTH };

/* Packs a square, WIDTH rows of b by WIDTH places of k. */
INLINE void transpose_full(const float *b, size_t ldb, float *packed)
{
    vfloat rows[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
        rows[i] = v_load(b + (size_t)i * ldb, WIDTH);
        __builtin_prefetch(b + (size_t)i * ldb + AHEAD);
    }
    swap_blocks(rows, 1);
    swap_blocks(rows, 2);
    swap_blocks(rows, 4);
#ifdef __AVX512F__
    swap_blocks(rows, 8);
#endif
    for (int p = 0; p < WIDTH; p++)
        v_store(packed + (size_t)p * NR, rows[p], WIDTH);
}

/* And one that is cut off: columns that are not there become 0. */
static void transpose_part(int columns, int k, const float *b, size_t ldb, float *packed)
{
    for (int p = 0; p < k; p++)
        for (int j = 0; j < WIDTH; j++)
            packed[(size_t)p * NR + (size_t)j] = j < columns ? b[(size_t)j * ldb + (size_t)p] : 0;
}

/* A panel, [k, NR], from rows of b. */
static void pack_panel(int columns, int k, const float *b, size_t ldb, float *packed)
{
    for (int j = 0; j < NR; j += WIDTH)
        for (int p = 0; p < k; p += WIDTH) {
            const float *from = b + (size_t)j * ldb + p;
            float *to = packed + (size_t)p * NR + j;
            const int there = columns - j, left = k - p < WIDTH ? k - p : WIDTH;
            if (there >= WIDTH && left == WIDTH)
                transpose_full(from, ldb, to);
            else
                transpose_part(there, left, from, ldb, to);
        }
}

static void pack(bool transposed, int columns, int k, const float *b, int ldb, float *packed)
{
    if (!transposed) {
        pack_rows(columns, k, b, ldb, packed);
        return;
    }
    for (int j = 0; j < columns; j += NR)
        pack_panel(columns - j < NR ? columns - j : NR, k, b + (size_t)j * (size_t)ldb, (size_t)ldb,
                   packed + (size_t)j * (size_t)k);
}

/* Rows of a that are fetched ahead of the one that is copied: they are lda apart, farther than a
 * CPU prefetches by itself. */
enum { ROWS_AHEAD = 8 };

static void group_columns(int rows, int k, const float *a, int lda, float *groups,
                          size_t group_step)
{
    for (int p = 0; p < k; p++, a += lda, groups += MR) {
        float *to = groups;
        int r = 0;
        if (p + ROWS_AHEAD < k)
            for (int i = 0; i < rows; i += LINE)
                __builtin_prefetch(a + (size_t)ROWS_AHEAD * (size_t)lda + i);
        for (; r + MR <= rows; r += MR, to += group_step)
            memcpy(to, a + r, MR * sizeof *to);
        for (int i = 0; r + i < rows; i++)
            to[i] = a[r + i];
    }
}

const struct tile_kernels TILE = {
    .rows = MR, .columns = NR, .multiply = multiply, .pack = pack, .group = group_columns};
