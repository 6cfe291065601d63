/* The tiles of matrix products, for each instruction set that this CPU has, against their
 * definition: operands end at pages that cannot be touched, C lies among foreign numbers. Those for
 * floats with the layout that they have; those of both types whatever their layout
 * (tile_products.h). */
#include "lib/unit.h"

#include <math.h>
#include <string.h>

#include "fence.h"
#include "kernels/tile.h"
#include "lambert/base/rng.h"
#include "lambert/kernels/kernels.h"
#include "tile_products.h"

static const struct kernels *table; /* whose tiles are tried */
static const float FOREIGN = 12345;

typedef void tile_check(const struct tile_kernels *tile);

/* Tables may share a tile. Returns how many there are. */
static int check_tiles(enum float_type type, tile_check *check)
{
    const struct tile_kernels *last = NULL;
    int count = 0;
    for (const struct kernels *const *t = kernels_available(); *t; t++) {
        const bool bfloat16 = type == TYPE_BFLOAT16;
        const struct tile_kernels *tile = bfloat16 ? (*t)->bfloat16_tile : (*t)->tile;
        const struct tile_kernels *wide = bfloat16 ? (*t)->wide_bfloat16_tile : (*t)->wide_tile;
        if (!tile || tile == last)
            continue;
        table = *t;
        check(tile);
        if (wide)
            check(wide);
        last = tile;
        count++;
    }
    return count;
}

static void for_each_tile(tile_check *check)
{
    if (check_tiles(TYPE_FLOAT32, check) == 0)
        skip();
}

static void for_each_bfloat16_tile(tile_check *check)
{
    if (check_tiles(TYPE_BFLOAT16, check) == 0)
        skip();
}

