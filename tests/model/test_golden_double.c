/* The model against PyTorch: losses and the gradient of every tensor, for both forms of gelu, on
 * sequences of odd lengths, of one part, with nothing masked, without a label. */
#include "lib/unit.h"

#include "../golden.h"
#include "random_batch.h"

static void add_sample(struct packed_batch *batch, const cJSON *sample)
{
    const cJSON *ids = golden_get(sample, "input_ids"),
                *types = golden_get(sample, "token_type_ids");
    const cJSON *positions = golden_get(sample, "masked_positions");
    const cJSON *labels = golden_get(sample, "masked_labels");
    int tokens = cJSON_GetArraySize(ids), masked = cJSON_GetArraySize(positions);
    int n = batch->sequences, mask = batch->labelled;
    int row = packed_batch_append(batch, tokens, masked);
    for (int i = 0; i < tokens; i++) {
        batch->input_ids[row + i] = cJSON_GetArrayItem(ids, i)->valueint;
        batch->token_type_ids[row + i] = (uint8_t)cJSON_GetArrayItem(types, i)->valueint;
    }
    for (int m = 0; m < masked; m++) {
        batch->labelled_rows[mask + m] = row + cJSON_GetArrayItem(positions, m)->valueint;
        batch->row_labels[mask + m] = cJSON_GetArrayItem(labels, m)->valueint;
    }
    batch->next_sentence_label[n] = (int32_t)golden_value(sample, "next_sentence_label");
    batch->sample_index[n] = batch->sample_key[n] = (uint64_t)n;
}

static double labelled(const struct packed_batch *batch)
{
    double count = 0;
    for (int n = 0; n < batch->sequences; n++)
        count += batch->next_sentence_label[n] >= 0;
    return count;
}

/* Of a key's bias the gradient is 0 but for rounding, so it is held against the whole gradient. */
static void check_gradients(const cJSON *wanted, const struct param_table *table, const real *grads)
{
    assert_int_equal(cJSON_GetArraySize(wanted), table->count);
    for (int t = 0; t < table->count; t++) {
        const struct param_info *info = &table->infos[t];
        const real *values = grads + info->offset;
        double distance = golden_distance(golden_get(wanted, info->name), values, info->count);
        if (strstr(info->name, "key.bias")) {
            distance = 0;
            for (size_t e = 0; e < info->count; e++)
                distance = fmax(distance, fabs((double)values[e]));
        }
        if (!(distance < 1e-12))
            fail_msg("gradient of %s is off by %g of its norm", info->name, distance);
    }
}

static void check(const char *name)
{
    struct packed_batch batch;
    struct bert *bert;
    struct objective_sums sums[PRETRAINING_OBJECTIVES] = {{0}};
    struct error err;
    cJSON *root = golden_open(name);
    struct bert_config shape = golden_shape(root);
    const cJSON *sample;
    packed_batch_init(&batch);
    cJSON_ArrayForEach(sample, golden_get(root, "samples")) add_sample(&batch, sample);
    struct bert_options options = options_for(&batch);
    assert_int_equal(bert_new(&bert, &shape, &options, &err), 0);
    const struct param_table *table = bert_params(bert);
    real *params = memory_new(table->size, sizeof *params);
    real *grads = memory_new(table->size, sizeof *grads);
    golden_weights(root, table, params);
    double sequences = labelled(&batch);
    const double scales[PRETRAINING_OBJECTIVES] = {1.0 / batch.labelled, 1 / sequences};
    bert_train(bert, params, &batch, scales, grads, sums);
    assert_true(fabs(sums[PRETRAINING_MLM].loss / batch.labelled - golden_value(root, "mlm_loss")) <
                1e-12);
    assert_true(fabs(sums[PRETRAINING_NSP].loss / sequences - golden_value(root, "nsp_loss")) <
                1e-12);
    check_gradients(golden_get(root, "gradients"), table, grads);
    free(params);
    free(grads);
    bert_free(bert);
    packed_batch_release(&batch);
    cJSON_Delete(root);
}

static void with_gelu(void **state)
{
    (void)state;
    check("model-gelu");
}

static void with_gelu_new(void **state)
{
    (void)state;
    check("model-gelu_new");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_gelu),
        cmocka_unit_test(with_gelu_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
