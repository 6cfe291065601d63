/* How a text is laid out, and where documents are seen to begin in it.
 *
 *   - LAYOUT_PLAIN: a paragraph or a sentence a line, blank lines between documents. Nothing in it is
 *     markup.
 *   - LAYOUT_WIKI, WikiExtractor's output: `<doc id="..." ... title="...">`, a title line, paragraphs,
 *     `</doc>`.
 *   - LAYOUT_JSON: one object a line, as WikiExtractor --json writes it.
 *
 * document_reader.h says how each is read. */
#ifndef LAMBERT_TEXT_TEXT_LAYOUT_H
#define LAMBERT_TEXT_TEXT_LAYOUT_H

#include <stddef.h>

enum text_layout { LAYOUT_PLAIN, LAYOUT_WIKI, LAYOUT_JSON };

/* The layout of a file that begins with these bytes (a byte-order mark may stand first): told from
 * its first line that is not blank; LAYOUT_PLAIN where there is none. */
enum text_layout text_layout_of(const char *text, size_t size);

/* The size of the byte-order mark that a file begins with: 3 bytes, or 0. */
size_t text_mark_size(const char *text, size_t size);

/* The first place in [from, size) where a document is seen to begin, or `size`: a text line behind
 * a blank line, a <doc> line, a line of JSON. text[from - 1] is looked at where from > 0, and
 * nothing before it. */
size_t text_document_start(enum text_layout layout, const char *text, size_t size, size_t from);

#endif
