#include "duplicate_list.h"

#include <stdlib.h>

#include "lambert/base/array.h"
#include "lambert/base/memory.h"

struct place {
    uint64_t hash;
    uint64_t document;
};

struct places {
    struct place *at; /* [count] */
    size_t count, capacity;
};

void duplicate_list_release(struct duplicate_list *list)
{
    free(list->parts);
    free(list->copies);
    *list = (struct duplicate_list){0};
}

static int list_parts(struct duplicate_list *list, struct chunk *chunk, uint64_t chunks,
                      struct error *err)
{
    for (uint64_t number = 0; number < chunks; number++) {
        uint32_t part = 0;
        do {
            if (chunk_read(chunk, number, part, err) < 0)
                return -1;
            ARRAY_RESERVE(list->parts, list->count + 1, list->capacity);
            list->parts[list->count++] =
                (struct duplicate_part){.chunk = number, .part = part++, .first = list->documents};
            list->documents += chunk->documents.count;
        } while (!chunk->last);
    }
    return 0;
}

/* Gathers the documents whose hashes are `pass` modulo `passes`. */
static int gather(struct places *places, const struct duplicate_list *list, struct chunk *chunk,
                  uint64_t pass, uint64_t passes, struct error *err)
{
    places->count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct duplicate_part *part = &list->parts[i];
        if (chunk_read(chunk, part->chunk, part->part, err) < 0)
            return -1;
        for (size_t d = 0; d < chunk->documents.count; d++) {
            const uint64_t hash = chunk->documents.prints[d].hash;
            if (hash % passes != pass)
                continue;
            ARRAY_RESERVE(places->at, places->count + 1, places->capacity);
            places->at[places->count++] = (struct place){.hash = hash, .document = part->first + d};
        }
    }
    return 0;
}

static int by_hash_and_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash > y->hash ? 1 : -1;
    return (x->document > y->document) - (x->document < y->document);
}

static void mark_copies(struct duplicate_list *list, struct places *places)
{
    if (places->count > 0)
        qsort(places->at, places->count, sizeof *places->at, by_hash_and_place);
    for (size_t i = 1; i < places->count; i++) {
        const uint64_t document = places->at[i].document;
        if (places->at[i].hash == places->at[i - 1].hash)
            list->copies[document / 8] |= (uint8_t)(1 << document % 8);
    }
}

int duplicate_list_find(struct duplicate_list *list, const struct chunk_plan *plan, uint64_t chunks,
                        uint64_t most, struct error *err)
{
    struct places places = {0};
    struct chunk chunk;
    *list = (struct duplicate_list){0};
    chunk_init(&chunk, plan);
    int status = list_parts(list, &chunk, chunks, err);
    const uint64_t passes = list->documents / most + 1;
    list->copies = memory_new(list->documents / 8 + 1, 1);
    for (uint64_t pass = 0; pass < passes && status == 0; pass++) {
        status = gather(&places, list, &chunk, pass, passes, err);
        if (status == 0)
            mark_copies(list, &places);
    }
    free(places.at);
    chunk_release(&chunk);
    return status;
}

bool duplicate_list_get(const struct duplicate_list *list, uint64_t first, size_t count,
                        bool *dropped)
{
    bool any = false;
    for (size_t d = 0; d < count; d++) {
        const uint64_t document = first + d;
        dropped[d] = (list->copies[document / 8] >> document % 8 & 1) != 0;
        any = any || dropped[d];
    }
    return any;
}
