/* Text to WordPiece ids: BERT's BasicTokenizer and WordPiece as Google released them (cleaning, CJK
 * spacing, lower-casing with final sigma, NFD and accent stripping, punctuation splitting, greedy
 * longest match), uncased or cased. Unicode tables are utf8proc's; tokenizer_unicode_version() says
 * which. Special tokens in the text are text: "[MASK]" becomes [ mask ].
 *
 * Bytes that are not valid UTF-8 vanish, as Python decodes with errors="ignore", and are counted.
 *
 * A tokenizer has working memory and a cache from words to pieces (4 MB): one a thread, all sharing
 * the vocabulary, which must outlive it. */
#ifndef LAMBERT_TEXT_TOKENIZER_H
#define LAMBERT_TEXT_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/text/tokenizer_options.h"
#include "lambert/text/vocabulary.h"

/* What a tokenizer has seen so far. */
struct tokenizer_counts {
    uint64_t words;         /* whitespace- and punctuation-split */
    uint64_t unknown_words; /* of these [UNK] */
    uint64_t pieces;
    uint64_t invalid_bytes;
    uint64_t characters; /* of the text */
    uint64_t accents;    /* of these: those that lost accents, or were one */
};

struct tokenizer;

struct tokenizer *tokenizer_new(const struct vocabulary *vocabulary,
                                const struct tokenizer_options *options);
void tokenizer_free(struct tokenizer *tokenizer); /* NULL is fine */

/* Of a tokenizer that has read nothing yet: of text that is segmented, its words parted by white space (as
 * jieba and MeCab write Chinese and Japanese), it is to say which pieces belong together. The id of a piece
 * that goes on with what white space parts, where neither it nor what stands before it is punctuation, is
 * appended as its complement, ~id, which is below 0. In a word without Chinese characters these are the pieces
 * that have "##". */
void tokenizer_tell_words(struct tokenizer *tokenizer);

/* Of a tokenizer that has read nothing yet: every word that is [UNK] is handed to `unknown`, normalised, as UTF-8
 * (not NUL-terminated), each time it is met. */
void tokenizer_tell_unknown(struct tokenizer *tokenizer,
                            void (*unknown)(void *context, const char *word, size_t size),
                            void *context);

/* Appends the ids of text as int32_t to ids; returns how many. No special tokens are added. */
size_t tokenizer_encode(struct tokenizer *tokenizer, const char *text, size_t size,
                        struct buffer *ids);

struct tokenizer_counts tokenizer_counts(const struct tokenizer *tokenizer);

/* The normalised words of a text, as the vocabulary trainer counts them: each is handed to `word`
 * as UTF-8 (not NUL-terminated), in order. What it counts has no pieces, and no unknown words. */
struct tokenizer_counts tokenizer_words(const char *text, size_t size,
                                        const struct tokenizer_options *options,
                                        void (*word)(void *context, const char *text, size_t size),
                                        void *context);

const char *tokenizer_unicode_version(void); /* "15.0.0" */

#endif
