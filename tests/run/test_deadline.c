#include "run/deadline.h"

#include <math.h>

#include "lib/unit.h"
#include "run/run_internal.h"

static struct deadline in(double seconds)
{
    struct deadline deadline;
    deadline_init(&deadline, &(struct job_end){.seconds = seconds, .name = "--max-hours"}, 1000);
    return deadline;
}

static void without_an_end_none_is_near(void **state)
{
    (void)state;
    struct deadline deadline;
    deadline_init(&deadline, &(struct job_end){0}, 1000);
    deadline_note_step(&deadline, false, 1e9);
    assert_false(deadline_is_near(&deadline, 1e12, false, 2, 1, 1e9));
    assert_true(deadline_latest(&deadline, 2, 1e9) == INFINITY);
}

/* A step of 8 s and a checkpoint of 4 s need 1.25 * 12 + 2 = 17 s. */
static void a_step_and_a_checkpoint_have_to_fit(void **state)
{
    (void)state;
    struct deadline deadline = in(100);
    deadline_note_step(&deadline, false, 8);
    deadline_note_computed(&deadline, false, 8);
    assert_true(deadline_needed(&deadline, false, 4) == 22); /* two checkpoints */
    assert_false(deadline_is_near(&deadline, 1083, false, 0, 1, 4));
    assert_false(deadline.near);
    assert_true(deadline_is_near(&deadline, 1083.1, false, 0, 1, 4));
    assert_true(deadline.near);
    deadline_note_evaluation(&deadline, 16); /* twice: 40 s more */
    assert_false(deadline_is_near(&deadline, 1083, false, 0, 1, 4));
    assert_true(deadline_is_near(&deadline, 1083, false, 2, 1, 4));
    assert_false(deadline_is_near(&deadline, 1043, false, 2, 1, 4));
    assert_true(deadline_is_near(&deadline, 1043.1, false, 2, 1, 4));
    assert_true(deadline_needed(&deadline, false, 4) == 22); /* an evaluation is given up */
    assert_false(deadline_is_near(&deadline, 1038, false, 2, 2, 4));
    assert_true(deadline_is_near(&deadline, 1038.1, false, 2, 2, 4));
    assert_true(deadline_latest(&deadline, 1, 4) ==
                1093); /* nothing but a checkpoint is waited for */
    assert_true(deadline_latest(&deadline, 2, 4) == 1088);
}

/* How many checkpoints have to fit: one more than that at the end where one is being written or begins before the next
 * step, whatever it is for. */
static void a_checkpoint_before_the_last_counts(void **state)
{
    (void)state;
    static struct config config = {.train = {.checkpoint_every = 4, .checkpoint_keep_every = 6}};
    struct run run = {.config = &config};
    const int ahead[] = {1, 1, 1, 2, 1, 2, 1, 2, 1}; /* after the steps 1, 2, ... */
    for (int busy = 0; busy < 2; busy++)
        for (int by_clock = 0; by_clock < 2; by_clock++)
            for (int step = 1; step <= 9; step++) {
                run.saving.busy = busy;
                assert_int_equal(saving_ahead(&run, step, by_clock),
                                 busy || by_clock ? 2 : ahead[step - 1]);
                assert_int_equal(saving_follows(&run, step, by_clock),
                                 by_clock || ahead[step - 1] == 2);
            }
    config.train.checkpoint_every = config.train.checkpoint_keep_every = 0;
    run.saving.busy = false;
    assert_int_equal(saving_ahead(&run, 12, false), 1);
}

/* One slow step is not forgotten with the next, nor kept for ever. */
static void the_longest_counts_for_a_while(void **state)
{
    (void)state;
    struct deadline deadline = in(100);
    deadline_note_step(&deadline, false, 10);
    deadline_note_step(&deadline, false, 1);
    assert_true(deadline.whole.plain == 9);
    for (int i = 0; i < 50; i++)
        deadline_note_step(&deadline, false, 1);
    assert_true(deadline.whole.plain == 1);
}

/* A step with a replay is as long as it was, however many steps without one came since; 1.25 * (120 + 4) + 2 = 157. */
static void a_step_with_a_replay_is_not_forgotten(void **state)
{
    (void)state;
    struct deadline deadline = in(200);
    deadline_note_step(&deadline, true, 120);
    for (int i = 0; i < 49; i++)
        deadline_note_step(&deadline, false, 60);
    assert_false(deadline_is_near(&deadline, 1043, true, 0, 1, 4));
    assert_true(deadline_is_near(&deadline, 1043.1, true, 0, 1, 4));
    assert_true(deadline_is_near(&deadline, 1122, true, 0, 1, 4));
    assert_false(deadline_is_near(&deadline, 1118, false, 0, 1, 4)); /* 82 s */
    assert_true(deadline_is_near(&deadline, 1118.1, false, 0, 1, 4));
}

/* Of the kind that there was none of, the other tells. */
static void a_first_replay_is_expected(void **state)
{
    (void)state;
    struct deadline deadline = in(200);
    deadline_note_step(&deadline, false, 60);
    deadline_note_computed(&deadline, false, 60);
    assert_false(deadline_is_near(&deadline, 1043, true, 0, 1, 4));
    assert_true(deadline_is_near(&deadline, 1043.1, true, 0, 1, 4));
    assert_true(deadline_longest_step(&deadline, false) == 60);
    assert_true(deadline_longest_step(&deadline, true) == 120);
    assert_true(deadline_needed(&deadline, true, 4) == 162);

    deadline = in(200);
    deadline_note_step(&deadline, true, 120);
    deadline_note_computed(&deadline, true, 100);
    assert_false(deadline_is_near(&deadline, 1043, false, 0, 1, 4));
    assert_true(deadline_is_near(&deadline, 1043.1, false, 0, 1, 4));
    assert_true(deadline_longest_step(&deadline, true) == 100);
}

/* The end of the job is not put off by a disk that is slow, but a signal ends the wait for it. */
static void a_wait_for_a_batch_is_not_granted(void **state)
{
    (void)state;
    struct deadline deadline = in(100);
    deadline_note_step(&deadline, false, 40);
    deadline_note_computed(&deadline, false, 8);
    assert_true(deadline_needed(&deadline, false, 4) == 22);
    assert_false(deadline_is_near(&deadline, 1043, false, 0, 1, 4));
    assert_true(deadline_is_near(&deadline, 1043.1, false, 0, 1, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_end_none_is_near),
        cmocka_unit_test(a_step_and_a_checkpoint_have_to_fit),
        cmocka_unit_test(a_checkpoint_before_the_last_counts),
        cmocka_unit_test(the_longest_counts_for_a_while),
        cmocka_unit_test(a_step_with_a_replay_is_not_forgotten),
        cmocka_unit_test(a_first_replay_is_expected),
        cmocka_unit_test(a_wait_for_a_batch_is_not_granted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
