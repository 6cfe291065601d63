/* Checkpoints of google-research/bert and of what was made of it (MLPerf's starting point, NVIDIA's TensorFlow
 * recipes): the oldest published BERTs. A folder with
 *
 *     bert_config.json            the model's shape, in the words of a config.json
 *     vocab.txt                   the vocabulary
 *     NAME.index, NAME.data-*     weights, as TensorFlow saves variables by name (src/store/tensor_bundle.h)
 *     tokenizer_config.json       may be there: whether text is lower-cased. Where it does not say so the
 *                                 vocabulary tells: one with capitals is of a cased model, one with accents and no
 *                                 capitals of one that lower-cases and keeps them (src/store/model_case.h)
 *
 * The model is named by the folder, or by the path of its weights, "uncased_L-12_H-768_A-12/bert_model.ckpt", with
 * .index behind it or not, as in TensorFlow. Where a folder has the weights of several steps, the file `checkpoint`
 * that TensorFlow keeps beside them says which.
 *
 * Names are those of Google's modeling.py, run_pretraining.py and run_squad.py. A linear layer's kernel is
 * [in, out] there, and is transposed; embeddings and output_weights are as here. `gelu` is read as the exact form,
 * as transformers reads it and the models of 2018 were trained; for one that was trained by Google's code of 2019
 * or later, which has the tanh form (MLPerf's), write gelu_new into its bert_config.json.
 *
 * Nothing here is collective; one rank reads. */
#ifndef LAMBERT_STORE_TENSORFLOW_H
#define LAMBERT_STORE_TENSORFLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/examples/task.h"
#include "lambert/model/bert_config.h"
#include "lambert/model/params.h"
#include "lambert/text/tokenizer.h"

struct tensor_bundle;

struct tf_model {
    char *prefix;             /* of the weights: the path without .index */
    struct bert_config shape; /* vocab: entries of vocab.txt; the weights may have more rows */
    int vocab_size;           /* of bert_config.json */
    enum task_kind kind;      /* questions where it has run_squad.py's head; else none */
    struct tokenizer_options tokenizer;
    char *vocabulary; /* bytes of vocab.txt */
    size_t vocabulary_size;
    struct tensor_bundle *weights;
};

/* Whether a path names such a model, sound or not: to be asked before a checkpoint of Lambert's is looked for
 * there, and after a Hugging Face folder. */
bool tf_model_is(const char *path);

/* Reads and checks everything but the tensors' fit. Refuses checkpoints of other kinds by name: those of one
 * file (TensorFlow before 0.12), and those of objects (TensorFlow 2). */
int tf_model_open(struct tf_model *model, const char *path, struct error *err);
void tf_model_close(struct tf_model *model); /* fine on a zeroed one */

/* Whether its weights have the tensor that is called `name` in a parameter table. */
bool tf_model_has(const struct tf_model *model, const char *name);

/* Fills params [table size] with the weights, bit for bit. Heads of the table that are missing are initialised from
 * `seed`, those that the table has not are left out, as are layers beyond num_hidden_layers, and the log says which;
 * what the optimizer left behind (m and v of each tensor, steps) is passed over. An error names the tensor: any other
 * that is missing, one of another shape, one of the encoder that BERT has not, one whose bytes are damaged or that is
 * not finite. After an error params hold nothing of use. */
int tf_model_weights(const struct tf_model *model, const struct param_table *table, uint64_t seed,
                     real *params, struct error *err);

#endif
