#include "segments.h"

#include "lambert/base/error.h"

enum { PASSAGE_BLOCKS_LOG2 = 20 };

void segments_init(struct segments *segments, const uint16_t *lengths, uint32_t sentences,
                   uint64_t key, const struct cutting *cutting)
{
    struct rng rng;
    rng_init(&rng, key);
    require(cutting->max_tokens >= 2);
    *segments = (struct segments){.lengths = lengths,
                                  .sentences = sentences,
                                  .key = key,
                                  .pairs = cutting->pairs,
                                  .target = cutting->max_tokens};
    if (rng_uniform(&rng) < cutting->short_probability)
        segments->target = 2 + rng_below(&rng, cutting->max_tokens - 1);
}

/* Decides where A ends, and where B is from. */
static void split_passage(enum sentence_pairs pairs, struct passage *passage)
{
    const uint32_t sentences = passage->end - passage->first;
    passage->a_end = pairs == PAIRS_NONE ? passage->end : passage->first + 1;
    if (pairs != PAIRS_NONE && sentences >= 2)
        passage->a_end += rng_below(&passage->rng, sentences - 1);
    passage->random = passage->swapped = false;
    switch (pairs) {
    case PAIRS_NSP:
        passage->random = sentences == 1 || rng_uniform(&passage->rng) < 0.5;
        break;
    case PAIRS_SOP:
        passage->swapped = sentences >= 2 && rng_uniform(&passage->rng) < 0.5;
        break;
    case PAIRS_NONE:
        break;
    }
}

void segments_cut(const struct segments *segments, uint32_t first, struct passage *passage)
{
    uint32_t end = first, tokens = 0;
    require(first < segments->sentences);
    while (end < segments->sentences && tokens < segments->target)
        tokens += segments->lengths[end++];

    rng_init(&passage->rng, segments->key);
    passage->rng.block = ((uint64_t)first + 1) << PASSAGE_BLOCKS_LOG2;
    passage->first = first;
    passage->end = end;
    split_passage(segments->pairs, passage);
    passage->next = passage->random ? passage->a_end : end;
}

uint32_t segments_skip(const struct segments *segments, uint32_t first, uint64_t *passages)
{
    struct passage passage;
    for (; *passages > 0 && first < segments->sentences; --*passages) {
        segments_cut(segments, first, &passage);
        first = passage.next;
    }
    return first;
}

uint64_t segments_tokens(const uint16_t *lengths, uint32_t first, uint32_t end)
{
    uint64_t tokens = 0;
    for (uint32_t s = first; s < end; s++)
        tokens += lengths[s];
    return tokens;
}

/* How many of `lost` tokens go at the front: a fair coin is thrown for each, and a random number is
 * 32 coins. */
static uint64_t lost_in_front(uint64_t lost, struct rng *rng)
{
    uint64_t front = 0;
    for (; lost >= 32; lost -= 32)
        front += (uint64_t)__builtin_popcount(rng_u32(rng));
    if (lost > 0)
        front += (uint64_t)__builtin_popcount(rng_u32(rng) >> (32 - lost));
    return front;
}

/* Tokens are taken from the longer one until both are as long, then from B and A by turns. */
static void split_room(uint64_t *a_count, uint64_t *b_count, uint64_t room)
{
    uint64_t half = room / 2;
    if (*a_count + *b_count <= room)
        return;
    if (*b_count <= half) {
        *a_count = room - *b_count;
    } else if (*a_count <= room - half) {
        *b_count = room - *a_count;
    } else {
        *a_count = room - half;
        *b_count = half;
    }
}

struct truncation segments_truncate(uint64_t a_count, uint64_t b_count, uint32_t max_tokens,
                                    struct rng *rng)
{
    uint64_t a_left = a_count, b_left = b_count;
    split_room(&a_left, &b_left, max_tokens);
    uint64_t a_skip = lost_in_front(a_count - a_left, rng);
    uint64_t b_skip = lost_in_front(b_count - b_left, rng);
    return (struct truncation){.a_skip = (uint32_t)a_skip,
                               .a_count = (uint32_t)a_left,
                               .b_skip = (uint32_t)b_skip,
                               .b_count = (uint32_t)b_left};
}
