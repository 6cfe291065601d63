#include "lambert/text/text_layout.h"

#include <stdlib.h>
#include <string.h>

#include "doc_tag.h"
#include "json_document.h"
#include "lambert/base/strings.h"
#include "lambert/text/json_scanner.h"
#include "lambert/text/text_lines.h"

const char *const text_layout_names[TEXT_LAYOUTS] = {[LAYOUT_PLAIN] = "plain",
                                                     [LAYOUT_LINES] = "plain, a document a line",
                                                     [LAYOUT_FILE] = "plain, a document each",
                                                     [LAYOUT_WIKI] = "WikiExtractor's",
                                                     [LAYOUT_JSON] = "JSON lines",
                                                     [LAYOUT_JSON_VALUES] = "JSON",
                                                     [LAYOUT_JSON_TEXTS] = "JSON of texts"};

/* --- what a text looks like --------------------------------------------------------------------- */

/* Documents in tags: where the first line is the tag of one, but for what may stand around all of them, or
 * where tags of two are among the lines, the first one closed before the second. */
static bool looks_like_wiki(const char *head, size_t size)
{
    const char *line, *title;
    size_t position = 0, length, title_length;
    bool other = false, open = false, closed = false;
    while (text_line_next(head, size, &position, &line, &length)) {
        text_line_trim(&line, &length);
        if (doc_tag_begins(line, length, &title, &title_length)) {
            if (!other || closed)
                return true;
            open = true;
        } else if (doc_tag_ends(line, length)) {
            closed = open;
        } else if (length > 0 && !doc_tag_stands_around(line, length)) {
            other = true;
        }
    }
    return false;
}

/* Whether the line is one object or more, and nothing else. */
static bool is_line_of_objects(const char *line, size_t length)
{
    struct json_value value;
    enum json_found found;
    size_t position = 0;
    int objects = 0;
    while ((found = json_next_value(line, length, &position, NULL, &value)) == JSON_VALUE) {
        if (value.kind != JSON_OBJECT)
            return false;
        objects++;
    }
    return found == JSON_END && objects > 0;
}

/* More of the lines that are whole are objects than anything else. */
static bool looks_like_json_lines(const char *head, size_t size, bool whole)
{
    const char *line;
    size_t position = 0, length, objects = 0, others = 0;
    while (text_newline_next(head, size, &position, &line, &length)) {
        const bool cut = !whole && line + length == head + size;
        text_line_trim(&line, &length);
        if (length == 0 || cut)
            continue;
        const bool object = *line == '{' && is_line_of_objects(line, length);
        objects += object;
        others += !object;
    }
    return objects > 0 && objects >= others;
}

/* Whether it begins as an object does, perhaps in an array: { "key" : */
static bool begins_like_json(const char *head, size_t size, bool *array)
{
    struct json_value value;
    size_t position = 0, start;
    enum json_found found = json_next_value(head, size, &position, &start, &value);
    *array = start > 0 && memchr(head, '[', start) != NULL;
    if (found == JSON_END)
        return *array && memchr(head, ']', size);
    if (head[start] != '{')
        return false;
    /* It is broken or cut somewhere, and may begin as it should all the same. */
    return found == JSON_VALUE || json_begins_object(head + start, size - start);
}

/* Whether it begins as an array of texts does, ["one", "two": what stands in it as far as it is whole, and what is
 * broken lies in the array, and not behind it. */
static bool looks_like_json_texts(const char *head, size_t size)
{
    struct json_value value;
    size_t position = 0, start, texts = 0;
    for (;; texts++) {
        const size_t before = position;
        enum json_found found = json_next_value(head, size, &position, &start, &value);
        if (texts == 0 &&
            (start == 0 || start == size || head[start] != '"' || !memchr(head, '[', start)))
            return false;
        if (found == JSON_END || found == JSON_CUT)
            return true;
        if (found == JSON_BROKEN)
            return texts > 1 && !memchr(head + before, ']', start - before);
        if (texts == 0 && value.kind != JSON_TEXT)
            return false;
    }
}

