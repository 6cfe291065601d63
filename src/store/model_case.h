/* Whether a model of others reads text in lower case, and without accents. Its files say it, or else its vocabulary
 * tells (text/vocabulary_case.h); readers that go by a default, which is lower case, read a cased model wrongly.
 *
 * One line in the log says what the vocabulary decided, and why. Where the files decide and the vocabulary contradicts
 * them, a warning does: pieces of which there are thousands would then never be read, or letters be unknown. */
#ifndef LAMBERT_STORE_MODEL_CASE_H
#define LAMBERT_STORE_MODEL_CASE_H

#include <stdbool.h>

#include "lambert/text/tokenizer_options.h"
#include "lambert/text/vocabulary.h"

/* Of one option: whether the files say something (what, is in the options), and for sentences the path of the one that
 * does, and which of them would have to say it otherwise together, or they would contradict each other. */
struct case_said {
    bool said;
    const char *path;
    bool config, fast; /* tokenizer_config.json, tokenizer.json */
};

/* What the files of a model say. */
struct model_case {
    struct case_said lower_case, accents;
};

/* Completes the options. For its sentences: `model`, and the path `file` of its tokenizer_config.json, which may not
 * be there. */
void model_case_settle(const struct model_case *said, const struct vocabulary *vocabulary,
                       const char *model, const char *file, struct tokenizer_options *options);

#endif
