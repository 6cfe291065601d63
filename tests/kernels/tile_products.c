#include "tile_products.h"

#include "lib/unit.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "emulated_cpu.h"
#include "fence.h"
#include "lambert/base/minmax.h"
#include "lambert/base/rng.h"

static const double U = 0x1p-24;
static const float FOREIGN = 12345;

static const char *const source_names[] = {"float", "rounded", "bfloat16"};

/* --- operands --------------------------------------------------------------------------------- */

enum { MOST_DEPTH = 400, GAP = 5, FRONT = 7 };
enum { MOST_LINES = 2 * TILE_MOST_COLUMNS }; /* two panels, or two groups */
enum { MOST_STORED = MOST_LINES * (MOST_DEPTH + GAP) + MOST_DEPTH * GAP };
enum { MOST_READY = MOST_LINES * (MOST_DEPTH + TILE_MOST_K_UNIT + TILE_ROW_MARGIN) };

/* Memory that ends at a fence, whatever is taken of it. */
static struct {
    char *a, *b;          /* as they are given, [MOST_STORED] floats */
    float *rows, *panels; /* as the tile wants them, [MOST_READY] */
    float *c;             /* [MOST_C] */
} memory;
enum { MOST_C = FRONT + MOST_LINES * (MOST_LINES + GAP) };

static void memory_take(void)
{
    if (memory.a)
        return;
    memory.a = fence_new(MOST_STORED * sizeof(float));
    memory.b = fence_new(MOST_STORED * sizeof(float));
    memory.rows = fence_new(MOST_READY * sizeof(float));
    memory.panels = fence_new(MOST_READY * sizeof(float));
    memory.c = fence_new(MOST_C * sizeof(float));
}

/* An operand: `lines` rows of A, or columns of B, of k elements each. */
struct operand {
    enum tile_source source;
    int lines, k;
    float given[MOST_LINES][MOST_DEPTH];
    float seen[MOST_LINES][MOST_DEPTH]; /* by the product */
};

static void operand_set(struct operand *o, int line, int p, float value)
{
    const float rounded = bfloat16_to_float(bfloat16_from_float(value));
    o->given[line][p] = o->source == SOURCE_BFLOAT16 ? rounded : value;
    o->seen[line][p] = o->source == SOURCE_FLOAT ? value : rounded;
}

/* An operand in memory, which ends at its last element. */
struct stored {
    const void *x;
    size_t ld;
};

static void store_element(enum tile_source source, void *x, size_t at, float value)
{
    if (source == SOURCE_BFLOAT16)
        ((uint16_t *)x)[at] = bfloat16_from_float(value);
    else
        ((float *)x)[at] = value;
}

/* `lines` of them; along_k: as rows of k elements, else as k rows with an element of each. As GAP
 * is odd, rows of bfloat16 begin at any multiple of two bytes. */
static struct stored operand_store(const struct operand *o, int lines, bool along_k, char *at)
{
    const int rows = along_k ? lines : o->k, columns = along_k ? o->k : lines, ld = columns + GAP;
    const size_t size = (size_t)(rows - 1) * (size_t)ld + (size_t)columns;
    const size_t element = o->source == SOURCE_BFLOAT16 ? sizeof(uint16_t) : sizeof(float);
    char *x = at + MOST_STORED * sizeof(float) - size * element;
    assert_in_range(size, 1, MOST_STORED);
    for (size_t i = 0; i < size; i++)
        store_element(o->source, x, i, NAN);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            store_element(o->source, x, (size_t)i * (size_t)ld + (size_t)j,
                          along_k ? o->given[i][j] : o->given[j][i]);
    return (struct stored){x, (size_t)ld};
}

/* The last `words` of such memory, all NaN. */
static float *last_words(float *at, size_t most, size_t words)
{
    assert_in_range(words, 0, most);
    float *x = at + most - words;
    for (size_t i = 0; i < words; i++)
        x[i] = NAN;
    return x;
}

/* --- what a tile multiplies ------------------------------------------------------------------- */

