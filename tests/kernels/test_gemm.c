/* Matrix products by every way there is (Lambert's tiles for each instruction set, cblas) and of
 * every type against their definition, what follows a product, packed operands, and the same bits
 * from any number of threads. */
#include "lib/unit.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "emulated_cpu.h"
#include "fence.h"
#include "gemm_problem.h"
#include "kernels/tile.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/kernels/parallel.h"

/* Around the sizes of tiles (6 or 8 by 16 or 32), of blocks (96 or 128 rows, 384 of k) and of
 * cblas's strips (64), rows or columns that are few, and sides that are nothing. */
static const struct gemm_shape shapes[] = {
    {1, 1, 1},      {1, 7, 64},     {7, 1, 513},   {1, 513, 7},  {513, 1, 7},   {63, 64, 65},
    {64, 63, 1},    {64, 64, 64},   {65, 64, 63},  {64, 65, 64}, {513, 7, 64},  {7, 513, 65},
    {65, 513, 7},   {513, 65, 1},   {128, 12, 9},  {12, 128, 9}, {577, 130, 5}, {130, 577, 5},
    {6, 16, 383},   {8, 32, 384},   {9, 33, 385},  {5, 15, 768}, {97, 47, 400}, {129, 31, 769},
    {31, 257, 385}, {200, 40, 801}, {33, 1025, 3}, {2, 1600, 2}, {257, 70, 17}, {40, 300, 390},
    {0, 5, 3},      {40, 0, 3},     {0, 0, 0},     {1, 1, 0},    {70, 130, 0},
};
static const real betas[] = {0, 1, -0.5, -2};

/* All types meet in these: k odd and even, ending within a word, a vector and a block. */
static const struct gemm_shape typed_shapes[] = {
    {1, 1, 1}, {13, 47, 33}, {65, 40, 402}, {33, 100, 64}, {140, 9, 769}, {37, 65, 770},
};

enum {
    FORMS = GEMM_TN + 1,
    SHAPES = sizeof shapes / sizeof *shapes,
    TYPED_SHAPES = sizeof typed_shapes / sizeof *typed_shapes,
    BETAS = sizeof betas / sizeof *betas
};

/* Of float; then of other types, in turn; then of all of them. */
static struct gemm_problem problems[FORMS * (2 * SHAPES + GEMM_TYPES * TYPED_SHAPES)];
enum { FLOAT_PROBLEMS = FORMS * SHAPES, PROBLEMS = sizeof problems / sizeof *problems };

/* B of the first four is more than is packed at a time: several passes over k, over columns, over
 * both; rows that are just too wide to be finished whole. The others are long one way, one with rows
 * of A a multiple of 4,096 bytes apart. */
static const struct {
    struct gemm_shape shape;
    int types;
} large[] = {
    {{40, 2500, 1000}, 0}, {{33, 11000, 200}, 0}, {{34, 6000, 500}, 0},  {{9, 5430, 400}, 0},
    {{10, 2500, 2001}, 1}, {{9, 11000, 402}, 4},  {{10, 6000, 1001}, 2}, {{9, 5430, 801}, 1},
    {{1030, 70, 40}, 0},   {{70, 1030, 40}, 0},   {{90, 100, 600}, 0},   {{1, 1, 5000}, 0},
    {{1030, 70, 41}, 3},   {{70, 1030, 40}, 4},   {{90, 100, 600}, 1},   {{1, 1, 5001}, 2},
    {{4200, 3, 17}, 0},    {{4200, 3, 17}, 1},    {{20, 40, 1021}, 0},   {{20, 40, 2045}, 1},
};
enum { LARGE = sizeof large / sizeof *large, SAMPLE_STEP = 32 };

static struct gemm_problem large_problems[LARGE];

/* All products with every way take minutes where the program itself is emulated or instrumented:
 * LAMBERT_ONE_PRODUCT_IN=9 leaves eight in nine out, and the large ones. */
static int one_product_in = 1;

