/* Text that has to be UTF-8 (RFC 3629) and may come from outside, as names of files do, which are any bytes. What makes
 * tokens of text decodes it with text/unicode.h. */
#ifndef LAMBERT_BASE_UTF8_H
#define LAMBERT_BASE_UTF8_H

#include <stddef.h>

/* The bytes of the character at the beginning of text [size], which has one byte at least: 1 to 4, or 0 where it is not
 * UTF-8. */
size_t utf8_character(const char *text, size_t size);

/* A copy in which each byte that is not UTF-8 is U+FFFD instead; free(). */
char *utf8_copy(const char *text);

#endif
