/* The inner loop of matrix products with AMX-BF16 (tile.h): tile_v4_amx. Panels of B and copies of A
 * are those of AVX512_BF16 (tile_vector.c), since both multiply pairs along k.
 *
 * C [32, 32] is four of the processor's tiles, A two, [16, 16] words each, B two:
 *
 *                 tmm6  tmm7
 *          tmm4   tmm0  tmm1
 *          tmm5   tmm2  tmm3
 *
 * So each tile that is loaded is multiplied twice. Tiles always have their whole size: shaping them
 * anew for an edge of C would take as long as three steps of k. What lies at an edge goes through
 * memory with zeros around it instead, and gets the same bits as in the middle. */
#include "amx.h"

#include <immintrin.h>

#define TILE_TYPE TYPE_BFLOAT16
#include "tile_parts.h"
#include "transpose.h"

enum { HALF = AMX_ROWS, STEP = AMX_WORDS, MR = 2 * HALF, NR = 2 * STEP };

/* --- tiles ------------------------------------------------------------------------------------ */

_Thread_local bool amx_configured;

void amx_configure(void)
{
    static const struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } shapes = {.palette = 1,
                .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                .rows = {16, 16, 16, 16, 16, 16, 16, 16}};
    _Static_assert(sizeof shapes == 64, "as LDTILECFG reads it");
    _tile_loadconfig(&shapes);
    amx_configured = true;
}

/* The compiler does not know that instructions which load tiles read memory: what was written for
 * them is to be there. */
INLINE void settle(void)
{
    __asm__ volatile("" ::: "memory");
}

/* --- multiplying ------------------------------------------------------------------------------ */

enum { LINE = 64, LINES = 2 * STEP * 4 / LINE }; /* 2 words ahead for each word of k */

/* 16 words of k: of A from both halves of its rows, of B from the panel, and whether the lower half
 * of C, and its right half, are there at all. */
INLINE void add_products(const char *upper, const char *lower, size_t row_step, const float *panel,
                         const char *ahead, bool below, bool right)
{
    for (int line = 0; line < LINES; line++)
        __builtin_prefetch(ahead + line * LINE, 0, 2);
    _tile_loadd(6, panel, NR * sizeof *panel);
    _tile_loadd(4, upper, row_step);
    _tile_dpbf16ps(0, 4, 6);
    if (right) {
        _tile_loadd(7, panel + STEP, NR * sizeof *panel);
        _tile_dpbf16ps(1, 4, 7);
    }
    if (!below)
        return;
    _tile_loadd(5, lower, row_step);
    _tile_dpbf16ps(2, 5, 6);
    if (right)
        _tile_dpbf16ps(3, 5, 7);
}

/* Rows of A of which not all are there, or not all words. */
INLINE void pad_rows(int rows, int words, const char *a, size_t row_step, float padded[MR][STEP])
{
    for (int i = 0; i < rows; i++)
        v_store(padded[i], v_load((const float *)(const void *)(a + (size_t)i * row_step), words),
                STEP);
    for (int i = rows; i < (rows > HALF ? MR : HALF); i++)
        v_store(padded[i], (vfloat){0}, STEP);
}

INLINE void pad_panel(int words, const float *panel, float padded[STEP][NR])
{
    for (int p = 0; p < STEP; p++)
        for (int j = 0; j < NR; j += WIDTH)
            v_store(padded[p] + j, p < words ? v_load(panel + p * NR + j, WIDTH) : (vfloat){0},
                    WIDTH);
}

/* What C begins with where it is added to. */
INLINE void load_sums(const float *c, size_t ldc)
{
    const size_t step = ldc * sizeof *c;
    settle();
    _tile_loadd(0, c, step);
    _tile_loadd(1, c + STEP, step);
    _tile_loadd(2, c + HALF * ldc, step);
    _tile_loadd(3, c + HALF * ldc + STEP, step);
}

INLINE void store_sums(float *c, size_t ldc)
{
    const size_t step = ldc * sizeof *c;
    _tile_stored(0, c, step);
    _tile_stored(1, c + STEP, step);
    _tile_stored(2, c + HALF * ldc, step);
    _tile_stored(3, c + HALF * ldc + STEP, step);
}

/* Part of C, or all of it, as a whole tile with zeros around it. */
static void take_part(int rows, int columns, const float *c, size_t ldc, float part[MR][NR])
{
    memset(part, 0, MR * sizeof *part);
    for (int i = 0; i < rows; i++, c += ldc)
        for (int j = 0; j < columns; j += WIDTH)
            v_store(part[i] + j, v_load(c + j, columns - j), WIDTH);
}