/* Ways whose instructions are emulated here are tried with as few. Nine has no factor in common with the numbers of
 * shapes and types, and so meets all forms with all of either. */
enum { ONE_EMULATED_IN = 9 };

static bool is_left_out(const struct gemm_problem *p)
{
    return !p->samples;
}

static void add_problem(struct gemm_problem *p, int form, struct gemm_types types,
                        struct gemm_shape shape)
{
    if ((p - problems) % one_product_in == 0)
        gemm_problem_init(p, (enum gemm_form)form, types, shape, 1);
}

static int make_problems(void **state)
{
    (void)state;
    struct gemm_problem *p = problems;
    const char *given = getenv("LAMBERT_ONE_PRODUCT_IN");
    if (given)
        one_product_in = atoi(given);
    assert_true(one_product_in > 0);
    for (int form = GEMM_NT; form <= GEMM_TN; form++)
        for (int s = 0; s < SHAPES; s++)
            add_problem(p++, form, gemm_types[0], shapes[s]);
    for (int form = GEMM_NT; form <= GEMM_TN; form++)
        for (int s = 0; s < SHAPES; s++)
            add_problem(p++, form, gemm_types[1 + (s + 2 * form) % (GEMM_TYPES - 1)], shapes[s]);
    for (int form = GEMM_NT; form <= GEMM_TN; form++)
        for (int s = 0; s < TYPED_SHAPES; s++)
            for (int t = 0; t < GEMM_TYPES; t++)
                add_problem(p++, form, gemm_types[t], typed_shapes[s]);
    assert_ptr_equal(p, problems + PROBLEMS);
    return 0;
}

static int release_problems(void **state)
{
    (void)state;
    for (int i = 0; i < PROBLEMS; i++)
        if (!is_left_out(&problems[i]))
            gemm_problem_release(&problems[i]);
    return 0;
}

static struct gemm_way now; /* the way that is tried */

static void for_each_way(void (*check)(void))
{
    struct gemm_way ways[MOST_GEMM_WAYS];
    const int count = gemm_ways(ways);
    for (int w = 0; w < count; w++) {
        now = ways[w];
        gemm_way_take(&now);
        check();
    }
}

static bool is_emulated(const struct gemm_way *way)
{
    const struct tile_kernels *tile = way->blas ? NULL : way->table->bfloat16_tile;
    return tile && emulated_instructions(tile->name);
}

/* A large one is tried in one form. */
static bool is_one_too_many(const struct gemm_problem *p)
{
    if (p >= large_problems && p < large_problems + LARGE)
        return (p - large_problems) % FORMS != (int)p->form;
    return (p - problems) % ONE_EMULATED_IN != 0;
}

static bool is_not_for(const struct gemm_way *way, const struct gemm_problem *p)
{
    return is_left_out(p) || (is_emulated(way) && is_one_too_many(p));
}

static bool pass_over(const struct gemm_problem *p)
{
    return now.repeats[p->types.compute] || is_not_for(&now, p);
}

static void check_product(const struct gemm_problem *p, gemm_function *multiply, real beta)
{
    struct matrix c = gemm_problem_solve(p, multiply, beta);
    gemm_problem_expect(p, beta, &c);
    matrix_release(&c);
}

/* Those of float with each beta, others with one of them. */
static void check_all(gemm_function *multiply)
{
    for (int i = 0; i < PROBLEMS; i++)
        for (int f = 0; f < BETAS; f++)
            if (!pass_over(&problems[i]) && (i < FLOAT_PROBLEMS || f == i % BETAS))
                check_product(&problems[i], multiply, betas[f]);
}

/* --- gemm_parallel() -------------------------------------------------------------------------- */

static void check_parallel(void)
{
    check_all(gemm_parallel);
}

static void gemm_parallel_is_the_product(void **state)
{
    (void)state;
    omp_set_num_threads(2);
    for_each_way(check_parallel);
}

