/* A small model for each head of fine-tuning (model/task_objectives.h), with random weights and a batch in
 * which some sequences or rows have no label. */
#ifndef LAMBERT_TESTS_MODEL_TASK_MODELS_H
#define LAMBERT_TESTS_MODEL_TASK_MODELS_H

#include "lambert/batch/packed_batch.h"
#include "lambert/model/bert.h"
#include "lambert/model/task_objectives.h"

enum { TASK_MODELS = 7 };

struct task_model {
    struct objective objective; /* whose name says which head it is */
    const struct objective *objectives[1];
    struct bert_config config;
    struct packed_batch batch;
    struct bert *bert;
    const struct param_table *table;
    real *params, *grads; /* [table size] */
    double scale;         /* of the loss: 1 / terms */
};

/* Number 0, 1, ... of them; it stays where it is. */
void task_model_init(struct task_model *model, int number);
void task_model_release(struct task_model *model);

/* The loss that bert_train() differentiates; the gradient replaces what is in grads [table size]. */
double task_model_loss(struct task_model *model, real *grads);

#endif
