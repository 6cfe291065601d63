#define _GNU_SOURCE /* memmem() */
#include "lambert/text/document_reader.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "line_reader.h"

enum layout { LAYOUT_UNKNOWN, LAYOUT_PLAIN, LAYOUT_WIKI };

struct document_reader {
    struct line_reader lines;
    enum layout layout;
    bool inside; /* between <doc> and </doc> */
    bool opened; /* by a <doc> line that ended the document before it */
    bool warned;
    struct buffer next_title; /* of the <doc> line met last */
    uint64_t next_first_line;
};

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

int document_reader_open(struct document_reader **reader, const char *path, struct error *err)
{
    struct line_reader lines;
    if (line_reader_open(&lines, path, err))
        return -1;
    *reader = memory_new(1, sizeof **reader);
    (*reader)->lines = lines;
    return 0;
}

void document_reader_close(struct document_reader *reader)
{
    if (!reader)
        return;
    line_reader_close(&reader->lines);
    buffer_release(&reader->next_title);
    free(reader);
}

uint64_t document_reader_bytes(const struct document_reader *reader)
{
    return reader->lines.bytes;
}

/* --- WikiExtractor's lines ------------------------------------------------------------------- */

static bool begins_with(const char *line, size_t length, const char *with)
{
    return length >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

/* `<doc id="..." ... title="...">` and nothing else; the title runs to the last quote, for it may
 * hold quotes itself. */
static bool is_doc_line(const char *line, size_t length, const char **title, size_t *title_length)
{
    static const char title_key[] = " title=\"", end[] = "\">";
    const size_t end_length = sizeof end - 1;
    if (!begins_with(line, length, "<doc id=\"") ||
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

static bool is_doc_end(const char *line, size_t length)
{
    return length == strlen("</doc>") && begins_with(line, length, "</doc>");
}

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
            if (begins_with(text + i, length - i, table[e].entity)) {
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

/* --- documents ------------------------------------------------------------------------------- */

static void note_doc_line(struct document_reader *reader, const char *title, size_t length)
{
    buffer_reset(&reader->next_title);
    put_unescaped(&reader->next_title, title, length);
    reader->next_first_line = reader->lines.line;
    reader->opened = true;
}

static void begin_wiki_document(struct document_reader *reader, struct document *document)
{
    buffer_put(&document->title, reader->next_title.data, reader->next_title.size);
    document->first_line = reader->next_first_line;
    reader->opened = false;
    reader->inside = true;
}

static void put_line(struct document *document, const char *line, size_t length, uint64_t number)
{
    if (document->first_line == 0)
        document->first_line = number;
    buffer_put(&document->text, line, length);
    buffer_put_u8(&document->text, '\n');
}

static void warn_not_closed(struct document_reader *reader, uint64_t first_line)
{
    if (!reader->warned)
        log_warning("%s: the <doc> of line %llu has no </doc>; its text is kept, but the file may "
                    "be damaged",
                    reader->lines.path, (unsigned long long)first_line);
    reader->warned = true;
}

enum line_kind { LINE_BLANK, LINE_TEXT, LINE_DOC, LINE_DOC_END };

/* In plain text nothing is markup; the first line with text decides. */
static enum line_kind kind_of(struct document_reader *reader, const char *line, size_t length)
{
    const char *title;
    size_t title_length;
    if (length == 0)
        return LINE_BLANK;
    bool doc = reader->layout != LAYOUT_PLAIN && is_doc_line(line, length, &title, &title_length);
    if (reader->layout == LAYOUT_UNKNOWN)
        reader->layout = doc ? LAYOUT_WIKI : LAYOUT_PLAIN;
    if (doc) {
        note_doc_line(reader, title, title_length);
        return LINE_DOC;
    }
    return reader->layout == LAYOUT_WIKI && is_doc_end(line, length) ? LINE_DOC_END : LINE_TEXT;
}

/* Takes a line in; true: the document is complete. */
static bool take_line(struct document_reader *reader, struct document *document, const char *line,
                      size_t length, bool *title_due)
{
    bool begun = reader->inside || document->text.size > 0;
    switch (kind_of(reader, line, length)) {
    case LINE_BLANK:
        return !reader->inside && begun;
    case LINE_DOC:
        if (begun) {
            if (reader->inside)
                warn_not_closed(reader, document->first_line);
            reader->inside = false;
            return true;
        }
        begin_wiki_document(reader, document);
        *title_due = true;
        return false;
    case LINE_DOC_END:
        reader->inside = false;
        return begun;
    default:
        if (!*title_due || !is_title_line(document, line, length))
            put_line(document, line, length, reader->lines.line);
        *title_due = false;
        return false;
    }
}

int document_reader_next(struct document_reader *reader, struct document *document,
                         struct error *err)
{
    const char *line;
    size_t length;
    int status;
    bool title_due = reader->opened;
    buffer_reset(&document->text);
    buffer_reset(&document->title);
    document->first_line = 0;
    if (reader->opened)
        begin_wiki_document(reader, document);
    while ((status = line_reader_next(&reader->lines, &line, &length, err)) == 1)
        if (take_line(reader, document, line, length, &title_due))
            return 1;
    if (status < 0)
        return -1;
    bool begun = reader->inside || document->text.size > 0;
    if (reader->inside)
        warn_not_closed(reader, document->first_line);
    reader->inside = false;
    return begun;
}
