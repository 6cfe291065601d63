#include "lambert/sample/sampler.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "epoch_plan.h"
#include "lambert/base/memory.h"
#include "lambert/batch/permutation.h"
#include "masking.h"
#include "segments.h"

struct sampler {
    const struct document_store *store;
    struct sampler_options options;
    struct special_tokens special;
    struct masking_options masking;
    bool parallel;

    bool damaged; /* the index is not what it was when it was checked: as `damage` says */
    struct error damage;

    struct epoch_plan plan; /* of the epoch last asked for */
    bool planned;
    uint32_t ready_epoch;     /* of ready samples, which need no plan: the epoch of `order` */
    struct permutation order; /* of that epoch's samples */
    uint64_t *epoch_end;      /* [epochs_known], number of the first sample after each epoch */
    uint32_t epochs_known;

    struct block_cache *cache;
    struct masking_memory masking_memory;
    int32_t *ids;         /* [S], of the sample being made */
    uint8_t *begins_word; /* [S], of a store that says it */
    int32_t *positions;   /* [S], masked ones */
    int32_t *labels;      /* [S] */
};

static bool is_ready(const struct sampler *sampler)
{
    return document_store_contents(sampler->store) == SHARD_READY_SAMPLES;
}

/* Planning cannot fail, and who plans for all ranks fills a few only. So what is found wrong is kept for the next
 * sampler_fill(), and the plan is one of the shortest sample there is. */
static void plan_damage(struct sampler *sampler, uint64_t document, struct sample_plan *plan)
{
    if (!sampler->damaged)
        document_store_damage(sampler->store, document, &sampler->damage);
    sampler->damaged = true;
    if (plan)
        *plan = (struct sample_plan){
            .a = {.document = document, .count = 1}, .next_sentence_label = -1, .tokens = 3};
}

int sampler_damage(const struct sampler *sampler, struct error *err)
{
    if (sampler->damaged)
        *err = sampler->damage;
    return sampler->damaged ? -1 : 0;
}

/* --- ready samples ---------------------------------------------------------------------------- */

static uint32_t ready_tokens(const struct document_view *view)
{
    return view->lengths[0] + (view->sentences > 1 ? view->lengths[1] : 0U);
}

/* "[CLS] A [SEP]", and perhaps "B [SEP]". */
static bool is_sample(const struct document_view *view)
{
    return (view->sentences == 1 && view->lengths[0] >= 2) ||
           (view->sentences == 2 && view->lengths[0] >= 2 && view->lengths[1] >= 1);
}

static int check_ready_samples(const struct document_store *store, int sequence_length,
                               struct error *err)
{
    const uint64_t samples = document_store_documents(store);
    uint32_t longest = 0;
    if (samples == 0)
        return error_set(err, "there are no samples");
    if (document_store_check_index(store, err) < 0)
        return -1;
    for (uint64_t i = 0; i < samples; i++) {
        struct document_view view = document_store_view(store, i);
        if (view.sentences == 0)
            return document_store_damage(store, i, err);
        longest = ready_tokens(&view) > longest ? ready_tokens(&view) : longest;
        if ((i + 1) % STORE_WALK == 0 || i + 1 == samples)
            document_store_forget(store, i / STORE_WALK * STORE_WALK, i + 1);
    }
    if (longest <= (uint32_t)sequence_length)
        return 0;
    return error_set(err,
                     "its samples are ready-made and up to %" PRIu32 " tokens long, but sequences "
                     "of up to %d are asked for; name a corpus made for that length, or ask for "
                     "%" PRIu32,
                     longest, sequence_length, longest);
}