/* --- gemm_pack() and gemm_packed() ------------------------------------------------------------ */

enum { ROWS_AT_ONCE = 37 };

/* B, packed once for the rows of all threads, into no more memory than was promised. */
static void gemm_by_packing(const struct gemm *whole)
{
    const size_t elements = gemm_packed_size(whole->n, whole->k), bytes = elements * sizeof(real);
    const size_t element = whole->a_type == TYPE_BFLOAT16 ? sizeof(uint16_t) : sizeof(real);
    const size_t step = element * (whole->form == GEMM_TN ? 1 : (size_t)whole->lda);
    const size_t copy_bytes = gemm_copy_size(ROWS_AT_ONCE, whole->k) * sizeof(real);
    real *packed = fence_new(bytes);
    for (size_t i = 0; i < elements; i++)
        packed[i] = (real)NAN;
    gemm_pack(whole, packed);
#pragma omp parallel for schedule(static)
    for (int i = 0; i < whole->m; i += ROWS_AT_ONCE) {
        struct gemm rows = *whole;
        rows.m = min_int(whole->m - i, ROWS_AT_ONCE);
        rows.a = (const char *)whole->a + (size_t)i * step;
        rows.b = packed;
        rows.c = whole->c + (size_t)i * (size_t)whole->ldc;
        real *copy = fence_new(copy_bytes);
        gemm_packed(&rows, copy);
        fence_free(copy, copy_bytes);
    }
    fence_free(packed, bytes);
}

static void check_packed(void)
{
    check_all(gemm_by_packing);
}

static void gemm_packed_is_the_product(void **state)
{
    (void)state;
    omp_set_num_threads(2);
    for_each_way(check_packed);
}

/* --- what follows a product ------------------------------------------------------------------- */

/* What the parts of C were when they were handed over. */
struct handed {
    const struct gemm_problem *problem;
    struct matrix c;    /* the product; nobody's where it has no place */
    struct matrix seen; /* copied from parts, which are overwritten */
    int *times;         /* [m, n] */
    bool whole_rows, has_place;
    int wrong_parts;
};

static const real TAKEN = 777;

static bool part_is_right(const struct handed *h, const struct gemm_part *part)
{
    const struct gemm_problem *p = h->problem;
    if (h->whole_rows && (part->column != 0 || part->columns != p->n))
        return false;
    if (h->has_place ? part->ldc != h->c.ld || part->c != matrix_at(&h->c, part->row, part->column)
                     : part->ldc < part->columns)
        return false;
    return part->row >= 0 && part->row % ROW_BLOCK == 0 && part->rows > 0 &&
           part->row + part->rows <= p->m && part->column >= 0 && part->columns > 0 &&
           part->column + part->columns <= p->n;
}

/* On any thread: nothing fails here. */
static void take_part(void *context, const struct gemm_part *part)
{
    struct handed *h = context;
    if (!part_is_right(h, part)) {
#pragma omp atomic
        h->wrong_parts++;
        return;
    }
    for (int i = 0; i < part->rows; i++)
        for (int j = 0; j < part->columns; j++) {
            const int row = part->row + i, column = part->column + j;
            real *c = part->c + (size_t)i * (size_t)part->ldc + j;
#pragma omp atomic
            h->times[row * h->problem->n + column]++;
            *matrix_at(&h->seen, row, column) = *c;
            *c = TAKEN;
        }
}

static void check_handed(const struct handed *h, real beta)
{
    const struct gemm_problem *p = h->problem;
    if (h->wrong_parts > 0)
        gemm_problem_fail(p, "a part that is none");
    for (int i = 0; i < p->m; i++)
        for (int j = 0; j < p->n; j++) {
            if (h->times[i * p->n + j] != 1)
                gemm_problem_fail(p, "an element that is not handed over once");
            if (h->has_place && *matrix_at(&h->c, i, j) != TAKEN)
                gemm_problem_fail(p, "an element that was written after it was handed over");
        }
    gemm_problem_expect(p, beta, &h->seen);
    matrix_expect_around(&h->c);
}