/* [n] of fenced memory, all of it `value`. */
static float *floats_new(size_t n, float value)
{
    float *x = fence_new(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = value;
    return x;
}

static void floats_free(float *x, size_t n)
{
    fence_free(x, n * sizeof *x);
}

/* --- multiply --------------------------------------------------------------------------------- */

enum { MOST_ROWS = TILE_MOST_ROWS, MOST_COLUMNS = TILE_MOST_COLUMNS, FRONT = 7, GAP = 5 };

/* How A lies. */
enum layout { ALONG_ROWS, ALONG_COLUMNS, IN_GROUPS, LAYOUTS };

struct operands {
    int rows, columns, k, row_step, k_step;
    float *a, *panel;
    size_t a_size, panel_size;
    double sums[MOST_ROWS][MOST_COLUMNS], sizes[MOST_ROWS][MOST_COLUMNS];
};

/* NaN between what is in use of A. */
static void fill_a(struct operands *o, enum layout layout, int group, struct rng *rng)
{
    o->row_step = layout == ALONG_ROWS ? o->k + GAP : 1;
    o->k_step = layout == ALONG_ROWS ? 1 : layout == IN_GROUPS ? group : o->rows + GAP;
    o->a_size = o->k == 0 ? 0 : (size_t)((o->rows - 1) * o->row_step + (o->k - 1) * o->k_step + 1);
    o->a = floats_new(o->a_size, NAN);
    for (int i = 0; i < o->rows; i++)
        for (int p = 0; p < o->k; p++)
            o->a[i * o->row_step + p * o->k_step] = (float)rng_normal(rng);
}

static void fill_panel(struct operands *o, int width, struct rng *rng)
{
    o->panel_size = (size_t)(o->k * width);
    o->panel = floats_new(o->panel_size, 0);
    for (int p = 0; p < o->k; p++)
        for (int j = 0; j < o->columns; j++)
            o->panel[p * width + j] = (float)rng_normal(rng);
}

static void define(struct operands *o, int width)
{
    memset(o->sums, 0, sizeof o->sums);
    memset(o->sizes, 0, sizeof o->sizes);
    for (int p = 0; p < o->k; p++)
        for (int i = 0; i < o->rows; i++)
            for (int j = 0; j < o->columns; j++) {
                double product =
                    (double)o->a[i * o->row_step + p * o->k_step] * (double)o->panel[p * width + j];
                o->sums[i][j] += product;
                o->sizes[i][j] += fabs(product);
            }
}

static void operands_init(struct operands *o, const struct tile_kernels *tile, enum layout layout)
{
    struct rng rng;
    rng_init(&rng, rng_key(5, RNG_TEST, (uint64_t)(o->rows * 100 + o->columns), (uint64_t)o->k));
    fill_a(o, layout, tile->rows, &rng);
    fill_panel(o, tile->columns, &rng);
    define(o, tile->columns);
}

static void operands_release(struct operands *o)
{
    floats_free(o->a, o->a_size);
    floats_free(o->panel, o->panel_size);
}

static void fail_tile(const struct operands *o, float beta, int i, int j, double got)
{
    fail_msg("tile of %s, %d x %d x %d, steps %d and %d, beta %g: C[%d, %d] became %.9g",
             table->name, o->rows, o->columns, o->k, o->row_step, o->k_step, (double)beta, i, j,
             got);
}

static float before(int i, int j)
{
    return (float)(i - j) / 4 + 1;
}

/* With beta 0 the tile was full of NaN, which must not have been read. For the tolerance see
 * gemm_problem.c. */
static void expect_element(const struct operands *o, float beta, int i, int j, float got)
{
    const double old = (double)beta * (double)before(i, j);
    const double want = o->sums[i][j] + old;
    const double size = o->sizes[i][j] + fabs(old);
    if (!(fabs((double)got - want) <= (o->k + 3) * 0x1p-24 * size))
        fail_tile(o, beta, i, j, (double)got);
}

static void try_finish(const struct operands *o, const struct tile_kernels *tile, float beta)
{
    const int ldc = tile->columns + GAP;
    const size_t size = (size_t)(FRONT + (o->rows - 1) * ldc + o->columns);
    float *memory = floats_new(size, FOREIGN), *c = memory + FRONT;
    for (int i = 0; i < o->rows; i++)
        for (int j = 0; j < o->columns; j++)
            c[i * ldc + j] = beta == 0 ? NAN : before(i, j);
    tile->multiply(o->rows, o->columns, o->k, o->a, (size_t)o->row_step * sizeof(float),
                   (size_t)o->k_step * sizeof(float), o->panel, o->panel, beta, c, (size_t)ldc);
    for (int i = 0; i < o->rows; i++) {
        for (int j = 0; j < o->columns; j++)
            expect_element(o, beta, i, j, c[i * ldc + j]);
        for (int j = o->columns; i < o->rows - 1 && j < ldc; j++)
            if (c[i * ldc + j] != FOREIGN)
                fail_tile(o, beta, i, j, (double)c[i * ldc + j]);
    }
    for (int i = 0; i < FRONT; i++)
        assert_true(memory[i] == FOREIGN);
    floats_free(memory, size);
}

static void try_multiply(const struct tile_kernels *tile, int rows, int columns)
{
    static const int depths[] = {0, 1, 2, 7, 8, 33, 400};
    static const float betas[] = {0, 1, -0.5f, -2};
    for (size_t d = 0; d < sizeof depths / sizeof *depths; d++)
        for (int layout = 0; layout < LAYOUTS; layout++) {
            struct operands o = {.rows = rows, .columns = columns, .k = depths[d]};
            operands_init(&o, tile, (enum layout)layout);
            for (size_t f = 0; f < sizeof betas / sizeof *betas; f++)
                try_finish(&o, tile, betas[f]);
            operands_release(&o);
        }
}

static void check_multiply(const struct tile_kernels *tile)
{
    assert_in_range(tile->rows, 1, MOST_ROWS);
    assert_in_range(tile->columns, 1, MOST_COLUMNS);
    for (int rows = 1; rows <= tile->rows; rows++)
        for (int columns = 1; columns <= tile->columns; columns++)
            try_multiply(tile, rows, columns);
}

static void tiles_multiply(void **state)
{
    (void)state;
    for_each_tile(check_multiply);
}

/* --- pack ------------------------------------------------------------------------------------- */

static float number(int row, int column)
{
    return (float)(1 + row * 1000 + column);
}

/* Foreign numbers between what is in use; element (i, j) is number(i, j). */
static float *numbered_new(int rows, int columns, size_t *size)
{
    const int ld = columns + GAP;
    *size = (size_t)((rows - 1) * ld + columns);
    float *x = floats_new(*size, FOREIGN);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            x[i * ld + j] = number(i, j);
    return x;
}

static void try_pack(const struct tile_kernels *tile, bool transposed, int columns, int k)
{
    const int width = tile->columns, panels = (columns + width - 1) / width;
    const size_t size = (size_t)(panels * k * width);
    size_t b_size;
    float *b = transposed ? numbered_new(columns, k, &b_size) : numbered_new(k, columns, &b_size);
    float *memory = floats_new(FRONT + size, FOREIGN), *packed = memory + FRONT;
    tile->pack(SOURCE_FLOAT, transposed, columns, k, b, (size_t)((transposed ? k : columns) + GAP),
               packed);
    for (int j = 0; j < panels * width; j++)
        for (int p = 0; p < k; p++) {
            float want = j >= columns ? 0 : transposed ? number(j, p) : number(p, j);
            float got = packed[(j / width * k + p) * width + j % width];
            if (got != want)
                fail_msg("%s packs %d x %d, transposed %d: column %d, k %d is %g, not %g",
                         table->name, columns, k, transposed, j, p, (double)got, (double)want);
        }
    for (int i = 0; i < FRONT; i++)
        assert_true(memory[i] == FOREIGN);
    floats_free(memory, FRONT + size);
    floats_free(b, b_size);
}

static void check_pack(const struct tile_kernels *tile)
{
    static const int depths[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 40, 130};
    for (size_t d = 0; d < sizeof depths / sizeof *depths; d++)
        for (int columns = 1; columns <= 4 * tile->columns + 3; columns++) {
            try_pack(tile, false, columns, depths[d]);
            try_pack(tile, true, columns, depths[d]);
        }
}

static void tiles_pack(void **state)
{
    (void)state;
    for_each_tile(check_pack);
}

/* --- group ------------------------------------------------------------------------------------ */

/* What a part group has beyond the last row is left open. */
static void expect_groups(const struct tile_kernels *tile, const float *groups, int step, int rows,
                          int k)
{
    const int count = (rows + tile->rows - 1) / tile->rows;
    for (int g = 0; g < count; g++) {
        const float *group = groups + g * step;
        for (int p = 0; p < k; p++)
            for (int i = 0; i < tile->rows && g * tile->rows + i < rows; i++)
                if (group[p * tile->rows + i] != number(p, g * tile->rows + i))
                    fail_msg("%s groups %d x %d: row %d, k %d is %g", table->name, rows, k,
                             g * tile->rows + i, p, (double)group[p * tile->rows + i]);
        for (int i = k * tile->rows; g < count - 1 && i < step; i++)
            assert_true(group[i] == FOREIGN);
    }
}

static void try_group(const struct tile_kernels *tile, int rows, int k)
{
    const int step = k * tile->rows + GAP, count = (rows + tile->rows - 1) / tile->rows;
    const size_t size = (size_t)(FRONT + (count - 1) * step + k * tile->rows);
    size_t a_size;
    float *a = numbered_new(k, rows, &a_size);
    float *memory = floats_new(size, FOREIGN);
    tile->group(SOURCE_FLOAT, rows, k, a, (size_t)(rows + GAP), memory + FRONT, (size_t)step);
    expect_groups(tile, memory + FRONT, step, rows, k);
    for (int i = 0; i < FRONT; i++)
        assert_true(memory[i] == FOREIGN);
    floats_free(memory, size);
    floats_free(a, a_size);
}

static void check_group(const struct tile_kernels *tile)
{
    static const int depths[] = {1, 2, 7, 8, 9, 40};
    for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) {
        for (int rows = 1; rows <= 5 * tile->rows + 1; rows++)
            try_group(tile, rows, depths[d]);
        try_group(tile, 128, depths[d]);
    }
}

