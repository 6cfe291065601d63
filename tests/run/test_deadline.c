#include "run/deadline.h"

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
    deadline_note_step(&deadline, 1e9);
    assert_false(deadline_is_near(&deadline, 1e12, 2, 1, 1e9));
}

/* A step of 8 s and a checkpoint of 4 s need 1.25 * 12 + 2 = 17 s. */
static void a_step_and_a_checkpoint_have_to_fit(void **state)
{
    (void)state;
    struct deadline deadline = in(100);
    deadline_note_step(&deadline, 8);
    assert_true(deadline_needed(&deadline, 4) == 22); /* two checkpoints */
    assert_false(deadline_is_near(&deadline, 1083, 0, 1, 4));
    assert_false(deadline.near);
    assert_true(deadline_is_near(&deadline, 1083.1, 0, 1, 4));
    assert_true(deadline.near);
    deadline_note_evaluation(&deadline, 16); /* twice: 40 s more */
    assert_false(deadline_is_near(&deadline, 1083, 0, 1, 4));
    assert_true(deadline_is_near(&deadline, 1083, 2, 1, 4));
    assert_false(deadline_is_near(&deadline, 1043, 2, 1, 4));
    assert_true(deadline_is_near(&deadline, 1043.1, 2, 1, 4));
    assert_true(deadline_needed(&deadline, 4) == 22); /* an evaluation is given up */
    assert_false(deadline_is_near(&deadline, 1038, 2, 2, 4));
    assert_true(deadline_is_near(&deadline, 1038.1, 2, 2, 4));
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
    deadline_note_step(&deadline, 10);
    deadline_note_step(&deadline, 1);
    assert_true(deadline.step == 9);
    for (int i = 0; i < 50; i++)
        deadline_note_step(&deadline, 1);
    assert_true(deadline.step == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_end_none_is_near),
        cmocka_unit_test(a_step_and_a_checkpoint_have_to_fit),
        cmocka_unit_test(a_checkpoint_before_the_last_counts),
        cmocka_unit_test(the_longest_counts_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