static void try_epilogue(const struct gemm_problem *p, real beta, bool whole_rows, bool has_place)
{
    struct handed h = {.problem = p, .whole_rows = whole_rows, .has_place = has_place};
    h.c = gemm_problem_start(p, beta);
    h.seen = matrix_copy(&p->c);
    h.times = memory_new((size_t)p->m * (size_t)p->n, sizeof *h.times);
    const struct gemm_epilogue then = {take_part, &h, whole_rows};
    struct gemm product = gemm_problem_product(p, beta, &h.c);
    product.then = &then;
    if (!has_place)
        product.c = NULL;
    gemm_parallel(&product);
    check_handed(&h, beta);
    matrix_release(&h.c);
    matrix_release(&h.seen);
    free(h.times);
}

/* Without a place, which only a product that adds nothing to it can be, and not of nothing. */
static void try_without_place(const struct gemm_problem *p, bool whole_rows)
{
    if (p->k > 0)
        try_epilogue(p, 0, whole_rows, false);
}

static void check_epilogues(void)
{
    for (int i = 0; i < PROBLEMS; i++) {
        const struct gemm_problem *p = &problems[i];
        if (pass_over(p) || i >= 2 * FLOAT_PROBLEMS)
            continue;
        try_without_place(p, i % 2 == 0);
        for (int f = 0; f < BETAS; f += BETAS - 1)
            if (i < FLOAT_PROBLEMS || (i + f) % 2 == 0) {
                try_epilogue(p, betas[f], false, true);
                try_epilogue(p, betas[f], true, true);
            }
    }
}

static void every_part_is_handed_over_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        omp_set_num_threads(threads);
        for_each_way(check_epilogues);
    }
}

/* --- threads ---------------------------------------------------------------------------------- */

enum { MOST_THREADS = 4 };

static void same_bits_of_all(const struct gemm_problem *list, int count, gemm_function *multiply)
{
    static struct matrix one[PROBLEMS];
    const real beta = betas[BETAS - 1];
    assert_in_range(count, 1, PROBLEMS);
    for (int threads = 1; threads <= MOST_THREADS; threads++) {
        omp_set_num_threads(threads);
        for (int i = 0; i < count; i++) {
            if (pass_over(&list[i]))
                continue;
            struct matrix c = gemm_problem_solve(&list[i], multiply, beta);
            if (threads == 1) {
                one[i] = c;
                continue;
            }
            if (!matrix_same_bits(&one[i], &c))
                gemm_problem_fail(&list[i], "several threads give other bits than one");
            matrix_release(&c);
        }
    }
    for (int i = 0; i < count; i++)
        if (!pass_over(&list[i]))
            matrix_release(&one[i]);
}

static void check_bits(void)
{
    same_bits_of_all(problems, 2 * FLOAT_PROBLEMS, gemm_parallel);
    same_bits_of_all(problems, 2 * FLOAT_PROBLEMS, gemm_by_packing);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    for_each_way(check_bits);
}

/* --- wide tiles ------------------------------------------------------------------------------- */

/* Which of two tiles is taken is measured at start: it must not be seen in results. */
static void wide_tiles_change_no_bit(void **state)
{
    (void)state;
    struct gemm_way ways[MOST_GEMM_WAYS];
    const int count = gemm_ways(ways);
    omp_set_num_threads(2);
    for (int w = 1; w < count; w++)
        for (int i = 0; i < 2 * FLOAT_PROBLEMS && ways[w].wide; i++) {
            const struct gemm_problem *p = &problems[i];
            if (is_not_for(&ways[w], p))
                continue;
            gemm_way_take(&ways[w - 1]); /* the same table's other tiles */
            struct matrix narrow = gemm_problem_solve(p, gemm_parallel, betas[2]);
            gemm_way_take(&ways[w]);
            struct matrix wide = gemm_problem_solve(p, gemm_parallel, betas[2]);
            if (!matrix_same_bits(&narrow, &wide))
                gemm_problem_fail(p, "wide tiles give other bits");
            matrix_release(&narrow);
            matrix_release(&wide);
        }
}

