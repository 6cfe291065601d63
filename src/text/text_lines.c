#include "lambert/text/text_lines.h"

#include "lambert/base/minmax.h"
#include "lambert/text/unicode.h"

bool text_newline_next(const char *text, size_t size, size_t *position, const char **line,
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

/* Where the line that begins the text ends, at a '\n' or '\r', or `size`. It is looked for in a little of the
 * text first: where lines end with '\r' there is no '\n' to find, and looking far for it at each line
 * would take for ever. */
static size_t find_line_end(const char *text, size_t size)
{
    size_t block = 512;
    for (size_t begin = 0; begin < size; begin += block, block *= 2) {
        const size_t length = min_size(block, size - begin);
        const char *newline = memchr(text + begin, '\n', length);
        const size_t limit = newline ? (size_t)(newline - text) : begin + length;
        const char *carriage = memchr(text + begin, '\r', limit - begin);
        if (carriage || newline)
            return (size_t)((carriage ? carriage : newline) - text);
    }
    return size;
}

bool text_line_next(const char *text, size_t size, size_t *position, const char **line,
                    size_t *length)
{
    if (*position >= size)
        return false;
    *line = text + *position;
    *length = find_line_end(*line, size - *position);
    size_t end = *position + *length, run = end;
    while (run < size && text[run] == '\r')
        run++;
    if (run < size && text[run] == '\n')
        *position = run + 1;
    else /* of many '\r's one is kept for a blank line: that there are more says nothing */
        *position = run > end + 1 ? run - 1 : run;
    return true;
}

/* Whether a line begins at text[from]: there is a line's end before it. */
static bool is_behind_end(const char *text, size_t size, size_t from)
{
    if (text[from - 1] == '\n')
        return true;
    if (text[from - 1] != '\r')
        return false;
    while (from < size && text[from] == '\r')
        from++;
    return from == size || text[from] != '\n';
}

size_t text_line_start(const char *text, size_t size, size_t from)
{
    if (from == 0 || from >= size)
        return from;
    if (is_behind_end(text, size, from))
        return from;
    const char *line;
    size_t length;
    text_line_next(text, size, &from, &line, &length);
    return from;
}

size_t text_newline_start(const char *text, size_t size, size_t from)
{
    if (from == 0 || from >= size)
        return from;
    const char *newline = memchr(text + from - 1, '\n', size - from + 1);
    return newline ? (size_t)(newline - text) + 1 : size;
}

void text_line_trim(const char **line, size_t *length)
{
    unicode_trim(line, length);
    while (text_begins_with(*line, *length, "\xEF\xBB\xBF")) {
        *line += 3;
        *length -= 3;
        unicode_trim(line, length);
    }
}
