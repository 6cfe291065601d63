#define _GNU_SOURCE /* memmem() */
#include "text_lines.h"

#include <string.h>

bool text_line_next(const char *text, size_t size, size_t *position, const char **line,
                    size_t *length)
{
    if (*position >= size)
        return false;
    *line = text + *position;
    const char *newline = memchr(*line, '\n', size - *position);
    *length = newline ? (size_t)(newline - *line) : size - *position;
    *position += *length + (newline != NULL);
    return true;
}

size_t text_line_start(const char *text, size_t size, size_t from)
{
    if (from == 0 || from >= size)
        return from;
    const char *newline = memchr(text + from - 1, '\n', size - from + 1);
    return newline ? (size_t)(newline - text) + 1 : size;
}

bool text_doc_line(const char *line, size_t length, const char **title, size_t *title_length)
{
    static const char title_key[] = " title=\"", end[] = "\">";
    const size_t end_length = sizeof end - 1;
    if (length < end_length || !text_begins_with(line, length, "<doc id=\"") ||
        memcmp(line + length - end_length, end, end_length))
        return false;
    const char *key = memmem(line, length, title_key, sizeof title_key - 1);
    if (!key)
        return false;
    *title = key + sizeof title_key - 1;
    if (*title > line + length - end_length)
        return false;
    *title_length = (size_t)(line + length - end_length - *title);
    return true;
}