/* All words of k. */
INLINE void add_all(int rows, int columns, int words, const char *a, size_t row_step,
                    const float *panel, const char *ahead)
{
    enum { BYTES = STEP * sizeof(float) };
    const bool below = rows > HALF, right = columns > STEP;
    settle();
    if (rows == MR && right)
        for (; words >= STEP; words -= STEP, a += BYTES, panel += STEP * NR, ahead += LINES * LINE)
            add_products(a, a + HALF * row_step, row_step, panel, ahead, true, true);
    for (; words > 0; words -= STEP, a += BYTES, panel += STEP * NR, ahead += LINES * LINE) {
        float padded_rows[MR][STEP] __attribute__((aligned(64)));
        float padded_panel[STEP][NR] __attribute__((aligned(64)));
        const char *upper = a, *lower = a + HALF * row_step;
        const float *b = panel;
        size_t step = row_step;
        if (words < STEP || rows < MR) {
            pad_rows(rows, words, a, row_step, padded_rows);
            upper = (const char *)padded_rows;
            lower = (const char *)padded_rows[HALF];
            step = sizeof *padded_rows;
        }
        if (words < STEP) {
            pad_panel(words, panel, padded_panel);
            b = padded_panel[0];
        }
        settle();
        add_products(upper, lower, step, b, ahead, below, right);
    }
}

/* Words follow each other in A, as groups are rows. */
static void multiply(int rows, int columns, int words, const void *a, size_t row_step,
                     size_t word_step, const void *panel, const void *ahead, float beta, float *c,
                     size_t ldc)
{
    float part[MR][NR] __attribute__((aligned(64)));
    const bool whole = rows == MR && columns == NR;
    (void)word_step;
    amx_begin();
    if (beta != 1) {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    } else if (whole) {
        load_sums(c, ldc);
    } else {
        take_part(rows, columns, c, ldc, part);
        load_sums(part[0], NR);
    }
    add_all(rows, columns, words, a, row_step, panel, ahead);
    if (whole && (beta == 0 || beta == 1)) {
        store_sums(c, ldc);
        return;
    }
    store_sums(part[0], NR);
    finish_part(rows, columns, part[0], NR, beta == 1 ? 0 : beta, c, ldc);
}

/* --- operands --------------------------------------------------------------------------------- */

static void pack(enum tile_source source, bool transposed, int columns, int k, const void *b,
                 size_t ldb, void *packed)
{
    tile_v4_bf16.pack(source, transposed, columns, k, b, ldb, packed);
}

static void copy(enum tile_source source, int rows, int k, const void *a, size_t lda, void *copies)
{
    tile_v4_bf16.copy(source, rows, k, a, lda, copies);
}

/* From a panel, or the words of it that are there, to rows `step` words apart. */
INLINE void turn_square(int columns, int words, const float *panel, float *rows, size_t step)
{
    vfloat square[WIDTH];
    for (int p = 0; p < WIDTH; p++)
        square[p] = p < words ? v_load(panel + p * NR, WIDTH) : (vfloat){0};
    transpose_square(square);
    for (int i = 0; i < columns; i++)
        v_store(rows + (size_t)i * step, square[i], words);
}

/* Columns of A are first interleaved as those of B are, a few words of k at a time, which then lie
 * in the first-level cache. */
static void group(enum tile_source source, int rows, int k, const void *a, size_t lda, void *groups,
                  size_t group_step)
{
    enum { TOGETHER = 4 * NR };
    float panels[TOGETHER * STEP] __attribute__((aligned(64)));
    const int words = (k + 1) / 2;
    const size_t step = (size_t)words + TILE_ROW_MARGIN;
    for (int first = 0; first < rows; first += TOGETHER)
        for (int p = 0; p < words; p += STEP) {
            const int columns = rows - first < TOGETHER ? rows - first : TOGETHER;
            const int left = words - p < STEP ? words - p : STEP;
            const int depth = k - 2 * p < 2 * STEP ? k - 2 * p : 2 * STEP;
            const void *from = source_at(source, a, (size_t)(2 * p) * lda + (size_t)first);
            tile_v4_bf16.pack(source, false, columns, depth, from, lda, panels);
            for (int i = 0; i < columns; i += WIDTH) {
                const int row = first + i;
                float *to = (float *)groups + (size_t)(row / MR) * group_step +
                            (size_t)(row % MR) * step + (size_t)p;
                turn_square(columns - i < WIDTH ? columns - i : WIDTH, left,
                            panels + i / NR * NR * left + i % NR, to, step);
            }
        }
}

const struct tile_kernels tile_v4_amx = {.name = "AMX-BF16",
                                         .note = "the speed of AMX was never measured",
                                         .type = TILE_TYPE,
                                         .rows = MR,
                                         .columns = NR,
                                         .k_unit = 2,
                                         .groups_are_rows = true,
                                         .multiply = multiply,
                                         .pack = pack,
                                         .copy = copy,
                                         .group = group};
