#include "input_plan.h"

#include <stdlib.h>

#include "lambert/base/array.h"
#include "lambert/base/minmax.h"

/* The chunk that units are being added to. */
struct open_chunk {
    struct input_plan *plan;
    uint64_t weight; /* bytes of text in its units, as far as known; 0: no chunk is open */
};

static void add_unit(struct open_chunk *open, int file, uint64_t number, uint64_t weight,
                     bool streamed)
{
    struct input_plan *plan = open->plan;
    if (open->weight == 0) {
        ARRAY_RESERVE(plan->chunks, plan->chunk_count + 1, plan->chunk_capacity);
        plan->chunks[plan->chunk_count++] =
            (struct planned_chunk){.first = plan->unit_count, .streamed = streamed};
    }
    ARRAY_RESERVE(plan->units, plan->unit_count + 1, plan->unit_capacity);
    plan->units[plan->unit_count++] = (struct input_unit){.file = file, .number = number};
    plan->chunks[plan->chunk_count - 1].end = plan->unit_count;
    open->weight += weight + (weight == 0); /* even an empty file opens a chunk */
}

static void add_file(struct open_chunk *open, const struct input_file *file, int number, uint64_t n)
{
    const bool whole = file->kind != INPUT_FILE;
    const uint64_t weight_of_byte = (uint64_t)compression_weight(file->compression);
    if (file->kind == INPUT_STREAM || (whole && file->bytes >= n / weight_of_byte)) {
        open->weight = 0;
        add_unit(open, number, 0, n, true);
        open->weight = 0;
        return;
    }
    uint64_t left = file->bytes;
    for (uint64_t unit = 0; unit == 0 || left > 0; unit++) {
        uint64_t bytes = whole ? left : min_u64(left, n);
        uint64_t weight = weight_of_byte * bytes;
        if (weight >= n)
            open->weight = 0;
        add_unit(open, number, unit, weight, false);
        if (open->weight >= n)
            open->weight = 0;
        left -= bytes;
    }
}

void input_plan_init(struct input_plan *plan, const struct input_list *list, uint64_t chunk_bytes)
{
    struct open_chunk open = {.plan = plan};
    *plan = (struct input_plan){0};
    for (int i = 0; i < list->count; i++)
        add_file(&open, &list->files[i], i, chunk_bytes);
}

void input_plan_release(struct input_plan *plan)
{
    free(plan->units);
    free(plan->chunks);
    *plan = (struct input_plan){0};
}
