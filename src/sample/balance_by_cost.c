#include <stdlib.h>

#include "lambert/base/error.h"
#include "lambert/base/memory.h"
#include "lambert/sample/batch_source.h"

/* In units of 1 / 2048, so that loads add up exactly and every rank sees the same order. Attention
 * costs as much as the rest at some 4,900 tokens in BERT-Base, 4,000 to 6,300 in Large and 800 in a
 * model of width 128, but a deal to equal counts, longest first, hardly depends on that length: none
 * of these instead of 2048 would change how evenly the ranks are loaded by 1 part in 1,000. */
static uint64_t cost(int length)
{
    uint64_t t = (uint64_t)length;
    return 2048 * t + t * t;
}

struct hand {
    uint64_t load;
    int rank;
    int count;
};

/* A heap with the least loaded hand on top, the lower rank among equals. */
struct deal {
    struct hand *heap; /* [size] */
    int size;
    int floor;  /* every rank gets this many ... */
    int extras; /* ... and so many ranks one more, still to be given */
};

static int before(const struct hand *a, const struct hand *b)
{
    return a->load != b->load ? a->load < b->load : a->rank < b->rank;
}

static void sift_down(struct deal *deal)
{
    struct hand moving = deal->heap[0];
    int place = 0;
    for (int child; (child = 2 * place + 1) < deal->size; place = child) {
        if (child + 1 < deal->size && before(&deal->heap[child + 1], &deal->heap[child]))
            child++;
        if (!before(&deal->heap[child], &moving))
            break;
        deal->heap[place] = deal->heap[child];
    }
    deal->heap[place] = moving;
}

/* Takes hands that are full off the top. */
static void drop_full(struct deal *deal)
{
    while (deal->heap[0].count >= deal->floor + (deal->extras > 0)) {
        deal->heap[0] = deal->heap[--deal->size];
        sift_down(deal);
    }
}

/* The rank that gets the next sequence. */
static int give(struct deal *deal, int length)
{
    drop_full(deal);
    struct hand *hand = deal->heap;
    int rank = hand->rank;
    hand->load += cost(length);
    if (++hand->count > deal->floor)
        deal->extras--;
    sift_down(deal);
    return rank;
}

/* order [count] = numbers of the sequences, longest first, the lower number among equals. */
static void sort_by_length(const int *lengths, int count, int *order)
{
    int longest = 0;
    for (int i = 0; i < count; i++)
        longest = lengths[i] > longest ? lengths[i] : longest;
    int *place = memory_new((size_t)longest + 2, sizeof *place); /* of the first of each length */
    for (int i = 0; i < count; i++)
        place[lengths[i]]++;
    for (int length = longest, sum = 0; length >= 0; length--) {
        int here = place[length];
        place[length] = sum;
        sum += here;
    }
    for (int i = 0; i < count; i++)
        order[place[lengths[i]]++] = i;
    free(place);
}

static int by_number(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

int balance_by_cost(const int *lengths, int count, int ranks, int rank, int *chosen)
{
    require(ranks > 0 && rank >= 0 && rank < ranks);
    int *order = memory_new((size_t)count, sizeof *order);
    struct deal deal = {.heap = memory_new((size_t)ranks, sizeof *deal.heap),
                        .size = ranks,
                        .floor = count / ranks,
                        .extras = count % ranks};
    int mine = 0;
    for (int r = 0; r < ranks; r++)
        deal.heap[r].rank = r;
    sort_by_length(lengths, count, order);
    for (int i = 0; i < count; i++)
        if (give(&deal, lengths[order[i]]) == rank)
            chosen[mine++] = order[i];
    qsort(chosen, (size_t)mine, sizeof *chosen, by_number);
    free(order);
    free(deal.heap);
    return mine;
}
