/* A WordPiece vocabulary: tokens and their ids, as in BERT's vocab.txt (one token a line, the
 * line's number is the id; a word's continuation pieces begin with "##").
 *
 * Read-only once loaded: threads share one. White space around a token is dropped, as in Google's
 * loader. A vocabulary that lacks [PAD], [UNK], [CLS], [SEP] or [MASK], or is not UTF-8, is
 * refused. Where a token stands twice its last line wins, as in Google's loader, and the log says
 * so once. `hash` identifies the contents (of the file's bytes) in corpora and checkpoints. */
#ifndef LAMBERT_TEXT_VOCABULARY_H
#define LAMBERT_TEXT_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"

struct vocabulary;

int vocabulary_load(struct vocabulary **vocabulary, const char *path, struct error *err);
/* From the bytes of a vocab.txt; `name` is for error sentences. */
int vocabulary_parse(struct vocabulary **vocabulary, const char *name, const void *data,
                     size_t size, struct error *err);
void vocabulary_free(struct vocabulary *vocabulary); /* NULL is fine */

int vocabulary_size(const struct vocabulary *vocabulary);
uint64_t vocabulary_hash(const struct vocabulary *vocabulary);
/* The bytes it was made from. */
const char *vocabulary_text(const struct vocabulary *vocabulary, size_t *size);

/* The token of an id (0 <= id < size), and the id of a token or -1. */
const char *vocabulary_token(const struct vocabulary *vocabulary, int32_t id);
int32_t vocabulary_find(const struct vocabulary *vocabulary, const char *token, size_t length);

struct special_tokens {
    int32_t pad, unk, cls, sep, mask;
};
struct special_tokens vocabulary_special_tokens(const struct vocabulary *vocabulary);

/* For each id, whether it is a "##" piece; [size] bytes. */
const uint8_t *vocabulary_continuation(const struct vocabulary *vocabulary);

/* [internal to the layer] All tokens, for the longest match. */
struct piece_trie;
const struct piece_trie *vocabulary_trie(const struct vocabulary *vocabulary);

#endif
