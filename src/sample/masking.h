/* Choosing and hiding the tokens of one sequence that the model is to guess:
 * create_masked_lm_predictions() of Google's create_pretraining_data.py, and ALBERT's spans. */
#ifndef LAMBERT_SAMPLE_MASKING_H
#define LAMBERT_SAMPLE_MASKING_H

#include <stdint.h>

#include "lambert/base/rng.h"
#include "lambert/sample/sampling.h"

struct masking_options {
    struct sampling sampling;
    int max_predictions; /* 0: no limit */
    int32_t mask_id;
    int vocabulary_size;
    const uint8_t *continuation; /* [vocabulary_size], "##" pieces; for words and spans */
};

/* ids [tokens] = [CLS] A [SEP] B [SEP], or [CLS] A [SEP]; the first [SEP] at position a_end. */
struct masked_sequence {
    int32_t *ids;
    const uint8_t
        *begins_word; /* [tokens], 1 where a word of A or B begins, as the corpus says; NULL: words
                                   are what "##" says */
    int tokens, a_end;
};

/* min(max_predictions, max(1, tokens * masked_lm_probability)), rounded half to even as Python 3
 * rounds. */
int masking_count(const struct masking_options *options, int tokens);

struct masking_memory {
    int32_t *order;  /* [capacity], positions that may be chosen, ascending */
    int32_t *starts; /* [capacity + 1], where in them each word begins */
    int32_t *deck;   /* [capacity], words not drawn yet */
    uint8_t *chosen; /* [capacity], by position */
    int capacity;
};
void masking_memory_init(struct masking_memory *memory, int longest_sequence);
void masking_memory_release(struct masking_memory *memory);

/* Hides tokens in place and writes where, ascending, and what stood there: positions, labels
 * [masking_count]. Returns how many, at least 1; fewer than masking_count() only when some whole
 * words do not fit or there are too few tokens.
 *
 * Where every word has more tokens than are wanted, Google's program masks nothing, though it wants
 * at least one token. Here single tokens are masked in such a sequence, as if the unit were
 * MASK_TOKENS: it teaches something, and max_predictions and what memory is planned for hold, which
 * a whole word would break.
 *
 * A word that the corpus tells of is in one segment; of one that "##" tells of, see masking.c.
 *
 * Spans are of whole words, in one segment. Their lengths are drawn in turn; one that meets a span
 * before it, the end of its segment or the number of tokens still wanted ends there. */
int masking_apply(const struct masking_options *options, struct masking_memory *memory,
                  struct rng *rng, const struct masked_sequence *sequence, int32_t *positions,
                  int32_t *labels);

#endif
