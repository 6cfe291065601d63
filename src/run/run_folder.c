#include "run_folder.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "run_internal.h"

enum lock_state run_folder_try_lock(struct run *run, struct error *err)
{
    if (run->lock >= 0 || !run->config->run.lock)
        return LOCK_TAKEN;
    char *path = path_join(run->folder, "lock");
    const enum lock_state state = file_lock_try(path, &run->lock, err);
    if (state == LOCK_ALIVE || state == LOCK_HELD)
        error_prefix(err, "another run uses this folder");
    if (state == LOCK_FAILED && !file_is_link(path))
        error_prefix(
            err,
            "the run folder cannot be locked (run.lock=no does without; then nobody else may be at "
            "work there)");
    free(path);
    return state;
}

static int write_config(const struct run *run, struct error *err)
{
    struct buffer text = {0};
    char *path = path_join(run->folder, "config.ini");
    config_print(run->config, false, &text);
    int status = file_write(path, text.data, text.size, err);
    buffer_release(&text);
    free(path);
    return status;
}

int run_folder_take(struct run *run, struct error *err)
{
    if (folder_create(run->folder, err) < 0 || run_folder_try_lock(run, err) > LOCK_GRANTED)
        return -1;
    return write_config(run, err);
}

static bool is_locked_file(const char *path, int lock)
{
    struct stat there, held;
    return lstat(path, &there) == 0 && fstat(lock, &held) == 0 && there.st_dev == held.st_dev &&
           there.st_ino == held.st_ino;
}

bool run_folder_is_there(const struct run *run)
{
    char *path = path_join(run->folder, "lock");
    const bool is = run->lock < 0 || is_locked_file(path, run->lock);
    free(path);
    return is;
}

/* The system knows where an open file was moved to. */
int run_folder_find(struct run *run, bool *moved, struct error *err)
{
    char link[64], now[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", run->lock);
    const ssize_t length = readlink(link, now, sizeof now - 1);
    now[length > 0 ? length : 0] = '\0';
    *moved = is_locked_file(now, run->lock);
    if (*moved) {
        *strrchr(now, '/') = '\0';
        free(run->folder);
        run->folder = memory_copy_text(now);
        return 0;
    }
    if (folder_exists(run->folder))
        return error_set(err, "another folder is in its place");
    close(run->lock);
    run->lock = -1;
    return run_folder_take(run, err);
}
