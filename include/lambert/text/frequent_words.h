/* The commonest words of a stream of any length, in bounded memory: the summary of Misra and Gries (Finding
 * repeated elements, 1982). Of N words it holds at most `most` different ones; a count is never too large, and too
 * small by no more than frequent_words_missing(), which is at most N / (most + 1): 0 as long as there are no more
 * different words than that. Summaries can be joined (Agarwal and others, Mergeable summaries, 2012) under the same
 * bound. What comes out depends on what is added and joined in which order, and on nothing else. */
#ifndef LAMBERT_TEXT_FREQUENT_WORDS_H
#define LAMBERT_TEXT_FREQUENT_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"

struct frequent_words;

/* Of a longer word its beginning stands for it, with "..." behind. */
enum { FREQUENT_WORD_BYTES = 64 };

struct frequent_words *frequent_words_new(uint32_t most);
void frequent_words_free(struct frequent_words *words); /* NULL is fine */
void frequent_words_reset(struct frequent_words *words);

void frequent_words_add(struct frequent_words *words, const char *word, size_t size);

/* As bytes; and joins what was put so. -1: these are not such bytes, and some may have been joined. */
void frequent_words_put(struct frequent_words *words, struct buffer *out);
int frequent_words_join(struct frequent_words *words, const void *data, size_t size);

struct frequent_word {
    const char *text; /* [size], valid until more is added; a NUL follows */
    size_t size;
    uint64_t count;
};

/* The commonest, at most `most`; of those as common, the smaller by their bytes. Returns how many. */
int frequent_words_commonest(struct frequent_words *words,
                             struct frequent_word *commonest /* [most] */, int most);
uint64_t frequent_words_missing(const struct frequent_words *words);

#endif
