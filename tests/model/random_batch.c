#include "random_batch.h"

#include <string.h>

#include "lambert/base/rng.h"

/* Masked positions spread over the sequence, never the first. */
static void fill_sequence(struct packed_batch *batch, const struct sequence_shape *shape, int n,
                          int first_mask, int vocab, struct rng *rng)
{
    int begin = batch->sequence_start[n];
    for (int i = 0; i < shape->tokens; i++) {
        batch->input_ids[begin + i] = (int32_t)rng_below(rng, (uint32_t)vocab);
        batch->token_type_ids[begin + i] = i > shape->tokens / 2;
    }
    for (int m = 0; m < shape->masked; m++) {
        batch->labelled_rows[first_mask + m] = begin + 1 + m * (shape->tokens - 1) / shape->masked;
        batch->row_labels[first_mask + m] = (int32_t)rng_below(rng, (uint32_t)vocab);
    }
    batch->next_sentence_label[n] = shape->label;
    batch->sample_index[n] = (uint64_t)n;
    batch->sample_key[n] = rng_u64(rng);
}

static void fill_batch(struct packed_batch *batch, const struct sequence_shape *shapes, int count,
                       int label_width, int vocab, uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, rng_key(seed, RNG_TEST, 1, 0));
    packed_batch_init(batch);
    packed_batch_set_label_width(batch, label_width);
    for (int n = 0; n < count; n++) {
        int first_mask = batch->labelled;
        packed_batch_append(batch, shapes[n].tokens, shapes[n].masked);
        fill_sequence(batch, &shapes[n], n, first_mask, vocab, &rng);
    }
}

void random_batch(struct packed_batch *batch, const struct sequence_shape *shapes, int count,
                  int vocab, uint64_t seed)
{
    fill_batch(batch, shapes, count, 0, vocab, seed);
}

int task_label_width(const struct objective *objective)
{
    return strcmp(objective->name, "classes") == 0  ? 1
           : strcmp(objective->name, "span") == 0   ? 2
           : strcmp(objective->name, "labels") == 0 ? objective->outputs
                                                    : 0;
}

static void label_sequence(struct packed_batch *batch, const struct objective *objective, int n,
                           struct rng *rng)
{
    const int tokens = batch->sequence_start[n + 1] - batch->sequence_start[n];
    int32_t *labels = batch->labels + n * batch->label_width;
    batch->values[n] = (float)rng_normal(rng);
    if (strcmp(objective->name, "classes") == 0)
        labels[0] = (int32_t)rng_below(rng, (uint32_t)objective->outputs);
    if (strcmp(objective->name, "labels") == 0)
        for (int k = 0; k < objective->outputs; k++)
            labels[k] = (int32_t)rng_below(rng, 3) - 1;
    if (strcmp(objective->name, "span") == 0) {
        labels[0] = (int32_t)rng_below(rng, (uint32_t)tokens);
        labels[1] = labels[0] + (int32_t)rng_below(rng, (uint32_t)(tokens - labels[0]));
    }
}

void random_task_batch(struct packed_batch *batch, const struct sequence_shape *shapes, int count,
                       int vocab, uint64_t seed, const struct objective *objective)
{
    struct rng rng;
    rng_init(&rng, rng_key(seed, RNG_TEST, 3, 0));
    fill_batch(batch, shapes, count, task_label_width(objective), vocab, seed);
    for (int n = 0; n < count; n++)
        if (shapes[n].label >= 0)
            label_sequence(batch, objective, n, &rng);
    if (strcmp(objective->name, "tags") == 0)
        for (int m = 0; m < batch->labelled; m++)
            batch->row_labels[m] = m % 5 == 3 ? -1 : batch->row_labels[m] % objective->outputs;
}

void random_params(const struct param_table *table, double deviation, uint64_t seed, real *params)
{
    struct rng rng;
    rng_init(&rng, rng_key(seed, RNG_TEST, 2, 0));
    for (int t = 0; t < table->count; t++) {
        const struct param_info *info = &table->infos[t];
        for (size_t i = 0; i < info->count; i++)
            params[info->offset + i] =
                (real)((info->init == PARAM_ONES) + deviation * rng_normal(&rng));
    }
}

struct bert_options options_for(const struct packed_batch *batch)
{
    struct bert_options options = {.capacity = {.tokens = batch->tokens,
                                                .sequences = batch->sequences,
                                                .labelled = batch->labelled}};
    for (int n = 0; n < batch->sequences; n++) {
        int tokens = batch->sequence_start[n + 1] - batch->sequence_start[n];
        if (tokens > options.capacity.longest)
            options.capacity.longest = tokens;
    }
    return options;
}
