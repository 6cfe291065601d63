/* Whether the lines of documents look as if they had been broken to fit a page: most of those that another
 * follows end in the middle of a sentence, and most of these are nearly as wide as the widest. */
#ifndef LAMBERT_PREPARE_LINE_WIDTHS_H
#define LAMBERT_PREPARE_LINE_WIDTHS_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/text/document_reader.h"

enum { LINE_WIDEST = 200 }; /* characters: no page is wider */

/* Zeroed is an empty one. */
struct line_widths {
    uint64_t lines; /* that another follows */
    uint64_t open;  /* of them, those that end in no mark but a comma or a dash */
    uint64_t open_of_width[LINE_WIDEST + 1];
};

/* Looks at no more lines than tell. */
void line_widths_add(struct line_widths *widths, const struct document *document);
bool line_widths_look_wrapped(const struct line_widths *widths);

#endif
