/* gemm() and gemm_parallel() against a triple loop in double, between rows of foreign numbers; and
 * the same bits from any number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/kernels/gemm.h"

typedef void product(enum gemm_form form, int m, int n, int k, real alpha, const real *a, int lda,
                     const real *b, int ldb, real beta, real *c, int ldc);

/* One matrix as stored: `rows` rows, `ld` apart, the first `columns` of each in use. */
struct matrix {
    int rows, columns, ld;
    real *data;
};

enum { MARGIN = 3 };
static const real FOREIGN = 12345;

/* Numbers where the matrix is, `around` in the margin of its rows. */
static struct matrix matrix_new(int rows, int columns, real around, struct rng *rng)
{
    struct matrix x = {rows, columns, columns + MARGIN, NULL};
    x.data = memory_new((size_t)rows * (size_t)x.ld, sizeof(real));
    for (int i = 0; i < rows * x.ld; i++)
        x.data[i] = i % x.ld < columns ? (real)rng_normal(rng) : around;
    return x;
}

static double at(const struct matrix *x, int row, int column)
{
    return (double)x->data[row * x->ld + column];
}

struct problem {
    enum gemm_form form;
    int m, n, k;
    struct matrix a, b, c;
    double *sums, *sizes; /* [m, n]: of the products that make an element, of their sizes */
};

static void compute(struct problem *p)
{
    for (int i = 0; i < p->m; i++)
        for (int j = 0; j < p->n; j++)
            for (int l = 0; l < p->k; l++) {
                double a = p->form == GEMM_TN ? at(&p->a, l, i) : at(&p->a, i, l);
                double b = p->form == GEMM_NT ? at(&p->b, j, l) : at(&p->b, l, j);
                p->sums[i * p->n + j] += a * b;
                p->sizes[i * p->n + j] += fabs(a * b);
            }
}

/* The margins of A and B hold NaN, which would show if it were read. */
static void problem_init(struct problem *p, enum gemm_form form, const int shape[3])
{
    int m = shape[0], n = shape[1], k = shape[2];
    struct rng rng;
    rng_init(&rng, rng_key(2, RNG_TEST, (uint64_t)(m * 10000 + n), (uint64_t)k));
    *p = (struct problem){.form = form, .m = m, .n = n, .k = k};
    p->a = form == GEMM_TN ? matrix_new(k, m, (real)NAN, &rng) : matrix_new(m, k, (real)NAN, &rng);
    p->b = form == GEMM_NT ? matrix_new(n, k, (real)NAN, &rng) : matrix_new(k, n, (real)NAN, &rng);
    p->c = matrix_new(m, n, FOREIGN, &rng);
    p->sums = memory_new((size_t)m * (size_t)n, sizeof(double));
    p->sizes = memory_new((size_t)m * (size_t)n, sizeof(double));
    compute(p);
}

static void problem_release(struct problem *p)
{
    free(p->a.data);
    free(p->b.data);
    free(p->c.data);
    free(p->sums);
    free(p->sizes);
}

struct factors {
    real alpha, beta;
};

/* The product into a copy of C; with beta 0 the copy is full of NaN, which must not be read. */
static struct matrix solve(const struct problem *p, product *multiply, struct factors by)
{
    struct matrix c = p->c;
    c.data = memory_new((size_t)(c.rows * c.ld), sizeof(real));
    for (int i = 0; i < c.rows * c.ld; i++)
        c.data[i] = by.beta == 0 && i % c.ld < c.columns ? (real)NAN : p->c.data[i];
    multiply(p->form, p->m, p->n, p->k, by.alpha, p->a.data, p->a.ld, p->b.data, p->b.ld, by.beta,
             c.data, c.ld);
    return c;
}

/* An element goes through at most k + 3 roundings, in whatever order it is summed, and each is off
 * by at most 2^-24 of the sum of sizes: no correct product is farther off. A term too few or too
 * many is about 1 / k of that sum, thousands of times more. */
static void expect_product(const struct problem *p, struct factors by, const struct matrix *c)
{
    double alpha = (double)by.alpha, beta = (double)by.beta;
    for (int i = 0; i < p->m; i++)
        for (int j = 0; j < c->ld; j++) {
            double got = at(c, i, j), want = (double)FOREIGN, tolerance = 0;
            if (j < p->n) {
                double old = beta * at(&p->c, i, j);
                want = alpha * p->sums[i * p->n + j] + old;
                tolerance = fabs(alpha) * p->sizes[i * p->n + j] + fabs(old);
                tolerance *= (p->k + 3) * 0x1p-24;
            }
            if (!(fabs(got - want) <= tolerance))
                fail_msg("form %d, %d x %d x %d, alpha %g, beta %g: C[%d, %d] is %.9g, not %.9g",
                         p->form, p->m, p->n, p->k, alpha, beta, i, j, got, want);
        }
}

