/* Documents of a run of text in memory, one after another (text/input_feed.h cuts the runs), in one
 * of the layouts of text/text_layout.h:
 *
 *   - LAYOUT_WIKI: the title of an article is kept; the line that repeats it is a heading, not a line of
 *     the document. Entities, in title and lines, are turned back into what they stand for, once (an '&'
 *     that begins none is left alone, for older versions of WikiExtractor escape nothing). Articles with
 *     nothing but a title are empty documents. A <doc> line before the </doc> of the last one ends that
 *     document and begins the next, the end of the text ends a document too, a </doc> too many is left
 *     out, as are lines of one tag between documents, and other text between documents is read as plain
 *     text.
 *   - LAYOUT_JSON, LAYOUT_JSON_VALUES, LAYOUT_JSON_TEXTS: an object's texts under the keys of the options are the document,
 *     its "title" the title; a first line that repeats it is a heading. Entities are turned back where
 *     the object is WikiExtractor's ("revid"). Objects that are no documents are counted in `left_out`,
 *     by the reason; of a line of LAYOUT_JSON what follows a damaged object is left out with it. In
 *     LAYOUT_JSON_TEXTS a text that stands by itself is a document too.
 *   - LAYOUT_PLAIN, LAYOUT_LINES, LAYOUT_FILE: blank lines part documents; each line is one; all is one.
 *
 * A document is a run of lines (no line ends; byte-order marks at the beginning and white space, Unicode's
 * too, at both ends trimmed; none empty). Bytes are handed on as they are: decoding is the tokenizer's.
 *
 * Where lines are wrapped (text_options.h), those that no blank line parts are one line: joined by a
 * space; without one where the first ends with a hyphen behind a letter and the next begins with a letter,
 * the hyphen being kept, since nothing tells whether it belongs to the word; without it where it is a
 * soft hyphen; and without one between two characters of a script that sets no spaces (wide ones, but
 * Hangul; CSS Text 3, 4.1.3).
 *
 *     document_reader_init(&reader, layout, &options, text, size);
 *     while (document_reader_next(&reader, &document)) ...
 *     document_reader_release(&reader); */
#ifndef LAMBERT_TEXT_DOCUMENT_READER_H
#define LAMBERT_TEXT_DOCUMENT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/text/text_layout.h"
#include "lambert/text/text_options.h"

/* The number of the rules by which bytes of an input become the lines of documents: decompressing, decoding,
 * finding the layout, cutting into chunks, reading. It is part of a preparation's plan, so that one that was
 * interrupted is not gone on with by other rules. To be raised whenever the same files would give other lines, or
 * chunks; the test of the rules in tests/prepare/test_prepare.c then wants the new corpus' hash. (Where sentences
 * end has a number of its own, SENTENCE_RULES.) */
enum { READING_RULES = 2 };

struct document {
    struct buffer text;  /* the lines, each followed by '\n' */
    struct buffer title; /* of an article or an object that has one; else empty */
};

void document_init(struct document *document);
void document_release(struct document *document);

/* The next line of a document: *cursor starts at 0. false: there was none left. */
bool document_line(const struct document *document, size_t *cursor, const char **line,
                   size_t *length);

/* Why what stands in JSON is no document. */
enum left_out {
    LEFT_OUT_NO_OBJECT, /* it is no JSON, or no object */
    LEFT_OUT_NO_KEY,    /* an object without the keys */
    LEFT_OUT_NO_TEXT,   /* what is under the keys is no text */
    LEFT_OUT_ACTION, /* a line of Elasticsearch's bulk form that says what to do with the next: no damage */
    LEFT_OUT_REASONS
};

struct document_reader {
    enum text_layout layout;
    const struct text_options *options;
    const char *text;
    size_t size, position;
    bool inside;              /* between <doc> and </doc> */
    bool opened;              /* by a <doc> line that ended the document before it */
    bool paragraph_ended;     /* by a blank line */
    struct buffer next_title; /* of the last <doc> line */
    struct buffer unescaped, decoded;
    size_t line_end;     /* LAYOUT_JSON: of the line that is being read */
    uint64_t not_closed; /* <doc> lines without </doc>, so far */
    /* Of JSON, so far: how many, and where the first of each begins. */
    uint64_t left_out[LEFT_OUT_REASONS];
    size_t first_left_out[LEFT_OUT_REASONS];
    /* Objects that have one of the keys, so far, and of these: that lack key k. */
    uint64_t records, lacking[TEXT_KEYS_MOST];
};

/* The options must outlive the reader. */
void document_reader_init(struct document_reader *reader, enum text_layout layout,
                          const struct text_options *options, const char *text, size_t size);
void document_reader_release(struct document_reader *reader);

/* false: the end. */
bool document_reader_next(struct document_reader *reader, struct document *document);

#endif
