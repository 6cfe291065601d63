#include "lib/scratch.h"

#include <math.h>
#include <string.h>

#include "lambert/score/predictions.h"

static char *names[] = {"no", "yes, sir", "maybe"};
static int by_name[] = {2, 0, 1};
static const struct label_set labels = {.names = names, .count = 3, .by_name = by_name};
static const char *ids[] = {"a1", "b\"2"};
static float probabilities[] = {0.25F, 0.5F, 0.25F, 0.1F, 0, 0.9F};

static void check_file(const char *path, const char *expected)
{
    struct buffer bytes = {0};
    scratch_read(path, &bytes);
    assert_string_equal(buffer_text(&bytes), expected);
    buffer_release(&bytes);
}

static void check_written(const struct predictions *predictions, const char *name,
                          const char *expected)
{
    struct error err;
    const char *path = scratch_path(name);
    if (predictions_write(predictions, path, TABLE_BY_NAME, &err) < 0)
        fail_msg("%s", err.text);
    check_file(path, expected);
}

static void check_refused(const struct predictions *predictions, const char *name,
                          const char *sentence)
{
    struct error err;
    const char *path = scratch_path(name);
    assert_int_equal(predictions_write(predictions, path, TABLE_BY_NAME, &err), -1);
    assert_non_null(strstr(err.text, sentence));
}

static void classes_are_written(void **state)
{
    (void)state;
    int32_t classes[] = {1, 2};
    struct predictions p = {
        .kind = TASK_CLASSIFICATION, .count = 2, .labels = &labels, .ids = ids, .classes = classes};
    check_written(&p, "p.tsv", "id\tprediction\na1\tyes, sir\nb\"2\tmaybe\n");
    p.probabilities = probabilities;
    check_written(&p, "p.tsv",
                  "id\tprediction\tno\tyes, sir\tmaybe\n"
                  "a1\tyes, sir\t0.25\t0.5\t0.25\nb\"2\tmaybe\t0.100000001\t0\t0.899999976\n");
    check_written(
        &p, "p.jsonl",
        "{\"id\": \"a1\", \"prediction\": \"yes, sir\", \"probabilities\": {\"no\": 0.25, "
        "\"yes, sir\": 0.5, \"maybe\": 0.25}}\n"
        "{\"id\": \"b\\\"2\", \"prediction\": \"maybe\", \"probabilities\": {\"no\": "
        "0.100000001, \"yes, sir\": 0, \"maybe\": 0.899999976}}\n");
    check_refused(&p, "p.csv", "predictions are written as TSV or as JSON lines, not as CSV");
}

static void values_are_written(void **state)
{
    (void)state;
    double values[] = {1.0 / 3, NAN};
    const struct predictions p = {
        .kind = TASK_REGRESSION, .count = 2, .ids = ids, .values = values};
    check_written(&p, "p.tsv", "id\tprediction\na1\t0.33333333333333331\nb\"2\tnull\n");
    check_written(&p, "p.json",
                  "{\"id\": \"a1\", \"prediction\": 0.33333333333333331}\n"
                  "{\"id\": \"b\\\"2\", \"prediction\": null}\n");
}

static void labels_are_written(void **state)
{
    (void)state;
    uint8_t marks[] = {1, 0, 1, 0, 0, 0};
    struct predictions p = {
        .kind = TASK_MULTILABEL, .count = 2, .labels = &labels, .ids = ids, .marks = marks};
    check_written(&p, "p.tsv", "id\tprediction\na1\tno,maybe\nb\"2\t\n");
    check_written(&p, "p.jsonl",
                  "{\"id\": \"a1\", \"prediction\": [\"no\", \"maybe\"]}\n"
                  "{\"id\": \"b\\\"2\", \"prediction\": []}\n");
    p.separator = ",";
    marks[1] = 1;
    check_refused(&p, "p.tsv",
                  "p.tsv: the label 'yes, sir' has the separator, ',', in it; choose "
                  "another, or JSON lines (a path that ends in .jsonl)");
}

