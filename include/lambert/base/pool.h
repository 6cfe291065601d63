/* Small things that live and end together: each is a piece of a block, and blocks are freed as one, so
 * that pointers to them stay good until then. {0} is an empty pool. Running out of memory ends the
 * program (base/memory.h). */
#ifndef LAMBERT_BASE_POOL_H
#define LAMBERT_BASE_POOL_H

#include <stddef.h>

struct pool {
    struct pool_block *last;
};

/* count elements of `size` bytes, zeroed, aligned for anything. */
void *pool_take(struct pool *pool, size_t count, size_t size);

/* The bytes, with a NUL behind them. */
char *pool_copy_text(struct pool *pool, const char *text, size_t size);

void pool_release(struct pool *pool); /* an empty one afterwards */

#endif
