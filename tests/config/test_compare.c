#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/config/config.h"

#define TWO "[phase two]\nsteps = 5\nlearning_rate = 1\n"

/* The result keys of a configuration file; free(). */
static char *result_of(const char *text)
{
    struct config config;
    struct buffer out = {0};
    assert_loads(&config, text);
    config_print(&config, true, &out);
    buffer_text(&out);
    return (char *)out.data;
}

/* Compares what two files come to; sentence NULL: no difference. */
static void assert_compares(const char *stored, const char *wanted, const char *accepted,
                            const char *sentence)
{
    struct error err = {""};
    char *old = result_of(stored), *new = result_of(wanted);
    int result = config_compare(old, new, accepted, &err);
    free(old);
    free(new);
    assert_string_equal(err.text, sentence ? sentence : "");
    assert_int_equal(result, sentence ? -1 : 0);
}

static void the_same(void **state)
{
    (void)state;
    assert_compares(LEAST, LEAST, NULL, NULL);
    assert_compares(LEAST, LEAST "[train]\nlog_every = 3\n", "", NULL); /* not a result key */
}

/* Schedules, batches and the phases themselves, and nothing else. */
static void a_branch_has_other_schedules(void **state)
{
    (void)state;
    struct error err = {""};
    char *old = result_of(LEAST),
         *new = result_of(
             LEAST_DATA
             "[phase one]\nsteps = 20\nlearning_rate = 1\nschedule = trapezoid\ndecay_steps = 5\n"
             "warmup_steps = 1\nglobal_batch = 3\nbatch_changes = 7:9\ndecay_power = 3\n" TWO);
    assert_int_equal(config_compare(old, new, NULL, &err), -1);
    assert_int_equal(config_compare_branch(old, new, NULL, &err), 0);
    assert_int_equal(config_compare_branch(new, old, NULL, &err), 0);
    free(new);
    new =
        result_of(LEAST "sequence_length = 64\n[model]\nhidden_size = 96\n[phase two]\nsteps = 1\n"
                        "learning_rate = 2\nsequence_length = 32\n");
    assert_int_equal(config_compare_branch(old, new, NULL, &err), -1);
    assert_string_equal(err.text, "the configuration differs in what changes the result:\n"
                                  "  model.hidden_size = 96, was 768\n"
                                  "  phase.one.sequence_length = 64, was 128\n"
                                  "  Put the old values back, or accept the new ones with --accept "
                                  "model.hidden_size,phase.one.sequence_length");
    assert_int_equal(
        config_compare_branch(old, new, "model.hidden_size,phase.one.sequence_length", &err), 0);
    free(old);
    free(new);
}

static void differences_are_named(void **state)
{
    (void)state;
    assert_compares(LEAST TWO, LEAST TWO "warmup_steps = 2\n[model]\nhidden_size = 96\n", NULL,
                    "the configuration differs in what changes the result:\n"
                    "  model.hidden_size = 96, was 768\n"
                    "  phase.two.warmup_steps = 2, was 0\n"
                    "  Put the old values back, or accept the new ones with --accept "
                    "model.hidden_size,phase.two.warmup_steps");
}

static void accepted_differences_pass(void **state)
{
    (void)state;
    const char *wanted = LEAST TWO "warmup_steps = 2\n[model]\nhidden_size = 96\n";
    assert_compares(LEAST TWO, wanted, "phase.two.warmup_steps,model.hidden_size", NULL);
    assert_compares(LEAST TWO, wanted, "model.hidden_size",
                    "the configuration differs in what changes the result:\n"
                    "  phase.two.warmup_steps = 2, was 0\n"
                    "  Put the old values back, or accept the new ones with --accept "
                    "phase.two.warmup_steps");
    /* accepting what does not differ is no error, a slip of the pen is */
    assert_compares(LEAST TWO, wanted, "phase.two.warmup_steps,model.hidden_size,phase.one.steps",
                    NULL);
    assert_compares(LEAST TWO, wanted, "model.hiden_size",
                    "cannot accept unknown key 'model.hiden_size'; did you mean "
                    "'model.hidden_size'?");
    assert_compares(LEAST TWO, wanted, "run.folder,model.hidden_size",
                    "cannot accept unknown key 'run.folder'; only keys that change the result need "
                    "to be accepted");
}

