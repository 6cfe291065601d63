/* What TensorBoard shows of lines of metrics; that the file holds it: tests/store/test_event_file.c. */
#define _GNU_SOURCE /* memmem() */
#include "run/event_lines.h"

#include <string.h>

#include "lib/scratch.h"

/* Whether a file of events holds the text once the line is written. */
static bool shows(const char *line, const char *text)
{
    struct event_file file;
    struct buffer bytes = {0};
    struct error err;
    cJSON *parsed = cJSON_Parse(line);
    assert_non_null(parsed);
    assert_int_equal(event_file_open(&file, scratch_path("events"), 0, &err), 0);
    assert_int_equal(event_lines_write(&file, parsed, &err), 0);
    scratch_read(file.path, &bytes);
    const bool found = memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
    buffer_release(&bytes);
    event_file_close(&file);
    cJSON_Delete(parsed);
    return found;
}

static void numbers_go_by_their_names(void **state)
{
    (void)state;
    const char *line = "{\"kind\":\"evaluation\",\"total_step\":3,\"mlm_loss\":5,"
                       "\"corpora\":[{\"corpus\":\"wiki\",\"mlm_loss\":4}]}";
    assert_true(shows(line, "evaluation/mlm_loss"));
    assert_true(shows(line, "evaluation/wiki/mlm_loss"));
    assert_false(shows(line, "total_step"));
}

/* Bars would end a cell of the table, backticks and stars be read as Markdown. */
static void a_table_has_a_row_a_field(void **state)
{
    (void)state;
    const char *line = "{\"kind\":\"run\",\"total_step\":0,\"ranks\":2,"
                       "\"command\":\"lambert train a|b `c` *d*\\n<e>\"}";
    assert_true(shows(line, "| ranks | 2 |\n"));
    assert_true(shows(line, "| command | <code>lambert train a&#124;b &#96;c&#96; &#42;d&#42;"
                            "&#10;&#60;e&#62;</code> |\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_go_by_their_names),
                                       cmocka_unit_test(a_table_has_a_row_a_field)};
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
