#include "gemm_problem.h"

#include "lib/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fence.h"
#include "kernels/gemm_engine.h"
#include "lambert/base/memory.h"

enum { MARGIN = 3 };
static const real FOREIGN = 12345;

#ifdef LAMBERT_DOUBLE
static const wider U = 0x1p-53;
#else
static const wider U = 0x1p-24;
#endif

static wider size_of(wider x)
{
    return x < 0 ? -x : x;
}

/* --- matrices --------------------------------------------------------------------------------- */

/* Elements, from MARGIN before the first on. */
static size_t stored(const struct matrix *x)
{
    if (x->rows == 0)
        return MARGIN;
    return MARGIN + (size_t)(x->rows - 1) * (size_t)x->ld + (size_t)x->columns;
}

static size_t element_size(const struct matrix *x)
{
    return x->type == TYPE_BFLOAT16 ? sizeof(uint16_t) : sizeof(real);
}

static char *memory_of(const struct matrix *x)
{
    return (char *)x->data - MARGIN * element_size(x);
}

static void set(const struct matrix *x, size_t at, real value)
{
    if (x->type == TYPE_BFLOAT16)
        ((uint16_t *)x->data)[at] = bfloat16_from_float((float)value);
    else
        ((real *)x->data)[at] = value;
}

static struct matrix matrix_around(enum float_type type, int rows, int columns, real around)
{
    struct matrix x = {type, rows, columns, columns + MARGIN, NULL, around};
    char *memory = fence_new(stored(&x) * element_size(&x));
    x.data = memory;
    for (size_t i = 0; i < stored(&x); i++)
        set(&x, i, around);
    x.data = memory + MARGIN * element_size(&x);
    return x;
}

struct matrix matrix_new(enum float_type type, int rows, int columns, real around, struct rng *rng)
{
    struct matrix x = matrix_around(type, rows, columns, around);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            set(&x, (size_t)i * (size_t)x.ld + (size_t)j, (real)rng_normal(rng));
    return x;
}

struct matrix matrix_copy(const struct matrix *x)
{
    struct matrix copy = matrix_around(x->type, x->rows, x->columns, x->around);
    memcpy(memory_of(&copy), memory_of(x), stored(x) * element_size(x));
    return copy;
}

void matrix_release(struct matrix *x)
{
    fence_free(memory_of(x), stored(x) * element_size(x));
}

real *matrix_at(const struct matrix *x, int row, int column)
{
    return (real *)x->data + (size_t)row * (size_t)x->ld + column;
}

/* As a product that computes in this type sees it. */
static real seen_at(enum float_type compute, const struct matrix *x, int row, int column)
{
    if (x->type == TYPE_BFLOAT16)
        return (real)bfloat16_to_float(
            ((const uint16_t *)x->data)[(size_t)row * (size_t)x->ld + (size_t)column]);
    const real value = *matrix_at(x, row, column);
    return compute == TYPE_FLOAT32 ? value
                                   : (real)bfloat16_to_float(bfloat16_from_float((float)value));
}

void matrix_expect_around(const struct matrix *x)
{
    for (int i = 0; i < x->rows; i++)
        for (int j = 1; j <= MARGIN; j++)
            if (memcmp(matrix_at(x, i, 0) - j, &x->around, sizeof x->around) != 0)
                fail_msg("written %d before row %d of %d x %d", j, i, x->rows, x->columns);
}

bool matrix_same_bits(const struct matrix *x, const struct matrix *y)
{
    return memcmp(x->data, y->data, (stored(x) - MARGIN) * element_size(x)) == 0;
}

/* --- problems --------------------------------------------------------------------------------- */

