/* ranks: 1 2 */
#include "run/nonfinite.h"

#include <math.h>
#include <string.h>

#include "dist/ranks.h"
#include "lib/scratch.h"

static const struct objective *const pretraining[] = {&objective_mlm, &objective_nsp};

/* A run on a small trainer: no corpus, no folder. */
struct fixture {
    struct config config;
    struct run run;
};

static void fixture_init(struct fixture *fixture, enum on_nonfinite what)
{
    const struct trainer_options options = {
        .model = {.layers = 1,
                  .hidden = 16,
                  .heads = 2,
                  .intermediate = 24,
                  .vocab = 30,
                  .positions = 20,
                  .types = 2,
                  .layer_norm_eps = 1e-12,
                  .initializer_range = 0.05},
        .bert.capacity = {.tokens = 40, .sequences = 4, .labelled = 10, .longest = 20},
        .optimizer = {.rule = RULE_SGD}};
    struct error err;
    config_defaults(&fixture->config);
    fixture->config.train.on_nonfinite = what;
    strcpy(fixture->config.phases[0].name, "one");
    fixture->run = (struct run){
        .dist = ranks, .config = &fixture->config, .state = {.phase_step = 6, .total_steps = 26}};
    assert_int_equal(trainer_new(&fixture->run.trainer, ranks, &options, &err), 0);
    trainer_initialise(fixture->run.trainer, 1);
}

static void fixture_release(struct fixture *fixture)
{
    trainer_free(fixture->run.trainer);
}

static struct step_report a_report(void)
{
    return (struct step_report){.objectives = {pretraining, PRETRAINING_OBJECTIVES},
                                .sums = {{.loss = 30, .terms = 10}, {.loss = 4, .terms = 8}},
                                .gradient = {.gradient_norm = NAN, .culprit = 0},
                                .nonfinite = {.sequences = 2, .rank = 1, .sample = 77}};
}

static void assert_says(const char *text, const char *sentence)
{
    if (!strstr(text, sentence))
        fail_msg("'%s' does not say '%s'", text, sentence);
}

/* --- what happened --------------------------------------------------------------------------- */

static void assert_described(const struct step_report *report, const char *sentence)
{
    struct param_info infos[] = {{.name = "a.weight"}, {.name = "b.weight"}};
    const struct param_table table = {.infos = infos, .count = 2};
    struct buffer text = {0};
    nonfinite_describe(report, &table, &text);
    assert_string_equal(buffer_text(&text), sentence);
    buffer_release(&text);
}

static void the_culprit_is_named(void **state)
{
    (void)state;
    struct step_report report = a_report();
    report.gradient.culprit = 1;
    report.sums[PRETRAINING_NSP].loss = -(double)NAN;
    assert_described(&report,
                     "the gradient is not finite, first in tensor b.weight; the first loss "
                     "that is not finite is in the micro-batch of rank 1 that begins with "
                     "sample 77 (sequences: 2) (MLM loss 3, NSP loss nan)");
    report = a_report();
    report.gradient.gradient_norm = 1e20;
    report.nonfinite = (struct nonfinite_loss){0};
    report.sums[PRETRAINING_NSP] = (struct objective_sums){0};
    assert_described(&report, "the gradient is too long to compute with (1e+20), first in tensor "
                              "a.weight; all losses are finite (MLM loss 3, NSP loss 0)");
    report = a_report();
    report.gradient.culprit = -1;
    report.sums[PRETRAINING_MLM].loss = INFINITY;
    assert_described(&report,
                     "the loss is not finite, though the gradient is; the first loss that "
                     "is not finite is in the micro-batch of rank 1 that begins with sample "
                     "77 (sequences: 2) (MLM loss inf, NSP loss 0.5)");
}

/* --- what is done about it ------------------------------------------------------------------- */

static int meet(struct fixture *fixture, struct buffer *said, struct error *err)
{
    const struct step_report report = a_report();
    catch_begin();
    int status = nonfinite_step(&fixture->run, &report, err);
    catch_end(said);
    return status;
}

static void a_run_stops(void **state)
{
    (void)state;
    struct fixture fixture;
    struct buffer said = {0};
    struct error err;
    fixture_init(&fixture, NONFINITE_STOP);
    assert_int_equal(meet(&fixture, &said, &err), -1);
    assert_says(err.text, "step 7 of phase one: the gradient is not finite, first in tensor "
                          "bert.embeddings.word_embeddings.weight; ");
    assert_says(err.text, "It did not reach the weights, and no checkpoint was written.");
    assert_says(err.text, "--resume --accept phase.one.learning_rate");
    assert_says(err.text, "train.on_nonfinite=skip");
    assert_string_equal(buffer_text(&said), "");
    buffer_release(&said);
    fixture_release(&fixture);
}

/* Rank 0 warns of nine, counted; a step with an update between them would begin anew, as the run
 * does it. The tenth is the end. */
static void the_tenth_skip_in_a_row_is_the_last(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error err;
    fixture_init(&fixture, NONFINITE_SKIP);
    for (int round = 0; round < 2; round++) {
        const int skips = round == 0 ? 4 : 9;
        fixture.run.skips_in_a_row = 0;
        for (int i = 1; i <= skips; i++) {
            struct buffer said = {0};
            char counted[64];
            snprintf(counted, sizeof counted, "; skipped, %d in a row (the run ends at 10)", i);
            assert_int_equal(meet(&fixture, &said, &err), 0);
            assert_int_equal(fixture.run.skips_in_a_row, i);
            if (dist_rank(ranks) == 0)
                assert_says(buffer_text(&said), counted);
            else
                assert_string_equal(buffer_text(&said), "");
            buffer_release(&said);
        }
    }
    struct buffer said = {0};
    assert_int_equal(meet(&fixture, &said, &err), -1);
    assert_says(err.text, "That was the 10th such step in a row.");
    assert_null(strstr(err.text, "train.on_nonfinite=skip"));
    buffer_release(&said);
    fixture_release(&fixture);
}

/* Where weights are lost no sample is to blame, and skipping does not help. */
static void lost_weights_end_any_run(void **state)
{
    (void)state;
    struct fixture fixture;
    struct buffer said = {0};
    struct error err;
    fixture_init(&fixture, NONFINITE_SKIP);
    assert_int_equal(nonfinite_check_state(&fixture.run, &err), 0);
    dist_barrier(ranks);
    trainer_weights(fixture.run.trainer)[5] = (real)INFINITY;
    dist_barrier(ranks);
    assert_int_equal(nonfinite_check_state(&fixture.run, &err), -1);
    assert_says(err.text, "weights or moments are no longer finite after step 26");
    assert_int_equal(meet(&fixture, &said, &err), -1);
    assert_says(err.text, "step 7 of phase one: the gradient is not finite");
    assert_says(err.text, "weights or moments are no longer finite after step 26");
    buffer_release(&said);
    fixture_release(&fixture);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(the_culprit_is_named),
        RANKS_TEST(a_run_stops),
        RANKS_TEST(the_tenth_skip_in_a_row_is_the_last),
        RANKS_TEST(lost_weights_end_any_run),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
