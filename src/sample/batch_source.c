#define _GNU_SOURCE /* names of threads */
#include "lambert/sample/batch_source.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/activity.h"
#include "lambert/base/memory.h"

/* Two shares: one lent to the caller, one being made or ready. */
struct batch_source {
    struct sampler *sampler;
    struct batch_source_options options;
    pthread_t thread;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    uint64_t made;  /* shares made so far */
    uint64_t taken; /* shares handed to the caller so far */
    bool stop;
    bool failed;
    struct error error;

    struct packed_batch shares[2]; /* share k of the run lies in shares[k % 2] */

    /* The thread's own. */
    struct sample_plan *plans; /* [G] */
    int *lengths;              /* [G] */
    int *chosen;               /* [G] */
    int *group_lengths;        /* [groups] tokens */
    int *chosen_groups;        /* [groups] */
};

static bool should_stop(struct batch_source *source)
{
    pthread_mutex_lock(&source->mutex);
    bool stop = source->stop;
    pthread_mutex_unlock(&source->mutex);
    return stop;
}

static void reserve(struct packed_batch *share, const struct batch_source *source, int count)
{
    int tokens = 0;
    for (int i = 0; i < count; i++)
        tokens += source->lengths[source->chosen[i]];
    packed_batch_reserve(share, count, tokens, 0);
}

static int group_of(const struct batch_source_options *options)
{
    return options->group > 1 ? options->group : 1;
}

static int groups_of(const struct batch_source_options *options)
{
    return (options->global_batch + group_of(options) - 1) / group_of(options);
}

/* This rank's sequences, ascending, into chosen. */
static int deal_groups(struct batch_source *source)
{
    const struct batch_source_options *options = &source->options;
    int group = group_of(options), groups = groups_of(options), count = 0;
    memset(source->group_lengths, 0, (size_t)groups * sizeof *source->group_lengths);
    for (int i = 0; i < options->global_batch; i++)
        source->group_lengths[i / group] += source->lengths[i];
    int mine = balance_by_cost(source->group_lengths, groups, options->ranks, options->rank,
                               source->chosen_groups);
    for (int g = 0; g < mine; g++) {
        int first = source->chosen_groups[g] * group;
        for (int i = first; i < first + group && i < options->global_batch; i++)
            source->chosen[count++] = i;
    }
    return count;
}

/* Plans the whole global batch, fills this rank's share of it. */
static int make_share(struct batch_source *source, uint64_t batch, struct packed_batch *share,
                      struct error *err)
{
    const struct batch_source_options *options = &source->options;
    uint64_t first = batch * (uint64_t)options->global_batch;
    for (int i = 0; i < options->global_batch; i++) {
        sampler_plan(source->sampler, first + (uint64_t)i, &source->plans[i], NULL);
        source->lengths[i] = source->plans[i].tokens;
    }
    int count = deal_groups(source);
    packed_batch_reset(share);
    reserve(share, source, count);
    for (int i = 0; i < count && !should_stop(source); i++) {
        if (sampler_fill(source->sampler, &source->plans[source->chosen[i]], share, err) < 0)
            return -1;
        activity_heartbeat(); /* the step may be waiting for this */
    }
    return 0;
}

/* Waits until a share is free: the caller gives its one back when it asks for the next. */
static bool wait_for_room(struct batch_source *source)
{
    pthread_mutex_lock(&source->mutex);
    while (!source->stop && source->made >= (source->taken == 0 ? 2 : source->taken + 1))
        pthread_cond_wait(&source->changed, &source->mutex);
    bool stop = source->stop;
    pthread_mutex_unlock(&source->mutex);
    return !stop;
}

static void announce(struct batch_source *source, int status, const struct error *err)
{
    pthread_mutex_lock(&source->mutex);
    if (status < 0) {
        source->failed = true;
        source->error = *err;
    } else {
        source->made++;
    }
    pthread_cond_signal(&source->changed);
    pthread_mutex_unlock(&source->mutex);
}

