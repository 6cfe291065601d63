#include "lambert/trainer/trainer.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/activity.h"
#include "lambert/base/clock.h"
#include "lambert/base/memory.h"
#include "lambert/dist/call_off.h"
#include "lambert/dist/meeting.h"
#include "lambert/dist/node_arrays.h"

struct trainer {
    const struct dist *dist;
    struct trainer_options options;
    struct bert *bert;
    const struct param_table *table; /* bert's */
    struct sharding sharding;
    struct optimizer *optimizer;
    struct param_sync *sync; /* weights, and gradients, which are working memory between steps */
    struct packed_batch micro;
    bool (*told)(void); /* to give up a step; NULL: nobody is */
    bool listens;       /* in the step that is made: the same on all ranks */
    struct call_off call_off;
    struct meeting meeting;        /* at which a step begins */
    struct tensor_report *tensors; /* [table count]; NULL: nobody will ask for them */
    struct replay *replay;         /* NULL: none has been asked for */
    int64_t turn;                  /* of the replay in the next step; -1: it has none */
    bool resets_moments;           /* in the next step that is made */
};

/* --- set-up ----------------------------------------------------------------------------------- */

static void cut_parameters(const struct stages *stages, const struct param_table *table,
                           struct sharding *sharding)
{
    sharding_init_staged(sharding, table->size, sharding_bucket(stages), OPTIMIZER_UNIT, stages);
}

static struct param_sync_options sync_options_of(const struct trainer_options *options)
{
    const struct bert_config *model = &options->model;
    const int tokens = options->bert.capacity.tokens;
    return (struct param_sync_options){
        .gradient_wire = options->gradient_wire,
        .weight_type = options->weight_type,
        .fixed_point = options->reproducible,
        .tokens = tokens,
        .words = {.rows = model->vocab,
                  .width = model->hidden,
                  .most = tokens < model->vocab ? tokens : model->vocab}};
}

static struct trainer_memory memory_of_rank(const struct stages *stages, int rank, bool shares,
                                            const struct trainer_options *options)
{
    const struct param_sync_options sync = sync_options_of(options);
    struct param_table table;
    struct sharding sharding;
    param_table_init(&table, &options->model);
    cut_parameters(stages, &table, &sharding);
    struct trainer_memory memory = {
        .sync = param_sync_memory(&sharding, rank, stages->node && shares, &sync),
        .moments = optimizer_memory(&table, &sharding, rank, &options->optimizer),
        .activations = bert_memory(&options->model, &options->bert)};
    param_table_release(&table);
    return memory;
}

struct trainer_memory trainer_memory(const struct dist *dist, const struct trainer_options *options)
{
    const struct stages stages = dist_stages(dist, STAGES_SPLIT);
    const bool shares = stages.node && node_arrays_possible(dist);
    return memory_of_rank(&stages, dist_rank(dist), shares, options);
}

struct trainer_memory trainer_memory_in(const struct stages *stages, bool shares,
                                        const struct trainer_options *options)
{
    return memory_of_rank(stages, 0, shares, options);
}

int trainer_new(struct trainer **out, const struct dist *dist,
                const struct trainer_options *options, struct error *err)
{
    const struct bert_capacity *capacity = &options->bert.capacity;
    const struct param_sync_options sync = sync_options_of(options);
    struct trainer *trainer = memory_new(1, sizeof *trainer);
    *trainer = (struct trainer){.dist = dist, .options = *options, .turn = -1};
    *out = trainer;
    packed_batch_init(&trainer->micro);
    meeting_init(&trainer->meeting, NULL);
    int status = bert_new(&trainer->bert, &options->model, &options->bert, err);
    if (status == 0) {
        trainer->table = bert_params(trainer->bert);
        const struct stages stages = dist_stages(dist, STAGES_SPLIT);
        cut_parameters(&stages, trainer->table, &trainer->sharding);
        packed_batch_reserve(&trainer->micro, capacity->sequences, capacity->tokens,
                             capacity->labelled);
        if (options->reports_tensors)
            trainer->tensors = memory_new((size_t)trainer->table->count, sizeof *trainer->tensors);
        status = optimizer_new(&trainer->optimizer, trainer->table, &trainer->sharding,
                               dist_rank(dist), &options->optimizer, err);
    }
    if (dist_agree(dist, status, err) < 0 ||
        param_sync_new(&trainer->sync, dist, &trainer->sharding, &sync, err) < 0) {
        trainer_free(trainer);
        *out = NULL;
        return -1;
    }
    return 0;
}

void trainer_free(struct trainer *trainer)
{
    if (!trainer)
        return;
    optimizer_free(trainer->optimizer);
    param_sync_free(trainer->sync);
    replay_free(trainer->replay);
    packed_batch_release(&trainer->micro);
    free(trainer->tensors);
    bert_free(trainer->bert);
    free(trainer);
}

