/* The pairs of neighbouring pieces that wait to be merged, best first: highest count, then smallest
 * text of the left piece, then of the right one.
 *
 * A heap that is put right late. Counts change all the time; an entry holds the count that its pair
 * had when it was pushed, and is looked at again only when it comes to the top. That works as long
 * as no pair has more than its entry says, so whoever raises a count calls pair_queue_raise(). */
#ifndef LAMBERT_TEXT_PAIR_QUEUE_H
#define LAMBERT_TEXT_PAIR_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text_table.h"

struct pair {
    uint32_t left, right; /* pieces */
    int64_t count;        /* neighbours now, each word as often as it occurs */
    int64_t queued;       /* count of the entry in the queue, 0: none */
    uint32_t *positions;  /* of left symbols; some no longer hold the pair */
    uint32_t position_count, position_capacity;
};

struct pair_queue {
    const struct text_table *pieces;
    int64_t min_count; /* pairs below are not queued */
    struct pair_entry {
        int64_t count;
        uint32_t pair;
        uint32_t left, right;
    } * entries; /* [count], a binary heap */
    size_t count, capacity;
};

void pair_queue_init(struct pair_queue *queue, const struct text_table *pieces, int64_t min_count);
void pair_queue_release(struct pair_queue *queue);

/* pairs[number].count may have risen. */
void pair_queue_raise(struct pair_queue *queue, struct pair *pairs, uint32_t number);

/* Takes the best pair out; false: none is left. */
bool pair_queue_pop(struct pair_queue *queue, struct pair *pairs, uint32_t *number);

#endif
