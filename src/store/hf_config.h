/* config.json of a Hugging Face folder. */
#ifndef LAMBERT_STORE_HF_CONFIG_H
#define LAMBERT_STORE_HF_CONFIG_H

#include "lambert/base/error.h"
#include "lambert/model/bert_config.h"
#include "lambert/store/safetensors.h"

/* The text of config.json; free(). */
char *hf_config_print(const struct bert_config *shape, int pad_id, enum safetensors_dtype dtype);

/* `path` is for error sentences. shape->vocab is vocab_size. */
int hf_config_parse(const char *text, size_t size, const char *path, struct bert_config *shape,
                    struct error *err);

#endif
