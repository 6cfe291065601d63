#include "pair_queue.h"

#include <stdlib.h>

#include "lambert/base/array.h"

void pair_queue_init(struct pair_queue *queue, const struct text_table *pieces, int64_t min_count)
{
    *queue = (struct pair_queue){.pieces = pieces, .min_count = min_count};
}

void pair_queue_release(struct pair_queue *queue)
{
    free(queue->entries);
    *queue = (struct pair_queue){0};
}

static bool better(const struct pair_queue *queue, const struct pair_entry *a,
                   const struct pair_entry *b)
{
    if (a->count != b->count)
        return a->count > b->count;
    if (a->left != b->left)
        return text_table_compare(queue->pieces, a->left, b->left) < 0;
    return a->right != b->right && text_table_compare(queue->pieces, a->right, b->right) < 0;
}

static void push(struct pair_queue *queue, struct pair_entry entry)
{
    ARRAY_RESERVE(queue->entries, queue->count + 1, queue->capacity);
    size_t hole = queue->count++;
    while (hole > 0 && better(queue, &entry, &queue->entries[(hole - 1) / 2])) {
        queue->entries[hole] = queue->entries[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    queue->entries[hole] = entry;
}

static struct pair_entry pop(struct pair_queue *queue)
{
    struct pair_entry top = queue->entries[0], last = queue->entries[--queue->count];
    size_t hole = 0;
    for (;;) {
        size_t child = 2 * hole + 1;
        if (child + 1 < queue->count &&
            better(queue, &queue->entries[child + 1], &queue->entries[child]))
            child++;
        if (child >= queue->count || !better(queue, &queue->entries[child], &last))
            break;
        queue->entries[hole] = queue->entries[child];
        hole = child;
    }
    queue->entries[hole] = last;
    return top;
}

void pair_queue_raise(struct pair_queue *queue, struct pair *pairs, uint32_t number)
{
    struct pair *pair = &pairs[number];
    if (pair->count <= pair->queued || pair->count < queue->min_count)
        return;
    pair->queued = pair->count;
    push(queue, (struct pair_entry){pair->count, number, pair->left, pair->right});
}

bool pair_queue_pop(struct pair_queue *queue, struct pair *pairs, uint32_t *number)
{
    while (queue->count > 0) {
        struct pair_entry entry = pop(queue);
        struct pair *pair = &pairs[entry.pair];
        if (entry.count != pair->queued)
            continue; /* a later entry stands for the pair */
        pair->queued = 0;
        if (entry.count == pair->count) {
            *number = entry.pair;
            return true;
        }
        pair_queue_raise(queue, pairs, entry.pair);
    }
    return false;
}
