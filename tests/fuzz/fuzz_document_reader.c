/* Reads the bytes in each layout. Lines of documents are trimmed and not empty; plain text is read
 * as its definition says; of WikiExtractor's text no line is lost but markup and titles; each line
 * of JSON is a document or counted as damaged; and where text_document_start() says that a document
 * begins, the text can be cut without a change. The first two bytes choose the cut. */
#include <string.h>

#include "../text/slow_tokenizer.h"
#include "fuzz.h"
#include "lambert/text/document_reader.h"

/* What was read: for each document 'D', title, '\n'; for each of its lines 'L', line, '\n'. */
struct reading {
    struct buffer log;
    uint64_t documents, not_closed, damaged;
};

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
    document_reader_init(&reader, layout, text, size);
    while (document_reader_next(&reader, &document))
        check_document(&document, reading);
    require(!document_reader_next(&reader, &document));
    reading->not_closed += reader.not_closed;
    reading->damaged += reader.damaged;
    document_reader_release(&reader);
    document_release(&document);
}

/* --- what ought to be read ------------------------------------------------------------------- */

/* The next line, trimmed; false: there is none. */
static bool next_line(const char *text, size_t size, size_t *place, const char **line,
                      size_t *length)
{
    size_t start = *place, end = start;
    if (start >= size)
        return false;
    while (end < size && text[end] != '\n')
        end++;
    *place = end + 1;
    *line = text + start;
    *length = end - start;
    slow_trim(line, length);
    return true;
}

static uint64_t text_lines(const char *text, size_t size)
{
    const char *line;
    size_t length, place = 0;
    uint64_t count = 0;
    while (next_line(text, size, &place, &line, &length))
        count += length > 0;
    return count;
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

static bool begins_with(const char *line, size_t length, const char *with)
{
    return length >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
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
    uint64_t left_out = 0; /* lines, of each document at most the one that repeats its title */
    while (next_line(text, size, &place, &line, &length)) {
        if (length == 0)
            continue;
        bool doc = begins_with(line, length, "<doc id=\"");
        bool markup = doc || (length == 6 && begins_with(line, length, "</doc>"));
        doc_lines += doc;
        if (!take_logged(&reading->log, &logged, line, length))
            left_out += !markup;
        require(left_out <= doc_lines);
    }
    pass_titles(&reading->log, &logged);
    require(logged == reading->log.size); /* every line read stands in the text */
    require(reading->not_closed <= doc_lines && reading->damaged == 0);
}

static void check_json(const struct reading *reading, const char *text, size_t size)
{
    require(reading->documents + reading->damaged == text_lines(text, size));
    require(reading->not_closed == 0);
}

/* --- cuts ------------------------------------------------------------------------------------ */

static void check_cut(enum text_layout layout, const struct reading *whole, const char *text,
                      size_t size, size_t from)
{
    struct reading parts = {0};
    size_t cut = text_document_start(layout, text, size, from);
    require(cut >= from && cut <= size);
    read_all(layout, text, cut, &parts);
    read_all(layout, text + cut, size - cut, &parts);
    require(parts.documents == whole->documents);
    require(parts.not_closed == whole->not_closed && parts.damaged == whole->damaged);
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
        check_json(&whole, text, size);
    check_cut(layout, &whole, text, size, from);
    buffer_release(&whole.log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum text_layout layouts[] = {LAYOUT_PLAIN, LAYOUT_WIKI, LAYOUT_JSON};
    if (size < 2)
        return 0;
    const char *text = (const char *)data + 2;
    size_t from = (size_t)(data[0] << 8 | data[1]) % (size - 1);
    enum text_layout layout = text_layout_of(text, size - 2);
    require(layout == LAYOUT_PLAIN || layout == LAYOUT_WIKI || layout == LAYOUT_JSON);
    for (int i = 0; i < 3; i++)
        check_layout(layouts[i], text, size - 2, from);
    return 0;
}
