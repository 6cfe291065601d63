#include "lambert/sample/sampled_batches.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "lambert/base/activity.h"
#include "lambert/base/aside.h"
#include "lambert/base/clock.h"
#include "lambert/base/memory.h"
#include "lambert/batch/share.h"

/* Of the thread, from when it is told to stop. It looks between two samples; only planning an epoch, or a disk that does
 * not answer, take so long. */
static const double PATIENCE = 5;

/* There are two shares: one is lent to the caller while the other is made or ready. */
struct sampled_batches {
    struct batch_source source; /* the first member, as batch_source.h wants it */
    struct mixed_sampler *sampler;
    struct sampled_batches_options options;
    struct aside *thread;

    pthread_mutex_t mutex; /* guards what follows, and `changed` says that it changed */
    pthread_cond_t changed;
    uint64_t made;  /* shares made so far */
    uint64_t taken; /* shares handed to the caller so far */
    bool stop;      /* the source is being closed */
    bool failed;
    struct error error;

    /* Share k, counted from first_batch, lies in shares[k % 2], and how far each part of the sampler
     * has come with it in progress[k % 2]. */
    struct packed_batch shares[2];
    struct part_progress *progress[2]; /* [parts] */

    /* The thread's own. */
    struct sample_plan *plans; /* [the most G] */
    int *lengths;              /* [the most G] */
    int *chosen; /* [the most G] samples of the batch that are this rank's, ascending */
};

static bool should_stop(struct sampled_batches *batches)
{
    pthread_mutex_lock(&batches->mutex);
    bool stop = batches->stop;
    pthread_mutex_unlock(&batches->mutex);
    return stop;
}

/* Plans the whole global batch and fills this rank's share of it. */
static int make_share(struct sampled_batches *batches, uint64_t number, struct packed_batch *share,
                      struct part_progress *progress, struct error *err)
{
    const struct batch_sizes *sizes = &batches->options.sizes;
    const uint64_t first_sample = batch_sizes_before(sizes, number);
    const int global_batch = batch_sizes_at(sizes, number);
    for (int i = 0; i < global_batch; i++) {
        if (should_stop(batches))
            return 0; /* nobody will ask for it */
        mixed_sampler_plan(batches->sampler, first_sample + (uint64_t)i, &batches->plans[i], NULL,
                           NULL);
        batches->lengths[i] = batches->plans[i].tokens;
    }
    /* Where one rank saw damage, its lengths, and so its shares, are not those of the others. */
    if (mixed_sampler_damage(batches->sampler, err) < 0)
        return -1;
    const struct sharing sharing = {.global_batch = global_batch,
                                    .group = batches->options.group,
                                    .rank = batches->options.rank,
                                    .ranks = batches->options.ranks};
    int count = share_choose(&sharing, batches->lengths, batches->chosen), tokens = 0;
    for (int i = 0; i < count; i++)
        tokens += batches->lengths[batches->chosen[i]];
    packed_batch_reset(share);
    packed_batch_reserve(share, count, tokens, 0);
    for (int i = 0; i < count && !should_stop(batches); i++) {
        if (mixed_sampler_fill(batches->sampler, &batches->plans[batches->chosen[i]], share, err) <
            0)
            return -1;
        activity_heartbeat(); /* the step may be waiting for this */
    }
    for (int p = 0; p < mixed_sampler_parts(batches->sampler); p++)
        progress[p] =
            mixed_sampler_progress(batches->sampler, p, first_sample + (uint64_t)global_batch);
    return 0;
}

/* The share that the caller has is free again when it asks for the next, so that behind the one it
 * took last there is room for one more, and for two before it has taken any. */
static bool wait_for_room(struct sampled_batches *batches)
{
    pthread_mutex_lock(&batches->mutex);
    while (!batches->stop && batches->made >= (batches->taken == 0 ? 2 : batches->taken + 1))
        pthread_cond_wait(&batches->changed, &batches->mutex);
    bool stop = batches->stop;
    pthread_mutex_unlock(&batches->mutex);
    return !stop;
}

static void make_shares(void *context)
{
    struct sampled_batches *batches = context;
    const struct sampled_batches_options *options = &batches->options;
    int status = 0;
    for (uint64_t number = options->first_batch; number < options->end_batch; number++) {
        const int place = (number - options->first_batch) % 2;
        struct error err;
        if (status < 0 || !wait_for_room(batches))
            break;
        status =
            make_share(batches, number, &batches->shares[place], batches->progress[place], &err);
        pthread_mutex_lock(&batches->mutex);
        if (status < 0) {
            batches->failed = true;
            batches->error = err;
        } else {
            batches->made++;
        }
        pthread_cond_signal(&batches->changed);
        pthread_mutex_unlock(&batches->mutex);
    }
}

/* With the mutex held: whether there is nothing to wait for. */
static bool is_there(const struct sampled_batches *batches)
{
    const struct sampled_batches_options *options = &batches->options;
    return options->first_batch + batches->taken >= options->end_batch ||
           batches->made > batches->taken || batches->failed;
}