static void *make_shares(void *context)
{
    struct batch_source *source = context;
    int status = 0;
    for (uint64_t k = source->options.first_batch; k < source->options.end_batch; k++) {
        struct error err;
        uint64_t number = k - source->options.first_batch;
        if (status < 0 || !wait_for_room(source))
            break;
        status = make_share(source, k, &source->shares[number % 2], &err);
        announce(source, status, &err);
    }
    return NULL;
}

static void release(struct batch_source *source)
{
    pthread_cond_destroy(&source->changed);
    pthread_mutex_destroy(&source->mutex);
    packed_batch_release(&source->shares[0]);
    packed_batch_release(&source->shares[1]);
    free(source->plans);
    free(source->lengths);
    free(source->chosen);
    free(source->group_lengths);
    free(source->chosen_groups);
    free(source);
}

/* A resumed run has epochs to plan before its first batch: all threads do that, while they have
 * nothing else to do. From then on the source's thread works alone, beside those that compute. */
static void plan_ahead(struct batch_source *source)
{
    struct sample_plan plan;
    const struct batch_source_options *options = &source->options;
    if (options->first_batch < options->end_batch)
        sampler_plan(source->sampler, options->first_batch * (uint64_t)options->global_batch, &plan,
                     NULL);
    sampler_set_parallel(source->sampler, false);
}

int batch_source_open(struct batch_source **source_out, struct sampler *sampler,
                      const struct batch_source_options *options, struct error *err)
{
    require(options->global_batch > 0 && options->rank >= 0 && options->rank < options->ranks);
    struct batch_source *source = memory_new(1, sizeof *source);
    size_t batch = (size_t)options->global_batch;
    source->sampler = sampler;
    source->options = *options;
    source->plans = memory_new(batch, sizeof *source->plans);
    source->lengths = memory_new(batch, sizeof *source->lengths);
    source->chosen = memory_new(batch, sizeof *source->chosen);
    source->group_lengths = memory_new((size_t)groups_of(options), sizeof *source->group_lengths);
    source->chosen_groups = memory_new((size_t)groups_of(options), sizeof *source->chosen_groups);
    pthread_mutex_init(&source->mutex, NULL);
    pthread_cond_init(&source->changed, NULL);
    plan_ahead(source);
    int status = pthread_create(&source->thread, NULL, make_shares, source);
    if (status != 0) {
        sampler_set_parallel(sampler, true);
        release(source);
        *source_out = NULL;
        return error_set(err, "cannot start the thread that reads the corpus: %s",
                         strerror(status));
    }
    pthread_setname_np(source->thread, "batches");
    *source_out = source;
    return 0;
}

int batch_source_next(struct batch_source *source, const struct packed_batch **share,
                      struct error *err)
{
    int status = 0;
    pthread_mutex_lock(&source->mutex);
    require(source->options.first_batch + source->taken < source->options.end_batch);
    while (source->made == source->taken && !source->failed)
        pthread_cond_wait(&source->changed, &source->mutex);
    if (source->made > source->taken) {
        *share = &source->shares[source->taken++ % 2];
    } else {
        *err = source->error;
        status = -1;
    }
    pthread_cond_signal(&source->changed);
    pthread_mutex_unlock(&source->mutex);
    return status;
}

int batch_group_fit(const struct packed_batch *share, int first, int global_batch, int group)
{
    const uint64_t size = (uint64_t)global_batch, *index = share->sample_index;
    uint64_t batch = index[first] / size, number = index[first] % size / (uint64_t)group;
    int n = first + 1;
    while (n < share->sequences && index[n] / size == batch &&
           index[n] % size / (uint64_t)group == number)
        n++;
    return n - first;
}

void batch_source_close(struct batch_source *source)
{
    if (!source)
        return;
    pthread_mutex_lock(&source->mutex);
    source->stop = true;
    pthread_cond_signal(&source->changed);
    pthread_mutex_unlock(&source->mutex);
    pthread_join(source->thread, NULL);
    sampler_set_parallel(source->sampler, true);
    release(source);
}
