#include "run/run_log.h"

#include <math.h>
#include <string.h>

#include "lambert/base/log.h"
#include "lib/scratch.h"

static const struct objective *const pretraining[] = {&objective_mlm, &objective_nsp};

/* Step 10 of phase "one", with a line every 5. */
struct fixture {
    struct config config;
    struct run run;
    struct step_report report;
    struct step_metrics step;
    struct progress progress;
    struct buffer said;
};

static void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){.report = {.objectives = {pretraining, PRETRAINING_OBJECTIVES},
                                           .sums = {{.loss = 30, .correct = 5, .terms = 10},
                                                    {.loss = 4, .correct = 6, .terms = 8}},
                                           .sequences = 16,
                                           .tokens = 400,
                                           .gradient = {.gradient_norm = 2.5},
                                           .operations = 6e9},
                                .step = {.rate = 0.01,
                                         .seconds = 2,
                                         .peak = 1e10,
                                         .balance = {.imbalance = 1.5},
                                         .left = {180, 7260}}};
    fixture->step.report = &fixture->report;
    config_defaults(&fixture->config);
    fixture->config.train.log_every = 5;
    strcpy(fixture->config.phases[0].name, "one");
    fixture->config.phases[0].steps = 100;
    fixture->config.phase_count = 1;
    fixture->config.phases[0].sequence_length = 64;
    fixture->run =
        (struct run){.config = &fixture->config, .state = {.phase_step = 10, .total_steps = 30}};
    progress_init(&fixture->progress, "one", 100, "steps", INFINITY);
}

static void fixture_release(struct fixture *fixture)
{
    progress_release(&fixture->progress);
    buffer_release(&fixture->said);
}

static const char *say_step(struct fixture *fixture)
{
    buffer_reset(&fixture->said);
    catch_begin();
    const struct phase_plan plan = phase_plan_of(&fixture->config.phases[0]);
    run_log_step(&fixture->run, &plan, &fixture->step, &fixture->progress);
    catch_end(&fixture->said);
    return buffer_text(&fixture->said);
}

static void a_step_is_a_line(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    assert_string_equal(say_step(&fixture),
                        "phase one, step 10 of 100: MLM loss 3.0000, accuracy 50.0%; NSP loss "
                        "0.5000, accuracy 75.0%; rate 0.01; gradient norm 2.5; 8 sequences/s, 200 "
                        "tokens/s, 30% of peak; 2 h 1 min left\n");
    fixture.step.balance.late = true;
    fixture.step.balance.slowest = 3;
    assert_non_null(strstr(say_step(&fixture), " left; rank 3 slowest, 1.50 of the mean time\n"));
    fixture_release(&fixture);
}

static void a_line_says_how_long_it_takes(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.config.phase_count = 2;
    assert_non_null(
        strstr(say_step(&fixture), "of peak; 3 min left of the phase, 2 h 1 min of the run\n"));
    fixture.config.phase_count = 1;
    deadline_init(&fixture.run.deadline, &(struct job_end){3990, "--max-hours"}, clock_seconds());
    assert_non_null(
        strstr(say_step(&fixture),
               "of peak; 2 h 1 min left, but it ends by itself within 66 min (--max-hours)\n"));
    deadline_init(&fixture.run.deadline, &(struct job_end){7290, "--max-hours"}, clock_seconds());
    assert_non_null(strstr(say_step(&fixture), "of peak; 2 h 1 min left\n"));
    fixture_release(&fixture);
}

/* The first of this process, and then every log_every. */
static void not_every_step_is_said(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.run.state.phase_step = 11;
    assert_string_equal(say_step(&fixture), "");
    fixture.progress.initial = 10;
    assert_non_null(strstr(say_step(&fixture), "step 11 of 100"));
    fixture.run.state.phase_step = 15;
    assert_non_null(strstr(say_step(&fixture), "step 15 of 100"));
    fixture_release(&fixture);
}

