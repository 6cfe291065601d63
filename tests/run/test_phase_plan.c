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
        const struct planned_step step = phase_plan_step(&plan, s);
        assert_true(step.rate == wanted[s].rate);
        assert_int_equal(step.sequences, wanted[s].sequences);
        assert_int_equal(step.first_sample, wanted[s].first_sample);
    }
    assert_int_equal(phase_plan_sequences_behind(&plan, 0), 20);
    assert_int_equal(phase_plan_sequences_behind(&plan, 3), 4);
    assert_int_equal(phase_plan_sequences_behind(&plan, 5), 0);
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
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_has_rate_and_samples),
        cmocka_unit_test(it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
