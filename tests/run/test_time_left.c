#include "run/time_left.h"

#include <math.h>

#include "lib/unit.h"

/* Phases of 100 steps and of 10: a step of the second has eight times as many sequences, a quarter as long. */
static void two_phases(struct config *config)
{
    config_defaults(config);
    config->model.hidden_size = 64;
    config->model.intermediate_size = 256;
    config->train.evaluate_every = config->train.checkpoint_every = 0;
    config->train.checkpoint_keep_every = 0;
    config->train.checkpoint_minutes = 0;
    config->phase_count = 2;
    config->phases[0] =
        (struct config_phase){.sequence_length = 128, .global_batch = 4, .steps = 100};
    config->phases[1] =
        (struct config_phase){.sequence_length = 32, .global_batch = 32, .steps = 10};
}

static void assert_near(double value, double wanted)
{
    if (!(fabs(value - wanted) <= 1e-9 * fabs(wanted)))
        fail_msg("%.12g is not %.12g", value, wanted);
}

static void the_first_step_is_forgotten(void **state)
{
    (void)state;
    struct config config;
    struct time_left left = {0};
    two_phases(&config);
    time_left_phase(&left, &config, 0, 0);
    time_left_note_step(&left, 4, 100);
    assert_near(left.step, 100);
    time_left_note_step(&left, 4, 2);
    assert_near(left.step, 2);
    time_left_note_step(&left, 4, 4);
    assert_near(left.step, 3);
    time_left_note_step(&left, 4, 6);
    assert_near(left.step, 4);
    for (int i = 0; i < 200; i++)
        time_left_note_step(&left, 4, 8);
    assert_true(left.step > 7.99 && left.step <= 8); /* it follows the pace */
}

/* In layers of width 64 a token costs 4 * 4096 + 2 * 64 * 256 = 49152 and 128 a token of its sequence. */
static void a_later_phase_is_judged_by_its_arithmetic(void **state)
{
    (void)state;
    struct config config;
    struct time_left left = {0};
    const struct run_state at = {.phase = 0, .phase_step = 40, .total_steps = 40};
    two_phases(&config);
    const double ratio = 1024.0 * (49152 + 128 * 32) / (512.0 * (49152 + 128 * 128));
    time_left_phase(&left, &config, 0, 0);
    time_left_note_step(&left, 4, 2);
    const struct time_estimate estimate = time_left_estimate(&left, &config, &at);
    assert_near(estimate.phase, 120);
    assert_near(estimate.run, 120 + 10 * 2 * ratio);

    /* And measured when it runs. */
    time_left_phase(&left, &config, 1, 0);
    assert_near(left.step, 2 * ratio);
    time_left_note_step(&left, 32, 5);
    const struct run_state later = {.phase = 1, .phase_step = 1, .total_steps = 101};
    assert_near(time_left_estimate(&left, &config, &later).run, 45);
}

static void evaluations_and_checkpoints_count(void **state)
{
    (void)state;
    struct config config;
    struct time_left left = {0};
    struct run_state at = {.phase = 0, .phase_step = 50, .total_steps = 50};
    two_phases(&config);
    config.train.evaluate_every = 25;
    config.train.checkpoint_every = 20;
    config.train.checkpoint_keep_every = 30;
    time_left_phase(&left, &config, 0, 0);
    left.evaluation = 1000;
    left.checkpoint = 1e6;
    /* Steps take no time. Evaluations after 50, 75, 100, and 110; checkpoints after 60, 80, 90, 100, and 110. */
    struct time_estimate estimate = time_left_estimate(&left, &config, &at);
    assert_near(estimate.phase, 3 * 1000 + 4e6);
    assert_near(estimate.run, 4 * 1000 + 5e6);
    /* At the end of a phase what follows it is to come. */
    at.phase_step = at.total_steps = 100;
    estimate = time_left_estimate(&left, &config, &at);
    assert_near(estimate.phase, 1000 + 1e6);
    assert_near(estimate.run, 2 * 1000 + 2e6);
}

/* A checkpoint of 6 s every minute adds a tenth. */
static void checkpoints_by_the_clock_take_their_share(void **state)
{
    (void)state;
    struct config config;
    struct time_left left = {0};
    const struct run_state at = {.phase = 1, .phase_step = 5, .total_steps = 105};
    two_phases(&config);
    config.train.checkpoint_minutes = 1;
    time_left_phase(&left, &config, 1, 0);
    time_left_note_step(&left, 32, 20);
    left.checkpoint = 6;
    assert_near(time_left_estimate(&left, &config, &at).run, 1.1 * (100 + 6));
}

/* 40 steps of 4, 20 of 8 and 40 of 2: the mean is scaled where the batch changes, and each step to come counts by its
 * own. */
static void steps_of_other_batches_take_other_times(void **state)
{
    (void)state;
    struct config config;
    struct time_left left = {0};
    struct run_state at = {.phase = 0, .phase_step = 10, .total_steps = 10};
    two_phases(&config);
    config.phase_count = 1;
    config.phases[0].batch_change_count = 2;
    config.phases[0].batch_changes[0] = (struct batch_change){40, 8};
    config.phases[0].batch_changes[1] = (struct batch_change){60, 2};
    time_left_phase(&left, &config, 0, 0);
    time_left_note_step(&left, 4, 2);
    assert_near(time_left_estimate(&left, &config, &at).run, 30 * 2 + 20 * 4 + 40 * 1);
    at.phase_step = at.total_steps = 42;
    time_left_note_step(&left, 8, 4);
    assert_near(left.step, 4);
    assert_near(time_left_estimate(&left, &config, &at).run, 18 * 4 + 40 * 1);
    /* A run that resumes there has no mean yet: its first step is one of 2. */
    struct time_left resumed = {0};
    time_left_phase(&resumed, &config, 0, 60);
    time_left_note_step(&resumed, 2, 1);
    at.phase_step = at.total_steps = 61;
    assert_near(time_left_estimate(&resumed, &config, &at).run, 39 * 1);
}

/* The rest of it, and what follows its end; of one behind it, all. */
static void a_time_is_left_as_it_is(void **state)
{
    (void)state;
    struct config config;
    struct time_left left = {0};
    struct run_state at = {.phase = 0, .phase_step = 10, .total_steps = 10, .phase_seconds = 1000};
    two_phases(&config);
    config.phases[0].steps = 0;
    config.phases[0].hours = 0.5;
    config.train.evaluate_every = 5;
    time_left_phase(&left, &config, 0, 0);
    time_left_note_step(&left, 4, 2);
    left.evaluation = 10;
    left.checkpoint = 1;
    assert_near(time_left_estimate(&left, &config, &at).phase, 800 + 11);
    config.phases[1].steps = 0;
    config.phases[1].hours = 1;
    assert_near(time_left_estimate(&left, &config, &at).run, 800 + 11 + 3600 + 11);
    config.phases[1].hours = 0; /* it has no end */
    assert_near(time_left_estimate(&left, &config, &at).phase, 800 + 11);
    assert_true(isinf(time_left_estimate(&left, &config, &at).run));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_step_is_forgotten),
        cmocka_unit_test(a_later_phase_is_judged_by_its_arithmetic),
        cmocka_unit_test(steps_of_other_batches_take_other_times),
        cmocka_unit_test(evaluations_and_checkpoints_count),
        cmocka_unit_test(a_time_is_left_as_it_is),
        cmocka_unit_test(checkpoints_by_the_clock_take_their_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
