#include "lib/unit.h"

#include <string.h>

#include "lambert/command/pages.h"
#include "sample.h"

static void assert_holds(struct buffer *text, const char *wanted)
{
    if (!strstr(buffer_text(text), wanted))
        fail_msg("no '%s' in %s", wanted, buffer_text(text));
}

static void a_man_page_is_escaped(void **state)
{
    (void)state;
    struct buffer page = {0};
    command_man(&command_sample, "lambert sample", &page);
    assert_holds(&page, ".TH \"lambert\\-sample\" 1 ");
    assert_holds(&page, "\n\\&.The \\(aqlast\\(aq C:\\eone, \\[u221A]\\[u1D11E] for \\[u00E9].\n");
    assert_holds(&page, ".nf\n  as   it\n  is\n.fi\n");
    assert_holds(&page, "\\fB\\-\\-size\\fR \\fIN\\fR\n");
    assert_holds(&page, "\n.BR lambert (1)\n");
    assert_null(strstr(buffer_text(&page), "more\n.")); /* that is for --help */
    buffer_release(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_man_page_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
