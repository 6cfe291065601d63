#include "task_models.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lib/unit.h"
#include "random_batch.h"

/* Lengths are odd, and one is of [CLS] alone; one has no labelled row and two have no label. */
static const struct sequence_shape sequences[] = {{9, 2, 0},  {1, 0, 0},  {14, 11, 1}, {5, 1, -1},
                                                  {71, 6, 1}, {8, 0, -1}, {3, 2, 0}};

enum { SEQUENCES = sizeof sequences / sizeof *sequences };

static struct objective objective_number(int number)
{
    switch (number) {
    case 0:
        return objective_classes(2);
    case 1:
        return objective_classes(17);
    case 2:
        return objective_value();
    case 3:
        return objective_labels(1);
    case 4:
        return objective_labels(6);
    case 5:
        return objective_tags(9);
    default:
        return objective_span();
    }
}

void task_model_init(struct task_model *model, int number)
{
    struct error err;
    *model = (struct task_model){.objective = objective_number(number),
                                 .config = {.layers = 2,
                                            .hidden = 12,
                                            .heads = 3,
                                            .intermediate = 20,
                                            .vocab = 37,
                                            .positions = 80,
                                            .types = 2,
                                            .layer_norm_eps = 1e-12,
                                            .hidden_dropout = 0.1,
                                            .attention_dropout = 0.2,
                                            .objectives = model->objectives,
                                            .objective_count = 1}};
    model->objectives[0] = &model->objective;
    random_task_batch(&model->batch, sequences, SEQUENCES, model->config.vocab, 7,
                      &model->objective);
    const struct bert_options options = options_for(&model->batch);
    assert_int_equal(bert_new(&model->bert, &model->config, &options, &err), 0);
    model->table = bert_params(model->bert);
    model->params = memory_new(model->table->size, sizeof *model->params);
    model->grads = memory_new(model->table->size, sizeof *model->grads);
    random_params(model->table, 0.3, 11, model->params);
    bert_count_terms(model->bert, &model->batch, &model->scale);
    assert_true(model->scale > 0);
    model->scale = 1 / model->scale;
}

void task_model_release(struct task_model *model)
{
    packed_batch_release(&model->batch);
    bert_free(model->bert);
    free(model->params);
    free(model->grads);
}

double task_model_loss(struct task_model *model, real *grads)
{
    struct objective_sums sums = {0};
    memset(grads, 0, model->table->size * sizeof *grads);
    bert_train(model->bert, model->params, &model->batch, &model->scale, grads, &sums);
    return model->scale * sums.loss;
}
