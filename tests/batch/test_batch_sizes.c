#include "lib/unit.h"

#include "lambert/batch/batch_sizes.h"

static const struct batch_sizes growing = {
    .first = 4, .change_count = 3, .changes = {{3, 8}, {5, 1}, {6, 100}}};

static void they_change_where_they_say(void **state)
{
    (void)state;
    static const int wanted[] = {4, 4, 4, 8, 8, 1, 100, 100, 100};
    for (uint64_t k = 0; k < 9; k++)
        assert_int_equal(batch_sizes_at(&growing, k), wanted[k]);
    assert_int_equal(batch_sizes_at(&growing, UINT64_MAX), 100);
    const struct batch_sizes even = {.first = 7};
    assert_int_equal(batch_sizes_at(&even, 0), 7);
    assert_int_equal(batch_sizes_at(&even, 1000000000), 7);
}

/* Batch by batch, no sample is left out and none comes twice. */
static void samples_are_numbered_on(void **state)
{
    (void)state;
    uint64_t before = 0;
    for (uint64_t k = 0; k < 20; k++) {
        assert_true(batch_sizes_before(&growing, k) == before);
        before += (uint64_t)batch_sizes_at(&growing, k);
    }
    const struct batch_sizes even = {.first = 1 << 20};
    assert_true(batch_sizes_before(&even, 1000000000) == UINT64_C(1000000000) << 20);
}

static void so_many_batches_have_so_many_sequences(void **state)
{
    (void)state;
    assert_true(batch_sizes_covering(&growing, 0) == 0);
    for (uint64_t sequences = 1; sequences < 1000; sequences++) {
        const uint64_t batches = batch_sizes_covering(&growing, sequences);
        assert_true(batch_sizes_before(&growing, batches) >= sequences);
        assert_true(batch_sizes_before(&growing, batches - 1) < sequences);
    }
}

static void the_extremes_and_the_words(void **state)
{
    (void)state;
    const struct batch_sizes even = {.first = 7};
    struct buffer text = {0};
    assert_int_equal(batch_sizes_least(&growing), 1);
    assert_int_equal(batch_sizes_most(&growing), 100);
    assert_int_equal(batch_sizes_least(&even), 7);
    assert_int_equal(batch_sizes_most(&even), 7);
    batch_sizes_print(&growing, &text);
    assert_string_equal(buffer_text(&text), "4 (8 after step 3, 1 after step 5, 100 after step 6)");
    buffer_reset(&text);
    batch_sizes_print(&even, &text);
    assert_string_equal(buffer_text(&text), "7");
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_change_where_they_say),
        cmocka_unit_test(samples_are_numbered_on),
        cmocka_unit_test(so_many_batches_have_so_many_sequences),
        cmocka_unit_test(the_extremes_and_the_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
