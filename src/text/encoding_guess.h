/* Which encoding a text that is not UTF-8 may be in, for a sentence that helps: a guess, never acted
 * on. */
#ifndef LAMBERT_TEXT_ENCODING_GUESS_H
#define LAMBERT_TEXT_ENCODING_GUESS_H

#include <stddef.h>

/* The bytes are decoded in each of some thirty encodings, and it is looked how much of what is not
 * ASCII then are letters and signs that the languages written in it use often, standing as they stand
 * there: accented letters among plain ones, Cyrillic ones beside their like. Returns the name, as iconv
 * has it, of the one that fits best, or NULL where none fits well. */
const char *encoding_guess(const void *bytes, size_t size);

#endif
