#include "lambert/base/pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/error.h"
#include "lambert/base/memory.h"

enum { BLOCK = 64 * 1024, ALIGNMENT = 16 };

struct pool_block {
    struct pool_block *before;
    size_t used, size; /* of data */
    _Alignas(ALIGNMENT) unsigned char data[];
};

static void *take_bytes(struct pool *pool, size_t bytes, size_t alignment)
{
    struct pool_block *block = pool->last;
    size_t start = block ? (block->used + alignment - 1) / alignment * alignment : 0;
    if (!block || start > block->size || bytes > block->size - start) {
        const size_t size = bytes > BLOCK ? bytes : BLOCK;
        block = memory_new(1, sizeof *block + size);
        block->before = pool->last;
        block->size = size;
        pool->last = block;
        start = 0;
    }
    block->used = start + bytes;
    return block->data + start;
}

void *pool_take(struct pool *pool, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        bug("%zu x %zu bytes taken from a pool are more than can be addressed", count, size);
    return take_bytes(pool, bytes, ALIGNMENT);
}

char *pool_copy_text(struct pool *pool, const char *text, size_t size)
{
    require(size < SIZE_MAX / 2);
    char *copy = take_bytes(pool, size + 1, 1);
    memcpy(copy, text, size); /* what follows is zeroed */
    return copy;
}

void pool_release(struct pool *pool)
{
    while (pool->last) {
        struct pool_block *before = pool->last->before;
        free(pool->last);
        pool->last = before;
    }
}