static void plan_ready(struct sampler *sampler, uint64_t index, struct sample_plan *plan,
                       uint32_t *epoch_out)
{
    const struct sampler_options *options = &sampler->options;
    const uint64_t samples = document_store_documents(sampler->store);
    const uint32_t epoch = (uint32_t)(index / samples);
    if (!sampler->planned || sampler->ready_epoch != epoch)
        permutation_init(&sampler->order, samples,
                         rng_key(options->seed, RNG_ORDER, options->phase, epoch));
    sampler->planned = true;
    sampler->ready_epoch = epoch;
    uint64_t document = permutation_apply(&sampler->order, index % samples);
    if (epoch_out)
        *epoch_out = epoch;
    struct document_view view = document_store_view(sampler->store, document);
    if (!is_sample(&view) || ready_tokens(&view) > (uint32_t)options->sequence_length) {
        plan_damage(sampler, document, plan);
        plan->index = plan->own = index;
        return;
    }
    *plan = (struct sample_plan){
        .index = index,
        .own = index,
        .a = {.document = document, .first = 1, .count = view.lengths[0] - 2U},
        .b = {.document = document,
              .first = view.lengths[0],
              .count = view.sentences > 1 ? view.lengths[1] - 1U : 0},
        .next_sentence_label = document_store_sample(sampler->store, document).next_sentence_label,
        .tokens = (int)ready_tokens(&view)};
}

/* Fills ids, positions and labels. Returns the number of masks, or -1. */
static int read_ready(struct sampler *sampler, const struct sample_plan *plan, struct error *err)
{
    struct document_view view = document_store_view(sampler->store, plan->a.document);
    struct sample_view sample = document_store_sample(sampler->store, plan->a.document);
    if (document_store_read(sampler->store, sampler->cache, &view, 0, (uint32_t)plan->tokens,
                            sampler->ids, err) < 0)
        return -1;
    if (!sample.positions || sample.masks > (uint32_t)plan->tokens)
        return document_store_damage(sampler->store, plan->a.document, err);
    for (uint32_t m = 0; m < sample.masks; m++) {
        sampler->positions[m] = sample.positions[m];
        sampler->labels[m] = (int32_t)sample.labels[m];
        if (sampler->positions[m] >= plan->tokens ||
            (uint32_t)sampler->labels[m] >= (uint32_t)sampler->masking.vocabulary_size)
            return document_store_damage(sampler->store, plan->a.document, err);
    }
    return (int)sample.masks;
}

/* --- samples of documents --------------------------------------------------------------------- */

static int check_store(const struct document_store *store, const struct sampler_options *options,
                       struct error *err)
{
    uint64_t documents = document_store_documents(store);
    if (document_store_contents(store) == SHARD_READY_SAMPLES)
        return check_ready_samples(store, options->sequence_length, err);
    if (documents == 0)
        return error_set(err, "there are no documents; add text");
    if (documents == 1 && options->sampling.sentence_pairs == PAIRS_NSP)
        return error_set(err, "there is only one document, and pairs of sentences from different "
                              "documents need at least two; add text, part it into documents with "
                              "blank lines, or set data.sentence_pairs to sop or none");
    if (documents > UINT32_MAX)
        return error_set(err, "there are %" PRIu64 " documents; at most %" PRIu32 " can be sampled",
                         documents, UINT32_MAX);
    return document_store_check_index(store, err);
}

