/* ranks: 1 2 */
/* How a run saves where its machine grants less than was hoped for. All else of it: tests/end_to_end/test_saving.sh. */
#define _GNU_SOURCE /* attributes of threads that have none of their own */
#include "run/saving.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>

#include "dist/ranks.h"
#include "lambert/base/log.h"
#include "lambert/kernels/kernels.h"
#include "lambert/store/checkpoint_folder.h"
#include "run/run_folder.h"
#include "run/run_internal.h"
#include "small_run.h"
#include "store/sample.h"

/* A run of some megabytes that is about to make its first step. */
static void begin(struct run *run, struct config *config)
{
    struct error err;
    scratch_open(ranks);
    if (dist_rank(ranks) == 0)
        small_corpus_make("corpus", &(struct small_corpus){0});
    dist_barrier(ranks);
    log_set_level(LOG_ERROR);
    small_config(config, "corpus", "run", "run.threads=1", "model.hidden_size=256", NULL);
    run_begin(run, ranks, config);
    if (run_init(run, false, 1, &err) < 0)
        fail_msg("%s", err.text);
    trainer_initialise(run->trainer, 1);
    if (dist_rank(ranks) == 0) {
        assert_int_equal(run_folder_take(run, &err), 0);
        assert_int_equal(metrics_open(&run->metrics, run->folder, 0, 0, &err), 0);
    }
}

static void save_after(struct run *run, int64_t step)
{
    struct error err;
    run->state.total_steps = step;
    if (saving_save(run, false, &err) < 0)
        fail_msg("%s", err.text);
}

/* Two checkpoints are there, and the run ends. */
static void end(struct run *run)
{
    struct error err;
    assert_int_equal(saving_finish(run, &err), 0);
    if (dist_rank(ranks) == 0) {
        struct checkpoint_file file;
        assert_int_equal(checkpoint_newest(run->folder, &file, &err), 0);
        assert_non_null(checkpoint_file_path(&file));
        assert_int_equal(file.meta.state.total_steps, 2);
        checkpoint_file_close(&file);
    }
    run_release(run);
    log_set_level(LOG_INFO);
    scratch_close(ranks);
}

static void where_all_is_granted_a_thread_writes(void **state)
{
    (void)state;
    struct config config;
    struct run run;
    begin(&run, &config);
    saving_init(&run, INFINITY);
    save_after(&run, 1);
    assert_true(run.saving.beside);
    assert_int_equal(run.saving.busy, dist_rank(ranks) == 0);
    save_after(&run, 2);
    end(&run);
}

/* Bytes of addresses that the process has. */
static rlim_t addresses(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* As with ulimit -v, or where the system promises no more than it has. */
static void without_memory_for_a_copy_training_stands_still(void **state)
{
    (void)state;
    struct config config;
    struct run run;
    struct rlimit before, less;
    begin(&run, &config);
    assert_true(trainer_snapshot_memory(run.trainer) > 2 << 20);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    less = before;
    less.rlim_cur = addresses() + (1 << 20);
    if (dist_rank(ranks) == 0)
        assert_int_equal(setrlimit(RLIMIT_AS, &less), 0);
    saving_init(&run, INFINITY);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_false(run.saving.beside);
    assert_null(run.saving.snapshot);
    save_after(&run, 1);
    save_after(&run, 2);
    assert_false(run.saving.busy);
    end(&run);
}

/* Its stack would be larger than what can be addressed. */
static void without_a_thread_training_stands_still(void **state)
{
    (void)state;
    struct config config;
    struct run run;
    pthread_attr_t before, giant;
    begin(&run, &config);
    saving_init(&run, INFINITY);
    assert_int_equal(pthread_getattr_default_np(&before), 0);
    assert_int_equal(pthread_getattr_default_np(&giant), 0);
    assert_int_equal(pthread_attr_setstacksize(&giant, (size_t)1 << 50), 0);
    if (dist_rank(ranks) == 0)
        assert_int_equal(pthread_setattr_default_np(&giant), 0);
    save_after(&run, 1);
    assert_int_equal(pthread_setattr_default_np(&before), 0);
    pthread_attr_destroy(&giant);
    pthread_attr_destroy(&before);
    assert_false(run.saving.beside);
    assert_false(run.saving.busy);
    save_after(&run, 2);
    assert_false(run.saving.busy);
    end(&run);
}

int main(int argc, char **argv)
{
    struct error err;
    const struct CMUnitTest tests[] = {
        RANKS_TEST(where_all_is_granted_a_thread_writes),
        RANKS_TEST(without_memory_for_a_copy_training_stands_still),
        RANKS_TEST(without_a_thread_training_stands_still),
    };
    if (kernels_select(&err) < 0)
        return 1;
    return RANKS_RUN(tests, &argc, &argv);
}