/* How A comes to it. */
enum way { WHERE_IT_LIES, COPIED, GROUPED, WAYS };
static const char *const way_names[] = {"where it lies", "copied", "grouped"};

static bool can_lie(const struct tile_kernels *tile, enum tile_source source, int k)
{
    return source == (tile->type == TYPE_BFLOAT16 ? SOURCE_BFLOAT16 : SOURCE_FLOAT) &&
           k % tile->k_unit == 0;
}

/* Row i, a multiple of MR, begins at a + i row bytes; the steps are as in tile.h. */
struct ready_rows {
    const char *a;
    size_t row, row_step, word_step;
};

static struct ready_rows rows_ready(const struct tile_kernels *tile, const struct operand *o,
                                    int lines, enum way way)
{
    const size_t words = (size_t)tile_words(tile, o->k), group = (size_t)tile->rows;
    const size_t padded = ((size_t)lines + group - 1) / group * group;
    const size_t row = words + TILE_ROW_MARGIN, bytes = sizeof(float);
    const struct stored a = operand_store(o, lines, way != GROUPED, memory.a);
    if (way == WHERE_IT_LIES) {
        const size_t step =
            a.ld * (o->source == SOURCE_BFLOAT16 ? sizeof(uint16_t) : sizeof(float));
        return (struct ready_rows){a.x, step, step, bytes};
    }
    const bool as_rows = way == COPIED || tile->groups_are_rows;
    float *ready = last_words(memory.rows, MOST_READY, padded * (as_rows ? row : words));
    if (way == COPIED)
        tile->copy(o->source, lines, o->k, a.x, a.ld, ready);
    else
        tile->group(o->source, lines, o->k, a.x, a.ld, ready, group * (as_rows ? row : words));
    if (as_rows)
        return (struct ready_rows){(const char *)ready, row * bytes, row * bytes, bytes};
    return (struct ready_rows){(const char *)ready, words * bytes, bytes, group * bytes};
}

static const float *panels_ready(const struct tile_kernels *tile, const struct operand *o,
                                 int lines, bool transposed)
{
    const size_t width = (size_t)tile->columns;
    const size_t padded = ((size_t)lines + width - 1) / width * width;
    const struct stored b = operand_store(o, lines, transposed, memory.b);
    float *ready = last_words(memory.panels, MOST_READY, padded * (size_t)tile_words(tile, o->k));
    tile->pack(o->source, transposed, lines, o->k, b.x, b.ld, ready);
    return ready;
}

/* --- C ---------------------------------------------------------------------------------------- */

struct element {
    double sum, size, lost;
};

/* Σ a b of a row and a column. */
static struct element define(const struct operand *a, int row, const struct operand *b, int column)
{
    struct element e = {0, 0, 0};
    for (int p = 0; p < a->k; p++) {
        const double term = (double)a->seen[row][p] * (double)b->seen[column][p];
        const bool denormal =
            fabsf(a->given[row][p]) < FLT_MIN || fabsf(b->given[column][p]) < FLT_MIN;
        e.sum += term;
        e.size += fabs(term);
        e.lost += denormal ? fabs(term) : 0;
    }
    return e;
}

/* A tile of C that is made once: [rows, columns] at c, `ldc` apart. */
struct result {
    const struct tile_kernels *tile;
    enum tile_source source;
    enum way way;
    bool transposed; /* B */
    int rows, columns, k;
    float beta, scale; /* of what was there before */
    float *c;
    int ldc;
};

static void fail_tile(const struct result *r, int i, int j, float got)
{
    fail_msg("%s tile, %d x %d x %d of %s, A %s, B %s, beta %g: C[%d, %d] became %.9g",
             r->tile->name, r->rows, r->columns, r->k, source_names[r->source], way_names[r->way],
             r->transposed ? "[n, k]" : "[k, n]", (double)r->beta, i, j, (double)got);
}

static float before(const struct result *r, int i, int j)
{
    return r->scale * ((float)(i - j) / 4 + 1);
}