int sampler_new(struct sampler **sampler_out, const struct document_store *store,
                const struct vocabulary *vocabulary, const struct sampler_options *options,
                struct error *err)
{
    require(options->sequence_length >= 5);
    *sampler_out = NULL;
    if (check_store(store, options, err) < 0)
        return -1;
    struct sampler *sampler = memory_new(1, sizeof *sampler);
    size_t longest = (size_t)options->sequence_length;
    struct epoch_options epoch = {
        .seed = options->seed,
        .phase = options->phase,
        .cutting = {.max_tokens = (uint32_t)longest -
                                  (options->sampling.sentence_pairs == PAIRS_NONE ? 2 : 3),
                    .short_probability = options->sampling.short_sequence_probability,
                    .pairs = options->sampling.sentence_pairs}};
    sampler->store = store;
    sampler->options = *options;
    sampler->special = vocabulary_special_tokens(vocabulary);
    sampler->masking =
        (struct masking_options){.sampling = options->sampling,
                                 .max_predictions = options->max_predictions,
                                 .mask_id = sampler->special.mask,
                                 .vocabulary_size = vocabulary_size(vocabulary),
                                 .continuation = vocabulary_continuation(vocabulary)};
    sampler->parallel = true;
    epoch_plan_init(&sampler->plan, store, &epoch);
    sampler->cache = block_cache_new(options->cache_bytes);
    masking_memory_init(&sampler->masking_memory, options->sequence_length);
    sampler->ids = memory_new(longest, sizeof *sampler->ids);
    sampler->begins_word = memory_new(longest, sizeof *sampler->begins_word);
    sampler->positions = memory_new(longest, sizeof *sampler->positions);
    sampler->labels = memory_new(longest, sizeof *sampler->labels);
    *sampler_out = sampler;
    return 0;
}

void sampler_free(struct sampler *sampler)
{
    if (!sampler)
        return;
    epoch_plan_release(&sampler->plan);
    free(sampler->epoch_end);
    block_cache_free(sampler->cache);
    masking_memory_release(&sampler->masking_memory);
    free(sampler->ids);
    free(sampler->begins_word);
    free(sampler->positions);
    free(sampler->labels);
    free(sampler);
}

void sampler_set_parallel(struct sampler *sampler, bool parallel)
{
    sampler->parallel = parallel;
}

static uint64_t epoch_begin(const struct sampler *sampler, uint32_t epoch)
{
    return epoch == 0 ? 0 : sampler->epoch_end[epoch - 1];
}

static void make_plan(struct sampler *sampler, uint32_t epoch)
{
    const struct sampler_options *options = &sampler->options;
    if (sampler->planned && sampler->plan.epoch == epoch)
        return;
    epoch_plan_make(&sampler->plan, epoch, sampler->parallel);
    permutation_init(&sampler->order, sampler->plan.samples,
                     rng_key(options->seed, RNG_ORDER, options->phase, epoch));
    sampler->planned = true;
    if (sampler->plan.damaged < document_store_documents(sampler->store))
        plan_damage(sampler, sampler->plan.damaged, NULL);
}

/* Where an epoch ends depends on all before it, so they are planned one after another. */
static void learn_next_epoch(struct sampler *sampler)
{
    uint32_t epoch = sampler->epochs_known;
    make_plan(sampler, epoch);
    sampler->epoch_end =
        memory_resize(sampler->epoch_end, (size_t)epoch + 1, sizeof *sampler->epoch_end);
    sampler->epoch_end[epoch] = epoch_begin(sampler, epoch) + sampler->plan.samples;
    sampler->epochs_known++;
}

/* Of a damaged store it may be the last that is known. */
static uint32_t find_epoch(struct sampler *sampler, uint64_t index)
{
    while (sampler->epochs_known == 0 ||
           (sampler->epoch_end[sampler->epochs_known - 1] <= index && !sampler->damaged))
        learn_next_epoch(sampler);
    uint32_t low = 0, high = sampler->epochs_known - 1; /* the first whose end is above index */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sampler->epoch_end[middle] > index)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

uint64_t sampler_epoch_samples(struct sampler *sampler, uint32_t epoch)
{
    if (is_ready(sampler))
        return document_store_documents(sampler->store);
    while (sampler->epochs_known <= epoch)
        learn_next_epoch(sampler);
    return sampler->epoch_end[epoch] - epoch_begin(sampler, epoch);
}

double sampler_epochs(struct sampler *sampler, uint64_t samples)
{
    if (samples == 0)
        return 0;
    if (is_ready(sampler))
        return (double)samples / (double)document_store_documents(sampler->store);
    const uint32_t epoch = find_epoch(sampler, samples - 1); /* of the last of them */
    const uint64_t begin = epoch_begin(sampler, epoch);
    if (sampler->damaged)
        return epoch;
    return epoch + (double)(samples - begin) / (double)(sampler->epoch_end[epoch] - begin);
}

