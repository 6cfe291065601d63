/* HTML's entities turned back into what they stand for, once: "&amp;lt;" gives "&lt;". An entity is a name of
 * HTML's or a number, with its semicolon; any other '&' is a character like others, since not all
 * programs that write text in tags escape it. */
#ifndef LAMBERT_TEXT_HTML_ENTITIES_H
#define LAMBERT_TEXT_HTML_ENTITIES_H

#include <stddef.h>

#include "lambert/base/buffer.h"

struct html_entity {
    const char *name; /* "amp" */
    const char *text; /* in UTF-8 */
};

extern const struct html_entity html_entities[]; /* [html_entity_count], sorted by name, bytewise */
extern const int html_entity_count;

/* Appends the text. Numbers are read as HTML has it: 128 to 159 are windows-1252's, what is no character is
 * U+FFFD, control characters are nothing. No line ends come of it: they are spaces. */
void html_unescape(const char *text, size_t size, struct buffer *out);

#endif
