/* A model as something is to be done with it: fine-tuned, asked, exported. What is known of it without
 * its weights, whatever it lies in: a Hugging Face folder, a checkpoint of TensorFlow, a checkpoint, or a
 * run folder (its best checkpoint, or else its newest).
 *
 *     base_model_open(&model, dist, path, err)
 *     ... a parameter table and an array for it are made ...
 *     base_model_weights(&model, table, seed, params, err)       on rank 0, which then tells the others
 *     base_model_close(&model)
 *
 * Opening is collective: rank 0 alone reads, and the others are told. */
#ifndef LAMBERT_RUN_BASE_MODEL_H
#define LAMBERT_RUN_BASE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/examples/label_set.h"
#include "lambert/model/params.h"
#include "lambert/store/checkpoint_file.h"
#include "lambert/store/hugging_face.h"
#include "lambert/store/tensorflow.h"
#include "lambert/text/vocabulary.h"

enum base_source { BASE_CHECKPOINT, BASE_HUGGING_FACE, BASE_TENSORFLOW };

struct base_model {
    enum base_source source;
    struct config_model shape;
    struct config_task task; /* that it was fine-tuned for, as far as is known; its files are not */
    enum float_type compute_type; /* that it was trained in */
    int sequence_length;     /* the longest that it was trained on last, or has positions for */
    struct label_set labels; /* none: it has no head with labels */
    struct vocabulary *vocabulary;
    struct tokenizer_options tokenizer;

    /* On rank 0, open: one of the three. */
    struct hf_model folder;
    struct tf_model tensorflow;
    struct checkpoint_file file;
};

/* Fails where there is no model. On failure nothing is open. */
int base_model_open(struct base_model *model, const struct dist *dist, const char *path,
                    struct error *err);

/* The newest whole checkpoint of a run folder, to go on from. Where it has none, *found is false, and nothing is
 * open. */
int base_model_open_newest(struct base_model *model, const struct dist *dist,
                           const char *run_folder, bool *found, struct error *err);
void base_model_close(struct base_model *model); /* fine on a zeroed one */

/* [local] Closes the files alone: what is known of the model stays, and its weights are no longer to be had. */
void base_model_close_files(struct base_model *model);

/* [rank 0] Whether it has a tensor of that name, and the path that it was opened by. */
bool base_model_has(const struct base_model *model, const char *name);
const char *base_model_path(const struct base_model *model);

/* [rank 0] The tokens that transformers are to be told of besides BERT's five, as a checkpoint carries them; "" where
 * there are none. */
const char *base_model_added_tokens(const struct base_model *model);

/* [rank 0] The weights of the table's tensors; heads that the model has not are initialised from the seed,
 * and the log says which. Fails where they are not all finite. */
int base_model_weights(const struct base_model *model, const struct param_table *table,
                       uint64_t seed, real *params /* [table size] */, struct error *err);

#endif
