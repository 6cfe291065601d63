/* The lines of a text in memory. A line ends with '\n', or with '\r': '\r's right before a '\n' belong to that
 * end. */
#ifndef LAMBERT_TEXT_TEXT_LINES_H
#define LAMBERT_TEXT_TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The line at *position without its end, and *position behind it; false at the end of the text. */
bool text_line_next(const char *text, size_t size, size_t *position, const char **line,
                    size_t *length);

/* Where the first of the lines that begin in [from, size) begins, or `size` where none does. A line
 * begins at 0. */
size_t text_line_start(const char *text, size_t size, size_t from);

/* The same of lines that end with '\n' alone. */
bool text_newline_next(const char *text, size_t size, size_t *position, const char **line,
                       size_t *length);
size_t text_newline_start(const char *text, size_t size, size_t from);

/* Drops byte-order marks at the beginning, and white space, Unicode's too, at both ends. */
void text_line_trim(const char **line, size_t *length);

/* It is asked at each line: inline, the length of `with` is known to the compiler. */
static inline bool text_begins_with(const char *text, size_t size, const char *with)
{
    return size >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

#endif
