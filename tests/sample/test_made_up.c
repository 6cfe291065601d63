#include "lambert/sample/made_up.h"

#include <string.h>

#include "lib/unit.h"

static void sequences_are_full_and_always_the_same(void **state)
{
    (void)state;
    struct packed_batch a, b;
    packed_batch_init(&a);
    packed_batch_init(&b);
    for (uint64_t i = 0; i < 3; i++)
        made_up_append(&a, 20, 3, 50, i);
    made_up_append(&b, 20, 3, 50, 2);
    assert_true(a.sequences == 3 && a.tokens == 60 && a.labelled == 9);
    assert_memory_equal(a.input_ids + 40, b.input_ids, 20 * sizeof *b.input_ids);
    assert_true(a.sample_key[2] == b.sample_key[0] && a.sample_index[2] == 2);
    for (int t = 0; t < 60; t++)
        assert_true(a.input_ids[t] >= 5 && a.input_ids[t] < 50);
    for (int m = 0; m < 9; m++) { /* of its own sequence, and no [CLS] */
        assert_int_equal(a.labelled_rows[m] / 20, m / 3);
        assert_true(a.labelled_rows[m] % 20 > 0 &&
                    (m == 0 || a.labelled_rows[m - 1] < a.labelled_rows[m]));
    }
    packed_batch_release(&a);
    packed_batch_release(&b);
}

static void masks_are_as_many_as_asked_for(void **state)
{
    (void)state;
    assert_int_equal(made_up_masked(128, 0.15, 20), 19);
    assert_int_equal(made_up_masked(128, 0.15, 0), 19);
    assert_int_equal(made_up_masked(512, 0.15, 76), 76);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_are_full_and_always_the_same),
        cmocka_unit_test(masks_are_as_many_as_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
