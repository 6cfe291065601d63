#define _GNU_SOURCE
#include "node_memory.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "dist_internal.h"
#include "lambert/base/activity.h"

enum { HUGE_PAGE = 2 << 20 };

/* How the other ranks find the memory of the first: a file without a name, which they open through
 * /proc. A process of the same number in another namespace is found out by the token, which stands
 * in the first word of the memory while it is offered. */
struct offer {
    long process;
    int descriptor; /* of that process; -1: there is none */
    uint64_t token;
};

static size_t whole_pages(size_t bytes)
{
    return (bytes / HUGE_PAGE + 1) * HUGE_PAGE;
}

/* Maps it at a multiple of HUGE_PAGE, without which there are no huge pages: address space for one
 * more is taken first, and what of it is left over in front and behind given back. NULL on
 * failure. */
static void *map_aligned(int descriptor, size_t size)
{
    uint8_t *space =
        mmap(NULL, size + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED)
        return NULL;
    size_t before = (HUGE_PAGE - (uintptr_t)space % HUGE_PAGE) % HUGE_PAGE;
    uint8_t *start = space + before;
    void *mapped = mmap(start, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, descriptor, 0);
    if (before != 0)
        munmap(space, before);
    if (before != HUGE_PAGE)
        munmap(start + size, HUGE_PAGE - before);
    if (mapped != MAP_FAILED)
        return mapped;
    munmap(start, size);
    return NULL;
}

/* --- taking pages ----------------------------------------------------------------------------- */

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Whether the kernel takes pages on demand and says when it cannot (from Linux 5.14 on). */
static bool kernel_takes_pages(void)
{
    static char aligned[1 << 16];
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return madvise(aligned + (page - (uintptr_t)aligned % page) % page, 0, MADV_POPULATE_WRITE) ==
           0;
}

int node_memory_take(void *part, size_t bytes, struct error *err)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), before = (uintptr_t)part % page;
    if (bytes == 0)
        return 0;
    if (kernel_takes_pages())
        return madvise((uint8_t *)part - before, before + bytes, MADV_POPULATE_WRITE) == 0
                   ? 0
                   : error_errno(err, "cannot take %.1f MB of memory to share",
                                 (double)bytes / 1e6);
    for (size_t i = 0; i < bytes; i += page)
        ((volatile uint8_t *)part)[i] = 0;
    return 0;
}

/* --- the first rank's offer ------------------------------------------------------------------- */

/* A file of such pages, mapped, its first page taken; -1 where they cannot be had. Where the kernel does not tell when
 * huge pages are refused as they are taken, all are taken here, wherever they lie. */
static int make_memory(void **data, size_t size, enum node_pages pages, struct error *err)
{
    const bool huge = pages == NODE_PAGES_HUGE;
    int descriptor = memfd_create("lambert", huge ? MFD_CLOEXEC | MFD_HUGETLB : MFD_CLOEXEC);
    *data = NULL;
    if (descriptor >= 0 && ftruncate(descriptor, (off_t)size) == 0 &&
        (kernel_takes_pages() || !huge || fallocate(descriptor, 0, 0, (off_t)size) == 0) &&
        (*data = map_aligned(descriptor, size)) &&
        node_memory_take(*data, sizeof(uint64_t), err) == 0)
        return descriptor;
    error_errno(err, "cannot make %.1f MB of memory to share", (double)size / 1e6);
    if (*data)
        munmap(*data, size);
    *data = NULL;
    if (descriptor >= 0)
        close(descriptor);
    return -1;
}

static struct offer make_offer(void **data, size_t size, enum node_pages pages, struct error *err)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct offer offer = {.process = getpid(),
                          .token =
                              (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec};
    offer.descriptor = make_memory(data, size, pages, err);
    if (offer.descriptor >= 0)
        *(uint64_t *)*data = offer.token;
    return offer;
}

static int take_offer(void **data, const struct offer *offer, size_t size, struct error *err)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", offer->process, offer->descriptor);
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0)
        return error_errno(err, "cannot open the memory of the node's first rank, %s", path);
    void *mapped = map_aligned(descriptor, size);
    if (!mapped)
        error_errno(err, "cannot map the memory of the node's first rank, %s", path);
    close(descriptor);
    if (!mapped)
        return -1;
    if (*(volatile uint64_t *)mapped != offer->token) {
        munmap(mapped, size);
        return error_set(err, "%s is not the memory of the node's first rank", path);
    }
    *data = mapped;
    return 0;
}

/* The first rank makes the memory and offers it, the others map it, and either all have it or none
 * keeps it. Once all have looked at the token, the first wipes it, and closes its descriptor: the
 * memory lives as long as someone maps it. */
int node_memory_map(void **data, const struct dist *dist, size_t bytes, enum node_pages pages,
                    struct error *err)
{
    size_t size = whole_pages(bytes);
    bool first = dist->local_rank == 0;
    struct offer offer = {.descriptor = -1};
    int status = 0, worst;
    *data = NULL;
    if (first)
        offer = make_offer(data, size, pages, err);
    MPI_Bcast(&offer, sizeof offer, MPI_BYTE, 0, dist->node);
    if (offer.descriptor < 0)
        status = first ? -1 : error_set(err, "the node's first rank could make no memory to share");
    else if (!first)
        status = take_offer(data, &offer, size, err);

    MPI_Allreduce(&status, &worst, 1, MPI_INT, MPI_MIN, dist->node);
    if (first && offer.descriptor >= 0) {
        *(uint64_t *)*data = 0; /* NOLINT: whoever made an offer has mapped it */
        close(offer.descriptor);
    }
    if (worst < 0) {
        if (status == 0)
            error_set(err, "another rank of the node cannot map memory that is shared");
        node_memory_unmap(*data, bytes);
        *data = NULL;
        return -1;
    }
    madvise(*data, size, MADV_HUGEPAGE); /* most kernels grant none for shared memory, and say so */
    activity_wait_begin("MPI_Barrier of a node", -1);
    MPI_Barrier(dist->node); /* nobody writes before the token is wiped */
    activity_wait_end();
    return 0;
}

void node_memory_unmap(void *data, size_t bytes)
{
    if (data)
        munmap(data, whole_pages(bytes));
}
