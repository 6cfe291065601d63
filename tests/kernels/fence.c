#define _GNU_SOURCE
#include "fence.h"

#include <sys/mman.h>
#include <unistd.h>

#include "lambert/base/error.h"

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t whole_pages(size_t bytes)
{
    return (bytes + page_size() - 1) / page_size() * page_size();
}

void *fence_new(size_t bytes)
{
    const size_t pages = whole_pages(bytes);
    char *block =
        mmap(NULL, pages + page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(block != MAP_FAILED);
    require(mprotect(block + pages, page_size(), PROT_NONE) == 0);
    return block + pages - bytes;
}

void fence_free(void *memory, size_t bytes)
{
    const size_t pages = whole_pages(bytes);
    require(munmap((char *)memory - (pages - bytes), pages + page_size()) == 0);
}
