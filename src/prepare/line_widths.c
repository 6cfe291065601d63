#include "line_widths.h"

#include <stddef.h>

#include "lambert/text/unicode.h"

enum { LEAST_LINES = 20, MOST_LINES = 20000, NARROWEST = 20, LONG_WORD = 16 };

static uint64_t characters_of(const char *line, size_t length)
{
    uint64_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)line[i] & 0xC0) != 0x80;
    return count;
}

/* A sentence, or what stands for one, is complete: its last character is a mark. */
static bool is_closed(const char *line, size_t length)
{
    int32_t code;
    unicode_previous(line, length, &code);
    return code >= 0 && code != ',' && unicode_is_punctuation(code) && !unicode_is_dash(code);
}

void line_widths_add(struct line_widths *widths, const struct document *document)
{
    const char *line, *next;
    size_t cursor = 0, length, next_length;
    if (widths->lines >= MOST_LINES || !document_line(document, &cursor, &line, &length))
        return;
    for (; document_line(document, &cursor, &next, &next_length);
         line = next, length = next_length) {
        widths->lines++;
        if (is_closed(line, length))
            continue;
        const uint64_t width = characters_of(line, length);
        widths->open++;
        if (width <= LINE_WIDEST)
            widths->open_of_width[width]++;
    }
}

/* A line is broken where the next word has no room, so that it falls short of the page by less than a long
 * word. A few lines in a hundred may be wider: they were not broken. */
bool line_widths_look_wrapped(const struct line_widths *widths)
{
    uint64_t narrower = 0, near = 0;
    int page = 0;
    while (page < LINE_WIDEST && 20 * narrower < 19 * widths->open)
        narrower += widths->open_of_width[page++];
    for (int width = page > LONG_WORD ? page - LONG_WORD : 0; width < page; width++)
        near += widths->open_of_width[width];
    return widths->lines >= LEAST_LINES && page >= NARROWEST && 2 * widths->open >= widths->lines &&
           20 * narrower >= 19 * widths->open && 10 * near >= 7 * widths->open;
}