static struct tagged_word words[] = {{"New York", NULL, 1}, {"is", NULL, 1}, {"big", NULL, 2}};
static struct tagged_sentence both[] = {{words, 2}, {words + 2, 1}};
static const struct tagged_sentences sentences = {.at = both, .count = 2, .words = 3};

static void tags_are_written(void **state)
{
    (void)state;
    int32_t classes[] = {2, 0, 0};
    struct predictions p = {.kind = TASK_TAGGING,
                            .count = 3,
                            .labels = &labels,
                            .classes = classes,
                            .sentences = &sentences};
    check_written(&p, "p.jsonl",
                  "{\"words\": [\"New York\", \"is\"], \"tags\": [\"maybe\", \"no\"]}\n"
                  "{\"words\": [\"big\"], \"tags\": [\"no\"]}\n");
    check_refused(&p, "p.txt",
                  "p.txt: 'New York' has a blank in it, which would part it in two "
                  "columns; JSON lines can hold it");
    words[0].word = "York";
    check_written(&p, "p.txt", "York\tmaybe\nis\tno\n\nbig\tno\n\n");
}

static void what_a_column_cannot_hold_is_told(void **state)
{
    (void)state;
    int32_t classes[] = {0};
    const char *tab[] = {"a\tb"};
    const struct predictions p = {
        .kind = TASK_CLASSIFICATION, .count = 1, .labels = &labels, .ids = tab, .classes = classes};
    check_refused(&p, "p.tsv", "has a tab or line end in it");
    check_written(&p, "p.jsonl", "{\"id\": \"a\\tb\", \"prediction\": \"no\"}\n");
}

static void answers_are_written_as_googles(void **state)
{
    (void)state;
    struct error err;
    struct spoken_answer spoken[] = {{"caf\u00E9 \"x\"", 2.5, 1, 0.75}, {"", 0.1, -1, 0.25}};
    struct question_answers answers[] = {{spoken, 2, spoken[0].text, -4.5}, {spoken + 1, 1, "", 3}};
    const struct predictions p = {
        .kind = TASK_QUESTIONS, .count = 2, .ids = ids, .answers = answers};
    const char *n_best = scratch_path("n_best.json"), *null_odds = scratch_path("null.json");
    check_written(&p, "p.json",
                  "{\n    \"a1\": \"caf\u00E9 \\\"x\\\"\",\n    \"b\\\"2\": \"\"\n}\n");
    assert_int_equal(predictions_write_n_best(&p, n_best, &err), 0);
    check_file(n_best, "{\n"
                       "    \"a1\": [\n"
                       "        {\n"
                       "            \"text\": \"caf\u00E9 \\\"x\\\"\",\n"
                       "            \"probability\": 0.75,\n"
                       "            \"start_logit\": 2.5,\n"
                       "            \"end_logit\": 1\n"
                       "        },\n"
                       "        {\n"
                       "            \"text\": \"\",\n"
                       "            \"probability\": 0.25,\n"
                       "            \"start_logit\": 0.10000000000000001,\n"
                       "            \"end_logit\": -1\n"
                       "        }\n"
                       "    ],\n"
                       "    \"b\\\"2\": [\n"
                       "        {\n"
                       "            \"text\": \"\",\n"
                       "            \"probability\": 0.25,\n"
                       "            \"start_logit\": 0.10000000000000001,\n"
                       "            \"end_logit\": -1\n"
                       "        }\n"
                       "    ]\n"
                       "}\n");
    assert_int_equal(predictions_write_null_differences(&p, null_odds, &err), 0);
    check_file(null_odds, "{\n    \"a1\": -4.5,\n    \"b\\\"2\": 3\n}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_are_written),
        cmocka_unit_test(values_are_written),
        cmocka_unit_test(labels_are_written),
        cmocka_unit_test(tags_are_written),
        cmocka_unit_test(what_a_column_cannot_hold_is_told),
        cmocka_unit_test(answers_are_written_as_googles),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