static void tiles_group(void **state)
{
    (void)state;
    for_each_tile(check_group);
}

/* --- tiles of both types ---------------------------------------------------------------------- */

static void for_each_type(tile_check *check)
{
    if (check_tiles(TYPE_FLOAT32, check) + check_tiles(TYPE_BFLOAT16, check) == 0)
        skip();
}

static void operands_are_packed_and_multiplied(void **state)
{
    (void)state;
    for_each_type(tile_products_check);
}

static void denormals_are_kept_or_are_0(void **state)
{
    (void)state;
    for_each_type(tile_denormals_check);
}

static void special_numbers_are_multiplied(void **state)
{
    (void)state;
    for_each_type(tile_specials_check);
}

/* docs/numerics.md says what was found on which CPU. */
static void expect_known_sums(const struct tile_kernels *tile)
{
    const char *how = tile_sums_describe(tile);
    if (!how)
        fail_msg("%s sums in none of the ways that are known", tile->name);
    print_message("%s: %s\n", tile->name, how);
}

static void pairs_are_summed_in_a_known_way(void **state)
{
    (void)state;
    for_each_bfloat16_tile(expect_known_sums);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_multiply),
        cmocka_unit_test(tiles_pack),
        cmocka_unit_test(tiles_group),
        cmocka_unit_test(operands_are_packed_and_multiplied),
        cmocka_unit_test(denormals_are_kept_or_are_0),
        cmocka_unit_test(special_numbers_are_multiplied),
        cmocka_unit_test(pairs_are_summed_in_a_known_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