/* Sentences from a random place of a random other document, until there are `wanted` tokens. */
static struct token_run random_run(struct sampler *sampler, uint64_t not_this, uint32_t wanted,
                                   struct rng *rng)
{
    uint64_t others = document_store_documents(sampler->store) - 1;
    struct token_run run = {.document = rng_below(rng, (uint32_t)others)};
    if (run.document >= not_this)
        run.document++;
    struct document_view view = document_store_view(sampler->store, run.document);
    if (view.sentences == 0) {
        plan_damage(sampler, run.document, NULL);
        return run;
    }
    uint32_t sentence = rng_below(rng, view.sentences);
    run.first = segments_tokens(view.lengths, 0, sentence);
    do
        run.count += view.lengths[sentence++];
    while (run.count < wanted && sentence < view.sentences);
    return run;
}

/* Finds A and B of a passage, as they are before truncation. */
static void pair_up(struct sampler *sampler, uint64_t document, struct passage *passage,
                    uint32_t target, struct sample_plan *plan)
{
    const bool alone = passage->a_end == passage->end && !passage->random;
    struct document_view view = document_store_view(sampler->store, document);
    if (passage->end > view.sentences) {
        plan_damage(sampler, document, plan);
        return;
    }
    uint64_t a_tokens = segments_tokens(view.lengths, passage->first, passage->a_end);
    plan->a = (struct token_run){.document = document,
                                 .first = segments_tokens(view.lengths, 0, passage->first),
                                 .count = (uint32_t)a_tokens};
    plan->next_sentence_label = alone ? -1 : passage->random || passage->swapped;
    if (passage->random) {
        uint32_t wanted = a_tokens < target ? target - (uint32_t)a_tokens : 0;
        plan->b = random_run(sampler, document, wanted, &passage->rng);
    } else {
        plan->b = (struct token_run){
            .document = document,
            .first = plan->a.first + a_tokens,
            .count = (uint32_t)segments_tokens(view.lengths, passage->a_end, passage->end)};
    }
    if (passage->swapped) {
        struct token_run first = plan->b;
        plan->b = plan->a;
        plan->a = first;
    }
}

void sampler_plan(struct sampler *sampler, uint64_t index, struct sample_plan *plan,
                  uint32_t *epoch_out)
{
    struct passage passage;
    uint64_t document = 0;
    if (is_ready(sampler)) {
        plan_ready(sampler, index, plan, epoch_out);
        return;
    }
    uint32_t epoch = find_epoch(sampler, index), target = 0;
    if (epoch_out)
        *epoch_out = epoch;
    if (!sampler->damaged)
        make_plan(sampler, epoch);
    if (!sampler->damaged) {
        uint64_t place = permutation_apply(&sampler->order, index - epoch_begin(sampler, epoch));
        target = epoch_plan_find(&sampler->plan, place, &passage, &document);
    }
    if (target == 0) {
        plan_damage(sampler, document, plan);
        plan->index = plan->own = index;
        return;
    }
    pair_up(sampler, document, &passage, target, plan);

    const uint32_t special = plan->b.count > 0 ? 3 : 2;
    uint32_t room = (uint32_t)sampler->options.sequence_length - special;
    struct truncation cut = segments_truncate(plan->a.count, plan->b.count, room, &passage.rng);
    plan->index = plan->own = index;
    plan->cut = (uint64_t)plan->a.count + plan->b.count - cut.a_count - cut.b_count;
    plan->a.first += cut.a_skip;
    plan->a.count = cut.a_count;
    plan->b.first += cut.b_skip;
    plan->b.count = cut.b_count;
    plan->tokens = (int)(cut.a_count + cut.b_count + special);
}

