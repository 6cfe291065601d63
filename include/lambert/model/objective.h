/* What a model is trained for. An objective is a head on top of the encoder, the loss of what the
 * head says, and the backward pass of both: a row of a table, which the rest of the program goes
 * through without knowing whose row it is. A bert_config lists its objectives; the default list is
 * that of pre-training, masked language model (MLM) and next sentence prediction (NSP).
 *
 * From the list follow: the tensors behind the encoder's in the parameter table (params.h), which
 * rows of the last block are computed, the working memory, the operations that are counted as
 * useful, and the order of scales and sums in bert_train() and its like (bert.h).
 *
 * An objective reads the packed batch for its labels and computes
 *
 *     loss = Σ over its terms of a loss of the term       (a sum, not a mean; in natural logarithms)
 *
 * What a term is, is its own affair: a masked position, a labelled sequence, a labelled word. Its
 * `count_terms` says how many there are without computing anything, so that ranks can agree on the
 * denominator of a global batch before the first backward pass.
 *
 * To add one: write its four functions and its tensors in a file of its own beside
 * src/model/objective_mlm.c, declare the row here, and put it in the list of a bert_config. What it
 * reads of a batch goes into packed_batch.h. Its functions check nothing: labels are below
 * `outputs`, batches within the capacity. */
#ifndef LAMBERT_MODEL_OBJECTIVE_H
#define LAMBERT_MODEL_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/arena.h"
#include "lambert/base/real.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/model/bert_config.h"
#include "lambert/model/params.h"

/* Which rows of the last block's output a head reads; R of them, in the order of the batch. */
enum objective_rows {
    OBJECTIVE_CLS,    /* the [CLS] of each sequence: R = N */
    OBJECTIVE_POOLED, /* the same after BERT's pooler, tanh(c Wpᵀ + bp), which then is one of the
                         model's layers and is computed once for all that read it: R = N */
    OBJECTIVE_LABELLED, /* the labelled rows: R = M */
    OBJECTIVE_ALL       /* every token: R = T */
};

struct objective_sums {
    double loss;
    double correct; /* terms that were guessed right; 0 where there is no such thing */
    double terms;
};

/* What an objective says of a micro-batch, for those who want to know; NULL: they do not. */
struct objective_outputs {
    real *logits; /* [R, outputs] of the rows that it reads; of MLM [M, V] */
    double *
        losses; /* of each term that there may be: of MLM, tags [M], of labels [N, outputs], of others
                       [N]. Not a number where there is none, as without a label */
};

/* One micro-batch of one objective. */
struct objective_pass {
    const struct objective *objective;
    const struct bert_config *config;
    const struct packed_batch *batch;
    int rows; /* R, at least 1 */
    const real *params;
    const size_t *offsets; /* [param_count] where the objective's tensors lie in params and grads */
    size_t word;           /* and where the word embeddings [V, H] do, for heads that are tied */
    void *scratch;         /* what plan() returned */
    enum float_type compute_type;     /* of the products; x, dx and grads are real in any case */
    bool dropout;                     /* training: layers with dropout drop; x went through it */
    double scale;                     /* of the loss in the gradient */
    struct objective_outputs outputs; /* to be written, forward only */
    const real *x;                    /* [R, H] the rows it reads */
    real *dx;    /* [R, H] to be overwritten with their gradient; NULL: losses only */
    real *grads; /* to be added to; NULL with dx */
};

struct objective {
    const char *name; /* one word, for metrics */
    enum objective_rows rows;
    bool dropout;     /* training: the rows go through the hidden dropout on their way to it */
    bool is_distance; /* its terms are nearer or farther, none is right: there is no accuracy */
    const struct param_form *params; /* [param_count], at most OBJECTIVE_MOST_PARAMS */
    int param_count;
    int outputs; /* the width WIDTH_OUTPUTS of its tensors: classes, labels */

    double (*count_terms)(const struct packed_batch *batch);

    /* Multiply-adds of the forward pass's products for this batch, without the pooler's. */
    double (*count_products)(const struct objective *objective, const struct bert_config *config,
                             const struct packed_batch *batch);

    /* Takes working memory from the arena, and returns the struct that says where it lies, taken
     * from the arena as well: NULL while the arena measures. */
    void *(*plan)(const struct objective *objective, struct arena *arena,
                  const struct bert_config *config, const struct bert_capacity *capacity);

    /* Forward, loss, outputs and, where dx is not NULL, backward, in one pass: what is as wide as
     * the outputs need not be kept between the two. Adds loss and correct to sums (not terms). Returns
     * the number of terms; where that is 0, dx need not be written. Opens parallel regions of its
     * own. */
    int (*run)(const struct objective_pass *pass, struct objective_sums *sums);
};

enum { OBJECTIVE_MOST = 4, OBJECTIVE_MOST_PARAMS = 8 }; /* of a model; of an objective */

/* -log p of the token that stood at each labelled row; a row whose label is -1 has no term. */
extern const struct objective objective_mlm;
/* -log p of "B follows A" or "B is random", of each sequence that has a label. */
extern const struct objective objective_nsp;

/* The places of the default list. */
enum { PRETRAINING_MLM, PRETRAINING_NSP, PRETRAINING_OBJECTIVES };

/* R, where there are so many tokens, sequences and labelled rows. */
int objective_rows_read(const struct objective *objective, int tokens, int sequences, int labelled);

/* The list of a configuration, the default one where it has none. */
struct objective_list {
    const struct objective *const *rows;
    int count;
};
struct objective_list objective_list_of(const struct bert_config *config);

/* Whether one of them reads such rows. */
bool objective_list_reads(const struct objective_list *list, enum objective_rows rows);

#endif
