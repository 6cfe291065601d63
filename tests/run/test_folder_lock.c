/* ranks: 1 2 */
/* The lock of a run's folder, free, of a run that lives, and of one whose host may have died; and that nobody is said to
 * wait for it any more once that is over. */
#include "run/folder_lock.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dist/ranks.h"
#include "lambert/base/activity.h"
#include "lambert/base/file.h"
#include "lambert/base/file_lock.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/run/run.h"
#include "run/run_internal.h"
#include "small_run.h"
#include "store/sample.h"

/* [rank 0] A process that holds the lock, and has written this into it ("": what holders write), until it is killed. */
static pid_t hold(const char *folder, const char *name)
{
    int ready[2], lock;
    char byte, *path = path_join(folder, "lock");
    struct error err;
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        if (file_lock(path, &lock, &err) == 0 &&
            (!name[0] || (ftruncate(lock, 0) == 0 && pwrite(lock, name, strlen(name), 0) > 0)) &&
            write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    free(path);
    return child;
}

/* Rank 0's sentence in err, where it fails. */
static void try_lock(const char *holder, int expected, const char *sentence)
{
    struct config config;
    struct error err;
    char place[128];
    pid_t child = 0;
    scratch_open(ranks);
    log_set_level(LOG_ERROR);
    small_config(&config, "corpus", "run", NULL);
    config.run.lock_seconds = 0;
    struct run run = {.dist = ranks, .config = &config, .folder = config.run.folder, .lock = -1};
    if (dist_rank(ranks) == 0) {
        assert_int_equal(folder_create(run.folder, &err), 0);
        if (holder)
            child = hold(run.folder, holder);
    }
    dist_barrier(ranks);

    activity_task("a task", 7);
    assert_int_equal(folder_lock(&run, &err), expected);
    activity_describe(place, sizeof place);
    assert_string_equal(place, "a task 7");
    if (expected == 0)
        assert_int_equal(run.lock >= 0, dist_rank(ranks) == 0);
    else
        assert_non_null(strstr(err.text, sentence));

    if (run.lock >= 0)
        close(run.lock);
    if (child > 0) {
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    dist_barrier(ranks);
    log_set_level(LOG_INFO);
    scratch_close(ranks);
}

static void a_free_one_is_taken(void **state)
{
    (void)state;
    try_lock(NULL, 0, NULL);
}

static void a_living_run_is_not_waited_for(void **state)
{
    (void)state;
    try_lock("", -1, "another run uses this folder");
}

static void another_host_is_waited_for(void **state)
{
    (void)state;
    try_lock("node-of-elsewhere 17\n", FAILED_FOR_NOW, "waited for in vain");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(a_free_one_is_taken),
        RANKS_TEST(a_living_run_is_not_waited_for),
        RANKS_TEST(another_host_is_waited_for),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
