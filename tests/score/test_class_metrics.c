#include "score/values.h"

#include <math.h>

static const int32_t gold3[] = {0, 0, 1, 1, 2, 2, 2, 1, 0, 2};
static const int32_t said3[] = {0, 1, 1, 1, 2, 0, 2, 2, 0, 2};

static struct scoring *score(const int32_t *gold, const int32_t *said, int examples, int classes,
                             int positive)
{
    struct label_set labels;
    numbered_labels(&labels, classes);
    struct scoring *scoring = scoring_of_classes(gold, said, examples, &labels, positive);
    label_set_release(&labels);
    return scoring;
}

/* By hand: F1 of the classes 2/3, 2/3 and 3/4; R_K = (7 x 10 - 34) / (100 - 34) = 6/11. */
static void several_classes(void **state)
{
    (void)state;
    struct scoring *scoring = score(gold3, said3, 10, 3, -1);
    check_value(scoring, NULL, "macro_f1", 25.0 / 36);
    check_value(scoring, NULL, "matthews", 6.0 / 11);
    check_values(scoring, NULL, "accuracy 0.7, macro_f1 0.694444, matthews 0.545455");
    check_values(score(gold3, said3, 10, 3, 2), NULL,
                 "accuracy 0.7, f1 0.75, macro_f1 0.694444, matthews 0.545455");
}

static void two_classes(void **state)
{
    (void)state;
    static const int32_t gold[] = {0, 1, 1, 0, 1, 0, 0, 1}, said[] = {0, 1, 0, 0, 1, 1, 0, 1};
    check_values(score(gold, said, 8, 2, -1), NULL,
                 "accuracy 0.75, f1 0.75, macro_f1 0.75, matthews 0.5");
    check_values(score(gold, said, 8, 2, 0), NULL,
                 "accuracy 0.75, f1 0.75, macro_f1 0.75, matthews 0.5");
    check_values(score(gold, gold, 8, 2, 1), NULL, "accuracy 1, f1 1, macro_f1 1, matthews 1");
}

/* As scikit-learn has them: a class that is nowhere is not in the mean. */
static void nothing_is_zero(void **state)
{
    (void)state;
    static const int32_t gold[] = {0, 0, 1}, said[] = {0, 0, 0};
    check_values(score(gold, said, 3, 2, -1), NULL,
                 "accuracy 0.666667, f1 0, macro_f1 0.4, matthews 0");
    check_values(score(gold, said, 3, 9, 5), NULL,
                 "accuracy 0.666667, f1 0, macro_f1 0.4, matthews 0");
}

static void weights_are_copies(void **state)
{
    (void)state;
    static const uint32_t weights[] = {2, 0, 1, 3, 1, 0, 1, 1, 0, 1};
    int32_t gold[10], said[10];
    int count = 0;
    for (int i = 0; i < 10; i++) {
        for (uint32_t w = 0; w < weights[i]; w++) {
            gold[count] = gold3[i];
            said[count++] = said3[i];
        }
    }
    struct scoring *copied = score(gold, said, count, 3, 1),
                   *weighted = score(gold3, said3, 10, 3, 1);
    struct metric_values values;
    scoring_metrics(copied, NULL, &values);
    for (int m = 0; m < values.count; m++)
        check_value(weighted, weights, values.at[m].name, values.at[m].value);
    scoring_free(copied);
    scoring_free(weighted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_classes),
        cmocka_unit_test(two_classes),
        cmocka_unit_test(nothing_is_zero),
        cmocka_unit_test(weights_are_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
