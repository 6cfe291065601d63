/* The lines of a text in memory, and the line of markup that begins a document of WikiExtractor's. */
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

/* It is asked at each character of a title: inline, the length of `with` is known to the compiler. */
static inline bool text_begins_with(const char *text, size_t size, const char *with)
{
    return size >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

/* Whether a trimmed line is `<doc id="..." ... title="...">` and nothing else; the title runs to
 * the last quote, for it may hold quotes itself. */
bool text_doc_line(const char *line, size_t length, const char **title, size_t *title_length);

#endif
