/* A file system that lacks something, for LD_PRELOAD: FILE_FAULTS="lock=95 map=19 sync=22 sync_folder=9" is what fcntl()
 * (of locks), mmap() (of files), fsync() of files and of folders fail with, by number; sync_sleeps=N: before it fsync()
 * of a file takes N seconds. CUT_FILE is cut short when a file
 * is opened in whose name CUT_AT is. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The number behind "name="; 0: there is none. */
static int fault(const char *name)
{
    const char *faults = getenv("FILE_FAULTS");
    const size_t length = strlen(name);
    for (; faults && *faults; faults += strcspn(faults, " "), faults += *faults == ' ')
        if (strncmp(faults, name, length) == 0 && faults[length] == '=')
            return atoi(faults + length + 1);
    return 0;
}

int fcntl(int descriptor, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    if (command == F_SETLK && (errno = fault("lock")) != 0)
        return -1;
    return (int)syscall(SYS_fcntl, descriptor, command, argument);
}

/* Of regular files only that were opened to be read: libraries are mapped by the loader, and MPI shares memory. */
void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset)
{
    struct stat info;
    if (descriptor >= 0 && protection == PROT_READ && fstat(descriptor, &info) == 0 &&
        S_ISREG(info.st_mode) && (errno = fault("map")) != 0)
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, size, protection, flags, descriptor, offset);
}

int open(const char *path, int flags, ...)
{
    const char *cut = getenv("CUT_FILE"), *at = getenv("CUT_AT");
    va_list args;
    va_start(args, flags);
    const int mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    if (cut && at && strstr(path, at) && truncate(cut, 100) != 0)
        abort();
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int fsync(int descriptor)
{
    struct stat info;
    const bool known = fstat(descriptor, &info) == 0;
    if (known && S_ISREG(info.st_mode))
        sleep((unsigned)fault("sync_sleeps"));
    if (known && (errno = fault(S_ISDIR(info.st_mode) ? "sync_folder" : "sync")) != 0)
        return -1;
    return (int)syscall(SYS_fsync, descriptor);
}
