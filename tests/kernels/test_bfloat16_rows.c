/* Rows that are operands of products (kernels.h, `type`), of every table: in bfloat16 they are what
 * they are in float, rounded to nearest, ties to even; and the rounding itself, of every number.
 *
 * Each kernel is held against its own float variant, which other tests hold against its definition.
 * The two are compiled from one source, but a compiler may fuse a multiplication and an addition in
 * one and not in the other: where the float is within SLACK of the middle between two bfloat16,
 * either is right. A table that has instructions for bfloat16 may round a denormal to 0. */
#include "trial.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double SLACK = 0x1p-20; /* 16 U */

static const struct dropout no_dropout = {0x0123456789abcdef, 7, 0};
static const struct dropout some_dropout = {0x0123456789abcdef, 7, 6554};
enum { QUERY = 11 };

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static bool may_flush(const struct kernels *k)
{
    return k->bfloat16_tile;
}

/* Infinities too, and NaN. */
static bool same(double x, double y)
{
    return x == y || (isnan(x) && isnan(y));
}

/* `got` is `exact` rounded, where that is off by `size` SLACK at most. */
static void expect_rounded(const struct kernels *k, const char *what, int i, uint16_t got,
                           float exact, double size)
{
    const double off = SLACK * size, value = (double)bfloat16_to_float(got);
    const double low = (double)bfloat16_to_float(bfloat16_from_float((float)((double)exact - off)));
    const double high =
        (double)bfloat16_to_float(bfloat16_from_float((float)((double)exact + off)));
    if (!isfinite(exact) && same(value, (double)exact))
        return;
    if (may_flush(k) && fabs((double)exact) - off < (double)FLT_MIN && value == 0)
        return;
    if (low <= value && value <= high)
        return;
    expect_near(what, i, value, (double)exact, 0);
}

/* --- types ------------------------------------------------------------------------------------ */

static void try_types(const struct kernels *k, int n)
{
    float *x = row_normal(n, 0, 3), *back = row_new((size_t)n);
    uint16_t *y = row_of_bfloat16((size_t)n);
    x[n / 2] = float_of(0x3f808000); /* a tie */
    float *in_place = row_copy(x, n);
    row_freeze(x);
    k->to_bfloat16(x, y, (size_t)n);
    for (int i = 0; i < n; i++)
        assert_int_equal(y[i], bfloat16_from_float(x[i]));
    k->to_bfloat16(in_place, (uint16_t *)(void *)in_place, (size_t)n);
    assert_memory_equal(in_place, y, (size_t)n * sizeof *y);
    row_freeze(y);
    k->from_bfloat16(y, back, (size_t)n);
    for (int i = 0; i < n; i++)
        assert_true(back[i] == bfloat16_to_float(y[i]));
    k->from_bfloat16(y, back, 0);
    k->to_bfloat16(x, y, 0);
}

static void rows_are_converted(void **state)
{
    (void)state;
    trials(try_types);
}

enum { ALL = 1 << 16 };

static void every_bfloat16_becomes_a_float(void **state)
{
    (void)state;
    static uint16_t x[ALL];
    static float y[ALL];
    for (uint32_t i = 0; i < ALL; i++)
        x[i] = (uint16_t)i;
    for (const struct kernels *const *k = kernels_available(); *k; k++) {
        memset(y, 0, sizeof y);
        (*k)->from_bfloat16(x, y, ALL);
        for (uint32_t i = 0; i < ALL; i++) {
            uint32_t bits;
            memcpy(&bits, &y[i], sizeof bits);
            if (bits != i << 16)
                fail_msg("%s: %04x becomes %08x", (*k)->name, i, bits);
        }
    }
}

/* Where a float lies between two bfloat16: at the lower one, beside it, beside the middle and in it,
 * beside the upper one. */
