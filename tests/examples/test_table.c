#include "examples/files.h"

#include <string.h>

#include "lambert/examples/table.h"

/* All rows of the columns, as "cell|cell;" with the line in front. */
static void put_rows(struct table *table, const int *columns, int count, struct buffer *out)
{
    struct error err;
    int more;
    while ((more = table_next(table, &err)) > 0) {
        buffer_print(out, "%d:", table->line);
        for (int c = 0; c < count; c++)
            buffer_print(out, "%s|", table_text(table, columns[c], &err));
        buffer_print(out, ";");
    }
    if (more < 0)
        buffer_print(out, "%s", strrchr(err.text, '/') + 1);
}

static void check_rows(const char *name, const char *text, bool header, const char *expected)
{
    struct table table;
    struct error err;
    struct buffer got = {0};
    int columns[32];
    if (table_open(&table, file_of(name, text), TABLE_BY_NAME, header, &err) < 0) {
        assert_string_equal(strrchr(err.text, '/') + 1, expected);
        return;
    }
    for (int c = 0; c < table.columns; c++)
        columns[c] = c;
    put_rows(&table, columns, table.columns, &got);
    assert_string_equal(buffer_text(&got), expected);
    buffer_release(&got);
    table_close(&table);
    table_close(&table);
}

static void a_line_of_tsv_is_a_row(void **state)
{
    (void)state;
    check_rows("t.tsv", "a\tb\n1\t2\n", true, "2:1|2|;");
    check_rows("t.tsv", "a\tb\n1\t2", false, "1:a|b|;2:1|2|;");
    check_rows("t.tsv",
               "\xEF\xBB\xBF"
               "a\tb\r\n \"x\t2\r\n\"\t\r\n\r\n\n",
               true, "2: \"x|2|;3:\"||;");
    check_rows("t.txt", "one\n\ntwo, three\n\n", false, "1:one|;2:|;3:two, three|;");
    check_rows("t", "\t\n", false, "1:||;");
}

static void rows_of_csv_may_span_lines(void **state)
{
    (void)state;
    check_rows("t.csv", "a,b\n1,2\n", true, "2:1|2|;");
    check_rows("t.csv", "\"a\",\"b, c\"\r\n\"say \"\"x\"\"\",\r\n\"two\r\nlines\",\"\"\r\n3,4",
               true, "2:say \"x\"||;3:two\r\nlines||;5:3|4|;");
    check_rows("t.csv", "5\" pipe,x\n,\n", false, "1:5\" pipe|x|;2:||;");
    check_rows("t.csv", "a,b\n\"one\n\ntwo\",x\n3\n", true,
               "2:one\n\ntwo|x|;t.csv:5: a row of 1 columns, where the first line has 2: a comma "
               "or a quote is missing or too many");
    check_rows("t.csv", "a,b\nx,\"one\ntwo\n", true,
               "t.csv:2: a quote is opened here and not closed; within quotes a quote is written "
               "twice");
    check_rows("t.csv", "a,b\n\n", true, "t.csv has the names of its columns, and no rows");
    check_rows(
        "t.csv", "a,b\n\"x\"y,z\n", true,
        "t.csv:2: text behind the quote that closes a cell; within quotes a quote is written "
        "twice");
}

static void an_object_of_json_is_a_row(void **state)
{
    (void)state;
    check_rows("t.jsonl", "{\"a\": \"x\\ny\", \"b\": 1}\n{\"b\": -0.5, \"c\": [], \"a\": true}\n\n",
               false, "1:x\ny|1|;2:true|-0.5|;");
    check_rows("t.json", "{\"a\": \"x\"}\n[1]\n", false,
               "1:x|;t.json:2: a line of JSON is one object, {\"name\": ...}; this is none");
    check_rows("t.json", "{\"a\": \"x\"}\n{\"a\": }\n", false,
               "1:x|;t.json:2: this is not JSON from byte 7 of the line on");
    check_rows("t.json", "{\"a\": 1, \"a\": 2}\n", false,
               "t.json:1: \"a\" stands twice in the object");
}

static void shifted_rows_are_told(void **state)
{
    (void)state;
    check_rows(
        "t.tsv", "a\tb\n1\t2\n1\t2\t3\n", true,
        "2:1|2|;t.tsv:3: a row of 3 columns, where the first line has 2: a tab is missing or "
        "too many");
    check_rows("t.tsv", "a\tb\n\n1\t2\n", true,
               "t.tsv:2: a row of 1 columns, where the first line has 2: a tab is missing or too "
               "many");
    check_rows("t.tsv", "a\tb\n", true, "t.tsv has the names of its columns, and no rows");
    check_rows("t.tsv", "\n\r\n", false, "t.tsv has no rows");
}

