/* A model with its weights, to be asked (lambert predict, fill, embed, ...): every rank has all of it.
 *
 *     base_model_open(&base, dist, path, err)
 *     ... what is to be asked is read with its vocabulary, and says how much a micro-batch holds ...
 *     loaded_model_init(&model, &base, dist, objectives, count, &options, err)
 *     bert_predict(model.bert, model.params, ...)
 *     loaded_model_release(&model)
 *     base_model_close(&base) */
#ifndef LAMBERT_RUN_LOADED_MODEL_H
#define LAMBERT_RUN_LOADED_MODEL_H

#include <stddef.h>

#include "lambert/model/bert.h"
#include "lambert/run/base_model.h"

struct loaded_model {
    struct bert *bert;
    real *params; /* [bert_params()->size] */
    size_t bytes;
};

/* Collective. With these objectives, which outlive the model; a head that the base model has not is an error,
 * as it could say nothing that was learned. On failure there is nothing to release. */
int loaded_model_init(struct loaded_model *model, const struct base_model *base,
                      const struct dist *dist, const struct objective *const *objectives,
                      int objective_count, const struct bert_options *options, struct error *err);
void loaded_model_release(struct loaded_model *model); /* fine on a zeroed one */

#endif