static const uint32_t between[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
enum { BETWEEN = sizeof between / sizeof *between };

static void expect_conversion(const struct kernels *k, uint32_t bits, uint16_t got)
{
    const uint32_t lower = bits >> 16, part = bits & 0xffff, size = bits & 0x7fffffff;
    const bool up = part > 0x8000 || (part == 0x8000 && lower % 2 == 1);
    const bool nan = size > 0x7f800000, got_nan = (got & 0x7fff) > 0x7f80;
    const bool flushed = may_flush(k) && size < 0x00800000 && (got & 0x7fff) == 0;
    if (nan ? !got_nan : got != lower + up && !flushed)
        fail_msg("%s: %08x becomes %04x", k->name, bits, got);
    if ((bits >> 31) != (uint32_t)(got >> 15))
        fail_msg("%s: the sign of %08x is lost", k->name, bits);
}

static void floats_between_any_two_are_rounded(void **state)
{
    (void)state;
    static float x[ALL];
    static uint16_t y[ALL];
    for (const struct kernels *const *k = kernels_available(); *k; k++)
        for (int b = 0; b < BETWEEN; b++) {
            for (uint32_t i = 0; i < ALL; i++)
                x[i] = float_of(i << 16 | between[b]);
            memset(y, 0, sizeof y);
            (*k)->to_bfloat16(x, y, ALL);
            for (uint32_t i = 0; i < ALL; i++)
                expect_conversion(*k, i << 16 | between[b], y[i]);
        }
}

/* --- GELU ------------------------------------------------------------------------------------- */

/* Normal numbers with special ones among them, at other places in each row. */
static float *row_with_specials(int n)
{
    const float specials[] = {0,   -0.0f, 1e-30f, -1e-39f, 3e38f,     -3e38f,   0x1.01p0f, -9,
                              -13, -20,   20,     1e-4f,   0x1p-126f, INFINITY, NAN};
    enum { COUNT = sizeof specials / sizeof *specials };
    float *row = row_normal(n, 0, 2);
    for (int i = n % 3; i < n; i += 3)
        row[i] = specials[(i / 3 + n) % COUNT];
    return row;
}

/* The activation is rounded first, and GELU is that of what is kept. */
static void gelu_on(const struct kernels *k, enum gelu_form form, const float *x, const float *bias,
                    int n)
{
    uint16_t *a = row_of_bfloat16((size_t)n), *y = row_of_bfloat16((size_t)n);
    uint16_t *y_again = row_of_bfloat16((size_t)n);
    float *in_place = row_copy(x, n), *kept = row_new((size_t)n), *exact = row_new((size_t)n);
    float *zero = row_normal(n, 0, 0), *unused = row_new((size_t)n);
    k->bias_gelu(form, TYPE_BFLOAT16, bias, x, a, y, n);
    k->bias_gelu(form, TYPE_BFLOAT16, bias, in_place, in_place, y_again, n);
    assert_memory_equal(in_place, a, (size_t)n * sizeof *a);
    assert_memory_equal(y_again, y, (size_t)n * sizeof *y);
    for (int i = 0; i < n; i++) {
        expect_rounded(k, "a", i, a[i], x[i] + bias[i], 0);
        kept[i] = bfloat16_to_float(a[i]);
    }
    k->bias_gelu(form, TYPE_FLOAT32, zero, kept, unused, exact, n);
    for (int i = 0; i < n; i++)
        expect_rounded(k, "gelu", i, y[i], exact[i], (double)fabsf(exact[i]));
}

static void try_gelu(const struct kernels *k, int n)
{
    float *x = row_with_specials(n), *bias = row_normal(n, 0, 0.5);
    memset(bias, 0, (size_t)(n / 2) * sizeof *bias); /* half of the specials stay what they are */
    row_freeze(x), row_freeze(bias);
    gelu_on(k, n % 2 ? GELU_ERF : GELU_TANH, x, bias, n);
}

/* dbias gets what was not rounded. */
static void gelu_backward_on(const struct kernels *k, enum gelu_form form, int n)
{
    float *kept = row_with_specials(n), *dy = row_normal(n, 0, 1), *in_place = row_copy(dy, n);
    float *exact_da = row_new((size_t)n), *exact_y = row_new((size_t)n);
    float *dbias = row_normal(n, 0, 1), *dbias_again = row_copy(dbias, n);
    float *exact_dbias = row_copy(dbias, n);
    uint16_t *a = row_of_bfloat16((size_t)n), *da = row_of_bfloat16((size_t)n);
    uint16_t *y = row_of_bfloat16((size_t)n), *y_again = row_of_bfloat16((size_t)n);
    for (int i = 0; i < n; i++) {
        a[i] = bfloat16_from_float(kept[i]);
        kept[i] = bfloat16_to_float(a[i]);
    }
    row_freeze(a), row_freeze(dy), row_freeze(kept);
    k->gelu_backward(form, TYPE_FLOAT32, kept, dy, exact_da, exact_y, exact_dbias, n);
    k->gelu_backward(form, TYPE_BFLOAT16, a, dy, da, y, dbias, n);
    k->gelu_backward(form, TYPE_BFLOAT16, a, in_place, in_place, y_again, dbias_again, n);
    assert_memory_equal(in_place, da, (size_t)n * sizeof *da);
    assert_memory_equal(y_again, y, (size_t)n * sizeof *y);
    expect_same_row("dbias, da over dy", dbias_again, dbias, n);
    for (int i = 0; i < n; i++) {
        const double size = (double)fabsf(dy[i]) + (double)fabsf(exact_da[i]);
        expect_rounded(k, "da", i, da[i], exact_da[i], size);
        expect_rounded(k, "gelu again", i, y[i], exact_y[i], (double)fabsf(exact_y[i]));
        if (!same((double)dbias[i], (double)exact_dbias[i]))
            expect_near("dbias", i, (double)dbias[i], (double)exact_dbias[i],
                        SLACK * (size + (double)fabsf(exact_dbias[i])));
    }
}

static void try_gelu_backward(const struct kernels *k, int n)
{
    gelu_backward_on(k, n % 2 ? GELU_TANH : GELU_ERF, n);
}

static void gelu(void **state)
{
    (void)state;
    trials(try_gelu);
    trials(try_gelu_backward);
    trials_of_length(try_gelu, 10007);
    trials_of_length(try_gelu_backward, 10008);
}

/* --- attention -------------------------------------------------------------------------------- */

/* The sum is of what was neither dropped nor rounded: the same as in float. */
static void weights_on(const struct kernels *k, const struct dropout *dropout, float scale,
                       const float *s, int n)
{
    float *exact = row_new((size_t)n), *in_place = row_copy(s, n), sums[3], lse[3];
    uint16_t *p = row_of_bfloat16((size_t)n);
    sums[0] = k->attention_weights(dropout, QUERY, scale, TYPE_FLOAT32, s, exact, &lse[0], n);
    sums[1] = k->attention_weights(dropout, QUERY, scale, TYPE_BFLOAT16, s, p, &lse[1], n);
    sums[2] =
        k->attention_weights(dropout, QUERY, scale, TYPE_BFLOAT16, in_place, in_place, &lse[2], n);
    assert_memory_equal(in_place, p, (size_t)n * sizeof *p);
    expect_same_row("sum, in place", &sums[2], &sums[1], 1);
    expect_same_row("lse, in place", &lse[2], &lse[1], 1);
    expect_near("sum", 0, (double)sums[1], (double)sums[0], SLACK * (double)sums[0]);
    expect_near("lse", 0, (double)lse[1], (double)lse[0], SLACK * (1 + fabs((double)lse[0])));
    for (int i = 0; i < n; i++)
        expect_rounded(k, "weight", i, p[i], exact[i], (double)exact[i]);
}

static void try_weights(const struct kernels *k, int n)
{
    float *s = row_normal(n, 0, 5), *spread = row_normal(n, 0, 40);
    row_freeze(s), row_freeze(spread);
    weights_on(k, &no_dropout, 0.125f, s, n);
    weights_on(k, &some_dropout, 1, s, n);
    weights_on(k, &some_dropout, 1, spread, n);
}

static void backward_on(const struct kernels *k, const struct dropout *dropout, float scale,
                        const float *s, int n)
{
    const float lse = 4.5f, delta = 0.3f;
    float *dp = row_normal(n, 0, 2), *exact_p = row_new((size_t)n), *exact_ds = row_new((size_t)n);
    float *p_in_place = row_copy(s, n), *ds_in_place = row_copy(dp, n);
    uint16_t *p = row_of_bfloat16((size_t)n), *ds = row_of_bfloat16((size_t)n);
    row_freeze(dp);
    k->attention_backward(dropout, QUERY, scale, lse, delta, TYPE_FLOAT32, s, dp, exact_p, exact_ds,
                          n);
    k->attention_backward(dropout, QUERY, scale, lse, delta, TYPE_BFLOAT16, s, dp, p, ds, n);
    k->attention_backward(dropout, QUERY, scale, lse, delta, TYPE_BFLOAT16, p_in_place, ds_in_place,
                          p_in_place, ds_in_place, n);
    assert_memory_equal(p_in_place, p, (size_t)n * sizeof *p);
    assert_memory_equal(ds_in_place, ds, (size_t)n * sizeof *ds);
    for (int i = 0; i < n; i++) {
        const double weight = exp((double)scale * (double)s[i] - (double)lse);
        const double size = weight * (double)scale * (1.2 * fabs((double)dp[i]) + (double)delta);
        expect_rounded(k, "p", i, p[i], exact_p[i], (double)exact_p[i]);
        expect_rounded(k, "ds", i, ds[i], exact_ds[i], size);
    }
}

static void try_backward(const struct kernels *k, int n)
{
    float *s = row_normal(n, 0, 5);
    row_freeze(s);
    backward_on(k, &some_dropout, 0.125f, s, n);
}

static void sweep_backward(const struct kernels *k, int n)
{
    backward_on(k, &no_dropout, 1, row_of_steps(-100, 4, n), n);
}

static void attention(void **state)
{
    (void)state;
    trials(try_weights);
    trials(try_backward);
    trials_of_length(sweep_backward, 30011);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_converted),
        cmocka_unit_test(every_bfloat16_becomes_a_float),
        cmocka_unit_test(floats_between_any_two_are_rounded),
        cmocka_unit_test(gelu),
        cmocka_unit_test(attention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
