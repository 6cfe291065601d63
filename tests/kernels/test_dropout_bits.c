/* Dropout: the random bits against Random123's known answers, the masks of every table against
 * these bits, and whether the masks look like chance. */
#include "trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/dropout_bits.h"
#include "lambert/base/memory.h"

/* Philox4x32-7 once more, with all four words of the counter. */
static void philox7(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    memcpy(out, counter, 4 * sizeof *out);
    for (uint32_t round = 0; round < 7; round++) {
        uint64_t even = UINT64_C(0xD2511F53) * out[0], odd = UINT64_C(0xCD9E8D57) * out[2];
        uint32_t next[4] = {
            (uint32_t)(odd >> 32) ^ out[1] ^ (key[0] + round * 0x9E3779B9u), (uint32_t)odd,
            (uint32_t)(even >> 32) ^ out[3] ^ (key[1] + round * 0xBB67AE85u), (uint32_t)even};
        memcpy(out, next, sizeof next);
    }
}

/* Random123's kat_vectors, "philox4x32 7". */
static void known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } vectors[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x5207ddc2, 0x45165e59, 0x4d8ee751, 0x8c52f662}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0x4dfccaba, 0x190a87f0, 0xc47362ba, 0xb6b5242a}},
    };
    uint32_t out[4];
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        philox7(vectors[i].counter, vectors[i].key, out);
        assert_memory_equal(out, vectors[i].out, sizeof out);
    }
    struct dropout zero = {0, 0, 0};
    dropout_bits(&zero, 0, 0, out);
    assert_memory_equal(out, vectors[0].out, sizeof out);
}

static const uint64_t keys[] = {0, 1, UINT64_C(0x100000000), UINT64_C(0xfedcba9876543210),
                                UINT64_MAX};
static const uint32_t streams[] = {0, 1, 40, UINT32_MAX};
static const uint32_t rows[] = {0, 1, 77, 0x80000000, UINT32_MAX};
static const uint32_t thresholds[] = {0, 1, 6554, 32768, 65535};

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* The 16 bits that decide an element, by the words of kernels.h. */
static uint32_t bits_of(const struct dropout *dropout, uint32_t row, int column)
{
    uint32_t counter[4] = {(uint32_t)column / 8, row, dropout->stream, 0}, out[4];
    uint32_t key[2] = {(uint32_t)dropout->key, (uint32_t)(dropout->key >> 32)};
    philox7(counter, key, out);
    uint32_t word = out[column % 8 / 2];
    return column % 2 ? word >> 16 : word & 0xffff;
}

static void try_mask(const struct kernels *k, const struct dropout *dropout, uint32_t row, int n)
{
    static float want[LONGEST_ROW], x[LONGEST_ROW], y[LONGEST_ROW];
    float scale = (float)(65536.0 / (65536.0 - dropout->threshold));
    for (int i = 0; i < n; i++) {
        x[i] = (float)(i % 13 - 6) + 0.25f;
        want[i] = bits_of(dropout, row, i) < dropout->threshold ? 0 : x[i] * scale;
    }
    k->dropout(dropout, row, x, y, n);
    expect_same_row("mask", y, want, n);
}

/* Every key with every stream, row and threshold. */
static void try_choices(const struct kernels *k, int n)
{
    row_new(1);
    for (size_t key = 0; key < COUNT(keys); key++)
        for (size_t stream = 0; stream < COUNT(streams); stream++)
            for (size_t row = 0; row < COUNT(rows); row++)
                for (size_t t = 0; t < COUNT(thresholds); t++) {
                    struct dropout dropout = {keys[key], streams[stream], thresholds[t]};
                    try_mask(k, &dropout, rows[row], n);
                }
}

static void masks_follow_the_bits(void **state)
{
    (void)state;
    trials_of_length(try_choices, 139);
}

/* One row after another, of growing length: what a row leaves behind must not matter. */
static void try_lengths(const struct kernels *k, int n)
{
    for (size_t t = 0; t < COUNT(thresholds); t++) {
        struct dropout dropout = {keys[3], (uint32_t)n, thresholds[t]};
        float *x = row_normal(n, 0, 1), *y = row_new((size_t)n), *in_place = row_copy(x, n);
        row_freeze(x);
        k->dropout(&dropout, 3, x, y, n);
        k->dropout(&dropout, 3, in_place, in_place, n);
        expect_same_row("y over x", in_place, y, n);
        float scale = (float)(65536.0 / (65536.0 - thresholds[t]));
        for (int i = 0; i < n; i++) {
            float want = bits_of(&dropout, 3, i) < thresholds[t] ? 0 : x[i] * scale;
            expect_near("y", i, (double)y[i], (double)want, 0);
        }
    }
}

