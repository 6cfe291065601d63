/* The tokenizer files of a Hugging Face folder: vocab.txt, tokenizer_config.json for the slow
 * tokenizer, tokenizer.json for the fast one, special_tokens_map.json, added_tokens.json.
 *
 *     honoured    do_lower_case / lowercase, strip_accents, tokenize_chinese_chars /
 *                 handle_chinese_chars, max_input_chars_per_word; a vocabulary in vocab.txt, in
 *                 tokenizer.json, or in both alike; added tokens (below)
 *     refused     by file and field, where tokens would come out otherwise than in transformers:
 *                 another tokenizer class, normalizer, pre-tokenizer or model than BERT's, clean_text
 *                 or do_basic_tokenize false, never_split, another "##" or [UNK], special tokens of
 *                 other names, a post_processor that is not [CLS] A [SEP] B [SEP]; files that
 *                 disagree, and a tokenizer.json that is not what transformers assume where
 *                 tokenizer_config.json is silent
 *     no matter   truncation, padding, decoder
 *
 * Without a tokenizer.json words end at 100 characters, as transformers have it. Where no file says whether text is
 * lower-cased, the vocabulary tells (model_case.h).
 *
 * An added token behind the end of vocab.txt is a line more in the vocabulary, with its row. It is taken where it
 * comes out of every text as in transformers: one character that parts words, as a comma. A special one that
 * no text makes here, as "[E1]", is text where it stands in a text, as [MASK] is: the log says so. All others
 * are refused: "virus" would be cut out of "viruses" there, and "<url>" out of texts. */
#ifndef LAMBERT_STORE_HF_TOKENIZER_H
#define LAMBERT_STORE_HF_TOKENIZER_H

#include <stddef.h>

#include "hf_added_tokens.h"
#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/text/tokenizer_options.h"
#include "lambert/text/vocabulary.h"
#include "model_case.h"

/* What they say. */
struct hf_tokenizer {
    struct tokenizer_options options;
    struct vocabulary
        *vocabulary;     /* with added tokens; its text is vocab.txt's where there are none */
    struct buffer added; /* as added_tokens_print() writes them */
};

int hf_tokenizer_read(struct hf_tokenizer *tokenizer, const char *folder, struct error *err);
/* What a tokenizer_config.json by itself says, as of a model of TensorFlow: do_lower_case,
 * strip_accents (true, false, or null: as case) and tokenize_chinese_chars; the rest is as
 * tokenizer_defaults, and *said tells what of case it says. `path` is for errors. */
int hf_tokenizer_config_parse(const char *text, size_t size, const char *path,
                              struct tokenizer_options *options, struct model_case *said,
                              struct error *err);

void hf_tokenizer_release(struct hf_tokenizer *tokenizer); /* fine on a zeroed one */

/* The text of tokenizer_config.json and of tokenizer.json; free(). added: those that are not usual. */
char *hf_tokenizer_config_print(const struct vocabulary *vocabulary,
                                const struct tokenizer_options *options,
                                const struct added_tokens *added, int positions);
char *hf_tokenizer_print(const struct vocabulary *vocabulary,
                         const struct tokenizer_options *options, const struct added_tokens *added);

/* The post_processor of tokenizer.json: [CLS] A [SEP], [CLS] A [SEP] B [SEP]. */
cJSON *hf_tokenizer_template(const struct vocabulary *vocabulary);

#endif
