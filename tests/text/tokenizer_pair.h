/* The tokenizer and its slow twin (slow_tokenizer.h) side by side.
 *
 *     tokenizer_pair_init(&pair, &vocabularies, &options);
 *     same = tokenizer_pair_agree(&pair, text, size);       any number of times
 *     if (!same) tokenizer_pair_report(&pair, stderr, text, size);
 *     tokenizer_pair_release(&pair);
 *
 * One thread a pair; vocabularies may be shared. */
#ifndef LAMBERT_TESTS_TEXT_TOKENIZER_PAIR_H
#define LAMBERT_TESTS_TEXT_TOKENIZER_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lambert/text/tokenizer.h"
#include "slow_tokenizer.h"

/* One vocab.txt, twice. */
struct vocabulary_pair {
    struct vocabulary *fast;
    struct slow_vocabulary *slow;
};

/* Ends the process when the text is no vocabulary. */
void vocabulary_pair_init(struct vocabulary_pair *pair, const struct buffer *vocab_txt);
void vocabulary_pair_release(struct vocabulary_pair *pair);

/* Appends a vocab.txt: the special tokens, English words and their endings, and every code point up
 * to U+323AF (ideographs end there) and of U+E0000..E01FF, but for controls and surrogates, to
 * begin a word and inside it: no word is unknown for its characters, so ids show what became of
 * each. */
void put_vocabulary_of_all_characters(struct buffer *vocab_txt);

struct tokenizer_pair {
    const struct vocabulary_pair *vocabularies;
    struct tokenizer_options options;
    struct tokenizer *fast;
    struct tokenizer_counts counts; /* of `fast`, before the last text */
    struct buffer words, ids;       /* what the fast one said last */
    struct slow_result slow;
};

void tokenizer_pair_init(struct tokenizer_pair *pair, const struct vocabulary_pair *vocabularies,
                         const struct tokenizer_options *options);
void tokenizer_pair_release(struct tokenizer_pair *pair);

/* Whether both say the same of a text: words, ids, counts. The fast one keeps its cache from text
 * to text. */
bool tokenizer_pair_agree(struct tokenizer_pair *pair, const char *text, size_t size);

/* Takes bytes out of a text while tokenizers made anew still disagree. false: they agree from the
 * start, so what went before (the cache) matters. */
bool tokenizer_pair_shrink(const struct tokenizer_pair *pair, struct buffer *text);

/* The text as escaped bytes, and words and ids of both. */
void tokenizer_pair_report(struct tokenizer_pair *pair, FILE *out, const char *text, size_t size);

#endif