static void masks_of_every_length(void **state)
{
    (void)state;
    trials(try_lengths);
}

/* Element (column 0 to 7, row 0, stream 0) of key 0 is kept from the known answer's bits on. */
static void try_borders(const struct kernels *k, int n)
{
    static const uint32_t halves[8] = {0xb709, 0x5f6f, 0x3f64, 0x0d89,
                                       0x1f81, 0x4f12, 0x0a48, 0x4f73};
    float *x = row_normal(n, 1, 0), *y = row_new((size_t)n);
    for (int i = 0; i < n; i++) {
        struct dropout kept = {0, 0, halves[i]}, dropped = {0, 0, halves[i] + 1};
        k->dropout(&kept, 0, x, y, n);
        assert_true(y[i] > 0);
        k->dropout(&dropped, 0, x, y, n);
        assert_true(y[i] == 0);
    }
}

static void dropped_below_the_threshold(void **state)
{
    (void)state;
    trials_of_length(try_borders, 8);
}

static void thresholds_of_probabilities(void **state)
{
    (void)state;
    assert_int_equal(dropout_threshold(0), 0);
    assert_int_equal(dropout_threshold(0.1), 6554);
    assert_int_equal(dropout_threshold(0.5), 32768);
    assert_int_equal(dropout_threshold(65535.0 / 65536), 65535);
    assert_int_equal(dropout_threshold(1), 65536);
}

/* --- chance --------------------------------------------------------------------------------- */

enum { MASKS = 256, COLUMNS = 768 };

/* Five standard deviations: the masks are always the same, so this passes for good or never. */
static void expect_share(const char *what, long hits, long draws, double p)
{
    double bound = 5 * sqrt(p * (1 - p) / (double)draws), share = (double)hits / (double)draws;
    if (!(fabs(share - p) <= bound))
        fail_msg("%s: a share of %g of %ld, expected %g +- %g", what, share, draws, p, bound);
}

/* 1 where dropped. mask [MASKS, COLUMNS]: what differs from one mask to the next is chosen. */
static void draw(uint32_t threshold, int rows_step, int streams_step, int keys_step,
                 unsigned char *mask)
{
    float ones[COLUMNS], y[COLUMNS];
    for (int i = 0; i < COLUMNS; i++)
        ones[i] = 1;
    for (int m = 0; m < MASKS; m++) {
        struct dropout dropout = {(uint64_t)(3 + m * keys_step), (uint32_t)(m * streams_step),
                                  threshold};
        kernels->dropout(&dropout, (uint32_t)(m * rows_step), ones, y, COLUMNS);
        for (int i = 0; i < COLUMNS; i++)
            mask[m * COLUMNS + i] = y[i] == 0;
    }
}

static void expect_chance(const unsigned char *mask, double p)
{
    long all = 0, beside = 0, below = 0, by_place[8] = {0};
    for (int m = 0; m < MASKS; m++)
        for (int i = 0; i < COLUMNS; i++) {
            const unsigned char *here = mask + m * COLUMNS + i;
            all += *here;
            by_place[i % 8] += *here;
            beside += i > 0 && here[-1] && *here;
            below += m > 0 && here[-COLUMNS] && *here;
        }
    expect_share("all", all, (long)MASKS * COLUMNS, p);
    expect_share("neighbours in a row", beside, (long)MASKS * (COLUMNS - 1), p * p);
    expect_share("neighbours in a column", below, (long)(MASKS - 1) * COLUMNS, p * p);
    for (int place = 0; place < 8; place++)
        expect_share("one column of eight", by_place[place], (long)MASKS * COLUMNS / 8, p);
}

static void masks_look_like_chance(void **state)
{
    (void)state;
    unsigned char *mask = memory_new(MASKS, COLUMNS);
    for (size_t t = 0; t < COUNT(thresholds); t++) {
        double p = thresholds[t] / 65536.0;
        draw(thresholds[t], 1, 0, 0, mask), expect_chance(mask, p);
        draw(thresholds[t], 0, 1, 0, mask), expect_chance(mask, p);
        draw(thresholds[t], 0, 0, 1, mask), expect_chance(mask, p);
    }
    free(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(masks_follow_the_bits),
        cmocka_unit_test(masks_of_every_length),
        cmocka_unit_test(dropped_below_the_threshold),
        cmocka_unit_test(thresholds_of_probabilities),
        cmocka_unit_test(masks_look_like_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
