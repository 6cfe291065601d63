/* config.json of a Hugging Face folder.
 *
 *     honoured    vocab_size, hidden_size, num_hidden_layers, num_attention_heads, intermediate_size,
 *                 max_position_embeddings (from 8), type_vocab_size (from 2), layer_norm_eps,
 *                 initializer_range, both dropouts; hidden_act: gelu in both its forms, under all
 *                 their names; architectures, problem_type, id2label (hf_task.h)
 *     refused     model_type other than bert, position_embedding_type other than absolute, another
 *                 hidden_act; is_decoder, add_cross_attention, is_encoder_decoder, pruned_heads,
 *                 quantization_config, auto_map; tie_word_embeddings false, unless the decoder is
 *                 the word table all the same
 *     told        classifier_dropout other than hidden_dropout_prob
 *
 * All else says how to compute (chunk_size_feed_forward), how to call, or nothing. */
#ifndef LAMBERT_STORE_HF_CONFIG_H
#define LAMBERT_STORE_HF_CONFIG_H

#include <stdbool.h>

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
    bool untied; /* tie_word_embeddings is false (read only) */
};

/* The text of config.json; free(). */
char *hf_config_print(const struct hf_config *config, int pad_id, enum safetensors_dtype dtype);

/* `path` is for error sentences. The labels are the caller's to release; after a failure there are
 * none. */
int hf_config_parse(const char *text, size_t size, const char *path, struct hf_config *config,
                    struct error *err);

#endif
