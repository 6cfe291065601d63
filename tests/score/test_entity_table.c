#include "lib/unit.h"

#include <math.h>

#include "lambert/score/entity_table.h"

static struct tagged_word words[] = {{"Jim", "B-PER", 1}, {"Hen", "I-PER", 2},
                                     {"saw", "O", 3},     {"Rome", "B-LOC", 4},
                                     {"Ann", "B-PER", 6}, {"Lee", "I-PER", 7}};
static struct tagged_sentence sentences[] = {{words, 4}, {words + 4, 2}};
static const struct tagged_sentences gold = {
    .at = sentences, .count = 2, .words = 6, .labelled = true, .all = words};

static void check_row(const struct entity_table *table, int row, const char *type, int right,
                      int said, int correct)
{
    const struct entity_row *at = &table->rows[row];
    assert_string_equal(table->types.names[row], type);
    assert_int_equal(at->gold, right);
    assert_int_equal(at->said, said);
    assert_int_equal(at->correct, correct);
}

static void types_are_counted_apart(void **state)
{
    (void)state;
    static const char *const said[] = {"B-PER", "I-PER", "B-ORG", "B-LOC", "B-PER", "B-PER"};
    struct entity_table table;
    entity_table_make(&table, &gold, said);
    assert_int_equal(table.types.count, 3);
    check_row(&table, 0, "LOC", 1, 1, 1);
    check_row(&table, 1, "ORG", 0, 1, 0);
    check_row(&table, 2, "PER", 2, 3, 1);
    assert_true(table.rows[0].f1 == 1 && table.rows[1].f1 == 0 && table.rows[1].recall == 0);
    assert_true(fabs(table.rows[2].f1 - 0.4) < 1e-15);
    assert_true(fabs(table.rows[2].precision - 1.0 / 3) < 1e-15 && table.rows[2].recall == 0.5);
    entity_table_release(&table);
    entity_table_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(types_are_counted_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
