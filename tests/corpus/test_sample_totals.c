#include "lib/unit.h"

#include <string.h>

#include "lambert/corpus/sample_totals.h"

static const int32_t ids[] = {2, 4, 9, 3, 4, 8, 3};
static const uint16_t positions[] = {1, 2, 4};
static const uint32_t labels[] = {7, 7, 7};

static const struct ready_sample unmasked = {
    .ids = ids, .tokens = 4, .a_tokens = 4, .next_sentence_label = SAMPLE_UNLABELLED};
static const struct ready_sample masked = {.ids = ids,
                                           .tokens = 7,
                                           .a_tokens = 4,
                                           .next_sentence_label = 1,
                                           .masks = 3,
                                           .positions = positions,
                                           .labels = labels};

static void samples_are_counted(void **state)
{
    (void)state;
    struct sample_totals totals = {0};
    const struct sample_totals wanted = {.samples = 3,
                                         .shortest = 4,
                                         .longest = 7,
                                         .masks = 6,
                                         .most_masks = 3,
                                         .mask_tokens = 4,
                                         .masks_per_1000_tokens = 429,
                                         .random = 2};
    sample_totals_count(&totals, &masked, 4);
    sample_totals_count(&totals, &unmasked, 4);
    sample_totals_count(&totals, &masked, 4);
    assert_memory_equal(&totals, &wanted, sizeof wanted);
}

static void parts_add_up_in_any_order(void **state)
{
    (void)state;
    struct sample_totals one = {0}, other = {0}, none = {0}, sum = {0}, back = {0};
    sample_totals_count(&one, &unmasked, 4);
    sample_totals_count(&other, &masked, 4);
    sample_totals_add(&sum, &none);
    sample_totals_add(&sum, &one);
    sample_totals_add(&sum, &other);
    sample_totals_add(&back, &other);
    sample_totals_add(&back, &none);
    sample_totals_add(&back, &one);
    assert_memory_equal(&sum, &back, sizeof sum);
    assert_int_equal(sum.shortest, 4);
    assert_int_equal(sum.longest, 7);
}

static void every_number_is_in_the_table(void **state)
{
    (void)state;
    struct sample_totals totals;
    assert_int_equal(sample_totals_fields * (int)sizeof(uint64_t), sizeof totals);
    for (int f = 0; f < sample_totals_fields; f++)
        assert_ptr_equal(sample_totals_field(&totals, f), (uint64_t *)(void *)&totals + f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_counted),
        cmocka_unit_test(parts_add_up_in_any_order),
        cmocka_unit_test(every_number_is_in_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
