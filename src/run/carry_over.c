#include "carry_over.h"

#include <string.h>

#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/text/token_origins.h"

/* Elements of a row: of a tensor of one dimension, one. */
static size_t width_of(const struct param_info *info)
{
    return info->dimensions == 2 ? (size_t)info->shape[1] : 1;
}

/* Rows without an origin stay as they are. */
static void make_token_rows(const struct token_origins *origins, size_t width,
                            const real *from /* [old, width] */, real *to /* [new, width] */)
{
#pragma omp parallel for
    for (int i = 0; i < origins->size; i++) {
        const size_t begin = origins->starts[i], end = origins->starts[i + 1];
        for (size_t c = 0; begin < end && c < width; c++) {
            double sum = 0;
            for (size_t k = begin; k < end; k++)
                sum += (double)from[(size_t)origins->ids[k] * width + c];
            to[(size_t)i * width + c] = (real)(sum / (double)(end - begin));
        }
    }
}

/* The first `rows` of the new table, in turns of the old one's. */
static void make_position_rows(size_t rows, size_t old_rows, size_t width,
                               const real *from /* [old_rows, width] */, real *to)
{
    for (size_t i = 0; i < rows; i++)
        memcpy(to + i * width, from + i % old_rows * width, width * sizeof *to);
}

static void log_tokens(const struct carry_over *carry, const struct token_origins *origins)
{
    const struct vocabulary *old = carry->model->vocabulary;
    if (vocabulary_hash(old) == vocabulary_hash(carry->vocabulary))
        return;
    log_info("a new vocabulary of %d tokens, where the model has %d: %d rows are kept, %d begin as "
             "the mean of their pieces under the old one, %d afresh",
             origins->size, vocabulary_size(old), origins->kept, origins->means, origins->without);
}

static void log_positions(const struct carry_over *carry)
{
    const int own = carry->shape->positions, its = carry->model->shape.max_position_embeddings;
    if (own > its)
        log_info("%d positions, where the model has %d: the others begin %s", own, its,
                 carry->new_positions == NEW_POSITIONS_REPEAT ? "as these, from the first on"
                                                              : "afresh");
}

/* From the old table's tensor of the same name. */
static void carry_tensor(const struct carry_over *carry, const struct token_origins *origins,
                         const struct param_table *table, int tensor, const struct param_info *old,
                         const real *from, real *params)
{
    const struct param_info *info = &table->infos[tensor];
    real *to = params + info->offset;
    if (strcmp(info->name, "bert.embeddings.word_embeddings.weight") == 0 ||
        strcmp(info->name, "cls.predictions.bias") == 0) {
        if (origins->without > 0)
            param_table_initialise_one(table, tensor, carry->shape->initializer_range, carry->seed,
                                       params);
        make_token_rows(origins, width_of(info), from, to);
    } else if (strcmp(info->name, "bert.embeddings.position_embeddings.weight") == 0) {
        const bool repeats = carry->new_positions == NEW_POSITIONS_REPEAT;
        if (!repeats)
            param_table_initialise_one(table, tensor, carry->shape->initializer_range, carry->seed,
                                       params);
        make_position_rows((size_t)(repeats ? info->shape[0] : old->shape[0]),
                           (size_t)old->shape[0], width_of(info), from, to);
    } else {
        memcpy(to, from, info->count * sizeof *to);
    }
}

int carry_over_weights(const struct carry_over *carry, const struct param_table *table,
                       real *params, struct error *err)
{
    const struct base_model *model = carry->model;
    struct bert_config old_shape = *carry->shape;
    struct param_table old_table;
    struct token_origins origins;
    real *old_params = NULL;
    old_shape.vocab = vocabulary_size(model->vocabulary);
    old_shape.positions = model->shape.max_position_embeddings;
    require(old_shape.positions <= carry->shape->positions);
    param_table_init(&old_table, &old_shape);
    token_origins_init(&origins, carry->vocabulary, model->vocabulary, &model->tokenizer,
                       carry->new_tokens == NEW_TOKENS_MEAN);
    require(old_table.count == table->count); /* they differ in the number of some rows alone */
    const size_t bytes = old_table.size * sizeof *old_params;
    int status = -1;
    if (memory_big((void **)&old_params, bytes, "the weights of the model that is started from",
                   err) < 0 ||
        base_model_weights(model, &old_table, carry->seed, old_params, err) < 0)
        goto done;
    memset(params, 0, table->size * sizeof *params);
    for (int i = 0; i < table->count; i++)
        carry_tensor(carry, &origins, table, i, &old_table.infos[i],
                     old_params + old_table.infos[i].offset, params);
    log_tokens(carry, &origins);
    log_positions(carry);
    status = 0;
done:
    memory_big_free(old_params, bytes);
    token_origins_release(&origins);
    param_table_release(&old_table);
    return status;
}
