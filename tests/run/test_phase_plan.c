#include "run/phase_plan.h"

#include "lib/unit.h"

static const struct config_phase growing = {.sequence_length = 16,
                                            .global_batch = 4,
                                            .batch_changes = {{2, 8}, {3, 2}},
                                            .batch_change_count = 2,
                                            .steps = 5,
                                            .learning_rate = 0.5,
                                            .warmup_ratio = 0.2,
                                            .decay_power = 1};

static void each_step_has_rate_and_samples(void **state)
{
    (void)state;
    const struct phase_plan plan = phase_plan_of(&growing);
    static const struct planned_step wanted[] = {
        {0.5, 4, 0}, {0.5, 4, 4}, {0.375, 8, 8}, {0.25, 2, 16}, {0.125, 2, 18}};
    assert_int_equal(plan.steps, 5);
    for (int s = 0; s < 5; s++) {
        const struct planned_step step = phase_plan_step(&plan, (struct phase_place){.steps = s});
        assert_false(phase_plan_is_over(&plan, (struct phase_place){.steps = s, .seconds = 1e9}));
        assert_true(step.rate == wanted[s].rate);
        assert_int_equal(step.sequences, wanted[s].sequences);
        assert_int_equal(step.first_sample, wanted[s].first_sample);
    }
    assert_true(phase_plan_is_over(&plan, (struct phase_place){.steps = 5}));
    assert_true(phase_plan_is_counted(&plan));
    assert_int_equal(phase_plan_sequences_behind(&plan, 0), 20);
    assert_int_equal(phase_plan_sequences_behind(&plan, 3), 4);
    assert_int_equal(phase_plan_sequences_behind(&plan, 5), 0);
}

/* Steps count for the batches, seconds for the rate and the end. */
static void a_time_is_a_length(void **state)
{
    (void)state;
    struct config_phase timed = growing;
    timed.steps = 0;
    timed.hours = 0.5;
    const struct phase_plan plan = phase_plan_of(&timed);
    struct phase_place place = {.steps = 1000000, .seconds = 180};
    assert_false(phase_plan_is_counted(&plan));
    struct planned_step step = phase_plan_step(&plan, place);
    assert_true(step.rate == 0.25); /* half the warm-up, which is a fifth of 1800 s */
    assert_int_equal(step.sequences, 2);
    assert_int_equal(step.first_sample, 2 * 4 + 8 + 2 * (1000000 - 3));
    assert_false(phase_plan_is_over(&plan, place));
    place = (struct phase_place){.steps = 2, .seconds = 1080};
    assert_true(phase_plan_step(&plan, place).rate == 0.25); /* half the decay */
    assert_int_equal(phase_plan_step(&plan, place).sequences, 8);
    place.seconds = 1800;
    assert_true(phase_plan_is_over(&plan, place));
}

static void rates_of_a_record_hold(void **state)
{
    (void)state;
    const double rates[] = {1, 0, 0.3, 7, 0x1p-1074};
    struct phase_plan plan = phase_plan_of(&growing);
    plan.rates = rates;
    for (int s = 0; s < 5; s++)
        assert_true(phase_plan_step(&plan, (struct phase_place){.steps = s}).rate == rates[s]);
}

static void a_phase_may_have_no_end(void **state)
{
    (void)state;
    struct config_phase endless = growing;
    endless.steps = 0;
    endless.warmup_ratio = 0;
    endless.warmup_steps = 3;
    endless.schedule = SCHEDULE_TRAPEZOID;
    const struct phase_plan plan = phase_plan_of(&endless);
    const struct phase_place late = {.steps = INT64_C(1) << 40};
    assert_false(phase_plan_is_counted(&plan));
    assert_false(phase_plan_is_over(&plan, late));
    assert_true(phase_plan_step(&plan, late).rate == 0.5);
}

static void it_is_told(void **state)
{
    (void)state;
    const struct phase_plan plan = phase_plan_of(&growing);
    struct buffer text = {0};
    phase_plan_print(&plan, &text);
    assert_string_equal(
        buffer_text(&text),
        "5 steps of 4 (8 after step 2, 2 after step 3), peak rate 0.5, warm-up 1 steps");
    struct config_phase other = growing;
    other.batch_change_count = other.steps = 0;
    other.schedule = SCHEDULE_TRAPEZOID;
    struct phase_plan endless = phase_plan_of(&other);
    buffer_reset(&text);
    phase_plan_print(&endless, &text);
    assert_string_equal(buffer_text(&text),
                        "steps without an end of 4, peak rate 0.5, warm-up 0 steps");
    other.hours = 2;
    other.decay_ratio = 0.25;
    struct phase_plan timed = phase_plan_of(&other);
    buffer_reset(&text);
    phase_plan_print(&timed, &text);
    assert_string_equal(
        buffer_text(&text),
        "2 h 0 min of steps of 4, peak rate 0.5, warm-up 24 min, decay in the last 30 min");
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_has_rate_and_samples),
        cmocka_unit_test(a_time_is_a_length),
        cmocka_unit_test(rates_of_a_record_hold),
        cmocka_unit_test(a_phase_may_have_no_end),
        cmocka_unit_test(it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
