#include "run_folder.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
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

/* An open folder is told from another one in its place for as long as it is open. */
static int hold(struct run *run, struct error *err)
{
    run->place = open(run->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return run->place < 0 ? error_errno(err, "cannot open the run folder %s", run->folder) : 0;
}

int run_folder_take(struct run *run, struct error *err)
{
    if (folder_create(run->folder, err) < 0 || hold(run, err) < 0 ||
        run_folder_try_lock(run, err) > LOCK_GRANTED)
        return -1;
    return write_config(run, err);
}

static void let_go(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

void run_folder_release(struct run *run)
{
    let_go(&run->lock);
    let_go(&run->place);
}

bool run_folder_is_there(const struct run *run)
{
    return file_is_open_at(run->place, run->folder); /* its path may be a link */
}

int run_folder_keep_lock(struct run *run, struct error *err)
{
    char *path = path_join(run->folder, "lock");
    const bool is_kept = run->lock < 0 || (!file_is_link(path) && file_is_open_at(run->lock, path));
    free(path);
    if (is_kept)
        return 0;
    let_go(&run->lock);
    if (run_folder_try_lock(run, err) > LOCK_GRANTED)
        return error_prefix(err, "the lock of the run folder was removed while training ran");
    log_warning("the lock of the run folder %s was removed while training ran: it is locked again",
                run->folder);
    return 0;
}

/* The system knows where an open folder was moved to. */
int run_folder_find(struct run *run, bool *moved, struct error *err)
{
    char link[64], now[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", run->place);
    const ssize_t length = readlink(link, now, sizeof now - 1);
    now[length > 0 ? length : 0] = '\0';
    *moved = file_is_open_at(run->place, now);
    if (*moved) {
        free(run->folder);
        run->folder = memory_copy_text(now);
        return 0;
    }
    if (folder_exists(run->folder))
        return error_set(err, "another folder is in its place");
    run_folder_release(run);
    return run_folder_take(run, err);
}
