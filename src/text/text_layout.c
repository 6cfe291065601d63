#define _GNU_SOURCE /* memmem() */
#include "lambert/text/text_layout.h"

#include <stdbool.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert/text/unicode.h"
#include "text_lines.h"

/* A line whose end is not there is no whole object, and is believed for its key alone. */
static bool is_json_line(const char *line, size_t length, bool whole)
{
    static const char key[] = "\"text\"";
    if (line[0] != '{')
        return false;
    if (!whole)
        return memmem(line, length, key, sizeof key - 1) != NULL;
    cJSON *object = cJSON_ParseWithLength(line, length);
    bool found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "text")) != NULL;
    cJSON_Delete(object);
    return found;
}

enum text_layout text_layout_of(const char *text, size_t size)
{
    const char *line, *title;
    size_t position = text_mark_size(text, size), length, title_length;
    while (text_line_next(text, size, &position, &line, &length)) {
        bool whole = line + length < text + size; /* its end is there */
        unicode_trim(&line, &length);
        if (length == 0)
            continue;
        if (text_doc_line(line, length, &title, &title_length))
            return LAYOUT_WIKI;
        return is_json_line(line, length, whole) ? LAYOUT_JSON : LAYOUT_PLAIN;
    }
    return LAYOUT_PLAIN;
}

size_t text_mark_size(const char *text, size_t size)
{
    return text_begins_with(text, size, "\xEF\xBB\xBF") ? 3 : 0;
}

size_t text_document_start(enum text_layout layout, const char *text, size_t size, size_t from)
{
    const char *line, *title;
    size_t position = text_line_start(text, size, from), length, title_length;
    bool behind_blank = from == 0;
    while (text_line_next(text, size, &position, &line, &length)) {
        const char *begin = line;
        unicode_trim(&line, &length);
        const bool blank = length == 0;
        if (layout == LAYOUT_PLAIN  ? behind_blank && !blank
            : layout == LAYOUT_JSON ? !blank
                                    : text_doc_line(line, length, &title, &title_length))
            return (size_t)(begin - text);
        behind_blank = blank;
    }
    return size;
}
