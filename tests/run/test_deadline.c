#include "run/deadline.h"

#include "lib/unit.h"

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
    assert_false(deadline_is_near(&deadline, 1e12, 2, 1e9));
}

/* A step of 8 s and a checkpoint of 4 s need 1.25 * 12 + 2 = 17 s. */
static void a_step_and_a_checkpoint_have_to_fit(void **state)
{
    (void)state;
    struct deadline deadline = in(100);
    deadline_note_step(&deadline, 8);
    assert_true(deadline_needed(&deadline, 4) == 17);
    assert_false(deadline_is_near(&deadline, 1083, 0, 4));
    assert_false(deadline.near);
    assert_true(deadline_is_near(&deadline, 1083.1, 0, 4));
    assert_true(deadline.near);
    deadline_note_evaluation(&deadline, 16); /* twice: 40 s more */
    assert_false(deadline_is_near(&deadline, 1083, 0, 4));
    assert_true(deadline_is_near(&deadline, 1083, 2, 4));
    assert_false(deadline_is_near(&deadline, 1043, 2, 4));
    assert_true(deadline_is_near(&deadline, 1043.1, 2, 4));
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
        cmocka_unit_test(the_longest_counts_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