/* With beta 0 the tile is full of NaN, which must not be read. */
static void result_make(struct result *r, const struct ready_rows *a, int first_row,
                        const float *panel)
{
    r->ldc = r->tile->columns + GAP;
    const size_t size = (size_t)(FRONT + (r->rows - 1) * r->ldc + r->columns);
    float *all = memory.c + MOST_C - size;
    for (size_t i = 0; i < size; i++)
        all[i] = FOREIGN;
    r->c = all + FRONT;
    for (int i = 0; i < r->rows; i++)
        for (int j = 0; j < r->columns; j++)
            r->c[i * r->ldc + j] = r->beta == 0 ? NAN : before(r, i, j);
    r->tile->multiply(r->rows, r->columns, tile_words(r->tile, r->k),
                      a->a + (size_t)first_row * a->row, a->row_step, a->word_step, panel, panel,
                      r->beta, r->c, (size_t)r->ldc);
    for (int i = 0; i < FRONT; i++)
        if (all[i] != FOREIGN)
            fail_tile(r, 0, i - FRONT, all[i]);
    for (int i = 0; i < r->rows - 1; i++)
        for (int j = r->columns; j < r->ldc; j++)
            if (r->c[i * r->ldc + j] != FOREIGN)
                fail_tile(r, i, j, r->c[i * r->ldc + j]);
}

static void result_expect(const struct result *r, int i, int j, const struct element *e)
{
    const bool flushed = r->tile->type == TYPE_BFLOAT16;
    const double old = (double)r->beta * (double)before(r, i, j);
    const double want = e->sum + old, got = (double)r->c[i * r->ldc + j];
    const double tiny = flushed ? 0x1p-126 : 0x1p-150;
    const double tolerance =
        (r->k + 3) * (U * (e->size + fabs(old)) + tiny) + (flushed ? e->lost : 0);
    if (fabs(got - want) <= tolerance)
        return;
    print_error("want %.9g, tolerance %.3g\n", want, tolerance);
    fail_tile(r, i, j, r->c[i * r->ldc + j]);
}

/* --- shapes ----------------------------------------------------------------------------------- */

/* A second panel and a second group, behind whole ones: only there do strides count. */
struct problem {
    const struct tile_kernels *tile;
    struct operand a, b;
    struct element elements[TILE_MOST_ROWS][TILE_MOST_COLUMNS]; /* of the second ones */
    float scale;
};

typedef float draw(struct rng *rng);

static void problem_init(struct problem *p, const struct tile_kernels *tile,
                         enum tile_source source, int k, draw *draw_a, draw *draw_b, float scale)
{
    struct rng rng;
    rng_init(&rng, rng_key(7, RNG_TEST, (uint64_t)source, (uint64_t)k));
    assert_in_range(tile->rows, 1, TILE_MOST_ROWS);
    assert_in_range(tile->columns, 1, TILE_MOST_COLUMNS);
    assert_in_range(tile->k_unit, 1, TILE_MOST_K_UNIT);
    p->tile = tile;
    p->scale = scale;
    p->a.source = p->b.source = source;
    p->a.k = p->b.k = k;
    p->a.lines = 2 * tile->rows;
    p->b.lines = 2 * tile->columns;
    for (int i = 0; i < p->a.lines; i++)
        for (int l = 0; l < k; l++)
            operand_set(&p->a, i, l, draw_a(&rng));
    for (int j = 0; j < p->b.lines; j++)
        for (int l = 0; l < k; l++)
            operand_set(&p->b, j, l, draw_b(&rng));
    for (int i = 0; i < tile->rows; i++)
        for (int j = 0; j < tile->columns; j++)
            p->elements[i][j] = define(&p->a, tile->rows + i, &p->b, tile->columns + j);
}

/* Each way of A with all numbers of columns, B both ways in turn. Where instructions are emulated, which takes minutes,
 * a fifth of these, other ones with each number of rows, and of the whole tile each way. */
