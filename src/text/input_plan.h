/* Which bytes of which files make up which chunk (text/input_feed.h has the rule): found from the
 * list of files, what a look into each has told of it, and the size of chunks alone, so that all
 * threads of all ranks find the same. */
#ifndef LAMBERT_TEXT_INPUT_PLAN_H
#define LAMBERT_TEXT_INPUT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/text/input_list.h"

/* What a chunk has of one file: of a plain one, the bytes from cut `number` to the next, which lie
 * near [number N, (number + 1) N); of any other, all. */
struct input_unit {
    int file;
    uint64_t number;
};

struct planned_chunk {
    size_t first, end; /* units */
    bool streamed;     /* one file, read from its beginning in many parts */
};

struct input_plan {
    struct input_unit *units;
    size_t unit_count, unit_capacity;
    struct planned_chunk *chunks;
    size_t chunk_count, chunk_capacity;
};

void input_plan_init(struct input_plan *plan, const struct input_list *list, uint64_t chunk_bytes);
void input_plan_release(struct input_plan *plan);

#endif
