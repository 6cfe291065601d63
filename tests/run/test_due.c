/* Counted by formula as by going through the steps. */
#include "lambert/run/due.h"

#include "lib/unit.h"

static bool due(int64_t step, int every)
{
    return every > 0 && step % every == 0;
}

static void steps_are_counted_one_by_one(void **state)
{
    (void)state;
    static const int everies[] = {0, 1, 4, 6, 7, 100};
    static const int ends[][2] = {{0, 40}, {40, 60}, {0, 1}, {13, 84}};
    for (int a = 0; a < 6; a++)
        for (int b = 0; b < 6; b++)
            for (int e = 0; e < 4; e++) {
                const struct config_train train = {.checkpoint_every = everies[a],
                                                   .checkpoint_keep_every = everies[b],
                                                   .evaluate_every = everies[b]};
                int64_t checkpoints = 0, evaluations = 0, kept = 0;
                for (int64_t step = ends[e][0] + 1; step <= ends[e][1]; step++) {
                    const bool last = step == ends[e][1];
                    checkpoints += last || due(step, everies[a]) || due(step, everies[b]);
                    evaluations += last || due(step, everies[b]);
                    kept += due(step, everies[b]);
                }
                const struct run_due found = run_due_between(&train, ends[e][0], ends[e][1]);
                assert_int_equal(found.checkpoints, checkpoints);
                assert_int_equal(found.evaluations, evaluations);
                assert_int_equal(run_due_kept(&train, ends[e][0], ends[e][1]), kept);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(steps_are_counted_one_by_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
