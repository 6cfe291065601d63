/* What a model says of the examples of a file. */
#ifndef LAMBERT_RUN_PREDICT_H
#define LAMBERT_RUN_PREDICT_H

#include <stdbool.h>

#include "lambert/dist/dist.h"
#include "lambert/model/bert.h"
#include "lambert/run/task_set.h"
#include "lambert/score/predictions.h"

/* The model's outputs for a set of features, on rank 0. */
struct task_outputs {
    float *
        logits; /* [rows, outputs], in the order of the features: of texts a row a feature, of sentences
                      a row a labelled row, of questions a row a token; NULL on other ranks */
    double loss; /* the mean over the terms; not a number where there are none */
};

/* Collective. Each rank computes a run of consecutive features; dropout off. token_budget: rows of a
 * micro-batch, within the model's capacity. told: whether this rank is told to end, which is asked between two
 * micro-batches; NULL, on all ranks alike: nobody is. No, on all ranks: given up, as one was told, and there is nothing to
 * release. */
bool predict_features(struct task_outputs *outputs, const struct dist *dist, struct bert *bert,
                      const real *params, const struct feature_set *features, int token_budget,
                      bool (*told)(void));
void task_outputs_release(struct task_outputs *outputs);

/* [local] What these outputs say of the examples: *predictions, predictions_release(). The set must outlive
 * them, and the labels. null_threshold is that of answer_options (features/answers.h). */
void predictions_of(struct predictions *predictions, const struct config_task *task,
                    double null_threshold, const struct task_set *set,
                    const struct label_set *labels, const struct task_outputs *outputs);

#endif
