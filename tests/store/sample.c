#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"

const struct bert_config sample_config = {.layers = 1,
                                          .hidden = 3,
                                          .heads = 1,
                                          .intermediate = 5,
                                          .vocab = 7,
                                          .positions = 6,
                                          .types = 2};

float sample_value(int array, int tensor, size_t i)
{
    return (float)(array * 4096 + tensor * 32) + (float)(i % 4096) / 128.0f;
}

struct bert_config sample_with_head(const struct bert_config *shape, enum task_kind kind,
                                    int labels, struct sample_head *head)
{
    struct bert_config config = *shape;
    if (kind == TASK_NONE)
        return config;
    head->objective = kind == TASK_CLASSIFICATION ? objective_classes(labels)
                      : kind == TASK_REGRESSION   ? objective_value()
                      : kind == TASK_MULTILABEL   ? objective_labels(labels)
                      : kind == TASK_TAGGING      ? objective_tags(labels)
                                                  : objective_span();
    head->list[0] = &head->objective;
    config.objectives = head->list;
    config.objective_count = 1;
    return config;
}

/* --- the run ---------------------------------------------------------------------------------- */

void sample_init_empty(struct sample *sample, const struct dist *dist,
                       const struct bert_config *config, enum update_rule rule, size_t bucket)
{
    struct error err;
    struct optimizer_options options = {
        .rule = rule, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-6};
    *sample = (struct sample){0};
    param_table_init(&sample->table, config);
    sharding_init(&sample->sharding, sample->table.size, bucket, dist_size(dist));
    sample->params = memory_new(sample->table.size, sizeof(real));
    sample->scratch = memory_new(sample->table.size, sizeof(real));
    assert_int_equal(optimizer_new(&sample->optimizer, &sample->table, &sample->sharding,
                                   dist_rank(dist), &options, &err),
                     0);
}

static void fill(const struct param_table *table, int array, real *flat)
{
    memset(flat, 0, table->size * sizeof *flat);
    for (int t = 0; t < table->count; t++)
        for (size_t i = 0; i < table->infos[t].count; i++)
            flat[table->infos[t].offset + i] = (real)sample_value(array, t, i);
}

void sample_init(struct sample *sample, const struct dist *dist, const struct bert_config *config,
                 enum update_rule rule, size_t bucket)
{
    sample_init_empty(sample, dist, config, rule, bucket);
    fill(&sample->table, SAMPLE_WEIGHTS, sample->params);
    for (int k = 0; k < optimizer_moments(sample->optimizer); k++) {
        fill(&sample->table, SAMPLE_M + k, sample->scratch);
        shard_extract(&sample->sharding, dist_rank(dist), sample->scratch,
                      optimizer_moment(sample->optimizer, k));
    }
    memset(sample->scratch, 0xFF, sample->table.size * sizeof(real)); /* NaN */
    optimizer_set_updates(sample->optimizer, (struct update_counts){.of_moments = 41});
    sample->meta = (struct checkpoint_meta){
        .state = {.phase = 1,
                  .phase_step = 12,
                  .total_steps = 42,
                  .sequences = 65536,
                  .tokens = UINT64_C(123456789012345),
                  .corpus_hash = UINT64_C(0xfedcba9876543210),
                  .vocabulary_hash = UINT64_C(0x0000000000000abc),
                  .tokenizer = {.split_han = true, .max_word_characters = 200}},
        .config = memory_copy_text("[model]\nhidden_size = 3\n"),
        .vocabulary = memory_copy_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n"),
    };
    sample->meta.vocabulary_size = strlen(sample->meta.vocabulary);
}

void sample_release(struct sample *sample)
{
    optimizer_free(sample->optimizer);
    param_table_release(&sample->table);
    checkpoint_meta_release(&sample->meta);
    free(sample->params);
    free(sample->scratch);
}

struct checkpoint_arrays sample_arrays(struct sample *sample, const struct dist *dist)
{
    return (struct checkpoint_arrays){.dist = dist,
                                      .table = &sample->table,
                                      .sharding = &sample->sharding,
                                      .weights = sample->params,
                                      .optimizer = sample->optimizer,
                                      .scratch = sample->scratch};
}

int sample_write(struct sample *sample, const struct dist *dist, const char *path,
                 struct error *err)
{
    struct checkpoint_arrays arrays = sample_arrays(sample, dist);
    return checkpoint_write(&arrays, path, &sample->meta, err);
}

bool sample_weights_hold(const struct sample *sample)
{
    real *wanted = memory_new(sample->table.size, sizeof *wanted);
    fill(&sample->table, SAMPLE_WEIGHTS, wanted);
    bool hold = memcmp(sample->params, wanted, sample->table.size * sizeof *wanted) == 0;
    free(wanted);
    return hold;
}

bool sample_moments_hold(struct sample *sample, int rank)
{
    bool hold = true;
    size_t count = sharding_count(&sample->sharding, rank);
    real *flat = memory_new(sample->table.size, sizeof *flat);
    real *wanted = memory_new(count, sizeof *wanted);
    for (int k = 0; k < optimizer_moments(sample->optimizer); k++) {
        fill(&sample->table, SAMPLE_M + k, flat);
        shard_extract(&sample->sharding, rank, flat, wanted);
        hold &= memcmp(optimizer_moment(sample->optimizer, k), wanted, count * sizeof *wanted) == 0;
    }
    free(flat);
    free(wanted);
    return hold;
}

void sample_make_task(struct sample *sample)
{
    sample->meta.labels = memory_copy_text("neg\npos\n");
    sample->meta.labels_size = strlen(sample->meta.labels);
    sample->meta.state.has_best = true;
    sample->meta.state.best_value = 0x1.0000000000001p-1; /* needs 17 digits */
    sample->meta.state.best_step = 30;
}

/* --- files ------------------------------------------------------------------------------------ */

const char *scratch_open(const struct dist *dist)
{
    char folder[512] = "";
    if (dist_rank(dist) == 0) {
        if (scratch_setup(NULL) < 0)
            dist_abort(dist);
        snprintf(folder, sizeof folder, "%s", scratch_folder());
    }
    dist_broadcast(dist, 0, folder, sizeof folder);
    scratch_share(folder);
    return scratch_folder();
}

void scratch_close(const struct dist *dist)
{
    dist_barrier(dist);
    if (dist_rank(dist) == 0)
        scratch_teardown(NULL);
}
