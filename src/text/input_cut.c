#include "input_cut.h"

#include "lambert/text/text_lines.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool continues_character(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* The best place that there is: a document's beginning; a line's, a word's or a character's; any. */
struct input_cut input_cut_find(enum text_layout layout, const char *text, size_t size, size_t from,
                                bool ends)
{
    size_t place = text_document_start(layout, text, size, from, ends);
    if (place < size)
        return (struct input_cut){.place = place, .at_document = true};
    if (text_layout_is_json(layout))
        return (struct input_cut){.place = size, .at_document = true, .beyond = true};
    place = text_line_start(text, size, from);
    if (place < size)
        return (struct input_cut){.place = place};
    for (place = from; place < size; place++)
        if (is_space(text[place - 1]))
            return (struct input_cut){.place = place};
    for (place = from; place < size; place++)
        if (!continues_character(text[place]))
            return (struct input_cut){.place = place};
    return (struct input_cut){.place = from};
}
