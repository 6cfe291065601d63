/* Rates against numbers that the schedules' own programs print (Google's optimization.py, NVIDIA's
 * PolyWarmUpScheduler), the shape of the continuous form, and the trapezoids against their equations. */
#include "lib/unit.h"

#include <math.h>

#include "lambert/optim/schedule.h"

struct point {
    int64_t step;
    double rate;
};

static void check(const struct schedule *schedule, const struct point *points, int count)
{
    for (int i = 0; i < count; i++) {
        double rate = schedule_rate(schedule, points[i].step);
        if (!(fabs(rate - points[i].rate) <= 5e-7 * points[i].rate))
            fail_msg("step %d: rate %.9g, not %.9g", (int)points[i].step, rate, points[i].rate);
    }
}

static void as_google(void **state)
{
    (void)state;
    const struct schedule schedule = {
        .form = SCHEDULE_GOOGLE, .peak = 1e-4, .length = 1000, .warmup = 100, .power = 1};
    static const struct point points[] = {{0, 0},      {1, 1e-6},   {99, 9.9e-5}, {100, 9e-5},
                                          {500, 5e-5}, {999, 1e-7}, {1000, 0},    {2000, 0}};
    check(&schedule, points, 8);
}

/* Phase 1 of NVIDIA's run_pretraining.sh; its k is the number of the step from 1. */
static void as_nvidia(void **state)
{
    (void)state;
    const struct schedule schedule = {
        .form = SCHEDULE_NVIDIA, .peak = 6e-3, .length = 7038, .warmup = .2843 * 7038, .power = .5};
    static const struct point points[] = {{1 - 1, 2.998646e-6},
                                          {2000 - 1, 5.997291e-3},
                                          {2001 - 1, 5.075895e-3},
                                          {3000 - 1, 4.544748e-3},
                                          {7037 - 1, 7.151985e-5},
                                          {7038 - 1, 0},
                                          {7039 - 1, 0}};
    check(&schedule, points, 7);
}

/* Straight up to the peak at the last warm-up step, which the step after has as well; then down,
 * without a jump, to peak (1 / (N - W))^p at the last step. */
static void continuous(void **state)
{
    (void)state;
    const double powers[] = {1, 0.5, 2};
    for (int p = 0; p < 3; p++) {
        const struct schedule schedule = {.form = SCHEDULE_CONTINUOUS,
                                          .peak = 5e-3,
                                          .length = 1000,
                                          .warmup = 200,
                                          .power = powers[p]};
        const struct point points[] = {{0, 5e-3 / 200},
                                       {99, 2.5e-3},
                                       {199, 5e-3},
                                       {200, 5e-3},
                                       {600, 5e-3 * pow(0.5, powers[p])},
                                       {999, 5e-3 * pow(1.0 / 800, powers[p])},
                                       {1000, 0}};
        check(&schedule, points, 7);
        for (int64_t s = 0; s + 1 < 1000; s++) {
            double change = schedule_rate(&schedule, s + 1) - schedule_rate(&schedule, s);
            assert_true(s < 199 ? change > 0 : change <= 0);
            assert_true(fabs(change) < 5e-3 / 20); /* the square root ends steeply */
        }
    }
}

/* 100 steps up, 500 at the peak, 400 down: at the n-th of these, counted from 0, the linear one is at 1 - n / 400 and
 * the other at 1 - sqrt(n / 400), whose roots are whole at squares. */