static void problem_try(const struct problem *p, int rows, enum way way)
{
    static const float betas[] = {0, 1, -0.5f, -2};
    enum { BETAS = sizeof betas / sizeof *betas };
    const struct tile_kernels *tile = p->tile;
    const struct ready_rows a = rows_ready(tile, &p->a, tile->rows + rows, way);
    const int step = emulated_instructions(tile->name) ? 5 : 1;
    for (int columns = tile->columns - (tile->rows - rows) % step; columns > 0; columns -= step) {
        const bool transposed = (columns + rows + (int)way) % 2 == 0;
        struct result r = {.tile = tile,
                           .source = p->a.source,
                           .way = way,
                           .transposed = transposed,
                           .rows = rows,
                           .columns = columns,
                           .k = p->a.k,
                           .beta = betas[(columns + rows / 2) % BETAS],
                           .scale = p->scale};
        const float *panels = panels_ready(tile, &p->b, tile->columns + columns, transposed);
        result_make(&r, &a, tile->rows, panels + tile->columns * tile_words(tile, r.k));
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
                result_expect(&r, i, j, &p->elements[i][j]);
    }
}

static void check_shapes(const struct tile_kernels *tile, int k, draw *a, draw *b, float scale)
{
    static struct problem p;
    memory_take();
    for (int source = tile->type == TYPE_BFLOAT16 ? SOURCE_ROUNDED : SOURCE_FLOAT;
         source <= SOURCE_BFLOAT16; source++) {
        problem_init(&p, tile, (enum tile_source)source, k, a, b, scale);
        for (int rows = 1; rows <= tile->rows; rows++)
            for (int way = 0; way < WAYS; way++)
                if (way != WHERE_IT_LIES || can_lie(tile, (enum tile_source)source, k))
                    problem_try(&p, rows, (enum way)way);
    }
}

/* Normal numbers, a quarter of them in the middle between two bfloat16. */
static float draw_normal(struct rng *rng)
{
    float x = (float)rng_normal(rng);
    uint32_t bits;
    if (rng_below(rng, 4) > 0)
        return x;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits & 0xffff0000) | 0x8000;
    memcpy(&x, &bits, sizeof x);
    return x;
}

void tile_products_check(const struct tile_kernels *tile)
{
    static const int depths[] = {1, 2, 3, 4, 7, 8, 33, 66, MOST_DEPTH};
    for (size_t d = 0; d < sizeof depths / sizeof *depths; d++)
        check_shapes(tile, depths[d], draw_normal, draw_normal, 1);
}

/* Products around 2^-126 of numbers that are themselves far from it; and of denormals with numbers
 * around 1. */
static float draw_small(struct rng *rng)
{
    return draw_normal(rng) * 0x1p-63f;
}

static float draw_denormal(struct rng *rng)
{
    return draw_normal(rng) * 0x1p-126f;
}

void tile_denormals_check(const struct tile_kernels *tile)
{
    static const int depths[] = {2, 5, 40};
    for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) {
        check_shapes(tile, depths[d], draw_small, draw_small, 0x1p-126f);
        check_shapes(tile, depths[d], draw_denormal, draw_normal, 0x1p-127f);
        check_shapes(tile, depths[d], draw_normal, draw_denormal, 0x1p-125f);
    }
}

/* --- special numbers -------------------------------------------------------------------------- */

static const uint32_t specials[] = {
    0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x40490fdb, /* 0, -0, 1, -1, pi */
    0x3f808000, 0x3f818000, 0x3f808001, 0xbf807fff,             /* ties, and what is none */
    0x3fff8000, 0x3fff7fff,                                     /* to 2, or not */
    0x00000001, 0x80010000, 0x00400000, 0x007f7fff,             /* denormals */
    0x007fffff, 0x807f8000,                                     /* to the smallest normal number */
    0x00800000, 0x80800000, 0x1f800000, 0x20000000,             /* 2^-126, 2^-64, 2^-63 */
    0x7f7f0000, 0x7f7f7fff, 0xff7f8000, 0x7f7fffff,             /* the largest, and to infinity */
    0x5f800000, 0x5f000000, 0x7f800000, 0xff800000,             /* 2^64, 2^63, infinity */
    0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff,             /* NaN, all of their kinds */
};
enum { SPECIALS = sizeof specials / sizeof *specials };
_Static_assert(SPECIALS <= (int)MOST_LINES, "they are the rows and the columns");

