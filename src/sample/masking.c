#include "masking.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/error.h"
#include "lambert/base/memory.h"

int masking_count(const struct masking_options *options, int tokens)
{
    int count = (int)rint(tokens * options->sampling.masked_lm_probability);
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

static bool begins_word(const struct masking_options *options,
                        const struct masked_sequence *sequence, int p)
{
    const bool told = sequence->begins_word != NULL, begins_b = p == sequence->a_end + 1;
    const bool continues = told ? !sequence->begins_word[p]
                                : options->continuation && options->continuation[sequence->ids[p]];
    switch (options->sampling.masking) {
    case MASK_TOKENS:
        return true;
    case MASK_WHOLE_WORDS:
        return !continues || (told && begins_b);
    case MASK_SPANS:
        return !continues || begins_b;
    }
    bug("there is no masking unit %d", (int)options->sampling.masking);
}

/* Positions in order, and where in them each word begins; the number of words. As in the original a
 * "##" piece belongs to the word before it, even across a [SEP] (but for spans, and for words that the corpus
 * tells of, which are ours); where there is none before it, it is a word. */
static int find_words(const struct masking_options *options, struct masking_memory *memory,
                      const struct masked_sequence *sequence)
{
    int words = 0, positions = 0;
    for (int p = 1; p < sequence->tokens - 1; p++) {
        if (p == sequence->a_end)
            continue;
        if (words == 0 || begins_word(options, sequence, p))
            memory->starts[words++] = positions;
        memory->order[positions++] = p;
    }
    memory->starts[words] = positions;
    return words;
}

static int32_t hide(const struct masking_options *options, struct rng *rng, int32_t id)
{
    const double others = 1 - options->sampling.mask_replace_prob;
    if (rng_uniform(rng) < options->sampling.mask_replace_prob)
        return options->mask_id;
    if (rng_uniform(rng) < 1 - options->sampling.random_replace_prob / others)
        return id;
    return (int32_t)rng_below(rng, (uint32_t)options->vocabulary_size);
}

/* n of [1, longest] with probability (1/n) / (1/1 + 1/2 + ... + 1/longest). */
static int draw_span(int longest, struct rng *rng)
{
    double all = 0;
    for (int n = 1; n <= longest; n++)
        all += 1.0 / n;
    double left = rng_uniform(rng) * all;
    int n = 1;
    while (n < longest && (left -= 1.0 / n) >= 0)
        n++;
    return n;
}

static bool is_chosen(const struct masking_memory *memory, int word)
{
    return memory->chosen[memory->order[memory->starts[word]]];
}

/* Words follow each other when no [SEP] lies between them. */
static bool is_next_word(const struct masking_memory *memory, int word)
{
    const int32_t *first = memory->order + memory->starts[word];
    return first[0] == first[-1] + 1;
}

/* Chooses up to `span` words from `word` on, of no more than `room` tokens; the number of tokens.
 */
static int choose_words(struct masking_memory *memory, int words, int word, int span, int room)
{
    const int32_t *starts = memory->starts;
    int picked = 0;
    for (int w = word; w < words && w < word + span && !is_chosen(memory, w); w++) {
        const int size = starts[w + 1] - starts[w];
        if (picked + size > room || (w > word && !is_next_word(memory, w)))
            break;
        for (int32_t k = starts[w]; k < starts[w + 1]; k++)
            memory->chosen[memory->order[k]] = 1;
        picked += size;
    }
    return picked;
}

/* How many words are hidden together, the next time. */
static int draw_words(const struct sampling *sampling, struct rng *rng)
{
    switch (sampling->masking) {
    case MASK_TOKENS:
    case MASK_WHOLE_WORDS:
        return 1;
    case MASK_SPANS:
        return draw_span(sampling->longest_span, rng);
    }
    bug("there is no masking unit %d", (int)sampling->masking);
}

/* Picks words, or spans that begin with them, at random until `count` tokens are picked; passes
 * over words that have too many. */
static int choose_tokens(const struct masking_options *options, struct masking_memory *memory,
                         const struct masked_sequence *sequence, struct rng *rng)
{
    const int count = masking_count(options, sequence->tokens);
    const int words = find_words(options, memory, sequence);
    int32_t *deck = memory->deck;
    int picked = 0;
    for (int w = 0; w < words; w++)
        deck[w] = w;
    for (int i = 0; i < words && picked < count; i++) {
        int j = i + (int)rng_below(rng, (uint32_t)(words - i));
        int32_t word = deck[j];
        deck[j] = deck[i];
        picked +=
            choose_words(memory, words, word, draw_words(&options->sampling, rng), count - picked);
    }
    return picked;
}

int masking_apply(const struct masking_options *options, struct masking_memory *memory,
                  struct rng *rng, const struct masked_sequence *sequence, int32_t *positions,
                  int32_t *labels)
{
    int32_t *ids = sequence->ids;
    require(sequence->tokens >= 3 && sequence->tokens <= memory->capacity && sequence->a_end > 1 &&
            sequence->a_end < sequence->tokens);
    memset(memory->chosen, 0, (size_t)sequence->tokens);
    struct masking_options single = *options;
    single.sampling.masking = MASK_TOKENS;
    int picked = choose_tokens(options, memory, sequence, rng);
    if (picked == 0) /* no word fits */
        picked = choose_tokens(&single, memory, sequence, rng);
    for (int p = 0, m = 0; m < picked; p++)
        if (memory->chosen[p]) {
            positions[m] = p;
            labels[m++] = ids[p];
            ids[p] = hide(options, rng, ids[p]);
        }
    return picked;
}
