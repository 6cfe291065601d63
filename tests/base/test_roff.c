#include "lambert/base/roff.h"

#include <string.h>

#include "lib/unit.h"

static void assert_put(const char *text, const char *wanted)
{
    struct buffer out = {0};
    roff_put(&out, text, strlen(text));
    assert_string_equal(buffer_text(&out), wanted);
    buffer_release(&out);
}

static void nothing_is_a_request_or_an_escape(void **state)
{
    (void)state;
    assert_put("", "");
    assert_put("a b.c", "a b.c");
    assert_put(".TH", "\\&.TH");
    assert_put("a\n.b\n'c'", "a\n\\&.b\n\\&\\(aqc\\(aq");
    assert_put("C:\\x -n \"~^", "C:\\ex \\-n \\(dq\\(ti\\(ha");
}

/* What was put before is on the same line. */
static void lines_go_on(void **state)
{
    struct buffer out = {0};
    (void)state;
    roff_put(&out, "a", 1);
    roff_put(&out, ".b\n", 3);
    roff_put(&out, ".c", 2);
    assert_string_equal(buffer_text(&out), "a.b\n\\&.c");
    buffer_release(&out);
}

static void characters_beyond_ascii_go_by_their_numbers(void **state)
{
    (void)state;
    assert_put("é√𝄞.", "\\[u00E9]\\[u221A]\\[u1D11E].");
    assert_put("\xC3", "\xC3"); /* no UTF-8: as it is */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_a_request_or_an_escape),
        cmocka_unit_test(lines_go_on),
        cmocka_unit_test(characters_beyond_ascii_go_by_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
