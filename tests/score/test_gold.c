#include "examples/files.h"
#include "score/values.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/score/gold.h"

/* Reads both, and holds the one against the other; the sentence of a failure without its folder. Paths begin
 * with "/tmp/...", which sentences name twice at times. */
static void put_sentence(struct buffer *out, const char *text)
{
    const char *folder = scratch_folder();
    for (const char *at = text; *at != '\0';) {
        if (strncmp(at, folder, strlen(folder)) == 0)
            at += strlen(folder) + 1;
        else
            buffer_put_u8(out, (uint8_t)*at++);
    }
}

static void check(const struct task_format *format, const char *gold_path, const char *said_path,
                  const char *expected)
{
    struct gold gold;
    struct predictions said;
    struct label_set labels;
    struct scoring *scoring;
    struct error err;
    struct buffer sentence = {0};
    struct task_format said_format = *format;
    said_format.columns = (struct task_columns){0};
    if (gold_read(&gold, format, gold_path, true, &err) < 0 ||
        predictions_read(&said, &said_format, said_path, &err) < 0)
        fail_msg("%s", err.text);
    gold_labels(&gold, &said, 1, &labels);
    if (gold_score(&scoring, &gold, &said, &labels, -1, &err) < 0) {
        put_sentence(&sentence, err.text);
        assert_string_equal(buffer_text(&sentence), expected);
        assert_null(scoring);
    } else {
        check_values(scoring, NULL, expected);
    }
    buffer_release(&sentence);
    label_set_release(&labels);
    predictions_release(&said);
    gold_release(&gold);
}

static const struct task_format classes = {
    .kind = TASK_CLASSIFICATION, .columns = {.label = "label", .id = "n"}, .header = true};
static const char three[] = "n\tlabel\na\t1\nb\t0\nc\t1\n";

static void predictions_are_matched_by_id(void **state)
{
    (void)state;
    check(&classes, file_of("g.tsv", three), file_of("p.tsv", "id\tprediction\nc\t1\na\t1\nb\t1\n"),
          "accuracy 0.666667, f1 0.8, macro_f1 0.4, matthews 0");
    check(&classes, file_of("g.tsv", three), file_of("p.tsv", "id\tprediction\nc\t1\na\t2\nb\t0\n"),
          "accuracy 0.666667, macro_f1 0.555556, matthews 0.612372");
}

static void what_cannot_be_matched_is_told(void **state)
{
    (void)state;
    check(&classes, file_of("g.tsv", three), file_of("p.tsv", "id\tprediction\nc\t1\n"),
          "p.tsv says nothing of 2 of the 3 examples of g.tsv; the id of the first is a");
    check(&classes, file_of("g.tsv", three), file_of("p.tsv", "id\tprediction\nc\t1\nd\t1\n"),
          "p.tsv:3: the id d is not in g.tsv");
}

static void numbers_and_labels(void **state)
{
    (void)state;
    struct task_format format = {
        .kind = TASK_REGRESSION, .columns = {.label = "label"}, .header = true};
    check(&format, file_of("g.tsv", "label\n1\n2\n4\n"), file_of("p.tsv", "prediction\n2\n3\n5\n"),
          "pearson 1, spearman 1, mse 1");
    format.kind = TASK_MULTILABEL;
    check(&format, file_of("g.tsv", "label\nx,y\n\nz\n"),
          file_of("p.tsv", "id\tprediction\n1\t\n0\ty,x\n2\tw\n"),
          "micro_f1 0.666667, macro_f1 0.5, accuracy 0.666667");
}

static void labels_must_be_in_the_list(void **state)
{
    (void)state;
    struct gold gold;
    struct predictions said;
    struct label_set labels;
    struct scoring *scoring;
    struct error err;
    struct task_format format = classes;
    format.columns.label = NULL;
    format.columns.id = NULL;
    assert_int_equal(gold_read(&gold, &classes, file_of("g.tsv", three), true, &err), 0);
    assert_int_equal(predictions_read(&said, &format,
                                      file_of("p.tsv", "id\tprediction\na\t1\nb\t7\nc\t1\n"), &err),
                     0);
    assert_int_equal(label_set_parse(&labels, "0\n1\n", 4, "labels", &err), 0);
    assert_int_equal(gold_score(&scoring, &gold, &said, &labels, -1, &err), -1);
    assert_string_equal(strrchr(err.text, '/') + 1,
                        "p.tsv:3: the label '7' is not in the list of labels");
    label_set_release(&labels);
    assert_int_equal(label_set_parse(&labels, "1\n7\n", 4, "labels", &err), 0);
    assert_int_equal(gold_score(&scoring, &gold, &said, &labels, -1, &err), -1);
    assert_string_equal(strrchr(err.text, '/') + 1,
                        "g.tsv:3: the label '0' is not in the list of labels");
    label_set_release(&labels);
    predictions_release(&said);
    gold_release(&gold);
}

static void tags_are_of_the_same_words(void **state)
{
    (void)state;
    static const struct task_format format = {.kind = TASK_TAGGING};
    static const char gold[] = "EU N B-ORG\nhas V O\n\nit P O\n";
    check(&format, file_of("g.txt", gold), file_of("p.txt", "EU B-ORG\nhas B-X\n\nit O\n"),
          "entity_f1 0.666667, entity_precision 0.5, entity_recall 1, accuracy 0.666667");
    check(&format, file_of("g.txt", gold), file_of("p.txt", "EU B-ORG\nhad O\n\nit O\n"),
          "p.txt:2: the word 'had' stands where g.txt:2 has 'has'");
    check(&format, file_of("g.txt", gold), file_of("p.txt", "EU O\nhas O\nit O\n"),
          "p.txt:1: a sentence of 3 words, which at g.txt:1 has 2");
    check(&format, file_of("g.txt", gold), file_of("p.txt", "EU O\nhas O\n"),
          "p.txt has 1 sentences, and g.txt has 2");
}

static void answers_are_scored(void **state)
{
    (void)state;
    static const struct task_format format = {.kind = TASK_QUESTIONS};
    static const char gold[] =
        "{\"data\": [{\"paragraphs\": [{\"context\": \"red fish\", \"qas\": ["
        "{\"id\": \"a\", \"question\": \"Q\", \"answers\": [{\"text\": \"red\", \"answer_start\": 0}]},"
        "{\"id\": \"b\", \"question\": \"Q\", \"answers\": [{\"text\": \"fish\", \"answer_start\": "
        "4}]}]}]}]}";
    check(&format, file_of("g.json", gold),
          file_of("p.json", "{\"b\": \"fish\", \"a\": \"The red fish\"}"),
          "f1 83.3333, exact_match 50");
    check(&format, file_of("g.json", gold), file_of("p.json", "{\"b\": \"fish\"}"),
          "p.json says nothing of 1 of the 2 examples of g.json; the id of the first is a");
    check(&format, file_of("g.json", gold), file_of("p.json", "{\"b\": \"fish\", \"c\": \"\"}"),
          "p.json: the id c is not in g.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predictions_are_matched_by_id),
        cmocka_unit_test(what_cannot_be_matched_is_told),
        cmocka_unit_test(numbers_and_labels),
        cmocka_unit_test(labels_must_be_in_the_list),
        cmocka_unit_test(tags_are_of_the_same_words),
        cmocka_unit_test(answers_are_scored),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
