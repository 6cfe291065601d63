/* Where the tokens of a new vocabulary come from in an old one, for weights that are carried over from a model of
 * the old to one of the new: the rows of the old whose mean a row of the new begins as.
 *
 *     one      the token is in both: the row is kept
 *     several  the pieces that its text has under the old vocabulary, read as the old model reads text (lower-cased
 *              where that is uncased, ...); the text of a "##" token as the rest of a word. (Gee et al., "Fast
 *              Vocabulary Transfer", EMNLP 2022 industry track.) One piece is a mean of one
 *     none     it has none: a letter in it is not in the old vocabulary, or it is no text; or means are not wanted
 *
 * Where the text is unknown in the form that the token has, as the beginning of a word or as the rest of one, the
 * other form is tried. */
#ifndef LAMBERT_TEXT_TOKEN_ORIGINS_H
#define LAMBERT_TEXT_TOKEN_ORIGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/text/tokenizer.h"
#include "lambert/text/vocabulary.h"

struct token_origins {
    int size;                 /* tokens of the new vocabulary */
    size_t *starts;           /* [size + 1] those of token i are ids[starts[i] .. starts[i + 1]) */
    int32_t *ids;             /* of the old vocabulary */
    int kept, means, without; /* how many tokens are which; together size */
};

/* `reading`: how the old model reads text. means: false: what is not in both has no origin. */
void token_origins_init(struct token_origins *origins, const struct vocabulary *new_vocabulary,
                        const struct vocabulary *old_vocabulary,
                        const struct tokenizer_options *reading, bool means);
void token_origins_release(struct token_origins *origins);

#endif
