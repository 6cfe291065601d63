/* Hugging Face model folders: what transformers' save_pretrained() writes for BERT and
 * from_pretrained() reads.
 *
 *     config.json              the model's shape
 *     model.safetensors        weights, by the names of BertForPreTraining
 *     vocab.txt                the vocabulary; import takes tokenizer.json where there is none
 *     tokenizer_config.json, tokenizer.json   for AutoTokenizer, slow and fast
 *     README.md                the model card (export only)
 *
 * Formats: docs of transformers and of the safetensors format, facts collected from their sources.
 * Nothing here is collective; one rank reads or writes. */
#ifndef LAMBERT_STORE_HUGGING_FACE_H
#define LAMBERT_STORE_HUGGING_FACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/model/bert_config.h"
#include "lambert/model/params.h"
#include "lambert/store/checkpoint_file.h"
#include "lambert/store/safetensors.h"

/* --- export ----------------------------------------------------------------------------------- */

struct hf_export {
    const struct checkpoint_file *checkpoint;
    struct bert_config shape; /* vocab: entries of the checkpoint's vocabulary */
    enum safetensors_dtype dtype;
    const char *card; /* text of README.md */
};

/* Writes the files into `folder` (made if need be), each atomically. A folder that already holds a
 * model is refused. */
int hf_export(const struct hf_export *request, const char *folder, struct error *err);

/* --- import ----------------------------------------------------------------------------------- */

struct hf_model {
    char *folder;
    struct bert_config shape; /* vocab: entries of vocab.txt; the weights may have more rows */
    bool lower_case;
    char *vocabulary; /* bytes of vocab.txt */
    size_t vocabulary_size;
    uint64_t vocabulary_hash;
    struct safetensors weights;
};

/* Reads and checks everything but the tensors' fit. Refuses what this program does not compute:
 * another model_type, an activation other than gelu and gelu_new, relative positions, a decoder. */
int hf_model_open(struct hf_model *model, const char *folder, struct error *err);
void hf_model_close(struct hf_model *model); /* fine on a zeroed one */

/* Fills params [table size] with the folder's weights as float. Accepts LayerNorm.gamma/beta, names
 * without "bert.", NVIDIA's dense_act, rows beyond the vocabulary (padding; dropped); passes over
 * position_ids and decoder duplicates. Heads that are missing are initialised from `seed`, and the
 * log says which; any other missing tensor, and any tensor of another shape, is an error that names
 * it. */
int hf_model_weights(const struct hf_model *model, const struct param_table *table, uint64_t seed,
                     real *params, struct error *err);

#endif
