/* ranks: 1 2 3 */
/* Ten updates of each rule against PyTorch, sharded over any number of ranks: clipping active and
 * not, bias correction on and off, decay and adaptation of all tensors on and off, ratios with bounds and without. */
#include "../dist/ranks.h"

#include "../golden.h"
#include "lambert/optim/optimizer.h"

static const char types[] = "bert.embeddings.token_type_embeddings.weight";
static const char positions[] = "bert.embeddings.position_embeddings.weight";

static enum update_rule rule_named(const char *name)
{
    static const char *const names[UPDATE_RULES] = {[RULE_LAMB] = "lamb",
                                                    [RULE_ADAMW] = "adamw",
                                                    [RULE_LARS] = "lars",
                                                    [RULE_SGD] = "sgd",
                                                    [RULE_LANS] = "lans"};
    for (enum update_rule rule = 0; rule < UPDATE_RULES; rule++)
        if (names[rule] && strcmp(names[rule], name) == 0)
            return rule;
    fail_msg("the golden file is of an unknown rule '%s'", name);
    return RULE_LAMB;
}

/* Of an option that older files do not have, as it did not exist: 0, its default. */
static double later_value(const cJSON *options, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(options, name);
    return item ? item->valuedouble : 0;
}

static struct optimizer_options options_of(const cJSON *root)
{
    const cJSON *wanted = golden_get(root, "options");
    struct optimizer_options options = {
        .rule = rule_named(golden_get(wanted, "name")->valuestring),
        .beta1 = golden_value(wanted, "beta1"),
        .beta2 = golden_value(wanted, "beta2"),
        .epsilon = golden_value(wanted, "epsilon"),
        .momentum = golden_value(wanted, "momentum"),
        .weight_decay = golden_value(wanted, "weight_decay"),
        .max_grad_norm = golden_value(wanted, "max_grad_norm"),
        .bias_correction = cJSON_IsTrue(golden_get(wanted, "bias_correction")),
        .decay_all = cJSON_IsTrue(golden_get(wanted, "decay_all")),
        .adapt_all = cJSON_IsTrue(golden_get(wanted, "adapt_all")),
        .trust_coefficient = golden_value(wanted, "trust_coefficient"),
        .ratio_min = later_value(wanted, "ratio_min"),
        .ratio_max = later_value(wanted, "ratio_max"),
        .max_update_rms = later_value(wanted, "max_update_rms"),
    };
    return options;
}

struct run {
    const char *name;
    cJSON *root;
    enum update_rule rule;
    struct param_table table;
    struct sharding sharding;
    struct optimizer *optimizer;
    real *params, *grads, *shard;
};

static void run_init(struct run *run, const char *name)
{
    struct error err;
    *run = (struct run){.name = name, .root = golden_open(name)};
    struct bert_config shape = golden_shape(run->root);
    struct optimizer_options options = options_of(run->root);
    run->rule = options.rule;
    param_table_init(&run->table, &shape);
    sharding_init(&run->sharding, run->table.size, 256, dist_size(ranks));
    size_t own = sharding_count(&run->sharding, dist_rank(ranks));
    run->params = memory_new(run->table.size, sizeof(real));
    run->grads = memory_new(run->table.size, sizeof(real));
    run->shard = memory_new(own, sizeof(real));
    golden_weights(run->root, &run->table, run->params);
    int t = param_table_find(&run->table, positions);
    memset(run->params + run->table.infos[t].offset, 0, run->table.infos[t].count * sizeof(real));
    assert_int_equal(optimizer_new(&run->optimizer, &run->table, &run->sharding, dist_rank(ranks),
                                   &options, &err),
                     0);
}

static void run_release(struct run *run)
{
    optimizer_free(run->optimizer);
    param_table_release(&run->table);
    free(run->params);
    free(run->grads);
    free(run->shard);
    cJSON_Delete(run->root);
}

static void fill_gradient(struct run *run, uint32_t step)
{
    for (int t = 0; t < run->table.count; t++) {
        const struct param_info *info = &run->table.infos[t];
        uint32_t number = golden_tensor(run->root, info->name);
        double scale = strcmp(info->name, types) == 0 ? 0 : 0.02 * step;
        for (size_t e = 0; e < info->count; e++)
            run->grads[info->offset + e] = (real)(scale * golden_number(step, number, (uint32_t)e));
    }
}

static void step(struct run *run, int s)
{
    struct optimizer_report report;
    double rate = cJSON_GetArrayItem(golden_get(run->root, "rates"), s)->valuedouble;
    double norm = cJSON_GetArrayItem(golden_get(run->root, "norms"), s)->valuedouble;
    fill_gradient(run, (uint32_t)s + 1);
    shard_extract(&run->sharding, dist_rank(ranks), run->grads, run->shard);
    optimizer_step(run->optimizer, ranks, rate, run->shard, run->params, &report, NULL);
    shard_gather(ranks, &run->sharding, run->params);
    assert_true(fabs(report.gradient_norm / norm - 1) < 1e-12);
}

static void check_weights(const struct run *run)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, golden_get(run->root, "weights"))
    {
        const struct param_info *info =
            &run->table.infos[param_table_find(&run->table, item->string)];
        double distance = golden_distance(item, run->params + info->offset, info->count);
        if (!(distance < 1e-11))
            fail_msg("%s: %s is off by %g of its norm", run->name, item->string, distance);
    }
    cJSON_ArrayForEach(item, golden_get(run->root, "sums"))
    {
        const struct param_info *info =
            &run->table.infos[param_table_find(&run->table, item->string)];
        double sum = 0;
        for (size_t e = 0; e < info->count; e++)
            sum += (double)run->params[info->offset + e] * (double)run->params[info->offset + e];
        if (!(fabs(sum - item->valuedouble) <= 1e-11 * item->valuedouble))
            fail_msg("%s: the sum of squares of %s is %.17g", run->name, item->string, sum);
    }
}

/* All files that are there, and a rule without one is not proved. */
static void ten_updates_of_each_rule(void **state)
{
    (void)state;
    static const char beginning[] = "optimizer-";
    bool met[UPDATE_RULES] = {false};
    struct folder_list list;
    struct error err;
    assert_int_equal(folder_list_open(&list, "tests/golden", &err), 0);
    for (int i = 0; i < list.count; i++) {
        if (strncmp(list.names[i], beginning, sizeof beginning - 1) != 0)
            continue;
        struct run run;
        char *file = memory_text("%.*s", (int)strcspn(list.names[i], "."), list.names[i]);
        run_init(&run, file);
        for (int s = 0; s < 10; s++)
            step(&run, s);
        check_weights(&run);
        met[run.rule] = true;
        run_release(&run);
        free(file);
    }
    for (enum update_rule rule = 0; rule < UPDATE_RULES; rule++)
        assert_true(met[rule]);
    folder_list_close(&list);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {RANKS_TEST(ten_updates_of_each_rule)};
    return RANKS_RUN(tests, &argc, &argv);
}