static float special(int i)
{
    float x;
    memcpy(&x, &specials[i], sizeof x);
    return x;
}

/* Element p of each row is a special number, and all others are 0. */
static void set_specials(struct operand *o, enum tile_source source, int k, int p)
{
    o->source = source;
    o->lines = SPECIALS;
    o->k = k;
    for (int i = 0; i < SPECIALS; i++)
        for (int l = 0; l < k; l++)
            operand_set(o, i, l, l == p ? special(i) : 0);
}

/* Infinity times a denormal is infinity, or where that is taken as 0, NaN. */
static void expect_special(const struct result *r, int i, int j, const struct operand *a, int row,
                           const struct operand *b, int column, int p)
{
    const float got = r->c[i * r->ldc + j], x = a->given[row][p], y = b->given[column][p];
    const float want = a->seen[row][p] * b->seen[column][p];
    const bool as_0 = r->tile->type == TYPE_BFLOAT16 && (fabsf(x) < FLT_MIN || fabsf(y) < FLT_MIN);
    const struct element e = define(a, row, b, column);
    if (isfinite(want))
        result_expect(r, i, j, &e);
    else if (!(isnan(want) || as_0 ? isnan(got) : got == want) && !(isinf(want) && got == want))
        fail_tile(r, i, j, got);
}

static void try_specials(const struct tile_kernels *tile, enum tile_source source, enum way way,
                         int k, int p)
{
    static struct operand a, b;
    set_specials(&a, source, k, p);
    set_specials(&b, source, k, p);
    const bool transposed = p % 2 == 0;
    const struct ready_rows rows = rows_ready(tile, &a, SPECIALS, way);
    const float *panels = panels_ready(tile, &b, SPECIALS, transposed);
    for (int i = 0; i < SPECIALS; i += tile->rows)
        for (int j = 0; j < SPECIALS; j += tile->columns) {
            struct result r = {.tile = tile,
                               .source = source,
                               .way = way,
                               .transposed = transposed,
                               .rows = min_int(tile->rows, SPECIALS - i),
                               .columns = min_int(tile->columns, SPECIALS - j),
                               .k = k};
            result_make(&r, &rows, i, panels + j * tile_words(tile, k));
            for (int row = 0; row < r.rows; row++)
                for (int column = 0; column < r.columns; column++)
                    expect_special(&r, row, column, &a, i + row, &b, j + column, p);
        }
}

/* Where k ends within a word, what it is padded with is not to meet an infinity. */
void tile_specials_check(const struct tile_kernels *tile)
{
    memory_take();
    for (int source = tile->type == TYPE_BFLOAT16 ? SOURCE_ROUNDED : SOURCE_FLOAT;
         source <= SOURCE_BFLOAT16; source++)
        for (int way = 0; way < WAYS; way++)
            for (int k = 5; k <= 8; k++)
                for (int p = 0; p < k; p++)
                    if (way != WHERE_IT_LIES || can_lie(tile, (enum tile_source)source, k))
                        try_specials(tile, (enum tile_source)source, (enum way)way, k, p);
}

/* --- how pairs are summed --------------------------------------------------------------------- */

typedef float pair_sum(int words, const float *a, const float *b);

static float upper_first(int words, const float *a, const float *b)
{
    float sum = 0;
    for (int p = 0; p < words; p++, a += 2, b += 2)
        sum = fmaf(a[0], b[0], fmaf(a[1], b[1], sum));
    return sum;
}

static float lower_first(int words, const float *a, const float *b)
{
    float sum = 0;
    for (int p = 0; p < 2 * words; p++)
        sum = fmaf(a[p], b[p], sum);
    return sum;
}

