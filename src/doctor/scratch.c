#include "scratch.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/base/temporary_folder.h"

const char *const scratch_names[SCRATCH_FILES] = {
    [SCRATCH_LOCK] = "lock", [SCRATCH_WRITTEN] = "written"};

static const int ends[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU};
enum { ENDS = sizeof ends / sizeof ends[0] };

/* Process-wide, as signals are. The paths are made before `there` is set, and freed after it is cleared. */
static struct {
    volatile sig_atomic_t there;
    char *path, *files[SCRATCH_FILES];
    struct sigaction before[ENDS];
} scratch;

void scratch_drop(void)
{
    if (!scratch.there)
        return;
    for (int i = 0; i < SCRATCH_FILES; i++)
        unlink(scratch.files[i]);
    rmdir(scratch.path);
}

/* A folder whose server is away may keep even this from coming to an end. */
static void end_by_signal(int number)
{
    enum { PATIENCE = 2 /* seconds */ };
    alarm(PATIENCE);
    scratch_drop();
    raise(number); /* which SA_RESETHAND has made deadly again */
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = end_by_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < ENDS; i++) {
        sigaction(ends[i], NULL, &scratch.before[i]);
        if (scratch.before[i].sa_handler == SIG_DFL) /* not what nohup ignores */
            sigaction(ends[i], &action, NULL);
    }
}

int scratch_make(const char **path, const char *folder, struct error *err)
{
    *path = NULL;
    if (temporary_folder_make(&scratch.path, folder, ".lambert-doctor", err) < 0)
        return -1;
    for (int i = 0; i < SCRATCH_FILES; i++)
        scratch.files[i] = path_join(scratch.path, scratch_names[i]);
    scratch.there = 1;
    watch_signals();
    *path = scratch.path;
    return 0;
}

const char *scratch_file(enum scratch_file file)
{
    return scratch.files[file];
}

int scratch_remove(struct error *err)
{
    if (!scratch.there)
        return 0;
    temporary_folder_remove(memory_copy_text(scratch.path));
    const int status =
        folder_exists(scratch.path) ? error_set(err, "%s cannot be removed", scratch.path) : 0;
    for (int i = 0; i < ENDS; i++)
        sigaction(ends[i], &scratch.before[i], NULL);
    scratch.there = 0;
    for (int i = 0; i < SCRATCH_FILES; i++)
        free(scratch.files[i]);
    free(scratch.path);
    return status;
}
