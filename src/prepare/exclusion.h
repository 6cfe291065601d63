/* Texts that are not to be trained on, those of test sets: a document that shares a run of N words (an
 * n-gram, N = 13 as for GPT-3 and The Pile) with one of them is left out of the corpus.
 *
 * Words are those of BERT's uncased tokenizer (text/tokenizer.h): lower-cased, without accents, cut at
 * white space and punctuation, an ideograph each a word; those that are punctuation are left out. So
 * neither case, quotes and dashes nor line ends make a difference. An n-gram lies within one document,
 * across its lines, and within one text of a test set (exclusion_texts.h). A text of fewer than N words has
 * none, and excludes nothing.
 *
 * What is kept of an n-gram is its 64-bit hash: 32 to 64 bytes of memory for each that differs. A
 * document that shares none is taken for one that does with a chance of (n-grams kept) x (words of it)
 * / 2^64: among 10 million n-grams and 10 billion words, once in 200 corpora. */
#ifndef LAMBERT_PREPARE_EXCLUSION_H
#define LAMBERT_PREPARE_EXCLUSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/text/input_list.h"

enum { EXCLUSION_LEAST_WORDS = 2, EXCLUSION_MOST_WORDS = 100 };

struct excluded_ngram {
    uint64_t hash; /* 0: the place is free */
    uint64_t file; /* the first that has it */
};

enum { EXCLUSION_BARREN_NAMED = 3 };

struct exclusion {
    int words; /* of an n-gram: N */
    struct text_options text;
    struct input_list files;
    int barren_files;                   /* without an n-gram: they exclude nothing */
    int barren[EXCLUSION_BARREN_NAMED]; /* the first of them */
    struct excluded_ngram *table;       /* [mask + 1], open addressing, at most half full */
    size_t mask;
    uint64_t ngrams;             /* different ones */
    uint64_t texts, short_texts; /* of all; of fewer than N words */
    uint64_t hash;               /* of all n-grams and of N, whatever their order */
};

/* Reads the files that `input` names: a file, a folder or a pattern (input_list_open()). They are looked at as the
 * text is (text/input_look.h), with the same encoding, which must outlive the exclusion: what is no text is refused
 * by name. Fails when there is no n-gram in them, where something in their JSON is damaged, for standard input, and for
 * a pipe that several ranks would read. */
int exclusion_open(struct exclusion *exclusion, const char *input, int words, const char *encoding,
                   int ranks, struct error *err);
void exclusion_close(struct exclusion *exclusion); /* fine on a zeroed one */

size_t exclusion_memory(const struct exclusion *exclusion); /* bytes */

/* Where a text meets it first. */
struct exclusion_match {
    uint64_t first_word; /* of the n-gram, counted from 0 */
    uint64_t file;       /* of exclusion.files */
};

/* Any number of threads at once. */
bool exclusion_find(const struct exclusion *exclusion, const char *text, size_t size,
                    struct exclusion_match *match);

/* Appends the words of the n-gram that was found, with spaces between. */
void exclusion_print(const struct exclusion *exclusion, const char *text, size_t size,
                     const struct exclusion_match *match, struct buffer *out);

#endif
