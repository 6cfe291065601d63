#include "load.h"

#include <stdio.h>
#include <string.h>

#include "lambert/config/config.h"

static void forms_of_lines(void **state)
{
    (void)state;
    struct config c;
    assert_loads(&c, "\xef\xbb\xbf; first\r\n"
                     "# second\r\n"
                     "[run] ; the run\r\n"
                     "  folder = runs/a b;c   ; a comment\r\n"
                     "\tseed=7\r\n"
                     "\r\n"
                     "[data]\r\n"
                     "corpus : c\r\n"
                     "   [phase one]\r\n"
                     "   steps = 10\r\n"
                     "   ; indented comment\r\n"
                     "   learning_rate = .5e-2");
    assert_string_equal(c.run.folder, "runs/a b;c");
    assert_int_equal(c.run.seed, 7);
    assert_string_equal(c.data.corpus, "c");
    assert_int_equal(c.phases[0].steps, 10);
    assert_true(c.phases[0].learning_rate == 0.005);
}

static void malformed_lines(void **state)
{
    (void)state;
    assert_text_fails("[run]\n\nseed\n",
                      "demo.ini:3: neither a [section], nor key = value, nor a comment");
    assert_text_fails("[run\nseed = 1\n", "demo.ini:1: the section's ']' is missing");
    assert_text_fails("[run] seed = 1\n",
                      "demo.ini:1: there is something behind the section's ']'");
    assert_text_fails("[phase 0123456789012345678901234567890123456789]\n",
                      "demo.ini:1: a phase's name is 1 to 31 letters, digits, '-' or '_', not "
                      "'0123456789012345678901234567890123456789': [phase one]");
    assert_text_fails("[phase 012345678901234567890123456789012345678901234567]\n",
                      "demo.ini:1: the section's name is too long");
    assert_text_fails("", "there is no phase; begin one with a section [phase one] that gives "
                          "steps and learning_rate");
}

/* A failure in a line is told with that line, whatever comes after. */
static void first_failure_is_told(void **state)
{
    (void)state;
    assert_text_fails("[run]\nseed = x\nsede = 1\nnothing\n[\n",
                      "demo.ini:2: 'run.seed' cannot be 'x'; it must be a whole number in [0, "
                      "9007199254740992]");
    assert_text_fails("[nur]\nseed = x\n",
                      "demo.ini:1: unknown section 'nur'; did you mean 'run'?");
}

static void long_lines(void **state)
{
    (void)state;
    char text[CONFIG_CORPORA + 2000], value[CONFIG_CORPORA + 1000];
    struct config c;
    memset(value, 'a', sizeof value);
    value[CONFIG_TEXT - 1] = '\0';
    snprintf(text, sizeof text, LEAST_PHASE "[run]\nfolder = %s\n[data]\ncorpus = c\n", value);
    assert_loads(&c, text);
    assert_string_equal(c.run.folder, value);

    value[CONFIG_TEXT - 1] = 'a';
    value[CONFIG_TEXT] = '\0';
    snprintf(text, sizeof text, LEAST_PHASE "[run]\nfolder = %s\n", value);
    struct error err;
    assert_int_equal(load(&c, &err, text, NULL), -1);
    assert_non_null(strstr(err.text, "demo.ini:5: 'run.folder' cannot be 'aaa"));
    assert_non_null(strstr(err.text, "a text of less than 512 bytes"));

    value[CONFIG_TEXT] = 'a';
    value[sizeof value - 1] = '\0';
    snprintf(text, sizeof text, LEAST_PHASE "[run]\nfolder = %s\n", value);
    assert_int_equal(load(&c, &err, text, NULL), -1);
    assert_non_null(strstr(err.text, "demo.ini:5: the line of 'run.folder' is too long ("));

    snprintf(text, sizeof text, LEAST_PHASE "[run]\nfolder = a\n  # %s\n[data]\ncorpus = c\n",
             value);
    assert_loads(&c, text); /* a comment may be as long as it likes */
    assert_string_equal(c.run.folder, "a");
    snprintf(text, sizeof text, LEAST_PHASE "[run]\n%s\n", value);
    assert_int_equal(load(&c, &err, text, NULL), -1);
    assert_non_null(strstr(err.text, "demo.ini:5: the line is too long (at most "));
    snprintf(text, sizeof text, LEAST_PHASE "  steps \t= %s\n", value);
    assert_int_equal(load(&c, &err, text, NULL), -1);
    assert_non_null(strstr(err.text, "'phase.one.steps' is too long ("));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_of_lines),
        cmocka_unit_test(malformed_lines),
        cmocka_unit_test(first_failure_is_told),
        cmocka_unit_test(long_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
