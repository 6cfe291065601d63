/* Where text is cut into chunks (text/input_feed.h has the rule). */
#ifndef LAMBERT_TEXT_INPUT_CUT_H
#define LAMBERT_TEXT_INPUT_CUT_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/text/text_layout.h"

struct input_cut {
    size_t place;     /* in the text */
    bool at_document; /* a document is seen to begin there */
    /* JSON is cut between documents or not at all, for what is left of an object that was cut is none. No
     * document begins in the text that was shown, and `place` is its end: the cut is further on, to be found
     * with more of the text (the same `from`), or there is none before the end of the file. */
    bool beyond;
};

/* The cut in text[from, size), text[from - 1] being looked at; from > 0. Of a sequential layout text[0] is
 * the cut before it, or the beginning of the file. `ends`: the text ends the file. */
struct input_cut input_cut_find(enum text_layout layout, const char *text, size_t size, size_t from,
                                bool ends);

#endif
