#include "lambert/base/arena.h"

#include "lambert/base/memory.h"

enum { ALIGNMENT = 64 };

void arena_measure(struct arena *arena)
{
    *arena = (struct arena){0};
}

int arena_init(struct arena *arena, size_t size, const char *what, struct error *err)
{
    *arena = (struct arena){0};
    void *data;
    if (memory_big(&data, size, what, err) < 0)
        return -1;
    arena->data = data;
    arena->size = size;
    return 0;
}

void arena_release(struct arena *arena)
{
    memory_big_free(arena->data, arena->size);
    *arena = (struct arena){0};
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    size_t bytes, used;
    if (__builtin_mul_overflow(count, size, &bytes) ||
        __builtin_add_overflow(bytes, ALIGNMENT - 1, &bytes) ||
        __builtin_add_overflow(arena->used, bytes / ALIGNMENT * ALIGNMENT, &used))
        bug("%zu x %zu bytes taken from an arena are more than can be addressed", count, size);
    void *piece = NULL;
    if (arena->data) {
        if (used > arena->size)
            bug("arena of %zu bytes asked for %zu: its layout differs from the one measured",
                arena->size, used);
        piece = arena->data + arena->used;
    }
    arena->used = used;
    return piece;
}
