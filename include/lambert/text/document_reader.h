/* Reads text files document by document, whatever the file's size, in memory for one document.
 *
 * Two layouts are recognised from the first line that is not blank:
 *   - WikiExtractor output: `<doc id="..." ... title="...">`, a title line, paragraphs, `</doc>`.
 * The title is kept (its XML entities turned back); the line that repeats it is not a line of the
 *     document. Articles with nothing but a title are empty documents. A <doc> line before the
 *     </doc> of the last one ends that document and begins the next, the end of the file ends a
 *     document too (the log says once a file that a </doc> was missing), a </doc> too many is left
 *     out, and text between documents is read as plain text.
 *   - plain text: a paragraph or a sentence a line, blank lines between documents. Nothing in it is
 *     markup.
 *
 * A document is a run of lines (no line ends, '\r' being white space; white space, Unicode's too,
 * trimmed at both ends; none empty). Bytes are handed on as they are: decoding is the tokenizer's,
 * and entities in an article's lines are left alone. A byte-order mark at the beginning of the file
 * is left out. */
#ifndef LAMBERT_TEXT_DOCUMENT_READER_H
#define LAMBERT_TEXT_DOCUMENT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"

struct document {
    struct buffer text;  /* the lines, each followed by '\n' */
    struct buffer title; /* WikiExtractor: the title; else empty */
    uint64_t first_line; /* in the file, from 1, of the <doc> or of the first text: for reports */
};

void document_init(struct document *document);
void document_release(struct document *document);

/* The next line of a document: *cursor starts at 0. false: there was none left. */
bool document_line(const struct document *document, size_t *cursor, const char **line,
                   size_t *length);

struct document_reader;

int document_reader_open(struct document_reader **reader, const char *path, struct error *err);
void document_reader_close(struct document_reader *reader); /* NULL is fine */

/* 1: a document (possibly of no lines), 0: the end, -1: the file could not be read on. */
int document_reader_next(struct document_reader *reader, struct document *document,
                         struct error *err);

/* Bytes of the lines taken so far: what has been read ahead is not counted, so that they are the
 * same on every run. */
uint64_t document_reader_bytes(const struct document_reader *reader);

#endif