/* --- weights ---------------------------------------------------------------------------------- */

/* The ranks of a node may share an array: one of them writes it. */
void trainer_initialise(struct trainer *trainer, uint64_t seed)
{
    if (!param_sync_weights_shared(trainer->sync) || dist_local_rank(trainer->dist) == 0)
        param_table_initialise(trainer->table, trainer->options.model.initializer_range, seed,
                               trainer_weights(trainer));
    dist_barrier(trainer->dist);
}

void trainer_settle(struct trainer *trainer)
{
    param_sync_settle(trainer->sync);
}

real *trainer_weights(const struct trainer *trainer)
{
    return param_sync_weights(trainer->sync);
}

void trainer_broadcast_weights(struct trainer *trainer)
{
    dist_broadcast(trainer->dist, 0, trainer_weights(trainer), trainer->table->size * sizeof(real));
}

bool trainer_is_finite(struct trainer *trainer)
{
    return optimizer_state_finite(trainer->optimizer, trainer->dist, trainer_weights(trainer));
}

const struct param_table *trainer_params(const struct trainer *trainer)
{
    return trainer->table;
}

struct bert *trainer_bert(struct trainer *trainer)
{
    return trainer->bert;
}

int64_t trainer_updates(const struct trainer *trainer)
{
    const struct update_counts updates = optimizer_updates(trainer->optimizer);
    return updates.of_moments + updates.earlier;
}

/* --- steps ------------------------------------------------------------------------------------ */

/* What a step adds up over the ranks: nothing but doubles, so that it travels as an array. */
struct step_sums {
    double sequences, tokens;
    double operations;
    double wait_seconds, exchange_seconds, bytes_sent;
    struct objective_sums objectives[OBJECTIVE_MOST]; /* those that the model has travel */
};

static void step_sums_add_up(const struct dist *dist, struct step_sums *sums, int objectives)
{
    size_t bytes =
        offsetof(struct step_sums, objectives) + (size_t)objectives * sizeof(struct objective_sums);
    dist_sum_double(dist, &sums->sequences, (int)(bytes / sizeof(double)));
}

static bool losses_finite(const struct objective_sums *sums, int objectives)
{
    for (int o = 0; o < objectives; o++)
        if (!isfinite(sums[o].loss))
            return false;
    return true;
}

void trainer_listen(struct trainer *trainer, bool (*told)(void))
{
    trainer->told = told;
}

void trainer_hear(struct trainer *trainer, bool (*told)(void))
{
    trainer->meeting.told = told;
}

bool trainer_is_called_off(struct trainer *trainer)
{
    return meeting_is_called(trainer->dist, &trainer->meeting);
}

/* Before each micro-batch, and once by a rank that has none. Gradients leave in the last, which is then to come. */
static bool is_given_up(struct trainer *trainer, bool last)
{
    if (!trainer->listens)
        return false;
    const bool heard = call_off_heard(trainer->dist, &trainer->call_off, trainer->told());
    if (!heard && !last)
        return false;
    /* Ranks that are at work may need weights of this one, which moves nothing on while they meet. */
    param_sync_await_weights(trainer->sync);
    return call_off_agree(trainer->dist, &trainer->call_off);
}

/* Of this rank's share, the sequences of the micro-batch that begins with the sequence `first`. */
static int micro_batch_fit(const struct trainer *trainer, const struct batch *batch, int first)
{
    return batch->group > 0
               ? batch_group_fit(batch, first)
               : packed_batch_fit(batch->share, first, trainer->options.bert.capacity.tokens);
}

static bool is_several(const struct trainer *trainer, const struct batch *batch)
{
    const int sequences = batch->share->sequences;
    return sequences > 0 && micro_batch_fit(trainer, batch, 0) < sequences;
}

void trainer_begin_replays(struct trainer *trainer)
{
    require(!trainer->replay);
    replay_new(&trainer->replay, trainer->dist, trainer->table, trainer->options.bert.compute_type);
}

void trainer_replay(struct trainer *trainer, int64_t turn)
{
    require(trainer->replay && turn >= 0);
    trainer->turn = turn;
}

/* This rank's first micro-batch goes to another one, and what comes from another one is computed. */
static void compute_again(struct trainer *trainer, const struct batch *batch, int64_t turn,
                          const double *scales)
{
    struct replay *replay = trainer->replay;
    const int sequences = batch->share->sequences;
    struct packed_batch *mine = &trainer->micro;
    bool last;
    activity_at("passing on a micro-batch to be computed again", -1);
    packed_batch_slice(batch->share, 0, sequences > 0 ? micro_batch_fit(trainer, batch, 0) : 0,
                       mine);
    replay_begin(replay, turn, mine, mine->sequences == sequences);
    const struct packed_batch *theirs = replay_theirs(replay, &last);
    if (theirs)
        param_sync_compute_again(trainer->sync, trainer->bert, theirs, last, scales,
                                 replay_hashes_of_theirs(replay));
}

