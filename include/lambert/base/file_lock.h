/* The lock of a file: one process has it, for as long as it lives or until it closes the descriptor. The system
 * releases the lock of a process that is killed.
 *
 * It is a POSIX record lock (fcntl), so it holds between machines on NFS 4, on NFS 3 with lockd, and on Lustre mounted
 * with `flock`. NFS mounted `nolock` or `local_lock=posix` and Lustre mounted `localflock` keep apart only the processes
 * of one machine. When a machine dies, its locks on a file server stand until the server notices: with NFS 4 a minute or
 * two, with NFS 3 until the machine is back.
 *
 * Where the file system knows no locks (errno ENOLCK, ENOSYS, EOPNOTSUPP, 524) there is one warning, and the lock is
 * taken for granted.
 *
 * Whoever has it writes into the file where he lives, "HOST PID BOOT", for the sentence of who wants it next. BOOT is the
 * kernel's /proc/sys/kernel/random/boot_id; files of older programs, and of systems without it, end before it. */
#ifndef LAMBERT_BASE_FILE_LOCK_H
#define LAMBERT_BASE_FILE_LOCK_H

#include "lambert/base/error.h"

enum lock_state {
    LOCK_TAKEN,
    LOCK_GRANTED, /* there are no locks here */
    LOCK_ALIVE,   /* another process of this machine, since it was started, has it, and lives */
    LOCK_HELD, /* somebody else has it, who may be dead: his machine, or his server's memory of him */
    LOCK_FAILED /* it cannot be asked for */
};

/* Tries once. The file is made if need be; a symbolic link is refused. With the first two *descriptor is what to
 * close(); else it is -1, and err says who has the lock and for how long, or what failed. Its holder may remove the
 * file before it closes it; the file must not be opened otherwise meanwhile (closing it would give up the lock). */
enum lock_state file_lock_try(const char *path, int *descriptor, struct error *err);

/* Who has the lock, and nothing is taken, made or written: LOCK_TAKEN where nobody has it, or there is no such file. A
 * lock of this process itself is not seen, and given up if it has one. */
enum lock_state file_lock_look(const char *path, struct error *err);

/* As file_lock_try(): 0 with the first two states, else -1. */
int file_lock(const char *path, int *descriptor, struct error *err);

/* Removes the file while its lock is held, and then gives it up; *descriptor is -1 behind it. -1: the file stays, which
 * keeps nobody out, as nobody holds its lock. */
int file_unlock(const char *path, int *descriptor, struct error *err);

#endif
