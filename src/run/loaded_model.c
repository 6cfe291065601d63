#include "lambert/run/loaded_model.h"

#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/run/options.h"

static int check_tensor(const struct base_model *base, const char *name, struct error *err)
{
    return base_model_has(base, name)
               ? 0
               : error_set(err, "%s has no %s, so that what it would say was never learned",
                           base_model_path(base), name);
}

/* [rank 0] Whether the model has the tensors of the objectives. */
static int check_heads(const struct base_model *base, const struct objective *const *objectives,
                       int count, struct error *err)
{
    int status = 0;
    for (int o = 0; o < count; o++) {
        if (objectives[o]->rows == OBJECTIVE_POOLED)
            status = check_tensor(base, "bert.pooler.dense.weight", err);
        for (int p = 0; p < objectives[o]->param_count && status == 0; p++)
            status = check_tensor(base, objectives[o]->params[p].name, err);
        if (status < 0)
            return -1;
    }
    return 0;
}

static int take_memory(struct loaded_model *model, const struct base_model *base,
                       const struct objective *const *objectives, int count,
                       const struct bert_options *options, struct error *err)
{
    const struct config shaped = {.model = base->shape};
    struct bert_config config = bert_config_of(&shaped, vocabulary_size(base->vocabulary));
    config.objectives = objectives;
    config.objective_count = count;
    struct bert_options forward_only = *options;
    forward_only.recompute = 1; /* nothing goes backward: one layer's memory serves all */
    if (bert_new(&model->bert, &config, &forward_only, err) < 0)
        return -1;
    model->bytes = bert_params(model->bert)->size * sizeof *model->params;
    return memory_big((void **)&model->params, model->bytes, "weights", err);
}

int loaded_model_init(struct loaded_model *model, const struct base_model *base,
                      const struct dist *dist, const struct objective *const *objectives,
                      int objective_count, const struct bert_options *options, struct error *err)
{
    const bool reads = dist_rank(dist) == 0;
    *model = (struct loaded_model){0};
    int status = reads ? check_heads(base, objectives, objective_count, err) : 0;
    if (status == 0)
        status = take_memory(model, base, objectives, objective_count, options, err);
    if (status == 0 && reads)
        status = base_model_weights(base, bert_params(model->bert), 0, model->params, err);
    status = dist_agree(dist, status, err);
    if (status < 0)
        loaded_model_release(model);
    else
        dist_broadcast(dist, 0, model->params, model->bytes);
    return status;
}

void loaded_model_release(struct loaded_model *model)
{
    memory_big_free(model->params, model->bytes);
    bert_free(model->bert);
    *model = (struct loaded_model){0};
}
