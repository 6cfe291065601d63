/* ranks: 1 2 3 */
/* Who made the products of all ranks, when they do not all have the same kernels. */
#include "lambert/run/product_shares.h"

#include <math.h>
#include <string.h>

#include "dist/ranks.h"
#include "lambert/kernels/product_counts.h"

static void nothing_has_no_share(void **state)
{
    (void)state;
    struct product_shares shares;
    struct buffer text = {0};
    product_counts_reset();
    product_shares_take(ranks, &shares);
    assert_int_equal(shares.count, 0);
    product_shares_print(&shares, &text);
    assert_string_equal(buffer_text(&text), "");
    buffer_release(&text);
}

/* Rank 0 has a kind of its own, and all share one; of 10 that a rank makes, 1 is on floats. */
static void ranks_are_added_up(void **state)
{
    (void)state;
    const int size = dist_size(ranks);
    const bool first = dist_rank(ranks) == 0;
    struct product_shares shares;
    product_counts_reset();
    product_counts_add(first ? "first" : "others", TYPE_BFLOAT16, 9);
    product_counts_add("all", TYPE_FLOAT32, 1);
    product_shares_take(ranks, &shares);
    assert_int_equal(shares.count, !first ? 0 : size == 1 ? 2 : 3);
    for (int i = 0; i < shares.count; i++) {
        const struct product_share *row = &shares.at[i];
        const bool floats = row->type == TYPE_FLOAT32;
        const char *name = floats ? "all" : i == 0 && size == 3 ? "others" : row->maker;
        const int makers = floats ? size : strcmp(row->maker, "first") == 0 ? 1 : size - 1;
        assert_string_equal(row->maker, name);
        assert_true(row->operations == (floats ? 1.0 : 9.0) * makers);
        assert_true(fabs(row->share - row->operations / (10 * size)) < 1e-12);
        assert_true(i == 0 || row->operations <= shares.at[i - 1].operations);
    }
}

static void shares_are_said_in_words(void **state)
{
    (void)state;
    const struct product_shares shares = {
        .count = 2,
        .at = {{.maker = "AVX512_BF16", .type = TYPE_BFLOAT16, .share = 0.998},
               {.maker = "AVX-512", .type = TYPE_FLOAT32, .share = 0.002}}};
    struct buffer text = {0};
    product_shares_print(&shares, &text);
    assert_string_equal(buffer_text(&text),
                        "99.80% by AVX512_BF16 on bfloat16, 0.20% by AVX-512 on float32");
    buffer_release(&text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {RANKS_TEST(nothing_has_no_share),
                                       RANKS_TEST(ranks_are_added_up),
                                       RANKS_TEST(shares_are_said_in_words)};
    return RANKS_RUN(tests, &argc, &argv);
}
