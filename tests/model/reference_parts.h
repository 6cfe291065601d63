/* What the slow forward passes of the tests are made of (reference.h): a sequence at a time, in double.
 * What returns an array returns one that the caller frees. */
#ifndef LAMBERT_TESTS_MODEL_REFERENCE_PARTS_H
#define LAMBERT_TESTS_MODEL_REFERENCE_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/batch/packed_batch.h"
#include "lambert/model/bert.h"
#include "model/rows.h" /* the numbers of dropout's places */

struct reference_model {
    const struct bert_config *config;
    const struct param_table *table;
    const real *params;
    bool dropout;
    uint64_t key; /* of the sequence */
};

/* Rows of a place: row r is position r of the sequence (of probabilities, the query's). The mask is
 * what dropout makes of ones. */
void reference_drop(const struct reference_model *m, enum dropout_site site, int layer, int head,
                    double *x, int first_row, int rows, int n);

/* By its name, in which %d is the layer. */
const real *reference_tensor(const struct reference_model *m, const char *format, int layer);

/* y [rows, out] = x [rows, in] Wᵀ + b */
double *reference_linear(const double *x, int rows, int in, int out, const real *weight,
                         const real *bias);

/* The rows [S, H] of sequence n behind so many blocks, of which there may be none. */
double *reference_encode(const struct reference_model *m, const struct packed_batch *batch, int n,
                         int layers);

/* x [H] after the pooler */
double *reference_pooled(const struct reference_model *m, const double *x);

/* What the heads of pre-training say of a row x [H]: [V], and of that of [CLS] [2]. */
double *reference_masked_logits(const struct reference_model *m, const double *x);
double *reference_sentence_logits(const struct reference_model *m, const double *x);

/* -log softmax(logits)[label], and whether it is the largest */
double reference_cross_entropy(const double *logits, int count, int label, double *correct);

#endif
