/* The parameter table: the only description of the weights. Initialisation, the optimizer,
 * sharding, checkpoints and export all read it.
 *
 * Values, gradients and moments are flat arrays of table->size elements; tensor i lies at
 * [offset, offset + count). Names and layouts ([out, in]) are those of Hugging Face's
 * BertForPreTraining, so export copies bytes. Query, key and value of a layer follow each other
 * without a gap (weights [3H, H], biases [3H]): one matrix product serves all three, yet each keeps
 * its own row here and so its own norms. Gaps, there for alignment, hold zeros and stay zero. */
#ifndef LAMBERT_MODEL_PARAMS_H
#define LAMBERT_MODEL_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/real.h"
#include "lambert/model/bert_config.h"

enum param_init { PARAM_NORMAL, PARAM_ZEROS, PARAM_ONES };

/* The widths of BERT; WIDTH_NONE for the second of a tensor of one dimension. */
enum param_width {
    WIDTH_NONE,
    WIDTH_HIDDEN,
    WIDTH_INTERMEDIATE,
    WIDTH_VOCAB,
    WIDTH_POSITIONS,
    WIDTH_TYPES,
    WIDTH_OUTPUTS /* of the objective that the tensor belongs to */
};

/* A tensor before it has a size and a place: what lists of tensors are made of. */
struct param_form {
    const char *name;
    enum param_width rows, columns;
    enum param_init init;
    bool joined; /* right behind the one before, without a gap */
};

struct param_info {
    char name[96];
    int dimensions; /* 1 or 2 */
    int64_t shape[2];
    size_t offset;        /* in elements */
    size_t count;         /* elements */
    bool is_bias_or_norm; /* biases and LayerNorm weights: by default neither decayed nor adapted */
    enum param_init init;
};

struct param_table {
    struct param_info *infos; /* [count], ascending offsets */
    int count;
    size_t size;    /* elements of a flat array, gaps included; a multiple of 16 */
    size_t weights; /* elements without gaps: the number of parameters */
};

/* The embeddings, the layers, the pooler where an objective reads it, and the objectives' tensors
 * in the order of their list: 206 for 12 layers and the pre-training pair. */
void param_table_init(struct param_table *table, const struct bert_config *config);
void param_table_release(struct param_table *table);

/* The tensor's number, or -1. */
int param_table_find(const struct param_table *table, const char *name);

/* Fresh weights, a pure function of (table, seed): normal with standard deviation
 * initializer_range, redrawn beyond two of them (as TensorFlow's truncated_normal in Google's BERT:
 * the deviation of what remains is 0.88 of it); biases 0, LayerNorm weights 1. */
void param_table_initialise(const struct param_table *table, double initializer_range,
                            uint64_t seed, real *params /* [size] */);

/* One tensor of these, all others left as they are. */
void param_table_initialise_one(const struct param_table *table, int tensor,
                                double initializer_range, uint64_t seed, real *params /* [size] */);

#endif
