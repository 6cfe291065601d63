/* ranks: 1 2 3 */
#include "../dist/ranks.h"

#include "lambert/run/balance.h"

/* A step in which rank `slow` takes `factor` as long as the others. */
static struct balance_report step(struct balance *balance, int slow, double factor)
{
    struct balance_report report;
    for (int r = 0; r < balance->ranks; r++) {
        balance->times[r] = (struct balance_times){.work = 2, .data = 0.25};
        if (r == slow)
            balance->times[r] = (struct balance_times){.work = 2 * factor, .data = 0.5 * factor};
    }
    balance_note(balance, &report);
    return report;
}

static void near(double found, double wanted)
{
    assert_true(found > wanted - 1e-12 && found < wanted + 1e-12);
}

static void a_step_is_summed_up(void **state)
{
    (void)state;
    struct balance balance;
    balance_init(&balance, 4);
    struct balance_report report = step(&balance, 2, 1.5);
    near(report.imbalance, 3 / 2.25);
    near(report.work, 2.25);
    near(report.data, 0.75);
    assert_int_equal(report.slowest, 2);
    assert_true(report.late);
    report = step(&balance, 1, 1.09);
    assert_int_equal(report.slowest, 1);
    assert_false(report.late);
    report = step(&balance, 0, 1);
    near(report.imbalance, 1);
    balance_release(&balance);
}

static void one_rank_is_never_late(void **state)
{
    (void)state;
    struct balance balance;
    struct balance_slow slow;
    balance_init(&balance, 1);
    for (int i = 0; i < 3 * BALANCE_WINDOW; i++) {
        struct balance_report report = step(&balance, 0, 3);
        near(report.imbalance, 1);
        assert_false(report.late);
        assert_false(balance_find_slow(&balance, i, &slow));
    }
    balance_release(&balance);
}

static void no_time_at_all(void **state)
{
    (void)state;
    struct balance balance;
    struct balance_report report;
    struct balance_slow slow;
    balance_init(&balance, 3);
    balance_note(&balance, &report);
    near(report.imbalance, 1);
    assert_false(report.late);
    assert_false(balance_find_slow(&balance, 1, &slow));
    balance_release(&balance);
}

/* In the step in which it was late for the 11th time of 20. */
static void late_in_most_steps_is_slow(void **state)
{
    (void)state;
    struct balance balance;
    struct balance_slow slow;
    balance_init(&balance, 3);
    for (int i = 0; i < 19; i++) {
        step(&balance, 1, i % 2 == 0 ? 1.4 : 1.0);
        assert_false(balance_find_slow(&balance, i, &slow));
    }
    step(&balance, 1, 1.4);
    assert_true(balance_find_slow(&balance, 19, &slow));
    assert_int_equal(slow.rank, 1);
    assert_int_equal(slow.steps, 11);
    near(slow.excess, 0.4);
    near(slow.data_share, 0.25);
    balance_release(&balance);
}

static void taking_turns_is_not_slow(void **state)
{
    (void)state;
    struct balance balance;
    struct balance_slow slow;
    balance_init(&balance, 2);
    for (int i = 0; i < 200; i++) {
        step(&balance, i % 2, 2);
        assert_false(balance_find_slow(&balance, i, &slow));
    }
    balance_release(&balance);
}

static void a_warning_is_repeated_after_an_hour(void **state)
{
    (void)state;
    struct balance balance;
    struct balance_slow slow;
    int warnings = 0;
    balance_init(&balance, 3);
    for (int second = 0; second < 9000; second += 10) {
        step(&balance, 2, 1.2);
        warnings += balance_find_slow(&balance, second, &slow);
    }
    assert_int_equal(warnings, 3);
    for (int i = 0; i < BALANCE_WINDOW / 2; i++) {
        step(&balance, 0, 1.2);
        assert_false(balance_find_slow(&balance, 9000, &slow));
    }
    step(&balance, 0, 1.2); /* another one has an hour of its own */
    assert_true(balance_find_slow(&balance, 9000, &slow));
    assert_int_equal(slow.rank, 0);
    balance_release(&balance);
}

static void ranks_tell_each_other(void **state)
{
    (void)state;
    struct balance balance;
    struct balance_report report;
    int last = dist_size(ranks) - 1;
    bool is_last = dist_rank(ranks) == last;
    balance_init(&balance, dist_size(ranks));
    for (int i = 0; i < 3; i++) {
        struct balance_times own = {.work = is_last ? 3 : 2, .data = is_last ? 0 : 1};
        const double clock = 0.1 + i; /* to the last bit, as adding zeros leaves it */
        struct balance_flags flags = {.stop = is_last && i != 1,
                                      .save = is_last && i != 2,
                                      .clock = dist_rank(ranks) == 0 ? clock : 0};
        balance_step(&balance, ranks, own, &flags, &report);
        assert_int_equal(flags.stop, i != 1);
        assert_int_equal(flags.save, i != 2);
        assert_true(flags.clock == clock);
        flags = (struct balance_flags){0};
        balance_step(&balance, ranks, own, &flags, &report);
        assert_false(flags.stop || flags.save);
        assert_int_equal(report.slowest, last);
        near(report.work, (2.0 * last + 3) / (last + 1));
        near(report.data, last > 0);
        assert_int_equal(report.late, last > 0);
    }
    balance_release(&balance);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(a_step_is_summed_up),      RANKS_TEST(one_rank_is_never_late),
        RANKS_TEST(no_time_at_all),           RANKS_TEST(late_in_most_steps_is_slow),
        RANKS_TEST(taking_turns_is_not_slow), RANKS_TEST(a_warning_is_repeated_after_an_hour),
        RANKS_TEST(ranks_tell_each_other),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
