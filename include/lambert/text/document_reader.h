/* Documents of a run of text in memory, one after another (text/input_feed.h cuts the runs), in one
 * of the layouts of text/text_layout.h:
 *
 *   - LAYOUT_WIKI: the title of an article is kept (its XML entities turned back); the line that
 *     repeats it is a heading, not a line of the document. Articles with nothing but a title are empty
 *     documents. A <doc> line before the </doc> of the last one ends that document and begins the
 *     next, the end of the text ends a document too, a </doc> too many is left out, and text between
 *     documents is read as plain text.
 *   - LAYOUT_JSON: "text" is the document, "title" its title. Other keys are passed over. A line that
 *     is no such object is counted in `damaged` and left out.
 *   - LAYOUT_PLAIN: blank lines part documents.
 *
 * A document is a run of lines (no line ends, '\r' being white space; white space, Unicode's too,
 * trimmed at both ends; none empty). Bytes are handed on as they are: decoding is the tokenizer's,
 * and entities in an article's lines are left alone.
 *
 *     document_reader_init(&reader, layout, text, size);
 *     while (document_reader_next(&reader, &document)) ...
 *     document_reader_release(&reader); */
#ifndef LAMBERT_TEXT_DOCUMENT_READER_H
#define LAMBERT_TEXT_DOCUMENT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/text/text_layout.h"

struct document {
    struct buffer text;  /* the lines, each followed by '\n' */
    struct buffer title; /* WikiExtractor: the title; else empty */
};

void document_init(struct document *document);
void document_release(struct document *document);

/* The next line of a document: *cursor starts at 0. false: there was none left. */
bool document_line(const struct document *document, size_t *cursor, const char **line,
                   size_t *length);

struct document_reader {
    enum text_layout layout;
    const char *text;
    size_t size, position;
    bool inside;              /* between <doc> and </doc> */
    bool opened;              /* by a <doc> line that ended the document before it */
    struct buffer next_title; /* of the last <doc> line */
    uint64_t not_closed;      /* <doc> lines without </doc>, so far */
    uint64_t damaged;         /* lines of LAYOUT_JSON that are not one object with a "text" free
                                 of NULs, so far */
};

void document_reader_init(struct document_reader *reader, enum text_layout layout, const char *text,
                          size_t size);
void document_reader_release(struct document_reader *reader);

/* false: the end. */
bool document_reader_next(struct document_reader *reader, struct document *document);

#endif