double sampler_masking_rate(const struct sampler_options *options, uint64_t i)
{
    const struct masking_change *change = &options->masking_change;
    const double begin = options->sampling.masked_lm_probability;
    if (change->samples == 0)
        return begin;
    if (i >= change->samples)
        return change->end;
    return begin + (change->end - begin) * ((double)i / (double)change->samples);
}

/* Reads the run to position `place` of the sample. */
static int read_run(struct sampler *sampler, const struct token_run *run, int place,
                    struct error *err)
{
    struct document_view view = document_store_view(sampler->store, run->document);
    if (document_store_is_segmented(sampler->store) &&
        document_store_words(sampler->store, &view, run->first, run->count,
                             sampler->begins_word + place, err) < 0)
        return -1;
    return document_store_read(sampler->store, sampler->cache, &view, run->first, run->count,
                               sampler->ids + place, err);
}

/* Makes [CLS] A [SEP] B [SEP], or [CLS] A [SEP], and masks it: fills ids, positions and labels.
 * Returns the number of masks, or -1. */
static int make_masked(struct sampler *sampler, const struct sample_plan *plan, struct error *err)
{
    const struct sampler_options *options = &sampler->options;
    const int a_end = (int)plan->a.count + 1;
    int32_t *ids = sampler->ids;
    struct rng rng;
    if (plan->a.count == 0) /* its sentences are empty now */
        return document_store_damage(sampler->store, plan->a.document, err);
    ids[0] = sampler->special.cls;
    ids[a_end] = sampler->special.sep;
    ids[plan->tokens - 1] = sampler->special.sep;
    if (read_run(sampler, &plan->a, 1, err) < 0)
        return -1;
    if (plan->b.count > 0 && read_run(sampler, &plan->b, a_end + 1, err) < 0)
        return -1;
    const struct masked_sequence sequence = {.ids = ids,
                                             .begins_word = sampler_begins_word(sampler),
                                             .tokens = plan->tokens,
                                             .a_end = a_end};
    struct masking_options masking = sampler->masking;
    masking.sampling.masked_lm_probability = sampler_masking_rate(options, plan->index);
    rng_init(&rng, rng_key(options->seed, RNG_MASKS, options->phase, plan->own));
    return masking_apply(&masking, &sampler->masking_memory, &rng, &sequence, sampler->positions,
                         sampler->labels);
}

int sampler_fill(struct sampler *sampler, const struct sample_plan *plan,
                 struct packed_batch *batch, struct error *err)
{
    const struct sampler_options *options = &sampler->options;
    require(plan->tokens <= options->sequence_length);
    if (sampler_damage(sampler, err) < 0)
        return -1;
    const int masked =
        is_ready(sampler) ? read_ready(sampler, plan, err) : make_masked(sampler, plan, err);
    if (masked < 0)
        return -1;
    const size_t tokens = (size_t)plan->tokens, a_rows = (size_t)plan->a.count + 2;
    const int number = batch->sequences, first_mask = batch->labelled;
    const int row = packed_batch_append(batch, plan->tokens, masked);
    memcpy(batch->input_ids + row, sampler->ids, tokens * sizeof *batch->input_ids);
    memset(batch->token_type_ids + row, 0, a_rows);
    memset(batch->token_type_ids + row + a_rows, 1, tokens - a_rows);
    for (int m = 0; m < masked; m++) {
        batch->labelled_rows[first_mask + m] = row + sampler->positions[m];
        batch->row_labels[first_mask + m] = sampler->labels[m];
    }
    batch->next_sentence_label[number] = plan->next_sentence_label;
    batch->sample_index[number] = plan->index;
    batch->sample_key[number] = rng_key(options->seed, RNG_DROPOUT, options->phase, plan->own);
    return 0;
}

const uint8_t *sampler_begins_word(const struct sampler *sampler)
{
    return document_store_is_segmented(sampler->store) ? sampler->begins_word : NULL;
}
