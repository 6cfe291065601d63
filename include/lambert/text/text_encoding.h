/* How the characters of a file are written as bytes: in UTF-8, in what its byte-order mark says, or in
 * what the user says (--encoding). */
#ifndef LAMBERT_TEXT_TEXT_ENCODING_H
#define LAMBERT_TEXT_TEXT_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"

/* More than this part of a file's bytes being no character, it is not in the encoding that it is read
 * in. */
#define TEXT_MOST_INVALID 0.01

/* The encoding that a byte-order mark at the beginning says, and the size of the mark: UTF-16 and
 * UTF-32 of either order, "UTF-8"; NULL and 0 where there is none. */
const char *text_encoding_of_mark(const void *bytes, size_t size, size_t *mark);

/* Whether the name means UTF-8, which is read as it is. NULL does. */
bool text_encoding_is_utf8(const char *encoding);

/* Bytes of its smallest character: 2 and 4 for UTF-16 and UTF-32, else 1. */
size_t text_encoding_unit(const char *encoding);

/* Fails, with a sentence, where the system's iconv does not know the name. */
int text_encoding_check(const char *encoding, struct error *err);

/* How many bytes of a text stand before the first that is not valid UTF-8: all, where there is none. */
size_t text_valid_size(const char *text, size_t size);

/* How many bytes of a text stand before a character of UTF-8 that its end cuts off: all, where it cuts off none. */
size_t text_whole_size(const char *text, size_t size);

/* The bytes of a text that are not valid UTF-8, counted as the tokenizer leaves them out: one by one,
 * until the next character. A character that is cut off by the end is not counted unless `last`. */
uint64_t text_invalid_bytes(const char *text, size_t size, bool last);

/* Appends to `text` what the bytes are in that encoding, and returns how many of them are no character
 * there. UTF-8 is copied; an encoding that is not known here gives nothing, and `size`. */
uint64_t text_decode(const char *encoding, const void *bytes, size_t size, bool last,
                     struct buffer *text);

#endif
