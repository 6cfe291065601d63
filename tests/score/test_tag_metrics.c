#include "score/values.h"

static struct tagged_word words[] = {{"Jim", "B-PER", 1}, {"Hen", "I-PER", 2},
                                     {"saw", "O", 3},     {"Rome", "B-LOC", 4},
                                     {"Ann", "B-PER", 6}, {"Lee", "I-PER", 7}};
static struct tagged_sentence sentences[] = {{words, 4}, {words + 4, 2}};
static const struct tagged_sentences gold = {
    .at = sentences, .count = 2, .words = 6, .labelled = true, .all = words};

/* Jim Hen and Rome are right, Ann Lee is said as two: 2 of 3 right ones, 2 of 4 said. */
static void entities_and_words_are_counted(void **state)
{
    (void)state;
    static const char *const said[] = {"B-PER", "I-PER", "O", "B-LOC", "B-PER", "B-PER"};
    struct scoring *scoring = scoring_of_tags(&gold, said);
    assert_int_equal(scoring_units(scoring), 2);
    check_value(scoring, NULL, "entity_f1", 4.0 / 7);
    check_values(scoring, NULL,
                 "entity_f1 0.571429, entity_precision 0.5, entity_recall 0.666667, accuracy "
                 "0.833333");
}

static void sentences_weigh(void **state)
{
    (void)state;
    static const char *const said[] = {"B-PER", "O", "O", "B-LOC", "I-PER", "I-PER"};
    static const uint32_t weights[] = {3, 1};
    check_values(scoring_of_tags(&gold, said), weights,
                 "entity_f1 0.571429, entity_precision 0.571429, entity_recall 0.571429, accuracy "
                 "0.714286");
}

static void an_entity_ends_with_its_sentence(void **state)
{
    (void)state;
    static const char *const said[] = {"O", "O", "O", "I-PER", "I-PER", "I-PER"};
    check_values(scoring_of_tags(&gold, said), NULL,
                 "entity_f1 0.4, entity_precision 0.5, entity_recall 0.333333, accuracy 0.333333");
}

static void nothing_said_is_zero(void **state)
{
    (void)state;
    static const char *const said[] = {"O", "O", "O", "O", "O", "O"};
    check_values(scoring_of_tags(&gold, said), NULL,
                 "entity_f1 0, entity_precision 0, entity_recall 0, accuracy 0.166667");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entities_and_words_are_counted),
        cmocka_unit_test(sentences_weigh),
        cmocka_unit_test(an_entity_ends_with_its_sentence),
        cmocka_unit_test(nothing_said_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
