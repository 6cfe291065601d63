/* Tokens that a Hugging Face folder adds to its vocabulary: what transformers cut out of a text before
 * it is normalised and split. They stand in up to four files, by id and with flags:
 *
 *     tokenizer.json           added_tokens
 *     tokenizer_config.json    added_tokens_decoder; cls_token, additional_special_tokens, ...
 *     special_tokens_map.json  cls_token, additional_special_tokens, ...
 *     added_tokens.json        {"token": id}
 *
 * Files that disagree on one are refused. BERT's five ([PAD], [UNK], [CLS], [SEP], [MASK]) are to bear
 * these names; like all special tokens they are text where they stand in a text of Lambert's. A list
 * keeps the others, and those of the five whose flags are not the usual ones, so that they can go out
 * as they came in: as JSON, an array of objects as in tokenizer.json, sorted by id. */
#ifndef LAMBERT_STORE_HF_ADDED_TOKENS_H
#define LAMBERT_STORE_HF_ADDED_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/text/vocabulary.h"

struct added_token {
    char *content;
    int id;
    bool single_word, lstrip, rstrip, normalized, special;
    bool
        assumed; /* no file says the flags: special ones are matched before normalising, others behind it */
};

struct added_tokens {
    struct added_token *rows; /* [count] */
    size_t count, capacity;
};

void added_tokens_release(struct added_tokens *tokens); /* fine on a zeroed one */

/* Each adds what the text of one file says; `root` is the parsed file, `path` for sentences. */
int added_tokens_from_tokenizer(struct added_tokens *tokens, const cJSON *root, const char *path,
                                struct error *err);
int added_tokens_from_config(struct added_tokens *tokens, const cJSON *root, const char *path,
                             struct error *err);
int added_tokens_from_list(struct added_tokens *tokens, const cJSON *root, const char *path,
                           struct error *err); /* added_tokens.json */

/* Appends those behind the end of the vocabulary, which has so many lines, to its bytes. Their ids go
 * on from there without a gap. */
int added_tokens_append(struct added_tokens *tokens, int lines, struct buffer *vocabulary,
                        const char *path, struct error *err);

/* That each has its id in the vocabulary. */
int added_tokens_check(const struct added_tokens *tokens, const struct vocabulary *vocabulary,
                       const char *path, struct error *err);

/* What tokenizer_config.json or special_tokens_map.json says of special tokens by their uses: BERT's
 * five have their names, others are in the vocabulary, and marked special in the list. */
int added_tokens_mark_special(struct added_tokens *tokens, const cJSON *root,
                              const struct vocabulary *vocabulary, const char *path,
                              struct error *err);

/* Whether it is one of BERT's five; and with the flags that they have always had. */
bool added_token_is_one_of_five(const struct added_token *token);
bool added_token_is_usual(const struct added_token *token);

/* The list as text, nothing where all are usual; and back, from a text that this made (NULL is as "").
 */
void added_tokens_print(struct added_tokens *tokens, struct buffer *text);
int added_tokens_parse(struct added_tokens *tokens, const char *text, const char *path,
                       struct error *err);

/* Copies of another list's. */
void added_tokens_add(struct added_tokens *tokens, const struct added_tokens *others);

/* Adds BERT's five where they are not in it, as transformers are told of all, and sorts by id. */
void added_tokens_complete(struct added_tokens *tokens, const struct vocabulary *vocabulary);
cJSON *added_token_json(const struct added_token *token, bool with_id);

#endif
