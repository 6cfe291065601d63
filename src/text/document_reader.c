#include "lambert/text/document_reader.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/json.h"
#include "lambert/text/unicode.h"
#include "text_lines.h"

void document_init(struct document *document)
{
    *document = (struct document){0};
}

void document_release(struct document *document)
{
    buffer_release(&document->text);
    buffer_release(&document->title);
    document_init(document);
}

bool document_line(const struct document *document, size_t *cursor, const char **line,
                   size_t *length)
{
    if (*cursor >= document->text.size)
        return false;
    *line = (const char *)document->text.data + *cursor;
    *length = (size_t)((const char *)memchr(*line, '\n', document->text.size - *cursor) - *line);
    *cursor += *length + 1;
    return true;
}

/* --- lines ----------------------------------------------------------------------------------- */

static bool take_trimmed(struct document_reader *reader, const char **line, size_t *length)
{
    if (!text_line_next(reader->text, reader->size, &reader->position, line, length))
        return false;
    unicode_trim(line, length);
    return true;
}

/* --- WikiExtractor's lines ------------------------------------------------------------------- */

/* Appends text with the four entities that WikiExtractor writes turned back. */
static void put_unescaped(struct buffer *out, const char *text, size_t length)
{
    static const struct {
        const char *entity;
        char character;
    } table[] = {{"&quot;", '"'}, {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}};
    for (size_t i = 0; i < length;) {
        size_t taken = 1;
        char character = text[i];
        for (size_t e = 0; e < sizeof table / sizeof table[0]; e++) {
            if (text_begins_with(text + i, length - i, table[e].entity)) {
                character = table[e].character;
                taken = strlen(table[e].entity);
                break;
            }
        }
        buffer_put_u8(out, (uint8_t)character);
        i += taken;
    }
}

/* The title line stands as the attribute does: escaped, or (older versions) plain. */
static bool is_title_line(const struct document *document, const char *line, size_t length)
{
    struct buffer plain = {0};
    put_unescaped(&plain, line, length);
    size_t size = document->title.size;
    bool same = (size == length && memcmp(document->title.data, line, size) == 0) ||
                (size == plain.size && memcmp(document->title.data, plain.data, size) == 0);
    buffer_release(&plain);
    return same;
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* The object that the trimmed line is, or NULL where it is anything else. */
static cJSON *parse_line(const char *line, size_t length)
{
    const char *end = NULL;
    if (json_has_nul(line, length))
        return NULL;
    cJSON *object = cJSON_ParseWithLengthOpts(line, length, &end, false);
    if (object && end != line + length) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

static const char *string_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static void put_line(struct document *document, const char *line, size_t length)
{
    buffer_put(&document->text, line, length);
    buffer_put_u8(&document->text, '\n');
}

/* The lines of a text that stands alone; a first line that repeats the title is a heading. */
static void put_text(struct document *document, const char *text)
{
    const char *line;
    size_t position = 0, length, size = strlen(text);
    bool title_due = document->title.size > 0;
    while (text_line_next(text, size, &position, &line, &length)) {
        unicode_trim(&line, &length);
        if (length == 0)
            continue;
        if (!title_due || !is_title_line(document, line, length))
            put_line(document, line, length);
        title_due = false;
    }
}

static bool next_json(struct document_reader *reader, struct document *document)
{
    const char *line;
    size_t length;
    while (take_trimmed(reader, &line, &length)) {
        if (length == 0)
            continue;
        cJSON *object = parse_line(line, length);
        const char *text = string_of(object, "text"), *title = string_of(object, "title");
        if (title)
            buffer_put(&document->title, title, strlen(title));
        if (text)
            put_text(document, text);
        else
            reader->damaged++;
        cJSON_Delete(object);
        if (text)
            return true;
        buffer_reset(&document->title);
    }
    return false;
}

/* --- documents ------------------------------------------------------------------------------- */

void document_reader_init(struct document_reader *reader, enum text_layout layout, const char *text,
                          size_t size)
{
    *reader = (struct document_reader){.layout = layout, .text = text, .size = size};
}

void document_reader_release(struct document_reader *reader)
{
    buffer_release(&reader->next_title);
}

static void begin_wiki_document(struct document_reader *reader, struct document *document)
{
    buffer_put(&document->title, reader->next_title.data, reader->next_title.size);
    reader->opened = false;
    reader->inside = true;
}

static bool end_document(struct document_reader *reader, const struct document *document)
{
    bool begun = reader->inside || document->text.size > 0;
    reader->not_closed += reader->inside;
    reader->inside = false;
    return begun;
}

/* Adds a line to the document, or sees by it that the document is complete, and then returns true. */
static bool add_line(struct document_reader *reader, struct document *document, const char *line,
                     size_t length, bool *title_due)
{
    const char *title;
    size_t title_length;
    if (length == 0)
        return !reader->inside && document->text.size > 0;

    bool may_be_tag = reader->layout != LAYOUT_PLAIN && line[0] == '<';
    if (may_be_tag && text_doc_line(line, length, &title, &title_length)) {
        buffer_reset(&reader->next_title);
        put_unescaped(&reader->next_title, title, title_length);
        reader->opened = true;
        if (end_document(reader, document))
            return true;
        begin_wiki_document(reader, document);
        *title_due = true;
        return false;
    }
    if (may_be_tag && length == strlen("</doc>") && text_begins_with(line, length, "</doc>")) {
        bool begun = reader->inside || document->text.size > 0;
        reader->inside = false;
        return begun;
    }
    if (!*title_due || !is_title_line(document, line, length))
        put_line(document, line, length);
    *title_due = false;
    return false;
}

bool document_reader_next(struct document_reader *reader, struct document *document)
{
    const char *line;
    size_t length;
    bool title_due = reader->opened;
    buffer_reset(&document->text);
    buffer_reset(&document->title);
    if (reader->layout == LAYOUT_JSON)
        return next_json(reader, document);
    if (reader->opened)
        begin_wiki_document(reader, document);
    while (take_trimmed(reader, &line, &length))
        if (add_line(reader, document, line, length, &title_due))
            return true;
    return end_document(reader, document);
}
