#include "score/values.h"

#include <math.h>

static const struct answer red_fish[] = {{"the red fish", 0, true}, {"red", 4, true}};
static const struct answer blue[] = {{"blue", 0, true}};
static const struct answer article[] = {{"the", 0, true}, {"a", 0, true}};

static struct question v1[] = {{.id = "1", .answers = red_fish, .answer_count = 2},
                               {.id = "2", .answers = blue, .answer_count = 1},
                               {.id = "3", .answers = article, .answer_count = 2}};
static struct question v2[] = {{.id = "1", .answers = red_fish, .answer_count = 2},
                               {.id = "2", .impossible = true},
                               {.id = "3", .answers = article, .answer_count = 2},
                               {.id = "4", .impossible = true},
                               {.id = "5", .answers = blue, .answer_count = 1}};
static const struct question_set old_set = {.at = v1, .count = 3};
static const struct question_set new_set = {.at = v2, .count = 5, .has_impossible = true};

static void the_best_answer_counts(void **state)
{
    (void)state;
    static const char *const said[] = {"Red fish!", "green blue", "x"};
    double f1, exact;
    struct scoring *scoring = scoring_of_answers(&old_set, said, NULL);
    scoring_answer(scoring, 1, &f1, &exact);
    assert_true(fabs(f1 - 2.0 / 3) < 1e-15 && exact == 0);
    check_value(scoring, NULL, "f1", 100.0 * (1 + 2.0 / 3) / 3);
    check_values(scoring, NULL, "f1 55.5556, exact_match 33.3333");
}

/* Two empty answers are the same, but in v1.1 have no words in common. */
static void empty_answers_differ_between_versions(void **state)
{
    (void)state;
    static const char *const old_said[] = {"x", "x", "an"};
    static const char *const new_said[] = {"x", "", "an", "x", "x"};
    check_values(scoring_of_answers(&old_set, old_said, NULL), NULL, "f1 0, exact_match 33.3333");
    check_values(scoring_of_answers(&new_set, new_said, NULL), NULL,
                 "f1 40, exact_match 40, has_answer_f1 33.3333, has_answer_exact 33.3333, "
                 "no_answer_f1 50, no_answer_exact 50");
}

static void what_is_not_said_is_wrong(void **state)
{
    (void)state;
    static const char *const said[] = {"red", NULL, NULL};
    static const char *const none[] = {NULL, NULL, NULL, NULL, NULL};
    check_values(scoring_of_answers(&old_set, said, NULL), NULL, "f1 33.3333, exact_match 33.3333");
    check_values(scoring_of_answers(&new_set, none, NULL), NULL,
                 "f1 0, exact_match 0, has_answer_f1 0, has_answer_exact 0, no_answer_f1 0, "
                 "no_answer_exact 0");
}

/* By hand, in the order of the differences: 4 says blue for nothing (2 - 1), 1 gains 1 and 0.8, 5 gains 1, 2 loses
 * 1, 3 gains nothing. Exact: 2, 1, 1, 2, 1, 1: the beginning is not bettered. F1: 2, 1, 1.8, 2.8, 1.8, 1.8. */
static void the_best_threshold_is_found(void **state)
{
    (void)state;
    static const char *const said[] = {"red big fish", "x", "the sea", "blue", "blue"};
    static const double differences[] = {-3, 2, 5, -4, -1.5};
    struct scoring *scoring = scoring_of_answers(&new_set, said, differences);
    check_value(scoring, NULL, "best_f1", 100 * 2.8 / 5);
    check_values(
        scoring, NULL,
        "f1 36, exact_match 20, has_answer_f1 60, has_answer_exact 33.3333, no_answer_f1 0, "
        "no_answer_exact 0, best_f1 56, best_f1_threshold -1.5, best_exact 40, "
        "best_exact_threshold 0");
}

static void questions_weigh(void **state)
{
    (void)state;
    static const char *const said[] = {"red big fish", "x", "the sea", "blue", "blue"};
    static const double differences[] = {-3, 2, 5, -4, -1.5};
    static const uint32_t weights[] = {0, 2, 1, 0, 2};
    check_values(
        scoring_of_answers(&new_set, said, differences), weights,
        "f1 40, exact_match 40, has_answer_f1 66.6667, has_answer_exact 66.6667, "
        "no_answer_f1 0, no_answer_exact 0, best_f1 80, best_f1_threshold -1.5, best_exact "
        "80, best_exact_threshold -1.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_answer_counts),
        cmocka_unit_test(empty_answers_differ_between_versions),
        cmocka_unit_test(what_is_not_said_is_wrong),
        cmocka_unit_test(the_best_threshold_is_found),
        cmocka_unit_test(questions_weigh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
