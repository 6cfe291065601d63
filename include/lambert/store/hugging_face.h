/* Hugging Face model folders: what transformers' save_pretrained() writes for BERT and
 * from_pretrained() reads.
 *
 *     config.json              the model's shape; its class, and the names of its labels
 *     model.safetensors        weights (import takes shards with their index as well), by the
 *                              names of that class: BertForPreTraining, or
 *                              BertForSequenceClassification, BertForTokenClassification,
 *                              BertForQuestionAnswering of a model that was fine-tuned
 *     vocab.txt, tokenizer_config.json, tokenizer.json   the vocabulary, and how text is cut: for
 *                              AutoTokenizer, slow and fast; import takes what there is of them, and
 *                              of added_tokens.json and special_tokens_map.json
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

/* Writes `folder` whole or not at all (base/folder_writer.h), config.json last. What it holds is kept: a folder with a
 * file of one of these names is refused, and weights that are not finite numbers, or would not be in that dtype, by the
 * name of their tensor. */
int hf_export(const struct hf_export *request, const char *folder, struct error *err);

/* --- import ----------------------------------------------------------------------------------- */

struct hf_tensors; /* store/hf_tensors.h */

struct hf_model {
    char *folder;
    struct bert_config shape; /* vocab: entries of vocab.txt; the weights may have more rows */
    int vocab_size;           /* of config.json */
    enum task_kind kind;      /* what its class is for; other classes than those above: none */
    struct label_set labels;  /* of kinds that name them: classification, multilabel, tagging */
    struct tokenizer_options tokenizer;
    char *vocabulary; /* bytes of vocab.txt */
    size_t vocabulary_size;
    uint64_t vocabulary_hash;
    char *added_tokens; /* as checkpoints carry them (struct checkpoint_meta); "": there are none */
    struct hf_tensors *weights;
};

/* Whether a folder has weights in a form of Hugging Face's, be it one that is refused. */
bool hf_model_has_weights(const char *folder);

/* Reads and checks everything but the tensors' fit. What this program does not compute is refused
 * by the name of its key (store/hf_config.h), as are tokenizers that would make other tokens
 * (store/hf_tokenizer.h) and weights in a form that it does not read (store/hf_files.h). */
int hf_model_open(struct hf_model *model, const char *folder, struct error *err);
void hf_model_close(struct hf_model *model); /* fine on a zeroed one */

/* Whether its weights have that tensor, by this name or another that stands for it. */
bool hf_model_has(const struct hf_model *model, const char *name);

/* Fills params [table size] with the folder's weights as float, by the names of
 * store/hf_tensors.h. Rows beyond the vocabulary are padding, and dropped, where they are no more than padding
 * accounts for (store/model_vocabulary.h); position_ids and the
 * decoder, which is the word table, are passed over. Heads of the table that are missing, or are for
 * another number of labels, are initialised from `seed`; those that the table has not are left out,
 * and so are layers beyond num_hidden_layers: the log says which. An error names the tensor: any
 * other that is missing, one of another shape, one of the encoder that BERT has not, one with a
 * weight that is not finite. After an error params hold nothing of use. */
int hf_model_weights(const struct hf_model *model, const struct param_table *table, uint64_t seed,
                     real *params, struct error *err);

#endif