/* The gradient of the global batch: this rank's shard of it is in the sync, before clipping. `turn` of a replay; -1:
 * without one. */
static int make_gradient(struct trainer *trainer, const struct batch *batch, int64_t turn,
                         struct step_report *report, struct error *err)
{
    const struct dist *dist = trainer->dist;
    const struct objective_list objectives = bert_objectives(trainer->bert);
    const bool called_off = trainer->meeting.called;
    struct {
        double ranks_without; /* a batch, for a reason that is an error */
        double called_off;    /* ranks that wait for theirs no longer */
        double several;       /* ranks with more than one micro-batch */
        double terms[OBJECTIVE_MOST];
    } counts = {.ranks_without = !batch && !called_off, .called_off = called_off};
    double scales[OBJECTIVE_MOST];
    *report = (struct step_report){.objectives = objectives};

    /* Whether all ranks have their share, and what the losses' means are over: the terms of the
     * global batch. */
    activity_at("counting the losses' terms", -1);
    if (batch) {
        bert_count_terms(trainer->bert, batch->share, counts.terms);
        counts.several = is_several(trainer, batch);
    }
    meeting_sum(dist, &trainer->meeting, &counts.ranks_without, 3 + objectives.count);
    if (counts.ranks_without > 0)
        return dist_agree(dist, batch || called_off ? 0 : -1, err);
    if (counts.called_off > 0)
        goto give_up;
    require(batch); /* who has none is one of those, or of these */
    for (int o = 0; o < objectives.count; o++)
        scales[o] = counts.terms[o] > 0 ? 1 / counts.terms[o] : 0;

    const struct packed_batch *share = batch->share;
    struct step_sums sums = {.sequences = share->sequences, .tokens = share->tokens};

    /* To listen costs the overlap of the weights' all-gather with the work of who has one micro-batch, which is
     * wasted where nobody has another one that could be given up. */
    trainer->listens = trainer->told && counts.several > 0;
    param_sync_begin_step(trainer->sync, batch_groups(batch));
    call_off_begin(&trainer->call_off);
    if (turn >= 0)
        compute_again(trainer, batch, turn, scales);
    if (share->sequences == 0 && is_given_up(trainer, true))
        goto give_up;
    for (int first = 0, count; first < share->sequences; first += count) {
        struct packed_batch *micro = &trainer->micro;
        count = micro_batch_fit(trainer, batch, first);
        if (is_given_up(trainer, first + count == share->sequences))
            goto give_up;
        packed_batch_slice(share, first, count, micro);
        param_sync_backward(trainer->sync, trainer->bert, micro, first + count == share->sequences,
                            scales, sums.objectives,
                            turn >= 0 && first == 0 ? replay_hashes_of_mine(trainer->replay)
                                                    : NULL);
        sums.operations += bert_operations(&trainer->options.model, micro);
        if (report->nonfinite.sequences == 0 && !losses_finite(sums.objectives, objectives.count))
            report->nonfinite = (struct nonfinite_loss){.sequences = micro->sequences,
                                                        .rank = dist_rank(dist),
                                                        .sample = micro->sample_index[0]};
    }
    activity_at("reducing gradients", -1);
    param_sync_finish_gradients(trainer->sync);
    if (turn >= 0) {
        activity_at("comparing what was computed twice", -1);
        replay_compare(trainer->replay, &report->replay);
    }

    activity_at("adding up losses", -1);
    struct exchange_report exchange = param_sync_report(trainer->sync);
    sums.wait_seconds = exchange.wait_seconds;
    sums.exchange_seconds = exchange.work_seconds;
    sums.bytes_sent = (double)exchange.bytes_sent;
    step_sums_add_up(dist, &sums, objectives.count);
    memcpy(report->sums, sums.objectives, sizeof report->sums);
    report->sequences = (uint64_t)sums.sequences;
    report->tokens = (uint64_t)sums.tokens;
    report->operations = sums.operations;
    report->waited = sums.wait_seconds / dist_size(dist);
    report->exchanged = report->waited + sums.exchange_seconds / dist_size(dist);
    report->bytes_sent = sums.bytes_sent;
    report->own_exchange = exchange.work_seconds;
    return 0;
give_up:
    *report = (struct step_report){.objectives = objectives, .given_up = true};
    return 0;
}