static const int shapes[][3] = {
    /* m, n, k */
    {1, 1, 1},    {1, 7, 64},   {7, 1, 513},  {1, 513, 7},  {513, 1, 7},   {63, 64, 65},
    {64, 63, 1},  {64, 64, 64}, {65, 64, 63}, {64, 65, 64}, {513, 7, 64},  {7, 513, 65},
    {65, 513, 7}, {513, 65, 1}, {128, 12, 9}, {12, 128, 9}, {577, 130, 5}, {130, 577, 5},
};
static const struct factors factors[] = {{1, 0}, {1, 1}, {-0.5, 0}, {-0.5, 1}, {0.125, -2}};

enum { SHAPES = sizeof shapes / sizeof *shapes, FACTORS = sizeof factors / sizeof *factors };

static struct problem problems[3 * SHAPES];

static int make_problems(void **state)
{
    (void)state;
    for (int form = GEMM_NT; form <= GEMM_TN; form++)
        for (int s = 0; s < SHAPES; s++)
            problem_init(&problems[form * SHAPES + s], (enum gemm_form)form, shapes[s]);
    return 0;
}

static int release_problems(void **state)
{
    (void)state;
    for (int i = 0; i < 3 * SHAPES; i++)
        problem_release(&problems[i]);
    return 0;
}

static void check_all(product *multiply)
{
    for (int i = 0; i < 3 * SHAPES; i++)
        for (int f = 0; f < FACTORS; f++) {
            struct matrix c = solve(&problems[i], multiply, factors[f]);
            expect_product(&problems[i], factors[f], &c);
            free(c.data);
        }
}

static void gemm_is_the_product(void **state)
{
    (void)state;
    omp_set_num_threads(2);
    check_all(gemm);
}

static void gemm_parallel_is_the_product(void **state)
{
    (void)state;
    omp_set_num_threads(2);
    check_all(gemm_parallel);
}

static void gemm_in_parallel(enum gemm_form form, int m, int n, int k, real alpha, const real *a,
                             int lda, const real *b, int ldb, real beta, real *c, int ldc)
{
#pragma omp parallel
#pragma omp single
    gemm(form, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

static void gemm_inside_a_parallel_region(void **state)
{
    (void)state;
    omp_set_num_threads(2);
    check_all(gemm_in_parallel);
}

static void same_bits(const struct problem *p, int threads, const struct matrix *one,
                      const struct matrix *other)
{
    if (memcmp(one->data, other->data, (size_t)(one->rows * one->ld) * sizeof(real)) != 0)
        fail_msg("form %d, %d x %d x %d: %d threads give other bits than one", p->form, p->m, p->n,
                 p->k, threads);
}

/* The number of threads changes seldom: each change makes OpenMP build a new team. */
static void same_bits_of_all(const struct problem *list, int count, product *multiply)
{
    struct matrix one[3 * SHAPES];
    assert_in_range(count, 1, 3 * SHAPES);
    for (int threads = 1; threads <= 3; threads++) {
        omp_set_num_threads(threads);
        for (int i = 0; i < count; i++) {
            struct matrix c = solve(&list[i], multiply, factors[FACTORS - 1]);
            if (threads == 1) {
                one[i] = c;
                continue;
            }
            same_bits(&list[i], threads, &one[i], &c);
            free(c.data);
        }
    }
    for (int i = 0; i < count; i++)
        free(one[i].data);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    same_bits_of_all(problems, 3 * SHAPES, gemm_parallel);
    same_bits_of_all(problems, 3 * SHAPES, gemm_in_parallel);
}

static void threads_change_no_bit_of_large_products(void **state)
{
    (void)state;
    static const int large[][3] = {{1030, 70, 40}, {70, 1030, 40}, {90, 100, 600},
                                   {1, 1, 5000},   {64, 64, 1000}, {4200, 3, 17}};
    for (int form = GEMM_NT; form <= GEMM_TN; form++) {
        struct problem list[6];
        for (int i = 0; i < 6; i++)
            problem_init(&list[i], (enum gemm_form)form, large[i]);
        same_bits_of_all(list, 6, gemm_parallel);
        for (int i = 0; i < 6; i++)
            problem_release(&list[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gemm_is_the_product),
        cmocka_unit_test(gemm_parallel_is_the_product),
        cmocka_unit_test(gemm_inside_a_parallel_region),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(threads_change_no_bit_of_large_products),
    };
    return cmocka_run_group_tests(tests, make_problems, release_problems);
}