/* --- large products --------------------------------------------------------------------------- */

/* Vectors that are emulated would take ten minutes for these; tiles do not. */
static void check_large(void)
{
    if (is_emulated(&now) && strcmp(now.table->bfloat16_tile->name, "AVX512_BF16") == 0)
        now.repeats[TYPE_BFLOAT16] = true;
    for (int i = 0; i < LARGE; i++) {
        const struct gemm_problem *p = &large_problems[i];
        if (pass_over(p))
            continue;
        omp_set_num_threads(2);
        try_epilogue(p, betas[0], false, i % 2 == 0);
        try_epilogue(p, betas[BETAS - 1], true, true);
    }
    same_bits_of_all(large_problems, LARGE, gemm_parallel);
}

static void large_products(void **state)
{
    (void)state;
    if (one_product_in > 1)
        skip();
    for (int form = GEMM_NT; form <= GEMM_TN; form++) {
        for (int i = 0; i < LARGE; i++)
            gemm_problem_init(&large_problems[i], (enum gemm_form)form, gemm_types[large[i].types],
                              large[i].shape, SAMPLE_STEP);
        for_each_way(check_large);
        for (int i = 0; i < LARGE; i++)
            gemm_problem_release(&large_problems[i]);
    }
}

/* --- the choice of a way ---------------------------------------------------------------------- */

static int select_with(const char *gemm, struct error *err)
{
    assert_int_equal(gemm ? setenv("LAMBERT_GEMM", gemm, 1) : unsetenv("LAMBERT_GEMM"), 0);
    return gemm_select(err);
}

static void a_way_is_chosen_by_name(void **state)
{
    (void)state;
    for (const struct kernels *const *table = kernels_available(); *table; table++) {
        struct error err = {""};
        kernels = *table;
        assert_int_equal(select_with("blas", &err), 0);
        assert_true(gemm_is_blas());
        assert_int_equal(select_with(NULL, &err), 0);
        assert_int_equal(gemm_is_blas(), !kernels->gemm);
        assert_int_equal(select_with("blas", &err), 0);
        assert_int_equal(select_with("", &err), 0);
        assert_int_equal(gemm_is_blas(), !kernels->gemm);
        assert_int_equal(select_with("lambert", &err), kernels->gemm ? 0 : -1);
        assert_int_equal(gemm_is_blas(), !kernels->gemm);
        if (!kernels->gemm)
            assert_non_null(strstr(err.text, "LAMBERT_GEMM=lambert"));
    }
}

static void an_unknown_way_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"openblas", "Blas", "blas ", "l"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct error err = {""};
        assert_int_equal(select_with(names[i], &err), -1);
        assert_non_null(strstr(err.text, "LAMBERT_GEMM"));
        assert_non_null(strstr(err.text, names[i]));
    }
}

static void check_memory(void)
{
    if (gemm_is_blas()) {
        assert_int_equal(gemm_memory(8), 0);
        return;
    }
    assert_true(gemm_memory(1) > 0);
    assert_int_equal(gemm_memory(9) - gemm_memory(8), gemm_memory(2) - gemm_memory(1));
}

static void memory_grows_with_threads(void **state)
{
    (void)state;
    for_each_way(check_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gemm_parallel_is_the_product),
        cmocka_unit_test(gemm_packed_is_the_product),
        cmocka_unit_test(every_part_is_handed_over_once),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(wide_tiles_change_no_bit),
        cmocka_unit_test(large_products),
        cmocka_unit_test(a_way_is_chosen_by_name),
        cmocka_unit_test(an_unknown_way_is_refused),
        cmocka_unit_test(memory_grows_with_threads),
    };
    return cmocka_run_group_tests(tests, make_problems, release_problems);
}
