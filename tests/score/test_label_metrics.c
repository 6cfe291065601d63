#include "score/values.h"

static const uint8_t gold[] = {1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0};
static const uint8_t said[] = {1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0};

static struct scoring *score(const uint8_t *right, const uint8_t *other, int examples, int count)
{
    struct label_set labels;
    numbered_labels(&labels, count);
    struct scoring *scoring = scoring_of_labels(right, other, examples, &labels);
    label_set_release(&labels);
    return scoring;
}

/* By hand: 4 of 6 right and 5 said; F1 of the labels 1, 2/3 and 0. */
static void labels_are_counted_one_by_one(void **state)
{
    (void)state;
    struct scoring *scoring = score(gold, said, 5, 3);
    check_value(scoring, NULL, "micro_f1", 8.0 / 11);
    check_value(scoring, NULL, "macro_f1", 5.0 / 9);
    check_values(scoring, NULL, "micro_f1 0.727273, macro_f1 0.555556, accuracy 0.4");
}

static void weights_are_copies(void **state)
{
    (void)state;
    static const uint32_t weights[] = {0, 1, 2, 0,
                                       1}; /* once nothing, twice the third, the fifth */
    check_values(score(gold, said, 5, 3), weights,
                 "micro_f1 0.75, macro_f1 0.666667, accuracy 0.5");
}

static void nothing_is_zero(void **state)
{
    (void)state;
    static const uint8_t none[4] = {0};
    check_values(score(none, none, 2, 2), NULL, "micro_f1 0, macro_f1 0, accuracy 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_counted_one_by_one),
        cmocka_unit_test(weights_are_copies),
        cmocka_unit_test(nothing_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
