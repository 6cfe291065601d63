#define _GNU_SOURCE
#include "lambert/base/memory.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lambert/base/activity.h"

enum { HUGE_PAGE = 2 << 20 };

/* At least one byte, so that there is something to point at. */
static size_t bytes_of(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        bug("out of memory: %zu x %zu bytes wanted", count, size);
    return bytes != 0 ? bytes : 1;
}

/* Where the limit of addresses is what is short, and not memory, that is said. */
void memory_run_out(size_t bytes)
{
    char wanted[64] = "more", doing[256], limit[128] = "";
    struct rlimit addresses;
    if (bytes > 0)
        snprintf(wanted, sizeof wanted, "%.3f MB more", (double)bytes / 1e6);
    activity_describe(doing, sizeof doing);
    if (getrlimit(RLIMIT_AS, &addresses) == 0 && addresses.rlim_cur != RLIM_INFINITY)
        snprintf(limit, sizeof limit,
                 "ulimit -v allows this process %.0f MB in all, which may be raised; ",
                 (double)addresses.rlim_cur / 1e6);
    end_process(
        "out of memory: %s wanted%s%s; %sfewer ranks a machine, or fewer threads (run.threads, OMP_NUM_THREADS), "
        "need less",
        wanted, doing[0] ? " in: " : "", doing, limit);
}

void *memory_new(size_t count, size_t size)
{
    const size_t bytes = bytes_of(count, size);
    void *data = calloc(bytes, 1);
    if (!data)
        memory_run_out(bytes);
    return data;
}

void *memory_resize(void *old, size_t count, size_t size)
{
    const size_t bytes = bytes_of(count, size);
    void *data = realloc(old, bytes);
    if (!data)
        memory_run_out(bytes);
    return data;
}

char *memory_copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(memory_new(size, 1), text, size);
}

char *memory_text(const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    require(length >= 0);
    char *text = memory_new((size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

/* Whole pages, at least one, so that there is something to point at. 0: too many to count. */
static size_t whole_pages(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (bytes > SIZE_MAX - HUGE_PAGE - page)
        return 0;
    return bytes == 0 ? page : (bytes + page - 1) / page * page;
}

/* Huge pages need an address that is a multiple of theirs, so one too many is taken and what lies
 * before and behind is given back. */
static void *map_aligned(size_t size)
{
    uint8_t *start =
        mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return MAP_FAILED;
    size_t before = (HUGE_PAGE - (uintptr_t)start % HUGE_PAGE) % HUGE_PAGE;
    if (before != 0)
        munmap(start, before);
    if (before != HUGE_PAGE)
        munmap(start + before + size, HUGE_PAGE - before);
    return start + before;
}

int memory_big(void **data, size_t bytes, const char *what, struct error *err)
{
    *data = NULL;
    size_t size = whole_pages(bytes);
    if (size == 0)
        return error_set(err, "cannot get memory for %s: %zu bytes are more than can be addressed",
                         what, bytes);
    void *start = size < HUGE_PAGE
                      ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                      : map_aligned(size);
    if (start == MAP_FAILED)
        return error_errno(err, "cannot get %.1f MB of memory for %s", (double)bytes / 1e6, what);
    if (size >= HUGE_PAGE)
        madvise(start, size, MADV_HUGEPAGE); /* a wish: kernels without it say no */
    *data = start;
    return 0;
}

void memory_big_free(void *data, size_t bytes)
{
    if (data)
        munmap(data, whole_pages(bytes));
}
