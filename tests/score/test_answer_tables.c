#include "lib/unit.h"

#include <math.h>
#include <string.h>

#include "lambert/score/answer_tables.h"

static const struct answer_table_row *row(const struct answer_table *table, const char *name)
{
    for (int r = 0; r < table->count; r++)
        if (strcmp(table->rows[r].name, name) == 0)
            return &table->rows[r];
    fail_msg("no row %s", name);
    return NULL;
}

enum { QUESTIONS = 14 };

static struct question_set all = {.count = QUESTIONS};
static struct question questions[QUESTIONS];
static struct answer answers[QUESTIONS];

static void fill(const char *const *texts, const char *const *right)
{
    all.at = questions;
    all.has_impossible = true;
    for (int q = 0; q < QUESTIONS; q++) {
        answers[q].text = right[q];
        questions[q] = (struct question){.text = texts[q],
                                         .answers = right[q] ? &answers[q] : NULL,
                                         .answer_count = right[q] != NULL,
                                         .impossible = !right[q]};
    }
}

static void questions_are_told_by_their_word(void **state)
{
    (void)state;
    static const char *const texts[] = {"What is it?",
                                        "In what year?",
                                        "Whose is it?",
                                        "To whom?",
                                        "When, or where?",
                                        "Which who?",
                                        "WHY not?",
                                        "How many?",
                                        "For how Much?",
                                        "How old?",
                                        "Name it.",
                                        "Whatever it is?",
                                        "how",
                                        "It is somewhat where?"};
    static const char *const right[QUESTIONS] = {"one", "two", "three", "four", "five"};
    static const char *const said[] = {"one", "x two", "x", "four", "five", "", "x",
                                       "",    "",      "x", "",     "",     "", ""};
    struct answer_table table;
    fill(texts, right);
    struct scoring *scoring = scoring_of_answers(&all, said, NULL);
    answer_table_by_question_word(&table, &all, scoring);
    assert_int_equal(row(&table, "what")->questions, 2);
    assert_true(fabs(row(&table, "what")->f1 - 100 * (1 + 2.0 / 3) / 2) < 1e-12);
    assert_true(row(&table, "what")->exact_match == 50);
    assert_int_equal(row(&table, "who")->questions, 2);
    assert_true(row(&table, "who")->f1 == 50);
    assert_int_equal(row(&table, "when")->questions, 1);
    assert_int_equal(row(&table, "where")->questions, 1);
    assert_int_equal(row(&table, "which")->questions, 1);
    assert_int_equal(row(&table, "why")->questions, 1);
    assert_true(row(&table, "why")->f1 == 0);
    assert_int_equal(row(&table, "how many")->questions, 2);
    assert_true(row(&table, "how many")->exact_match == 100);
    assert_int_equal(row(&table, "how")->questions, 2);
    assert_true(row(&table, "how")->exact_match == 50);
    assert_int_equal(row(&table, "other")->questions, 2);
    scoring_free(scoring);
}

static void answers_are_told_by_their_length(void **state)
{
    (void)state;
    static const char *const texts[QUESTIONS] = {"", "", "", "", "", "", "",
                                                 "", "", "", "", "", "", ""};
    static const char *const right[] = {"1",
                                        " 1\n2 ",
                                        "1 2 3",
                                        "1 2 3 4",
                                        "1 2 3 4 5",
                                        "1 2 3 4 5 6",
                                        "1 2 3 4 5 6 7",
                                        "1 2 3 4 5 6 7 8 9",
                                        "1 2 3 4 5 6 7 8 9 10",
                                        "1 2 3 4 5 6 7 8 9 10 11",
                                        NULL,
                                        NULL,
                                        "one",
                                        "one"};
    static const char *const said[] = {"1", "1", "1", "", "",  "",  "",
                                       "",  "",  "",  "", "x", "x", "x"};
    static const struct {
        const char *name;
        int questions;
        double exact;
    } rows[] = {{"no answer", 2, 50}, {"1 word", 3, 100.0 / 3}, {"2 words", 1, 0},
                {"3 words", 1, 0},    {"4 words", 1, 0},        {"5 to 6", 2, 0},
                {"7 to 9", 2, 0},     {"10 or more", 2, 0}};
    struct answer_table table;
    fill(texts, right);
    struct scoring *scoring = scoring_of_answers(&all, said, NULL);
    answer_table_by_length(&table, &all, scoring);
    assert_int_equal(table.count, sizeof rows / sizeof *rows);
    for (int r = 0; r < table.count; r++) {
        assert_string_equal(table.rows[r].name, rows[r].name);
        assert_int_equal(table.rows[r].questions, rows[r].questions);
        assert_true(fabs(table.rows[r].exact_match - rows[r].exact) < 1e-12);
    }
    scoring_free(scoring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_told_by_their_word),
        cmocka_unit_test(answers_are_told_by_their_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
