#include "epoch_plan.h"

#include <stdlib.h>

#include "lambert/base/activity.h"
#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

enum { MOST_RANGES = 1024, MARK_SAMPLES = 32 };

/* Where a passage begins. */
struct mark {
    uint64_t document;
    uint32_t sentence;
};

/* A run of documents, cut by one thread. */
struct epoch_range {
    uint64_t first_document, end_document;
    uint64_t first_sample; /* number of its first passage in the epoch */
    uint64_t samples;
    uint64_t damaged;   /* as the plan's */
    struct mark *marks; /* of its passages 0, MARK_SAMPLES, 2 MARK_SAMPLES ... */
    size_t mark_capacity;
};

void epoch_plan_init(struct epoch_plan *plan, const struct document_store *store,
                     const struct epoch_options *options)
{
    uint64_t documents = document_store_documents(store);
    uint64_t ranges = documents < MOST_RANGES ? documents : MOST_RANGES;
    *plan =
        (struct epoch_plan){.store = store, .options = *options, .range_count = (uint32_t)ranges};
    plan->ranges = memory_new(ranges, sizeof *plan->ranges);
    for (uint64_t r = 0; r < ranges; r++) {
        plan->ranges[r].first_document = documents * r / ranges;
        plan->ranges[r].end_document = documents * (r + 1) / ranges;
    }
}

void epoch_plan_release(struct epoch_plan *plan)
{
    for (uint32_t r = 0; r < plan->range_count; r++)
        free(plan->ranges[r].marks);
    free(plan->ranges);
    *plan = (struct epoch_plan){0};
}

static struct segments segments_of(const struct epoch_plan *plan, uint64_t document)
{
    const struct epoch_options *options = &plan->options;
    struct document_view view = document_store_view(plan->store, document);
    struct segments segments;
    uint64_t key = rng_key(options->seed, RNG_SEGMENTS,
                           (uint64_t)options->phase << 32 | plan->epoch, document);
    segments_init(&segments, view.lengths, view.sentences, key, &options->cutting);
    return segments;
}

static void cut_range(const struct epoch_plan *plan, struct epoch_range *range)
{
    struct passage passage;
    uint64_t walked = range->first_document;
    range->samples = 0;
    range->damaged = document_store_documents(plan->store);
    for (uint64_t d = range->first_document; d < range->end_document; d++) {
        struct segments segments = segments_of(plan, d);
        if (segments.sentences == 0)
            range->damaged = d;
        for (uint32_t s = 0; s < segments.sentences; s = passage.next) {
            if (range->samples % MARK_SAMPLES == 0) {
                const size_t number = range->samples / MARK_SAMPLES;
                ARRAY_RESERVE(range->marks, number + 1, range->mark_capacity);
                range->marks[number] = (struct mark){.document = d, .sentence = s};
            }
            segments_cut(&segments, s, &passage);
            range->samples++;
        }
        if (d + 1 - walked == STORE_WALK) {
            document_store_forget(plan->store, walked, d + 1);
            walked = d + 1;
        }
    }
    document_store_forget(plan->store, walked, range->end_document);
    activity_heartbeat();
}

void epoch_plan_make(struct epoch_plan *plan, uint32_t epoch, bool parallel)
{
    plan->epoch = epoch;
#pragma omp parallel for schedule(dynamic, 1) if (parallel)
    for (int64_t r = 0; r < (int64_t)plan->range_count; r++)
        cut_range(plan, plan->ranges + r);
    plan->samples = 0;
    plan->damaged = document_store_documents(plan->store);
    for (uint32_t r = 0; r < plan->range_count; r++) {
        plan->damaged = min_u64(plan->damaged, plan->ranges[r].damaged);
        plan->ranges[r].first_sample = plan->samples;
        plan->samples += plan->ranges[r].samples;
    }
}

static const struct epoch_range *find_range(const struct epoch_plan *plan, uint64_t sample)
{
    uint32_t low = 0, high = plan->range_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (plan->ranges[middle].first_sample <= sample)
            low = middle;
        else
            high = middle;
    }
    return plan->ranges + low;
}

uint32_t epoch_plan_find(const struct epoch_plan *plan, uint64_t sample, struct passage *passage,
                         uint64_t *document)
{
    require(sample < plan->samples);
    const struct epoch_range *range = find_range(plan, sample);
    uint64_t within = sample - range->first_sample, to_skip = within % MARK_SAMPLES;
    const struct mark *mark = range->marks + within / MARK_SAMPLES;
    struct segments segments = segments_of(plan, mark->document);
    *document = mark->document;
    uint32_t sentence = segments_skip(&segments, mark->sentence, &to_skip);
    while (sentence >= segments.sentences) {
        if (*document + 1 == range->end_document)
            return 0;
        segments = segments_of(plan, ++*document);
        sentence = segments_skip(&segments, 0, &to_skip);
    }
    segments_cut(&segments, sentence, passage);
    return segments.target;
}
