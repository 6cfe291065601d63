#include "load.h"

#include <stdio.h>
#include <stdlib.h>
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
    assert_text_fails(LEAST "[phase one]\n",
                      "demo.ini:8: section [phase one] has begun before, in line 5");
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

/* --- inclusion --------------------------------------------------------------------------------- */

static void included_first(void **state)
{
    (void)state;
    struct config c;
    const struct file files[] = {
        {"demo.ini", "; mine\ninclude = parts/base.ini ; all sizes\n"
                     "[phase two]\nsteps = 7\n[run]\nseed = 3\n[phase three]\n"
                     "steps = 1\nlearning_rate = 1\n[phase one]\nglobal_batch = 4\n"},
        {"parts/base.ini",
         "include = model.ini\n" LEAST
         "[phase two]\nsteps = 5\nlearning_rate = 0.5\n[model]\nhidden_size = 24\n"},
        {"parts/model.ini", "[model]\nhidden_size = 48\nintermediate_size = 96\n"},
        {0}};
    assert_files_load(&c, files);
    assert_string_equal(c.run.folder, "runs/a");
    assert_int_equal(c.run.seed, 3);
    assert_int_equal(c.model.hidden_size, 24);
    assert_int_equal(c.model.intermediate_size, 96);
    /* the order in which phases are met first, each of them once */
    assert_int_equal(c.phase_count, 3);
    assert_string_equal(c.phases[0].name, "one");
    assert_string_equal(c.phases[1].name, "two");
    assert_string_equal(c.phases[2].name, "three");
    assert_int_equal(c.phases[0].global_batch, 4);
    assert_int_equal(c.phases[0].steps, 10);
    assert_int_equal(c.phases[1].steps, 7);
    assert_true(c.phases[1].learning_rate == 0.5);
}

/* Of several, the last wins; a file may be included again where it does not include itself. */
static void several_inclusions(void **state)
{
    (void)state;
    struct config c;
    const struct file files[] = {{"demo.ini", "include = a.ini\ninclude = b.ini\n"},
                                 {"a.ini", "include = least.ini\n[model]\nhidden_size = 24\n"},
                                 {"b.ini", "include = least.ini\n[model]\nhidden_size = 36\n"},
                                 {"least.ini", LEAST},
                                 {0}};
    assert_files_load(&c, files);
    assert_int_equal(c.model.hidden_size, 36);
    assert_int_equal(c.phase_count, 1);
}

static void errors_of_included_files(void **state)
{
    (void)state;
    const struct file unknown[] = {{"demo.ini", "\ninclude = parts/a.ini\n"},
                                   {"parts/a.ini", "include = b.ini\n"},
                                   {"parts/b.ini", "[run]\n\nsede = 3\n"},
                                   {0}};
    assert_files_fail(unknown, "demo.ini:2: parts/a.ini:1: parts/b.ini:3: unknown key 'run.sede'; "
                               "did you mean 'run.seed'?");
    const struct file missing[] = {{"demo.ini", "include = no.ini\n"}, {0}};
    assert_files_fail(missing, "demo.ini:1: cannot open no.ini: No such file or directory");
    const struct file nothing[] = {{"demo.ini", "include =\n"}, {0}};
    assert_files_fail(nothing, "demo.ini:1: 'include' wants the name of a file");
    const struct file late[] = {{"demo.ini", "[run]\ninclude = a.ini\n"}, {"a.ini", LEAST}, {0}};
    assert_files_fail(late, "demo.ini:2: 'include' stands before the first [section]");
    /* twice in one file is a slip of the pen, once in each of two is not */
    const struct file twice[] = {{"demo.ini", "include = a.ini\n[run]\nseed = 1\n"},
                                 {"a.ini", "[run]\nseed = 1\nseed = 2\n"},
                                 {0}};
    assert_files_fail(twice, "demo.ini:1: a.ini:3: 'run.seed' was given before, in line 2");
}

/* What is not there is looked for among what comes with the program, which here is the current folder. */
static void included_from_elsewhere(void **state)
{
    (void)state;
    struct config c;
    const struct file files[] = {{"parts/demo.ini", "include = configs/base.ini\n"},
                                 {"configs/base.ini", "include = more.ini\n" LEAST},
                                 {"configs/more.ini", "[model]\nhidden_size = 24\n"},
                                 {"configs/bert.ini", ""},
                                 {0}};
    assert_files_fail(
        files, "parts/demo.ini:1: cannot open parts/configs/base.ini: No such file or directory");
    assert_int_equal(setenv("LAMBERT_SHARE", ".", 1), 0);
    assert_files_load(&c, files);
    assert_int_equal(c.model.hidden_size, 24);
    unsetenv("LAMBERT_SHARE");
}

static void circles_and_towers(void **state)
{
    (void)state;
    const struct file itself[] = {{"demo.ini", "include = demo.ini\n"}, {0}};
    assert_files_fail(itself, "demo.ini:1: demo.ini would include itself");
    const struct file circle[] = {
        {"demo.ini", "include = parts/a.ini\n"}, {"parts/a.ini", "include = ../demo.ini\n"}, {0}};
    assert_files_fail(circle, "demo.ini:1: parts/a.ini:1: parts/../demo.ini would include itself");
    const struct file tower[] = {{"demo.ini", "include = 1.ini\n"},
                                 {"1.ini", "include = 2.ini\n"},
                                 {"2.ini", "include = 3.ini\n"},
                                 {"3.ini", "include = 4.ini\n"},
                                 {"4.ini", "include = 5.ini\n"},
                                 {"5.ini", "include = 6.ini\n"},
                                 {"6.ini", "include = 7.ini\n"},
                                 {"7.ini", "include = 8.ini\n"},
                                 {"8.ini", "include = 9.ini\n"},
                                 {"9.ini", LEAST},
                                 {0}};
    struct config c;
    assert_files_load(&c, tower + 1);
    assert_files_fail(tower, "demo.ini:1: 1.ini:1: 2.ini:1: 3.ini:1: 4.ini:1: 5.ini:1: 6.ini:1: "
                             "7.ini:1: 8.ini:1: 9.ini would be included by more than 8 files in a "
                             "row");
}

/* The copy in a checkpoint stands by itself. */
static void a_text_includes_nothing(void **state)
{
    (void)state;
    struct config c;
    struct error err;
    assert_int_equal(config_read(&c, "include = demo.ini\n", "step-1.checkpoint", &err), -1);
    assert_string_equal(err.text, "step-1.checkpoint:1: 'include' is for files; this text stands "
                                  "by itself");
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
        cmocka_unit_test(included_first),
        cmocka_unit_test(several_inclusions),
        cmocka_unit_test(errors_of_included_files),
        cmocka_unit_test(included_from_elsewhere),
        cmocka_unit_test(circles_and_towers),
        cmocka_unit_test(a_text_includes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
