#include "examples/files.h"

#include <math.h>
#include <string.h>

#include "lambert/score/predictions.h"

static const struct task_format classes = {.kind = TASK_CLASSIFICATION, .header = true};

/* As "2 a1=no b2=yes": the lines where ids are, ids, labels or values. */
static void put(const struct predictions *p, struct buffer *out)
{
    for (int i = 0; i < p->count; i++) {
        buffer_print(out, "%d ", p->lines ? p->lines[i] : 0);
        if (p->ids)
            buffer_print(out, "%s=", p->ids[i]);
        if (p->classes)
            buffer_print(out, "%s", p->labels->names[p->classes[i]]);
        for (int l = 0; p->marks && l < p->labels->count; l++)
            if (p->marks[i * p->labels->count + l])
                buffer_print(out, "+%s", p->labels->names[l]);
        if (p->values)
            buffer_print(out, "%g", p->values[i]);
        if (p->answers)
            buffer_print(out, "'%s' %g", p->answers[i].chosen, p->answers[i].null_difference);
        buffer_print(out, ";");
    }
}

static void check(const struct task_format *format, const char *path, const char *expected)
{
    struct predictions p;
    struct error err;
    struct buffer got = {0};
    if (predictions_read(&p, format, path, &err) < 0) {
        assert_string_equal(strrchr(err.text, '/') + 1, expected);
        assert_int_equal(p.count, 0);
        return;
    }
    put(&p, &got);
    assert_string_equal(buffer_text(&got), expected);
    assert_string_equal(p.path, path);
    buffer_release(&got);
    predictions_release(&p);
    predictions_release(&p);
}

static void own_files_are_read(void **state)
{
    (void)state;
    struct task_format format = classes;
    check(&format, file_of("p.tsv", "id\tprediction\tno\tyes\na1\tyes\t0.25\t0.75\nb2\tno\t1\t0\n"),
          "2 a1=yes;3 b2=no;");
    check(&format,
          gzip_of("p.jsonl", "{\"id\": \"a1\", \"prediction\": \"yes\", \"probabilities\": "
                             "{\"no\": 0.25}}\n{\"id\": 7, \"prediction\": 2}\n"),
          "1 a1=yes;2 7=2;");
    format.kind = TASK_REGRESSION;
    check(&format, file_of("p.tsv", "id\tprediction\na1\t0.5\n"), "2 a1=0.5;");
    check(&format, file_of("p.tsv", "id\tprediction\na1\tnull\n"),
          "p.tsv:2: 'null' is not a number");
    format.kind = TASK_MULTILABEL;
    check(&format, file_of("p.tsv", "id\tprediction\na1\tx,y\nb2\t\n"), "2 a1=+x+y;3 b2=;");
    check(&format, file_of("p.jsonl", "{\"id\": \"a\", \"prediction\": [\"x\"]}\n"), "1 a=+x;");
}

static void files_of_others_are_read(void **state)
{
    (void)state;
    struct task_format format = classes;
    check(&format, file_of("p.tsv", "prediction\n1\n0\n"), "2 0=1;3 1=0;");
    format.columns = (struct task_columns){.label = "pred", .id = "index"};
    check(&format, file_of("p.csv", "index,pred\n7,\"a, b\"\n"), "2 7=a, b;");
    format = (struct task_format){.kind = TASK_CLASSIFICATION, .columns = {.label = "1"}};
    check(&format, file_of("p.txt", "1\n0\n"), "1 0=1;2 1=0;");
}

static void tags_are_read(void **state)
{
    (void)state;
    const struct task_format format = {.kind = TASK_TAGGING};
    check(&format, file_of("p.txt", "EU\tB-ORG\nhas\tO\n\nit\tO\n\n"), "1 B-ORG;2 O;4 O;");
    check(&format, file_of("p.jsonl", "{\"words\": [\"EU\"], \"tags\": [\"B-ORG\"]}\n"),
          "1 B-ORG;");
}

static void answers_are_read(void **state)
{
    (void)state;
    const struct task_format format = {.kind = TASK_QUESTIONS};
    check(&format, file_of("p.json", "{\"a1\": \"one \\\"two\\\"\", \"b2\": \"\"}"),
          "0 a1='one \"two\"' nan;0 b2='' nan;");
    check(&format, file_of("p.json", "{\"a1\": [{\"text\": \"x\"}, {\"text\": \"y\"}]}"),
          "0 a1='x' nan;");
    check(&format, file_of("p.json", "[{\"id\": \"a1\", \"prediction_text\": \"x\"}]"),
          "0 a1='x' nan;");
    check(&format, file_of("p.json", "{}"), "p.json has no predictions, {\"id\": \"text\", ...}");
    check(&format, file_of("p.json", "3"), "p.json has no predictions, {\"id\": \"text\", ...}");
    check(
        &format, file_of("p.json", "{\"a1\": \"x\", \"b2\": null}"),
        "p.json: prediction 2, of b2 is no text; wanted is {\"id\": \"text\", ...}, an n-best file, "
        "or [{\"id\": ..., \"prediction_text\": ...}, ...]");
    check(&format, file_of("p.json", "{\"a1\": \"x\", \"a1\": \"y\"}"),
          "p.json: the id a1 stands twice");
}

static void check_null(const char *text, const char *expected)
{
    const struct task_format format = {.kind = TASK_QUESTIONS};
    struct predictions p;
    struct error err;
    struct buffer got = {0};
    assert_int_equal(
        predictions_read(&p, &format, file_of("p.json", "{\"a\": \"x\", \"b\": \"\"}"), &err), 0);
    if (predictions_read_null_differences(&p, file_of("null.json", text), &err) < 0)
        buffer_print(&got, "%s", strstr(err.text, "null.json"));
    else
        put(&p, &got);
    if (strncmp(buffer_text(&got), expected, strlen(expected)) != 0)
        assert_string_equal(buffer_text(&got), expected);
    buffer_release(&got);
    predictions_release(&p);
}

static void null_differences_are_read(void **state)
{
    (void)state;
    check_null("{\"b\": 2.5, \"a\": -1}", "0 a='x' -1;0 b='' 2.5;");
    check_null("{\"a\": 1}", "null.json has no null difference of b, which ");
    check_null("{\"a\": 1, \"c\": 1}", "null.json has the id c, which ");
    check_null("{\"a\": 1, \"a\": 1}", "null.json: the id a stands twice");
    check_null("{\"a\": \"1\"}", "null.json: the null difference of a is not a number");
    check_null("[1]", "null.json has the id (none), which ");
}

static void bad_files_are_told(void **state)
{
    (void)state;
    check(&classes, file_of("p.tsv", "id\tlabel\na1\tyes\n"),
          "p.tsv:1: there is no column prediction; there are: id, label");
    check(&classes, file_of("p.tsv", "id\tprediction\na1\tyes\na2\tno\na1\tno\n"),
          "p.tsv:4: the id a1 (column id) stands in line 2 already");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_files_are_read),
        cmocka_unit_test(files_of_others_are_read),
        cmocka_unit_test(tags_are_read),
        cmocka_unit_test(answers_are_read),
        cmocka_unit_test(null_differences_are_read),
        cmocka_unit_test(bad_files_are_told),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
