/* The tokenizer files of a Hugging Face folder: tokenizer_config.json for the slow tokenizer,
 * tokenizer.json for the fast one. Texts are to be freed. */
#ifndef LAMBERT_STORE_HF_TOKENIZER_H
#define LAMBERT_STORE_HF_TOKENIZER_H

#include <stddef.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/text/tokenizer_options.h"
#include "lambert/text/vocabulary.h"

char *hf_tokenizer_config_print(const struct tokenizer_options *options, int positions);
char *hf_tokenizer_print(const struct vocabulary *vocabulary,
                         const struct tokenizer_options *options);

/* What a tokenizer_config.json says: do_lower_case, strip_accents (true, false, or null: as case) and
 * tokenize_chinese_chars; what is not said is as in transformers. `path` is for errors. */
int hf_tokenizer_config_parse(const char *text, size_t size, const char *path,
                              struct tokenizer_options *options, struct error *err);

/* The vocabulary of a tokenizer.json as the bytes of a vocab.txt, which newer transformers no
 * longer write. Refused where it is not WordPiece with "##", or ids have gaps. `path` is for
 * errors. */
int hf_tokenizer_vocabulary(const char *text, size_t size, const char *path,
                            struct buffer *vocabulary, struct error *err);

#endif
