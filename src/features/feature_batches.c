#include "lambert/features/feature_batches.h"

#include <stdbool.h>
#include <stdlib.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/batch/permutation.h"
#include "lambert/batch/share.h"

struct feature_batches {
    struct batch_source source; /* the first member, as batch_source.h wants it */
    const struct feature_set *features;
    struct feature_batches_options options;
    uint64_t next; /* number of the next batch */
    struct packed_batch share;

    bool ordered;
    uint64_t epoch; /* that `order` is of */
    struct permutation order;

    int *numbers; /* [the most G] sequences of the global batch, by their number in the set */
    int *lengths; /* [the most G] */
    int *chosen;  /* [the most G] those of this rank, ascending */
};

/* The sequence that sample i of the phase is. */
static int sequence_of(struct feature_batches *batches, uint64_t i)
{
    const struct feature_batches_options *options = &batches->options;
    const uint64_t count = (uint64_t)feature_set_count(batches->features), epoch = i / count;
    if (!batches->ordered || batches->epoch != epoch)
        permutation_init(&batches->order, count,
                         rng_key(options->seed, RNG_FEATURE_ORDER, options->phase, epoch));
    batches->ordered = true;
    batches->epoch = epoch;
    return (int)permutation_apply(&batches->order, i % count);
}

static void make_share(struct feature_batches *batches, uint64_t first_sample, int global_batch)
{
    const struct feature_batches_options *options = &batches->options;
    const struct sharing sharing = {.global_batch = global_batch,
                                    .group = options->group,
                                    .rank = options->rank,
                                    .ranks = options->ranks};
    for (int n = 0; n < global_batch; n++) {
        batches->numbers[n] = sequence_of(batches, first_sample + (uint64_t)n);
        batches->lengths[n] = feature_set_at(batches->features, batches->numbers[n])->tokens;
    }
    const int count = share_choose(&sharing, batches->lengths, batches->chosen);
    packed_batch_reset(&batches->share);
    for (int n = 0; n < count; n++) {
        const uint64_t i = first_sample + (uint64_t)batches->chosen[n];
        feature_set_append(batches->features, batches->numbers[batches->chosen[n]], i,
                           rng_key(options->seed, RNG_FEATURE_DROPOUT, options->phase, i),
                           &batches->share);
    }
}

static int next(struct batch_source *source, struct batch *batch, struct error *err)
{
    struct feature_batches *batches = (struct feature_batches *)source;
    const struct feature_batches_options *options = &batches->options;
    (void)err;
    if (batches->next >= options->end_batch)
        return 0;
    const uint64_t first_sample = batch_sizes_before(&options->sizes, batches->next);
    const int global_batch = batch_sizes_at(&options->sizes, batches->next);
    make_share(batches, first_sample, global_batch);
    *batch = (struct batch){.share = &batches->share,
                            .number = batches->next++,
                            .first_sample = first_sample,
                            .global_batch = global_batch,
                            .group = options->group};
    return 1;
}

static bool close_batches(struct batch_source *source)
{
    struct feature_batches *batches = (struct feature_batches *)source;
    packed_batch_release(&batches->share);
    free(batches->numbers);
    free(batches->lengths);
    free(batches->chosen);
    free(batches);
    return true;
}

size_t feature_batches_memory(const struct feature_set *features, int global_batch, int ranks,
                              int sequence_length)
{
    const struct feature_batches *of; /* never read: sizes of what its members point at */
    const size_t planned =
        sizeof *of->numbers + sizeof *of->lengths + sizeof *of->chosen + SHARE_BYTES_A_SAMPLE;
    const size_t share = (size_t)((global_batch - 1) / ranks + 1),
                 tokens = share * (size_t)sequence_length;
    return (size_t)global_batch * planned +
           packed_batch_memory(share, tokens, tokens, feature_set_label_width(features));
}

struct batch_source *feature_batches_open(const struct feature_set *features,
                                          const struct feature_batches_options *options)
{
    static const struct batch_source_operations operations = {.next = next, .close = close_batches};
    require(batch_sizes_least(&options->sizes) > 0 && options->rank >= 0 &&
            options->rank < options->ranks);
    require(feature_set_count(features) > 0);
    const size_t size = (size_t)batch_sizes_most(&options->sizes);
    struct feature_batches *batches = memory_new(1, sizeof *batches);
    *batches = (struct feature_batches){.source.operations = &operations,
                                        .features = features,
                                        .options = *options,
                                        .next = options->first_batch,
                                        .numbers = memory_new(size, sizeof *batches->numbers),
                                        .lengths = memory_new(size, sizeof *batches->lengths),
                                        .chosen = memory_new(size, sizeof *batches->chosen)};
    packed_batch_init(&batches->share);
    packed_batch_set_label_width(&batches->share, feature_set_label_width(features));
    return &batches->source;
}