static bool wait_for_batch(struct batch_source *source, double seconds)
{
    struct sampled_batches *batches = (struct sampled_batches *)source;
    const double then = clock_seconds() + seconds; /* the clock that `changed` goes by */
    const struct timespec end = {.tv_sec = (time_t)then,
                                 .tv_nsec = (long)((then - floor(then)) * 1e9)};
    int status = 0;
    pthread_mutex_lock(&batches->mutex);
    while (!is_there(batches) && status == 0)
        status = pthread_cond_timedwait(&batches->changed, &batches->mutex, &end);
    const bool there = is_there(batches);
    pthread_mutex_unlock(&batches->mutex);
    return there;
}

static int next(struct batch_source *source, struct batch *batch, struct error *err)
{
    struct sampled_batches *batches = (struct sampled_batches *)source;
    const struct sampled_batches_options *options = &batches->options;
    int status = 1;
    pthread_mutex_lock(&batches->mutex);
    const uint64_t number = options->first_batch + batches->taken;
    while (!is_there(batches))
        pthread_cond_wait(&batches->changed, &batches->mutex);
    if (number >= options->end_batch) {
        status = 0;
    } else if (batches->made > batches->taken) {
        *batch = (struct batch){.share = &batches->shares[batches->taken++ % 2],
                                .number = number,
                                .first_sample = batch_sizes_before(&options->sizes, number),
                                .global_batch = batch_sizes_at(&options->sizes, number),
                                .group = options->group};
    } else {
        *err = batches->error;
        status = -1;
    }
    pthread_cond_signal(&batches->changed);
    pthread_mutex_unlock(&batches->mutex);
    return status;
}

const struct part_progress *sampled_batches_progress(const struct batch_source *source)
{
    const struct sampled_batches *batches = (const struct sampled_batches *)source;
    require(batches->taken > 0);
    return batches->progress[(batches->taken - 1) % 2];
}

static void release(struct sampled_batches *batches)
{
    pthread_cond_destroy(&batches->changed);
    pthread_mutex_destroy(&batches->mutex);
    packed_batch_release(&batches->shares[0]);
    packed_batch_release(&batches->shares[1]);
    free(batches->progress[0]);
    free(batches->progress[1]);
    free(batches->plans);
    free(batches->lengths);
    free(batches->chosen);
    free(batches);
}

static bool close_batches(struct batch_source *source)
{
    struct sampled_batches *batches = (struct sampled_batches *)source;
    pthread_mutex_lock(&batches->mutex);
    batches->stop = true;
    pthread_cond_signal(&batches->changed);
    pthread_mutex_unlock(&batches->mutex);
    if (!aside_end(batches->thread, PATIENCE))
        return false;
    mixed_sampler_set_parallel(batches->sampler, true);
    release(batches);
    return true;
}

size_t sampled_batches_memory(int global_batch, int ranks, int sequence_length, int labelled)
{
    const struct sampled_batches *of; /* never read: sizes of what its members point at */
    const size_t planned =
        sizeof *of->plans + sizeof *of->lengths + sizeof *of->chosen + SHARE_BYTES_A_SAMPLE;
    const size_t share = (size_t)((global_batch - 1) / ranks + 1);
    return (size_t)global_batch * planned + 2 * packed_batch_memory(share,
                                                                    share * (size_t)sequence_length,
                                                                    share * (size_t)labelled, 0);
}

int sampled_batches_open(struct batch_source **source, struct mixed_sampler *sampler,
                         const struct sampled_batches_options *options, struct error *err)
{
    static const struct batch_source_operations operations = {
        .next = next, .wait = wait_for_batch, .close = close_batches};
    require(batch_sizes_least(&options->sizes) > 0 && options->rank >= 0 &&
            options->rank < options->ranks);
    const size_t size = (size_t)batch_sizes_most(&options->sizes),
                 parts = (size_t)mixed_sampler_parts(sampler);
    struct sampled_batches *batches = memory_new(1, sizeof *batches);
    *batches = (struct sampled_batches){.source.operations = &operations,
                                        .sampler = sampler,
                                        .options = *options,
                                        .plans = memory_new(size, sizeof *batches->plans),
                                        .lengths = memory_new(size, sizeof *batches->lengths),
                                        .chosen = memory_new(size, sizeof *batches->chosen)};
    for (int k = 0; k < 2; k++)
        batches->progress[k] = memory_new(parts, sizeof *batches->progress[k]);
    pthread_mutex_init(&batches->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&batches->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    /* A resumed run has epochs to plan before its first batch: all threads do that, while they have
     * nothing else to do. From then on one thread works alone, beside those that compute. */
    if (options->first_batch < options->end_batch)
        mixed_sampler_go_to(sampler, batch_sizes_before(&options->sizes, options->first_batch));
    mixed_sampler_set_parallel(sampler, false);
    if (aside_begin(&batches->thread, "batches", make_shares, batches, err) < 0) {
        mixed_sampler_set_parallel(sampler, true);
        release(batches);
        *source = NULL;
        return -1;
    }
    *source = &batches->source;
    return 0;
}
