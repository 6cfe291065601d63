/* The text that pieces came from, as run_squad.py's get_final_text() finds it: characters of the normalised
 * text are counted off in the original, blanks left out. */
#ifndef LAMBERT_FEATURES_ORIGINAL_TEXT_H
#define LAMBERT_FEATURES_ORIGINAL_TEXT_H

#include <stddef.h>

#include "lambert/base/buffer.h"
#include "lambert/text/tokenizer_options.h"

/* normalised: words that pieces spell, a blank between two ("steve smith"). original: the words of the paragraph
 * that the pieces are of ("Steve Smith's"). Gives the part of the original that is meant ("Steve Smith"); all of
 * it where normalising it does not give `normalised`, or another number of characters than it has itself. */
struct text_part {
    size_t start, size; /* bytes */
};
struct text_part original_text(const char *original, const char *normalised,
                               const struct tokenizer_options *tokenizer, struct buffer *scratch);

#endif
