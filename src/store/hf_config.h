/* config.json of a Hugging Face folder. */
#ifndef LAMBERT_STORE_HF_CONFIG_H
#define LAMBERT_STORE_HF_CONFIG_H

#include "lambert/base/error.h"
#include "lambert/examples/label_set.h"
#include "lambert/examples/task.h"
#include "lambert/model/bert_config.h"
#include "lambert/store/safetensors.h"

/* What it says. */
struct hf_config {
    struct bert_config shape; /* vocab: vocab_size */
    enum task_kind kind;      /* hf_task.h */
    struct label_set labels;
};

/* The text of config.json; free(). */
char *hf_config_print(const struct hf_config *config, int pad_id, enum safetensors_dtype dtype);

/* `path` is for error sentences. The labels are the caller's to release; after a failure there are
 * none. */
int hf_config_parse(const char *text, size_t size, const char *path, struct hf_config *config,
                    struct error *err);

#endif
