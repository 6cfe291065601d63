/* What heads of one linear layer have in common: logits z [R, K] = x Wᵀ + b of the rows that they read, K
 * the objective's outputs. Their tensors are the weight [K, H] and the bias [K], in this order; what
 * differs is the loss. An objective has CLASSIFIER_FORMS for tensors, classifier_plan() or a plan of its own
 * that begins with a struct classifier, and in its run()
 *
 *     classifier_forward(pass);                     z
 *     ... the terms, and over z their gradient: 0 where there is none ...
 *     return classifier_backward(pass, count, sums);
 *
 * which for a class of each row is classifier_run(). */
#ifndef LAMBERT_MODEL_CLASSIFIER_H
#define LAMBERT_MODEL_CLASSIFIER_H

#include "lambert/model/objective.h"
#include "term.h"

enum { CLASSIFIER_WEIGHT, CLASSIFIER_BIAS, CLASSIFIER_PARAMS };

#define CLASSIFIER_FORMS(name)                                                                     \
    {                                                                                              \
        [CLASSIFIER_WEIGHT] = {name ".weight", WIDTH_OUTPUTS, WIDTH_HIDDEN, PARAM_NORMAL, false},  \
        [CLASSIFIER_BIAS] = {name ".bias", WIDTH_OUTPUTS, WIDTH_NONE, PARAM_ZEROS, false},         \
    }

/* That of transformers' classes for sequences and for tokens. */
extern const struct param_form classifier_forms[CLASSIFIER_PARAMS];

struct classifier {
    real *z;            /* [R, K] */
    struct term *terms; /* [as many as there may be] */
    real *zeros;        /* [K] */
};

struct classifier classifier_take(struct arena *arena, int rows, int outputs, int terms);

/* For a term of each row. */
void *classifier_plan(const struct objective *objective, struct arena *arena,
                      const struct bert_config *config, const struct bert_capacity *capacity);
double classifier_products(const struct objective *objective, const struct bert_config *config,
                           const struct packed_batch *batch);

void classifier_forward(const struct objective_pass *pass);

/* Adds the first `count` terms to sums and, if there are any, in training their gradient to grads and
 * into dx. Returns how many there are. */
int classifier_backward(const struct objective_pass *pass, int count, struct objective_sums *sums);

/* All of it, for -log softmax(z)[label] of each row; labels [R], -1: none; NULL: there are none. */
int classifier_run(const struct objective_pass *pass, const int32_t *labels,
                   struct objective_sums *sums);

#endif
