#include "lambert/text/document_reader.h"

#include <stdlib.h>
#include <string.h>

#include "doc_tag.h"
#include "html_entities.h"
#include "json_document.h"
#include "lambert/text/text_lines.h"
#include "lambert/text/unicode.h"
#include "wrapped_lines.h"

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

/* --- lines of a document ------------------------------------------------------------------------ */

static void put_line(struct document_reader *reader, struct document *document, const char *line,
                     size_t length)
{
    const bool joined =
        reader->options->wrapped && document->text.size > 0 && !reader->paragraph_ended;
    reader->paragraph_ended = false;
    if (joined) {
        wrapped_lines_join(&document->text, line, length);
        return;
    }
    buffer_put(&document->text, line, length);
    buffer_put_u8(&document->text, '\n');
}

/* What entities stand for may be white space, so that the line is trimmed once more. */
static void put_unescaped(struct document_reader *reader, struct document *document,
                          const char *line, size_t length)
{
    if (memchr(line, '&', length)) {
        buffer_reset(&reader->unescaped);
        html_unescape(line, length, &reader->unescaped);
        line = (const char *)reader->unescaped.data;
        length = reader->unescaped.size;
        text_line_trim(&line, &length);
    }
    if (length > 0)
        put_line(reader, document, line, length);
}

/* The title line stands as the attribute does: escaped, or (older versions) plain. */
static bool is_title_line(struct document_reader *reader, const struct document *document,
                          const char *line, size_t length)
{
    const struct buffer *title = &document->title, *plain = &reader->unescaped;
    if (title->size == 0)
        return false;
    if (title->size == length && memcmp(title->data, line, length) == 0)
        return true;
    buffer_reset(&reader->unescaped);
    html_unescape(line, length, &reader->unescaped);
    return title->size == plain->size && memcmp(title->data, plain->data, plain->size) == 0;
}

/* --- JSON --------------------------------------------------------------------------------------- */

/* The lines of a text that stands alone; where a title is due, a first line that repeats it is a heading. */
static void put_text(struct document_reader *reader, struct document *document,
                     const struct buffer *text, bool escaped, bool title_due)
{
    const char *line;
    size_t position = 0, length;
    reader->paragraph_ended = true;
    while (text_line_next((const char *)text->data, text->size, &position, &line, &length)) {
        text_line_trim(&line, &length);
        if (length == 0) {
            reader->paragraph_ended = true;
            continue;
        }
        if (title_due && is_title_line(reader, document, line, length))
            reader->paragraph_ended = true;
        else if (escaped)
            put_unescaped(reader, document, line, length);
        else
            put_line(reader, document, line, length);
        title_due = false;
    }
}

static void put_json_document(struct document_reader *reader, struct document *document,
                              const struct json_document *found)
{
    bool title_due = false;
    if (found->has_title) {
        buffer_reset(&reader->decoded);
        json_decode(&found->title, &reader->decoded);
        if (found->escaped)
            html_unescape((const char *)reader->decoded.data, reader->decoded.size,
                          &document->title);
        else
            buffer_put(&document->title, reader->decoded.data, reader->decoded.size);
        title_due = document->title.size > 0;
    }
    for (int t = 0; t < found->count; t++) {
        buffer_reset(&reader->decoded);
        json_decode(&found->texts[t], &reader->decoded);
        put_text(reader, document, &reader->decoded, found->escaped,
                 title_due && t != found->title_text);
    }
}

/* The value that the layout has next, JSON_END at the end of the text. Of LAYOUT_JSON each line is by itself:
 * what is broken or cut in it ends with it. */
static enum json_found next_value(struct document_reader *reader, size_t *start,
                                  struct json_value *value)
{
    const char *line;
    size_t length;
    if (text_layout_sequential(reader->layout))
        return json_next_element(reader->text, reader->size, reader->layout == LAYOUT_JSON_TEXTS,
                                 true, &reader->position, start, value);
    for (;;) {
        enum json_found found = JSON_END;
        if (reader->position < reader->line_end)
            found =
                json_next_value(reader->text, reader->line_end, &reader->position, start, value);
        if (found == JSON_BROKEN || found == JSON_CUT)
            reader->position = reader->line_end;
        if (found != JSON_END)
            return found;
        reader->position = reader->line_end;
        if (!text_newline_next(reader->text, reader->size, &reader->position, &line, &length))
            return JSON_END;
        reader->line_end = reader->position;
        reader->position = (size_t)(line - reader->text);
    }
}

static void leave_out(struct document_reader *reader, enum left_out reason, size_t place)
{
    if (reader->left_out[reason]++ == 0)
        reader->first_left_out[reason] = place;
}