/* Whether it begins as an object that Python's print() wrote does, { 'key' : */
static bool begins_like_python(const char *text, size_t size)
{
    size_t at = 0, position = 0;
    struct json_value value;
    if (json_next_value(text, size, &position, &at, &value) != JSON_BROKEN || text[at++] != '{')
        return false;
    while (at < size && text[at] == ' ')
        at++;
    if (at == size || text[at++] != '\'')
        return false;
    while (at < size && text[at] != '\'' && text[at] != '\n')
        at++;
    return at + 1 < size && text[at] == '\'' && text[at + 1] == ':';
}

/* The first line with something in it begins so, or more of the lines do than do not. */
static bool looks_like_python(const char *head, size_t size)
{
    const char *line;
    size_t position = 0, length, objects = 0, others = 0;
    bool first = false;
    while (text_newline_next(head, size, &position, &line, &length)) {
        text_line_trim(&line, &length);
        if (length == 0)
            continue;
        const bool object = begins_like_python(line, length);
        first = first || (object && others == 0);
        objects += object;
        others += !object;
    }
    return first || objects > others;
}

/* The first object goes over several lines, or there are several in a line of which no end is seen. */
static bool goes_over_lines(const char *head, size_t size)
{
    struct json_value value;
    size_t position = 0, start;
    enum json_found found = json_next_value(head, size, &position, &start, &value);
    const char *newline = memchr(head + start, '\n', size - start);
    if (!newline)
        return found == JSON_VALUE &&
               json_next_value(head, size, &position, &start, &value) != JSON_END;
    return (size_t)(newline - head) < (found == JSON_VALUE ? position : size);
}

static enum text_layout layout_of(const struct text_options *options, const char *head, size_t size,
                                  bool whole)
{
    static const enum text_layout plain[TEXT_DOCUMENTS] = {[DOCUMENTS_BLANK_LINES] = LAYOUT_PLAIN,
                                                           [DOCUMENTS_LINES] = LAYOUT_LINES,
                                                           [DOCUMENTS_FILES] = LAYOUT_FILE};
    bool array = false;
    if (looks_like_wiki(head, size))
        return LAYOUT_WIKI;
    const bool json = begins_like_json(head, size, &array);
    if (json && array)
        return LAYOUT_JSON_VALUES;
    if (looks_like_json_texts(head, size))
        return LAYOUT_JSON_TEXTS;
    if (looks_like_json_lines(head, size, whole))
        return LAYOUT_JSON;
    if (json)
        return goes_over_lines(head, size) ? LAYOUT_JSON_VALUES : LAYOUT_JSON;
    return plain[options->documents];
}

/* --- JSON without a text ------------------------------------------------------------------------ */

struct key_look {
    int objects;  /* that are whole */
    bool any_cut; /* an object goes on behind the head: what it has is not known */
    bool found;   /* a text under one of the keys */
};

static struct key_look look_for_keys(const struct text_options *options, const char *head,
                                     size_t size)
{
    struct key_look look = {0};
    struct json_keys keys;
    struct json_document document;
    struct json_value value = {0};
    enum json_found found;
    size_t position = 0;
    json_keys_init(&keys, options);
    while (!look.found &&
           (found = json_next_value(head, size, &position, NULL, &value)) != JSON_END) {
        look.any_cut = look.any_cut || found == JSON_CUT;
        if (found != JSON_VALUE || value.kind != JSON_OBJECT)
            continue;
        enum json_outcome outcome = json_document_find(&document, &keys, &value);
        look.found = outcome == JSON_IS_DOCUMENT || document.null;
        look.objects += outcome != JSON_IS_ACTION;
    }
    return look;
}