static void phases_differ(void **state)
{
    (void)state;
    assert_compares(LEAST, LEAST TWO, NULL,
                    "the configuration differs in what changes the result:\n"
                    "  phases = one, two, was one\n"
                    "  Put the old values back, or accept the new ones with --accept phases");
    assert_compares(LEAST TWO, LEAST, NULL,
                    "the configuration differs in what changes the result:\n"
                    "  phases = one, was one, two\n"
                    "  Put the old values back, or accept the new ones with --accept phases");
    assert_compares(LEAST TWO, LEAST_DATA TWO LEAST_PHASE, NULL,
                    "the configuration differs in what changes the result:\n"
                    "  phases = two, one, was one, two\n"
                    "  Put the old values back, or accept the new ones with --accept phases");
    assert_compares(LEAST TWO, LEAST_DATA TWO LEAST_PHASE, "phases", NULL);
}

static void assert_texts(const char *stored, const char *wanted, const char *sentence)
{
    struct error err = {""};
    int result = config_compare(stored, wanted, NULL, &err);
    assert_string_equal(err.text, sentence ? sentence : "");
    assert_int_equal(result, sentence ? -1 : 0);
}

/* Checkpoints of other versions of the program: a key that was not there yet had its default, one
 * that is not known any more is a difference. */
static void other_versions(void **state)
{
    (void)state;
    assert_texts("[model]\nhidden_size = 64\n",
                 "[model]\nhidden_size = 64\nhidden_dropout_prob = 0.1\n", NULL);
    assert_texts("[model]\nhidden_size = 64\n",
                 "[model]\nhidden_size = 64\nhidden_dropout_prob = 0.2\n",
                 "the configuration differs in what changes the result:\n"
                 "  model.hidden_dropout_prob = 0.2, was 0.1\n"
                 "  Put the old values back, or accept the new ones with --accept "
                 "model.hidden_dropout_prob");
    assert_texts("[model]\nhidden_size = 64\nglow = 3\n", "[model]\nhidden_size = 64\n",
                 "the configuration differs in what changes the result:\n"
                 "  model.glow = (no such key), was 3\n"
                 "  Put the old values back, or accept the new ones with --accept model.glow");
    assert_texts("[optimizer]\nepsilon = 0.000001\ndecay_all = true\n",
                 "[optimizer]\nepsilon = 1e-06\ndecay_all = yes\n", NULL);
    assert_texts("[optimizer]\nepsilon\n", "[optimizer]\nepsilon = 1e-06\n",
                 "the stored configuration:2: neither a [section], nor key = value, nor a comment");
}

/* More differences than a sentence holds: those told are whole, the others are counted. */
static void many_differences(void **state)
{
    (void)state;
    struct buffer old = {0}, new = {0};
    buffer_print(&old, LEAST_DATA);
    buffer_print(&new, LEAST_DATA);
    for (int i = 0; i < CONFIG_MAX_PHASES; i++) {
        const char *phase = "[phase a-name-of-thirty-one-letters-%02d]\nsteps = %d\n"
                            "learning_rate = %d\nsequence_length = %d\nglobal_batch = %d\n";
        buffer_print(&old, phase, i, 1, 1, 8, 1);
        buffer_print(&new, phase, i, 2, 2, 9, 2);
    }
    struct error err;
    char *stored = result_of(buffer_text(&old)), *wanted = result_of(buffer_text(&new));
    assert_int_equal(config_compare(stored, wanted, NULL, &err), -1);
    assert_true(strlen(err.text) < sizeof err.text - 300); /* room for a prefix */
    int told = -2;                                         /* the first and the last line */
    for (const char *line = err.text; line; line = strchr(line + 1, '\n'))
        told++;
    char more[40];
    snprintf(more, sizeof more, "\n  and %d more\n", 4 * CONFIG_MAX_PHASES - (told - 1));
    assert_non_null(strstr(err.text, more));
    free(stored);
    free(wanted);
    buffer_release(&old);
    buffer_release(&new);
}

/* A run on one corpus is as it was when there were no shares; others say what they are. */
static void shares_of_corpora_differ(void **state)
{
    (void)state;
    const char *several =
        "[run]\nfolder = runs/a\n[data]\ncorpus = c, d\nweights = 2, 1\n" LEAST_PHASE;
    char *one = result_of(LEAST);
    assert_null(strstr(one, "weights"));
    assert_null(strstr(one, "temperature"));
    free(one);
    assert_compares(several, several, NULL, NULL);
    assert_compares(LEAST, several, NULL,
                    "the configuration differs in what changes the result:\n"
                    "  data.weights = 2, 1, was \n"
                    "  Put the old values back, or accept the new ones with --accept data.weights");
    assert_compares(several, LEAST, "data.weights", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same),
        cmocka_unit_test(differences_are_named),
        cmocka_unit_test(a_branch_has_other_schedules),
        cmocka_unit_test(accepted_differences_pass),
        cmocka_unit_test(phases_differ),
        cmocka_unit_test(other_versions),
        cmocka_unit_test(many_differences),
        cmocka_unit_test(shares_of_corpora_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
