/* Reads the bytes in each layout. Lines of documents are trimmed and not empty; plain text is read
 * as its definition says; of WikiExtractor's text no line is lost but markup and titles; and where
 * text_document_start() says that a document begins, the text can be cut without a change. The first two
 * bytes choose the cut. */
#include <string.h>

#include "../../src/text/doc_tag.h"
#include "../../src/text/html_entities.h"
#include "../text/slow_tokenizer.h"
#include "fuzz.h"
#include "lambert/text/document_reader.h"

/* What was read: for each document 'D', title, '\n'; for each of its lines 'L', line, '\n'. */
struct reading {
    struct buffer log;
    uint64_t documents, not_closed, left_out[LEFT_OUT_REASONS];
};

static const struct text_options plainly = {0};

static void put_log(struct buffer *log, char mark, const void *text, size_t size)
{
    buffer_put_u8(log, (uint8_t)mark);
    if (size > 0)
        buffer_put(log, text, size);
    buffer_put_u8(log, '\n');
}

static void check_document(const struct document *document, struct reading *reading)
{
    const char *line;
    size_t length, cursor = 0;
    put_log(&reading->log, 'D', document->title.data, document->title.size);
    while (document_line(document, &cursor, &line, &length)) {
        const char *trimmed = line;
        size_t trimmed_length = length;
        slow_trim(&trimmed, &trimmed_length);
        require(length > 0 && trimmed_length == length && !memchr(line, '\n', length));
        put_log(&reading->log, 'L', line, length);
    }
    require(cursor == document->text.size);
    reading->documents++;
}

/* Adds to what was read. */
static void read_all(enum text_layout layout, const char *text, size_t size,
                     struct reading *reading)
{
    struct document_reader reader;
    struct document document;
    document_init(&document);
    document_reader_init(&reader, layout, &plainly, text, size);
    while (document_reader_next(&reader, &document))
        check_document(&document, reading);
    require(!document_reader_next(&reader, &document));
    reading->not_closed += reader.not_closed;
    for (int r = 0; r < LEFT_OUT_REASONS; r++)
        reading->left_out[r] += reader.left_out[r];
    document_reader_release(&reader);
    document_release(&document);
}

/* --- what ought to be read ------------------------------------------------------------------- */

static void trim(const char **line, size_t *length)
{
    slow_trim(line, length);
    while (*length >= 3 && memcmp(*line, "\xEF\xBB\xBF", 3) == 0) {
        *line += 3;
        *length -= 3;
        slow_trim(line, length);
    }
}

/* The next line, trimmed; false: there is none. */
static bool next_line(const char *text, size_t size, size_t *place, const char **line,
                      size_t *length)
{
    size_t start = *place, end = start;
    if (start >= size)
        return false;
    while (end < size && text[end] != '\n' && text[end] != '\r')
        end++;
    *place = end;
    while (*place < size && text[*place] == '\r')
        ++*place;
    *place = *place < size && text[*place] == '\n' ? *place + 1 : end + 1;
    *line = text + start;
    *length = end - start;
    trim(line, length);
    return true;
}

static void check_plain(const struct reading *reading, const char *text, size_t size)
{
    struct buffer log = {0};
    const char *line;
    size_t length, place = 0;
    bool inside = false;
    while (next_line(text, size, &place, &line, &length)) {
        if (length > 0 && !inside)
            put_log(&log, 'D', "", 0);
        inside = length > 0;
        if (inside)
            put_log(&log, 'L', line, length);
    }
    require(log.size == reading->log.size);
    require(log.size == 0 || memcmp(log.data, reading->log.data, log.size) == 0);
    buffer_release(&log);
}

static void pass_titles(const struct buffer *log, size_t *place)
{
    while (*place < log->size && log->data[*place] == 'D') {
        const uint8_t *end = memchr(log->data + *place, '\n', log->size - *place);
        *place = (size_t)(end - log->data) + 1;
    }
}

/* Takes the line from the log at *place, passing over titles; false: another line stands there. */
static bool take_logged(const struct buffer *log, size_t *place, const char *line, size_t length)
{
    pass_titles(log, place);
    if (log->size - *place < length + 2)
        return false;
    const uint8_t *logged = log->data + *place;
    if (memcmp(logged + 1, line, length) || logged[1 + length] != '\n')
        return false;
    *place += length + 2;
    return true;
}

static void check_wiki(const struct reading *reading, const char *text, size_t size)
{
    const char *line;
    size_t length, place = 0, logged = 0;
    uint64_t doc_lines = 0;
    struct buffer unescaped = {0};
    uint64_t left_out = 0; /* lines, of each document at most the one that repeats its title */
    while (next_line(text, size, &place, &line, &length)) {
        if (length == 0)
            continue;
        const char *title, *plain;
        size_t title_length, plain_length;
        bool doc = doc_tag_begins(line, length, &title, &title_length);
        bool markup = doc || doc_tag_stands_around(line, length);
        doc_lines += doc;
        buffer_reset(&unescaped);
        html_unescape(line, length, &unescaped);
        plain = (const char *)unescaped.data;
        plain_length = unescaped.size;
        trim(&plain, &plain_length);
        if (plain_length > 0 && !take_logged(&reading->log, &logged, plain, plain_length))
            left_out += !markup;
        require(left_out <= doc_lines);
    }
    buffer_release(&unescaped);
    pass_titles(&reading->log, &logged);
    require(logged == reading->log.size); /* every line read stands in the text */
    require(reading->not_closed <= doc_lines);
}

/* --- cuts ------------------------------------------------------------------------------------ */

static void check_cut(enum text_layout layout, const struct reading *whole, const char *text,
                      size_t size, size_t from)
{
    struct reading parts = {0};
    size_t cut = text_document_start(layout, text, size, from, true);
    require(cut >= from && cut <= size);
    /* Where JSON is broken, the place where it goes on is guessed from the line before, which may be cut. */
    if (text_layout_sequential(layout) && whole->left_out[LEFT_OUT_NO_OBJECT] > 0)
        return;
    read_all(layout, text, cut, &parts);
    read_all(layout, text + cut, size - cut, &parts);
    require(parts.documents == whole->documents);
    require(parts.not_closed == whole->not_closed);
    require(memcmp(parts.left_out, whole->left_out, sizeof parts.left_out) == 0);
    require(parts.log.size == whole->log.size);
    require(parts.log.size == 0 || memcmp(parts.log.data, whole->log.data, parts.log.size) == 0);
    buffer_release(&parts.log);
}

static void check_layout(enum text_layout layout, const char *text, size_t size, size_t from)
{
    struct reading whole = {0};
    read_all(layout, text, size, &whole);
    if (layout == LAYOUT_PLAIN)
        check_plain(&whole, text, size);
    else if (layout == LAYOUT_WIKI)
        check_wiki(&whole, text, size);
    else
        require(whole.not_closed == 0);
    check_cut(layout, &whole, text, size, from);
    buffer_release(&whole.log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *text = (const char *)data + 2;
    size_t from = (size_t)(data[0] << 8 | data[1]) % (size - 1);
    enum text_layout layout;
    struct error err;
    text_layout_find(&layout, &plainly, "a", text, size - 2, false, &err);
    require(layout != LAYOUT_LINES && layout != LAYOUT_FILE);
    for (int l = 0; l < TEXT_LAYOUTS; l++)
        check_layout((enum text_layout)l, text, size - 2, from);
    return 0;
}
