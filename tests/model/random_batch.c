#include "random_batch.h"

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

void random_batch(struct packed_batch *batch, const struct sequence_shape *shapes, int count,
                  int vocab, uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, rng_key(seed, RNG_TEST, 1, 0));
    packed_batch_init(batch);
    for (int n = 0; n < count; n++) {
        int first_mask = batch->labelled;
        packed_batch_append(batch, shapes[n].tokens, shapes[n].masked);
        fill_sequence(batch, &shapes[n], n, first_mask, vocab, &rng);
    }
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
