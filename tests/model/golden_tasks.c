#include "golden_tasks.h"

#include "lib/unit.h"

#include "../golden.h"
#include "lambert/model/task_objectives.h"
#include "random_batch.h"

static struct objective objective_of(const cJSON *task)
{
    const char *name = golden_get(task, "name")->valuestring;
    const int outputs = (int)golden_value(task, "outputs");
    if (strcmp(name, "classes") == 0)
        return objective_classes(outputs);
    if (strcmp(name, "labels") == 0)
        return objective_labels(outputs);
    if (strcmp(name, "tags") == 0)
        return objective_tags(outputs);
    return strcmp(name, "span") == 0 ? objective_span() : objective_value();
}

static int number_at(const cJSON *list, int i)
{
    return cJSON_GetArrayItem(list, i)->valueint;
}

/* What is right of the sequence, of which the file has one kind. */
static void add_labels(struct packed_batch *batch, const cJSON *sample)
{
    static const char *const single[] = {"label", "start", "end"};
    const cJSON *labels = cJSON_GetObjectItemCaseSensitive(sample, "labels");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(sample, "value");
    const int n = batch->sequences - 1;
    int32_t *to = batch->labels + n * batch->label_width;
    for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
        const cJSON *label = cJSON_GetObjectItemCaseSensitive(sample, single[i]);
        if (label)
            *to++ = label->valueint;
    }
    for (int i = 0; i < cJSON_GetArraySize(labels); i++)
        *to++ = number_at(labels, i);
    if (cJSON_IsNumber(value))
        batch->values[n] = (float)value->valuedouble;
}

static void add_sample(struct packed_batch *batch, const cJSON *sample)
{
    const cJSON *ids = golden_get(sample, "input_ids"),
                *types = golden_get(sample, "token_type_ids");
    const cJSON *positions = cJSON_GetObjectItemCaseSensitive(sample, "positions");
    const cJSON *tags = cJSON_GetObjectItemCaseSensitive(sample, "tags");
    const int tokens = cJSON_GetArraySize(ids), tagged = cJSON_GetArraySize(positions);
    const int first = batch->labelled, row = packed_batch_append(batch, tokens, tagged);
    for (int i = 0; i < tokens; i++) {
        batch->input_ids[row + i] = number_at(ids, i);
        batch->token_type_ids[row + i] = (uint8_t)number_at(types, i);
    }
    for (int m = 0; m < tagged; m++) {
        batch->labelled_rows[first + m] = row + number_at(positions, m);
        batch->row_labels[first + m] = number_at(tags, m);
    }
    add_labels(batch, sample);
    batch->sample_index[batch->sequences - 1] = batch->sample_key[batch->sequences - 1] = 0;
}

static void check_logits(const cJSON *wanted, const real *seen, double limit)
{
    const cJSON *sample, *logit;
    cJSON_ArrayForEach(sample, wanted) cJSON_ArrayForEach(logit, sample)
    {
        if (!(fabs((double)*seen - logit->valuedouble) < limit))
            fail_msg("a logit is %.12g instead of %.12g", (double)*seen, logit->valuedouble);
        seen++;
    }
}

/* What is added to all rows alike, softmax over the rows does not see: the bias of keys, that of a span's ends, and
 * of the rows that they are made of. These gradients are 0 but for rounding, and are held against 1, which the
 * whole one's norm is about. */
static bool is_unseen(const struct param_table *table, const char *name)
{
    const bool span = param_table_find(table, "qa_outputs.bias") >= 0;
    return strstr(name, "key.bias") || strcmp(name, "qa_outputs.bias") == 0 ||
           (span && strcmp(name, "bert.encoder.layer.1.output.LayerNorm.bias") == 0);
}

static bool is_nothing(const real *values, size_t count, double limit)
{
    for (size_t e = 0; e < count; e++)
        if (!(fabs((double)values[e]) < limit))
            return false;
    return true;
}

static void check_gradients(const cJSON *wanted, const struct param_table *table, const real *grads,
                            double limit)
{
    assert_int_equal(cJSON_GetArraySize(wanted), table->count);
    for (int t = 0; t < table->count; t++) {
        const struct param_info *info = &table->infos[t];
        const real *values = grads + info->offset;
        if (is_unseen(table, info->name)) {
            if (!is_nothing(values, info->count, limit))
                fail_msg("gradient of %s is not 0", info->name);
            continue;
        }
        const double distance =
            golden_distance(golden_get(wanted, info->name), values, info->count);
        if (!(distance < limit))
            fail_msg("gradient of %s is off by %g of its norm", info->name, distance);
    }
}

static void check_task(const char *name, double loss_limit, double gradient_limit)
{
    struct packed_batch batch;
    struct bert *bert;
    struct error err;
    struct objective_sums trained = {0}, predicted = {0};
    cJSON *root = golden_open(name);
    const struct objective objective = objective_of(golden_get(root, "task"));
    const struct objective *const objectives[] = {&objective};
    struct bert_config shape = golden_shape(root);
    const cJSON *sample;
    shape.objectives = objectives;
    shape.objective_count = 1;
    packed_batch_init(&batch);
    packed_batch_set_label_width(&batch, task_label_width(&objective));
    cJSON_ArrayForEach(sample, golden_get(root, "samples")) add_sample(&batch, sample);
    const struct bert_options options = options_for(&batch);
    assert_int_equal(bert_new(&bert, &shape, &options, &err), 0);
    const struct param_table *table = bert_params(bert);
    real *params = memory_new(table->size, sizeof *params);
    real *grads = memory_new(table->size, sizeof *grads);
    real *logits = memory_new((size_t)(batch.tokens * objective.outputs), sizeof *logits);
    golden_weights(root, table, params);
    const double terms = golden_value(root, "terms"), scale = 1 / terms;
    bert_predict(bert, params, &batch, &(struct objective_outputs){.logits = logits}, &predicted);
    bert_train(bert, params, &batch, &scale, grads, &trained);
    assert_true(trained.terms == terms && predicted.terms == terms);
    assert_true(fabs(trained.loss / terms - golden_value(root, "loss")) < loss_limit);
    assert_true(trained.loss == predicted.loss);
    check_logits(golden_get(root, "logits"), logits, loss_limit);
    check_gradients(golden_get(root, "gradients"), table, grads, gradient_limit);
    free(params);
    free(grads);
    free(logits);
    bert_free(bert);
    packed_batch_release(&batch);
    cJSON_Delete(root);
}

void check_golden_tasks(double loss_limit, double gradient_limit)
{
    static const char *const names[] = {"task-classes", "task-value", "task-labels", "task-tags",
                                        "task-span"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_task(names[i], loss_limit, gradient_limit);
}
