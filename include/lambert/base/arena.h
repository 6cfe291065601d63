/* Planned memory: what a training step needs is laid out once, from the configuration, and nothing
 * is allocated after that (docs/ARCHITECTURE.md, "Memory").
 *
 * A layout is a function that takes its arrays from an arena. It runs twice: first on a measuring
 * arena (arena_measure), which hands out NULL and only counts, so that `train` can print what it
 * will need before it takes it; then on a real one of exactly that size. */
#ifndef LAMBERT_BASE_ARENA_H
#define LAMBERT_BASE_ARENA_H

#include <stddef.h>

#include "lambert/base/error.h"

struct arena {
    unsigned char *data; /* NULL while measuring */
    size_t size;         /* bytes to be had */
    size_t used;         /* bytes handed out, rounding included */
};

void arena_measure(struct arena *arena);
int arena_init(struct arena *arena, size_t size, const char *what, struct error *err);
void arena_release(struct arena *arena);

/* count elements of `size` bytes, zeroed, 64-byte aligned. Asking for more than was planned is a
 * bug. */
void *arena_take(struct arena *arena, size_t count, size_t size);

#endif