/* Three terms of up to 16 bits, near each other: exact in double, then rounded once. */
static float at_once(int words, const float *a, const float *b)
{
    double sum = 0;
    for (int p = 0; p < words; p++, a += 2, b += 2)
        sum = (double)(float)(sum + (double)a[0] * (double)b[0] + (double)a[1] * (double)b[1]);
    return (float)sum;
}

/* TDPBF16PS: sums of all lower and of all upper elements of 16 words. */
static float two_chains(int words, const float *a, const float *b)
{
    float sum = 0;
    for (int first = 0; first < words; first += 16) {
        float lower = 0, upper = 0;
        for (int p = first; p < min_int(first + 16, words); p++) {
            lower = fmaf(a[2 * p], b[2 * p], lower);
            upper = fmaf(a[2 * p + 1], b[2 * p + 1], upper);
        }
        sum += lower + upper;
    }
    return sum;
}

/* Rounded to odd: of the two neighbours of what a float does not hold, the one whose last bit is 1. */
static double rounded_to_odd(double exact)
{
    float nearest = (float)exact;
    uint32_t bits;
    if ((double)nearest == exact)
        return exact;
    memcpy(&bits, &nearest, sizeof bits);
    if (fabs((double)nearest) > fabs(exact))
        bits--;
    bits |= 1;
    memcpy(&nearest, &bits, sizeof bits);
    return (double)nearest;
}

/* BFMMLA. */
static float to_odd(int words, const float *a, const float *b)
{
    double sum = 0;
    for (int p = 0; p < words; p++, a += 2, b += 2) {
        const double low = (double)a[0] * (double)b[0], high = (double)a[1] * (double)b[1];
        sum = rounded_to_odd(sum + rounded_to_odd(low + high));
    }
    return (float)sum;
}

static const struct {
    pair_sum *sum;
    const char *words;
} pair_sums[] = {
    {upper_first, "two fused multiply-adds a word, of its upper element first"},
    {lower_first, "two fused multiply-adds a word, of its lower element first"},
    {at_once, "one sum of a word's two products and what was before, rounded once"},
    {two_chains, "the lower and the upper elements of 16 words each by themselves, then added"},
    {to_odd, "the sum of a word's two products, then added, both rounded to odd"},
};

/* So far apart, and so often opposite, that each order of additions rounds in its own way. */
static float draw_apart(struct rng *rng)
{
    return ldexpf(1 + (float)rng_below(rng, 128) / 128, (int)rng_below(rng, 12)) *
           (rng_below(rng, 2) ? 1.0f : -1.0f);
}

static bool sums_as(const struct tile_kernels *tile, pair_sum *sum, int words)
{
    static struct operand a, b;
    enum { TRIES = 200 };
    struct rng rng;
    rng_init(&rng, rng_key(8, RNG_TEST, (uint64_t)words, 0));
    a.source = b.source = SOURCE_BFLOAT16;
    a.k = b.k = 2 * words;
    for (int i = 0; i < TRIES; i++) {
        for (int p = 0; p < 2 * words; p++) {
            operand_set(&a, 0, p, draw_apart(&rng));
            operand_set(&b, 0, p, draw_apart(&rng));
        }
        const struct ready_rows rows = rows_ready(tile, &a, 1, COPIED);
        float c;
        tile->multiply(1, 1, tile_words(tile, a.k), rows.a, rows.row_step, rows.word_step,
                       panels_ready(tile, &b, 1, false), memory.panels, 0, &c, 1);
        if (c != sum(words, a.seen[0], b.seen[0]))
            return false;
    }
    return true;
}

const char *tile_sums_describe(const struct tile_kernels *tile)
{
    static const int lengths[] = {1, 2, 3, 16, 17, 40};
    memory_take();
    for (size_t s = 0; s < sizeof pair_sums / sizeof *pair_sums; s++) {
        bool same = true;
        for (size_t l = 0; same && l < sizeof lengths / sizeof *lengths; l++)
            same = sums_as(tile, pair_sums[s].sum, lengths[l]);
        if (same)
            return pair_sums[s].words;
    }
    return NULL;
}
