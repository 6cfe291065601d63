#include "examples/files.h"

#include <string.h>

#include "lambert/examples/text_examples.h"

/* As "id: text / pair = label label;" or "= value". */
static void put_examples(const struct text_examples *set, bool values, struct buffer *out)
{
    for (int i = 0; i < set->count; i++) {
        const struct text_example *example = &set->at[i];
        buffer_print(out, "%d %s: %s", example->line, example->id,
                     example->text ? example->text : "-");
        if (example->pair)
            buffer_print(out, " / %s", example->pair);
        if (set->labelled)
            buffer_print(out, " =");
        for (int l = 0; l < example->label_count; l++)
            buffer_print(out, " %s", example->labels[l]);
        if (values)
            buffer_print(out, " %g", example->value);
        buffer_print(out, ";");
    }
}

static void check(const struct task_format *format, const char *path, bool labels_wanted,
                  const char *expected)
{
    struct text_examples set;
    struct error err;
    struct buffer got = {0};
    if (text_examples_read(&set, format, path, labels_wanted, &err) < 0) {
        assert_string_equal(strrchr(err.text, '/') + 1, expected);
        assert_int_equal(set.count, 0);
        return;
    }
    put_examples(&set, format->kind == TASK_REGRESSION, &got);
    assert_string_equal(buffer_text(&got), expected);
    assert_string_equal(set.path, path);
    buffer_release(&got);
    text_examples_release(&set);
    text_examples_release(&set);
}

static const struct task_format single = {
    .kind = TASK_CLASSIFICATION, .columns = {.text = "sentence", .label = "label"}, .header = true};

static void texts_have_a_class(void **state)
{
    (void)state;
    const struct task_format cola = {.kind = TASK_CLASSIFICATION,
                                     .columns = {.text = "4", .label = "2", .id = "1"}};
    const struct task_format pairs = {.kind = TASK_CLASSIFICATION,
                                      .columns = {"#1 String", "#2 String", "Quality", NULL},
                                      .header = true};
    check(&single, file_of("t.tsv", "sentence\tlabel\na \"b \t1\nc\t 0 \n"), true,
          "2 0: a \"b  = 1;3 1: c = 0;");
    check(&cola, file_of("t.tsv", "gj04\t1\t\tThey sailed.\ngj05\t0\t*\tThem sailed.\n"), true,
          "1 gj04: They sailed. = 1;2 gj05: Them sailed. = 0;");
    check(&pairs,
          gzip_of("t.tsv.gz", "\xEF\xBB\xBFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n"
                              "1\t7\t8\the said \"no .\tno\r\n"),
          true, "2 0: he said \"no . / no = 1;");
    check(&single, file_of("t.csv", "label,sentence\n\"0\",\"a, b\nc\"\n1,d\n"), true,
          "2 0: a, b\nc = 0;4 1: d = 1;");
    check(&cola, file_of("t.tsv", "a\t1\t\tx\nb\t0\t\ty\na\t1\t\tz\n"), true,
          "t.tsv:3: the id a (column 1) stands in line 1 already");
    check(&single,
          file_of("t.jsonl", "{\"sentence\": \"a\", \"label\": 3}\n"
                             "{\"label\": \"x\", \"sentence\": \"\"}\n"),
          true, "1 0: a = 3;2 1:  = x;");
}

static void texts_have_a_number(void **state)
{
    (void)state;
    const struct task_format format = {
        .kind = TASK_REGRESSION, .columns = {"a", "b", "score", "n"}, .header = true};
    check(&format, file_of("t.tsv", "n\ta\tb\tscore\n17\tx\ty\t3.800\n18\tz\t\t0\n"), true,
          "2 17: x / y = 3.8;3 18: z /  = 0;");
    check(&format, file_of("t.tsv", "n\ta\tb\tscore\n17\tx\ty\tgood\n"), true,
          "t.tsv:2: 'good' is not a number");
}

static void texts_have_labels(void **state)
{
    (void)state;
    struct task_format format = {
        .kind = TASK_MULTILABEL, .columns = {.text = "text", .label = "labels"}, .header = true};
    check(&format, file_of("t.tsv", "text\tlabels\na\tjoy , fear\nb\t\nc\tjoy\n"), true,
          "2 0: a = joy fear;3 1: b =;4 2: c = joy;");
    check(&format,
          file_of("t.json", "{\"text\": \"a\", \"labels\": [\"joy\", 2]}\n"
                            "{\"text\": \"b\", \"labels\": []}\n"
                            "{\"text\": \"c\", \"labels\": \"x,y\"}\n"),
          true, "1 0: a = joy 2;2 1: b =;3 2: c = x y;");
    check(&format, file_of("t.tsv", "text\tlabels\na\tjoy,,fear\n"), true,
          "t.tsv:2: an empty label");
    check(&format, file_of("t.json", "{\"text\": \"a\", \"labels\": [\"joy\", null]}\n"), true,
          "t.json:1: the list has a label that is no text");
    format.separator = " + ";
    check(&format, file_of("t.tsv", "text\tlabels\na\tjoy + a,b\n"), true, "2 0: a = joy a,b;");
}

static void labels_may_be_missing_where_none_are_wanted(void **state)
{
    (void)state;
    struct task_format format = single;
    check(&single, file_of("t.tsv", "index\tsentence\n7\ta\n"), false, "2 0: a;");
    check(&single, file_of("t.tsv", "label\tsentence\n7\ta\n"), false, "2 0: a = 7;");
    check(&single, file_of("t.tsv", "index\tsentence\n7\ta\n"), true,
          "t.tsv:1: there is no column label; there are: index, sentence");
    format.columns.label = NULL;
    check(&format, file_of("t.tsv", "label\tsentence\n7\ta\n"), false, "2 0: a;");
    check(&format, file_of("t.tsv", "label\tsentence\n7\ta\n"), true,
          "t.tsv: which column has the labels is not said");
    format = (struct task_format){.kind = TASK_CLASSIFICATION, .columns = {.label = "1"}};
    check(&format, file_of("t.tsv", "7\ta\n"), true, "1 0: - = 7;");
}

static void bad_files_are_told(void **state)
{
    (void)state;
    check(&single, file_of("t.tsv", ""), true, "t.tsv is empty");
    check(&single, file_of("t.tsv", "sentence\tlabel\n"), true,
          "t.tsv has the names of its columns, and no rows");
    check(&single, file_of("t.tsv", "sentence\tlabel\na\t1\nb\t \n"), true,
          "t.tsv:3: an empty label");
    check(&single, file_of("t.csv", "sentence,label\na,\"1\n2\"\n"), true,
          "t.csv:2: a label with a line end in it");
    check(&single, file_of("t.tsv", "sentence\tlabel\na\t1\nb\tx\t0\n"), true,
          "t.tsv:3: a row of 3 columns, where the first line has 2: a tab is missing or too many");
    check(&single,
          file_of("t.json", "{\"sentence\": \"a\", \"label\": 1}\n{\"sentence\": \"a\"}\n"), true,
          "t.json:2: the object has no \"label\" that is a text, or a number of up to 15 digits");
    check(&single, file_of("t.tsv", "sentence\tlabel\na\t1\n\xFF\t1\n"), true,
          "t.tsv:3: byte 0xFF there is not UTF-8; convert the file first, as in iconv -f latin1 -t "
          "utf-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_have_a_class),
        cmocka_unit_test(texts_have_a_number),
        cmocka_unit_test(texts_have_labels),
        cmocka_unit_test(labels_may_be_missing_where_none_are_wanted),
        cmocka_unit_test(bad_files_are_told),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
