#include "duplicate_list.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

/* Hashes that were met, open addressing; 0 marks a free place. */
struct met {
    uint64_t *hashes; /* [1 << bits] */
    int bits;
    uint64_t count;
    bool zero; /* met as well */
};

void duplicate_list_release(struct duplicate_list *list)
{
    free(list->parts);
    free(list->copies);
    *list = (struct duplicate_list){0};
}

static int list_parts(struct duplicate_list *list, const struct chunk_plan *plan, uint64_t chunks,
                      struct error *err)
{
    for (uint64_t number = 0; number < chunks; number++) {
        struct chunk_prints prints;
        uint32_t part = 0;
        do {
            if (chunk_prints_open(&prints, plan, number, part, false, err) < 0)
                return -1;
            ARRAY_RESERVE(list->parts, list->count + 1, list->capacity);
            list->parts[list->count++] =
                (struct duplicate_part){.chunk = number, .part = part++, .first = list->documents};
            list->documents += prints.count;
            chunk_prints_close(&prints);
        } while (!prints.last);
    }
    return 0;
}

/* Whether the hash was met before; from now on it was. */
static bool meet(struct met *met, uint64_t hash)
{
    if (hash == 0) {
        const bool before = met->zero;
        met->zero = true;
        return before;
    }
    /* Its high bits, spread: the low ones say which pass it belongs to. */
    const size_t mask = ((size_t)1 << met->bits) - 1;
    size_t place = (size_t)(hash * UINT64_C(0x9E3779B97F4A7C15) >> (64 - met->bits));
    while (met->hashes[place] != 0 && met->hashes[place] != hash)
        place = (place + 1) & mask;
    if (met->hashes[place] == hash)
        return true;
    met->hashes[place] = hash;
    met->count++;
    return false;
}

enum { PASS_DONE, PASS_TOO_MANY };

/* Marks the copies among the documents whose hashes are `pass` modulo `passes`. Of these there are about as many for
 * each pass; too many for the table only where somebody made them so. */
static int mark_copies(struct duplicate_list *list, struct met *met, const struct chunk_plan *plan,
                       uint64_t pass, uint64_t passes, struct error *err)
{
    const uint64_t most = ((uint64_t)1 << met->bits) / 8 * 7;
    memset(met->hashes, 0, sizeof *met->hashes << met->bits);
    met->count = 0;
    met->zero = false;
    for (size_t i = 0; i < list->count; i++) {
        const struct duplicate_part *part = &list->parts[i];
        struct chunk_prints prints;
        if (chunk_prints_open(&prints, plan, part->chunk, part->part, true, err) < 0)
            return -1;
        for (size_t d = 0; d < prints.count && met->count < most; d++) {
            const uint64_t hash = prints.prints[d].hash, document = part->first + d;
            if (hash % passes == pass && meet(met, hash))
                list->copies[document / 8] |= (uint8_t)(1 << document % 8);
        }
        chunk_prints_close(&prints);
        if (met->count >= most)
            return PASS_TOO_MANY;
    }
    return PASS_DONE;
}

int duplicate_list_find(struct duplicate_list *list, const struct chunk_plan *plan, uint64_t chunks,
                        uint64_t most, struct error *err)
{
    enum { LEAST_BITS = 4 };
    struct met met = {.bits = LEAST_BITS};
    *list = (struct duplicate_list){0};
    if (list_parts(list, plan, chunks, err) < 0)
        return -1;
    /* Half of the table stays free. */
    while ((UINT64_C(1) << met.bits) / 2 < min_u64(most, list->documents))
        met.bits++;
    list->table_bytes = sizeof *met.hashes << met.bits;
    met.hashes = memory_new((size_t)1 << met.bits, sizeof *met.hashes);
    list->copies = memory_new(list->documents / 8 + 1, 1);
    int status = PASS_DONE;
    for (uint64_t pass = 0, passes = list->documents / most + 1; pass < passes; pass++) {
        status = mark_copies(list, &met, plan, pass, passes, err);
        if (status < 0)
            break;
        if (status == PASS_TOO_MANY) { /* what is marked stays right */
            passes *= 2;
            pass = UINT64_MAX; /* from the first one on */
        }
    }
    free(met.hashes);
    return status < 0 ? -1 : 0;
}

size_t duplicate_list_documents(const struct duplicate_list *list, size_t part)
{
    const uint64_t end = part + 1 < list->count ? list->parts[part + 1].first : list->documents;
    return (size_t)(end - list->parts[part].first);
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
