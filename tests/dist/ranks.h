/* Tests that run on several ranks, under mpirun or alone. All ranks run the same list of tests;
 * rank 0 prints. A rank whose test fails says why and ends the whole job with exit code 1, so that
 * the others do not wait for it in a collective.
 *
 *     int main(int argc, char **argv)
 *     {
 *         const struct CMUnitTest tests[] = {RANKS_TEST(one), RANKS_TEST(two)};
 *         return RANKS_RUN(tests, &argc, &argv);
 *     }
 *
 * Tests use the job `ranks`. Headers only, since the tests of several layers include it. */
#ifndef LAMBERT_TESTS_DIST_RANKS_H
#define LAMBERT_TESTS_DIST_RANKS_H

#include "lib/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "lambert/dist/dist.h"

static struct dist *ranks;
static bool ranks_failed; /* the test before did not come to its end */
static int ranks_stderr;
static FILE *ranks_said; /* what a rank other than 0 would have printed */

struct ranks_body {
    CMUnitTestFunction function;
};

/* cmocka prints why a test failed only after its teardown, so this runs before the next test, and
 * after the last. */
static inline int ranks_check(void **state)
{
    (void)state;
    if (!ranks_failed)
        return 0;
    fflush(NULL);
    if (ranks_said != NULL) {
        rewind(ranks_said);
        for (int c; (c = fgetc(ranks_said)) != EOF;)
            dprintf(ranks_stderr, "%c", c);
    }
    dist_abort(ranks);
}

static inline void ranks_body(void **state)
{
    const struct ranks_body *body = *state;
    ranks_failed = true;
    body->function(state);
    ranks_failed = false;
}

static inline void ranks_quiet(void)
{
    if (dist_rank(ranks) == 0)
        return;
    ranks_stderr = dup(STDERR_FILENO);
    ranks_said = tmpfile();
    if (ranks_stderr < 0 || ranks_said == NULL || dup2(fileno(ranks_said), STDOUT_FILENO) < 0 ||
        dup2(fileno(ranks_said), STDERR_FILENO) < 0)
        dist_abort(ranks);
}

static inline int ranks_open(int *argc, char ***argv)
{
    struct error err;
    if (dist_open(&ranks, argc, argv, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    ranks_quiet();
    return 0;
}

static inline int ranks_close(int failures)
{
    bool failed = dist_any(ranks, failures != 0);
    dist_close(ranks);
    return failed;
}

#define RANKS_TEST(f)                                                                              \
    {                                                                                              \
        .name = #f, .test_func = ranks_body, .setup_func = ranks_check,                            \
        .initial_state = &(struct ranks_body)                                                      \
        {                                                                                          \
            f                                                                                      \
        }                                                                                          \
    }
#define RANKS_RUN(tests, argc, argv)                                                               \
    (ranks_open(argc, argv) != 0 ? 1                                                               \
                                 : ranks_close(cmocka_run_group_tests(tests, NULL, ranks_check)))

#endif
