#include "load.h"

#include <stdio.h>
#include <string.h>

#include "lambert/config/config.h"

static void unknown_names(void **state)
{
    (void)state;
    assert_text_fails("[model]\nhidden_size = 32\nhiden_size = 32\n",
                      "demo.ini:3: unknown key 'model.hiden_size'; did you mean "
                      "'model.hidden_size'?");
    assert_text_fails("[run]\nhidden_size = 32\n",
                      "demo.ini:2: unknown key 'run.hidden_size'; did you mean "
                      "'model.hidden_size'?");
    assert_text_fails(LEAST "stpes = 3\n",
                      "demo.ini:8: unknown key 'phase.one.stpes'; did you mean "
                      "'phase.one.steps'?");
    assert_text_fails("[model]\nwhatever = 1\n",
                      "demo.ini:2: unknown key 'model.whatever'; lambert train --help lists the "
                      "keys");
    assert_text_fails("\n\n[modle]\n",
                      "demo.ini:3: unknown section 'modle'; did you mean 'model'?");
    assert_text_fails("[model.hidden_size]\nx = 1\n",
                      "demo.ini:1: unknown section 'model.hidden_size'; lambert train --help "
                      "lists the keys");
    assert_text_fails("seed = 3\n[run]\n", "demo.ini:1: 'seed' stands before any [section]");
}

static void given_twice(void **state)
{
    (void)state;
    assert_text_fails("[model]\nhidden_size = 32\n; comment\nhidden_size = 32\n",
                      "demo.ini:4: 'model.hidden_size' was given before, in line 2");
    assert_text_fails(LEAST "steps = 3\n",
                      "demo.ini:8: 'phase.one.steps' was given before, in line 6");
    assert_text_fails("[model]\n[run]\n[model]\n",
                      "demo.ini:3: section [model] has begun before, in line 1");
    assert_text_fails(LEAST "[phase one]\n", "demo.ini:8: there is a phase 'one' already");
}

static void phases_keep_their_order(void **state)
{
    (void)state;
    struct config c;
    assert_loads(&c, LEAST_DATA "[phase z]\nsteps=1\nlearning_rate=1\n"
                                "[phase  a-2_B]\nsteps=2\nlearning_rate=1\n");
    assert_int_equal(c.phase_count, 2);
    assert_string_equal(c.phases[0].name, "z");
    assert_string_equal(c.phases[1].name, "a-2_B");
    assert_int_equal(c.phases[1].steps, 2);
}

static void names_of_phases(void **state)
{
    (void)state;
    const char *rule = "demo.ini:1: a phase's name is 1 to 31 letters, digits, '-' or '_', not ";
    const char *bad[] = {"", "a b", "a.b", "\xc3\xa9", "abcdefghijklmnopqrstuvwxyz012345"};
    for (int i = 0; i < 5; i++) {
        char text[100], sentence[300];
        snprintf(text, sizeof text, "[phase %s]\n", bad[i]);
        snprintf(sentence, sizeof sentence, "%s'%s': [phase one]", rule, bad[i]);
        assert_text_fails(text, sentence);
    }
    assert_text_fails("[phase]\n", "demo.ini:1: a phase's name is 1 to 31 letters, digits, '-' or "
                                   "'_', not '': [phase one]");
}

static void too_many_phases(void **state)
{
    (void)state;
    struct config c;
    struct buffer text = {0};
    buffer_print(&text, LEAST_DATA);
    for (int i = 0; i < CONFIG_MAX_PHASES; i++)
        buffer_print(&text, "[phase p%d]\nsteps = 1\nlearning_rate = 1\n", i);
    assert_loads(&c, buffer_text(&text));
    assert_int_equal(c.phase_count, CONFIG_MAX_PHASES);
    buffer_print(&text, "[phase more]\n");
    assert_text_fails(buffer_text(&text),
                      "demo.ini:53: phase 'more' is one too many: there can be 16");
    buffer_release(&text);
}

static void words(void **state)
{
    (void)state;
    assert_word_fails("model.hiden_size=3", "command line: unknown key 'model.hiden_size'; did you "
                                            "mean 'model.hidden_size'?");
    assert_word_fails("hidden_size=3",
                      "command line: unknown key 'hidden_size'; did you mean 'model.hidden_size'?");
    assert_word_fails("phase.steps=3",
                      "command line: unknown key 'phase.steps'; did you mean 'phase.one.steps'?");
    assert_word_fails("phase.one.step=3",
                      "command line: unknown key 'phase.one.step'; did you mean "
                      "'phase.one.steps'?");
    assert_word_fails("phase.oen.steps=3",
                      "command line: there is no phase 'oen'; did you mean 'one'?");
    assert_word_fails(
        "phase.finale.steps=3",
        "command line: there is no phase 'finale'; phases are begun in the file, with "
        "[phase NAME]");
    assert_word_fails("model.hidden_size", "command line: 'model.hidden_size' is not of the form "
                                           "section.key=value");
    assert_word_fails("=3", "command line: unknown key ''; lambert train --help lists the keys");
    assert_word_fails("model.=3",
                      "command line: unknown key 'model.'; lambert train --help lists the keys");
    assert_word_fails(".=3", "command line: unknown key '.'; lambert train --help lists the keys");
    assert_word_fails("run.seed=one", "command line: 'run.seed' cannot be 'one'; it must be a "
                                      "whole number in [0, 9007199254740992]");
}

/* Names far longer than any key. */
static void long_names(void **state)
{
    (void)state;
    char word[3000];
    memset(word, 'x', sizeof word);
    memcpy(word + sizeof word - 3, "=1", 3);
    struct config c;
    struct error err;
    assert_int_equal(load(&c, &err, LEAST, word, NULL), -1);
    assert_non_null(strstr(err.text, "command line: unknown key 'xxxx"));
    memcpy(word, "model.", 6);
    assert_int_equal(load(&c, &err, LEAST, word, NULL), -1);
    memcpy(word, "phase.", 6);
    assert_int_equal(load(&c, &err, LEAST, word, NULL), -1);
    memcpy(word + 1000, ".steps", 6);
    assert_int_equal(load(&c, &err, NULL, word, NULL), -1);
    assert_non_null(strstr(err.text, "command line: a phase's name is"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_names),
        cmocka_unit_test(given_twice),
        cmocka_unit_test(phases_keep_their_order),
        cmocka_unit_test(names_of_phases),
        cmocka_unit_test(too_many_phases),
        cmocka_unit_test(words),
        cmocka_unit_test(long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
