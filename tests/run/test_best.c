/* ranks: 1 2 */
/* Which evaluations are the best, and what is remembered of it: of a run that takes no step. */
#include "run/best.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/ranks.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/store/checkpoint_file.h"
#include "lambert/store/checkpoint_folder.h"
#include "lib/scratch.h"
#include "run/start.h"
#include "small_run.h"
#include "store/sample.h"

struct fixture {
    struct config config;
    struct run run;
    char *path; /* of the best checkpoint */
};

static void fixture_init(struct fixture *fixture)
{
    struct error err;
    scratch_open(ranks);
    if (dist_rank(ranks) == 0)
        small_corpus_make("corpus", &(struct small_corpus){0});
    dist_barrier(ranks);
    log_set_level(LOG_ERROR);
    small_config(&fixture->config, "corpus", "run", NULL);
    fixture->path = checkpoint_best_path(fixture->config.run.folder);
    const struct run_request request = {.config = &fixture->config};
    run_begin(&fixture->run, ranks, &fixture->config);
    if (run_init(&fixture->run, false, 1, &err) < 0 ||
        start_run(&fixture->run, &request, &err) < 0 ||
        folder_create(fixture->config.run.folder, &err) < 0)
        fail_msg("%s", err.text);
    dist_barrier(ranks);
}

static void fixture_release(struct fixture *fixture)
{
    run_release(&fixture->run);
    free(fixture->path);
    log_set_level(LOG_INFO);
    scratch_close(ranks);
}

/* An evaluation after so many steps; that it is now the best, or not. */
static void offer(struct fixture *fixture, int64_t step, const char *metric, double value,
                  bool best)
{
    /* Only rank 0 has an evaluation. */
    const struct best_candidate candidate = {.metric = dist_rank(ranks) == 0 ? metric : NULL,
                                             .value = dist_rank(ranks) == 0 ? value : NAN};
    struct run_state *state = &fixture->run.state;
    struct error err;
    state->total_steps = step;
    if (best_offer(&fixture->run, &candidate, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(state->has_best && state->best_step == step, best);
    if (best)
        assert_true(state->best_value == value);
}

/* The step that the file says its weights are of, -1: there is none. */
static int64_t step_of_file(const struct fixture *fixture)
{
    struct checkpoint_file file;
    struct error err;
    int64_t step = -1;
    if (file_exists(fixture->path)) {
        if (checkpoint_file_open(&file, fixture->path, &err) < 0)
            fail_msg("%s", err.text);
        assert_true(file.meta.state.has_best);
        step = file.meta.state.best_step;
        checkpoint_file_close(&file);
    }
    dist_barrier(ranks);
    return step;
}

static void more_is_better(void **unused)
{
    (void)unused;
    struct fixture fixture;
    fixture_init(&fixture);
    offer(&fixture, 1, "accuracy", NAN, false);
    assert_int_equal(step_of_file(&fixture), -1);
    offer(&fixture, 2, "accuracy", -0.5, true);
    offer(&fixture, 3, "accuracy", 0.25, true);
    offer(&fixture, 4, "accuracy", 0.25, false); /* the first of equal ones */
    offer(&fixture, 5, "accuracy", INFINITY, false);
    offer(&fixture, 6, "accuracy", 0.125, false);
    assert_int_equal(step_of_file(&fixture), 3);
    offer(&fixture, 7, "accuracy", 0.5, true);
    assert_int_equal(step_of_file(&fixture), 7);
    fixture_release(&fixture);
}

static void of_a_loss_and_an_error_less_is(void **unused)
{
    (void)unused;
    static const char *const metrics[] = {"loss", "mse"};
    for (size_t m = 0; m < 2; m++) {
        struct fixture fixture;
        fixture_init(&fixture);
        offer(&fixture, 1, metrics[m], 2, true);
        offer(&fixture, 2, metrics[m], 3, false);
        offer(&fixture, 3, metrics[m], 1, true);
        assert_int_equal(step_of_file(&fixture), 3);
        fixture_release(&fixture);
    }
}

static void recall(struct fixture *fixture, bool has_best, int64_t step, double value)
{
    struct error err;
    const struct run_state *state = &fixture->run.state;
    if (best_recall(&fixture->run, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(state->has_best, has_best);
    if (has_best) {
        assert_int_equal(state->best_step, step);
        assert_true(state->best_value == value);
    }
}

/* The run's state is that of a checkpoint, the file may be newer. */
static void what_came_after_the_checkpoint_is_recalled(void **unused)
{
    (void)unused;
    struct fixture fixture;
    struct run_state *state = &fixture.run.state;
    fixture_init(&fixture);
    offer(&fixture, 5, "accuracy", 0.5, true);

    state->has_best = false;
    state->total_steps = 4; /* the run will come to step 5 again */
    recall(&fixture, false, 0, 0);
    state->total_steps = 5;
    recall(&fixture, true, 5, 0.5);
    state->best_step = 2;
    state->best_value = 0.25;
    recall(&fixture, true, 5, 0.5);

    dist_barrier(ranks);
    if (dist_rank(ranks) == 0)
        remove(fixture.path);
    log_set_level(LOG_ERROR);
    recall(&fixture, false, 0, 0); /* there are no weights of it */
    fixture_release(&fixture);
}

static void a_damaged_file_is_an_error_of_all(void **unused)
{
    (void)unused;
    struct fixture fixture;
    struct error err;
    fixture_init(&fixture);
    if (dist_rank(ranks) == 0)
        scratch_write(fixture.path, "LAMBERT", 7);
    dist_barrier(ranks);
    assert_int_equal(best_recall(&fixture.run, &err), -1);
    assert_non_null(strstr(err.text, "remove that file"));
    assert_non_null(strstr(err.text, fixture.path));
    dist_barrier(ranks);
    fixture_release(&fixture);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(more_is_better),
        RANKS_TEST(of_a_loss_and_an_error_less_is),
        RANKS_TEST(what_came_after_the_checkpoint_is_recalled),
        RANKS_TEST(a_damaged_file_is_an_error_of_all),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
