/* Matrix products with random operands, what they must come to, and the ways to make them.
 *
 *     struct gemm_problem p;
 *     gemm_problem_init(&p, GEMM_NT, gemm_types[0], (struct gemm_shape){64, 65, 66}, 1);
 *     struct matrix c = gemm_problem_solve(&p, gemm_parallel, 0);
 *     gemm_problem_expect(&p, 0, &c);
 *     matrix_release(&c);
 *     gemm_problem_release(&p);
 *
 * Rows of A and B have NaN between them, which would show if it were read; rows of C have foreign
 * numbers, which must be there afterwards. Each ends at a page that cannot be touched. */
#ifndef LAMBERT_TESTS_KERNELS_GEMM_PROBLEM_H
#define LAMBERT_TESTS_KERNELS_GEMM_PROBLEM_H

#include "lambert/base/rng.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"

/* As stored: `rows` rows, `ld` apart, the first `columns` of each in use; nothing behind the last
 * one, and as much as between two rows before the first. */
struct matrix {
    enum float_type type; /* TYPE_FLOAT32 is real */
    int rows, columns, ld;
    void *data;
    real around; /* what is between rows */
};

/* Normal numbers, those of bfloat16 rounded. */
struct matrix matrix_new(enum float_type type, int rows, int columns, real around, struct rng *rng);
struct matrix matrix_copy(const struct matrix *x); /* of real */
void matrix_release(struct matrix *x);

real *matrix_at(const struct matrix *x, int row, int column); /* of real */
void matrix_expect_around(const struct matrix *x); /* fails where other numbers are between rows */
bool matrix_same_bits(const struct matrix *x, const struct matrix *y);

struct gemm_shape {
    int m, n, k;
};

/* What elements are held against, in a type in which their rounding is next to nothing. (Where no
 * hardware has long double, as on aarch64, double does where real is float.) */
#ifdef LAMBERT_DOUBLE
typedef long double wider;
#else
typedef double wider;
#endif

/* An element of C: the sum of the products that make it, and of their sizes. */
struct gemm_sample {
    int row, column;
    wider sum, size;
};

/* What operands are multiplied as, and stored as. All there are: the first one is float throughout. */
struct gemm_types {
    enum float_type compute, a, b;
};
enum { GEMM_TYPES = 8 };
extern const struct gemm_types gemm_types[GEMM_TYPES];

struct gemm_problem {
    enum gemm_form form;
    struct gemm_types types;
    int m, n, k;
    struct matrix a, b, c;
    struct gemm_sample *samples; /* the elements that are held against their definition */
    int sample_count;
};

/* Of each row of C, one of `step` neighbours is held against its definition: 1 for all of them.
 * With 32 none of the tiles is left out. */
void gemm_problem_init(struct gemm_problem *p, enum gemm_form form, struct gemm_types types,
                       struct gemm_shape shape, int step);
void gemm_problem_release(struct gemm_problem *p);

typedef void gemm_function(const struct gemm *gemm);

/* A copy of C; with beta 0 it is full of NaN, which must not be read. */
struct matrix gemm_problem_start(const struct gemm_problem *p, real beta);
/* The product into that. */
struct gemm gemm_problem_product(const struct gemm_problem *p, real beta, const struct matrix *c);
struct matrix gemm_problem_solve(const struct gemm_problem *p, gemm_function *multiply, real beta);
void gemm_problem_expect(const struct gemm_problem *p, real beta, const struct matrix *c);

/* The ways that this machine has: each table's own, with wide tiles where it has some, and cblas
 * beside the last of them. */
struct gemm_way {
    const struct kernels *table;
    bool wide, blas;
    bool repeats[2]; /* by compute type: whether a way before makes it with the same tile */
};
enum { MOST_GEMM_WAYS = 12 };
int gemm_ways(struct gemm_way ways[MOST_GEMM_WAYS]);
void gemm_way_take(const struct gemm_way *way);

/* Fails the test, and says which product and way. */
void gemm_problem_fail(const struct gemm_problem *p, const char *what);

#endif
