/* How the text of a file is laid out, and where documents are seen to begin in it.
 *
 *   - LAYOUT_PLAIN: a paragraph or a sentence a line, blank lines between documents. Nothing in it is
 *     markup.
 *   - LAYOUT_LINES and LAYOUT_FILE: the same, but each line, or the whole file, is a document. These are
 *     not seen in a text, but asked for (text_options.h).
 *   - LAYOUT_WIKI, WikiExtractor's output: `<doc id="..." ... title="...">` (with a title or without), a title line, paragraphs,
 *     `</doc>`; there may be an XML declaration before it and a tag around it.
 *   - LAYOUT_JSON: one object a line, as WikiExtractor --json and most corpora have it. Lines of
 *     Elasticsearch's bulk form that say what to do with the next one may stand between them, as in
 *     Wikipedia's CirrusSearch dumps.
 *   - LAYOUT_JSON_VALUES: objects one after another, or in an array, over as many lines as they take.
 *   - LAYOUT_JSON_TEXTS: the same, but the array begins with a text: ["one", "two"].
 *
 * A line ends with '\n' or '\r', or with '\r's and a '\n'; lines of LAYOUT_JSON with '\n'. A byte-order mark
 * at the beginning of a line, where files were put together, is no part of it.
 *
 * document_reader.h says how each is read. */
#ifndef LAMBERT_TEXT_TEXT_LAYOUT_H
#define LAMBERT_TEXT_TEXT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/text/text_options.h"

enum text_layout {
    LAYOUT_PLAIN,
    LAYOUT_LINES,
    LAYOUT_FILE,
    LAYOUT_WIKI,
    LAYOUT_JSON,
    LAYOUT_JSON_VALUES,
    LAYOUT_JSON_TEXTS,
    TEXT_LAYOUTS
};

/* What a file of it is, for people: "WikiExtractor's". */
extern const char *const text_layout_names[TEXT_LAYOUTS];

/* The layout of a file that begins with these bytes, told from all of them: JSON is what begins as JSON,
 * or has more lines that are objects than others. `whole`: the file has no more. Fails where it is JSON
 * in which no object has one of the keys that make a document; the sentence has `path`, and the keys that
 * were seen. Fails where objects are written as Python prints them. *layout is told all the same. */
int text_layout_find(enum text_layout *layout, const struct text_options *options, const char *path,
                     const char *head, size_t size, bool whole, struct error *err);

bool text_layout_is_json(enum text_layout layout);

/* Whether documents are seen to begin only by who reads from the beginning: the text can be cut, but
 * not from the neighbourhood of the cut. */
bool text_layout_sequential(enum text_layout layout);

/* The size of the byte-order mark that a file begins with: 3 bytes, or 0. */
size_t text_mark_size(const char *text, size_t size);

/* The first place in [from, size) where a document is seen to begin, or `size`: a text line behind
 * a blank line, a <doc> line, a line of JSON. text[from - 1] is looked at where from > 0, and
 * nothing before it. Of a sequential layout text[0] is where a document or a file begins, all is looked
 * at, and where the text does not end the file (`ends`), a document that goes on behind it is not yet taken
 * for damage. */
size_t text_document_start(enum text_layout layout, const char *text, size_t size, size_t from,
                           bool ends);

/* How long a document of JSON may be; what has no end by then is damage. */
#define TEXT_LONGEST_VALUE ((uint64_t)64 << 20)

#endif
