/* The lines of markup in WikiExtractor's output: <doc ...>, </doc>, and what stands around all of them. */
#ifndef LAMBERT_TEXT_DOC_TAG_H
#define LAMBERT_TEXT_DOC_TAG_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a trimmed line is <doc ...> and nothing else. Its attributes stand in any order, in quotes of either kind
 * or none; without a title among them *title_length is 0. The title may hold quotes of the kind that it stands in: it ends
 * where another attribute or the end of the tag follows. */
bool doc_tag_begins(const char *line, size_t length, const char **title, size_t *title_length);

/* Whether it is </doc>. */
bool doc_tag_ends(const char *line, size_t length);

/* Whether it is one tag of any name, or an XML declaration. */
bool doc_tag_stands_around(const char *line, size_t length);

#endif