const struct gemm_types gemm_types[GEMM_TYPES] = {
    {TYPE_FLOAT32, TYPE_FLOAT32, TYPE_FLOAT32},   {TYPE_BFLOAT16, TYPE_BFLOAT16, TYPE_BFLOAT16},
    {TYPE_BFLOAT16, TYPE_BFLOAT16, TYPE_FLOAT32}, {TYPE_BFLOAT16, TYPE_FLOAT32, TYPE_BFLOAT16},
    {TYPE_BFLOAT16, TYPE_FLOAT32, TYPE_FLOAT32},  {TYPE_FLOAT32, TYPE_BFLOAT16, TYPE_FLOAT32},
    {TYPE_FLOAT32, TYPE_FLOAT32, TYPE_BFLOAT16},  {TYPE_FLOAT32, TYPE_BFLOAT16, TYPE_BFLOAT16},
};

static void add_sample(struct gemm_problem *p, int row, int column)
{
    const enum float_type compute = p->types.compute;
    struct gemm_sample sample = {row, column, 0, 0};
    for (int l = 0; l < p->k; l++) {
        const wider a =
            p->form == GEMM_TN ? seen_at(compute, &p->a, l, row) : seen_at(compute, &p->a, row, l);
        const wider b = p->form == GEMM_NT ? seen_at(compute, &p->b, column, l)
                                           : seen_at(compute, &p->b, l, column);
        sample.sum += a * b;
        sample.size += size_of(a * b);
    }
    p->samples[p->sample_count++] = sample;
}

/* From row to row another of the neighbours. */
static void add_samples(struct gemm_problem *p, int step)
{
    for (int i = 0; i < p->m; i++)
        for (int j = 0; j < p->n; j += step) {
            int column = j + (7 * i + 3 * (j / step)) % step;
            if (column < p->n)
                add_sample(p, i, column);
        }
}

void gemm_problem_init(struct gemm_problem *p, enum gemm_form form, struct gemm_types types,
                       struct gemm_shape shape, int step)
{
    const int m = shape.m, n = shape.n, k = shape.k;
    const bool a_turned = form == GEMM_TN, b_turned = form == GEMM_NT;
    struct rng rng;
    rng_init(&rng, rng_key(2, RNG_TEST, (uint64_t)(m * 10000 + n), (uint64_t)k));
    *p = (struct gemm_problem){.form = form, .types = types, .m = m, .n = n, .k = k};
    p->a = matrix_new(types.a, a_turned ? k : m, a_turned ? m : k, (real)NAN, &rng);
    p->b = matrix_new(types.b, b_turned ? n : k, b_turned ? k : n, (real)NAN, &rng);
    p->c = matrix_new(TYPE_FLOAT32, m, n, FOREIGN, &rng);
    p->samples = memory_new((size_t)m * (size_t)(n / step + 1), sizeof *p->samples);
    add_samples(p, step);
}

void gemm_problem_release(struct gemm_problem *p)
{
    matrix_release(&p->a);
    matrix_release(&p->b);
    matrix_release(&p->c);
    free(p->samples);
}

struct matrix gemm_problem_start(const struct gemm_problem *p, real beta)
{
    struct matrix c = matrix_copy(&p->c);
    for (int i = 0; beta == 0 && i < c.rows; i++)
        for (int j = 0; j < c.columns; j++)
            *matrix_at(&c, i, j) = (real)NAN;
    return c;
}

struct gemm gemm_problem_product(const struct gemm_problem *p, real beta, const struct matrix *c)
{
    return (struct gemm){.form = p->form,
                         .m = p->m,
                         .n = p->n,
                         .k = p->k,
                         .compute_type = p->types.compute,
                         .a_type = p->types.a,
                         .b_type = p->types.b,
                         .a = p->a.data,
                         .lda = p->a.ld,
                         .b = p->b.data,
                         .ldb = p->b.ld,
                         .beta = beta,
                         .c = c->data,
                         .ldc = c->ld};
}

struct matrix gemm_problem_solve(const struct gemm_problem *p, gemm_function *multiply, real beta)
{
    struct matrix c = gemm_problem_start(p, beta);
    const struct gemm product = gemm_problem_product(p, beta, &c);
    multiply(&product);
    return c;
}

