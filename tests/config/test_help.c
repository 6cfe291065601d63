#include "load.h"

#include <stdio.h>
#include <string.h>

#include "lambert/config/config.h"

/* Every key that a configuration prints is explained in the help and in both pages. */
static void every_key_is_there(void **state)
{
    (void)state;
    struct config config;
    struct buffer text = {0}, help = {0}, page = {0}, manual = {0};
    assert_loads(&config, LEAST);
    config_print(&config, false, &text);
    config_help(&help);
    config_markdown(&page);
    config_man(&manual);
    char section[32] = "";
    int keys = 0;
    for (char *line = strtok((char *)buffer_text(&text), "\n"); line; line = strtok(NULL, "\n")) {
        char name[64], wanted[128];
        if (sscanf(line, "[%31[a-z]", section) == 1 || sscanf(line, "%63s", name) != 1)
            continue;
        snprintf(wanted, sizeof wanted, "  %s%s.%s = ", section,
                 strcmp(section, "phase") == 0 ? ".NAME" : "", name);
        if (!strstr(buffer_text(&help), wanted))
            fail_msg("no '%s' in the help", wanted);
        snprintf(wanted, sizeof wanted, "\n| `%s` | ", name);
        if (!strstr(buffer_text(&page), wanted))
            fail_msg("no '%s' in the page", wanted);
        snprintf(wanted, sizeof wanted, "\n.TP\n\\fB%s\\fR", name);
        if (!strstr(buffer_text(&manual), wanted))
            fail_msg("no '%s' in the manual page", name);
        keys++;
    }
    assert_true(keys > 40); /* the walk found them */
    buffer_release(&text);
    buffer_release(&help);
    buffer_release(&page);
    buffer_release(&manual);
}

static void lines_of_the_help_fit(void **state)
{
    (void)state;
    struct buffer help = {0};
    config_help(&help);
    for (const char *line = buffer_text(&help); *line != '\0'; line += strcspn(line, "\n") + 1)
        assert_in_range(strcspn(line, "\n"), 1, 96);
    assert_non_null(strstr(buffer_text(&help), "  run.folder = (must be given)\n"
                                               "      Folder of the run: config.ini, "));
    assert_non_null(strstr(buffer_text(&help), "  data.vocabulary = (empty)\n"));
    buffer_release(&help);
}

static void the_page(void **state)
{
    (void)state;
    struct buffer page = {0};
    config_markdown(&page);
    const char *text = buffer_text(&page);
    assert_int_equal(strncmp(text, "# Configuration\n", 16), 0);
    assert_non_null(strstr(text, "\n## [model]\n"));
    assert_non_null(strstr(text, "\n## [phase NAME]\n"));
    assert_non_null(strstr(text, "\n| `seed` | `1` | a whole number in [0, 9007199254740992] | yes "
                                 "| Seed of everything"));
    assert_non_null(strstr(text, "\n| `folder` | must be given | a text | no | "));
    assert_non_null(strstr(text, "\n| `vocabulary` | empty | a text | no | "));
    assert_non_null(strstr(text, "\n| `hidden_act` | `gelu` | one of: gelu, gelu_new | yes | "));
    /* tables are five cells wide (the schedules' four), so no | stands inside a cell */
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        int bars = 0;
        for (size_t i = 0; i < strcspn(line, "\n"); i++)
            bars += line[i] == '|';
        assert_true(bars == 0 || bars == 6 || bars == 5);
    }
    buffer_release(&page);
}

/* Every line is text or one of the requests that are meant, and no mark of Markdown is left. */
static void the_manual_page(void **state)
{
    (void)state;
    static const char *const requests[] = {".TH", ".SH", ".PP", ".TP", ".br", ".BR"};
    struct buffer page = {0};
    config_man(&page);
    const char *text = buffer_text(&page);
    assert_int_equal(strncmp(text, ".TH LAMBERT.INI 5 ", 18), 0);
    assert_non_null(strstr(text, "\n.SH [phase NAME]\n"));
    assert_non_null(strstr(text, "\n.TP\n\\fBepsilon\\fR = 1e\\-6\n"));
    assert_non_null(strstr(text, "\n.TP\n\\fBgoogle\\fR\n"));
    assert_null(strchr(text, '`'));
    assert_null(strstr(text, "\n|"));
    assert_null(strstr(text, "\n\n"));
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        bool meant = *line != '.' && *line != '\'';
        for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
            meant |= strncmp(line, requests[i], 3) == 0;
        if (!meant)
            fail_msg("%.60s", line);
    }
    buffer_release(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_there),
        cmocka_unit_test(lines_of_the_help_fit),
        cmocka_unit_test(the_page),
        cmocka_unit_test(the_manual_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
