/* A file server that answers no more, for LD_PRELOAD: who maps a checkpoint waits for ever. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset)
{
    void *(*real)(void *, size_t, int, int, int, off_t);
    char link[64], path[4096];
    if (descriptor >= 0) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
        const ssize_t size = readlink(link, path, sizeof path - 1);
        path[size > 0 ? size : 0] = '\0';
        while (strstr(path, ".checkpoint"))
            pause();
    }
    *(void **)&real = dlsym(RTLD_NEXT, "mmap");
    return real(address, length, protection, flags, descriptor, offset);
}