/* Ready samples may have no mask, or no label. */
static void an_objective_without_terms_has_no_mean(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.report.sums[PRETRAINING_NSP] = (struct objective_sums){0};
    assert_non_null(strstr(say_step(&fixture), ": MLM loss 3.0000, accuracy 50.0%; rate"));
    fixture.report.sums[PRETRAINING_MLM] = (struct objective_sums){0};
    assert_non_null(strstr(say_step(&fixture), ": nothing masked; rate"));
    fixture.report.sums[PRETRAINING_NSP] = (struct objective_sums){.loss = 1, .terms = 2};
    fixture.config.data.sampling.sentence_pairs = PAIRS_SOP;
    assert_non_null(
        strstr(say_step(&fixture), ": nothing masked; SOP loss 0.5000, accuracy 0.0%; rate"));
    fixture_release(&fixture);
}

static void a_distance_has_no_accuracy(void **state)
{
    (void)state;
    static const struct objective value = {.name = "value", .is_distance = true};
    static const struct objective *const regression[] = {&value};
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.report.objectives = (struct objective_list){regression, 1};
    assert_non_null(strstr(say_step(&fixture), ": VALUE loss 3.0000; rate "));
    fixture_release(&fixture);
}

static void an_evaluation_has_its_yardstick(void **state)
{
    (void)state;
    struct fixture fixture;
    struct evaluation evaluation = {
        .objectives = {pretraining, PRETRAINING_OBJECTIVES},
        .sums = {{.loss = 30, .correct = 5, .terms = 10}, {.loss = 4, .correct = 6, .terms = 8}},
        .unigram_loss = 4.5,
        .unigram_accuracy = 0.125,
        .sequences = 17};
    fixture_init(&fixture);
    catch_begin();
    run_log_evaluation(&fixture.run, &fixture.config.phases[0], &evaluation);
    catch_end(&fixture.said);
    assert_string_equal(buffer_text(&fixture.said),
                        "step 30, held-out: MLM loss 3.0000 (unigram guess 4.5000), accuracy 50.0% "
                        "(12.5%); NSP loss 0.5000, accuracy 75.0%; 17 sequences of up to 64\n");
    fixture_release(&fixture);
}

static void minimal_pairs_are_said_in_percent(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    catch_begin();
    run_log_pairs(&fixture.run, 0.625, 40);
    catch_end(&fixture.said);
    assert_string_equal(buffer_text(&fixture.said),
                        "step 30, minimal pairs: the acceptable sentence is likelier in 62.5% of "
                        "40\n");
    fixture_release(&fixture);
}

static void products_are_said_of_a_phase(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct product_shares shares = {
        .count = 1, .at = {{.maker = "A", .type = TYPE_BFLOAT16, .operations = 3, .share = 1}}};
    fixture_init(&fixture);
    catch_begin();
    run_log_products(&fixture.config.phases[0], &shares);
    catch_end(&fixture.said);
    assert_string_equal(buffer_text(&fixture.said),
                        "phase one, matrix products: 100.00% by A on bfloat16\n");
    fixture_release(&fixture);
}

static void a_label_is_the_name_in_capitals(void **state)
{
    (void)state;
    const struct objective longer = {.name = "a_name_of_more_than_fifteen"};
    char label[OBJECTIVE_LABEL];
    objective_label(&objective_mlm, label);
    assert_string_equal(label, "MLM");
    objective_label(&longer, label);
    assert_string_equal(label, "A_NAME_OF_MORE_");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_a_line),
        cmocka_unit_test(a_line_says_how_long_it_takes),
        cmocka_unit_test(not_every_step_is_said),
        cmocka_unit_test(an_objective_without_terms_has_no_mean),
        cmocka_unit_test(a_distance_has_no_accuracy),
        cmocka_unit_test(an_evaluation_has_its_yardstick),
        cmocka_unit_test(minimal_pairs_are_said_in_percent),
        cmocka_unit_test(products_are_said_of_a_phase),
        cmocka_unit_test(a_label_is_the_name_in_capitals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
