/* Hugging Face model folders: what transformers' save_pretrained() writes for BERT and
 * from_pretrained() reads.
 *
 *     config.json              the model's shape; its class, and the names of its labels
 *     model.safetensors        weights, by the names of that class: BertForPreTraining, or
 *                              BertForSequenceClassification, BertForTokenClassification,
 *                              BertForQuestionAnswering of a model that was fine-tuned
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
#include "lambert/examples/label_set.h"
#include "lambert/examples/task.h"
#include "lambert/model/bert_config.h"
#include "lambert/model/params.h"
#include "lambert/store/checkpoint_file.h"
#include "lambert/store/safetensors.h"

/* --- export ----------------------------------------------------------------------------------- */

struct hf_export {
    const struct checkpoint_file *checkpoint; /* with the labels, where the kind names them */
    struct bert_config shape;                 /* vocab: entries of the checkpoint's vocabulary */
    enum task_kind kind; /* of the checkpoint's configuration: which class it is */
    enum safetensors_dtype dtype;
    const char *card; /* text of README.md */
};

/* The class of transformers that a model of this kind is written for. */
const char *hf_architecture(enum task_kind kind);

/* Writes the files into `folder` (made if need be), each atomically. A folder that already holds a
 * model is refused. */
int hf_export(const struct hf_export *request, const char *folder, struct error *err);

/* --- import ----------------------------------------------------------------------------------- */

struct hf_model {
    char *folder;
    struct bert_config shape; /* vocab: entries of vocab.txt; the weights may have more rows */
    enum task_kind kind;      /* what its class is for; other classes than those above: none */
    struct label_set labels;  /* of kinds that name them: classification, multilabel, tagging */
    bool lower_case;
    char *vocabulary; /* bytes of vocab.txt */
    size_t vocabulary_size;
    uint64_t vocabulary_hash;
    struct safetensors weights;
};

/* Reads and checks everything but the tensors' fit. Refuses what this program does not compute:
 * another model_type, an activation other than gelu and gelu_new, relative positions, a decoder, a
 * regression to several numbers. */
int hf_model_open(struct hf_model *model, const char *folder, struct error *err);
void hf_model_close(struct hf_model *model); /* fine on a zeroed one */

/* Whether its weights have that tensor, by this name or another that stands for it. */
bool hf_model_has(const struct hf_model *model, const char *name);

/* Fills params [table size] with the folder's weights as float. Accepts LayerNorm.gamma/beta, names
 * without "bert.", NVIDIA's dense_act, rows beyond the vocabulary (padding; dropped); passes over
 * position_ids and decoder duplicates. Heads of the table that are missing, or are for another
 * number of labels, are initialised from `seed`, and those that the table has not are left out; the
 * log says which. Any other missing tensor, and any tensor of another shape, is an error that names
 * it. */
int hf_model_weights(const struct hf_model *model, const struct param_table *table, uint64_t seed,
                     real *params, struct error *err);

#endif
