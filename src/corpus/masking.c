#include "masking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/error.h"
#include "lambert/base/memory.h"

int masking_count(const struct masking_options *options, int tokens)
{
    int count = (int)rint(tokens * options->probability);
    if (count < 1)
        count = 1;
    return options->max_predictions > 0 && count > options->max_predictions
               ? options->max_predictions
               : count;
}

void masking_memory_init(struct masking_memory *memory, int longest_sequence)
{
    size_t size = (size_t)longest_sequence;
    *memory = (struct masking_memory){.order = memory_new(size, sizeof *memory->order),
                                      .starts = memory_new(size + 1, sizeof *memory->starts),
                                      .deck = memory_new(size, sizeof *memory->deck),
                                      .chosen = memory_new(size, sizeof *memory->chosen),
                                      .capacity = longest_sequence};
}

void masking_memory_release(struct masking_memory *memory)
{
    free(memory->order);
    free(memory->starts);
    free(memory->deck);
    free(memory->chosen);
    *memory = (struct masking_memory){0};
}

/* Positions in order, and where in them each word begins; the number of words. As in the original a
 * "##" piece belongs to the word before it, even across a [SEP]; where there is none before it, it
 * is a word. */
static int find_words(const struct masking_options *options, struct masking_memory *memory,
                      const int32_t *ids, int tokens, int a_end)
{
    int words = 0, positions = 0;
    for (int p = 1; p < tokens - 1; p++) {
        if (p == a_end)
            continue;
        if (words == 0 || !options->whole_words || !options->continuation[ids[p]])
            memory->starts[words++] = positions;
        memory->order[positions++] = p;
    }
    memory->starts[words] = positions;
    return words;
}

/* 80% [MASK], 10% as it was, 10% any entry of the vocabulary. */
static int32_t hide(const struct masking_options *options, struct rng *rng, int32_t id)
{
    if (rng_uniform(rng) < 0.8)
        return options->mask_id;
    if (rng_uniform(rng) < 0.5)
        return id;
    return (int32_t)rng_below(rng, (uint32_t)options->vocabulary_size);
}

/* Picks words at random until `count` tokens are picked; passes over words that have too many. */
static int pick_words(struct masking_memory *memory, int words, int count, struct rng *rng)
{
    const int32_t *starts = memory->starts;
    int32_t *deck = memory->deck;
    int picked = 0;
    for (int w = 0; w < words; w++)
        deck[w] = w;
    for (int i = 0; i < words && picked < count; i++) {
        int j = i + (int)rng_below(rng, (uint32_t)(words - i));
        int32_t word = deck[j];
        deck[j] = deck[i];
        int size = starts[word + 1] - starts[word];
        if (picked + size > count)
            continue;
        for (int32_t k = starts[word]; k < starts[word + 1]; k++)
            memory->chosen[memory->order[k]] = 1;
        picked += size;
    }
    return picked;
}

int masking_apply(const struct masking_options *options, struct masking_memory *memory,
                  struct rng *rng, int32_t *ids, int tokens, int a_end, int32_t *positions,
                  int32_t *labels)
{
    require(tokens >= 5 && tokens <= memory->capacity && a_end > 1 && a_end < tokens - 2);
    memset(memory->chosen, 0, (size_t)tokens);
    int words = find_words(options, memory, ids, tokens, a_end);
    int picked = pick_words(memory, words, masking_count(options, tokens), rng);
    for (int p = 0, m = 0; m < picked; p++)
        if (memory->chosen[p]) {
            positions[m] = p;
            labels[m++] = ids[p];
            ids[p] = hide(options, rng, ids[p]);
        }
    return picked;
}