static void forms_are_known_by_name(void **state)
{
    (void)state;
    assert_int_equal(table_form_of("a/b.csv"), TABLE_CSV);
    assert_int_equal(table_form_of("b.csv.gz"), TABLE_CSV);
    assert_int_equal(table_form_of("b.jsonl"), TABLE_JSON);
    assert_int_equal(table_form_of("b.json.gz"), TABLE_JSON);
    assert_int_equal(table_form_of("b.tsv"), TABLE_TSV);
    assert_int_equal(table_form_of("csv"), TABLE_TSV);
    assert_int_equal(table_form_of(".gz"), TABLE_TSV);
}

static void check_column(const char *name, const char *text, bool header, const char *column,
                         int expected, const char *sentence)
{
    struct table table;
    struct error err = {.text = "/"};
    int number = -1;
    assert_int_equal(table_open(&table, file_of(name, text), TABLE_BY_NAME, header, &err), 0);
    assert_int_equal(table_column(&table, column, &number, &err), sentence ? -1 : 0);
    if (sentence)
        assert_string_equal(strrchr(err.text, '/') + 1, sentence);
    else
        assert_int_equal(number, expected);
    assert_true(table_has(&table, column) == (expected >= 0));
    table_close(&table);
}

static void columns_have_names_or_numbers(void **state)
{
    (void)state;
    check_column("t.tsv", "a\tb\n1\t2\n", true, "b", 1, NULL);
    check_column("t.tsv", "a\tb\n1\t2\n", true, "2", 1, NULL);
    check_column("t.tsv", "2\tb\n1\t2\n", true, "2", 0, NULL);
    check_column("t.tsv", "1\t2\n", false, "1", 0, NULL);
    check_column("t.json", "{\"a\": 1, \"b\": 2}", false, "b", 1, NULL);
    check_column("t.tsv", "a\tb\n1\t2\n", true, "lable", -1,
                 "t.tsv:1: there is no column lable; there are: a, b");
    check_column("t.tsv", "a\tb\n1\t2\n", true, "3", -1,
                 "t.tsv:1: there is no column 3; there are: a, b");
    check_column("t.tsv", "1\t2\n", false, "label", -1,
                 "t.tsv:1: there is no column label; without a line of names, columns are 1 to 2");
    check_column("t.tsv", "1\t2\n", false, "0", -1,
                 "t.tsv:1: there is no column 0; without a line of names, columns are 1 to 2");
    check_column("t.json", "{\"a\": 1, \"b\": 2}", false, "2", -1,
                 "t.json:1: there is no column 2; there are: a, b");
    check_column("t.tsv", "a\tb\ta\n1\t2\t3\n", true, "a", 0,
                 "t.tsv:1: 2 columns are called a; name the one by its number");
}

static void open_one(struct table *table, const char *name, const char *text)
{
    struct error err;
    assert_int_equal(table_open(table, file_of(name, text), TABLE_BY_NAME, false, &err), 0);
    assert_int_equal(table_next(table, &err), 1);
}

static void check_number(const char *text, double expected, bool fine)
{
    struct table table;
    struct error err;
    double number;
    open_one(&table, "t.tsv", text);
    assert_int_equal(table_number(&table, 0, &number, &err), fine ? 0 : -1);
    if (fine)
        assert_true(number == expected);
    else
        assert_non_null(strstr(err.text, "t.tsv:1: '"));
    table_close(&table);
}

static void numbers_are_finite(void **state)
{
    (void)state;
    check_number("5.000", 5, true);
    check_number("-1e-3 ", -1e-3, true);
    check_number("x", 0, false);
    check_number("5,0", 0, false);
    check_number("nan", 0, false);
    check_number("1e999", 0, false);
    check_number("\t1", 0, false);
}

static void members_that_are_no_text_are_told(void **state)
{
    (void)state;
    struct table table;
    struct error err;
    open_one(&table, "t.json", "{\"a\": null, \"b\": [\"x\"], \"c\": 12345678901234567890}");
    for (int c = 0; c < 3; c++)
        assert_null(table_text(&table, c, &err));
    assert_string_equal(strrchr(err.text, '/') + 1,
                        "t.json:1: the object has no \"c\" that is a text, or a number of up to 15 "
                        "digits");
    assert_true(cJSON_IsArray(table_member(&table, 1)));
    table_close(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_tsv_is_a_row),
        cmocka_unit_test(rows_of_csv_may_span_lines),
        cmocka_unit_test(an_object_of_json_is_a_row),
        cmocka_unit_test(shifted_rows_are_told),
        cmocka_unit_test(forms_are_known_by_name),
        cmocka_unit_test(columns_have_names_or_numbers),
        cmocka_unit_test(numbers_are_finite),
        cmocka_unit_test(members_that_are_no_text_are_told),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