/* The loss that is not finite of the lowest rank that has one becomes everyone's. */
static void agree_on_nonfinite(const struct dist *dist, struct nonfinite_loss *nonfinite)
{
    int ranks = dist_size(dist);
    double from_above = nonfinite->sequences > 0 ? ranks - dist_rank(dist) : 0;
    dist_max_double(dist, &from_above, 1);
    if (from_above > 0)
        dist_broadcast(dist, ranks - (int)from_above, nonfinite, sizeof *nonfinite);
}

int trainer_step(struct trainer *trainer, const struct batch *batch, double rate,
                 bool report_tensors, struct step_report *report, struct error *err)
{
    const struct dist *dist = trainer->dist;
    struct param_sync *sync = trainer->sync;
    struct tensor_report *tensors = report_tensors ? trainer->tensors : NULL;
    const int64_t turn = trainer->turn;
    trainer->turn = -1;
    if (make_gradient(trainer, batch, turn, report, err) < 0)
        return -1;
    if (report->given_up)
        return 0;

    /* A loss that is not finite keeps the optimizer out, and so does a replay that differs. */
    activity_at("updating weights", -1);
    const bool trusted = report->replay.different == 0 || trainer->options.updates_anyway;
    const bool updates = trusted && losses_finite(report->sums, report->objectives.count);
    if (trusted && trainer->resets_moments) {
        optimizer_reset_moments(trainer->optimizer);
        trainer->resets_moments = false;
    }
    param_sync_begin_update(sync);
    const double begun = clock_seconds(), waited = activity_waited();
    if (updates)
        optimizer_step(trainer->optimizer, dist, rate, param_sync_shard(sync),
                       param_sync_weights(sync), &report->gradient, tensors);
    else
        optimizer_measure(trainer->optimizer, dist, param_sync_shard(sync), &report->gradient);
    report->own_update = clock_seconds() - begun - (activity_waited() - waited);
    report->updated = updates && report->gradient.finite;
    report->tensors = report->updated ? tensors : NULL;

    activity_at(report->updated ? "gathering weights" : "finding what is not finite", -1);
    param_sync_publish(sync, report->updated);
    if (!report->updated)
        agree_on_nonfinite(dist, &report->nonfinite);
    return 0;
}

int trainer_gradient(struct trainer *trainer, const struct batch *batch, const real **gradient,
                     struct step_report *report, struct error *err)
{
    real *whole = param_sync_gradients(trainer->sync), *shard = param_sync_shard(trainer->sync);
    if (make_gradient(trainer, batch, -1, report, err) < 0)
        return -1;
    if (shard != whole) /* in a job of one rank they are the same */
        shard_insert(&trainer->sharding, dist_rank(trainer->dist), shard, whole);
    shard_gather(trainer->dist, &trainer->sharding, whole);
    *gradient = whole;
    return 0;
}

void trainer_reset_moments(struct trainer *trainer)
{
    trainer->resets_moments = true;
}

/* --- checkpoints ------------------------------------------------------------------------------ */

static struct checkpoint_arrays arrays_of(struct trainer *trainer)
{
    return (struct checkpoint_arrays){.dist = trainer->dist,
                                      .table = trainer->table,
                                      .sharding = &trainer->sharding,
                                      .weights = trainer_weights(trainer),
                                      .optimizer = trainer->optimizer,
                                      .scratch = param_sync_gradients(trainer->sync)};
}

int trainer_save(struct trainer *trainer, const char *path, const struct checkpoint_meta *meta,
                 struct error *err)
{
    struct checkpoint_arrays arrays = arrays_of(trainer);
    trainer_settle(trainer);
    return checkpoint_write(&arrays, path, meta, err);
}

size_t trainer_snapshot_memory(struct trainer *trainer)
{
    struct checkpoint_arrays arrays = arrays_of(trainer);
    return checkpoint_snapshot_memory(&arrays);
}

int trainer_snapshot_new(struct trainer *trainer, struct checkpoint_snapshot **snapshot,
                         struct error *err)
{
    struct checkpoint_arrays arrays = arrays_of(trainer);
    return checkpoint_snapshot_new(snapshot, &arrays, err);
}

void trainer_take_snapshot(struct trainer *trainer, struct checkpoint_snapshot *snapshot,
                           const struct checkpoint_meta *meta)
{
    struct checkpoint_arrays arrays = arrays_of(trainer);
    trainer_settle(trainer);
    checkpoint_snapshot_take(snapshot, &arrays, meta);
}

int trainer_load(struct trainer *trainer, const struct checkpoint_file *file,
                 struct run_state *state, struct error *err)
{
    struct checkpoint_arrays arrays = arrays_of(trainer);
    trainer_settle(trainer);
    return checkpoint_read(&arrays, file, state, err);
}
