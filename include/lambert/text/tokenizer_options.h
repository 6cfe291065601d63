/* How text becomes words and words become pieces: what Hugging Face's BertTokenizer calls do_lower_case,
 * strip_accents, tokenize_chinese_chars and max_input_chars_per_word. A model reads text as the one it was
 * trained on was read, so these go with it everywhere: corpus.json, checkpoints, tokenizer files. One struct
 * carries all of them, so that another one is a member here, and a line in each function below.
 *
 * In a file they are members of a JSON object. `lower_case` is always there; the others only where they are not
 * as they always were before files could say them, so that such files have not changed by a byte. */
#ifndef LAMBERT_TEXT_TOKENIZER_OPTIONS_H
#define LAMBERT_TEXT_TOKENIZER_OPTIONS_H

#include <stdbool.h>

#include "lambert/base/json.h"

enum accents {
    ACCENTS_AS_CASE, /* stripped from lower-cased text, kept in cased text: strip_accents null */
    ACCENTS_STRIPPED,
    ACCENTS_KEPT,
    ACCENTS_CHOICES
};
extern const char *const accents_names[ACCENTS_CHOICES]; /* of the command line */

struct tokenizer_options {
    bool lower_case;
    enum accents accents; /* strip: decompose canonically, and drop what is of category Mn */
    bool split_han;       /* each Chinese character is a word by itself */
    int max_word_characters; /* longer words become [UNK]; Google's BERT: 200, some of Hugging Face's: 100 */
};

/* clang-format off */
#define TOKENIZER_DEFAULTS {.lower_case = true, .split_han = true, .max_word_characters = 200}
/* clang-format on */

extern const struct tokenizer_options tokenizer_defaults; /* TOKENIZER_DEFAULTS */

bool tokenizer_strips_accents(const struct tokenizer_options *options);

/* Whether every text becomes the same by both. */
bool tokenizer_options_equal(const struct tokenizer_options *a, const struct tokenizer_options *b);

/* Whether they are what lower_case alone says, as in all files before there was more to say. */
bool tokenizer_options_are_plain(const struct tokenizer_options *options);

void tokenizer_options_put(cJSON *object, const struct tokenizer_options *options);
/* NULL, or the name of the member that is missing or wrong. */
const char *tokenizer_options_get(const cJSON *object, struct tokenizer_options *options);

/* For people: "uncased", "cased, accents stripped"; and the words of prep's command line that say it:
 * "--cased --accents strip", "" for the defaults. */
enum { TOKENIZER_OPTIONS_TEXT = 128 };
const char *tokenizer_options_text(const struct tokenizer_options *options,
                                   char text[TOKENIZER_OPTIONS_TEXT]);
const char *tokenizer_options_words(const struct tokenizer_options *options,
                                    char words[TOKENIZER_OPTIONS_TEXT]);

#endif
