/* Learns a WordPiece vocabulary from text: byte-pair merges by highest count over the words of the
 * corpus, continuation pieces marked "##", as Hugging Face's WordPiece trainer does. The entries
 * are
 *   1. the special tokens [PAD] [UNK] [CLS] [SEP] [MASK],
 *   2. the alphabet, the most frequent characters, by code point,
 *   3. as "##c", by code point, those that stand behind another character in a word,
 *   4. merged pieces in the order they were learnt.
 * Where the text runs out of pairs before there are as many entries as wanted, it is learnt once more with as
 * many characters more as there was room left for.
 * Unlike there, the result is a function of the multiset of words alone: every tie is broken by the
 * text of the pieces (left, then right; smaller bytes first), so neither the order of the input nor
 * threads or ranks change a byte.
 *
 * A word with a character outside the alphabet, or with more than 200 characters, is [UNK] to the
 * tokenizer whatever the vocabulary, so nothing but the alphabet's counts is learnt from the former
 * and nothing from the latter. (Hugging Face drops the character and learns across the gap.) Every
 * other word of the text can be spelt with the result.
 *
 *     trainer = vocabulary_trainer_new(&options);
 *     vocabulary_trainer_add(trainer, text, size);      any number of times
 *     vocabulary_trainer_learn(trainer, &out, err);     out: the bytes of a vocab.txt
 *     vocabulary_trainer_free(trainer);
 *
 * Memory stays within options.memory_bytes, first for words that are counted, then for pairs that are learnt from,
 * beside the text and the words of one chunk a thread. Text is counted in chunks of a size that does not depend on who
 * counts them; of a large text, one of more than 64 chunks (of which a large compressed file, one that is read from its
 * beginning otherwise, as JSON in an array, and a stream are one each, however many parts of that size they have), words
 * that occur once in a chunk are left out of that chunk's counts, and where the
 * words do not fit, those that occur less than 2, 4, 8, 16 times (word_tally.h), which depends on the text alone; then
 * the most frequent words are learnt from: `most_words`, and no more than there is memory for.
 *
 * vocabulary_trainer_read() does that over the threads of one rank; several ranks do it each with a
 * trainer of its own:
 *
 *     vocabulary_trainer_read(mine, &inputs, rank, ranks, err);
 *     more = vocabulary_trainer_save(mine, &place, size, &bytes)      on each rank, until there is no more,
 *     vocabulary_trainer_load(all, bytes, size, err)                  on one
 *
 * Counts add up, so the order does not matter. */
#ifndef LAMBERT_TEXT_VOCABULARY_TRAINER_H
#define LAMBERT_TEXT_VOCABULARY_TRAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/text/input_list.h"
#include "lambert/text/left_out_places.h"
#include "lambert/text/text_options.h"
#include "lambert/text/tokenizer_options.h"

struct vocabulary_trainer_options {
    int size;              /* entries wanted, special tokens included */
    int alphabet_limit;    /* most frequent characters kept; BERT-like: 1000 */
    int64_t min_frequency; /* of a merged pair; 2 */
    int most_words;        /* distinct words that are learnt from; 4,000,000 */
    uint64_t memory_bytes; /* of a rank, as said above; 4 GB */
    struct tokenizer_options tokenizer;
    struct text_options text;
};

/* 30522, 1000, 2, 4000000, 4 GB, tokenizer_defaults */
extern const struct vocabulary_trainer_options vocabulary_trainer_defaults;

struct vocabulary_trainer;

struct vocabulary_trainer *vocabulary_trainer_new(const struct vocabulary_trainer_options *options);
void vocabulary_trainer_free(struct vocabulary_trainer *trainer);

/* As one chunk. */
void vocabulary_trainer_add(struct vocabulary_trainer *trainer, const char *text, size_t size);

enum { VOCABULARY_CHUNK_BYTES = 16 << 20 };

/* Adds the words of all documents in the chunks of the inputs (which were looked at, text/input_look.h) that
 * are this rank's, over all threads, as text of 16 MB a chunk. A file that cannot be read is an error, as is too little
 * memory, and some words are then counted. */
int vocabulary_trainer_read(struct vocabulary_trainer *trainer, const struct input_list *inputs,
                            int rank, int ranks, struct error *err);

/* How far a trainer has been saved; all 0: not at all. */
struct vocabulary_trainer_place {
    int bin;
    uint32_t word;
};

/* Appends what was counted, some `bytes` of it from `place` on, as bytes for another rank of the same job; true: there
 * is more. What was saved by any ranks, in any order, is added by loading it; bytes that are not such are a bug. Fails
 * where the words of all do not fit. */
bool vocabulary_trainer_save(const struct vocabulary_trainer *trainer,
                             struct vocabulary_trainer_place *place, size_t bytes,
                             struct buffer *out);
int vocabulary_trainer_load(struct vocabulary_trainer *into, const void *data, size_t size,
                            struct error *err);

/* Of the characters; the words with the others are [UNK]. */
#define VOCABULARY_WELL_COVERED 0.999

struct vocabulary_trainer_counts {
    uint64_t words; /* running words seen */
    uint64_t distinct_words;
    uint64_t least; /* a word counted where a chunk has it so many times */
    uint64_t invalid_bytes;
    uint64_t text_characters;
    uint64_t accents;      /* of these: that lost accents, or were one */
    int entries;           /* of the learnt vocabulary; fewer than wanted when the text ran out of
                    pairs that occur min_frequency times */
    uint32_t alphabet;     /* characters in it ... */
    uint32_t characters;   /* ... of so many different ones */
    double alphabet_share; /* of the text's characters, that it covers; 0 to 1 */
    uint32_t wanted_alphabet; /* characters that would cover VOCABULARY_WELL_COVERED */
    uint32_t wanted_size;     /* entries that those alone would take */
};
struct vocabulary_trainer_counts
vocabulary_trainer_counts(const struct vocabulary_trainer *trainer);

/* What of the JSON that was read is in no document. */
void vocabulary_trainer_left_out(struct vocabulary_trainer *trainer, struct left_out_places *all);

/* Appends the bytes of a vocab.txt. Fails when no word was added, or when the size cannot hold
 * special tokens and alphabet. */
int vocabulary_trainer_learn(struct vocabulary_trainer *trainer, struct buffer *vocab_txt,
                             struct error *err);

#endif