static void count_lacking(struct document_reader *reader, const struct json_document *found,
                          enum json_outcome outcome)
{
    if (outcome != JSON_IS_DOCUMENT && outcome != JSON_HAS_NO_TEXT)
        return;
    reader->records++;
    for (int k = 0; k < TEXT_KEYS_MOST; k++)
        reader->lacking[k] += found->lacking >> k & 1;
}

static bool next_json(struct document_reader *reader, struct document *document)
{
    static const enum left_out reasons[] = {[JSON_HAS_NO_KEY] = LEFT_OUT_NO_KEY,
                                            [JSON_HAS_NO_TEXT] = LEFT_OUT_NO_TEXT,
                                            [JSON_IS_ACTION] = LEFT_OUT_ACTION};
    struct json_keys keys;
    struct json_document found_document;
    struct json_value value;
    enum json_found found;
    size_t start;
    json_keys_init(&keys, reader->options);
    while ((found = next_value(reader, &start, &value)) != JSON_END) {
        if (found == JSON_VALUE && value.kind == JSON_TEXT && reader->layout == LAYOUT_JSON_TEXTS) {
            buffer_reset(&reader->decoded);
            json_decode(&value, &reader->decoded);
            put_text(reader, document, &reader->decoded, false, false);
            return true;
        }
        if (found != JSON_VALUE || value.kind != JSON_OBJECT) {
            leave_out(reader, LEFT_OUT_NO_OBJECT, start);
            continue;
        }
        const enum json_outcome outcome = json_document_find(&found_document, &keys, &value);
        count_lacking(reader, &found_document, outcome);
        if (outcome == JSON_IS_DOCUMENT) {
            put_json_document(reader, document, &found_document);
            return true;
        }
        leave_out(reader, reasons[outcome], start);
    }
    return false;
}

/* --- documents ---------------------------------------------------------------------------------- */

void document_reader_init(struct document_reader *reader, enum text_layout layout,
                          const struct text_options *options, const char *text, size_t size)
{
    *reader =
        (struct document_reader){.layout = layout, .options = options, .text = text, .size = size};
}

void document_reader_release(struct document_reader *reader)
{
    buffer_release(&reader->next_title);
    buffer_release(&reader->unescaped);
    buffer_release(&reader->decoded);
}

static bool take_trimmed(struct document_reader *reader, const char **line, size_t *length)
{
    if (!text_line_next(reader->text, reader->size, &reader->position, line, length))
        return false;
    text_line_trim(line, length);
    return true;
}

static bool next_plain(struct document_reader *reader, struct document *document)
{
    const char *line;
    size_t length;
    while (take_trimmed(reader, &line, &length)) {
        if (length > 0)
            put_line(reader, document, line, length);
        else if (reader->layout == LAYOUT_PLAIN && document->text.size > 0)
            return true;
        else
            reader->paragraph_ended = true;
        if (reader->layout == LAYOUT_LINES && length > 0)
            return true;
    }
    return document->text.size > 0;
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
static bool add_wiki_line(struct document_reader *reader, struct document *document,
                          const char *line, size_t length, bool *title_due)
{
    const char *title;
    size_t title_length;
    if (length == 0) {
        reader->paragraph_ended = true;
        return !reader->inside && document->text.size > 0;
    }
    if (doc_tag_begins(line, length, &title, &title_length)) {
        buffer_reset(&reader->next_title);
        html_unescape(title, title_length, &reader->next_title);
        reader->opened = true;
        if (end_document(reader, document))
            return true;
        begin_wiki_document(reader, document);
        *title_due = true;
        return false;
    }
    if (doc_tag_ends(line, length)) {
        bool begun = reader->inside || document->text.size > 0;
        reader->inside = false;
        return begun;
    }
    if (!reader->inside && doc_tag_stands_around(line, length))
        return false;
    if (*title_due && is_title_line(reader, document, line, length))
        reader->paragraph_ended = true;
    else
        put_unescaped(reader, document, line, length);
    *title_due = false;
    return false;
}

static bool next_wiki(struct document_reader *reader, struct document *document)
{
    const char *line;
    size_t length;
    bool title_due = reader->opened;
    if (reader->opened)
        begin_wiki_document(reader, document);
    while (take_trimmed(reader, &line, &length))
        if (add_wiki_line(reader, document, line, length, &title_due))
            return true;
    return end_document(reader, document);
}

bool document_reader_next(struct document_reader *reader, struct document *document)
{
    buffer_reset(&document->text);
    buffer_reset(&document->title);
    reader->paragraph_ended = false;
    switch (reader->layout) {
    case LAYOUT_WIKI:
        return next_wiki(reader, document);
    case LAYOUT_JSON:
    case LAYOUT_JSON_VALUES:
    case LAYOUT_JSON_TEXTS:
        return next_json(reader, document);
    default:
        return next_plain(reader, document);
    }
}
