#include "gemm_problem.h"

#include "lib/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fence.h"
#include "lambert/base/memory.h"

enum { MARGIN = 3 };
static const real FOREIGN = 12345;

#ifdef LAMBERT_DOUBLE
static const long double U = 0x1p-53L;
#else
static const long double U = 0x1p-24L;
#endif

/* --- matrices --------------------------------------------------------------------------------- */

static size_t stored(const struct matrix *x)
{
    if (x->rows == 0)
        return MARGIN;
    return MARGIN + (size_t)(x->rows - 1) * (size_t)x->ld + (size_t)x->columns;
}

static struct matrix matrix_around(int rows, int columns, real around)
{
    struct matrix x = {rows, columns, columns + MARGIN, NULL, around};
    real *memory = fence_new(stored(&x) * sizeof *memory);
    for (size_t i = 0; i < stored(&x); i++)
        memory[i] = around;
    x.data = memory + MARGIN;
    return x;
}

struct matrix matrix_new(int rows, int columns, real around, struct rng *rng)
{
    struct matrix x = matrix_around(rows, columns, around);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            *matrix_at(&x, i, j) = (real)rng_normal(rng);
    return x;
}

struct matrix matrix_copy(const struct matrix *x)
{
    struct matrix copy = matrix_around(x->rows, x->columns, x->around);
    memcpy(copy.data - MARGIN, x->data - MARGIN, stored(x) * sizeof *x->data);
    return copy;
}

void matrix_release(struct matrix *x)
{
    fence_free(x->data - MARGIN, stored(x) * sizeof *x->data);
}

real *matrix_at(const struct matrix *x, int row, int column)
{
    return x->data + (size_t)row * (size_t)x->ld + column;
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
    return memcmp(x->data, y->data, (stored(x) - MARGIN) * sizeof *x->data) == 0;
}

/* --- problems --------------------------------------------------------------------------------- */

static void add_sample(struct gemm_problem *p, int row, int column)
{
    struct gemm_sample sample = {row, column, 0, 0};
    for (int l = 0; l < p->k; l++) {
        long double a = p->form == GEMM_TN ? *matrix_at(&p->a, l, row) : *matrix_at(&p->a, row, l);
        long double b =
            p->form == GEMM_NT ? *matrix_at(&p->b, column, l) : *matrix_at(&p->b, l, column);
        sample.sum += a * b;
        sample.size += fabsl(a * b);
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

void gemm_problem_init(struct gemm_problem *p, enum gemm_form form, struct gemm_shape shape,
                       int step)
{
    const int m = shape.m, n = shape.n, k = shape.k;
    struct rng rng;
    rng_init(&rng, rng_key(2, RNG_TEST, (uint64_t)(m * 10000 + n), (uint64_t)k));
    *p = (struct gemm_problem){.form = form, .m = m, .n = n, .k = k};
    p->a = form == GEMM_TN ? matrix_new(k, m, (real)NAN, &rng) : matrix_new(m, k, (real)NAN, &rng);
    p->b = form == GEMM_NT ? matrix_new(n, k, (real)NAN, &rng) : matrix_new(k, n, (real)NAN, &rng);
    p->c = matrix_new(m, n, FOREIGN, &rng);
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
    static const char *const forms[] = {"NT", "NN", "TN"};
    fail_msg("%s %s, form %s, %d x %d x %d: %s", gemm_is_blas() ? "cblas beside" : "tiles of",
             kernels->name, forms[p->form], p->m, p->n, p->k, what);
}

/* An element goes through at most k + 3 roundings, in whatever order it is summed, and each is off
 * by at most U of the sum of sizes: no correct product is farther off. A term too few or too many
 * is about 1 / k of that sum, thousands of times more. */
static void expect_sample(const struct gemm_problem *p, real beta, const struct matrix *c,
                          const struct gemm_sample *s)
{
    const long double old = (long double)beta * *matrix_at(&p->c, s->row, s->column);
    const long double want = s->sum + old, got = *matrix_at(c, s->row, s->column);
    const long double size = s->size + fabsl(old);
    if (fabsl(got - want) <= (p->k + 3) * U * size)
        return;
    print_error("beta %g: C[%d, %d] is %.9Lg, not %.9Lg\n", (double)beta, s->row, s->column, got,
                want);
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

int gemm_ways(struct gemm_way ways[MOST_GEMM_WAYS])
{
    const struct kernels *const *tables = kernels_available();
    int count = 0;
    for (; tables[count]; count++)
        ways[count] = (struct gemm_way){tables[count], false};
    ways[count] = (struct gemm_way){tables[count - 1], true};
    return count + 1;
}

void gemm_way_take(const struct gemm_way *way)
{
    kernels = way->table;
    gemm_use_blas(way->blas);
    assert_int_equal(gemm_is_blas(), way->blas || !way->table->gemm);
}
