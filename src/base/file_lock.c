#include "lambert/base/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file_faults.h"
#include "lambert/base/clock.h"
#include "lambert/base/file.h"
#include "lambert/base/host_name.h"
#include "lambert/base/log.h"

enum { BOOT = 64 };

/* Who has a lock, as far as the file says it. */
struct holder {
    char host[HOST_NAME_ROOM]; /* "": it does not */
    long process;
    char boot[BOOT]; /* of the host, which no other start of it has; "": of an older program */
    char age[32];    /* since it was taken */
};

/* A random number that the kernel draws when it starts; "" where it tells none. */
static void own_boot(char boot[BOOT])
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (!file || fscanf(file, "%63s", boot) != 1)
        boot[0] = '\0';
    if (file)
        fclose(file);
}

/* The lock stands without it, so what fails here (a full disk) is nobody's trouble. */
static void write_holder(int descriptor)
{
    char host[HOST_NAME_ROOM], boot[BOOT], text[HOST_NAME_ROOM + BOOT + 32];
    host_name(host);
    own_boot(boot);
    const int length =
        snprintf(text, sizeof text, "%s %ld%s%s\n", host, (long)getpid(), boot[0] ? " " : "", boot);
    if (pwrite(descriptor, text, (size_t)length, 0) == length && ftruncate(descriptor, length) == 0)
        fsync(descriptor); /* NFS keeps it to itself else */
}

static void read_holder(int descriptor, struct holder *holder)
{
    char text[HOST_NAME_ROOM + BOOT + 32] = "";
    struct stat info;
    *holder = (struct holder){.age = "?"};
    const ssize_t got = pread(descriptor, text, sizeof text - 1, 0);
    if (got <= 0 ||
        sscanf(text, "%255s %ld %63s", holder->host, &holder->process, holder->boot) < 2)
        holder->host[0] = '\0';
    if (fstat(descriptor, &info) == 0) {
        const double age = difftime(time(NULL), info.st_mtime);
        clock_text(age > 0 ? age : 0, holder->age);
    }
}

/* Whether it is a process of this machine that lives. Processes of a machine, or a container, that was started anew bear
 * the numbers of earlier ones; this one's own was that of another, for nobody is in the way of himself. */
static bool is_alive(const struct holder *holder)
{
    char host[HOST_NAME_ROOM], boot[BOOT];
    host_name(host);
    own_boot(boot);
    return strcmp(host, holder->host) == 0 && strcmp(boot, holder->boot) == 0 &&
           holder->process != (long)getpid() &&
           (kill((pid_t)holder->process, 0) == 0 || errno == EPERM);
}

static enum lock_state tell_holder(const char *path, int descriptor, struct error *err)
{
    struct holder holder;
    read_holder(descriptor, &holder);
    if (!holder.host[0])
        error_set(err, "%s is locked: another process is at work there (it has not said who it is)",
                  path);
    else
        error_set(err,
                  "%s is locked: another process is at work there (process %ld on host %s, for %s)",
                  path, holder.process, holder.host, holder.age);
    return holder.host[0] && is_alive(&holder) ? LOCK_ALIVE : LOCK_HELD;
}

static bool is_unsupported(int error)
{
    return error == ENOLCK || file_says_unsupported(error);
}

static enum lock_state try_descriptor(const char *path, int descriptor, struct error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(descriptor, F_SETLK, &lock) == 0)
        return LOCK_TAKEN;
    if (errno == EACCES || errno == EAGAIN)
        return tell_holder(path, descriptor, err);
    if (!is_unsupported(errno)) {
        error_errno(err, "cannot lock %s", path);
        return LOCK_FAILED;
    }
    LOG_WARNING_ONCE(
        "the file system of %s has no locks (%s): nobody would notice if another program were at work "
        "there, or in other folders like it",
        path, strerror(errno));
    return LOCK_GRANTED;
}

enum lock_state file_lock_try(const char *path, int *descriptor, struct error *err)
{
    for (;;) {
        *descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (*descriptor < 0) {
            const int failure = errno;
            if (file_is_link(path))
                error_set(
                    err,
                    "%s is a symbolic link, where a file of this folder's own is wanted; remove it",
                    path);
            else
                error_set(err, "cannot open %s: %s", path, strerror(failure));
            return LOCK_FAILED;
        }
        const enum lock_state state = try_descriptor(path, *descriptor, err);
        /* Whoever had the lock before may have removed the file after it was opened here. */
        if (state <= LOCK_GRANTED && file_is_open_at(*descriptor, path)) {
            write_holder(*descriptor);
            return state;
        }
        close(*descriptor);
        *descriptor = -1;
        if (state > LOCK_GRANTED)
            return state;
    }
}

enum lock_state file_lock_look(const char *path, struct error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    enum lock_state state = LOCK_TAKEN;
    const int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0 && errno == ENOENT)
        return LOCK_TAKEN;
    if (descriptor < 0) {
        error_errno(err, "cannot open %s", path);
        return LOCK_FAILED;
    }
    if (fcntl(descriptor, F_GETLK, &lock) == 0) {
        if (lock.l_type != F_UNLCK)
            state = tell_holder(path, descriptor, err);
    } else if (is_unsupported(errno)) {
        state = LOCK_GRANTED;
    } else {
        error_errno(err, "cannot ask for the lock of %s", path);
        state = LOCK_FAILED;
    }
    close(descriptor);
    return state;
}

int file_lock(const char *path, int *descriptor, struct error *err)
{
    return file_lock_try(path, descriptor, err) <= LOCK_GRANTED ? 0 : -1;
}

int file_unlock(const char *path, int *descriptor, struct error *err)
{
    const int status = file_remove(path, err);
    close(*descriptor);
    *descriptor = -1;
    return status;
}
