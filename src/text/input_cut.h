/* Where text is cut into chunks (text/input_feed.h has the rule). */
#ifndef LAMBERT_TEXT_INPUT_CUT_H
#define LAMBERT_TEXT_INPUT_CUT_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/text/text_layout.h"

struct input_cut {
    size_t place;     /* in the text */
    bool at_document; /* a document is seen to begin there */
};

/* The cut in text[from, size), text[from - 1] being looked at; from > 0. */
struct input_cut input_cut_find(enum text_layout layout, const char *text, size_t size,
                                size_t from);

#endif