static void trapezoids(void **state)
{
    (void)state;
    struct schedule schedule = {.form = SCHEDULE_TRAPEZOID,
                                .peak = 2e-3,
                                .length = 1000,
                                .warmup = 100,
                                .decay = 400,
                                .power = 1};
    const struct point linear[] = {{0, 2e-5},   {49, 1e-3},  {99, 2e-3},      {100, 2e-3},
                                   {599, 2e-3}, {600, 2e-3}, {601, 1.995e-3}, {800, 1e-3},
                                   {900, 5e-4}, {999, 5e-6}, {1000, 0},       {5000, 0}};
    check(&schedule, linear, 12);
    schedule.form = SCHEDULE_TRAPEZOID_SQRT;
    const struct point root[] = {{0, 2e-5},     {99, 2e-3},    {100, 2e-3}, {600, 2e-3},
                                 {601, 1.9e-3}, {604, 1.8e-3}, {700, 1e-3}, {600 + 361, 1e-4},
                                 {1000, 0},     {5000, 0}};
    check(&schedule, root, 10);
    schedule.form = SCHEDULE_TRAPEZOID;
    schedule.power = 2;
    const struct point square[] = {{599, 2e-3}, {600, 2e-3}, {800, 5e-4}, {999, 2e-3 / 160000}};
    check(&schedule, square, 4);

    /* Without a flat part it is the continuous form, but for rounding. */
    schedule.decay = 900;
    struct schedule continuous = schedule;
    continuous.form = SCHEDULE_CONTINUOUS;
    for (int64_t s = 0; s <= 1000; s++)
        check(&schedule, &(struct point){s, schedule_rate(&continuous, s)}, 1);
}

/* Nothing asks for the number of steps where there is no decay: a trunk that decays can be branched off. */
static void without_a_decay_there_is_no_total(void **state)
{
    (void)state;
    for (int form = SCHEDULE_TRAPEZOID; form <= SCHEDULE_TRAPEZOID_SQRT; form++) {
        struct schedule trunk = {
            .form = (enum schedule_form)form, .peak = 0.7, .warmup = 7, .power = 1};
        struct schedule branch = trunk;
        branch.length = 1000;
        branch.decay = 100;
        for (int64_t s = 0; s <= 900; s++)
            assert_true(schedule_rate(&branch, s) == schedule_rate(&trunk, s));
        assert_true(schedule_rate(&branch, 901) < 0.7);
        assert_true(schedule_rate(&trunk, INT64_C(1) << 40) == 0.7);
    }
}

/* In seconds of two hours: what steps so short that nobody sees them would have. */
static void by_the_clock(void **state)
{
    (void)state;
    for (int form = SCHEDULE_CONTINUOUS; form <= SCHEDULE_TRAPEZOID_SQRT; form++) {
        const struct schedule schedule = {.form = (enum schedule_form)form,
                                          .peak = 0.5,
                                          .length = 7200,
                                          .warmup = 720,
                                          .decay = 3600,
                                          .power = 0.5};
        struct schedule fine = schedule;
        fine.length *= 1e6;
        fine.warmup *= 1e6;
        fine.decay *= 1e6;
        for (double seconds = 0; seconds < 7200; seconds += 7.5) {
            const double wanted = schedule_rate(&fine, (int64_t)(seconds * 1e6));
            assert_true(fabs(schedule_rate_by_clock(&schedule, seconds) - wanted) < 1e-7);
        }
        assert_true(schedule_rate_by_clock(&schedule, 0) == 0);
        assert_true(schedule_rate_by_clock(&schedule, 360) == 0.25);
        assert_true(schedule_rate_by_clock(&schedule, 7200) == 0);
        assert_true(schedule_rate_by_clock(&schedule, 1e6) == 0);
    }
}

/* A warm-up that is not a whole number of steps goes neither above the peak nor below zero. */
static void odd_warmups(void **state)
{
    (void)state;
    const double warmups[] = {0, 0.3, 2.5, 9.99, 10};
    for (int form = SCHEDULE_CONTINUOUS; form <= SCHEDULE_TRAPEZOID_SQRT; form++)
        for (int w = 0; w < 5; w++) {
            const struct schedule schedule = {.form = (enum schedule_form)form,
                                              .peak = 2,
                                              .length = 10,
                                              .warmup = warmups[w],
                                              .decay = fmin(3.3, 10 - warmups[w]),
                                              .power = 0.5};
            for (int64_t s = 0; s <= 12; s++) {
                double rate = schedule_rate(&schedule, s);
                assert_true(rate >= 0 && rate <= 2);
            }
        }
    const struct schedule none = {.peak = 2, .length = 10, .warmup = 0, .power = 1};
    assert_true(schedule_rate(&none, 0) == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_google),
        cmocka_unit_test(as_nvidia),
        cmocka_unit_test(continuous),
        cmocka_unit_test(trapezoids),
        cmocka_unit_test(without_a_decay_there_is_no_total),
        cmocka_unit_test(by_the_clock),
        cmocka_unit_test(odd_warmups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