/* Objects with nothing but null under the key have no text themselves, but those behind the head may. */
static int check_keys(const struct text_options *options, const char *path, const char *head,
                      size_t size, bool whole, struct error *err)
{
    struct buffer seen = {0};
    const struct key_look look = look_for_keys(options, head, size);
    if (look.found || look.objects == 0 || (look.any_cut && !whole && look.objects < 2))
        return 0;
    json_list_keys(head, size, &seen);
    const char *keys = buffer_text(&seen);
    if (options->text_keys)
        error_set(err, "%s is JSON without texts under --text-key %s; it has the keys %s", path,
                  options->text_keys, keys);
    else
        error_set(
            err,
            "%s is JSON without texts under the keys text, content or raw_content; it has the keys "
            "%s: name those of its documents with --text-key",
            path, keys);
    buffer_release(&seen);
    return -1;
}

static int refuse_python(const char *path, struct error *err)
{
    char *word = shell_word(path);
    error_set(
        err,
        "%s has objects as Python prints them, {'key': ...}, which are no JSON; write them with json.dumps(), or "
        "make JSON of the lines: python3 -c 'import ast, json, sys; [print(json.dumps(ast.literal_eval(line))) "
        "for line in sys.stdin]' <%s",
        path, word);
    free(word);
    return -1;
}

int text_layout_find(enum text_layout *layout, const struct text_options *options, const char *path,
                     const char *head, size_t size, bool whole, struct error *err)
{
    const size_t mark = text_mark_size(head, size);
    head += mark;
    size -= mark;
    *layout = layout_of(options, head, size, whole);
    if (!text_layout_is_json(*layout) && looks_like_python(head, size))
        return refuse_python(path, err);
    if (options->every_string || (*layout != LAYOUT_JSON && *layout != LAYOUT_JSON_VALUES))
        return 0;
    return check_keys(options, path, head, size, whole, err);
}

/* --- places ------------------------------------------------------------------------------------- */

bool text_layout_is_json(enum text_layout layout)
{
    return layout == LAYOUT_JSON || layout == LAYOUT_JSON_VALUES || layout == LAYOUT_JSON_TEXTS;
}

bool text_layout_sequential(enum text_layout layout)
{
    return layout == LAYOUT_JSON_VALUES || layout == LAYOUT_JSON_TEXTS;
}

size_t text_mark_size(const char *text, size_t size)
{
    return text_begins_with(text, size, "\xEF\xBB\xBF") ? 3 : 0;
}

/* Documents end, rather than begin, where values do: what stands between them is passed over. Where all that is
 * looked at holds no end, though it is longer than any value, the place is its last byte. */
static size_t next_value_end(enum text_layout layout, const char *text, size_t size, size_t from,
                             bool ends)
{
    struct json_value value;
    size_t position = 0, start;
    enum json_found found = JSON_VALUE;
    while (position < from || position == 0) {
        const size_t before = position;
        found = json_next_element(text, size, layout == LAYOUT_JSON_TEXTS, ends, &position, &start,
                                  &value);
        if (found == JSON_CUT)
            return size;
        if (found == JSON_END)
            return !ends && size - before > JSON_LONGEST ? size - 1 : size;
    }
    return found == JSON_BROKEN && position == size && !ends ? size - 1 : position;
}

size_t text_document_start(enum text_layout layout, const char *text, size_t size, size_t from,
                           bool ends)
{
    const char *line, *title;
    size_t length, title_length;
    bool behind_blank = from == 0;
    if (layout == LAYOUT_FILE)
        return from == 0 ? 0 : size;
    if (text_layout_sequential(layout))
        return from == 0 ? 0 : next_value_end(layout, text, size, from, ends);
    const bool json = layout == LAYOUT_JSON;
    size_t position = (json ? text_newline_start : text_line_start)(text, size, from);
    while ((json ? text_newline_next : text_line_next)(text, size, &position, &line, &length)) {
        const char *begin = line;
        text_line_trim(&line, &length);
        const bool blank = length == 0;
        if (layout == LAYOUT_PLAIN  ? behind_blank && !blank
            : layout == LAYOUT_WIKI ? doc_tag_begins(line, length, &title, &title_length)
                                    : !blank)
            return (size_t)(begin - text);
        behind_blank = blank;
    }
    return size;
}