void gemm_problem_fail(const struct gemm_problem *p, const char *what)
{
    static const char *const forms[] = {"NT", "NN", "TN"}, *const types[] = {"float", "bfloat16"};
    fail_msg("%s %s, form %s, %d x %d x %d, %s times %s as %s: %s",
             gemm_is_blas() ? "cblas beside" : "tiles of", kernels->name, forms[p->form], p->m,
             p->n, p->k, types[p->types.a], types[p->types.b], types[p->types.compute], what);
}

/* An element goes through at most k + 3 roundings, in whatever order it is summed, and each is off
 * by at most U of the sum of sizes: no correct product is farther off. A term too few or too many
 * is about 1 / k of that sum, thousands of times more. Normal numbers come nowhere near denormals,
 * which tiles treat in different ways (tile_products.h). */
static void expect_sample(const struct gemm_problem *p, real beta, const struct matrix *c,
                          const struct gemm_sample *s)
{
    const wider old = (wider)beta * *matrix_at(&p->c, s->row, s->column);
    const wider want = s->sum + old, got = *matrix_at(c, s->row, s->column);
    const wider size = s->size + size_of(old);
    if (size_of(got - want) <= (p->k + 3) * U * size)
        return;
    print_error("beta %g: C[%d, %d] is %.9g, not %.9g\n", (double)beta, s->row, s->column,
                (double)got, (double)want);
    gemm_problem_fail(p, "a wrong element");
}

void gemm_problem_expect(const struct gemm_problem *p, real beta, const struct matrix *c)
{
    for (int i = 0; i < p->sample_count; i++)
        expect_sample(p, beta, c, &p->samples[i]);
    for (int i = 0; i < c->rows; i++)
        for (int j = 0; j < c->columns; j++)
            if (!isfinite(*matrix_at(c, i, j)))
                gemm_problem_fail(p, "an element that is not finite");
    matrix_expect_around(c);
}

/* --- ways ------------------------------------------------------------------------------------- */

/* What makes products that compute in a type; NULL: cblas. */
static const struct tile_kernels *tile_of(const struct gemm_way *way, enum float_type type)
{
    const struct kernels *table = way->table;
    if (type == TYPE_BFLOAT16 && table->bfloat16_tile)
        return way->wide && table->wide_bfloat16_tile ? table->wide_bfloat16_tile
                                                      : table->bfloat16_tile;
    return way->wide && table->wide_tile ? table->wide_tile : table->tile;
}

static void add_way(struct gemm_way *ways, int *count, const struct kernels *table, bool wide)
{
    struct gemm_way way = {.table = table, .wide = wide};
    assert_in_range(*count, 0, MOST_GEMM_WAYS - 2);
    for (int type = TYPE_FLOAT32; type <= TYPE_BFLOAT16; type++)
        for (int i = 0; i < *count; i++)
            if (tile_of(&ways[i], (enum float_type)type) == tile_of(&way, (enum float_type)type))
                way.repeats[type] = true;
    ways[(*count)++] = way;
}

int gemm_ways(struct gemm_way ways[MOST_GEMM_WAYS])
{
    const struct kernels *const *tables = kernels_available();
    const struct kernels *last = tables[0];
    int count = 0;
    for (; *tables; last = *tables++) {
        add_way(ways, &count, *tables, false);
        if ((*tables)->wide_tile || (*tables)->wide_bfloat16_tile)
            add_way(ways, &count, *tables, true);
    }
    ways[count++] = (struct gemm_way){.table = last, .blas = true};
    return count;
}

void gemm_way_take(const struct gemm_way *way)
{
    kernels = way->table;
    gemm_use_blas(way->blas);
#ifndef LAMBERT_DOUBLE
    gemm_tiles_use_wide(way->wide);
#endif
    assert_int_equal(gemm_is_blas(), way->blas || !way->table->gemm);
}
