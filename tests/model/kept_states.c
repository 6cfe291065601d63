#include "kept_states.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lib/unit.h"
#include "random_batch.h"

static void keep_layer(void *who, int layer, const real *rows)
{
    struct kept_states *kept = who;
    const size_t size = (size_t)kept->tokens * (size_t)kept->hidden;
    assert_int_equal(layer, kept->visits++);
    memcpy(kept->rows + (size_t)layer * size, rows, size * sizeof *rows);
}

static void keep_pooled(void *who, const real *rows)
{
    struct kept_states *kept = who;
    const size_t size = (size_t)kept->sequences * (size_t)kept->hidden;
    assert_int_equal(kept->visits, kept->layers + 1);
    assert_null(kept->pooled);
    kept->pooled = memory_new(size, sizeof *rows);
    memcpy(kept->pooled, rows, size * sizeof *rows);
}

void kept_states_init(struct kept_states *kept, const struct bert_config *config,
                      const struct bert_options *options, const struct packed_batch *batch,
                      bool pooled)
{
    static const struct objective *const objectives[] = {&objective_states, &objective_pooled};
    struct bert_config with = *config;
    struct bert *bert;
    struct error err;
    *kept = (struct kept_states){.layers = config->layers,
                                 .tokens = batch->tokens,
                                 .sequences = batch->sequences,
                                 .hidden = config->hidden};
    kept->rows = memory_new((size_t)(config->layers + 1) * (size_t)batch->tokens,
                            (size_t)config->hidden * sizeof(real));
    with.objectives = objectives;
    with.objective_count = pooled ? 2 : 1;
    assert_int_equal(bert_new(&bert, &with, options, &err), 0);
    real *params = memory_new(bert_params(bert)->size, sizeof *params);
    random_params(bert_params(bert), 0.1, 4, params);
    const struct state_visitor visitor = {
        .layer = keep_layer, .pooled = pooled ? keep_pooled : NULL, .who = kept};
    bert_states(bert, params, batch, &visitor);
    assert_int_equal(kept->visits, config->layers + 1);
    assert_true((kept->pooled != NULL) == pooled);
    free(params);
    bert_free(bert);
}

void kept_states_release(struct kept_states *kept)
{
    free(kept->rows);
    free(kept->pooled);
}
