#include "input_cut.h"

#include <string.h>

#include "lambert/text/document_reader.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The first line that begins in [from, size), or size. */
static size_t line_start(const char *text, size_t size, size_t from)
{
    const char *newline = memchr(text + from - 1, '\n', size - from + 1);
    return newline ? (size_t)(newline - text) + 1 : size;
}

static size_t word_start(const char *text, size_t size, size_t from)
{
    size_t place = from;
    while (place < size && !is_space(text[place - 1]))
        place++;
    return place;
}

static size_t character_start(const char *text, size_t size, size_t from)
{
    size_t place = from;
    while (place < size && ((unsigned char)text[place] & 0xC0) == 0x80)
        place++;
    return place;
}

struct input_cut input_cut_find(enum text_layout layout, const char *text, size_t size, size_t from)
{
    size_t (*const others[])(const char *text, size_t size, size_t from) = {line_start, word_start,
                                                                            character_start};
    size_t place = document_start(layout, text, size, from);
    if (place < size)
        return (struct input_cut){.place = place, .at_document = true};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        place = others[i](text, size, from);
        if (place < size)
            return (struct input_cut){.place = place};
    }
    return (struct input_cut){.place = from};
}
